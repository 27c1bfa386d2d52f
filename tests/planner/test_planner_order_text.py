# SPDX-License-Identifier: Apache-2.0
"""The closed grammar of local orders."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_agent.planner.core.orders import Order, Region, Task
from swarm_agent.planner.order_text import OrderTextError, parse_order

EVERYWHERE = Region(resolution_m=0.25, width=4, height=2, bits=b'\xff')


def parse(text: str) -> Order:
    return parse_order(text, order_id='l1', agent_id='amr_1', everywhere=EVERYWHERE)


@pytest.mark.parametrize(
    ('text', 'task', 'stops'),
    [
        ('go to 3.0 2.0', Task.GO_TO, ((3.0, 2.0, 0.0),)),
        ('  Go   TO -3 +2.5 1.57 ', Task.GO_TO, ((-3.0, 2.5, 1.57),)),
        ('patrol 1 2, 3 4', Task.PATROL, ((1.0, 2.0, 0.0), (3.0, 4.0, 0.0))),
        ('deliver from 1 2 to 3 4', Task.DELIVER, ((1.0, 2.0, 0.0), (3.0, 4.0, 0.0))),
        ('return to base', Task.RETURN_TO_BASE, ()),
        ('go home', Task.RETURN_TO_BASE, ()),
        ('survey', Task.SURVEY, ()),
        ('wait 5', Task.WAIT, ()),
        ('explore', Task.EXPLORE, ()),
    ],
)
def test_each_form_is_read(text: str, task: Task, stops: tuple[object, ...]) -> None:
    order = parse(text)
    assert (order.task, order.stops) == (task, stops)
    assert (order.order_id, order.agent_id, order.local) == ('l1', 'amr_1', True)


def test_numbers_go_where_they_belong() -> None:
    assert parse('wait 2.5 s').seconds == 2.5
    assert parse('explore 8').seconds == 8.0
    assert parse('patrol 1 2, 3 4 5 times').loops == 5
    assert parse('go to 1 2 3').use_yaw
    assert not parse('go to 1 2').use_yaw
    assert parse('survey').region == EVERYWHERE


@pytest.mark.parametrize(
    'text',
    ['', 'go to', 'go to 1', 'go to here', 'wait', 'go to 1 2; wait 3', 'patrol 1 2,', 'dance'],
)
def test_anything_else_is_refused_with_the_grammar(text: str) -> None:
    with pytest.raises(OrderTextError, match="is no order; expected 'go to X Y"):
        parse(text)


@given(st.text())
def test_any_text_is_an_order_or_the_one_error(text: str) -> None:
    with contextlib.suppress(OrderTextError):
        assert parse(text).order_id == 'l1'
