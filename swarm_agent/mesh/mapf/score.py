# SPDX-License-Identifier: Apache-2.0
"""What a run cost, counted from the paths alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from swarm_agent.mesh.mapf.movingai import World

Paths = Sequence[Sequence[int]]
"""The cell of each robot at step 0, 1, 2, …; all equally long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Both criteria of one run; ratios are over the sum of all shortest paths."""

    agents: int
    arrived_once: float
    """Share of the robots that were at their goal at some time."""
    all_at_goal: bool
    """Whether all of them were there together at the end."""
    first_arrival_over_lb: float | None
    soc_over_lb: float | None
    makespan: int
    conflicts: int
    moves: int


def score(world: World, paths: Paths) -> Score:
    """Count."""
    firsts, lasts = [], []
    for path, goal in zip(paths, world.goals, strict=True):
        firsts.append(next((step for step, cell in enumerate(path) if cell == goal), None))
        away = (step + 1 for step in range(len(path) - 1, -1, -1) if path[step] != goal)
        lasts.append(next(away, 0))
    arrived = [first for first in firsts if first is not None]
    home = all(path[-1] == goal for path, goal in zip(paths, world.goals, strict=True))
    bound = sum(world.lengths) or 1
    everybody = len(arrived) == len(paths)
    return Score(
        agents=len(paths),
        arrived_once=len(arrived) / len(paths),
        all_at_goal=home,
        first_arrival_over_lb=round(sum(arrived) / bound, 4) if everybody else None,
        soc_over_lb=round(sum(lasts) / bound, 4) if home else None,
        makespan=len(paths[0]) - 1,
        conflicts=conflicts(paths),
        moves=sum(a != b for path in paths for a, b in pairwise(path)),
    )


def conflicts(paths: Paths) -> int:
    """Robots too many in a cell, and pairs that swapped places, over all steps."""
    found = 0
    for step in range(len(paths[0])):
        now = [path[step] for path in paths]
        found += len(now) - len(set(now))
        if step:
            moves = {(path[step - 1], path[step]) for path in paths}
            found += sum(a < b and (b, a) in moves for a, b in moves)
    return found


def paths_text(width: int, paths: Paths) -> str:
    """One line a robot: `x,y` of each step, column and row."""
    lines = (' '.join(f'{cell % width},{cell // width}' for cell in path) for path in paths)
    return ''.join(f'{line}\n' for line in lines)
