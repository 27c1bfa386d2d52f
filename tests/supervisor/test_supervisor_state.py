# SPDX-License-Identifier: Apache-2.0
"""Missions, memory, the common picture, settings and places, each by itself."""

import asyncio
import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from supervisor_room import CONFIG, write_fleet
from swarm.v1 import common_pb2, mission_pb2, operator_pb2

from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_config.maps import load_map
from swarm_supervisor.core.allocation_core import CORE
from swarm_supervisor.core.problem import Params
from swarm_supervisor.missions import (
    ACCEPTED,
    COMPLETED,
    FAILED,
    PENDING,
    RECALLED,
    Mission,
    MissionStatus,
    Order,
)
from swarm_supervisor.places import load_places, sector_cells
from swarm_supervisor.roster import Roster, Standing
from swarm_supervisor.settings import Settings, load_settings
from swarm_supervisor.store import Escalation, Store
from swarm_supervisor.watchkeeping import keep_watch
from swarm_supervisor.wire import (
    WireError,
    check_ack,
    check_batch,
    check_hello,
    check_submit,
    check_telemetry,
    check_text,
)
from swarm_supervisor.world import SurveyGrid, World
from swarm_vault.errors import VaultError
from swarm_vault.laws.core.roles import Principal, Role

S = 10**9
ADA = Principal(name='ada', role=Role.OPERATOR, verified=True)
GRID = SurveyGrid(cell_m=0.25, floor=np.ones((4, 6), dtype=bool))


def order(number: int = 1, **fields) -> Order:
    values = {
        'order_id': f'm-1-{number}',
        'mission_id': 'm-1',
        'agent_id': 'amr_1',
        'payload': b'',
        **fields,
    }
    return Order(**values)


def mission(*orders: Order) -> Mission:
    return Mission(mission_id='m-1', text='t', operator='ada', created_ns=5, orders=list(orders))


@given(st.lists(st.sampled_from(list(mission_pb2.AckStatus.values()))))
def test_whatever_acks_come_a_closed_order_never_changes_again(statuses):
    one = order(sent=True)
    closed_as = None
    for status in statuses:
        one.apply(status, f'reason {status}', 1)
        if closed_as is None and one.closed:
            closed_as = one.status
        assert closed_as is None or one.status == closed_as


def test_a_mission_is_complete_when_all_orders_that_count_are():
    parts = order(1, status=COMPLETED), order(2, status=FAILED, replaced=True), order(3)
    whole = mission(*parts)
    assert not whole.close_if_done(9)
    parts[2].apply(ACCEPTED, '', 1)
    assert not whole.close_if_done(9)
    parts[2].apply(COMPLETED, '', 1)
    assert whole.close_if_done(9)
    assert (whole.status, whole.closed_ns) == (MissionStatus.COMPLETE, 9)
    assert not whole.close_if_done(10)


def test_a_mission_fails_with_the_reasons_of_its_orders():
    whole = mission(order(1, status=COMPLETED), order(2, status=FAILED, reason='flat'))
    assert whole.close_if_done(9)
    assert (whole.status, whole.reason) == (MissionStatus.FAILED, 'amr_1: flat')


def test_an_order_that_was_never_sent_is_recalled_at_once_another_waits_for_the_robot():
    fresh, sent = order(), order(sent=True)
    fresh.take_back('no')
    sent.take_back('no')
    assert (fresh.status, sent.status, sent.recall) == (RECALLED, PENDING, 'no')


def test_what_was_saved_is_there_after_a_restart(tmp_path):
    fleet = load_fleet(write_fleet(tmp_path))
    store, roster = Store(tmp_path), Roster(fleet)
    member = roster['amr_1']
    member.pose, member.last_heard_ns, member.stop, member.stopped = (1.0, 2.0, 3.0), 7, 's', True
    roster.revoke(member, 'it lies')
    whole = mission(order(1, payload=b'\0x', status=ACCEPTED, sent=True, progress=0.5), order(2))
    with store.together():
        store.save_mission(whole)
        store.save_member(member)
        store.save_reply(ADA, 'r', operator_pb2.SubmitReply(accepted=True, mission_id='m-1'))
        store.save_world(b'seen')
    question = Escalation(escalation_id='e', agent_id='amr_1', text='?', stamp_ns=1)
    assert store.save_escalation(question)
    assert not store.save_escalation(question)
    store.close()
    store, again = Store(tmp_path), Roster(fleet)
    store.restore_members(again)
    found = again['amr_1']
    assert (found.standing, found.reason, found.pose) == (Standing.REVOKED, 'it lies', member.pose)
    assert (found.stop, found.stopped, found.last_heard_ns) == ('s', True, 7)
    assert again['amr_2'].standing is Standing.EXPECTED
    assert store.missions() == [whole]
    assert store.reply_to(ADA, 'r').mission_id == 'm-1'
    assert store.reply_to(ADA, 'q') is None
    assert store.world() == b'seen'
    assert store.open_escalations() == [question]
    store.answer_escalation('e', 'yes')
    assert store.open_escalations() == []
    store.close()


def test_what_fails_together_is_not_saved_at_all(tmp_path):
    store = Store(tmp_path)
    broken = mission(order(payload=None))
    with pytest.raises(sqlite3.IntegrityError), store.together():
        store.save_mission(broken)
    assert store.missions() == []
    store.close()


def test_sequence_numbers_rise_over_restarts(tmp_path):
    last = 0
    for _ in range(3):
        store = Store(tmp_path)
        for _ in range(300):
            number = store.next_sequence()
            assert number > last
            last = number
        store.close()


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / 'nexus' / 'supervisor.sqlite'
    path.parent.mkdir()
    path.write_bytes(b'no database' * 100)
    with pytest.raises(VaultError, match=r'supervisor\.sqlite: cannot be used'):
        Store(tmp_path)


def world(**fields) -> World:
    return World(GRID, **{'seen_ttl_s': 10.0, 'hazard_ttl_s': 10.0, **fields})


def cells(*numbers: int) -> np.ndarray:
    mask = np.zeros(24, dtype=bool)
    mask[list(numbers)] = True
    return mask.reshape(4, 6)


def test_cells_are_fused_dated_and_forgotten():
    common = world()
    common.report('a', cells(0, 1), 100 * S)
    common.report('b', cells(1, 2), 105 * S)
    assert common.coverage(106 * S) == 3 / 24
    assert common.seen_since(103 * S).sum() == 1
    assert common.coverage(112 * S) == 1 / 24
    assert common.coverage(200 * S) == 0.0


def test_a_mask_that_only_grows_dates_only_what_is_new():
    common = world()
    common.report('a', cells(0), 100 * S)
    common.report('a', cells(0, 1), 108 * S)
    assert np.array_equal(common.seen(111 * S), cells(1))


def test_a_restart_keeps_the_dates_and_old_news_date_nothing_anew():
    before = world()
    before.report('a', cells(0), 100 * S)
    after = world()
    after.restore(before.stored())
    after.report('a', cells(0, 3), 108 * S)
    assert np.array_equal(after.seen(111 * S), cells(3))
    after.restore(b'of another map')
    assert after.seen(109 * S).sum() == 2


def test_hazards_near_to_each_other_are_one_and_fade():
    common = world()
    common.report_hazards('a', ((1.0, 1.0),), 100 * S)
    common.report_hazards('b', ((1.2, 1.0), (9.0, 9.0)), 105 * S)
    near, far = common.hazards(106 * S)
    assert (near.reporters, near.heard_ns) == (('a', 'b'), 105 * S)
    assert far.reporters == ('b',)
    assert common.hazards(116 * S) == ()


def test_robots_are_lost_only_by_silence_that_this_process_has_heard(tmp_path):
    roster = Roster(load_fleet(write_fleet(tmp_path)))
    member = roster['amr_1']
    assert not roster.newly_lost(1000 * S, 60.0, 0)
    roster.heard(member, 100 * S)
    assert not roster.newly_lost(1000 * S, 60.0, 950 * S)
    assert roster.newly_lost(1020 * S, 60.0, 950 * S) == (member,)
    assert not roster.newly_lost(1030 * S, 60.0, 950 * S)
    assert roster.heard(member, 1031 * S)
    assert member.standing is Standing.REGISTERED


def test_the_parameter_file_states_the_defaults():
    path = CONFIG / 'params' / 'supervisor.yaml'
    assert load_settings(path) == Settings()
    assert set(yaml.safe_load(path.read_text())) == set(Settings.model_fields)


@pytest.mark.parametrize(
    ('line', 'fault'), [('tier: 9', 'tier'), ('lost: 1', 'lost'), ('token_ttl_s: .nan', 'token')]
)
def test_a_faulty_parameter_is_named(tmp_path, line, fault):
    path = tmp_path / 'supervisor.yaml'
    path.write_text(line)
    with pytest.raises(ConfigError, match=fault):
        load_settings(path)


def test_every_place_of_the_depot_can_be_stood_on_and_every_sector_holds_floor():
    fleet = load_fleet(CONFIG / 'fleets' / 'depot.yaml')
    grid, places = load_map(fleet.map_path), load_places(fleet)
    terrain = CORE.initial(Params(map=_packed(grid), radii_m=(0.28,)))
    for x_m, y_m, _ in places.points.values():
        assert terrain.grounds[0].far_m[grid.cell_of(x_m, y_m)] == 0.0
    for corners in places.sectors.values():
        assert (sector_cells(corners, grid, 5) & terrain.floor).sum() > 100
    assert places.titles[0] == 'depot'


def _packed(grid):
    from swarm_config.maps import pack_map

    return pack_map(grid)


@pytest.mark.parametrize(
    ('content', 'fault'),
    [
        ({'points': {'X': [0, 0, 0]}}, 'points'),
        ({'points': {'a': [0, 0, float('nan')]}}, 'points.a'),
        ({'sectors': {'s': [[0, 0], [1, 1]]}}, 'sectors.s'),
        ({'sectors': {'s': [[0, 0], [1, 1], [1, 0], [0, 1]]}}, 'without crossing'),
        ({'points': {'a': [0, 0, 0]}, 'sectors': {'a': [[0, 0], [1, 0], [1, 1]]}}, "'a' names"),
    ],
)
def test_a_faulty_places_file_is_named(tmp_path: Path, content, fault):
    fleet = load_fleet(write_fleet(tmp_path))
    (tmp_path / 'places.yaml').write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=fault):
        load_places(fleet)


def test_numbers_rise_over_a_restart_though_what_was_saved_with_them_was_rolled_back(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(ZeroDivisionError), store.together(), store.together():
        1 / store.next_sequence() / 0
    used = store.next_sequence()
    store.close()
    again = Store(tmp_path)
    assert again.next_sequence() > used
    again.close()


def test_a_fleet_without_places_still_has_words_for_the_whole_floor(tmp_path):
    path = write_fleet(tmp_path)
    plan = yaml.safe_load(path.read_text())
    del plan['places']
    path.write_text(yaml.safe_dump(plan))
    assert load_places(load_fleet(path)).titles[:3] == ('small', 'room', 'area')


CHECKS = (
    (mission_pb2.Hello, check_hello),
    (mission_pb2.Telemetry, lambda message: check_telemetry(message, GRID)),
    (mission_pb2.OrderAck, check_ack),
    (mission_pb2.EventBatch, check_batch),
    (operator_pb2.SubmitRequest, lambda message: check_submit(message, 0)),
)


@pytest.mark.parametrize(
    ('kind', 'check'), CHECKS, ids=lambda value: getattr(value, '__name__', '')
)
@given(st.binary(max_size=200))
def test_any_bytes_that_parse_are_taken_or_refused_with_a_sentence(kind, check, data):
    message = kind()
    try:
        message.ParseFromString(data)
    except Exception:  # noqa: BLE001 - gRPC refuses these before we see them
        return
    with contextlib.suppress(WireError):
        check(message)


@given(st.floats(), st.floats(), st.floats())
def test_only_finite_poses_pass(x_m, y_m, yaw_rad):
    pose = common_pb2.Pose2D(x_m=x_m, y_m=y_m, yaw_rad=yaw_rad)
    telemetry = mission_pb2.Telemetry(pose=pose, battery=0.5)
    fine = all(np.isfinite(value) and abs(value) <= 1e6 for value in (x_m, y_m, yaw_rad))
    try:
        assert check_telemetry(telemetry, GRID)[0] == (x_m, y_m, yaw_rad)
    except WireError:
        assert not fine
    else:
        assert fine


def test_texts_are_bounded():
    assert check_text('f', 'fine') == 'fine'
    for value in ('', '  ', 'x' * 129, 'a\x00b', 'a\x7f'):
        with pytest.raises(WireError, match='f: '):
            check_text('f', value)


def test_a_supervisor_whose_record_is_not_kept_does_not_go_on():
    async def watched():
        hq = SimpleNamespace(
            wake=asyncio.Event(),
            clock=lambda: 0,
            recorder=SimpleNamespace(fault='log supervisor/supervisor: the disk is full'),
        )
        hq.wake.set()
        await keep_watch(hq, asyncio.Event())

    with pytest.raises(VaultError, match='the disk is full'):
        asyncio.run(watched())


def test_an_answer_is_kept_for_who_asked_and_a_claimed_name_is_not_a_certified_one(tmp_path):
    store = Store(tmp_path)
    store.save_reply(ADA, 'r', operator_pb2.SubmitReply(mission_id='m-1'))
    store.save_reply(ADA, 'r', operator_pb2.SubmitReply(mission_id='m-2'))
    assert store.reply_to(ADA, 'r').mission_id == 'm-1'
    assert store.reply_to(replace(ADA, role=Role.VIEWER), 'r').mission_id == 'm-1'
    assert store.reply_to(replace(ADA, verified=False), 'r') is None
    assert store.reply_to(replace(ADA, name='eve'), 'r') is None
