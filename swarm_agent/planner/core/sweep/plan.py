# SPDX-License-Identifier: Apache-2.0
"""Plan who sweeps which cells of a board, on which route, so that the last is home early.

Pure and deterministic: every robot that knows the board and the starts finds the same plan, so a
fleet needs nobody to hand it out. Method: weave some rings over the board, cut the shortest few
between the robots, keep the best cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from swarm_agent.planner.core.ground import Ints
from swarm_agent.planner.core.sweep.board import Board, connected_parts, sub_board
from swarm_agent.planner.core.sweep.cut import Cut, Track, make_track
from swarm_agent.planner.core.sweep.ring import WEAVES, weave_ring
from swarm_agent.planner.core.sweep.search import best_cut
from swarm_agent.planner.core.sweep.travel import (
    Roads,
    Route,
    Way,
    make_roads,
    route_cost,
    way_home,
    way_out,
    ways,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How hard a plan is searched for; counted, not timed, so that it is the same everywhere."""

    rings: int = 4
    """Rings that are cut, range 1 to 8."""
    tries: int = 4000
    """Orders of the robots tried for each ring, range 1 to 1000000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """Closed routes that together visit every cell that some robot can reach."""

    routes: tuple[Route, ...]
    """One for each start, from it and back to it."""
    owner: Ints
    """The robot that answers for each cell, -1 where none gets, shape (cells,)."""
    costs: tuple[float, ...]
    """What each route costs: steps, and turns at their price."""

    @property
    def longest(self) -> float:
        """The makespan."""
        return max(self.costs)

    @property
    def balance(self) -> float:
        """The longest over the mean; 1 is perfect."""
        mean = sum(self.costs) / len(self.costs)
        return self.longest / mean if mean > 0.0 else 1.0


def plan_sweep(
    board: Board, starts: Sequence[int], turn: float, effort: Effort | None = None
) -> SweepPlan:
    """Plan routes for robots that start, facing north, and end at these cells.

    Args:
        board: The cells to sweep.
        starts: The cell of each robot, at least one.
        turn: Cost of a quarter turn, in steps.
        effort: How hard to search.
    """
    routes: list[Route] = [(start,) for start in starts]
    owner = np.full(board.size, -1, dtype=np.int64)
    part = connected_parts(board)
    for label in sorted({int(part[start]) for start in starts}):
        cells = np.flatnonzero(part == label)
        team = [robot for robot, start in enumerate(starts) if part[start] == label]
        _plan_part(
            board,
            cells,
            [(robot, starts[robot]) for robot in team],
            turn,
            effort or Effort(),
            routes,
            owner,
        )
    costs = tuple(route_cost(board, route, turn) for route in routes)
    return SweepPlan(routes=tuple(routes), owner=owner, costs=costs)


def _plan_part(
    board: Board,
    cells: Ints,
    team: Sequence[tuple[int, int]],
    turn: float,
    effort: Effort,
    routes: list[Route],
    owner: Ints,
) -> None:
    """Plan one connected part; fills in its robots' routes and its cells' owners."""
    if len(cells) == 1:
        owner[cells] = team[0][0]
        return
    here = sub_board(board, cells)
    roads = make_roads(here, turn)
    starts = [int(np.searchsorted(cells, start)) for _, start in team]
    track, cut = _best(roads, [ways(roads, start) for start in starts], effort)
    for number, first, last in zip(cut.order, cut.starts, cut.ends, strict=True):
        robot = team[number][0]
        piece = track.cells[first : last + 1]
        mine = cells[np.array(piece, dtype=np.int64)]
        owner[mine[owner[mine] < 0]] = robot
        if piece:
            route = _route(roads, track, starts[number], first, last)
            routes[robot] = tuple(int(cells[cell]) for cell in route)


def _best(roads: Roads, homes: Sequence[Way], effort: Effort) -> tuple[Track, Cut]:
    """The best cut of the shortest few rings."""
    board, turn = roads.board, roads.turn
    rings = sorted(
        (weave_ring(board, weave, turn) for weave in WEAVES),
        key=lambda ring: route_cost(board, (*ring, ring[0]), turn),
    )
    tracks = [make_track(roads, ring, homes) for ring in rings[: effort.rings]]
    cuts = [(track, best_cut(track, effort.tries)) for track in tracks]
    return min(cuts, key=lambda found: found[1].longest)


def _route(roads: Roads, track: Track, start: int, first: int, last: int) -> Route:
    """Out to a piece of the ring, along it, and home."""
    piece = track.cells[first : last + 1]
    out = way_out(roads, start, 4 * piece[0] + track.headings[first])
    facing = track.headings[last - 1] if last > first else track.headings[first]
    home = way_home(roads, 4 * piece[-1] + facing, start)
    return (*out[:-1], *piece, *home[1:])
