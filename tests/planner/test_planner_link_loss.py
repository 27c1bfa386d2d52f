# SPDX-License-Identifier: Apache-2.0
"""What each link-loss policy does once the supervisor is out of reach."""

from planner_world import World, order, trusted

from swarm_agent.planner.core.orders import LinkLoss, Task
from swarm_agent.planner.core.types import IntentKind, Phase

A, B, C = (1.5, 0.0, 0.0), (5.0, 3.0, 0.0), (1.5, 2.0, 0.0)


def on_patrol(policy: LinkLoss, **changes: object) -> World:
    robot = trusted()
    given = order(Task.PATROL, stops=(A, B, C), loops=50, link_loss=policy, **changes)
    robot.decide(orders=(given,))
    robot.run(1.0)
    robot.linked = False
    return robot


def test_a_short_silence_changes_nothing() -> None:
    robot = on_patrol(LinkLoss.HOLD)
    robot.run(1.5)
    assert robot.intents()[-1].kind is IntentKind.GO_TO


def test_continue_goes_on() -> None:
    robot = on_patrol(LinkLoss.CONTINUE)
    robot.run(60.0)
    assert robot.state.jobs[0].memory.leg > 3


def test_hold_stands_at_once_and_goes_on_when_the_link_is_back() -> None:
    robot = on_patrol(LinkLoss.HOLD)
    outputs = robot.run(5.0)
    assert (outputs.phase, outputs.reason) == (
        Phase.EXECUTING,
        'waiting for the link to the supervisor',
    )
    assert robot.intents()[-1].kind is IntentKind.HOLD
    robot.linked = True
    robot.run(1.0)
    assert robot.intents()[-1].kind is IntentKind.GO_TO
    assert robot.statuses() == ['accepted']


def test_finish_leg_drives_to_the_next_stop_and_waits_there() -> None:
    robot = on_patrol(LinkLoss.FINISH_LEG)
    robot.run(60.0)
    assert robot.state.link_leg is not None
    assert robot.state.jobs[0].memory.leg == robot.state.link_leg + 1
    assert robot.intents()[-1].kind is IntentKind.HOLD
    robot.linked = True
    robot.run(1.0)
    assert robot.intents()[-1].kind is IntentKind.GO_TO


def test_return_home_waits_at_home_and_resumes_with_the_link() -> None:
    robot = on_patrol(LinkLoss.RETURN_HOME)
    robot.run(40.0)
    assert robot.last().phase is Phase.RETURNING
    assert robot.intents()[-1].goal == robot.params.home
    robot.linked = True
    outputs = robot.run(1.0)
    assert (outputs.phase, outputs.order_id) == (Phase.EXECUTING, 'o1')


def test_lock_down_ends_the_orders_and_takes_no_local_one_until_the_supervisor_speaks() -> None:
    robot = on_patrol(LinkLoss.LOCK_DOWN)
    outputs = robot.run(5.0)
    assert outputs.phase is Phase.STOPPED
    reason = 'locked down: the link to the supervisor is lost'
    assert robot.reasons('o1')[-1] == reason
    refused = robot.decide(orders=(order(Task.GO_TO, 'l', stops=(A,), local=True),))
    assert refused.acks[0].reason == f'locked down: {reason}'
    robot.linked = True
    assert robot.run(5.0).phase is Phase.STOPPED
    assert robot.decide(orders=(order(Task.GO_TO, 'n', stops=(A,)),)).phase is Phase.EXECUTING


def test_a_local_order_needs_no_link() -> None:
    robot = on_patrol(LinkLoss.HOLD, local=True)
    robot.run(30.0)
    assert robot.state.jobs[0].memory.leg > 1


def test_a_fleet_without_a_supervisor_has_no_link_to_lose() -> None:
    robot = trusted(supervised=False)
    robot.linked = False
    robot.decide(orders=(order(Task.PATROL, stops=(A, B), link_loss=LinkLoss.HOLD),))
    robot.run(40.0)
    assert robot.statuses() == ['accepted', 'completed']


def test_the_policy_is_noted_once() -> None:
    robot = on_patrol(LinkLoss.CONTINUE)
    robot.run(10.0)
    notes = [note.why for o in robot.outputs() for note in o.notes if note.type == 'link.lost']
    assert notes == ['policy continue']
