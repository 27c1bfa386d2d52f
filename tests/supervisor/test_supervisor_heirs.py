# SPDX-License-Identifier: Apache-2.0
"""What one robot leaves goes to who is done soonest, and on to who becomes free before that."""

import asyncio
import math

import pytest
from supervisor_lives import accepted, life, ordered, principal
from supervisor_room import write_fleet
from swarm.v1 import operator_pb2

from swarm_supervisor import handover, relieving, revoking, settling
from swarm_supervisor.agenda import agenda_of, done_in_s
from swarm_supervisor.core.cells import unpack_cells
from swarm_supervisor.missions import COMPLETED, FAILED
from swarm_supervisor.operations import submit
from swarm_vault.replay import replay_vault

LONG = 'patrol west_end, east_end 9 times with {}'
SHORT = 'send {} to {}'
SECOND = 1_000_000_000


@pytest.fixture
def hq(tmp_path):
    write_fleet(tmp_path, robots=3)
    with life(tmp_path) as running:
        running.crews.owing.clear()
        yield running


def given(hq, *texts):
    """Give orders in words that all robots accept; returns the missions."""
    for text in texts:
        reply = ordered(hq, text, request_id=f'r{len(hq.missions)}')
        assert reply.accepted, reply.reason
    accepted(hq)
    return hq.missions[-len(texts) :]


def at_work(hq, name, order):
    """The robot is linked and says what it is at."""
    member = hq.roster[name]
    member.linked, member.last_heard_ns = True, hq.clock()
    member.telemetry.order_id, member.telemetry.battery = order.order_id, 0.9
    hq.post.open(name)


def revoked(hq, name='tb4_1'):
    revoking.take_trust(hq, hq.roster[name], 'it lies', 'ada')
    asyncio.run(settling.settle(hq))


def open_orders(mission):
    return [order for order in mission.orders if not (order.replaced or order.closed)]


def test_an_agenda_counts_ways_rounds_and_what_is_done_of_them(hq):
    free = agenda_of(hq, hq.roster['amr_1'])
    assert (free.busy_s, free.pose) == (0.0, hq.roster['amr_1'].pose)
    (mission,) = given(hq, 'patrol west_end, east_end 3 times with amr_1')
    agenda = agenda_of(hq, hq.roster['amr_1'])
    assert agenda.busy_s == pytest.approx(1.3 * (2.3 + 8.0 + 2 * 16.0), rel=0.1)
    assert agenda.pose[:2] == (10.0, 3.0)
    mission.orders[0].progress = 0.5
    assert agenda_of(hq, hq.roster['amr_1']).busy_s == pytest.approx(agenda.busy_s / 2)


def test_the_way_to_a_task_begins_where_the_work_before_it_ends(hq):
    task = given(hq, 'send tb4_1 to east_end')[0].orders[0].task()
    from_home_s = done_in_s(hq, hq.roster['amr_1'], task)
    given(hq, 'send amr_1 to east_end')
    assert done_in_s(hq, hq.roster['amr_1'], task) == pytest.approx(from_home_s, rel=0.01)


def test_a_more_urgent_task_does_not_wait_for_what_it_interrupts(hq):
    task = given(hq, 'send tb4_1 to east_end')[0].orders[0].task()
    soon_s = done_in_s(hq, hq.roster['amr_1'], task)
    given(hq, LONG.format('amr_1'))
    assert done_in_s(hq, hq.roster['amr_1'], task) > 5 * soon_s
    task.priority = 9
    assert done_in_s(hq, hq.roster['amr_1'], task) == soon_s


def test_behind_rounds_that_use_up_the_charge_only_a_more_urgent_order_is_proved(hq):
    telemetry = hq.roster['amr_1'].telemetry
    telemetry.stamp_ns, telemetry.battery = 1, 0.25
    given(hq, 'keep visiting west_end and east_end with amr_1')
    request = operator_pb2.SubmitRequest(
        text='patrol west_end, east_end 3 times with amr_1', operator='ada', request_id='behind'
    )
    refused = asyncio.run(submit(hq, request, principal(hq, 'ada')))
    assert 'amr_1 gets home with' in refused.reason
    request.priority, request.request_id = 8, 'before'
    assert asyncio.run(submit(hq, request, principal(hq, 'ada'))).accepted


def test_rounds_go_to_who_is_done_soonest_and_not_to_who_has_the_fewest_orders(hq):
    given(hq, LONG.format('amr_1'), SHORT.format('amr_2', 'east_end'))
    given(hq, SHORT.format('amr_2', 'west_end'))
    (mission,) = given(hq, 'patrol west_end, east_end with tb4_1')
    revoked(hq)
    assert [order.agent_id for order in open_orders(mission)] == ['amr_2']


def test_an_heir_with_nothing_else_to_do_goes_home_afterwards(hq):
    given(hq, 'send tb4_1 to west_end')
    (mission,) = given(hq, 'patrol west_end, east_end with tb4_1')
    assert not mission.orders[0].task().return_home
    revoked(hq)
    (heir,) = open_orders(mission)
    assert heir.task().return_home


def test_the_rest_of_a_survey_goes_whole_to_who_is_done_before_the_other_could_begin(hq):
    (mission,) = given(hq, 'survey the whole room')
    left = next(order for order in mission.orders if order.agent_id == 'tb4_1')
    given(hq, LONG.format('amr_1'))
    for order in mission.orders:
        order.status = order.status if order is left else COMPLETED
    revoked(hq)
    (heir,) = open_orders(mission)
    assert heir.agent_id == 'amr_2'
    region = unpack_cells(heir.task().survey.region.bits, hq.world.grid.shape)
    assert (region == hq.region_of(left)).all()


def in_line(hq, text):
    """What amr_2 took over of tb4_1 while amr_1 had more to do, and waits behind its own work."""
    first, second = given(hq, LONG.format('amr_1'), LONG.format('amr_2'))
    second.orders[0].progress = 0.5
    (mission,) = given(hq, text)
    at_work(hq, 'amr_2', second.orders[0])
    revoked(hq)
    accepted(hq)
    (waits,) = open_orders(mission)
    assert waits.agent_id == 'amr_2'
    first.orders[0].status = COMPLETED
    at_work(hq, 'amr_1', first.orders[0])
    return mission, waits


@pytest.mark.parametrize('text', ['patrol west_end, east_end with tb4_1', 'survey the west'])
def test_what_waits_in_line_goes_to_a_robot_that_has_become_free(hq, tmp_path, text):
    mission, waits = in_line(hq, text)
    asyncio.run(settling.settle(hq))
    (heir,) = open_orders(mission)
    assert heir.agent_id == 'amr_1'
    assert waits.replaced
    assert waits.recall.startswith('handed over: amr_1 is free and done with it in about')
    assert heir.task().return_home
    hq.recorder.close()
    replayed = replay_vault(tmp_path / 'vault')
    assert replayed.ok, replayed.reasons


def begun(hq, waits):
    hq.roster['amr_2'].telemetry.order_id = waits.order_id


def silent(hq, _waits):
    hq.roster['amr_2'].last_heard_ns -= 5 * SECOND


def stopped(hq, _waits):
    hq.roster['amr_1'].stopped = True


def no_sooner(hq, _waits):
    hq.missions[1].orders[0].progress = 0.99
    hq.roster['amr_1'].pose = (10.0, 3.0, 0.0)


def a_load(hq, waits):
    task = waits.task()
    task.deliver.pick_up.x_m, task.deliver.drop_off.x_m = 2.0, 4.0
    waits.payload = task.SerializeToString()


def of_an_operator(hq, waits):
    task = waits.task()
    task.ClearField('handoff')
    waits.payload = task.SerializeToString()


@pytest.mark.parametrize('why', [begun, silent, stopped, no_sooner, a_load, of_an_operator])
def test_it_stays_where_it_is_otherwise(hq, why):
    mission, waits = in_line(hq, 'patrol west_end, east_end with tb4_1')
    why(hq, waits)
    asyncio.run(settling.settle(hq))
    assert open_orders(mission) == [waits]
    assert not waits.recall


def test_what_cannot_be_proved_for_the_free_robot_stays_where_it_is(hq):
    mission, waits = in_line(hq, 'patrol west_end, east_end with tb4_1')
    telemetry = hq.roster['amr_1'].telemetry
    telemetry.stamp_ns, telemetry.battery = 1, 0.05
    asyncio.run(settling.settle(hq))
    assert open_orders(mission) == [waits]
    assert mission.open


def test_a_robot_that_gets_other_work_meanwhile_is_not_free(hq, monkeypatch):
    mission, waits = in_line(hq, 'patrol west_end, east_end with tb4_1')
    prove = relieving.proved

    async def meanwhile(*arguments):
        drafts = await prove(*arguments)
        hq.missions[0].orders[0].status = 0
        return drafts

    monkeypatch.setattr(relieving, 'proved', meanwhile)
    asyncio.run(settling.settle(hq))
    assert open_orders(mission) == [waits]


def test_rounds_that_nobody_is_known_to_finish_are_given_up_and_not_a_crash(hq, monkeypatch):
    (mission,) = given(hq, 'patrol west_end, east_end with tb4_1')
    monkeypatch.setattr(handover, 'done_in_s', lambda *_: math.inf)
    revoked(hq)
    assert [order.status for order in mission.orders] == [FAILED]
