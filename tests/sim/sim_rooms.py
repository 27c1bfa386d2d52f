# SPDX-License-Identifier: Apache-2.0
"""Rooms as grids, without files."""

from collections.abc import Callable, Sequence

import numpy as np

from swarm_config.fleets import Fleet
from swarm_config.maps import GridMap

MakeFleet = Callable[..., Fleet]


def room_of(
    *, width_m: float, height_m: float, walls: Sequence[tuple[float, float, float, float]] = ()
) -> GridMap:
    """A free room with walls around it and at x0, y0, x1, y1 [m]."""
    cell = 0.05
    occupied = np.zeros((round(height_m / cell), round(width_m / cell)), dtype=bool)
    occupied[[0, -1], :] = occupied[:, [0, -1]] = True
    for x0, y0, x1, y1 in walls:
        rows = slice(round(y0 / cell), round(y1 / cell))
        occupied[rows, round(x0 / cell) : round(x1 / cell)] = True
    return GridMap(
        name='room',
        resolution_m=cell,
        origin_x_m=0.0,
        origin_y_m=0.0,
        occupied=occupied,
        free=~occupied,
    )
