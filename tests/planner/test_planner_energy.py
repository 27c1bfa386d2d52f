# SPDX-License-Identifier: Apache-2.0
"""What an order takes of the battery is measured, and ends where the mandate does."""

from dataclasses import replace

import pytest
from planner_world import MANDATE, World, order, token, world

from swarm_agent.planner.core.orders import Task

FAR = (5.0, 3.0, 0.0)


def on_its_way(**caps: float) -> World:
    robot = world(capacity_wh=100.0)
    robot.decide(token=replace(token(), mandate=replace(MANDATE, **caps)))
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,)),))
    return robot


@pytest.mark.parametrize(
    ('caps', 'said'),
    [
        ({'charge_share': 0.05}, '6.0 % of charge used, the mandate covers 5.0 %'),
        ({'energy_wh': 5.0}, '6.0 Wh used, the mandate covers 5.0 Wh'),
    ],
)
def test_an_order_that_takes_more_than_its_mandate_covers_ends(
    caps: dict[str, float], said: str
) -> None:
    robot = on_its_way(**caps)
    robot.battery = 0.86
    robot.decide()
    assert robot.statuses('o1') == ['accepted']
    robot.battery = 0.84
    robot.decide()
    assert robot.statuses('o1') == ['accepted', 'failed']
    assert robot.reasons('o1')[-1] == f'law mandate.energy: {said}'


def test_only_what_is_lost_while_the_order_is_worked_on_counts() -> None:
    robot = on_its_way(charge_share=0.05)
    urgent = order(Task.WAIT, 'o2', seconds=2.0, priority=9)
    robot.decide(orders=(urgent,))
    robot.battery = 0.86
    robot.run(4.0)
    assert robot.statuses('o2')[-1] == 'completed'
    robot.battery = 0.83
    robot.decide()
    assert robot.statuses('o1') == ['accepted']
    assert robot.state.jobs[0].memory.used_share == pytest.approx(0.03)


def test_a_mandate_without_a_cap_asks_for_nothing() -> None:
    robot = on_its_way()
    robot.battery = 0.5
    robot.decide()
    assert robot.statuses('o1') == ['accepted']
