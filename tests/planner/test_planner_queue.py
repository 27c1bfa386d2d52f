# SPDX-License-Identifier: Apache-2.0
"""Several orders at once: who comes first, what resumes, what is taken back."""

from planner_world import SECOND, START_WALL_NS, order, token, trusted

from swarm_agent.planner.core.orders import Recall, Task
from swarm_agent.planner.core.types import IntentKind, Phase

NEAR, FAR = (1.5, 0.0, 0.0), (5.0, 3.0, 0.0)


def test_orders_of_equal_urgency_are_done_in_the_order_of_their_arrival() -> None:
    robot = trusted()
    first = order(Task.WAIT, 'a', seconds=2.0)
    outputs = robot.decide(orders=(first, order(Task.WAIT, 'b', seconds=2.0)))
    assert [ack.reason for ack in outputs.acks] == ['', 'after a']
    assert outputs.order_id == 'a'
    robot.run(10.0)
    assert robot.acks()[2:] == [('a', 'completed'), ('b', 'completed')]


def test_a_more_urgent_order_interrupts_and_the_other_resumes_after_it() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, 'a', stops=(FAR,)),))
    robot.run(1.0)
    outputs = robot.decide(orders=(order(Task.GO_TO, 'b', stops=(NEAR,), priority=9),))
    assert outputs.order_id == 'b'
    assert robot.intents()[-1].order_id == 'b'
    robot.run(40.0)
    assert robot.acks()[2:] == [('b', 'completed'), ('a', 'completed')]
    notes = [(note.type, note.order_id) for o in robot.outputs() for note in o.notes]
    assert notes.index(('order.begun', 'b')) < notes.index(('order.completed', 'b'))


def test_an_interrupted_wait_counts_only_the_time_it_stood() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.WAIT, 'a', seconds=4.0),))
    robot.run(2.0)
    robot.decide(orders=(order(Task.WAIT, 'b', seconds=10.0, priority=9),))
    robot.run(10.5)
    assert robot.statuses('b') == ['accepted', 'completed']
    assert robot.statuses('a') == ['accepted']
    robot.run(3.0)
    assert robot.statuses('a') == ['accepted', 'completed']


def test_intent_numbers_rise_with_every_change() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(NEAR,), return_home=True),))
    robot.run(30.0)
    numbers = [intent.intent_id for intent in robot.intents()]
    assert numbers == sorted(set(numbers))
    assert len(numbers) >= 4


def test_when_all_is_done_the_robot_goes_home_and_parks() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(NEAR,), return_home=True),))
    phases = [robot.run(0.5).phase for _ in range(60)]
    assert phases.index(Phase.EXECUTING) < phases.index(Phase.RETURNING) < phases.index(Phase.HOME)
    assert robot.intents()[-1].kind is IntentKind.PARK
    assert robot.acks()[-1] == ('o1', 'completed')


def test_without_return_home_the_robot_stays_idle_where_it_is() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(NEAR,)),))
    outputs = robot.run(20.0)
    assert outputs.phase is Phase.IDLE
    assert robot.intents()[-1].kind is IntentKind.IDLE


def test_an_order_that_comes_with_its_recall_or_before_a_stop_sets_nothing_in_motion() -> None:
    robot = trusted()
    taken_back = (Recall(order_id='a', reason='not needed'),)
    robot.decide(orders=(order(Task.GO_TO, 'a', stops=(FAR,)),), recalls=taken_back)
    robot.decide(orders=(order(Task.GO_TO, 'b', stops=(FAR,)),), stops=('fire',))
    assert (robot.statuses('a'), robot.statuses('b')) == (
        ['accepted', 'recalled'],
        ['accepted', 'failed'],
    )
    assert not {intent.kind for intent in robot.intents()} & {IntentKind.GO_TO, IntentKind.PARK}
    assert robot.run(5.0).phase is Phase.STOPPED


def test_a_recalled_order_ends_and_the_next_one_begins() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.WAIT, 'a', seconds=50.0), order(Task.WAIT, 'b', seconds=50.0)))
    outputs = robot.decide(recalls=(Recall(order_id='a', reason='not needed'),))
    assert outputs.acks[0].reason == 'recalled: not needed'
    assert outputs.order_id == 'b'


def test_a_recall_of_something_unknown_changes_nothing() -> None:
    robot = trusted()
    outputs = robot.decide(recalls=(Recall(order_id='?', reason=''),))
    assert outputs.acks == ()
    assert [note.type for note in outputs.notes] == ['recall.void']


def test_a_recall_that_comes_too_late_gets_the_last_answer() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.WAIT, seconds=1.0),))
    robot.run(2.0)
    outputs = robot.decide(recalls=(Recall(order_id='o1', reason=''),))
    assert [ack.status.value for ack in outputs.acks] == ['completed']


def test_a_stop_ends_everything_and_only_a_new_order_moves_the_robot_again() -> None:
    robot = trusted()
    robot.decide(
        orders=(
            order(Task.GO_TO, 'a', stops=(FAR,), return_home=True),
            order(Task.GO_TO, 'b', stops=(NEAR,)),
        )
    )
    outputs = robot.decide(stops=('fire drill',))
    assert {(ack.status.value, ack.reason) for ack in outputs.acks} == {
        ('failed', 'stopped: fire drill')
    }
    assert outputs.phase is Phase.STOPPED
    assert robot.intents()[-1].kind is IntentKind.HOLD
    assert robot.run(20.0).phase is Phase.STOPPED
    assert robot.decide(orders=(order(Task.GO_TO, 'c', stops=(NEAR,)),)).phase is Phase.EXECUTING


def test_an_order_that_expires_while_it_waits_fails() -> None:
    robot = trusted()
    robot.decide(
        orders=(
            order(Task.WAIT, 'a', seconds=50.0),
            order(Task.WAIT, 'b', seconds=1.0, expires_ns=START_WALL_NS + 3 * SECOND),
        )
    )
    robot.run(4.0)
    assert robot.statuses('b') == ['accepted', 'failed']
    assert robot.reasons('b')[-1] == 'the order expired'


def test_a_load_on_board_keeps_its_right_of_way_through_an_interruption() -> None:
    robot = trusted(tier=3)
    robot.decide(orders=(order(Task.DELIVER, 'a', stops=(NEAR, FAR)),))
    robot.run(20.0, until=lambda _: robot.state.jobs[0].memory.carrying)
    robot.decide(orders=(order(Task.GO_TO, 'b', stops=((0.0, 3.0, 0.0),), priority=9),))
    intent = robot.intents()[-1]
    assert (intent.order_id, intent.priority.name) == ('b', 'PAYLOAD')


def test_a_newer_token_of_lower_tier_takes_motion_away_at_once() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,)),))
    outputs = robot.decide(token=token(1, issued_s=1.0))
    assert outputs.phase is Phase.STOPPED
    assert outputs.reason == 'law tier.sandbox: tier 1 may move in a sandbox zone only'
    assert robot.intents()[-1].kind is IntentKind.HOLD
    assert robot.decide(token=token(2, issued_s=2.0)).phase is Phase.EXECUTING
