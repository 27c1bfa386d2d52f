# SPDX-License-Identifier: Apache-2.0
"""Looking cells up with few passes gives what the plain formula gives."""

import math

import numpy as np
import pytest

from swarm_agent.planner.core.ground import sample
from swarm_config.maps import GridMap


def grid_of(free: np.ndarray) -> GridMap:
    return GridMap(
        name='random',
        resolution_m=0.05,
        origin_x_m=-1.3,
        origin_y_m=0.7,
        free=free,
        occupied=~free,
    )


def plainly(mask: np.ndarray, grid: GridMap, x_m: float, y_m: float) -> bool:
    row = math.floor((y_m - grid.origin_y_m) / grid.resolution_m)
    col = math.floor((x_m - grid.origin_x_m) / grid.resolution_m)
    inside = 0 <= row < mask.shape[0] and 0 <= col < mask.shape[1]
    return bool(inside and mask[row, col])


@pytest.mark.parametrize('seed', range(5))
def test_points_in_and_around_a_grid_are_looked_up_as_by_the_formula(seed: int):
    random = np.random.default_rng(seed)
    free = random.random((17, 23)) < 0.5
    grid = grid_of(free)
    x_m, y_m = random.uniform(-2.0, 0.5, (40, 30)), random.uniform(0.0, 2.0, (40, 30))
    points = np.stack([x_m, y_m], axis=-1).tolist()
    expected = [[plainly(free, grid, *point) for point in row] for row in points]
    assert sample(free, grid, x_m, y_m).tolist() == expected


def test_what_is_far_outside_is_not_set():
    grid = grid_of(np.ones((4, 4), dtype=bool))
    far = np.array([-1e15, 1e15, -1.31, 100.0])
    assert not sample(grid.free, grid, far, far).any()


def test_the_points_given_are_left_as_they_were():
    grid = grid_of(np.ones((4, 4), dtype=bool))
    x_m, y_m = np.array([-1.25]), np.array([0.75])
    assert sample(grid.free, grid, x_m, y_m).tolist() == [True]
    assert (x_m[0], y_m[0]) == (-1.25, 0.75)
