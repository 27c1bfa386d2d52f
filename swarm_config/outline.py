# SPDX-License-Identifier: Apache-2.0
"""Which places lie in a polygon on the floor, or near to it. Pure."""

import math
from collections.abc import Sequence

import numpy as np

from swarm_config.floor import Field
from swarm_config.maps import Mask

Point = tuple[float, float]


def is_finite(corners: Sequence[Point]) -> bool:
    """Whether all coordinates are numbers."""
    return all(math.isfinite(value) for corner in corners for value in corner)


def around(corners: Sequence[Point], x_m: Field, y_m: Field, reach_m: float) -> Mask:
    """Places in a polygon (even-odd rule), and those within reach of its outline.

    Args:
        corners: Of the polygon, map frame, finite [m].
        x_m: Of the places, map frame [m].
        y_m: The same; both are broadcast to the shape of the result.
        reach_m: How far from the outline a place still counts [m].
    """
    shape = np.broadcast_shapes(x_m.shape, y_m.shape)
    held, near = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    for start, end in zip(corners, (*corners[1:], *corners[:1]), strict=True):
        if start[1] != end[1]:
            held ^= _left_of(x_m, y_m, start, end)
        near |= _squared_m2(x_m, y_m, start, end) <= reach_m * reach_m
    return held | near


def _left_of(x_m: Field, y_m: Field, start: Point, end: Point) -> Mask:
    """Whether a ray to the right from each place crosses the line between two points."""
    across_m = start[0] + (end[0] - start[0]) * (y_m - start[1]) / (end[1] - start[1])
    return np.asarray(((start[1] > y_m) != (end[1] > y_m)) & (x_m < across_m))


def _squared_m2(x_m: Field, y_m: Field, start: Point, end: Point) -> Field:
    """Squared distance of places from the line between two points [m^2]."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length_m2 = max(dx * dx + dy * dy, 1e-12)
    share = np.clip(((x_m - start[0]) * dx + (y_m - start[1]) * dy) / length_m2, 0.0, 1.0)
    return np.asarray((x_m - start[0] - share * dx) ** 2 + (y_m - start[1] - share * dy) ** 2)
