# SPDX-License-Identifier: Apache-2.0
"""Surveys driven from the order to the last cell, on a small map."""

from collections.abc import Callable

import numpy as np
from planner_world import World, order, region_of, surveyor

from swarm_agent.planner.core.orders import Order, Task
from swarm_agent.planner.core.types import Intent, IntentKind, Nav, Phase
from swarm_config.maps import Mask

RANGE_M = 2.0


def survey_of(robot: World, where: Callable[[float, float], bool], **changes: object) -> Order:
    """A survey of the floor cells for whose centre (x, y) [m] the condition holds."""
    floor = robot.ground.survey_floor
    mask = np.zeros_like(floor)
    for (row, col), (x, y) in zip(
        np.argwhere(floor), robot.ground.survey_points(floor), strict=True
    ):
        mask[row, col] = where(x, y)
    region = region_of(mask, robot.ground.survey_cell_m)
    return order(Task.SURVEY, region=region, range_m=RANGE_M, **changes)


def everywhere(_x: float, _y: float) -> bool:
    return True


def done(robot: World) -> Callable[[object], bool]:
    return lambda _: any(s in {'completed', 'failed'} for s in robot.statuses())


def share_seen(robot: World, given: Order) -> float:
    assert given.region is not None
    size = robot.seen.size
    region = np.unpackbits(np.frombuffer(given.region.bits, np.uint8), count=size).astype(bool)
    return float((robot.seen & region).sum() / region.sum())


def small_world() -> World:
    return surveyor(survey_range_m=RANGE_M)


def test_a_survey_sees_its_region_and_goes_home() -> None:
    robot = small_world()
    given = survey_of(robot, everywhere, return_home=True)
    robot.decide(orders=(given,))
    robot.run(120.0, until=done(robot))
    assert robot.statuses() == ['accepted', 'completed']
    assert share_seen(robot, given) >= 0.98
    assert robot.driven_m < 25.0
    assert robot.run(40.0).phase is Phase.HOME


def test_progress_rises_to_the_end() -> None:
    robot = small_world()
    robot.decide(orders=(survey_of(robot, everywhere),))
    robot.run(120.0, until=done(robot))
    progress = [o.progress for o in robot.outputs() if o.order_id == 'o1']
    assert progress == sorted(progress)
    assert progress[-1] > 0.9


def test_the_robot_does_not_stop_at_its_viewpoints() -> None:
    robot = small_world()
    robot.decide(orders=(survey_of(robot, everywhere),))
    holds = [i.kind for i in robot.intents()].count(IntentKind.HOLD)
    robot.run(120.0, until=done(robot))
    kinds = [i.kind for i in robot.intents()]
    assert kinds.count(IntentKind.GO_TO) >= 3
    assert kinds.count(IntentKind.HOLD) == holds


def test_a_stop_that_cannot_be_reached_is_skipped_and_tried_once_more() -> None:
    robot = small_world()
    robot.stuck = lambda intent: Nav.UNREACHABLE if intent.goal[0] > 3.0 else None
    given = survey_of(robot, everywhere)
    robot.decide(orders=(given,))
    robot.run(300.0, until=done(robot))
    assert robot.statuses() == ['accepted', 'failed']
    assert 'no way to the rest' in robot.reasons('o1')[-1]
    behind = [i.goal for i in robot.intents() if i.kind is IntentKind.GO_TO and i.goal[0] > 3.0]
    assert len(behind) >= 2
    assert all(behind.count(goal) <= 2 for goal in behind)
    assert robot.now_ns < 90e9
    west = [x < 2.5 for x, _ in robot.ground.survey_points(robot.ground.survey_floor)]
    seen = robot.seen[np.flatnonzero(robot.ground.survey_floor)]
    assert seen[west].mean() > 0.95


def test_what_is_blocked_for_a_while_is_seen_in_the_end() -> None:
    robot = small_world()
    robot.stuck = lambda intent: (
        Nav.BLOCKED if intent.goal[0] > 3.0 and robot.now_ns < 60e9 else None
    )
    given = survey_of(robot, everywhere)
    robot.decide(orders=(given,))
    robot.run(300.0, until=done(robot))
    assert robot.statuses() == ['accepted', 'completed']


def test_cells_that_nothing_shows_are_given_up_after_a_few_looks() -> None:
    robot = small_world()
    robot.blind = hidden(robot, lambda x, y: 0.5 < x < 1.5 and 1.0 < y < 1.6)
    given = survey_of(robot, everywhere)
    robot.decide(orders=(given,))
    robot.run(300.0, until=done(robot))
    assert robot.statuses() == ['accepted', 'completed']
    assert robot.now_ns < 200e9


def test_a_region_of_which_most_is_hidden_fails_with_the_share() -> None:
    robot = small_world()
    given = survey_of(robot, lambda x, y: x > 4.0)
    robot.blind = hidden(robot, lambda x, y: x > 4.0)
    robot.decide(orders=(given,))
    robot.run(300.0, until=done(robot))
    assert robot.statuses() == ['accepted', 'failed']
    assert robot.reasons('o1')[-1] == '0.0 % of the region seen, no way to the rest'


def test_a_second_survey_looks_at_everything_again() -> None:
    robot = small_world()
    robot.decide(orders=(survey_of(robot, everywhere),))
    robot.run(120.0, until=done(robot))
    first_m = robot.driven_m
    robot.decide(orders=(survey_of(robot, everywhere, order_id='o2'),))
    robot.run(120.0, until=lambda _: 'completed' in robot.statuses('o2'))
    assert robot.statuses('o2') == ['accepted', 'completed']
    assert robot.driven_m > 1.5 * first_m


def test_an_interrupted_survey_goes_on_with_what_is_left() -> None:
    robot = small_world()
    given = survey_of(robot, everywhere)
    robot.decide(orders=(given,))
    robot.run(8.0)
    half = robot.last().progress
    robot.decide(orders=(order(Task.GO_TO, 'u', stops=(robot.params.home,), priority=9),))
    robot.run(30.0, until=lambda o: o.order_id == 'o1')
    assert robot.last().progress >= half
    robot.run(120.0, until=done(robot))
    assert robot.statuses() == ['accepted', 'completed']


def test_a_small_far_region_is_seen_without_a_tour_of_the_rest() -> None:
    robot = small_world()
    given = survey_of(robot, lambda x, y: x > 5.5 and y < 0.0)
    robot.decide(orders=(given,))
    robot.run(60.0, until=done(robot))
    assert robot.statuses() == ['accepted', 'completed']
    goals = [i.goal[0] for i in robot.intents() if i.kind is IntentKind.GO_TO]
    assert all(x > 2.5 for x in goals)


def test_a_survey_with_a_time_waits_where_it_stands() -> None:
    robot = small_world()
    later_ns = robot.wall_ns + 10_000_000_000
    robot.decide(orders=(survey_of(robot, everywhere, not_before_ns=later_ns),))
    robot.run(9.0)
    assert robot.last().reason == 'waiting for the time'
    assert not [i for i in robot.intents() if i.kind is IntentKind.GO_TO]
    robot.run(4.0)
    assert _goes(robot.intents()[-1])


def hidden(robot: World, where: Callable[[float, float], bool]) -> Mask:
    floor = robot.ground.survey_floor
    mask = np.zeros(floor.size, dtype=bool)
    points = robot.ground.survey_points(floor)
    mask[np.flatnonzero(floor)] = [where(x, y) for x, y in points]
    return mask


def _goes(intent: Intent) -> bool:
    return intent.kind is IntentKind.GO_TO
