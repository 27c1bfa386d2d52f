# SPDX-License-Identifier: Apache-2.0
"""Drive a fleet to the end of a run, and say what it cost."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from swarm_agent.mesh.mapf.air import Meter
from swarm_agent.mesh.mapf.lockstep import Lockstep
from swarm_agent.mesh.mapf.movingai import World
from swarm_agent.mesh.mapf.score import Score, score
from swarm_agent.mesh.mapf.untimed import Network, Untimed

LEAST_STEPS = 400
LENGTHS = 8
"""A robot that has not arrived after so many times the longest shortest path will not."""
SETTLING_STEPS = 300
"""Steps granted, after all have arrived once, to be at their goals together."""


class Fleet(Protocol):
    """Robots that move by steps."""

    world: World
    meter: Meter

    @property
    def cells(self) -> tuple[int, ...]:
        """Where everybody stands."""

    def step(self) -> None:
        """Move everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of a run."""

    score: Score
    paths: tuple[tuple[int, ...], ...]
    messages: int
    bytes: int
    largest: int
    """Bytes of the longest message."""
    seconds: float
    """Processor and waiting time of all steps together [s]."""

    def report(self) -> dict[str, float | int | bool | None]:
        """The figures of `swarm bench mapf --json`."""
        moves = self.score.moves or 1
        return {
            'agents': self.score.agents,
            'arrived_once': self.score.arrived_once,
            'all_at_goal': self.score.all_at_goal,
            'first_arrival_over_lb': self.score.first_arrival_over_lb,
            'soc_over_lb': self.score.soc_over_lb,
            'makespan': self.score.makespan,
            'conflicts': self.score.conflicts,
            'messages_per_cell': round(self.messages / moves, 3),
            'bytes_per_cell': round(self.bytes / moves, 1),
            'seconds': round(self.seconds, 3),
        }


def fleet_of(world: World, *, seed: int, radius: int, network: Network) -> Fleet:
    """Robots in lock-step where nothing goes wrong, else without a common clock."""
    if network == Network():
        return Lockstep(world, seed=seed, radius=radius)
    return Untimed(world, seed=seed, radius=radius, network=network)


def drive(fleet: Fleet, *, most_steps: int | None = None, most_s: float | None = None) -> Run:
    """Let a fleet go until all are at their goals together, or will not be.

    Args:
        fleet: The robots.
        most_steps: An end to it; by default a generous one made from the map.
        most_s: An end to it in time [s].
    """
    goals = fleet.world.goals
    missing = {agent for agent, cell in enumerate(fleet.cells) if cell != goals[agent]}
    paths = [[cell] for cell in fleet.cells]
    end = most_steps or max(LEAST_STEPS, LENGTHS * max(fleet.world.lengths))
    settling = False
    began, step = time.perf_counter(), 0
    while step < end and fleet.cells != goals:
        fleet.step()
        step += 1
        _note(fleet.cells, goals, paths, missing)
        if not missing and not settling:
            settling, end = True, min(end, step + max(step, SETTLING_STEPS))
        if most_s is not None and time.perf_counter() - began > most_s:
            break
    return _run_of(fleet, paths, time.perf_counter() - began)


def _note(
    cells: Sequence[int], goals: Sequence[int], paths: list[list[int]], missing: set[int]
) -> None:
    for path, cell in zip(paths, cells, strict=True):
        path.append(cell)
    missing.difference_update([agent for agent in missing if cells[agent] == goals[agent]])


def _run_of(fleet: Fleet, paths: list[list[int]], seconds: float) -> Run:
    done = tuple(tuple(path) for path in paths)
    return Run(
        score=score(fleet.world, done),
        paths=done,
        messages=fleet.meter.messages,
        bytes=fleet.meter.bytes,
        largest=fleet.meter.largest,
        seconds=seconds,
    )
