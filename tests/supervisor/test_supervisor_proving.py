# SPDX-License-Identifier: Apache-2.0
"""Every order of a mission passes the plan checker before it leaves, whoever planned it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from supervisor_room import Supervisor, TalkingRobot, small_fleet, until
from swarm.v1 import operator_pb2

from swarm_supervisor.client import OperatorClient
from swarm_supervisor.missions import FAILED
from swarm_vault.replay import replay_vault


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with small_fleet(tmp_path) as running:
        yield running


def charged(supervisor: Supervisor, pair: list[TalkingRobot], *shares: float) -> None:
    for robot, share in zip(pair, shares, strict=True):
        robot.report(battery=share)
        member = supervisor.hq.roster[robot.agent_id]
        until(lambda m=member, s=share: m.telemetry.battery == s, 'telemetry')


def submit(client: OperatorClient, text: str) -> operator_pb2.SubmitReply:
    return client.submit(text, operator='ada')


def test_what_the_charge_does_not_bear_is_refused_before_anything_is_sent(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    charged(supervisor, pair, 0.3, 0.3)
    reply = submit(operator, 'patrol west_end, east_end 900 times')
    assert not reply.accepted
    assert reply.reason.startswith('the plan cannot be proved: step 1 of amr_')
    assert 'of charge, expected 20 %' in reply.reason
    assert not [order for robot in pair for order in robot.orders]
    supervisor.stop()
    report = replay_vault(supervisor.vault)
    assert report.ok, report.reasons
    assert any(bag.core == 'plan_check' and bag.reproduced >= 2 for bag in report.bags)


def test_a_robot_without_the_charge_for_it_is_left_out_where_nobody_named_it(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    charged(supervisor, pair, 0.2, 0.9)
    assert submit(operator, 'survey the whole room').accepted
    until(lambda: bool(pair[1].orders), 'the order')
    assert not pair[0].orders
    refused = submit(operator, 'send amr_1 to west_end')
    assert 'step 1 of amr_1: amr_1 gets home with' in refused.reason


def test_rounds_without_an_end_are_as_many_as_the_charge_bears(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    charged(supervisor, pair, 0.3, 0.3)
    reply = submit(operator, 'keep visiting the west end and the east end')
    assert reply.accepted, reply.reason
    assert 'as many rounds as the charge bears' in reply.reason
    until(lambda: any(robot.orders for robot in pair), 'the order')
    (order,) = (order for robot in pair for order in robot.orders)
    assert 1 < order.patrol.loops < 1000


def test_a_step_waits_for_the_one_before_it_also_past_the_judge(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    reply = submit(operator, 'wait 30 s with amr_1, then send amr_2 to west_end')
    assert len(reply.order_ids) == 2, reply.reason
    until(lambda: bool(pair[0].orders), 'the first step')
    assert not pair[1].orders
    pair[0].complete()
    until(lambda: bool(pair[1].orders), 'the second step')


def test_an_order_carries_its_scope_its_mandate_and_the_budget_of_the_policy(
    operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    assert submit(operator, 'survey west').accepted
    until(lambda: any(robot.orders for robot in pair), 'the order')
    order = next(order for robot in pair for order in robot.orders)
    (area,) = order.packet.areas
    assert (area.name, len(area.corners)) == ('west', 4)
    assert order.packet.mandate_id == order.warrant.mandate_id != ''
    budget = (order.packet.max_errors, order.packet.max_repeats, order.packet.max_procedure)
    assert budget == (8, 2, 1)


def mandate(supervisor: Supervisor, agent_id: str, **caps: float) -> None:
    path = supervisor.vault / 'agents' / agent_id / 'mandate.md'
    lines = ''.join(f'{name}: {value}\n' for name, value in caps.items())
    path.write_text(f'# Mandate\n\n```yaml\ntier: 3\nmax_speed_mps: 1.0\n{lines}```\n')


def test_small_orders_cannot_add_up_beyond_what_a_mandate_covers(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    mandate(supervisor, 'amr_1', total_wh=0.9, energy_wh=0.5)
    wait = 'wait 20 s with amr_1'
    assert submit(operator, wait).accepted
    until(lambda: len(pair[0].orders) == 1, 'the order')
    assert pair[0].orders[0].warrant.expected_wh == pytest.approx(60.0 * 20 / 3600, rel=0.01)
    assert submit(operator, wait).accepted
    refused = submit(operator, wait)
    assert 'of the mandate 0.2 Wh are left' in refused.reason
    long = submit(operator, 'wait 60 s with amr_1')
    assert 'it takes about 1.0 Wh, the mandate covers 0.5 Wh' in long.reason
    assert submit(operator, 'wait 60 s with amr_2').accepted


def test_a_robot_whose_mandate_is_too_small_is_left_out(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    mandate(supervisor, 'amr_1', charge_share=0.0001)
    reply = submit(operator, 'survey the whole room')
    assert reply.accepted, reply.reason
    until(lambda: bool(pair[1].orders), 'the order')
    assert not pair[0].orders


def test_an_heir_gets_only_what_can_be_proved(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    charged(supervisor, pair, 0.9, 0.2)
    assert submit(operator, 'survey the whole room').accepted
    until(lambda: bool(pair[0].orders), 'the order')
    assert not pair[1].orders
    pair[0].ack(pair[0].orders[0].order_id, FAILED, 'a wheel is off')
    until(lambda: operator.missions()[0].status == 'failed', 'the end')
    assert not pair[1].orders
