# SPDX-License-Identifier: Apache-2.0
"""Runs a scenario, counts contacts in the table of true poses, and sums the stories up."""

import math
import signal
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from swarm_agent.mesh.bench.stage import Player, Stage
from swarm_agent.mesh.scenarios.arena import Floats, open_arena
from swarm_agent.mesh.scenarios.impairment import Impairment
from swarm_agent.mesh.scenarios.pace import NS, InStep, Pace, RealTime
from swarm_agent.mesh.scenarios.places import Errand, Scenario, errands_of
from swarm_agent.mesh.scenarios.process import AMR

MODULE = 'swarm_agent.mesh.scenarios.process'
LINGER_S = 1.0
"""After the last arrival, for those that still settle [s]."""


@dataclass(slots=True, kw_only=True)
class Result:
    """What became of a scenario."""

    scenario: str
    robots: int
    arrived: int
    seconds: float
    contacts: int
    least_gap_m: float
    longest_wait_s: float
    deadlocks: int
    reversals_most: int
    reflex_stops: int
    promises_broken: int
    noticed_s: float = math.nan
    """Until the last neighbour noticed that the killed or frozen one is gone."""
    longest_free_wait_s: float = math.nan
    """Of one standing, the time in which nobody was in the robot's way or using it."""
    held_by_two_s: float = math.nan
    """How long two at once held each other's promise to be let pass; in reckoned time only."""
    recovered_s: float = math.nan
    """After a partition, until every robot that had somewhere to go moved again."""
    slowest_tick_s: float = 0.0
    """Above 0.1 s the machine cannot keep up, and the bodies' time passes more slowly; in step of
    one robot, otherwise of all robots of a process."""
    network: str = ''
    """The bad network that was chosen by name, if one was."""
    machine_s: float = math.nan
    """How long the run took on the machine."""
    stories: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Watch:
    """What the referee sees."""

    least_gap_m: float = math.inf
    contacts: int = 0
    touching: set[tuple[int, int]] = field(default_factory=set)
    held_by_two_s: float = 0.0

    def hold(self, entitled: dict[str, frozenset[str]], seconds: float) -> None:
        """Note whether two are entitled to the same space.

        Args:
            entitled: Of each robot that runs, whose promise it holds.
            seconds: Since the last time.
        """
        both = (
            agent_id in entitled.get(peer, ())
            for agent_id, peers in entitled.items()
            for peer in peers
        )
        self.held_by_two_s += seconds * any(both)

    def look(self, arena: Floats) -> None:
        """Note gaps and new contacts."""
        at = np.array(arena[:, :2])
        first, second = np.triu_indices(len(at), 1)
        gaps = np.hypot(*(at[first] - at[second]).T) - 2.0 * AMR.radius_m
        self.least_gap_m = min(self.least_gap_m, float(gaps.min(initial=math.inf)))
        near = np.flatnonzero(gaps <= 0.0)
        touching = {(int(first[k]), int(second[k])) for k in near}
        self.contacts += len(touching - self.touching)
        self.touching = touching


def play(
    scenario: Scenario,
    *,
    processes: int,
    seed: int,
    bad: Impairment,
    seconds: float | None = None,
    in_step: bool = False,
) -> Result:
    """Run a scenario once."""
    errands = errands_of(scenario, AMR.radius_m, seed)
    with TemporaryDirectory(prefix='swarm_bench_') as name:
        folder = Path(name)
        arena = open_arena(folder / 'arena', len(errands))
        for row, errand in zip(arena, errands, strict=True):
            row[:2] = errand.start
        stage = Stage.make(folder, len(errands))
        start_ns = NS if in_step else time.monotonic_ns()
        told = {
            'scenario': scenario.name,
            'seed': seed,
            'impairment': asdict(bad),
            'start_ns': start_ns,
            'in_step': in_step,
        }
        groups = _groups(errands, processes)
        players = [stage.start(MODULE, 'robots', group, **told) for group in groups]
        pace = InStep(players=players) if in_step else RealTime()
        return _watched(scenario, errands, groups, players, arena, seconds, pace, bad)


def _groups(errands: list[Errand], processes: int) -> list[list[str]]:
    """Robots by process; one that is to be killed or frozen has its own."""
    victims = [one.agent_id for one in errands if one.frozen or one.killed]
    others = [one.agent_id for one in errands if one.agent_id not in victims]
    shares = [others[k::processes] for k in range(processes)]
    return [share for share in shares if share] + [[name] for name in victims]


@dataclass(slots=True, kw_only=True)
class Run:
    """What the processes have said so far."""

    done: dict[int, bool] = field(default_factory=dict)
    tick_s: float = 0.0
    stories: list[dict[str, Any]] = field(default_factory=list)

    def read(self, number: int, player: Player, pace: Pace) -> None:
        """Take reports until the process ends."""
        while said := player.read():
            if 'done' in said:
                self.done[number] = said['done']
                self.tick_s = max(self.tick_s, said['tick_s'])
            self.stories += said.get('robots', [])
            pace.heard(number, said)


def _watched(
    scenario: Scenario,
    errands: list[Errand],
    groups: list[list[str]],
    players: list[Player],
    arena: Floats,
    seconds: float | None,
    pace: Pace,
    bad: Impairment,
) -> Result:
    for player in players:
        if not player.read().get('ready'):
            raise RuntimeError('a process of the scenario did not start; its error stands above')
    run, watch = Run(), Watch()
    readers = [
        threading.Thread(target=run.read, args=(number, player, pace), daemon=True)
        for number, player in enumerate(players)
    ]
    for reader, player in zip(readers, players, strict=True):
        reader.start()
        player.say('go')
    began, machine_s = pace.now_s(), time.monotonic()
    victims = {one.agent_id for one in errands if one.frozen or one.killed}
    limit_s = seconds or scenario.limit_s
    struck_s = _until_over(scenario, errands, groups, players, run, watch, arena, limit_s, pace)
    took_s, machine_s = pace.now_s() - began, time.monotonic() - machine_s
    for number, player in enumerate(players):
        if groups[number][0] in victims:
            player.process.kill()
        else:
            player.say('end')
    for reader, player in zip(readers, players, strict=True):
        reader.join(timeout=30)
        player.close()
    result = summed(scenario, errands, run, watch, took_s, struck_s, victims)
    return replace(
        result,
        machine_s=round(machine_s, 1),
        recovered_s=recovered_s(run.stories, bad.cut_to_s),
    )


def _until_over(
    scenario: Scenario,
    errands: list[Errand],
    groups: list[list[str]],
    players: list[Player],
    run: Run,
    watch: Watch,
    arena: Floats,
    limit_s: float,
    pace: Pace,
) -> float:
    """Look until all have arrived or the time is over; when the victim was struck, or nan."""
    began, over_s, struck_s = pace.now_s(), pace.now_s() + limit_s, math.nan
    strikes = {one.agent_id: one.killed for one in errands if one.frozen or one.killed}
    while pace.now_s() < over_s:
        now = pace.now_s()
        if strikes and now - began >= scenario.event_s:
            struck_s = now
            for number, group in enumerate(groups):
                if group[0] in strikes:
                    process = players[number].process
                    process.send_signal(signal.SIGKILL if strikes[group[0]] else signal.SIGSTOP)
                    pace.leave_out(number)
            strikes = {}
        if not scenario.robots and _all_done(run, groups, errands, struck=not strikes):
            over_s = min(over_s, pace.now_s() + LINGER_S)
        pace.advance(lambda: watch.look(arena))
    return struck_s


def _all_done(run: Run, groups: list[list[str]], errands: list[Errand], *, struck: bool) -> bool:
    victims = {one.agent_id for one in errands if one.frozen or one.killed}
    awaited = [number for number, group in enumerate(groups) if group[0] not in victims]
    return struck and all(run.done.get(number, False) for number in awaited)


def recovered_s(stories: list[dict[str, Any]], cut_to_s: float) -> float:
    """How long after a partition every robot that still had a way to go moved again [s]."""
    if not cut_to_s:
        return math.nan
    found = []
    for story in stories:
        over_s = story['arrivals_s'][-1] if story['done'] and story['arrivals_s'] else math.inf
        if story['goals'] and over_s > cut_to_s:
            later = [at for at, _, _, what in story['track'] if at >= cut_to_s]
            moved = [at for at, _, _, what in story['track'] if at >= cut_to_s and what != 'waits']
            found.append(moved[0] - cut_to_s if moved else math.inf if later else 0.0)
    return round(max(found, default=0.0), 2)


def summed(
    scenario: Scenario,
    errands: list[Errand],
    run: Run,
    watch: Watch,
    took_s: float,
    struck_s: float,
    victims: set[str],
) -> Result:
    """Put together what the robots told and what the referee saw."""
    told = [story for story in run.stories if story['agent_id'] not in victims]
    errand_takers = [story for story in told if story['goals']]
    stuck = [story for story in errand_takers if not story['done']]
    noticed = [
        story['lost'][name] - struck_s
        for story in told
        for name in victims
        if name in story['lost']
    ]
    arrived = sum(bool(story['arrivals_s']) for story in errand_takers)
    deadlocks = len(errand_takers) - arrived if scenario.robots else len(stuck)
    return Result(
        scenario=scenario.name,
        robots=len(errands),
        arrived=arrived,
        seconds=round(took_s, 1),
        contacts=watch.contacts,
        least_gap_m=round(watch.least_gap_m, 3),
        longest_wait_s=max((story['longest_wait_s'] for story in errand_takers), default=0.0),
        longest_free_wait_s=max(
            (story['longest_free_wait_s'] for story in errand_takers), default=0.0
        ),
        deadlocks=deadlocks,
        reversals_most=max((story['reversals'] for story in told), default=0),
        reflex_stops=sum(story['reflex_stops'] for story in told),
        promises_broken=sum(
            ' promised ' in text for story in told for text in story['violations']
        ),
        noticed_s=round(max(noticed), 2)
        if len(noticed) == len(told) * len(victims) > 0
        else math.nan,
        slowest_tick_s=run.tick_s,
        stories=run.stories,
    )
