# SPDX-License-Identifier: Apache-2.0
"""Which orders are taken, and what is said to the others."""

import math
from dataclasses import replace

import numpy as np
import pytest
from planner_world import SECOND, START_WALL_NS, order, region_of, room, token, trusted, world

from swarm_agent.planner.core.orders import Order, Region, Task

GOAL = (1.0, 0.0, 0.0)


def whole_floor() -> Region:
    ground = trusted().ground
    return region_of(ground.survey_floor, ground.survey_cell_m)


def answer_to(given: Order, tier: int = 2, battery: float = 0.9) -> tuple[str, str]:
    robot = world()
    robot.battery = battery
    outputs = robot.decide(token=token(tier), orders=(given,))
    ack = outputs.acks[0]
    assert ack.order_id == given.order_id
    return ack.status.value, ack.reason


@pytest.mark.parametrize(
    'given',
    [
        order(Task.GO_TO, stops=(GOAL,)),
        order(Task.PATROL, stops=(GOAL, (5.0, 3.0, 0.0)), loops=2),
        order(Task.DELIVER, stops=(GOAL, (5.0, 3.0, 0.0))),
        order(Task.WAIT, seconds=3.0),
        order(Task.RETURN_TO_BASE),
        order(Task.EXPLORE, seconds=5.0),
        order(Task.SURVEY, region=whole_floor()),
    ],
)
def test_every_kind_of_order_can_be_accepted(given: Order) -> None:
    tier = 3 if given.task is Task.DELIVER else 2
    assert answer_to(given, tier) == ('accepted', '')


@pytest.mark.parametrize(
    ('given', 'reason'),
    [
        (order(Task.WAIT, '', seconds=1.0), 'order_id must have 1 to 128 characters'),
        (order(Task.WAIT, 'x' * 129, seconds=1.0), 'order_id must have'),
        (order(Task.WAIT, seconds=1.0, agent_id='amr_2'), "the order is for 'amr_2'"),
        (order(Task.WAIT, seconds=1.0, priority=11), 'priority is 11, expected 1 to 10'),
        (order(Task.WAIT, seconds=1.0, max_speed_mps=-1.0), 'max_speed_mps is -1, expected 0'),
        (order(Task.WAIT, seconds=1.0, max_speed_mps=math.nan), 'max_speed_mps is nan'),
        (order(Task.UNKNOWN), 'no task that this robot knows'),
        (
            order(Task.WAIT, seconds=1.0, expires_ns=START_WALL_NS - 2 * SECOND),
            'expired 2.0 s ago',
        ),
        (order(Task.WAIT, seconds=math.nan), 'wait.seconds is nan s, expected 0.5 to 86400'),
        (order(Task.WAIT, seconds=-1.0), 'wait.seconds is -1 s'),
        (order(Task.PATROL, stops=(GOAL,), loops=5000), 'patrol.loops is 5000'),
        (order(Task.GO_TO), 'go_to has 0 stops, expected 1 to 1'),
        (order(Task.PATROL), 'patrol has 0 stops, expected 1 to 64'),
        (order(Task.DELIVER, stops=(GOAL,)), 'deliver has 1 stops, expected 2 to 2'),
        (order(Task.GO_TO, stops=((math.inf, 0.0, 0.0),)), 'is not finite'),
        (order(Task.GO_TO, stops=((500.0, 0.0, 0.0),)), '(500.00, 0.00) lies outside the map'),
        (order(Task.GO_TO, stops=((3.0, -1.0, 0.0),)), '(3.00, -1.00) cannot be reached'),
        (order(Task.SURVEY), 'the survey has no region'),
        (order(Task.SURVEY, region=whole_floor(), range_m=50.0), 'survey.range_m is 50 m'),
    ],
)
def test_an_order_that_cannot_be_done_is_refused_with_one_reason(
    given: Order, reason: str
) -> None:
    status, said = answer_to(given)
    assert status == 'refused'
    assert reason in said
    assert '\n' not in said


def test_a_goal_just_beside_the_floor_is_moved_onto_it() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=((1.0, -1.85, 0.5),)),))
    intent = robot.intents()[-1]
    assert robot.ground.is_centre(intent.goal[:2])
    assert math.dist(intent.goal[:2], (1.0, -1.85)) <= 0.3
    assert intent.goal[2] == 0.5


def test_an_enclosed_place_counts_as_unreachable() -> None:
    grid = room()
    free = grid.free.copy()
    free[40:44, 20:60] = free[76:80, 20:60] = free[40:80, 20:24] = free[40:80, 56:60] = False
    closed = replace(grid, free=free, occupied=~free)
    robot = trusted(closed)
    inside = (1.0, 1.0, 0.0)
    assert robot.ground.clearance_m[robot.ground.grid.cell_of(1.0, 1.0)] > 0.28
    outputs = robot.decide(orders=(order(Task.GO_TO, stops=(inside,)),))
    assert 'cannot be reached' in outputs.acks[0].reason


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'width': 7}, 'the region has 7 x 24 cells'),
        ({'resolution_m': 0.3}, 'expected 32 x 24 of 0.25 m'),
        ({'bits': b'123'}, 'the region has 32 x 24'),
        ({'bits': bytes(96)}, 'the region holds no reachable floor'),
    ],
)
def test_a_region_of_another_grid_or_without_floor_is_refused(
    change: dict[str, object], reason: str
) -> None:
    region = replace(whole_floor(), **change)  # type: ignore[arg-type]
    status, said = answer_to(order(Task.SURVEY, region=region))
    assert status == 'refused'
    assert reason in said


def test_too_low_a_tier_is_refused_except_for_standing_still() -> None:
    assert answer_to(order(Task.GO_TO, stops=(GOAL,)), tier=1) == (
        'refused',
        'law tier.sandbox: tier 1 may move in a sandbox zone only',
    )
    assert answer_to(order(Task.WAIT, seconds=1.0), tier=0)[0] == 'accepted'


def test_a_low_battery_refuses_all_but_the_way_home() -> None:
    status, reason = answer_to(order(Task.GO_TO, stops=(GOAL,)), battery=0.15)
    assert (status, reason) == ('refused', 'battery at 15 %, the reserve is 20 %')
    assert answer_to(order(Task.RETURN_TO_BASE), battery=0.15)[0] == 'accepted'


def test_a_second_arrival_gets_the_first_answer_and_has_no_effect() -> None:
    robot = trusted()
    wait = order(Task.WAIT, seconds=1.0)
    robot.decide(orders=(wait,))
    before = robot.state.jobs
    again = robot.decide(orders=(wait, replace(wait, seconds=99.0)))
    assert [ack.status.value for ack in again.acks] == ['accepted', 'accepted']
    assert robot.state.jobs[0].order == before[0].order


def test_a_second_arrival_after_the_end_gets_both_answers() -> None:
    robot = trusted()
    wait = order(Task.WAIT, seconds=1.0)
    robot.decide(orders=(wait,))
    robot.run(2.0)
    outputs = robot.decide(orders=(wait,))
    assert [ack.status.value for ack in outputs.acks] == ['accepted', 'completed']
    assert robot.state.jobs == ()


def test_a_refused_order_stays_refused() -> None:
    robot = trusted()
    bad = order(Task.GO_TO)
    first = robot.decide(orders=(bad,)).acks
    assert robot.decide(orders=(replace(bad, stops=(GOAL,)),)).acks == first


def test_a_region_is_surveyed_only_where_it_is_floor() -> None:
    robot = trusted()
    everything = np.ones_like(robot.ground.survey_floor)
    region = region_of(everything, robot.ground.survey_cell_m)
    robot.decide(orders=(order(Task.SURVEY, region=region),))
    plan = robot.state.jobs[0].scratch.plan
    assert plan is not None
    assert set(plan.cells) == set(np.flatnonzero(robot.ground.survey_floor))


def test_a_skill_without_a_card_is_refused() -> None:
    robot = trusted(cards=())
    outputs = robot.decide(orders=(order(Task.WAIT, seconds=1.0),))
    assert outputs.acks[0].reason == "no skill card for 'wait'"


def test_a_home_just_beside_the_floor_still_has_a_floor_around_it() -> None:
    beside = trusted(home=(0.0, -1.8, 0.0))
    assert not beside.ground.is_centre((0.0, -1.8))
    assert beside.ground.survey_floor.sum() == trusted().ground.survey_floor.sum()


def test_a_home_far_from_any_floor_leaves_nothing_to_do() -> None:
    lost = trusted(home=(-50.0, 0.0, 0.0))
    assert not lost.ground.survey_floor.any()
    outputs = lost.decide(orders=(order(Task.GO_TO, stops=(GOAL,)),))
    assert outputs.acks[0].status.value == 'refused'
