# SPDX-License-Identifier: Apache-2.0
"""The floor as the planner knows it: the static map, its survey grid and a sparse road lattice.

Everything here is made once, in `make_ground`, and only read afterwards. Frame: map; rows from
y min.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from swarm_config.floor import clearance, coarsen, floor_of, reachable
from swarm_config.maps import GridMap, Mask, PackedMap, unpack_map

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Point = tuple[float, float]

_LATTICE_M = 0.5
"""One lattice node at most in each block of this size [m]."""
_NARROW_M = 0.1
"""Free space beside the body below which reflexes let a robot hardly creep [m]."""
_NARROW_COST = 10.0
"""A road through such a place counts as so many times its length: they creep at 0.1 m/s."""
_KEPT = 500
"""Distances from so many nodes are kept; some 20 kB each."""
_REACH = tuple((dr, dc) for dr in range(3) for dc in range(-2, 3) if (dr, dc) > (0, 0))
"""Half of the 24 neighbours that a node may have a road to; roads run both ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The static floor of one robot. Distances in metres."""

    grid: GridMap
    clearance_m: Floats
    """Shape (rows, cols): distance to the nearest cell that is not free."""
    centres: Mask
    """Shape (rows, cols): where the robot's centre may stand and can get to from home."""
    survey_cell_m: float
    survey_floor: Mask
    """Shape (survey rows, survey cols): cells of the survey grid that are reachable floor."""
    nodes: Floats
    """Shape (nodes, 2): x and y of the lattice nodes [m]."""
    node_clearance_m: Floats
    """Shape (nodes,)."""
    roads: sparse.csr_array
    """Shape (nodes, nodes): length of the straight free roads [m], narrow ones counted longer."""
    radius_m: float
    passable: Mask
    """Shape (rows, cols): where at least half the radius is free, for the way onto the lattice."""
    shut: Mask | None = None
    """Shape (nodes,): where the law does not let the robot stand; None: nowhere."""
    _distances: dict[int, tuple[Floats, Ints]] = field(default_factory=dict)
    """Memory of `distances_from`; only spares time."""

    def distances_from(self, node: int) -> tuple[Floats, Ints]:
        """Way by road from one node to all [m], inf where none, and each node's predecessor."""
        if node not in self._distances:
            if len(self._distances) >= _KEPT:
                self._distances.clear()
            found = csgraph.dijkstra(self.roads, indices=np.array(node), return_predecessors=True)
            self._distances[node] = (np.asarray(found[0]), np.asarray(found[1], dtype=np.int64))
        return self._distances[node]

    def road(self, start: int, end: int) -> list[int]:
        """The nodes of the shortest road from start to end, both included; empty where none."""
        distance, before = self.distances_from(start)
        if not math.isfinite(distance[end]):
            return []
        road = [end]
        while road[-1] != start:
            road.append(int(before[road[-1]]))
        return road[::-1]

    def node_at(self, point: Point) -> int | None:
        """The nearest node that can be driven to in a straight line, else simply the nearest.

        The nearest open one where that is shut. None where the lattice is empty.
        """
        if len(self.nodes) == 0:
            return None
        squares = ((self.nodes - np.asarray(point)) ** 2).sum(axis=1)
        nearest = np.argsort(squares, kind='stable')[:12]
        starts = np.tile(np.asarray(point), (len(nearest), 1))
        clear = straight(self.passable, self.grid, starts, self.nodes[nearest])
        node = int(nearest[clear][0] if clear.any() else nearest[0])
        if self.shut is None or not self.shut[node] or self.shut.all():
            return node
        return int(np.where(self.shut, np.inf, squares).argmin())

    def is_centre(self, point: Point) -> bool:
        """Whether the robot's centre may stand at this point."""
        row, col = self.grid.cell_of(*point)
        return self.grid.contains(row, col) and bool(self.centres[row, col])

    def nearest_centre(self, point: Point, within_m: float) -> Point | None:
        """The point itself where the robot may stand on it, else the nearest such within reach."""
        if self.is_centre(point):
            return point
        rows, cols = _window(self.grid, point, within_m)
        found = np.argwhere(self.centres[rows, cols])
        if len(found) == 0:
            return None
        centres = [self.grid.centre_of(int(r) + rows.start, int(c) + cols.start) for r, c in found]
        best = min(centres, key=lambda centre: (math.dist(centre, point), centre))
        return best if math.dist(best, point) <= within_m else None

    def survey_points(self, mask: Mask) -> Floats:
        """Map frame centres [m] of the set cells of a survey mask, shape (cells, 2)."""
        cells = np.argwhere(mask)[:, ::-1]
        origin = np.array([self.grid.origin_x_m, self.grid.origin_y_m])
        return origin + (cells + 0.5) * self.survey_cell_m


def make_ground(
    packed: PackedMap, *, radius_m: float, home: Point, survey_cell_m: float
) -> Ground:
    """Prepare the floor of a robot that lives at `home` (map frame) [m]."""
    grid = unpack_map(packed)
    space = clearance(grid)
    seeds = _cells_near(grid, home, space > radius_m)
    centres = reachable(space > radius_m, seeds)
    factor = max(1, round(survey_cell_m / grid.resolution_m))
    nodes = _lattice(grid, np.where(centres, space, 0.0), radius_m)
    points, roads = _roads(grid, centres, nodes, space > radius_m + _NARROW_M)
    joined = _largest(roads)
    return Ground(
        grid=grid,
        clearance_m=space,
        centres=centres,
        survey_cell_m=factor * grid.resolution_m,
        survey_floor=coarsen(floor_of(grid, radius_m, seeds), factor),
        nodes=points[joined],
        node_clearance_m=space[nodes[joined, 0], nodes[joined, 1]],
        roads=roads[joined][:, joined],
        radius_m=radius_m,
        passable=space > 0.5 * radius_m,
    )


def straight(free: Mask, grid: GridMap, starts: Floats, ends: Floats) -> Mask:
    """Which straight lines stay on set cells; starts and ends [m] of shape (lines, 2)."""
    if len(starts) == 0:
        return np.zeros(0, dtype=bool)
    longest = float(np.abs(ends - starts).max())
    shares = np.linspace(0.0, 1.0, max(2, math.ceil(longest / grid.resolution_m) + 1))
    points = starts[:, None, :] + (ends - starts)[:, None, :] * shares[None, :, None]
    return np.asarray(sample(free, grid, points[..., 0], points[..., 1]).all(axis=1))


def sample(mask: Mask, grid: GridMap, x_m: Floats, y_m: Floats) -> Mask:
    """Look a mask up at map frame points [m]; False outside the grid."""
    rows = _cells(y_m, grid.origin_y_m, grid.resolution_m)
    cols = _cells(x_m, grid.origin_x_m, grid.resolution_m)
    # As numbers without a sign, those below 0 are too large.
    found = rows.view(np.uint64) < mask.shape[0]
    found &= cols.view(np.uint64) < mask.shape[1]
    rows *= mask.shape[1]
    rows += cols
    found &= mask.ravel().take(rows, mode='clip')
    return found


def _cells(at_m: Floats, origin_m: float, cell_m: float) -> Ints:
    """The row or column of points, made with few passes over them."""
    cells = np.subtract(at_m, origin_m)
    cells /= cell_m
    return np.floor(cells, out=cells).astype(np.int64)


def _window(grid: GridMap, point: Point, within_m: float) -> tuple[slice, slice]:
    row, col = grid.cell_of(*point)
    reach = math.ceil(within_m / grid.resolution_m) + 1
    rows = slice(max(0, row - reach), max(0, row + reach + 1))
    return rows, slice(max(0, col - reach), max(0, col + reach + 1))


def _cells_near(grid: GridMap, point: Point, mask: Mask) -> list[tuple[int, int]]:
    """The cell of a point, or the nearest set cells within 1 m where it is not set."""
    cell = grid.cell_of(*point)
    if grid.contains(*cell) and mask[cell]:
        return [cell]
    rows, cols = _window(grid, point, 1.0)
    found = np.argwhere(mask[rows, cols]) + np.array([rows.start, cols.start])
    if len(found) == 0:
        return []
    squares = ((found - np.asarray(cell)) ** 2).sum(axis=1)
    row, col = found[int(np.argmin(squares))]
    return [(int(row), int(col))]


def _lattice(grid: GridMap, space: Floats, radius_m: float) -> Ints:
    """Row and column of the roomiest, most central cell of each block, shape (nodes, 2)."""
    size = max(1, round(_LATTICE_M / grid.resolution_m))
    rows, cols = (-(-n // size) for n in space.shape)
    padded = np.zeros((rows * size, cols * size))
    padded[: space.shape[0], : space.shape[1]] = space
    blocks = padded.reshape(rows, size, cols, size).swapaxes(1, 2).reshape(rows, cols, size * size)
    offset = (np.arange(size) - (size - 1) / 2) * grid.resolution_m
    away = np.hypot(offset[:, None], offset[None, :]).ravel()
    score = np.where(blocks > radius_m, np.minimum(blocks, radius_m + 0.5) - 0.1 * away, -np.inf)
    best = score.argmax(axis=2)
    r, c = np.nonzero(np.isfinite(score.max(axis=2)))
    inner = best[r, c]
    return np.stack([r * size + inner // size, c * size + inner % size], axis=1).astype(np.int64)


def _largest(roads: sparse.csr_array) -> Ints:
    """The nodes of the largest part of the lattice that hangs together."""
    if roads.shape[0] == 0:
        return np.zeros(0, dtype=np.int64)
    _, part = csgraph.connected_components(roads, directed=False)
    return np.flatnonzero(part == np.bincount(part).argmax())


def _roads(
    grid: GridMap, centres: Mask, nodes: Ints, roomy: Mask
) -> tuple[Floats, sparse.csr_array]:
    """The nodes' places [m], shape (nodes, 2), and what the straight ways between cost [m]."""
    origin = np.array([grid.origin_x_m, grid.origin_y_m])
    points = origin + (nodes[:, ::-1] + 0.5) * grid.resolution_m
    size = max(1, round(_LATTICE_M / grid.resolution_m))
    block = nodes // size
    shape = (grid.shape[0] // size + 6, grid.shape[1] // size + 6)
    number = np.full(shape, -1, dtype=np.int64)
    number[block[:, 0] + 2, block[:, 1] + 2] = np.arange(len(nodes))
    starts, ends = [], []
    for dr, dc in _REACH:
        other = number[block[:, 0] + 2 + dr, block[:, 1] + 2 + dc]
        here = np.flatnonzero(other >= 0)
        clear = straight(centres, grid, points[here], points[other[here]])
        starts.append(here[clear])
        ends.append(other[here][clear])
    a, b = np.concatenate(starts), np.concatenate(ends)
    length = np.hypot(*(points[a] - points[b]).T)
    length[~straight(roomy, grid, points[a], points[b])] *= _NARROW_COST
    both = (np.concatenate([length, length]), (np.concatenate([a, b]), np.concatenate([b, a])))
    return points, sparse.csr_array(both, shape=(len(nodes), len(nodes)))
