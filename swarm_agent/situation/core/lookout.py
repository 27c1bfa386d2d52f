# SPDX-License-Identifier: Apache-2.0
"""What a robot can tell a peer about a place: the one-shot skill `look`."""

import math
from dataclasses import dataclass

from swarm_agent.situation.core.objects import nearest_m, solid_points
from swarm_agent.situation.core.params import Params
from swarm_agent.situation.core.room import clearance_here
from swarm_agent.situation.core.se2 import Point, distance
from swarm_agent.situation.core.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What stands at a place, as far as this robot knows."""

    near: bool
    """The place lies within the range in which the robot enters objects."""
    free_m: float
    """To the nearest obstacle, of the map or met [m]."""
    object_m: float
    """To the nearest obstacle that is on no map [m]; 1e3 if it knows none."""
    distance_m: float
    """From the robot [m]."""


def look_at(state: State, place: Point, params: Params) -> Look:
    """Look a place up in what is known; the robot does not move for it.

    Raises:
        ValueError: The place does not lie on the map.
    """
    grid = state.statics.grid
    x, y = place[0] - grid.origin_x_m, place[1] - grid.origin_y_m
    inside = 0.0 <= x < grid.cols * grid.cell_m and 0.0 <= y < grid.rows * grid.cell_m
    if not (math.isfinite(x) and math.isfinite(y) and inside):
        raise ValueError('the place is not on the map')
    away = distance(state.pose, place)
    return Look(
        near=away <= params.tuning.object_range_m,
        free_m=round(clearance_here(state.room, grid, place), 3),
        object_m=round(min(1e3, nearest_m(solid_points(state.layer), place)), 3),
        distance_m=round(away, 3),
    )
