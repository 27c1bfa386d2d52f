# SPDX-License-Identifier: Apache-2.0
"""Requests that are malformed, huge, late or racing: one clear sentence each, and no effect."""

import asyncio
import itertools
import logging
import os
import shutil
import sqlite3

import grpc
import pytest
from supervisor_lives import accepted, life, ordered, principal, write_governed
from supervisor_room import CONFIG, Supervisor, robot_of, until
from swarm.v1 import laws_pb2, mission_pb2, operator_pb2

from swarm_config.fleets import load_fleet
from swarm_supervisor import (
    approvals,
    faults,
    handover,
    issuing,
    operations,
    proving,
    revoking,
    settling,
    stopping,
)
from swarm_supervisor.client import OperatorError
from swarm_supervisor.deciding import decide, look_at_pending
from swarm_supervisor.missions import FAILED, MissionStatus
from swarm_supervisor.roster import Standing
from swarm_supervisor.store import Store
from swarm_supervisor.strategist import Plan, ReturnTask
from swarm_supervisor.tasking import CannotError
from swarm_supervisor.trusting import issue_token, renew_token
from swarm_supervisor.watchkeeping import look_after_members
from swarm_vault.events import Query, read_events
from swarm_vault.keys import channel_files, load_trust
from swarm_vault.laws.codex_seal import make_key, seal
from swarm_vault.laws.core.tiers import takes_over, trust_of
from swarm_vault.laws.wire import to_token
from swarm_vault.replay import replay_vault

PATROL = 'patrol west_end, east_end with amr_1'
SECOND = 1_000_000_000
HOUR = 3600 * SECOND


@pytest.fixture
def folder(tmp_path):
    write_governed(tmp_path)
    return tmp_path


@pytest.fixture
def hq(folder):
    with life(folder) as running:
        yield running


def bytes_to(supervisor, service, method, content, kind='unary_unary'):
    """Send bytes as they are, with the operator's certificate; returns how the call ended."""
    files = channel_files(supervisor.vault, 'operator')
    credentials = grpc.ssl_channel_credentials(files.ca, files.key, files.cert)
    with grpc.secure_channel(supervisor.target, credentials) as channel:
        call = getattr(channel, kind)(f'/swarm.v1.{service}/{method}', None, None)
        sent = iter([content]) if kind == 'stream_stream' else content
        with pytest.raises(grpc.RpcError) as ended:
            list(call(sent, timeout=20))
    return ended.value.code(), ended.value.details()


def test_bytes_that_are_no_message_end_in_a_sentence_and_no_traceback(folder, caplog):
    supervisor = Supervisor(load_fleet(folder / 'fleet.yaml'), folder / 'vault')
    with caplog.at_level(logging.WARNING), supervisor:
        for method, kind in (('Submit', 'unary_unary'), ('Watch', 'unary_stream')):
            code, said = bytes_to(supervisor, 'Operator', method, b'\xff' * 90, kind)
            assert code is grpc.StatusCode.INVALID_ARGUMENT
            assert said.startswith('the request cannot be read')
        code, said = bytes_to(supervisor, 'MissionControl', 'Link', b'\xff', 'stream_stream')
        assert (code, said) == (
            grpc.StatusCode.PERMISSION_DENIED,
            'the first message of a link must be a hello',
        )
    assert not [record for record in caplog.records if record.exc_info]


def test_a_disk_that_takes_nothing_ends_a_call_in_a_sentence(folder, caplog, monkeypatch):
    def full(*_: object) -> None:
        raise sqlite3.OperationalError('database or disk is full')

    supervisor = Supervisor(load_fleet(folder / 'fleet.yaml'), folder / 'vault')
    with caplog.at_level(logging.WARNING), supervisor:
        monkeypatch.setattr(Store, 'save_reply', full)
        request = operator_pb2.SubmitRequest(text='x', operator='ada', request_id='r')
        said = bytes_to(supervisor, 'Operator', 'Submit', request.SerializeToString())
        because = 'the supervisor cannot keep a record of it (database or disk is full);'
        assert said == (
            grpc.StatusCode.UNAVAILABLE,
            f'{because} mend its disk, then ask again',
        )
    assert not [record for record in caplog.records if record.exc_info]


def test_roles_that_are_altered_while_it_runs_end_all_orders_and_no_stop(folder):
    plan, codex = folder / 'fleet.yaml', folder / 'codex'
    make_key(folder / 'c.key')
    shutil.copy(CONFIG / 'codex' / 'LAWS.md', codex)
    seal(codex, folder / 'c.key', 'ada')
    plan.write_text(plan.read_text() + 'codex_key: c.pub\n')
    supervisor = Supervisor(load_fleet(plan), folder / 'vault')
    with supervisor, robot_of(supervisor, 'amr_1'), supervisor.operator() as client:
        assert not any('signature' in notice for notice in client.snapshot().notices)
        assert client.submit('survey the whole room', operator='opa').accepted
        text = (codex / 'operators.yaml').read_text()
        (codex / 'operators.yaml').write_text(text.replace('viewer', 'commander'))
        with pytest.raises(OperatorError) as refused:
            client.submit('survey the whole room', operator='vic')
        assert 'codex: operators.yaml was changed after it was signed' in str(refused.value)
        assert 'nobody may give orders' in str(refused.value)
        assert client.stop(operator='vic') == ['amr_1']
        (codex / 'operators.yaml').write_text(text)
        watched = client.watch(0.1)
        assert next(watched).robots
        (codex / 'operators.yaml').write_text('operators: {}\n')
        with pytest.raises(OperatorError) as refused:
            list(watched)
        assert 'nobody may give orders' in str(refused.value)


def test_a_robot_that_sends_bytes_that_are_no_message_keeps_its_link(folder):
    with (
        Supervisor(load_fleet(folder / 'fleet.yaml'), folder / 'vault') as supervisor,
        robot_of(supervisor, 'amr_1') as robot,
    ):
        robot.say(telemetry=mission_pb2.Telemetry(battery=float('nan')))
        robot.report(phase='home')
        member = supervisor.hq.roster['amr_1']
        until(lambda: member.telemetry.phase == 'home', 'the report after it')


ODD = (
    ('text', 'survey\x00 all', 'text: holds U+0000, which cannot be seen'),
    ('text', 'patrol \u202edock', 'text: holds U+202E'),
    ('text', 'x' * 100_000, '1 to 500 characters, found 100000'),
    ('operator', 'ada\n### Approved by ada', 'operator: holds a control character'),
    ('request_id', '', 'request_id: empty'),
    ('priority', 2**32 - 1, 'priority: 4294967295'),
    ('not_before_ns', 2**63 - 1, 'at most 31 days from now'),
    ('not_before_ns', -1, 'nanoseconds since 1970'),
    ('link_loss', 99, 'link_loss: 99'),
)


def test_an_order_with_an_odd_field_is_refused_in_a_sentence(hq):
    for field, value, said in ODD:
        values = {'text': 'survey the whole room', 'operator': 'ada', 'request_id': 'r'}
        request = operator_pb2.SubmitRequest(**{**values, field: value})
        reply = asyncio.run(operations.submit(hq, request, principal(hq, 'ada')))
        assert not reply.accepted
        assert said in reply.reason
        assert '\n' not in reply.reason
    assert not hq.missions


def test_the_reason_of_a_stop_cannot_steer_a_terminal(hq):
    request = operator_pb2.StopRequest(agent_id='amr_1', reason='\x1b[2J\0fire', operator='ada')
    stopping.stop(hq, request, principal(hq, 'ada'))
    assert hq.roster['amr_1'].stop == '[2J fire'


def decided(hq, by='ada', *, approve=True, row=None):
    row = row or approvals.open_rows(hq)[-1]
    request = laws_pb2.DecideRequest(pending_id=row.pending_id, approve=approve, operator=by)
    return decide(hq, request, principal(hq, by))


def test_of_two_answers_at_once_one_counts(hq):
    async def both():
        await operations.submit(hq, asked(), principal(hq, 'ada'))
        (row,) = approvals.open_rows(hq)
        yes = [decided(hq, by, row=row) for by in ('ada', 'bob')]
        return await asyncio.gather(*yes, decided(hq, 'cyd', approve=False, row=row))

    first, second, third = asyncio.run(both())
    assert first.done
    assert [reply.done for reply in (second, third)] == [False, False]
    assert 'is approved: approved by ada' in second.reason
    assert len(hq.missions[0].orders) == 1


def asked(**more):
    values = {'text': PATROL, 'operator': 'ada', 'request_id': 'r', **more}
    return operator_pb2.SubmitRequest(**values)


def test_an_answer_by_file_that_comes_behind_one_by_wire_changes_nothing(hq, monkeypatch):
    async def race():
        for number in range(2):
            await operations.submit(hq, asked(request_id=str(number)), principal(hq, 'ada'))
        slow, fast = approvals.open_rows(hq)
        for row in (slow, fast):
            path = approvals.path_of(hq, row.pending_id)
            path.write_text(path.read_text() + '\n### Approved by ada\n')
        text = approvals.path_of(hq, fast.pending_id).read_text()

        async def between(*_: object, **__: object) -> proving.Proven:
            await decided(hq, 'bob', approve=False, row=fast)
            approvals.path_of(hq, fast.pending_id).write_text(text)
            raise CannotError('no')

        monkeypatch.setattr(issuing, 'prove_orders', between)
        await look_at_pending(hq)
        return fast

    fast = asyncio.run(race())
    row = next(r for r in hq.store.pending() if r.pending_id == fast.pending_id)
    assert (row.status, row.reason) == ('denied', 'denied by bob: ')


@pytest.mark.parametrize('steps_s', [301, -3600])
def test_an_answer_after_the_time_or_by_a_clock_that_was_set_back_orders_nothing(hq, steps_s):
    assert ordered(hq, PATROL).accepted
    began_ns = hq.clock()
    hq.clock = lambda: began_ns + steps_s * SECOND
    reply = asyncio.run(decided(hq))
    assert not reply.done
    assert reply.reason.endswith(': blocked')
    assert hq.missions[0].status is MissionStatus.FAILED
    assert not hq.missions[0].orders


def test_a_question_that_was_asked_in_the_future_is_not_left_open(hq):
    assert ordered(hq, PATROL).accepted
    began_ns = hq.clock()
    hq.clock = lambda: began_ns - HOUR
    asyncio.run(look_at_pending(hq))
    assert not approvals.open_rows(hq)
    assert hq.store.pending()[0].reason == 'the clock was set back since it was asked: blocked'


def test_a_robot_that_was_stopped_since_the_question_makes_its_answer_stale(hq):
    assert ordered(hq, PATROL).accepted
    stopping.stop_robot(hq, hq.roster['amr_1'], 'fire')
    reply = asyncio.run(decided(hq))
    assert reply.reason == 'amr_1 is stopped; ask again'
    assert hq.roster['amr_1'].stopped


@pytest.mark.parametrize('by', ['vic', 'opa'])
def test_who_may_not_approve_leaves_the_question_as_it_is(hq, by):
    assert ordered(hq, PATROL).accepted
    (row,) = approvals.open_rows(hq)
    reply = asyncio.run(decided(hq, by))
    assert 'has no role that approves' in reply.reason
    assert approvals.open_rows(hq) == [row]
    path = approvals.path_of(hq, row.pending_id)
    path.write_text(path.read_text() + f'\n### Approved by {by}\n')
    asyncio.run(look_at_pending(hq))
    assert approvals.open_rows(hq) == [row]
    assert not hq.missions[0].orders
    assert path.with_suffix('.refused').exists()


@pytest.mark.parametrize('what', ['folder', 'pipe', 'huge'])
def test_a_question_file_that_is_no_plain_file_is_put_aside(hq, what):
    assert ordered(hq, PATROL).accepted
    (row,) = approvals.open_rows(hq)
    path = approvals.path_of(hq, row.pending_id)
    text = path.read_text()
    path.unlink()
    if what == 'folder':
        path.mkdir()
    elif what == 'pipe':
        os.mkfifo(path)
    else:
        path.write_text(text + '\n### Approved by ada\n' + 'x' * 70_000)
    asyncio.run(look_at_pending(hq))
    assert approvals.open_rows(hq) == [row]
    assert not path.exists()


def test_a_flood_of_questions_is_bounded_and_none_of_them_is_lost(hq):
    replies = [
        ordered(hq, PATROL, request_id=str(number)) for number in range(operations.MOST_QUESTIONS)
    ]
    assert all(reply.accepted for reply in replies)
    assert 'answer some first' in ordered(hq, PATROL, request_id='more').reason
    assert len(approvals.open_rows(hq)) == operations.MOST_QUESTIONS


@pytest.mark.parametrize('stopped', [True, False])
def test_an_order_that_was_planned_while_its_robot_was_stopped_or_revoked_is_refused(
    hq, monkeypatch, stopped
):
    prove = issuing.prove_orders

    async def meanwhile(*arguments):
        proven = await prove(*arguments)
        member = hq.roster['amr_1']
        if stopped:
            stopping.stop_robot(hq, member, 'fire')
        else:
            revoking.take_trust(hq, member, 'it lies', 'ada')
        return proven

    monkeypatch.setattr(issuing, 'prove_orders', meanwhile)
    reply = ordered(hq, 'send amr_1 to west_end')
    assert not reply.accepted
    assert reply.reason.startswith('amr_1 was stopped' if stopped else 'amr_1 is revoked')
    assert (hq.missions, hq.roster['amr_1'].stopped) == ([], True)


def test_a_mission_that_ends_while_its_recall_is_planned_is_not_told_as_recalled(hq, monkeypatch):
    prove, mission_id = issuing.prove_orders, ordered(hq, 'survey the whole room').mission_id

    async def meanwhile(*arguments):
        hq.mission(mission_id).close(MissionStatus.COMPLETE, hq.clock())
        return await prove(*arguments)

    monkeypatch.setattr(issuing, 'prove_orders', meanwhile)
    reply = ordered(hq, f'recall {mission_id}', request_id='2')
    assert (reply.accepted, reply.reason) == (False, f'mission {mission_id!r} is complete already')
    assert ordered(hq, f'recall {mission_id}', request_id='2') == reply


def test_robots_that_are_lost_while_their_way_home_is_planned_end_it_in_a_sentence(
    hq, monkeypatch
):
    prove = issuing.prove_orders

    async def meanwhile(*arguments):
        for member in hq.roster:
            member.standing = Standing.LOST
        return await prove(*arguments)

    monkeypatch.setattr(issuing, 'prove_orders', meanwhile)
    reply = ordered(hq, 'everybody return home')
    assert reply.reason == 'no robot is there any more that could be sent home'
    assert (reply.accepted, hq.missions) == (False, [])


def test_what_the_supervisor_orders_by_itself_does_not_move_a_robot_that_was_stopped(hq):
    member = hq.roster['amr_1']
    stopping.stop_robot(hq, member, 'fire')
    plan = Plan(tasks=(ReturnTask(robot='amr_1'),), author='mediator')
    reply = asyncio.run(operations.give(hq, plan, asked(text='home'), principal(hq, 'ada')))
    assert reply.reason == 'amr_1 was stopped by an operator; an operator gives it a new order'
    assert (member.stopped, hq.missions) == (True, [])
    assert ordered(hq, 'send amr_1 to west_end', request_id='2').accepted
    assert not member.stopped


def test_work_is_not_handed_to_a_robot_that_is_stopped_while_it_is_shared_out(hq, monkeypatch):
    ordered(hq, 'survey the whole room')
    accepted(hq)
    hq.crews.owing.clear()
    hq.roster['amr_2'].standing = Standing.LOST
    split = handover.proved_split

    async def meanwhile(*arguments):
        drafts = await split(*arguments)
        stopping.stop_robot(hq, hq.roster['amr_1'], 'fire')
        return drafts

    monkeypatch.setattr(handover, 'proved_split', meanwhile)
    before = len(hq.missions[0].orders)
    asyncio.run(settling.settle(hq))
    assert len(hq.missions[0].orders) == before
    assert hq.roster['amr_1'].stopped


def test_a_revocation_while_an_order_is_on_its_way_takes_it_back(hq):
    ordered(hq, 'send amr_1 to west_end')
    session = hq.post.open('amr_1')
    hq.roster['amr_1'].linked = True
    hq.send_order(hq.missions[0].orders[0])
    revoking.take_trust(hq, hq.roster['amr_1'], 'it lies', 'ada')
    kinds = [session.outbox.get_nowait().WhichOneof('down') for _ in range(3)]
    assert kinds == ['order', 'revocations', 'stop']
    asyncio.run(settling.settle(hq))
    (order,) = hq.missions[0].orders
    assert (order.status, order.reason) == (FAILED, 'amr_1 is revoked and nobody can take over')


def test_an_order_that_was_on_its_way_to_a_robot_that_is_revoked_is_done_by_another(hq):
    ordered(hq, 'survey the whole room')
    hq.crews.owing.clear()
    revoking.take_trust(hq, hq.roster['amr_1'], 'it lies', 'ada')
    asyncio.run(settling.settle(hq))
    (mission,) = hq.missions
    assert [o.agent_id for o in mission.orders if not o.replaced] == ['amr_2', 'amr_2']
    assert mission.open


def test_a_revocation_holds_though_the_clock_was_set_back_since_trust_was_given(hq):
    member, began_ns = hq.roster['amr_1'], hq.clock()
    revoking.take_trust(hq, member, 'it lies', 'ada')
    give = laws_pb2.SetTierRequest(agent_id='amr_1', tier=2, operator='ada')
    assert revoking.set_tier(hq, give, principal(hq, 'ada')).done
    hq.clock = lambda: began_ns - HOUR
    revoking.take_trust(hq, member, 'again', 'ada')
    word = hq.revoked.entries[0]
    assert (word.lifted, word.reason) == (False, 'again')
    token = token_of(hq, member)
    assert trust_of(token, hq.revoked.entries, agent_id='amr_1', wall_ns=began_ns).tier == 0
    assert revoking.set_tier(hq, give, principal(hq, 'ada')).done
    assert hq.revoked.entries[0].lifted


def token_of(hq, member):
    signed = issue_token(hq, member)
    assert load_trust(hq.vault_dir).verify(signed, domain='swarm.v1.TierToken').ok
    return to_token(mission_pb2.TierToken.FromString(signed.payload))


def test_a_lower_tier_reaches_a_robot_though_the_clock_was_set_back_before_a_restart(folder):
    with life(folder) as hq:
        before, began_ns = token_of(hq, hq.roster['amr_1']), hq.clock()
    with life(folder) as hq:
        hq.clock = lambda: began_ns - 30 * SECOND
        hq.court.grant('amr_1', 1, 'ada')
        after = token_of(hq, hq.roster['amr_1'])
    assert (before.tier, after.tier) == (2, 1)
    assert takes_over(after, before, 'amr_1') == ''


def test_a_token_from_a_clock_that_was_far_ahead_is_renewed_at_once(hq):
    member, began_ns = hq.roster['amr_1'], hq.clock()
    session = hq.post.open('amr_1')
    member.linked = True
    hq.clock = lambda: began_ns + 24 * HOUR
    renew_token(hq, member)
    hq.clock = lambda: began_ns
    renew_token(hq, member)
    renew_token(hq, member)
    assert session.outbox.qsize() == 2
    assert member.token_issued_ns == began_ns


def test_a_robot_is_lost_though_the_clock_was_set_back(hq):
    member, began_ns = hq.roster['amr_1'], hq.clock()
    hq.roster.heard(member, began_ns)
    hq.clock = lambda: began_ns - HOUR
    look_after_members(hq, hq.clock())
    hq.clock = lambda: began_ns - HOUR // 2
    look_after_members(hq, began_ns - HOUR)
    assert member.standing is Standing.LOST


def test_floor_that_was_seen_before_the_clock_was_set_back_is_not_seen_for_a_new_mission(hq):
    floor, began_ns = hq.world.grid.floor, hq.clock()
    hq.world.report('amr_1', floor, began_ns)
    hq.clock = lambda: began_ns - HOUR
    assert ordered(hq, 'survey the whole room').accepted
    (mission,) = hq.missions
    assert not hq.world.seen_since(mission.created_ns).any()
    hq.world.report('amr_1', ~floor, hq.clock())
    hq.world.report('amr_1', floor, hq.clock())
    assert hq.world.seen_since(mission.created_ns).all()


NONSENSE = ('fault.bounds', 'budget.breached', 'reflex.action', 7, 'violation.promise')


def test_a_robot_may_write_nonsense_into_its_log(folder):
    """What is no object says nothing; a fault or a breach told in odd words still counts."""
    with life(folder) as hq:
        robot, before = hq.roster['amr_1'], hq.roster['amr_1'].standing
        for type_, data in itertools.product(NONSENSE, (None, [], 'x', 7)):
            faults._take(hq, robot, 'x', {'type': type_, 'data': data})
        assert robot.standing is before is not Standing.REVOKED
        for type_, data in itertools.product(NONSENSE, ({'why': None}, {'why': {}, 'action': 7})):
            faults._take(hq, robot, 'x', {'type': type_, 'data': data})
        assert robot.standing is Standing.REVOKED
    counted = read_events(folder / 'vault', Query(type_='fault.counted'))
    told = [(event['data']['kind'], event['data']['key']) for event in counted]
    assert told == [('bounds', 'None'), ('bounds', '{}')]
    (raised,) = read_events(folder / 'vault', Query(type_='escalation.raised'))
    assert 'amr_1 is revoked' in raised['data']['text']


def test_all_of_it_stands_in_the_record_and_replays(folder):
    with life(folder) as hq:
        assert ordered(hq, PATROL).accepted
        began_ns = hq.clock()
        hq.clock = lambda: began_ns - HOUR
        asyncio.run(decided(hq))
        asyncio.run(operations.submit(hq, asked(request_id='2'), principal(hq, 'ada')))
        hq.clock = lambda: began_ns
        stopping.stop_robot(hq, hq.roster['amr_1'], 'fire')
        asyncio.run(decided(hq))
    report = replay_vault(folder / 'vault')
    assert report.ok, report.reasons
    assert any(bag.core == 'laws' and bag.reproduced > 3 for bag in report.bags)
