# SPDX-License-Identifier: Apache-2.0
"""How much of the reachable floor the robots have truly seen, on the survey grid.

A cell is seen when it lies within the survey range of a robot and the beam towards it is free at
least to the cell's centre less half its diagonal. Noise plays no part.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from swarm_config import floor
from swarm_config.fleets import Fleet
from swarm_config.maps import GridMap, Mask
from swarm_sim.props import Placed

Array = npt.NDArray[np.float64]


class Coverage:
    """The floor to be seen and what of it has been seen."""

    def __init__(self, grid: GridMap, floor_mask: Mask, cell_m: float, range_m: float) -> None:
        """Start with nothing seen.

        Args:
            grid: The map.
            floor_mask: Its cells that count.
            cell_m: Size of a survey cell [m].
            range_m: How far a robot sees [m].
        """
        self._grid = grid
        self._floor = floor_mask.copy()
        self._factor = max(1, round(cell_m / grid.resolution_m))
        self._cell_m = self._factor * grid.resolution_m
        self._range_m = range_m
        self.floor = floor.coarsen(self._floor, self._factor)
        self.seen = np.zeros_like(self.floor)
        rows, cols = self.floor.shape
        self._xs = grid.origin_x_m + (np.arange(cols) + 0.5) * self._cell_m
        self._ys = grid.origin_y_m + (np.arange(rows) + 0.5) * self._cell_m

    @property
    def share(self) -> float:
        """Seen part of the floor, 0..1; 1 where there is no floor."""
        total = int(self.floor.sum())
        return int((self.seen & self.floor).sum()) / total if total else 1.0

    def look(self, pose: Array, rays_m: Array) -> None:
        """Mark what a robot sees.

        Args:
            pose: x [m], y [m], yaw [rad] in the map frame.
            rays_m: True free way along each beam [m], the first beam to the rear.
        """
        x, y, yaw = (float(v) for v in pose)
        rows = self._window(y, self._grid.origin_y_m, self._ys.size)
        cols = self._window(x, self._grid.origin_x_m, self._xs.size)
        dx, dy = self._xs[cols] - x, (self._ys[rows] - y)[:, None]
        distance = np.hypot(dx, dy)
        turn = 2 * math.pi / rays_m.size
        beam = np.rint((np.arctan2(dy, dx) - yaw + math.pi) / turn).astype(np.intp) % rays_m.size
        free = rays_m[beam] >= distance - self._cell_m / math.sqrt(2.0)
        self.seen[rows, cols] |= free & (distance <= self._range_m)

    def _window(self, at_m: float, origin_m: float, size: int) -> slice:
        first = math.floor((at_m - self._range_m - origin_m) / self._cell_m)
        last = math.ceil((at_m + self._range_m - origin_m) / self._cell_m)
        return slice(min(size, max(0, first)), min(size, max(0, last)))

    def cover(self, placed: Placed) -> None:
        """Take the cells under an object out of the floor."""
        rows, cols = np.nonzero(self._floor)
        cell = self._grid.resolution_m
        x = self._grid.origin_x_m + (cols + 0.5) * cell
        y = self._grid.origin_y_m + (rows + 0.5) * cell
        under = placed.distance_m(x, y) <= 0.0
        self._floor[rows[under], cols[under]] = False
        self.floor = floor.coarsen(self._floor, self._factor)


def coverage_of(grid: GridMap, fleet: Fleet) -> Coverage:
    """The floor that the fleet's smallest robot can reach from where the robots start."""
    radius = min(robot.model.radius_m for robot in fleet.robots)
    mask = floor.floor_of(grid, radius, start_cells(grid, fleet))
    return Coverage(grid, mask, fleet.file.survey_cell_m, fleet.file.survey_range_m)


def start_cells(grid: GridMap, fleet: Fleet) -> Sequence[tuple[int, int]]:
    """Cells (row, col) of the robots' start poses."""
    return [grid.cell_of(robot.start[0], robot.start[1]) for robot in fleet.robots]
