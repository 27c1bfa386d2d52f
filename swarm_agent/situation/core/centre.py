# SPDX-License-Identifier: Apache-2.0
"""Move a path to the middle of narrow places, finer than the planning grid can."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from swarm_agent.situation.core.arrays import Floats, Ints, Mask
from swarm_config.maps import GridMap

NARROW_M = 0.3
"""Free space beside the body from which on a path is left where it is [m]."""
ROUNDS = 10
STEP_M = 0.015
FADE_POINTS = 12
"""How many points of a path before and after a narrow part are moved with it."""
RAMP_POINTS = 5
"""Over how many points from its ends a path may begin to move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MidField:
    """Distance to what is not free in the map's own resolution, with a border of one cell."""

    origin_x_m: float
    origin_y_m: float
    per_m: float
    cols: int
    rows: int
    table: Floats
    """Distance [m] and the unit direction in which it grows, shape (3, rows * cols)."""


def make_mid_field(grid: GridMap) -> MidField:
    """Build the field of a map."""
    free = np.pad(grid.free, 1, constant_values=False)
    away = np.asarray(ndimage.distance_transform_edt(free), dtype=np.float64)
    away = ndimage.gaussian_filter(away, 0.7) * grid.resolution_m
    along_y, along_x = np.gradient(away)
    size = np.maximum(np.sqrt(along_x**2 + along_y**2), 1e-9)
    return MidField(
        origin_x_m=grid.origin_x_m - grid.resolution_m,
        origin_y_m=grid.origin_y_m - grid.resolution_m,
        per_m=1.0 / grid.resolution_m,
        rows=free.shape[0],
        cols=free.shape[1],
        table=np.stack([away.ravel(), (along_x / size).ravel(), (along_y / size).ravel()]),
    )


def centred(field: MidField, x: Floats, y: Floats, radius_m: float) -> tuple[Floats, Floats]:
    """Push the narrow parts of an evenly spaced path away from the nearer wall; ends stay.

    What is pushed takes the path before and after it along, so that the robot is in the middle
    when it enters.

    Args:
        field: Distances of the map.
        x: Path [m], shape (points,).
        y: Path [m].
        radius_m: The body's.
    """
    narrow = field.table[0, _cells(field, x, y)] < radius_m + NARROW_M
    if x.size < 5 or not narrow.any():
        return x, y
    new_x, new_y = x.copy(), y.copy()
    for _ in range(ROUNDS):
        away, along_x, along_y = field.table.take(_cells(field, new_x, new_y), axis=1)
        push = np.where(narrow & (away < radius_m + NARROW_M), STEP_M, 0.0)
        move_x, move_y = _sideways(new_x, new_y, along_x, along_y)
        new_x = _smooth(new_x + push * move_x, push)
        new_y = _smooth(new_y + push * move_y, push)
    source, share = _taken_along(narrow)
    return x + share * (new_x - x)[source], y + share * (new_y - y)[source]


def _taken_along(narrow: Mask) -> tuple[Ints, Floats]:
    """For each point the narrow point nearest along the path, and the share of its shift."""
    at = np.arange(narrow.size)
    before = np.maximum.accumulate(np.where(narrow, at, -narrow.size))
    after = np.minimum.accumulate(np.where(narrow, at, 2 * narrow.size)[::-1])[::-1]
    source = np.where(at - before <= after - at, before, after)
    share = 1.0 - np.abs(at - source) / FADE_POINTS
    ends = np.minimum(at, at[::-1]) / RAMP_POINTS
    return source.clip(0, narrow.size - 1), np.minimum(share, ends).clip(0.0, 1.0)


def _cells(field: MidField, x: Floats, y: Floats) -> Ints:
    col = ((x - field.origin_x_m) * field.per_m).clip(0, field.cols - 1).astype(np.int64)
    row = ((y - field.origin_y_m) * field.per_m).clip(0, field.rows - 1).astype(np.int64)
    return np.asarray(row * field.cols + col)


def _sideways(x: Floats, y: Floats, along_x: Floats, along_y: Floats) -> tuple[Floats, Floats]:
    """The part of a direction that is square to the path."""
    tx, ty = np.gradient(x), np.gradient(y)
    size = np.maximum(np.sqrt(tx * tx + ty * ty), 1e-9)
    tx, ty = tx / size, ty / size
    dot = along_x * tx + along_y * ty
    return along_x - dot * tx, along_y - dot * ty


def _smooth(values: Floats, push: Floats) -> Floats:
    """Blend moved points with their neighbours."""
    blended = values.copy()
    blended[1:-1] = 0.25 * values[:-2] + 0.5 * values[1:-1] + 0.25 * values[2:]
    return np.where(push > 0.0, blended, values)
