# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from sim_rooms import MakeFleet, room_of

from swarm_sim.coverage import Coverage, coverage_of
from swarm_sim.props import Placed, Prop
from swarm_sim.world import World


def coverage(cells: tuple[int, int], range_m: float) -> Coverage:
    """Survey cells of 0.25 m on a grid of 0.05 m that is all floor."""
    rows, cols = cells
    grid = room_of(width_m=cols * 0.25, height_m=rows * 0.25)
    return Coverage(grid, np.ones(grid.shape, dtype=bool), 0.25, range_m)


def pose(x: float, y: float, yaw: float = 0.0) -> np.ndarray:
    return np.array([x, y, yaw])


def test_a_robot_sees_the_cells_whose_centres_lie_within_its_range():
    seen = coverage((5, 5), 0.3)
    seen.look(pose(0.625, 0.625), np.full(360, np.inf))

    assert seen.seen.astype(int).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    assert seen.share == pytest.approx(5 / 25)


def test_a_beam_that_ends_early_hides_what_lies_behind():
    seen = coverage((1, 9), 10.0)
    rays = np.full(360, np.inf)
    rays[175:186] = 0.6
    seen.look(pose(0.125, 0.125), rays)

    assert seen.seen.astype(int).tolist() == [[1, 1, 1, 1, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize('yaw', [0.0, math.pi / 2, -3 * math.pi / 4])
def test_the_first_beam_points_to_the_rear_whatever_the_yaw(yaw: float):
    seen = coverage((9, 9), 10.0)
    rays = np.full(360, 0.01)
    rays[[-3, -2, -1, 0, 1, 2, 3]] = np.inf
    seen.look(pose(1.125, 1.125, yaw), rays)
    rows, cols = np.nonzero(seen.seen)
    rear = np.array([-math.cos(yaw), -math.sin(yaw)])

    assert rows.size >= 4
    assert (((cols - 4) * rear[0] + (rows - 4) * rear[1]) >= -0.01).all()


def test_the_floor_under_an_object_does_not_count():
    seen = coverage((4, 4), 10.0)
    box = Prop(name='box', width_m=0.5, depth_m=0.5, height_m=1.0, is_round=False)
    seen.cover(Placed(prop=box, x_m=0.25, y_m=0.25, yaw_rad=0.0))

    assert int(seen.floor.sum()) == 12


def test_a_room_is_seen_as_a_hand_calculation_says(make_fleet: MakeFleet):
    """3 m x 2 m behind a wall with a gap: from the left half only the gap's cone is seen."""
    grid = room_of(width_m=6.0, height_m=2.0, walls=[(3.0, 0.0, 3.05, 0.6), (3.0, 1.4, 3.05, 2.0)])
    fleet = make_fleet(grid, ('turtlebot4', 1.0, 1.0, 0.0), survey_range_m=10.0)
    world = World(grid=grid, robots=fleet.robots)
    seen = coverage_of(grid, fleet)
    seen.look(world.poses()[0], world.rays(0))
    cols = (np.arange(24) + 0.5) * 0.25
    behind = cols > 3.2
    cone = 0.4 / 2.05 * (cols - 1.0)

    assert seen.floor[1:-1, 1:-1].all()
    assert seen.seen[seen.floor][:, None].any()
    assert seen.seen[1:7, 1:11].all()
    for row, y in enumerate((np.arange(8) + 0.5) * 0.25):
        inside = behind & (np.abs(y - 1.0) < cone - 0.15)
        outside = behind & (np.abs(y - 1.0) > cone + 0.25)
        assert seen.seen[row, inside][:-1].all()
        assert not seen.seen[row, outside].any()


def test_floor_that_no_robot_can_reach_does_not_count(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0, walls=[(3.0, 0.0, 3.05, 4.0)])
    fleet = make_fleet(grid, ('turtlebot4', 1.0, 1.0, 0.0))

    assert not coverage_of(grid, fleet).floor[:, 13:].any()
