# SPDX-License-Identifier: Apache-2.0
"""A demo ends when robots can do nothing more: missions closed, or left to a human."""

import pytest
from swarm.v1 import mission_pb2, operator_pb2

from swarm_supervisor.demo.ended import ended

OPEN, DONE = mission_pb2.ACK_STATUS_ACCEPTED, mission_pb2.ACK_STATUS_COMPLETED


def fleet(*missions: tuple[str, dict[str, int]]) -> operator_pb2.FleetState:
    return operator_pb2.FleetState(
        missions=[
            operator_pb2.MissionState(
                status=status,
                orders=[
                    operator_pb2.OrderState(order_id=name, status=said)
                    for name, said in orders.items()
                ],
            )
            for status, orders in missions
        ]
    )


@pytest.mark.parametrize(
    ('missions', 'escalated', 'over'),
    [
        ([], (), False),
        ([('complete', {'a': DONE})], (), True),
        ([('open', {'a': OPEN})], (), False),
        ([('open', {})], (), False),
        ([('open', {'a': OPEN})], ('a',), True),
        ([('open', {'a': DONE, 'b': OPEN})], ('b',), True),
        ([('open', {'a': OPEN, 'b': OPEN})], ('b',), False),
        ([('complete', {'a': DONE}), ('open', {'b': OPEN})], ('a',), False),
    ],
)
def test_a_demo_is_over_when_robots_can_do_nothing_more(missions, escalated, over):
    assert ended(fleet(*missions), escalated) is over
