# SPDX-License-Identifier: Apache-2.0
"""The planner's floor under the law: lattice nodes that are shut, and roads over open floor only.

The path planner draws the same zones cell by cell. Here they reach a little farther, so that a
stop which is open here is open there, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse

from swarm_agent.planner.core.ground import Floats, Ground, Point, sample, straight
from swarm_config.maps import GridMap, Mask
from swarm_config.outline import around, is_finite
from swarm_vault.laws.core.bars import Bars
from swarm_vault.replacing import replace

_WALL_MARGIN_M = 0.15
"""Beyond the body's radius: a cell of the path planner and the middle of the next [m]."""
_YARD_MARGIN_M = 0.25
"""The same at the edge of floor that must not be left, which is drawn a cell wider there [m]."""
_LONGEST_ROAD_M = 1.6
"""A little more than the lattice's roads measure [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lawful:
    """What of the ground a robot may use."""

    bars: Bars
    ground: Ground
    """With its shut nodes, and without the roads that touch closed floor."""

    def holds_for(self, bars: Bars) -> bool:
        """Whether these bars close the same floor; for what reason does not matter."""
        walls = [wall.corners for wall in self.bars.walls]
        return walls == [wall.corners for wall in bars.walls] and self.bars.only == bars.only


def under_law(ground: Ground, bars: Bars) -> Lawful:
    """Take from a robot's ground what the law closes; it stays as it is where that is nothing."""
    if not (bars.walls or bars.only):
        return Lawful(bars=bars, ground=ground)
    closed = _closed(ground, bars)
    shut = sample(closed, ground.grid, *ground.nodes.T)
    roads = _open_roads(ground, bars, shut, ~closed)
    return Lawful(bars=bars, ground=replace(ground, roads=roads, shut=shut, _distances={}))


def _closed(ground: Ground, bars: Bars) -> Mask:
    """Cells of the map where the robot's centre must not be, shape (rows, cols)."""
    closed = np.zeros(ground.grid.shape, dtype=bool)
    for wall in bars.walls:
        if is_finite(wall.corners):
            _draw(closed, ground.grid, wall.corners, ground.radius_m + _WALL_MARGIN_M)
        else:
            closed[:] = True
    if bars.only:
        yard = np.zeros(ground.grid.shape, dtype=bool)
        for area in bars.only:
            if is_finite(area.corners):
                _draw(yard, ground.grid, area.corners, 0.0)
        inward_m = ndimage.distance_transform_edt(yard) * ground.grid.resolution_m
        closed |= inward_m <= ground.radius_m + _YARD_MARGIN_M
    return closed


def _draw(mask: Mask, grid: GridMap, corners: Sequence[Point], reach_m: float) -> None:
    """Set the cells in a polygon (even-odd rule) and those within reach of its outline."""
    low, high = _box(corners, reach_m + grid.resolution_m)
    first, last = grid.cell_of(*low), grid.cell_of(*high)
    rows = slice(max(0, first[0]), max(0, last[0] + 1))
    cols = slice(max(0, first[1]), max(0, last[1] + 1))
    size = mask[rows, cols].shape
    y = grid.origin_y_m + _middles(rows.start, size[0])[:, None] * grid.resolution_m
    x = grid.origin_x_m + _middles(cols.start, size[1])[None, :] * grid.resolution_m
    mask[rows, cols] |= around(corners, x, y, reach_m)


def _middles(first: int, count: int) -> Floats:
    return np.arange(count, dtype=np.float64) + (first + 0.5)


def _box(corners: Sequence[Point], around_m: float) -> tuple[Point, Point]:
    """The corners of least and of most x and y, so much farther out [m]."""
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    least = (min(xs) - around_m, min(ys) - around_m)
    return least, (max(xs) + around_m, max(ys) + around_m)


def _open_roads(ground: Ground, bars: Bars, shut: Mask, free: Mask) -> sparse.csr_array:
    """The roads that touch no closed floor; only those that come near it are looked at closely."""
    roads = ground.roads.tocoo()
    a, b = roads.coords
    kept = ~(shut[a] | shut[b])
    close = np.flatnonzero(kept & _near_edges(ground, bars)[a])
    kept[close] = straight(free, ground.grid, ground.nodes[a[close]], ground.nodes[b[close]])
    return sparse.csr_array((roads.data[kept], (a[kept], b[kept])), shape=roads.shape)


def _near_edges(ground: Ground, bars: Bars) -> Mask:
    """Which nodes are so near to an edge of the law that a road from there may cross it."""
    near = np.zeros(len(ground.nodes), dtype=bool)
    around_m = ground.radius_m + _YARD_MARGIN_M + _LONGEST_ROAD_M
    outlines = [wall.corners for wall in bars.walls] + [area.corners for area in bars.only]
    for corners in outlines:
        low, high = _box(corners, around_m)
        near |= ((ground.nodes >= low) & (ground.nodes <= high)).all(axis=1)
    return near
