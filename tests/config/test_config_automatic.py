# SPDX-License-Identifier: Apache-2.0
"""Automatic fleets: homes far apart, on floor where the robots can stand."""

from pathlib import Path

import numpy as np
import pytest

from swarm_config import floor
from swarm_config.automatic import automatic_entries
from swarm_config.errors import ConfigError
from swarm_config.maps import GridMap
from swarm_config.robots import load_robot

ROBOTS = Path(__file__).parents[2] / 'config' / 'robots'


def room(rows: int, cols: int) -> GridMap:
    free = np.zeros((rows, cols), dtype=bool)
    free[1:-1, 1:-1] = True
    return GridMap(
        name='room', resolution_m=0.1, origin_x_m=0.0, origin_y_m=0.0, occupied=~free, free=free
    )


@pytest.fixture(scope='module')
def amr():
    return load_robot(ROBOTS / 'amr.yaml')


def test_homes_are_apart_and_standable(amr):
    grid = room(60, 120)
    homes = automatic_entries(grid, [amr] * 4, (), seed=3)
    clearance = floor.clearance(grid)
    assert all(clearance[grid.cell_of(x, y)] > amr.radius_m for x, y, _ in homes)
    apart = min(np.hypot(a[0] - b[0], a[1] - b[1]) for a in homes for b in homes if a is not b)
    assert apart > 2.0


def test_the_same_seed_gives_the_same_homes_and_another_seed_others(amr):
    grid = room(60, 120)
    first = automatic_entries(grid, [amr] * 3, (), seed=1)
    assert automatic_entries(grid, [amr] * 3, (), seed=1) == first
    assert automatic_entries(grid, [amr] * 3, (), seed=2) != first


def test_new_homes_keep_away_from_taken_places(amr):
    grid = room(60, 120)
    ((x, y, _),) = automatic_entries(grid, [amr], [(1.0, 3.0)], seed=0)
    assert np.hypot(x - 1.0, y - 3.0) > 5.0


def test_a_map_that_is_too_small_is_refused(amr):
    with pytest.raises(ConfigError, match='no room for 9 robots'):
        automatic_entries(room(14, 14), [amr] * 9, (), seed=0)
