# SPDX-License-Identifier: Apache-2.0
"""What holds the robot: trust, battery, the emergency stop, and what is not known."""

import math
from dataclasses import replace

import pytest
from planner_world import SECOND, World, order, token, trusted, world

from swarm_agent.planner.core.orders import Task
from swarm_agent.planner.core.state import State
from swarm_agent.planner.core.types import (
    BatteryView,
    Inputs,
    IntentKind,
    Outputs,
    Phase,
    Priority,
)

FAR = (5.0, 3.0, 0.0)


def under_way() -> World:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,), return_home=True),))
    robot.run(1.0)
    return robot


def decide_with(robot: World, **changes: object) -> tuple[State, Outputs]:
    from swarm_agent.planner.core import CORE

    base = Inputs(
        now_ns=robot.now_ns,
        wall_ns=robot.wall_ns,
        situation=robot.situation(),
        battery=BatteryView(heard_ns=robot.now_ns, share=0.9),
        linked=True,
    )
    inputs = replace(base, **changes)  # type: ignore[arg-type]
    return CORE.decide(robot.state, inputs, robot.params)


def test_without_a_token_the_robot_holds() -> None:
    robot = world()
    outputs = robot.decide()
    assert (outputs.tier, outputs.phase) == (0, Phase.IDLE)
    assert robot.intents()[-1].kind is IntentKind.HOLD
    robot.decide(token=token())
    assert robot.intents()[-1].kind is IntentKind.IDLE


def test_without_a_supervisor_the_local_tier_holds() -> None:
    robot = world(supervised=False, local_tier=2)
    assert robot.decide().tier == 2


def test_a_token_is_good_until_it_expires_even_without_a_link() -> None:
    robot = world()
    robot.linked = False
    robot.decide(token=token(lasts_s=20.0))
    robot.decide(orders=(order(Task.PATROL, stops=(FAR, (1.0, 0.0, 0.0)), loops=9, local=True),))
    assert robot.run(10.0).phase is Phase.EXECUTING
    outputs = robot.run(11.0)
    assert (outputs.tier, outputs.phase) == (0, Phase.STOPPED)
    assert robot.intents()[-1].kind is IntentKind.HOLD


@pytest.mark.parametrize(
    ('given', 'why'),
    [
        (replace(token(3), agent_id='amr_2'), "the token is for 'amr_2'"),
        (replace(token(3), tier=7), 'tier 7, expected 0 to 4'),
        (token(3, issued_s=-5.0), 'older than the one in force'),
        (replace(token(3), issued_ns=5), 'expected more than 0 and at most 900 s'),
        (replace(token(3), granted_by=''), 'without the human who grants it'),
    ],
)
def test_a_token_that_does_not_fit_is_refused(given: object, why: str) -> None:
    robot = trusted()
    outputs = robot.decide(token=given)
    assert outputs.tier == 2
    assert [(note.type, why in note.why) for note in outputs.notes] == [('token.refused', True)]


def test_a_low_battery_ends_the_mission_and_brings_the_robot_home() -> None:
    robot = under_way()
    robot.battery = 0.19
    outputs = robot.decide()
    reason = 'battery at 19 %, the reserve is 20 %: returning to base'
    assert [(ack.status.value, ack.reason) for ack in outputs.acks] == [('failed', reason)]
    assert outputs.phase is Phase.RETURNING
    intent = robot.intents()[-1]
    assert (intent.goal, intent.priority) == (robot.params.home, Priority.LOW_BATTERY)
    assert robot.run(30.0).phase is Phase.HOME


def test_a_charged_battery_takes_orders_again() -> None:
    robot = under_way()
    robot.battery = 0.1
    robot.run(30.0)
    robot.battery = 0.6
    outputs = robot.decide(orders=(order(Task.GO_TO, 'n', stops=(FAR,)),))
    assert outputs.phase is Phase.EXECUTING


def test_a_battery_that_wavers_around_the_reserve_ends_the_mission_once() -> None:
    robot = under_way()
    for share in (0.199, 0.201, 0.199, 0.21, 0.199):
        robot.battery = share
        robot.decide()
    assert [n.type for o in robot.outputs() for n in o.notes].count('battery.low') == 1


@pytest.mark.parametrize('share', [math.nan, -0.1, 1.5, math.inf])
def test_a_battery_state_that_makes_no_sense_counts_as_none(share: float) -> None:
    robot = under_way()
    _, outputs = decide_with(robot, battery=BatteryView(heard_ns=robot.now_ns, share=share))
    assert (outputs.phase, outputs.reason) == (Phase.STOPPED, 'no fresh battery state')


def test_an_old_battery_state_counts_as_none() -> None:
    robot = under_way()
    old = BatteryView(heard_ns=robot.now_ns - 31 * SECOND, share=0.9)
    _, outputs = decide_with(robot, battery=old)
    assert outputs.reason == 'no fresh battery state'


@pytest.mark.parametrize(
    'change',
    [
        {'heard_ns': 0},
        {'pose': (math.nan, 0.0, 0.0)},
        {'nav_state': 99},
    ],
)
def test_a_situation_that_is_old_or_makes_no_sense_holds_the_robot(
    change: dict[str, object],
) -> None:
    robot = under_way()
    situation = replace(robot.situation(), **change)  # type: ignore[arg-type]
    _, outputs = decide_with(robot, situation=situation)
    assert outputs.phase is Phase.STOPPED
    assert outputs.intent is not None
    assert outputs.intent.kind is IntentKind.HOLD


def test_a_robot_that_was_never_heard_of_holds_and_its_order_waits() -> None:
    robot = trusted()
    state, outputs = decide_with(robot, situation=None, orders=(order(Task.GO_TO, stops=(FAR,)),))
    assert outputs.acks[0].status.value == 'accepted'
    assert outputs.phase is Phase.STOPPED
    robot.state = state
    assert robot.decide().phase is Phase.EXECUTING


def test_the_emergency_stop_holds_until_it_is_released() -> None:
    robot = under_way()
    robot.e_stop = True
    outputs = robot.run(1.0)
    assert (outputs.phase, outputs.reason) == (Phase.STOPPED, 'the emergency stop is latched')
    robot.e_stop = False
    assert robot.run(1.0).phase is Phase.EXECUTING
    held = [n for o in robot.outputs() for n in o.notes if n.type == 'held']
    assert len(held) == 1
