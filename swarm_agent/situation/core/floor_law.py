# SPDX-License-Identifier: Apache-2.0
"""The law of the floor on the planning grid: cells that are closed, and how fast others may be.

It is drawn once for each new law, so that a decision only looks cells up. A zone is closed for the
whole body: cells nearer to it than the robot's radius are closed, too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from swarm_agent.situation.core.arrays import Floats, Floats32, Ints32, Mask
from swarm_agent.situation.core.grid import PlanGrid, cell_at, cells_of
from swarm_agent.situation.core.route import Route
from swarm_agent.situation.core.se2 import Point, Pose
from swarm_config.outline import around, is_finite
from swarm_vault.laws.core.bars import Bars
from swarm_vault.laws.core.values import Area

LEAVING_FACTOR = 40.0
"""What closed floor costs a robot that is on it already: it leaves by about the shortest way."""
KEEP_FACTOR = 4.0
"""What floor costs outside of the scope of the order."""
_EIGHT = np.ones((3, 3), dtype=int)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorLaw:
    """What bars and slows, cell by cell."""

    bars: Bars
    closed: Ints32 | None = None
    """Number of the closed part in which each cell lies, 0 where open, flat; None: all open."""
    speed_mps: Floats32 | None = None
    """Limit of each cell, inf where there is none, flat; None: no limit anywhere."""
    beyond: Mask | None = None
    """Cells outside of the scope of the order, flat; None: it has none."""


OPEN = FloorLaw(bars=Bars())


def floor_law(bars: Bars, grid: PlanGrid, radius_m: float) -> FloorLaw:
    """Draw the law of the floor for a body of this radius [m]."""
    shut = np.zeros((grid.rows, grid.cols), dtype=np.bool_)
    for wall in bars.walls:
        shut |= _near(wall.corners, grid, radius_m)
    if bars.only:
        shut |= _grown(~_any_of(bars.only, grid), grid, radius_m)
    return FloorLaw(
        bars=bars,
        closed=_parts(shut),
        speed_mps=_limits(bars, grid, radius_m),
        beyond=None if not bars.keep else ~_any_of(bars.keep, grid).ravel(),
    )


def inside_of(law: FloorLaw, pose: Pose) -> str:
    """Why the robot must not be where it is; empty where it may."""
    return law.bars.wall_at((pose[0], pose[1])) if law.closed is not None else ''


def closed_here(law: FloorLaw, grid: PlanGrid, pose: Pose) -> int:
    """Number of the closed part that the robot stands in or at; 0 for none."""
    return 0 if law.closed is None else int(law.closed[cell_at(grid, pose[0], pose[1])])


def trespasses(law: FloorLaw, grid: PlanGrid, points: Sequence[Point]) -> bool:
    """Whether a way enters closed floor; leaving such floor at its beginning does not count."""
    if law.closed is None:
        return False
    xs, ys = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    shut = law.closed[cells_of(grid, xs, ys)] > 0
    opened = np.maximum.accumulate(~shut)
    return bool(shut[-1]) or bool((shut & opened).any())


def speed_ahead(law: FloorLaw, grid: PlanGrid, route: Route, s_m: float, ahead_m: float) -> float:
    """The lowest limit from here to so far along a route [m/s]; inf where there is none."""
    anywhere = math.inf if law.bars.max_speed_mps is None else law.bars.max_speed_mps
    if law.speed_mps is None:
        return anywhere
    on = [i for i, s in enumerate(route.s) if s_m - 0.2 <= s <= s_m + ahead_m]
    if not on:
        return anywhere
    first, last = on[0], on[-1] + 1
    xs, ys = np.array(route.x[first:last]), np.array(route.y[first:last])
    return min(anywhere, float(law.speed_mps[cells_of(grid, xs, ys)].min()))


def _parts(shut: Mask) -> Ints32 | None:
    if not shut.any():
        return None
    return np.asarray(ndimage.label(shut, structure=_EIGHT)[0], dtype=np.int32).ravel()


def _limits(bars: Bars, grid: PlanGrid, radius_m: float) -> Floats32 | None:
    if not bars.slow:
        return None
    limits = np.full((grid.rows, grid.cols), np.inf, dtype=np.float32)
    for zone in bars.slow:
        part = _near(zone.corners, grid, radius_m)
        limits[part] = np.minimum(limits[part], zone.max_speed_mps)
    return limits.ravel()


def _any_of(areas: Sequence[Area], grid: PlanGrid) -> Mask:
    held = np.zeros((grid.rows, grid.cols), dtype=np.bool_)
    for area in areas:
        if is_finite(area.corners):
            held |= around(area.corners, *_centres(grid), 0.0)
    return held


def _near(corners: Sequence[Point], grid: PlanGrid, radius_m: float) -> Mask:
    """Cells in a polygon, or of which a part is nearer than the radius; all if it is none."""
    if not is_finite(corners):
        return np.ones((grid.rows, grid.cols), dtype=np.bool_)
    return around(corners, *_centres(grid), radius_m + 0.5 * grid.cell_m)


def _grown(cells: Mask, grid: PlanGrid, radius_m: float) -> Mask:
    """These cells and all nearer to them than the radius; a cell more, for the edges of both."""
    if not cells.any():
        return cells
    away = np.asarray(ndimage.distance_transform_edt(~cells))
    return np.asarray((away - 1.0) * grid.cell_m <= radius_m)


def _centres(grid: PlanGrid) -> tuple[Floats, Floats]:
    """Coordinates of the cells' centres [m], shapes (1, cols) and (rows, 1)."""
    x = grid.origin_x_m + (np.arange(grid.cols, dtype=np.float64)[None, :] + 0.5) * grid.cell_m
    y = grid.origin_y_m + (np.arange(grid.rows, dtype=np.float64)[:, None] + 0.5) * grid.cell_m
    return np.asarray(x, np.float64), np.asarray(y, np.float64)
