# SPDX-License-Identifier: Apache-2.0
"""Encounters in small worlds over a bad network: nobody touches, everybody arrives."""

import itertools
import random

import pytest
from mesh_random_worlds import mixed_world
from mesh_toy_world import Floor, Network, Robot, World

POCKET = """
####################
#######..###########
#a.......P........b#
#..................#
####################
"""
HALL = """
######################
################....b#
################.....#
#a...d.......P...c...#
#....................#
################.....#
################.....#
######################
"""
CORRIDOR = """
####################
#a................b#
#..................#
####################
"""
DOOR = """
####################
########..##########
#....a.....P..b....#
#..................#
####################
"""
CROSSING = """
########..########
########.b########
########..########
########..########
#a..............A#
#................#
########..########
########..########
########.B########
########..########
"""
DEAD_END = """
####################
#######..###########
#q..p..w...a.......#
#..................#
####################
"""
AISLES = """
##########################
#........................#
#........................#
#..####..####..####..##..#
#..####..####..####..##..#
#..####..####..####..##..#
#..####..####..####..##..#
#........................#
#........................#
#..####..####..####..##..#
#..####..####..####..##..#
#..####..####..####..##..#
#..####..####..####..##..#
#........................#
#........................#
##########################
"""


def world_of(drawing, *robots, seed=0, **network):
    floor = Floor(drawing)
    marks = floor.marks
    made = [
        Robot(agent_id=name, floor=floor, at=marks[start], goal=marks.get(goal), **more)
        for name, start, goal, more in robots
    ]
    return World(robots=made, network=Network(seed=seed, **network))


def assert_all_arrived(world):
    assert [robot.agent_id for robot in world.robots if robot.goal] == []
    assert world.least_gap_m > 0.02


@pytest.mark.parametrize('seed', range(3))
def test_two_that_meet_head_on_in_a_corridor_use_the_pocket(seed):
    world = world_of(POCKET, ('r1', 'a', 'b', {}), ('r2', 'b', 'a', {}), seed=seed).run(60)
    assert_all_arrived(world)
    first, second = world.robots
    assert 'make_way' not in first.advices
    assert 'make_way' in second.advices
    assert {one.role for one in first.settled} == {'passes'}
    assert [(one.role, one.how) for one in second.settled] == [('yields', 'makes_way')]
    assert not first.violations
    assert not second.violations


def test_the_one_of_the_higher_class_goes_first_whatever_the_ids():
    robots = ('r1', 'a', 'b', {}), ('r2', 'b', 'a', {'priority': 5})
    world = world_of(POCKET, *robots).run(60)
    assert_all_arrived(world)
    assert 'make_way' not in world.robots[1].advices


@pytest.mark.parametrize('stubborn', ['r1', 'r2'])
def test_the_other_backs_out_if_one_cannot_yield(stubborn):
    robots = [
        (name, start, goal, {'has_refuges': name != stubborn})
        for name, start, goal in (('r1', 'a', 'b'), ('r2', 'b', 'a'))
    ]
    world = world_of(POCKET, *robots).run(60)
    assert_all_arrived(world)
    kind = 'backs_out' if stubborn == 'r2' else 'makes_way'
    assert any(one.how == kind for robot in world.robots for one in robot.settled)


def test_both_stand_and_say_so_if_neither_can_yield():
    robots = [
        (name, start, goal, {'has_refuges': False})
        for name, start, goal in (('r1', 'a', 'b'), ('r2', 'b', 'a'))
    ]
    world = world_of(CORRIDOR, *robots).run(9, until_arrived=False)
    assert world.least_gap_m > 0.5
    assert all('neither finds a place' in robot.violations[0] for robot in world.robots)
    assert all(len(robot.violations) <= 2 for robot in world.robots)


def test_the_lower_one_waits_at_a_crossing_outside_of_it():
    world = world_of(CROSSING, ('r1', 'a', 'A', {}), ('r2', 'b', 'B', {})).run(60)
    assert_all_arrived(world)
    assert world.robots[0].arrived_s < world.robots[1].arrived_s
    assert world.robots[1].advices.count('make_way') == 0
    assert world.robots[1].settled[0].how == 'waits'


@pytest.mark.parametrize('seed', range(3))
def test_four_cross_in_corridors_too_narrow_for_two(seed):
    arms = ('r1', 'a', 'A', {}), ('r2', 'A', 'a', {}), ('r3', 'b', 'B', {}), ('r4', 'B', 'b', {})
    assert_all_arrived(world_of(CROSSING, *arms, seed=seed).run(120))


def test_a_faster_robot_follows_a_slower_one_without_a_claim():
    robots = ('r1', 'a', 'b', {'top_mps': 0.8}), ('r2', 'P', 'b', {'top_mps': 0.3})
    world = world_of(POCKET, *robots).run(14, until_arrived=False)
    assert world.least_gap_m > 0.05
    assert world.robots[1].at[0] > 8.0
    assert not any(robot.settled for robot in world.robots)
    assert not any('make_way' in robot.advices for robot in world.robots)


def test_a_parked_robot_gets_out_of_the_way_even_of_a_lower_id():
    world = world_of(POCKET, ('r9', 'a', 'b', {}), ('r1', 'P', None, {})).run(60)
    assert_all_arrived(world)
    assert world.robots[1].settled[0].role == 'yields'


@pytest.mark.parametrize('seed', range(3))
def test_two_that_want_the_same_place_get_there_one_after_the_other(seed):
    late = {'starts_s': 2.0}
    robots = ('r1', 'a', 'P', late), ('r2', 'b', 'P', {'accel_mps2': 0.4})
    assert_all_arrived(world_of(DOOR, *robots, seed=seed).run(60))


def test_the_settlement_is_the_same_on_both_sides():
    world = world_of(CROSSING, ('r1', 'a', 'A', {}), ('r2', 'b', 'B', {}), loss=0.0).run(60)
    first, second = (robot.settled[0] for robot in world.robots)
    assert (first.role, second.role) == ('passes', 'yields')
    assert first.how == second.how


def test_a_robot_behind_the_one_that_backs_out_moves_on_too():
    robots = ('r1', 'a', 'b', {'priority': 5}), ('r2', 'P', 'a', {}), ('r3', 'c', 'd', {})
    world = world_of(HALL, *robots).run(40, until_arrived=False)
    assert world.robots[0].arrived_s < 40.0
    assert world.least_gap_m > 0.02
    assert all('make_way' in robot.advices for robot in world.robots[1:])


def test_a_silent_peer_blocks_its_last_place_and_is_then_left_to_the_lidar():
    world = world_of(CORRIDOR, ('r1', 'a', 'b', {}), ('r2', 'b', 'a', {}), loss=0.0)
    while 'r2' not in world.robots[0].heard:
        world.tick()
    world.network.loss = 1.0
    kinds = []
    for _ in range(60):
        world.tick()
        kinds.append((world.robots[0].advice.reason, world.robots[0].advice.stop_after_m))
    assert any(reason == 'not heard' for reason, _ in kinds)
    assert kinds[-1] == ('', float('inf'))


@pytest.mark.parametrize('seed', range(2))
def test_one_parked_in_a_dead_end_comes_out_for_one_that_wants_to_get_past_it(seed):
    world = world_of(DEAD_END, ('r1', 'w', 'q', {}), ('r2', 'p', None, {}), seed=seed).run(90)
    assert_all_arrived(world)
    assert any(one.how == 'backs_out' for one in world.robots[0].settled)
    assert world.robots[1].at[0] > world.robots[0].at[0]


def test_nobody_stays_aside_in_the_way_of_one_for_which_its_own_patron_waits():
    assert_all_arrived(mixed_world(26).run(60))


def test_a_place_to_which_one_that_waits_itself_bars_the_way_is_given_up():
    assert_all_arrived(mixed_world(274).run(60))


@pytest.mark.slow
@pytest.mark.parametrize('seed', [53, 63, 154])
def test_worlds_that_once_ended_with_robots_standing_end_with_all_at_their_goals(seed):
    assert_all_arrived(mixed_world(seed).run(150))


def random_world(seed, drawing=AISLES, radius_m=0.3):
    floor, rnd = Floor(drawing), random.Random(seed)
    cells = list(zip(*(floor.clearance >= radius_m + 0.05).nonzero(), strict=True))
    spots = []
    count = rnd.randint(2, 6)
    while len(spots) < 2 * count:
        spot = floor.point(rnd.choice(cells))
        others = spots[:count] if len(spots) < count else spots[count:]
        if all(abs(spot[0] - x) + abs(spot[1] - y) > 1.3 for x, y in others):
            spots.append(spot)
    robots = [
        Robot(
            agent_id=f'r{k}',
            floor=floor,
            at=spots[k],
            goal=spots[count + k],
            radius_m=radius_m,
            priority=rnd.choice((3, 3, 3, 5)),
        )
        for k in range(count)
    ]
    return World(robots=robots, network=Network(seed=seed))


@pytest.mark.parametrize('seed', range(4))
def test_robots_with_random_errands_between_shelves_all_arrive(seed):
    assert_all_arrived(random_world(seed).run(200))


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(4, 40))
def test_many_random_errands_between_shelves_end_without_contact(seed):
    assert_all_arrived(random_world(seed).run(300))


def test_the_same_world_gives_the_same_run_and_another_network_another_one():
    def trace(seed):
        arms = ('r1', 'a', 'A', {}), ('r2', 'b', 'B', {})
        world = world_of(CROSSING, *arms, seed=seed).run(8)
        return [(robot.at, robot.out) for robot in world.robots]

    assert trace(1) == trace(1)
    assert trace(1) != trace(2)


def test_no_two_robots_are_ever_granted_the_same_crossing():
    arms = ('r1', 'a', 'A', {}), ('r2', 'b', 'B', {})
    for seed in range(3):
        world = world_of(CROSSING, *arms, seed=seed)
        for _ in range(150):
            world.tick()
            granted = [
                encounter.granted and encounter.role == 'passes'
                for robot in world.robots
                for encounter in robot.state.encounters
            ]
            assert not all(granted) or len(granted) < 2
        assert all(a is not b for a, b in itertools.pairwise(world.robots))
