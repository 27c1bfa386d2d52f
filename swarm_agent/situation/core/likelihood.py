# SPDX-License-Identifier: Apache-2.0
"""How far a point is from the surfaces of the map, and in which direction that grows."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from swarm_agent.situation.core.arrays import Floats
from swarm_config.maps import GridMap

REACH_M = 0.5
"""Beyond this distance a point says nothing about the pose."""
NOWHERE_CELLS = 1e9
"""Distance on a map without any surface; finite, so that its growth is 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodField:
    """Signed distance to the nearest surface, with one cell of border all around."""

    origin_x_m: float
    origin_y_m: float
    per_m: float
    """Cells a metre."""
    rows: int
    cols: int
    table: Floats
    """Distance [m], its growth a cell along x and along y [m], shape (3, rows * cols)."""


def make_field(grid: GridMap) -> LikelihoodField:
    """Build the field of a map; surfaces lie on the edges of occupied cells."""
    occupied = np.pad(grid.occupied, 1, constant_values=False)
    signed = _signed_distance(occupied) * grid.resolution_m
    along_y, along_x = np.gradient(signed)
    near = signed < REACH_M
    layers = (
        np.minimum(signed, REACH_M),
        np.where(near, along_x, 0.0),
        np.where(near, along_y, 0.0),
    )
    return LikelihoodField(
        origin_x_m=grid.origin_x_m - grid.resolution_m,
        origin_y_m=grid.origin_y_m - grid.resolution_m,
        per_m=1.0 / grid.resolution_m,
        rows=occupied.shape[0],
        cols=occupied.shape[1],
        table=np.stack([layer.ravel() for layer in layers]),
    )


def _signed_distance(occupied: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Floats:
    """Distance to the nearest edge between occupied and other cells [cells], negative inside."""
    if not occupied.any():
        return np.full(occupied.shape, NOWHERE_CELLS)
    outside = np.asarray(ndimage.distance_transform_edt(~occupied), dtype=np.float64)
    inside = np.asarray(ndimage.distance_transform_edt(occupied), dtype=np.float64)
    return np.where(occupied, 0.5 - inside, outside - 0.5)
