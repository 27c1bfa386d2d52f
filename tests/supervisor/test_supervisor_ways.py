# SPDX-License-Identifier: Apache-2.0
"""The supervisor measures ways around closed floor, as the robots will drive them."""

import numpy as np
import pytest

from swarm_config.maps import GridMap
from swarm_supervisor.core.ground import Ground, build_ground
from swarm_supervisor.task_ways import leaving
from swarm_vault.laws.core.bars import Bar, Bars


@pytest.fixture(scope='module')
def ground() -> Ground:
    """8 m x 4 m with a pillar; the way along the south wall is the shorter one."""
    free = np.zeros((80, 160), dtype=bool)
    free[2:-2, 2:-2] = True
    free[26:54, 70:90] = False
    grid = GridMap(
        name='room', resolution_m=0.05, origin_x_m=0.0, origin_y_m=0.0, occupied=~free, free=free
    )
    return build_ground(grid, 0.2, 5)


def node(ground: Ground, x_m: float, y_m: float) -> int:
    return int(ground.node_of_map_cell[int(y_m / 0.05), int(x_m / 0.05)])


def rows(ground: Ground, nodes: tuple[int, ...]) -> list[float]:
    return [float(ground.middles[n][0]) * 0.05 for n in nodes]


def south(ground: Ground) -> np.ndarray:
    return np.asarray((ground.middles[:, 0] < 40) & (np.abs(ground.middles[:, 1] - 80) < 16))


def test_a_way_goes_around_what_is_shut(ground: Ground) -> None:
    start, goal = node(ground, 1.0, 0.6), node(ground, 7.0, 0.6)
    plain_m, plain = ground.way(start, goal)
    around_m, around = ground.way(start, goal, south(ground))
    assert max(rows(ground, plain)) < 2.0
    assert max(rows(ground, around)) > 2.5
    assert around_m > plain_m


def test_without_a_way_around_there_is_none(ground: Ground) -> None:
    everything = np.abs(ground.middles[:, 1] - 80) < 16
    start, goal = node(ground, 1.0, 0.6), node(ground, 7.0, 0.6)
    assert ground.way(start, goal, np.asarray(everything)) == (float('inf'), ())


def test_a_way_that_begins_on_shut_floor_leaves_it_and_its_length_is_true(ground: Ground) -> None:
    start, goal = node(ground, 4.0, 0.6), node(ground, 7.0, 0.6)
    length_m, nodes = ground.way(start, goal, south(ground))
    shut = [bool(south(ground)[n]) for n in nodes]
    assert shut[0]
    assert True not in shut[shut.index(False) :]
    assert length_m == pytest.approx(ground.way(start, goal)[0], abs=0.5)


def test_the_floor_on_which_a_robot_stands_does_not_count_until_it_has_left_it() -> None:
    square = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))
    bars = Bars(walls=(Bar(name='store', why='it is forbidden', corners=square),))
    points = ((1.0, 1.0), (1.5, 1.0), (3.0, 1.0), (1.0, 1.0))
    assert leaving(points, bars) == ((3.0, 1.0), (1.0, 1.0))


def test_what_lies_behind_shut_floor_is_at_no_distance(ground: Ground) -> None:
    band = np.abs(ground.middles[:, 1] - 80) < 16
    away_m = ground.distances(node(ground, 1.0, 0.6), band)
    assert np.isfinite(away_m[node(ground, 1.0, 3.0)])
    assert np.isinf(away_m[node(ground, 7.0, 0.6)])
    assert np.isfinite(ground.distances(node(ground, 1.0, 0.6))[node(ground, 7.0, 0.6)])
