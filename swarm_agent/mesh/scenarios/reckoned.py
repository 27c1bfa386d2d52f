# SPDX-License-Identifier: Apache-2.0
"""A scenario in reckoned time: real situation cores in one process, no clock, the same each time.

What a busy machine cannot do (decide ten times a second for a dozen robots) is done here as slowly
as it takes. Zenoh and signatures are left out; decisions, bodies, lidar and referee are the same.
"""

from dataclasses import dataclass, replace

import numpy as np

from swarm_agent.mesh.scenarios.air import Air, AirSession
from swarm_agent.mesh.scenarios.arena import COLUMNS, Caster, Floats
from swarm_agent.mesh.scenarios.clock import ReckonedClock
from swarm_agent.mesh.scenarios.impairment import Impairment, odd
from swarm_agent.mesh.scenarios.places import Errand, Scenario, errands_of, grid_of
from swarm_agent.mesh.scenarios.process import AMR
from swarm_agent.mesh.scenarios.referee import (
    LINGER_S,
    Result,
    Run,
    Watch,
    recovered_s,
    summed,
)
from swarm_agent.mesh.scenarios.robot import TICK_S, Robot, as_plain, start_pose
from swarm_agent.situation.core import Params, Tuning
from swarm_config.maps import pack_map

NS = 1_000_000_000


def play_reckoned(
    scenario: Scenario, *, seed: int, bad: Impairment, seconds: float | None = None
) -> Result:
    """Run a scenario once, as `referee.play` does."""
    errands = errands_of(scenario, AMR.radius_m, seed)
    clock = ReckonedClock()
    air = Air(clock=clock, bad=bad, seed=seed, begun_ns=clock.now_ns)
    arena = np.zeros((len(errands), COLUMNS))
    for row, errand in zip(arena, errands, strict=True):
        row[:2] = errand.start
    robots = _robots(scenario, errands, air, arena)
    limit_s = seconds or scenario.limit_s
    watch, struck_s = Watch(), scenario.event_s
    stage = _Stage(scenario=scenario, robots=robots, air=air, arena=arena, watch=watch)
    took_s = stage.drive(limit_s, until_done=not scenario.robots)
    run = Run(stories=[as_plain(robot) for robot in robots])
    victims = {one.agent_id for one in errands if one.frozen or one.killed}
    begun_s = air.begun_ns / NS
    gone = set() if scenario.back_s else victims
    result = summed(scenario, errands, run, watch, took_s, begun_s + struck_s, gone)
    return replace(
        result,
        recovered_s=recovered_s(run.stories, bad.cut_to_s),
        held_by_two_s=round(watch.held_by_two_s, 1),
    )


def _robots(scenario: Scenario, errands: list[Errand], air: Air, arena: Floats) -> list[Robot]:
    grid = grid_of(scenario.drawing)
    caster, packed = Caster(grid, AMR.beams, AMR.range_max_m), pack_map(grid)
    return [
        Robot(
            number,
            errand,
            Params(
                agent_id=errand.agent_id,
                map=packed,
                body=AMR,
                start=start_pose(errand.start, errand.goals),
                tuning=Tuning(),
            ),
            AirSession(errand.agent_id, air),
            caster,
            arena,
            clock=air.clock,
            clock_ns=round(air.bad.clock_s * NS) if odd(errand.agent_id) else 0,
        )
        for number, errand in enumerate(errands)
    ]


@dataclass(slots=True, kw_only=True)
class _Stage:
    """A run that is being played."""

    scenario: Scenario
    robots: list[Robot]
    air: Air
    arena: Floats
    watch: Watch
    back: bool = False
    """Who was killed is there again."""

    def drive(self, limit_s: float, *, until_done: bool) -> float:
        """Let each decide in turn, ten times a second; how long it took in reckoned time [s]."""
        for robot in self.robots:
            robot.set_off()
        clock, begun_ns = self.air.clock, self.air.begun_ns
        over_ns = begun_ns + round(limit_s * NS)
        while clock.now_ns < over_ns:
            struck = self._strike()
            going = [one for one in self.robots if not (struck and self._out(one))]
            for robot in going:
                clock.now_ns += round(TICK_S * NS / len(going))
                self.air.deliver()
                robot.tick()
                self.watch.look(self.arena)
            self.watch.hold({one.errand.agent_id: one.entitled for one in going}, TICK_S)
            done = struck and all(one.done or self._out(one) for one in self.robots)
            if until_done and done:
                over_ns = min(over_ns, clock.now_ns + round(LINGER_S * NS))
        return (clock.now_ns - begun_ns) / NS

    def _strike(self) -> bool:
        """Whether the time of the freeze, kill and restart has come; it is done then."""
        since_s = (self.air.clock.now_ns - self.air.begun_ns) / NS
        struck, back_s = since_s >= self.scenario.event_s, self.scenario.back_s
        killed = [one for one in self.robots if one.errand.killed]
        if struck and not self.back:
            self.air.gone |= {one.errand.agent_id for one in killed}
        if back_s and not self.back and since_s >= self.scenario.event_s + back_s:
            self.back = True
            for robot in killed:
                self.air.gone.discard(robot.errand.agent_id)
                robot.restart(AirSession(robot.errand.agent_id, self.air))
        return struck

    def _out(self, robot: Robot) -> bool:
        return robot.errand.frozen or (robot.errand.killed and not self.back)
