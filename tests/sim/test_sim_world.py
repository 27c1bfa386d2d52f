# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from sim_rooms import MakeFleet, room_of

from swarm_sim.contacts import ContactBook
from swarm_sim.props import Placed, Prop
from swarm_sim.world import World

PERIOD_S = 0.02
AMR_DECEL, AMR_ACCEL = 1.2, 0.8


def drive(
    world: World, seconds: float, *commands: tuple[float, float], book: ContactBook | None = None
):
    """Command all robots for a while; returns speeds and yaw rates, shape (periods, robots, 2)."""
    twists = []
    for _ in range(round(seconds / PERIOD_S)):
        for index, command in enumerate(commands):
            world.command(index, *command)
        touches = world.advance(PERIOD_S)
        if book is not None:
            book.note(world.time_s, touches)
        twists.append(world.twists())
    return np.array(twists)


def test_robots_rest_exactly_at_their_starts(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    fleet = make_fleet(grid, ('amr', 1.5, 2.0, 0.7), ('turtlebot4', 4.0, 1.0, -2.0))
    world = World(grid=grid, robots=fleet.robots)
    drive(world, 1.0)

    assert world.poses() == pytest.approx(np.array([robot.start for robot in fleet.robots]))


@pytest.mark.parametrize(('model', 'speed'), [('amr', 0.8), ('turtlebot4', 0.4)])
def test_wheels_drive_straight_at_the_commanded_speed(
    make_fleet: MakeFleet, model: str, speed: float
):
    grid = room_of(width_m=6.0, height_m=4.0)
    world = World(grid=grid, robots=make_fleet(grid, (model, 1.0, 2.0, 0.0)).robots)
    twists = drive(world, 3.0, (speed, 0.0))

    assert twists[-1, 0] == pytest.approx([speed, 0.0], abs=0.005)
    assert world.poses()[0, 1:] == pytest.approx([2.0, 0.0], abs=0.001)


@pytest.mark.parametrize('model', ['amr', 'turtlebot4'])
def test_wheels_turn_on_the_spot_at_the_commanded_rate_to_the_left(
    make_fleet: MakeFleet, model: str
):
    grid = room_of(width_m=6.0, height_m=4.0)
    world = World(grid=grid, robots=make_fleet(grid, (model, 3.0, 2.0, 0.0)).robots)
    twists = drive(world, 1.5, (0.0, 1.0))

    assert twists[-1, 0] == pytest.approx([0.0, 1.0], abs=0.01)
    assert 1.0 < world.poses()[0, 2] < 1.5
    assert world.poses()[0, :2] == pytest.approx([3.0, 2.0], abs=0.002)


def test_a_robot_speeds_up_and_stops_as_its_motors_can(make_fleet: MakeFleet):
    grid = room_of(width_m=8.0, height_m=4.0)
    world = World(grid=grid, robots=make_fleet(grid, ('amr', 1.0, 2.0, 0.0)).robots)
    speeds = drive(world, 2.0, (1.0, 0.0))[:, 0, 0]
    before = world.poses()[0, 0]
    drive(world, 1.5, (0.0, 0.0))
    way = world.poses()[0, 0] - before

    assert np.diff(speeds).max() / PERIOD_S <= 1.15 * AMR_ACCEL
    assert way == pytest.approx(1.0 / (2 * AMR_DECEL), rel=0.1)


def test_a_command_beyond_the_limits_is_cut_to_them(make_fleet: MakeFleet):
    grid = room_of(width_m=8.0, height_m=4.0)
    world = World(grid=grid, robots=make_fleet(grid, ('turtlebot4', 1.0, 2.0, 0.0)).robots)
    twists = drive(world, 1.5, (50.0, 0.0))

    assert twists[:, 0, 0].max() <= 0.47


def test_a_command_that_is_no_number_stops_the_robot(make_fleet: MakeFleet):
    grid = room_of(width_m=8.0, height_m=4.0)
    world = World(grid=grid, robots=make_fleet(grid, ('amr', 1.0, 2.0, 0.0)).robots)
    drive(world, 1.0, (0.5, 0.0))
    twists = drive(world, 1.0, (math.nan, 0.0))

    assert twists[-1, 0] == pytest.approx([0.0, 0.0], abs=0.001)


def test_the_base_stops_when_commands_cease(make_fleet: MakeFleet):
    grid = room_of(width_m=8.0, height_m=4.0)
    world = World(grid=grid, robots=make_fleet(grid, ('amr', 1.0, 2.0, 0.0)).robots)
    speed = drive(world, 1.0, (0.6, 0.0))[-1, 0, 0]
    twists = drive(world, 1.0)

    assert twists[3, 0, 0] == pytest.approx(speed, abs=0.01)
    assert twists[-1, 0, 0] == pytest.approx(0.0, abs=0.001)


def test_driving_into_a_wall_is_one_contact(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    world = World(grid=grid, robots=make_fleet(grid, ('amr', 4.5, 2.0, 0.0)).robots)
    book = ContactBook()
    drive(world, 4.0, (0.5, 0.0), book=book)

    (contact,) = book.contacts
    assert (contact.robot, contact.other) == ('amr_0', 'wall')
    assert contact.x_m == pytest.approx(5.95, abs=0.02)
    assert contact.peak_force_n > 50.0


def test_driving_past_a_wall_is_no_contact(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    world = World(grid=grid, robots=make_fleet(grid, ('amr', 1.0, 0.4, 0.0)).robots)
    book = ContactBook()
    drive(world, 4.0, (0.8, 0.0), book=book)

    assert book.contacts == []


def test_two_touches_far_apart_in_time_are_two_contacts(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    world = World(grid=grid, robots=make_fleet(grid, ('amr', 5.0, 2.0, 0.0)).robots)
    book = ContactBook()
    for speed, seconds in ((0.4, 2.5), (-0.4, 2.0), (0.4, 3.0)):
        drive(world, seconds, (speed, 0.0), book=book)

    assert len(book.contacts) == 2


def test_two_robots_that_meet_are_one_contact(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    fleet = make_fleet(grid, ('amr', 1.5, 2.0, 0.0), ('turtlebot4', 4.0, 2.0, math.pi))
    world = World(grid=grid, robots=fleet.robots)
    book = ContactBook()
    drive(world, 3.5, (0.5, 0.0), (0.4, 0.0), book=book)

    (contact,) = book.contacts
    assert {contact.robot, contact.other} == {'amr_0', 'turtlebot4_1'}


def test_the_lidar_measures_the_distance_to_each_wall(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    world = World(grid=grid, robots=make_fleet(grid, ('amr', 2.0, 1.5, 0.0)).robots)
    rays = world.rays(0)
    rear, right, front, left = rays[0], rays[90], rays[180], rays[270]

    assert [rear, right, front, left] == pytest.approx([1.95, 1.45, 3.95, 2.45], abs=1e-6)


def test_the_lidar_turns_with_the_robot(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    world = World(grid=grid, robots=make_fleet(grid, ('amr', 2.0, 1.5, math.pi / 2)).robots)

    assert world.rays(0)[180] == pytest.approx(2.45, abs=1e-6)


def test_all_rays_agree_with_the_cells_of_the_map(make_fleet: MakeFleet):
    walls = [(1.0, 1.0, 1.5, 1.5), (3.0, 2.5, 3.05, 3.5), (4.0, 0.5, 4.9, 0.7)]
    grid = room_of(width_m=6.0, height_m=4.0, walls=walls)
    world = World(grid=grid, robots=make_fleet(grid, ('amr', 2.3, 2.0, 0.3)).robots)
    x, y, yaw = world.poses()[0]
    for beam, distance in enumerate(world.rays(0)):
        angle = yaw - math.pi + beam * math.tau / 360
        steps = np.arange(0.0, distance - 0.005, 0.01)
        on_the_way = [
            grid.cell_of(x + s * math.cos(angle), y + s * math.sin(angle)) for s in steps
        ]
        behind = [
            grid.cell_of(x + s * math.cos(angle + turn), y + s * math.sin(angle + turn))
            for s in (distance + 0.002, distance + 0.01)
            for turn in (-0.003, 0.0, 0.003)
        ]
        assert not any(grid.occupied[cell] for cell in on_the_way)
        assert any(grid.occupied[cell] for cell in behind)


def test_robots_see_each_other_but_not_themselves(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    fleet = make_fleet(grid, ('amr', 1.5, 2.0, 0.0), ('turtlebot4', 4.0, 2.0, math.pi))
    world = World(grid=grid, robots=fleet.robots)

    assert world.rays(0)[180] == pytest.approx(2.5 - 0.171, abs=1e-6)
    assert world.rays(1)[180] == pytest.approx(2.5 - 0.28, abs=1e-6)


def test_an_object_is_unseen_until_it_is_placed_and_after_it_is_removed(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    fleet = make_fleet(grid, ('amr', 1.0, 2.0, 0.0))
    box = Prop(name='box', width_m=0.4, depth_m=1.2, height_m=0.8, is_round=False)
    world = World(grid=grid, robots=fleet.robots, props=[box])
    ahead = []
    world.advance(PERIOD_S)
    ahead.append(world.rays(0)[180])
    world.place(Placed(prop=box, x_m=3.0, y_m=2.0, yaw_rad=0.0))
    world.advance(PERIOD_S)
    ahead.append(world.rays(0)[180])
    world.remove('box')
    world.advance(PERIOD_S)
    ahead.append(world.rays(0)[180])

    assert ahead == pytest.approx([4.95, 1.8, 4.95], abs=0.001)
