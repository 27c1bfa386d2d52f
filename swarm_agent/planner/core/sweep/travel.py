# SPDX-License-Identifier: Apache-2.0
"""What driving over a board costs: steps, and turns on the spot."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from swarm_agent.planner.core.ground import Floats, Ints
from swarm_agent.planner.core.sweep.board import NORTH, Board

Route = tuple[int, ...]
"""Cells, each beside the one before."""
_OPPOSITE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """All ways of a robot over a board: a state is a cell and a heading, 4 * cell + heading."""

    board: Board
    turn: float
    """Cost of a quarter turn."""
    graph: sparse.csr_array
    """Cost from each state to the next, shape (4 * cells, 4 * cells)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The cheapest ways between one cell and all states."""

    out: Floats
    """From the cell, facing north, to each state, shape (4 * cells,); inf for none."""
    back: Floats
    """From each state to the cell, whatever the heading, shape (4 * cells,)."""


def make_roads(board: Board, turn: float) -> Roads:
    """Join states by steps ahead and quarter turns."""
    states = np.arange(4 * board.size)
    cell, heading = states // 4, states % 4
    ahead = board.beside[cell, heading]
    open_ahead = ahead >= 0
    left, right = 4 * cell + (heading + 1) % 4, 4 * cell + (heading + 3) % 4
    starts = np.concatenate([states[open_ahead], states, states])
    ends = np.concatenate([4 * ahead[open_ahead] + heading[open_ahead], left, right])
    steps = board.cost[cell, heading][open_ahead]
    # scipy takes a stored 0 for no edge: a free turn costs next to nothing instead
    turns = np.full(2 * len(states), max(turn, 1e-9))
    size = (len(states), len(states))
    graph = sparse.csr_array((np.concatenate([steps, turns]), (starts, ends)), shape=size)
    return Roads(board=board, turn=turn, graph=graph)


def ways(roads: Roads, cell: int) -> Way:
    """The cheapest ways from a cell to everywhere and back."""
    out = csgraph.dijkstra(roads.graph, indices=np.array(4 * cell + NORTH))
    homes = 4 * cell + np.arange(4)
    back = csgraph.dijkstra(roads.graph.T.tocsr(), indices=homes, min_only=True)
    return Way(out=np.asarray(out), back=np.asarray(back))


def way_out(roads: Roads, start: int, state: int) -> Route:
    """The cells of a cheapest way from a cell, facing north, to a state, both ends included."""
    return _trace(roads.graph, 4 * start + NORTH, state)


def way_home(roads: Roads, state: int, home: int) -> Route:
    """The cells of a cheapest way from a state to a cell, both ends included."""
    found, before = csgraph.dijkstra(
        roads.graph, indices=np.array(state), return_predecessors=True
    )
    last = 4 * home + int(np.argmin(found[4 * home : 4 * home + 4]))
    return _unwind(np.asarray(before, dtype=np.int64), state, last)


def _trace(graph: sparse.csr_array, start: int, end: int) -> Route:
    _, before = csgraph.dijkstra(graph, indices=np.array(start), return_predecessors=True)
    return _unwind(np.asarray(before, dtype=np.int64), start, end)


def _unwind(before: Ints, start: int, end: int) -> Route:
    """The cells on the way that the predecessors tell; turns on the spot do not show."""
    states = [end]
    while states[-1] != start:
        states.append(int(before[states[-1]]))
    cells = [state // 4 for state in reversed(states)]
    return (cells[0], *(b for a, b in pairwise(cells) if b != a))


def headings_of(board: Board, route: Sequence[int]) -> Ints:
    """The heading of each step of a route, shape (cells - 1,).

    Raises:
        ValueError: Two cells in a row are not beside each other.
    """
    cells = np.array(route, dtype=np.int64)
    match = board.beside[cells[:-1]] == cells[1:, None]
    if not match.any(axis=1).all():
        place = int(np.argmin(match.any(axis=1)))
        msg = f'cells {route[place]} and {route[place + 1]} are not beside each other'
        raise ValueError(msg)
    return np.argmax(match, axis=1).astype(np.int64)


def quarters(a: Ints, b: Ints) -> Ints:
    """Quarter turns from headings to others, 0 to 2."""
    return np.asarray(_OPPOSITE - np.abs(_OPPOSITE - (a - b) % 4))


def route_cost(board: Board, route: Sequence[int], turn: float) -> float:
    """What a route costs a robot that faces north at its start."""
    if len(route) < 2:
        return 0.0
    headings = headings_of(board, route)
    turns = quarters(np.concatenate([[NORTH], headings[:-1]]), headings)
    steps = board.cost[np.array(route[:-1]), headings]
    return float(steps.sum() + turn * turns.sum())
