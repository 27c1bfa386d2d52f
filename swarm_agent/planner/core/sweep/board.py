# SPDX-License-Identifier: Apache-2.0
"""The floor as a board of square cells that a robot sweeps by standing on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from swarm_agent.planner.core.ground import Floats, Ints
from swarm_config.floor import clearance
from swarm_config.maps import GridMap, Mask

Place = tuple[int, int]
"""Row and column of a cell."""
STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))
"""Row and column step of each heading: east, north, west, south; rows grow northwards."""
NORTH = 1
"""The heading that every robot has at the start, as in the published benchmarks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Free cells, numbered row by row, and what a step between them costs."""

    number: Ints
    """Number of each cell, -1 where it is not free, shape (rows, cols)."""
    places: Ints
    """Row and column of each cell, shape (cells, 2)."""
    beside: Ints
    """The neighbour in each heading, -1 for none, shape (cells, 4)."""
    cost: Floats
    """What the step in each heading costs, shape (cells, 4); symmetric."""

    @property
    def size(self) -> int:
        """How many free cells there are."""
        return len(self.places)

    def at(self, place: Place) -> int:
        """The number of the cell at a place, -1 where it is not free or off the board."""
        rows, cols = self.number.shape
        inside = 0 <= place[0] < rows and 0 <= place[1] < cols
        return int(self.number[place]) if inside else -1


def make_board(free: Mask, cost: Floats | None = None) -> Board:
    """Number the free cells.

    Args:
        free: Shape (rows, cols).
        cost: What a step from each cell in each heading costs, shape (rows, cols, 4); None: 1.
    """
    number = np.full(free.shape, -1, dtype=np.int64)
    number[free] = np.arange(int(free.sum()))
    places = np.argwhere(free)
    padded = np.pad(number, 1, constant_values=-1)
    beside = [padded[places[:, 0] + 1 + dr, places[:, 1] + 1 + dc] for dr, dc in STEPS]
    steps = np.ones((len(places), 4)) if cost is None else cost[free]
    return Board(number=number, places=places, beside=np.stack(beside, axis=1), cost=steps)


def reached(free: Mask, starts: tuple[Place, ...]) -> Mask:
    """The free cells that some start can reach by steps between neighbours."""
    labels, _ = ndimage.label(free)
    wanted = {int(labels[start]) for start in starts} - {0}
    return np.isin(labels, sorted(wanted))


def sweepable(grid: GridMap, cell_m: float, radius_m: float) -> Mask:
    """Cells of this size on which, and between which, a round robot touches nothing.

    Args:
        grid: The map; unknown counts as not free.
        cell_m: Edge of a cell [m].
        radius_m: Radius of the robot, at most half the cell [m].
    """
    factor = max(1, round(cell_m / grid.resolution_m))
    rows, cols = (size // factor for size in grid.shape)
    blocks = grid.free[: rows * factor, : cols * factor].reshape(rows, factor, cols, factor)
    whole = blocks.all(axis=(1, 3))
    middle = factor // 2
    roomy = clearance(grid)[middle::factor, middle::factor][:rows, :cols] > radius_m
    return np.asarray(whole & roomy)


def connected_parts(board: Board) -> Ints:
    """Number the connected parts of a board, shape (cells,)."""
    return csgraph.connected_components(step_graph(board), directed=False)[1].astype(np.int64)


def step_graph(board: Board) -> sparse.csr_array:
    """All steps between neighbours, shape (cells, cells)."""
    a, heading = np.nonzero(board.beside >= 0)
    ones = np.ones(len(a))
    return sparse.csr_array((ones, (a, board.beside[a, heading])), shape=(board.size, board.size))


def sub_board(board: Board, cells: Ints) -> Board:
    """The board of some of the cells, given in ascending order, and so numbered in it."""
    free = np.zeros(board.number.shape, dtype=bool)
    free[tuple(board.places[cells].T)] = True
    cost = np.ones((*free.shape, 4))
    cost[tuple(board.places.T)] = board.cost
    return make_board(free, cost)


def steps_to(board: Board, cells: Sequence[int] | Ints) -> Floats:
    """Steps between each cell and the nearest of some cells, inf for no way, shape (cells,)."""
    indices = np.array(cells, dtype=np.int64)
    return np.asarray(
        csgraph.dijkstra(step_graph(board), indices=indices, unweighted=True, min_only=True)
    )


def steps_from(board: Board, cells: Sequence[int]) -> Floats:
    """Steps from each of some cells to all, inf for no way, shape (given, cells)."""
    indices = np.array(cells, dtype=np.int64)
    return np.asarray(csgraph.dijkstra(step_graph(board), indices=indices, unweighted=True))
