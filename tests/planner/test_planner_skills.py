# SPDX-License-Identifier: Apache-2.0
"""Each skill from its order to its end."""

import math
from dataclasses import replace

import pytest
from planner_world import SECOND, START_WALL_NS, World, order, trusted

from swarm_agent.planner.core.orders import Order, Task
from swarm_agent.planner.core.types import Intent, IntentKind, Nav, Phase, Priority

A, B = (1.5, 0.0, 0.0), (5.0, 3.0, 0.0)


def goals(robot: World) -> list[tuple[float, float]]:
    return [(i.goal[0], i.goal[1]) for i in robot.intents() if i.kind is IntentKind.GO_TO]


def test_go_to_drives_to_the_goal_and_completes_there() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(B,), use_yaw=True),))
    intent = robot.intents()[-1]
    assert (intent.kind, intent.goal, intent.use_yaw) == (IntentKind.GO_TO, B, True)
    assert (intent.skill, intent.priority) == ('go_to', Priority.MISSION)
    robot.run(40.0)
    assert robot.statuses() == ['accepted', 'completed']
    assert math.dist(robot.pose[:2], B[:2]) < 0.3


def test_go_to_holds_at_its_goal_until_the_ordered_time() -> None:
    robot = trusted()
    leave_ns = START_WALL_NS + 30 * SECOND
    robot.decide(orders=(order(Task.GO_TO, stops=(A,), not_before_ns=leave_ns),))
    robot.run(20.0)
    assert robot.last().reason == 'at the goal, waiting for the time'
    assert robot.statuses() == ['accepted']
    robot.run(12.0)
    assert robot.statuses() == ['accepted', 'completed']


@pytest.mark.parametrize(
    ('nav', 'seconds', 'reason'),
    [
        (Nav.UNREACHABLE, 3.0, 'no way to (5.00, 3.00): a pallet stands there'),
        (Nav.BLOCKED, 60.0, 'the way to (5.00, 3.00) stays blocked: a pallet stands there'),
    ],
)
def test_go_to_fails_with_the_reason_of_the_situation_node(
    nav: Nav, seconds: float, reason: str
) -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(B,)),))
    robot.stuck = lambda _: nav
    robot.run(seconds)
    assert robot.statuses() == ['accepted', 'failed']
    assert robot.reasons('o1')[-1] == reason


def test_a_short_block_does_not_end_a_go_to() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(B,)),))
    robot.stuck = lambda _: Nav.BLOCKED
    robot.run(20.0)
    robot.stuck = lambda _: None
    robot.run(40.0)
    assert robot.statuses() == ['accepted', 'completed']


def test_news_about_an_older_intent_is_no_news() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, 'a', stops=(A,)),))
    robot.nav = Nav.ARRIVED
    robot.intent = None
    robot.decide()
    assert robot.statuses('a') == ['accepted']


def test_patrol_visits_its_stops_in_rounds() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.PATROL, stops=(A, B), loops=2),))
    robot.run(90.0)
    assert goals(robot) == [A[:2], B[:2], A[:2], B[:2]]
    assert robot.reasons('o1')[-1] == '4 stops visited'
    progress = [outputs.progress for outputs in robot.outputs() if outputs.order_id]
    assert progress == sorted(progress)


def test_patrol_waits_at_its_first_stop_for_the_ordered_time() -> None:
    robot = trusted()
    leave_ns = START_WALL_NS + 25 * SECOND
    robot.decide(orders=(order(Task.PATROL, stops=(A, B), not_before_ns=leave_ns),))
    robot.run(24.0)
    assert goals(robot) == [A[:2]]
    assert robot.last().reason == 'at the first stop, waiting for the time'
    robot.run(1.5)
    assert goals(robot) == [A[:2], B[:2]]


def test_deliver_carries_with_the_right_of_way_of_a_load() -> None:
    robot = trusted(tier=3)
    robot.decide(orders=(order(Task.DELIVER, stops=(A, B)),))
    robot.run(60.0)
    driven = [(i.goal[:2], i.priority) for i in robot.intents() if i.kind is IntentKind.GO_TO]
    assert driven[0] == (A[:2], Priority.MISSION)
    assert (B[:2], Priority.PAYLOAD) in driven
    assert robot.reasons('o1')[-1] == 'load delivered'
    assert robot.intents()[-1].priority is Priority.IDLE


def test_deliver_does_not_take_up_before_the_ordered_time() -> None:
    robot = trusted(tier=3)
    leave_ns = START_WALL_NS + 25 * SECOND
    robot.decide(orders=(order(Task.DELIVER, stops=(A, B), not_before_ns=leave_ns),))
    robot.run(24.0)
    assert robot.last().reason == 'at the pick up, waiting for the time'
    assert not robot.state.jobs[0].memory.carrying


def test_wait_stands_for_its_time() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.WAIT, seconds=3.0),))
    assert robot.intents()[-1].kind is IntentKind.HOLD
    robot.run(2.5)
    assert robot.statuses() == ['accepted']
    robot.run(1.0)
    assert robot.statuses() == ['accepted', 'completed']


def test_a_wait_with_a_time_begins_then() -> None:
    robot = trusted()
    begin_ns = START_WALL_NS + 10 * SECOND
    robot.decide(orders=(order(Task.WAIT, seconds=2.0, not_before_ns=begin_ns),))
    robot.run(11.0)
    assert robot.statuses() == ['accepted']
    robot.run(2.0)
    assert robot.statuses() == ['accepted', 'completed']


def test_explore_ends_when_the_situation_node_has_looked_around() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.EXPLORE, seconds=30.0),))
    assert robot.intents()[-1].kind is IntentKind.EXPLORE
    robot.nav = Nav.EXPLORING
    robot.run(3.0)
    robot.nav = Nav.ARRIVED
    robot.run(1.0)
    assert robot.reasons('o1')[-1] == 'looked around'


def test_explore_ends_when_its_time_is_up() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.EXPLORE, seconds=3.0),))
    robot.nav = Nav.EXPLORING
    robot.run(4.0)
    assert robot.statuses() == ['accepted', 'completed']


def test_return_to_base_drives_home_and_parks() -> None:
    robot = trusted()
    robot.pose = (5.0, 3.0, 0.0)
    outputs = robot.decide(orders=(order(Task.RETURN_TO_BASE),))
    assert outputs.phase is Phase.RETURNING
    assert robot.intents()[-1].priority is Priority.RETURNING
    outputs = robot.run(40.0)
    assert outputs.phase is Phase.HOME
    assert robot.statuses() == ['accepted', 'completed']
    kinds = [intent.kind for intent in robot.intents()]
    assert kinds.count(IntentKind.GO_TO) == 1


def test_a_way_home_that_is_closed_is_tried_again_and_again() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(A,), return_home=True),))
    robot.run(30.0, until=lambda o: o.phase is Phase.RETURNING)
    robot.stuck = lambda intent: Nav.UNREACHABLE if _is_home(robot, intent) else None
    robot.run(20.0)
    assert robot.last().phase is Phase.RETURNING
    tries = [i for i in robot.intents() if i.kind is IntentKind.GO_TO and _is_home(robot, i)]
    assert 2 <= len(tries) <= 5
    robot.stuck = lambda _: None
    assert robot.run(30.0).phase is Phase.HOME


def _is_home(robot: World, intent: Intent) -> bool:
    return intent.goal == robot.params.home


@pytest.mark.parametrize(
    'given',
    [order(Task.EXPLORE, seconds=3.0), order(Task.RETURN_TO_BASE)],
)
def test_nothing_begins_before_its_time(given: Order) -> None:
    robot = trusted()
    robot.pose = A
    robot.decide(orders=(replace(given, not_before_ns=robot.wall_ns + 5 * SECOND),))
    robot.run(4.0)
    assert robot.last().reason == 'waiting for the time'
    assert robot.intents()[-1].kind is IntentKind.HOLD
    robot.run(2.0)
    assert robot.intents()[-1].kind in {IntentKind.EXPLORE, IntentKind.GO_TO}
