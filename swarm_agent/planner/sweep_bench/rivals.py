# SPDX-License-Identifier: Apache-2.0
"""Controls: the same boards planned by methods of others, in our own words of their papers.

- `mstc_star`: MSTC* (Tang, Sun and Zhang, RA-L 2021): one spanning tree ring from the first
  robot, cut into equal pieces in the order of the list, then cuts moved by bisection between the
  robot with the longest and that with the shortest route while that helps.
- `voronoi`: each robot sweeps the cells that are nearest to it, on a spanning tree ring of them.
- `boustrophedon`: the cells row by row, every second row backwards, in equal pieces.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse import csgraph

from swarm_agent.planner.core.ground import Ints
from swarm_agent.planner.core.sweep.board import Board, step_graph, steps_from, sub_board
from swarm_agent.planner.core.sweep.cut import Track, make_track
from swarm_agent.planner.core.sweep.ring import EAST, NORTHWARD, Weave, weave_ring
from swarm_agent.planner.core.sweep.travel import (
    Roads,
    Route,
    make_roads,
    way_home,
    way_out,
    ways,
)

Planner = Callable[[Board, Sequence[int], float], tuple[Route, ...]]


def mstc_star(board: Board, starts: Sequence[int], turn: float) -> tuple[Route, ...]:
    """One ring, cut in the robots' given order."""
    ring = weave_ring(board, Weave(along=NORTHWARD), turn)
    first = ring.index(starts[0])
    ring = (*ring[first:], *ring[:first])
    roads = make_roads(board, turn)
    track = make_track(roads, ring, [ways(roads, start) for start in starts])
    count = len(starts)
    cuts = [round(len(ring) * number / count) for number in range(count + 1)]
    cuts = _moved_cuts(track, cuts)
    return tuple(
        _out_along_home(roads, start, ring[a:b], track.headings[a:b])
        for start, (a, b) in zip(starts, pairwise(cuts), strict=True)
    )


def _moved_cuts(track: Track, cuts: list[int]) -> list[int]:
    """Shift what lies between the most and the least loaded while the longest gets shorter."""
    while True:
        spent = _spent(track, cuts)
        low, high = int(np.argmin(spent)), int(np.argmax(spent))
        found = _shifted(track, cuts, low, high)
        if max(_spent(track, found)) >= max(spent):
            return cuts
        cuts = found


def _shifted(track: Track, cuts: list[int], low: int, high: int) -> list[int]:
    """Move the cuts from the longest route towards the shortest by the best even shift."""
    a, b = sorted((low, high))
    sign = 1 if low < high else -1
    best, left, right = cuts, 0, cuts[high + 1] - cuts[high]
    while left < right:
        shift = (left + right) // 2
        tried = [cut + sign * shift if a < n <= b else cut for n, cut in enumerate(cuts)]
        spent = _spent(track, tried)
        if max(spent) < max(_spent(track, best)):
            best = tried
        if spent[low] < spent[high]:
            left = shift + 1
        else:
            right = shift
    return best


def _spent(track: Track, cuts: list[int]) -> list[float]:
    """What each robot's piece costs it."""
    return [
        track.out[robot][a] - track.ready[a] + track.until[robot][b - 1] if b > a else 0.0
        for robot, (a, b) in enumerate(pairwise(cuts))
    ]


def voronoi(board: Board, starts: Sequence[int], turn: float) -> tuple[Route, ...]:
    """Each robot a ring over the cells that are nearest to it."""
    away = steps_from(board, starts)
    owner = np.argmin(away, axis=0)
    routes = []
    for robot, start in enumerate(starts):
        cells = np.flatnonzero(owner == robot)
        routes.append(_ring_from(board, cells, start, turn) if start in cells else (start,))
    return tuple(routes)


def _ring_from(board: Board, cells: Ints, start: int, turn: float) -> Route:
    here = sub_board(board, cells)
    rings = [weave_ring(here, Weave(along=along), turn) for along in (EAST, NORTHWARD)]
    ring = [int(cells[cell]) for cell in min(rings, key=len)]
    first = ring.index(start)
    return (*ring[first:], *ring[:first], start) if len(ring) > 1 else (start,)


def boustrophedon(board: Board, starts: Sequence[int], turn: float) -> tuple[Route, ...]:
    """Row by row, every second backwards, in equal pieces by the order of the list."""
    rows, cols = board.places.T
    order = np.lexsort((np.where(rows % 2, -cols, cols), rows)).tolist()
    roads = make_roads(board, turn)
    count = len(starts)
    return tuple(
        _visit(roads, start, order[len(order) * n // count : len(order) * (n + 1) // count])
        for n, start in enumerate(starts)
    )


def _visit(roads: Roads, start: int, cells: Sequence[int]) -> Route:
    """From the start to each cell in turn, straight or round about, and home."""
    board = roads.board
    route = [start]
    for cell in (*cells, start):
        if cell not in board.beside[route[-1]]:
            route.extend(_round_about(board, route[-1], cell))
        elif cell != route[-1]:
            route.append(cell)
    return tuple(route)


def _round_about(board: Board, start: int, end: int) -> list[int]:
    """The cells of a shortest way without its start."""
    _, before = csgraph.dijkstra(
        step_graph(board), indices=np.array(start), unweighted=True, return_predecessors=True
    )
    trail = [end]
    while trail[-1] != start:
        trail.append(int(before[trail[-1]]))
    return trail[-2::-1]


def _out_along_home(roads: Roads, start: int, piece: Route, headings: Sequence[int]) -> Route:
    if not piece:
        return (start,)
    out = way_out(roads, start, 4 * piece[0] + headings[0])
    facing = headings[len(piece) - 2] if len(piece) > 1 else headings[0]
    return (*out[:-1], *piece, *way_home(roads, 4 * piece[-1] + facing, start)[1:])


RIVALS: dict[str, Planner] = {
    'mstc_star': mstc_star,
    'voronoi': voronoi,
    'boustrophedon': boustrophedon,
}
