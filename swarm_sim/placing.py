# SPDX-License-Identifier: Apache-2.0
"""Where an object may be put: it touches nothing, stands on no robot and closes no way.

The rules are those of a fair game: what is dropped must be avoidable, and every place that matters
(homes, named places, the robots themselves) must stay connected for the largest robot.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swarm_config import floor
from swarm_config.maps import GridMap, Mask
from swarm_sim.props import Placed

Point = tuple[float, float]
Indices = npt.NDArray[np.int64]
Field = npt.NDArray[np.float64]
TOUCH_MARGIN_M = 0.05
"""Room between an object and what is on the map or was dropped before [m]."""
LOST_SHARE = 0.005
"""Share of the floor that an object may cut off in dead corners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an object may stand there, and why not."""

    ok: bool
    reason: str = ''


class Placing:
    """The floor that must stay connected, shrinking with every object that is put on it."""

    def __init__(
        self, grid: GridMap, radius_m: float, margin_m: float, keep_free: Sequence[Point]
    ) -> None:
        """Find where the largest robot can stand.

        Args:
            grid: The map.
            radius_m: Radius of the largest robot [m].
            margin_m: Room that a passage must have beyond it on both sides [m].
            keep_free: Points (x, y) in the map frame [m] that must stay connected with each other.
        """
        self._grid = grid
        self._passage_m = radius_m + margin_m
        self._standable = floor.standable(grid, self._passage_m)
        self._keep_free = [point for point in keep_free if self._holds(self._standable, point)]
        self._objects: list[Placed] = []

    def judge(self, placed: Placed, robots: Sequence[Point], distance_m: float) -> Verdict:
        """Whether an object may be put there now.

        Args:
            placed: The object.
            robots: Where the robots are (x, y) [m].
            distance_m: Least distance of a robot's centre from the object [m].
        """
        if any(placed.distance_m(*robot) < distance_m for robot in robots):
            return Verdict(ok=False, reason=f'a robot is nearer than {distance_m:g} m')
        if not self._touches_nothing(placed):
            return Verdict(ok=False, reason='it would touch something')
        return self._leaves_ways(placed, robots)

    def add(self, placed: Placed) -> None:
        """Remember that an object stands there from now on."""
        self._standable &= ~self._blocked(placed)
        self._objects.append(placed)

    def sees(self, place: Point, placed: Placed) -> bool:
        """Whether the map leaves free the straight line from a place to an object's middle."""
        steps = 2 + int(math.dist(place, (placed.x_m, placed.y_m)) / self._grid.resolution_m)
        x, y = (
            np.linspace(*ends, steps) for ends in ((place[0], placed.x_m), (place[1], placed.y_m))
        )
        cells = [self._grid.cell_of(float(one), float(two)) for one, two in zip(x, y, strict=True)]
        return all(bool(self._grid.free[cell]) for cell in cells)

    def _touches_nothing(self, placed: Placed) -> bool:
        if not self._inside(placed):
            return False
        rows, cols = self._around(placed, TOUCH_MARGIN_M)
        near = placed.distance_m(*self._centres(rows, cols)) <= TOUCH_MARGIN_M
        gaps = placed.reach_m + TOUCH_MARGIN_M
        apart = all(other.distance_m(placed.x_m, placed.y_m) > gaps for other in self._objects)
        return apart and bool(self._grid.free[np.ix_(rows, cols)][near].all())

    def _inside(self, placed: Placed) -> bool:
        reach = placed.reach_m + TOUCH_MARGIN_M
        return all(
            self._grid.contains(*self._grid.cell_of(placed.x_m + dx, placed.y_m + dy))
            for dx in (-reach, reach)
            for dy in (-reach, reach)
        )

    def _leaves_ways(self, placed: Placed, robots: Sequence[Point]) -> Verdict:
        left = self._standable & ~self._blocked(placed)
        points = [*self._keep_free, *(p for p in robots if self._holds(self._standable, p))]
        if not points or not all(self._holds(left, point) for point in points):
            return Verdict(ok=False, reason='it would stand in a place that must stay free')
        seeds = [self._grid.cell_of(*point) for point in points]
        before = floor.reachable(self._standable, seeds[:1])
        after = floor.reachable(left, seeds[:1])
        if not all(after[seed] for seed in seeds if before[seed]):
            return Verdict(ok=False, reason='it would close the way between two places')
        lost = int((before & left & ~after).sum())
        if lost > LOST_SHARE * int(before.sum()):
            return Verdict(ok=False, reason='it would cut off a part of the floor')
        return Verdict(ok=True)

    def _holds(self, mask: Mask, point: Point) -> bool:
        cell = self._grid.cell_of(*point)
        return self._grid.contains(*cell) and bool(mask[cell])

    def _blocked(self, placed: Placed) -> Mask:
        """Cells on which the largest robot can no longer stand."""
        rows, cols = self._around(placed, self._passage_m)
        mask = np.zeros(self._grid.shape, dtype=bool)
        distance = placed.distance_m(*self._centres(rows, cols))
        mask[np.ix_(rows, cols)] = distance <= self._passage_m
        return mask

    def _around(self, placed: Placed, margin_m: float) -> tuple[Indices, Indices]:
        """Rows and columns of a window around the object, cut at the map's edge."""
        reach = placed.reach_m + margin_m + self._grid.resolution_m
        low = self._grid.cell_of(placed.x_m - reach, placed.y_m - reach)
        high = self._grid.cell_of(placed.x_m + reach, placed.y_m + reach)
        size = self._grid.shape
        return (
            np.arange(max(0, low[0]), min(size[0], high[0] + 1)),
            np.arange(max(0, low[1]), min(size[1], high[1] + 1)),
        )

    def _centres(self, rows: Indices, cols: Indices) -> tuple[Field, Field]:
        """Coordinates of columns, shape (cols,), and of rows, shape (rows, 1) [m]."""
        cell = self._grid.resolution_m
        x = self._grid.origin_x_m + (cols.astype(np.float64) + 0.5) * cell
        y = self._grid.origin_y_m + (rows.astype(np.float64) + 0.5) * cell
        return x, y[:, None]
