# SPDX-License-Identifier: Apache-2.0
"""Check that every robot can stand where it starts."""

import itertools
import math

from swarm_config import floor
from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet, Robot
from swarm_config.maps import GridMap


def check_starts(fleet: Fleet, grid: GridMap) -> None:
    """Compare the start poses with the map and with each other.

    Raises:
        ConfigError: A robot would stand in a wall, off the map or in another robot.
    """
    room = floor.clearance(grid)
    for robot in fleet.robots:
        cell = grid.cell_of(robot.start[0], robot.start[1])
        if not grid.contains(*cell) or room[cell] <= robot.model.radius_m:
            raise ConfigError(
                f'{fleet.path}: robots.{robot.index}.start: {robot.agent_id!r} cannot stand at '
                f'{list(robot.start)}; give a place of map {grid.name!r} with '
                f'{robot.model.radius_m:g} m of free floor around it'
            )
    for one, other in itertools.combinations(fleet.robots, 2):
        _check_pair(fleet, one, other)


def _check_pair(fleet: Fleet, one: Robot, other: Robot) -> None:
    apart = math.hypot(one.start[0] - other.start[0], one.start[1] - other.start[1])
    if apart <= one.model.radius_m + other.model.radius_m:
        raise ConfigError(
            f'{fleet.path}: robots.{other.index}.start: {other.agent_id!r} would stand in '
            f'{one.agent_id!r}, {apart:.2f} m away; move one of them'
        )
