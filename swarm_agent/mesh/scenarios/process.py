# SPDX-License-Identifier: Apache-2.0
"""A process that runs some robots of a scenario; it is told what by one JSON argument."""

import json
import select
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from swarm_agent.mesh.bench.stage import bare_fleet
from swarm_agent.mesh.gate import Gate
from swarm_agent.mesh.scenarios.arena import Caster, open_arena
from swarm_agent.mesh.scenarios.clock import REAL, Clock
from swarm_agent.mesh.scenarios.impairment import ImpairedGate, Impairment, odd
from swarm_agent.mesh.scenarios.pace import StepClock
from swarm_agent.mesh.scenarios.places import SCENARIOS, Errand, errands_of, grid_of
from swarm_agent.mesh.scenarios.robot import TICK_S, Robot, as_plain, start_pose
from swarm_agent.mesh.session import MeshSession
from swarm_agent.situation.core import Body, Params, Tuning
from swarm_config.maps import pack_map
from swarm_vault.keys import Trust

AMR = Body(
    radius_m=0.28,
    max_speed_mps=1.0,
    max_yaw_rate_radps=1.8,
    max_accel_mps2=0.8,
    max_decel_mps2=1.2,
    max_yaw_accel_radps2=3.0,
    beams=180,
    range_min_m=0.05,
    range_max_m=25.0,
)
"""The warehouse AMR of config/robots, with half its beams."""
TOLD_S = 1.0
"""Between two reports of progress [s]."""
Told = dict[str, Any]


def report(**said: Any) -> None:
    """Tell the referee."""
    sys.stdout.write(json.dumps(said) + '\n')
    sys.stdout.flush()


def heard_word() -> str:
    """What the referee said since, if anything."""
    ready, _, _ = select.select([sys.stdin], [], [], 0.0)
    return sys.stdin.readline().strip() or 'end' if ready else ''


def make_robot(
    number: int, errand: Errand, told: Told, caster: Caster, start_ns: int, clock: Clock
) -> Robot:
    """A robot with its session behind the network of this run."""
    fleet = bare_fleet(told['count'], told['base_port'], told['mesh'])
    bad = Impairment(**told['impairment'])

    def gate(agent_id: str, trust: Trust) -> Gate:
        return ImpairedGate(agent_id, trust, bad, start_ns, clock.steady_ns)

    folder = Path(told['folder'])
    session = MeshSession(errand.agent_id, fleet, folder, gate=gate, steady_ns=clock.steady_ns)
    params = Params(
        agent_id=errand.agent_id,
        map=pack_map(grid_of(SCENARIOS[told['scenario']].drawing)),
        body=AMR,
        start=start_pose(errand.start, errand.goals),
        tuning=Tuning(),
    )
    arena = open_arena(folder / 'arena', told['count'])
    clock_ns = round(bad.clock_s * 1e9) if odd(errand.agent_id) else 0
    return Robot(number, errand, params, session, caster, arena, clock=clock, clock_ns=clock_ns)


def main() -> int:
    """Run the robots until told to end; the last line is their story."""
    told: Told = json.loads(sys.argv[1])
    scenario = SCENARIOS[told['scenario']]
    errands = errands_of(scenario, AMR.radius_m, told['seed'])
    caster = Caster(grid_of(scenario.drawing), AMR.beams, AMR.range_max_m)
    stepped = StepClock() if told['in_step'] else None
    clock: Clock = stepped or REAL
    make = partial(make_robot, told=told, caster=caster, start_ns=told['start_ns'], clock=clock)
    robots = [
        make(number, errand)
        for number, errand in enumerate(errands)
        if errand.agent_id in told['agents']
    ]
    while not all(len(robot.session.alive) >= told['count'] - 1 for robot in robots):
        time.sleep(0.05)
    report(ready=True)
    while not heard_word():
        time.sleep(0.01)
    for robot in robots:
        robot.set_off()
    if stepped is None:
        _drive(robots)
    else:
        _drive_in_step(robots, stepped)
    for robot in robots:
        robot.session.close()
    report(robots=[as_plain(robot) for robot in robots])
    return 0


def _drive_in_step(robots: list[Robot], clock: StepClock) -> None:
    """Decide once for each word of the referee, which is the time."""
    while (word := sys.stdin.readline().strip()).isdigit():
        clock.now_ns = int(word)
        began = time.monotonic()
        for robot in robots:
            robot.tick()
        took_s = round((time.monotonic() - began) / len(robots), 4)
        report(done=all(robot.done for robot in robots), tick_s=took_s)


def _drive(robots: list[Robot]) -> None:
    due, told_s, worst_s = time.monotonic(), time.monotonic(), 0.0
    while not heard_word():
        began = time.monotonic()
        for robot in robots:
            robot.tick()
        now = time.monotonic()
        worst_s = max(worst_s, now - began)
        if now - told_s >= TOLD_S:
            told_s = now
            report(done=all(robot.done for robot in robots), tick_s=round(worst_s, 4))
            worst_s = 0.0
        due = max(due + TICK_S, now)
        time.sleep(max(0.0, due - now))


if __name__ == '__main__':
    sys.exit(main())
