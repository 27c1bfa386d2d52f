# SPDX-License-Identifier: Apache-2.0
"""What a supervisor knew before it was killed it knows again: each test dies at another place."""

import asyncio
import hashlib
import json
import signal

import numpy as np
import pytest
from supervisor_lives import (
    KilledError,
    accepted,
    killed,
    life,
    ordered,
    principal,
    write_governed,
)
from supervisor_process import Process, connect, free_port
from supervisor_room import until
from swarm.v1 import laws_pb2, mission_pb2

from swarm_config.fleets import load_fleet
from swarm_supervisor import (
    approvals,
    faults,
    liaison,
    looking_back,
    mission_files,
    operations,
    recalling,
    revoking,
    stopping,
)
from swarm_supervisor.client import OperatorClient
from swarm_supervisor.core.cells import pack_cells
from swarm_supervisor.core.standstill import conflicts
from swarm_supervisor.deciding import decide
from swarm_supervisor.mediation_records import QUIET_NS, quiet_in
from swarm_supervisor.missions import COMPLETED, MissionStatus
from swarm_supervisor.post import Session
from swarm_supervisor.roster import Roster, Standing
from swarm_supervisor.settling import settle
from swarm_supervisor.store import Store
from swarm_supervisor.taking_up import ENDED
from swarm_supervisor.watchkeeping import save_world
from swarm_vault.errors import VaultError
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.verify import verify_vault

PATROL = 'patrol west_end, east_end with amr_1'


@pytest.fixture
def folder(tmp_path):
    write_governed(tmp_path)
    return tmp_path


def killed_in(action, *arguments):
    """Do something in the middle of which the process dies."""
    with pytest.raises(KilledError):
        action(*arguments)


def approve(hq, by='ada', **more):
    (row,) = approvals.open_rows(hq)
    request = laws_pb2.DecideRequest(pending_id=row.pending_id, approve=True, operator=by, **more)
    return asyncio.run(decide(hq, request, principal(hq, by)))


def test_who_stands_behind_a_mission_and_whom_the_judge_bars_are_known_again(folder):
    with life(folder) as hq:
        assert ordered(hq, PATROL).accepted
        assert approve(hq).done
        (mission,) = hq.missions
        mission.barred, mission.grants_tier = frozenset({'amr_2'}), 3
        hq.store.save_mission(mission)
        behind = (mission.planned_by, mission.judged_by, mission.approved_by, mission.approval_id)
        assert all(behind)
    with life(folder) as hq:
        (mission,) = hq.missions
        assert behind == (
            *(mission.planned_by, mission.judged_by),
            *(mission.approved_by, mission.approval_id),
        )
        assert (mission.barred, mission.grants_tier) == ({'amr_2'}, 3)


def test_what_a_lost_robot_held_of_its_crew_is_known_again(folder):
    with life(folder) as hq:
        ordered(hq, 'survey the whole room')
        accepted(hq)
        one, two = hq.missions[0].orders
        whole = hq.region_of(one) | hq.region_of(two)
        report = mission_pb2.CrewReport(order_id=one.order_id, held=pack_cells(whole))
        telemetry = mission_pb2.Telemetry(battery=0.9, crew=[report])
        rows, cols = hq.world.grid.shape
        telemetry.seen.resolution_m, telemetry.seen.height = hq.world.grid.cell_m, rows
        telemetry.seen.width, telemetry.seen.bits = cols, pack_cells(np.zeros((rows, cols), bool))
        liaison.take_telemetry(hq, hq.roster[one.agent_id], telemetry)
        held = hq.region_of(one)
        assert (held == whole).all()
    with life(folder) as hq:
        one = hq.missions[0].orders[0]
        hq.roster[one.agent_id].standing = Standing.LOST
        assert (hq.region_of(one) == whole).all()
        assert hq.crews.words[one.order_id].working
        hq.missions[0].close(MissionStatus.RECALLED, hq.clock())
        hq.store.save_mission(hq.missions[0])
    with life(folder) as hq:
        assert hq.crews.words == {}


def test_floor_that_is_seen_while_the_supervisor_is_away_counts_for_the_mission(folder):
    with life(folder) as hq:
        floor = hq.world.grid.floor
        half = floor.copy()
        half[:, floor.shape[1] // 2 :] = False
        hq.world.report('amr_1', floor, hq.clock())
        hq.world.report('amr_1', np.zeros_like(floor), hq.clock())
        hq.world.report('amr_1', half, hq.clock())
        save_world(hq)
        since_ns = hq.clock()
    with life(folder) as hq:
        hq.world.report('amr_1', floor, hq.clock())
        assert (hq.world.seen_since(since_ns) == (floor & ~half)).all()


def test_a_stop_that_only_left_the_process_is_said_again_until_the_robot_stands(folder):
    with life(folder) as hq:
        member = hq.roster['amr_1']
        hq.post.open('amr_1')
        assert stopping.stop_robot(hq, member, 'fire')
    with life(folder) as hq:
        member = hq.roster['amr_1']
        assert (member.stop, member.stopped) == ('fire', True)
        session = hq.post.open('amr_1')
        liaison.welcome_waiting(hq, member)
        assert stops_in(session) == 1
        liaison.take_telemetry(hq, member, mission_pb2.Telemetry(phase='executing', order_id='x'))
        assert member.stop == 'fire'
        liaison.take_telemetry(hq, member, mission_pb2.Telemetry(phase='stopped'))
    with life(folder) as hq:
        assert (hq.roster['amr_1'].stop, hq.roster['amr_1'].stopped) == ('', True)


def stops_in(session: Session) -> int:
    downs = [session.outbox.get_nowait() for _ in range(session.outbox.qsize())]
    return sum(down.WhichOneof('down') == 'stop' for down in downs)


def test_a_revocation_that_was_signed_and_no_more_is_carried_out(folder, monkeypatch):
    with life(folder) as hq:
        ordered(hq, 'survey the whole room')
        accepted(hq)
        monkeypatch.setattr(Roster, 'revoke', killed)
        killed_in(revoking.take_trust, hq, hq.roster['amr_2'], 'it lies', 'ada')
    monkeypatch.undo()
    with life(folder) as hq:
        member = hq.roster['amr_2']
        assert (member.standing, member.reason) == (Standing.REVOKED, 'it lies')
        assert (folder / 'vault' / 'handoffs' / f'{order_of(hq, "amr_2")}.json').exists()
        request = laws_pb2.SetTierRequest(agent_id='amr_2', tier=2, operator='ada')
        assert revoking.set_tier(hq, request, principal(hq, 'ada')).done
    with life(folder) as hq:
        assert hq.roster['amr_2'].available


def order_of(hq, agent_id):
    return next(o.order_id for o in hq.missions[0].orders if o.agent_id == agent_id)


def test_a_question_comes_back_with_its_file_and_can_be_answered(folder, monkeypatch):
    with life(folder) as hq:
        monkeypatch.setattr(approvals, 'write_atomic', killed)
        killed_in(ordered, hq, PATROL)
    monkeypatch.undo()
    with life(folder) as hq:
        (row,) = approvals.open_rows(hq)
        assert row.pending_id in approvals.path_of(hq, row.pending_id).read_text()
        assert hq.missions[0].status is MissionStatus.PENDING
        assert ordered(hq, PATROL).mission_id == hq.missions[0].mission_id
        assert approve(hq).done


def test_a_question_whose_order_never_came_to_the_disk_waits_for_nobody(folder, monkeypatch):
    with life(folder) as hq:
        monkeypatch.setattr(Store, 'save_reply', killed)
        killed_in(ordered, hq, PATROL)
    monkeypatch.undo()
    with life(folder) as hq:
        assert (approvals.open_rows(hq), hq.missions) == ([], [])
        assert ordered(hq, PATROL).accepted


def test_an_approval_without_its_order_orders_nothing_and_says_so(folder, monkeypatch):
    with life(folder) as hq:
        ordered(hq, PATROL)
        monkeypatch.setattr(operations, 'review', killed)
        killed_in(approve, hq)
    monkeypatch.undo()
    with life(folder) as hq:
        (mission,) = hq.missions
        assert mission.status is MissionStatus.FAILED
        assert mission.reason == f'approved by ada; {ENDED}'
        assert not approvals.open_rows(hq)


def test_the_file_of_a_question_that_was_settled_takes_no_answer_any_more(folder, monkeypatch):
    with life(folder) as hq:
        ordered(hq, PATROL)
        (row,) = approvals.open_rows(hq)
        path = approvals.path_of(hq, row.pending_id)
        monkeypatch.setattr(type(path), 'unlink', killed)
        killed_in(approve, hq)
    monkeypatch.undo()
    with life(folder) as hq:
        assert (path.exists(), path.with_suffix('.refused').exists()) == (False, True)
        assert hq.store.pending()[0].status == 'approved'


def test_faults_that_were_stored_and_not_counted_are_counted_once(folder, monkeypatch):
    for number in range(3):
        with life(folder) as hq:
            if number == 0:
                ordered(hq, 'survey the whole room')
                accepted(hq)
                monkeypatch.setattr(faults, 'count', killed)
                with pytest.raises(KilledError):
                    asyncio.run(liaison.take_events(hq, hq.roster['amr_1'], bad_day(folder)))
                monkeypatch.undo()
                assert not hq.court.memory.spent
            else:
                assert [entry.total for entry in hq.court.memory.spent] == [1]


def bad_day(folder):
    """Lines of a robot's planner log with one fault in them."""
    return told_by(folder, 'planner', ('fault.bounds', {'why': 'speed of go_to'}))


def told_by(folder, writer, *events, agent_id='amr_1'):
    """The lines of a robot's log that hold these events."""
    vault = folder / 'robot'
    log = Recorder(vault_dir=vault, agent_id=agent_id, writer=writer)
    for type_, data in events:
        log.event(Kind.MESSAGE, type_, data, durable=True)
    log.close()
    (path,) = (vault / 'agents' / agent_id / 'log' / writer).glob('*/*.jsonl')
    lines = path.read_bytes().split(b'\n')[:-1]
    return mission_pb2.EventBatch(writer=writer, first_seq=0, lines=lines)


VOTE = {'vote_id': 'gate@amr_1-1', 'topic': 'gate', 'proposer': 'amr_1'}
AMONG_PEERS = (
    ('vote.opened', {**VOTE, 'question': 'shut it?', 'required': 'amr_2'}),
    ('vote.cast', {**VOTE, 'voter': 'amr_2', 'ballot': 'accept', 'reason': ''}),
    ('vote.closed', {**VOTE, 'status': 'passed', 'reason': 'all accept'}),
    *(
        (
            'blackboard.written',
            {'mission_id': 'm', 'section': 's', 'author': 'amr_1', 'revision': n, 'text': n},
        )
        for n in ('1', '2')
    ),
    ('claim.sent', {'kind': 'DECLINE', 'to': 'amr_2', 'claim_id': 'c1'}),
    ('negotiation.settled', {'peer': 'amr_2'}),
    *(('claim.sent', {'kind': 'DECLINE', 'to': 'amr_2', 'claim_id': c}) for c in ('c2', 'c3')),
    ('nav_state', {'reason': 'a peer closes the path'}),
)


def heard_among_peers(hq):
    """What is known of votes, blackboard and disputes."""
    reply, said = hq.joint.reply(), hq.disputes.said
    votes = [(v.vote_id, v.status, [b.voter for b in v.ballots]) for v in reply.votes]
    return votes, [b.text for b in reply.blackboard], conflicts(hq.disputes.memory), said


def test_what_the_robots_decided_among_themselves_is_known_again(folder):
    with life(folder) as hq:
        lines = told_by(folder, 'situation', *AMONG_PEERS)
        asyncio.run(liaison.take_events(hq, hq.roster['amr_1'], lines))
        known = heard_among_peers(hq)
    assert known == (
        [('gate@amr_1-1', 'passed', ['amr_2'])],
        ['2'],
        {('amr_1', 'amr_2'): 2},
        {'amr_1': 'a peer closes the path'},
    )
    with life(folder) as hq:
        assert heard_among_peers(hq) == known
        asyncio.run(liaison.take_events(hq, hq.roster['amr_1'], lines))
        assert heard_among_peers(hq) == known, 'what is told again changes nothing'


def test_however_long_the_history_only_its_end_is_read_again(folder, monkeypatch):
    monkeypatch.setattr(looking_back, 'LOOK_BACK', 6)
    with life(folder) as hq:
        lines = told_by(folder, 'situation', *AMONG_PEERS)
        asyncio.run(liaison.take_events(hq, hq.roster['amr_1'], lines))
    with life(folder) as hq:
        votes, _, declined, _ = heard_among_peers(hq)
        assert (votes, declined) == ([], {('amr_1', 'amr_2'): 1}), 'three lines of each robot'


def test_a_log_that_cannot_be_read_tells_nothing_of_peers_and_is_named(folder, monkeypatch):
    def unreadable(*_):
        raise VaultError('cold/x.parquet: no Parquet file')

    with life(folder) as hq:
        monkeypatch.setattr(looking_back, 'newest_lines', unreadable)
        looking_back.look_back(hq)
        assert heard_among_peers(hq)[0] == []
    (log,) = (folder / 'vault' / 'agents' / 'supervisor' / 'log').glob('*/*/*.jsonl')
    assert log.read_text().count('"look_back.failed"') == 2


def test_who_was_told_to_make_room_is_left_alone_as_long_as_without_a_restart(tmp_path):
    (tmp_path / 'mediations').mkdir()
    sides = [{'agent_id': 'amr_1'}, {'agent_id': 'amr_3'}]
    for number, stamp_ns in enumerate((5, 7, 10**15)):
        record = {'trigger': 'stuck', 'chosen': 'send_home amr_2', 'stamp_ns': stamp_ns}
        path = tmp_path / 'mediations' / f'{number}.json'
        path.write_text(json.dumps({**record, 'sides': sides}))
    (tmp_path / 'mediations' / 'odd.json').write_text('{"trigger": "stuck", "stamp_ns": 8}')
    quiet = {'amr_1': QUIET_NS + 7, 'amr_2': QUIET_NS + 7}
    assert quiet_in(tmp_path, 10) == quiet, 'a record from the future says nothing'
    assert quiet_in(tmp_path, QUIET_NS + 7) == {}


def test_a_mission_is_taken_back_as_a_whole_or_not_at_all(folder, monkeypatch):
    with life(folder) as hq:
        ordered(hq, 'survey the whole room')
        accepted(hq)
        monkeypatch.setattr(Store, '_save_backing', killed)
        killed_in(recalling.recall_mission, hq, hq.missions[0].mission_id, 'not needed', 'ada')
    monkeypatch.undo()
    with life(folder) as hq:
        (mission,) = hq.missions
        assert mission.open
        assert [order.recall for order in mission.orders] == ['', '']


def test_an_order_that_others_took_over_is_not_sent_to_its_robot_again(folder, monkeypatch):
    with life(folder) as hq:
        ordered(hq, 'survey the whole room')
        accepted(hq)
        hq.crews.owing.clear()
        hq.roster['amr_2'].standing = Standing.LOST
        hq.store.save_member(hq.roster['amr_2'])
        monkeypatch.setattr(type(hq.post), 'recall', killed)
        killed_in(asyncio.run, settle(hq))
    monkeypatch.undo()
    with life(folder) as hq:
        old = next(o for o in hq.missions[0].orders if o.replaced)
        assert old.recall.startswith('handed over')
        session = hq.post.open('amr_2')
        hq.roster['amr_2'].standing = Standing.REGISTERED
        liaison.welcome_waiting(hq, hq.roster['amr_2'])
        kinds = [session.outbox.get_nowait().WhichOneof('down') for _ in range(1)]
        assert (kinds, session.outbox.qsize()) == (['recall'], 0)


def test_a_closed_mission_gets_its_report_after_all(folder, monkeypatch):
    with life(folder) as hq:
        ordered(hq, 'survey the whole room')
        accepted(hq)
        for order in hq.missions[0].orders:
            order.status = COMPLETED
        monkeypatch.setattr(mission_files, '_leave', killed)
        killed_in(asyncio.run, settle(hq))
    monkeypatch.undo()
    with life(folder) as hq:
        (mission,) = hq.missions
        left = folder / 'vault' / 'missions' / mission.mission_id
        assert mission.status is MissionStatus.COMPLETE
        assert json.loads((left / 'outcome.json').read_text())['status'] == 'complete'
        assert (left / 'report.md').exists()
    (log,) = (folder / 'vault' / 'agents' / 'supervisor' / 'log').glob('*/*/*.jsonl')
    sealed = [json.loads(line) for line in log.read_text().splitlines()]
    (told,) = [event['data'] for event in sealed if event['type'] == 'mission.outcome']
    assert told['sha256'] == hashlib.sha256((left / 'outcome.json').read_bytes()).hexdigest()


def test_an_old_memory_on_disk_is_taken_up_by_the_new_tables(folder):
    with life(folder) as hq:
        ordered(hq, 'survey the whole room')
        for table in ('backing', 'tokens', 'crew', 'reported', 'counted'):
            hq.store._db.execute(f'DROP TABLE {table}')
    with life(folder) as hq:
        assert (hq.missions[0].barred, hq.missions[0].judged_by) == (frozenset(), '')


@pytest.mark.slow
def test_a_supervisor_that_is_killed_amid_it_all_comes_back_with_it_all(tmp_path):
    write_governed(tmp_path)
    plan_file = write_port(tmp_path)
    vault, fleet = tmp_path / 'vault', load_fleet(plan_file)
    target = f'127.0.0.1:{fleet.file.supervisor.port}'
    first = Process(plan_file, vault).ready()
    pair = [connect(plan_file, vault, name) for name in ('amr_1', 'amr_2')]
    with OperatorClient.of_vault(target, vault) as client:
        survey = client.submit('survey the whole room', operator='ada', request_id='r1')
        until(lambda: all(robot.orders for robot in pair), 'orders')
        asked = client.submit(PATROL, operator='ada', request_id='r2')
        assert client.revoke('amr_2', operator='ada', reason='it lies').done
        client.stop(operator='ada', reason='fire')
        before = client.tiers()
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    for robot in pair:
        robot.close()
    second = Process(plan_file, vault).ready()
    pair = [connect(plan_file, vault, name) for name in ('amr_1', 'amr_2')]
    with OperatorClient.of_vault(target, vault) as client:
        assert client.submit('survey the whole room', operator='ada', request_id='r1') == survey
        states = {mission.mission_id: mission.status for mission in client.missions()}
        assert states[asked.mission_id] == 'pending'
        (question,) = client.pending()
        assert (question.status, (vault / 'pending').glob('*.md') is not None) == ('open', True)
        until(lambda: all(robot.stops for robot in pair), 'the stop, once more')
        assert [t.revoked for t in client.tiers()] == [t.revoked for t in before] == [False, True]
        assert pair[1].tokens[-1].tier == 0
        answer = client.decide(question.pending_id, approve=True, operator='ada')
        assert 'is stopped; ask again' in answer.reason
        assert not any(order.mission_id == asked.mission_id for order in pair[0].orders)
    for robot in pair:
        robot.close()
    assert second.end() == 0
    assert verify_vault(vault).exit_code in (0, 3)


def write_port(folder):
    path = folder / 'fleet.yaml'
    path.write_text(path.read_text().replace('50800', str(free_port())))
    return path
