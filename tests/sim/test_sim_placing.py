# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sim_rooms import room_of

from swarm_config import floor
from swarm_config.maps import GridMap
from swarm_sim.placing import Placing
from swarm_sim.props import Placed, Prop

PALLET = Prop(name='pallet', width_m=0.8, depth_m=1.2, height_m=0.8, is_round=False)
ROBOT = (1.0, 2.0)
HOMES = [(0.6, 0.6), (5.4, 3.4)]


def at(x: float, y: float, yaw: float = 0.0, prop: Prop = PALLET) -> Placed:
    return Placed(prop=prop, x_m=x, y_m=y, yaw_rad=yaw)


def placing(grid: GridMap, keep_free: list[tuple[float, float]] = HOMES) -> Placing:
    return Placing(grid, 0.28, 0.1, keep_free)


def test_an_object_in_the_middle_of_a_free_room_is_fine(room: GridMap):
    assert placing(room).judge(at(3.2, 2.0), [ROBOT], 1.6).ok


@pytest.mark.parametrize(
    ('where', 'robot', 'reason'),
    [
        (at(2.8, 2.0), ROBOT, 'a robot is nearer'),
        (at(3.2, 2.0), (3.2, 2.0), 'a robot is nearer'),
        (at(3.2, 0.6), ROBOT, 'touch something'),
        (at(30.0, 2.0), ROBOT, 'touch something'),
        (at(5.2, 3.2), ROBOT, 'must stay free'),
        (at(3.2, 2.0, 0.6, Prop(name='bar', width_m=0.2, depth_m=3.4, height_m=1, is_round=False)),
         ROBOT, 'close the way'),
    ],
)  # fmt: skip
def test_an_object_is_refused_with_the_reason(
    room: GridMap, where: Placed, robot: tuple[float, float], reason: str
):
    verdict = placing(room).judge(where, [robot], 1.6)

    assert not verdict.ok
    assert reason in verdict.reason


def test_two_objects_do_not_stand_in_each_other(room: GridMap):
    judge = placing(room)
    judge.add(at(3.2, 2.0))

    assert 'touch' in judge.judge(at(3.6, 2.2), [ROBOT], 1.0).reason


def test_an_object_may_block_one_of_two_ways_but_not_the_second():
    grid = room_of(width_m=8.0, height_m=5.0, walls=[(3.0, 1.5, 5.0, 3.5)])
    judge = placing(grid, [(1.0, 2.5), (7.0, 2.5)])
    lower, upper = at(4.0, 0.8), at(4.0, 4.2)

    assert judge.judge(lower, [(1.0, 2.5)], 1.0).ok
    judge.add(lower)
    assert not judge.judge(upper, [(1.0, 2.5)], 1.0).ok


def test_an_object_behind_a_wall_is_not_seen():
    grid = room_of(width_m=8.0, height_m=5.0, walls=[(3.0, 1.5, 3.1, 3.5)])

    assert not placing(grid).sees((2.5, 2.5), at(3.8, 2.5))
    assert placing(grid).sees((2.5, 1.0), at(3.8, 1.2))


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 6.0), st.floats(0.0, 4.0), st.floats(-3.2, 3.2))
def test_what_is_allowed_never_stands_on_a_robot_nor_closes_the_floor(
    x: float, y: float, yaw: float
):
    grid = room_of(width_m=6.0, height_m=4.0, walls=[(3.0, 0.0, 3.1, 2.0)])
    object_ = at(x, y, yaw)
    if not placing(grid).judge(object_, [ROBOT], 1.0).ok:
        return
    xs = (np.arange(grid.shape[1]) + 0.5) * 0.05
    ys = ((np.arange(grid.shape[0]) + 0.5) * 0.05)[:, None]
    under = object_.distance_m(xs, ys) <= 0.0
    left = floor.standable(grid, 0.28) & ~under
    away = object_.distance_m(xs, ys) > 0.28
    one = floor.reachable(left & away, [grid.cell_of(*HOMES[0])])

    assert not (under & grid.occupied).any()
    assert object_.distance_m(*ROBOT) >= 1.0
    assert one[grid.cell_of(*HOMES[1])]
    assert one[grid.cell_of(*ROBOT)]
