# SPDX-License-Identifier: Apache-2.0
"""One operator's requests and the number of watchers have limits; a stop has none."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervisor_room import SETTINGS, robot_of, small_fleet, until

from swarm_supervisor.client import OperatorError
from swarm_supervisor.core.pacing import MINUTE_NS, take
from swarm_supervisor.doorkeeper import CrowdedError, Doorkeeper
from swarm_vault.laws.core.roles import Principal, Role

SECOND = 1_000_000_000
FEW = SETTINGS.model_copy(update={'orders_per_minute': 3, 'watchers': 2})
ADA = Principal(name='ada', role=Role.OPERATOR, verified=True)
BERT = Principal(name='bert', role=Role.OPERATOR, verified=True)


def claimed(name: str) -> Principal:
    return Principal(name=name, role=Role.OPERATOR, verified=False)


def let_in(times, per_minute):
    """How many of the requests at these times are let in."""
    bucket, count = None, 0
    for now_ns in times:
        bucket, wait_s = take(bucket, now_ns, per_minute)
        count += not wait_s
    return count


def test_a_minutes_worth_comes_at_once_and_then_one_at_a_time():
    assert let_in([0] * 20, 12) == 12
    assert let_in([0] * 20 + [5 * SECOND] * 3, 12) == 13
    bucket, _ = take(None, 0, 1)
    assert take(bucket, 0, 1)[1] == 60.0
    assert take(bucket, 60 * SECOND, 1)[1] == 0.0


@given(st.lists(st.integers(0, 10 * MINUTE_NS), max_size=60), st.integers(1, 20))
def test_no_minute_lets_more_than_two_minutes_worth_in(times, per_minute):
    times = sorted(times)
    for start in times:
        inside = [now_ns for now_ns in times if start <= now_ns < start + MINUTE_NS]
        assert let_in(inside, per_minute) <= 2 * per_minute


def test_a_clock_that_is_set_back_neither_fills_nor_locks():
    assert let_in([MINUTE_NS] * 5 + [0] * 5, 5) == 5
    assert let_in([MINUTE_NS] * 5 + [0, 12 * SECOND], 5) == 6


def test_one_operator_does_not_use_up_what_another_may_ask():
    door = Doorkeeper(FEW, lambda *_: None)
    for _ in range(3):
        door.order(ADA, 0)
    with pytest.raises(CrowdedError, match="more than 3 orders in a minute from 'ada'; ask again"):
        door.order(ADA, 0)
    door.order(BERT, 0)
    door.request(ADA, 0)


def test_a_new_name_each_time_gets_nobody_past_the_door():
    door = Doorkeeper(FEW, lambda *_: None)
    for number in range(3):
        door.order(claimed(f'name{number}'), 0)
    with pytest.raises(CrowdedError, match='names without a certificate'):
        door.order(claimed('another'), 0)


def test_a_flood_is_told_once_until_it_is_over():
    told = []
    door = Doorkeeper(FEW, lambda who, _: told.append(who))
    for now_ns in [0] * 9 + [25 * SECOND] * 3:
        try:
            door.order(ADA, now_ns)
        except CrowdedError:
            continue
    assert told == ['ada', 'ada']


def test_who_asks_too_often_is_told_so_and_may_still_stop_and_recall(tmp_path):
    with (
        small_fleet(tmp_path, settings=FEW) as supervisor,
        robot_of(supervisor, 'amr_1') as robot,
        supervisor.operator() as client,
    ):
        submit = client.submit
        first = submit('send amr_1 to west_end', operator='ada')
        submit('send amr_1 to east_end', operator='ada')
        submit('send amr_1 to west_end', operator='eve')
        with pytest.raises(OperatorError, match='more than 3 orders in a minute'):
            submit('send amr_1 to east_end', operator='ada')
        assert len(supervisor.hq.missions) == 3
        assert client.recall(first.mission_id, operator='ada').done
        assert client.stop(operator='ada') == ['amr_1']
        until(lambda: robot.stops, 'the stop')


def test_as_many_as_are_set_may_watch_and_an_end_makes_room(tmp_path):
    with small_fleet(tmp_path, settings=FEW) as supervisor, ExitStack() as stack:
        one, two, three = (stack.enter_context(supervisor.operator()) for _ in range(3))
        watches = [client.watch(0.1) for client in (one, two)]
        assert all(next(watch).robots for watch in watches)
        with pytest.raises(OperatorError, match='2 watch already, no more may'):
            next(three.watch())
        watches[0].close()
        until(lambda: _sees(three), 'room for the third')


def _sees(client) -> bool:
    try:
        return bool(client.snapshot().robots)
    except OperatorError:
        return False
