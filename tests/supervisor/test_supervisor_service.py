# SPDX-License-Identifier: Apache-2.0
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from supervisor_model import ModelServer, plan, task
from supervisor_room import (
    Supervisor,
    TalkingRobot,
    local_model,
    robot_of,
    small_fleet,
    until,
)
from swarm.v1 import common_pb2, mission_pb2, operator_pb2, operator_pb2_grpc

from swarm_supervisor.client import OperatorClient, OperatorError
from swarm_supervisor.core.cells import pack_cells, unpack_cells
from swarm_supervisor.missions import ACCEPTED
from swarm_supervisor.settings import Settings
from swarm_vault.keys import channel_files
from swarm_vault.recorder import Kind, Recorder


@pytest.fixture
def supervisor(tmp_path: Path):
    with small_fleet(tmp_path) as running:
        yield running


@pytest.fixture
def operator(supervisor: Supervisor):
    with supervisor.operator() as client:
        yield client


@pytest.fixture
def pair(supervisor: Supervisor):
    with ExitStack() as stack:
        names = ('amr_1', 'amr_2')
        yield [stack.enter_context(robot_of(supervisor, name)) for name in names]


def region_of(order: mission_pb2.MissionOrder) -> np.ndarray:
    region = order.survey.region
    return unpack_cells(region.bits, (region.height, region.width))


def audit(supervisor: Supervisor, type_: str) -> list[dict]:
    """The supervisor's events of a type, once they are on disk."""
    supervisor.hq.recorder.event(Kind.SYSTEM, 'test.flush', {}, durable=True)
    folder = supervisor.vault / 'agents' / 'supervisor' / 'log' / 'supervisor'
    lines = [
        line
        for path in sorted(folder.glob('*/*.jsonl'))
        for line in path.read_bytes().splitlines()
    ]
    return [event['data'] for event in map(json.loads, lines) if event.get('type') == type_]


def submit(client: OperatorClient, text: str, **options) -> operator_pb2.SubmitReply:
    return client.submit(text, operator='ada', **options)


def test_a_robot_that_links_gets_identity_token_and_heads(supervisor):
    with robot_of(supervisor, 'amr_1') as robot:
        assert robot.welcome.supervisor_id == 'supervisor'
        assert robot.tokens[0].agent_id == 'amr_1'
        assert robot.tokens[0].tier == 2
        assert robot.tokens[0].expires_ns - robot.tokens[0].issued_ns == 1800 * 10**9
        assert not robot.welcome.resume
        identity = mission_pb2.Identity.FromString(robot.welcome.identity.payload)
        assert 'amr_1' in identity.system_prompt


def test_a_survey_is_split_acknowledged_and_completed(supervisor, operator, pair):
    reply = submit(operator, 'Survey the whole room.')
    assert reply.accepted, reply.reason
    assert len(reply.order_ids) == 2
    until(lambda: all(robot.orders for robot in pair), 'orders')
    regions = [region_of(robot.orders[0]) for robot in pair]
    assert not (regions[0] & regions[1]).any()
    assert np.array_equal(regions[0] | regions[1], supervisor.hq.world.grid.floor)
    assert all(robot.orders[0].return_home for robot in pair)
    assert all(robot.orders[0].issued_by == 'ada' for robot in pair)
    for robot in pair:
        robot.see(robot.orders[0].survey.region)
        robot.complete()
    until(lambda: operator.missions()[0].status == 'complete', 'mission complete')
    state = operator.snapshot()
    assert state.coverage == 1.0
    assert {order.status for order in state.missions[0].orders} == {
        mission_pb2.ACK_STATUS_COMPLETED
    }
    assert any('complete' in line for line in supervisor.said)
    assert audit(supervisor, 'mission.complete')[0]['floor_seen'] == 1.0
    assert audit(supervisor, 'mission.submitted')[0]['operator'] == 'ada'


def test_the_same_request_again_gets_the_first_answer_and_no_second_mission(operator, pair):
    first = submit(operator, 'survey the whole room', request_id='r1')
    again = submit(operator, 'survey the whole room', request_id='r1')
    other = submit(operator, 'everybody return home', request_id='r1')
    assert first == again == other
    assert len(operator.missions()) == 1
    until(lambda: all(robot.orders for robot in pair), 'orders')
    assert [len(robot.orders) for robot in pair] == [1, 1]


def test_another_operator_never_gets_the_answer_that_was_kept_for_the_same_request_id(
    operator, pair, supervisor
):
    kept = submit(operator, 'survey the moon', request_id='r3')
    asked = operator.submit('everybody return home', operator='bob', request_id='r3')
    assert not kept.accepted
    assert asked.accepted
    assert submit(operator, 'everybody return home', request_id='r3') == kept
    assert operator.submit('survey the moon', operator='bob', request_id='r3') == asked
    givers = [said['operator'] for said in audit(supervisor, 'mission.submitted')]
    assert givers == ['bob']


def test_a_refusal_is_kept_by_request_too(operator, pair):
    first = submit(operator, 'survey the moon', request_id='r2')
    assert not first.accepted
    assert submit(operator, 'survey the whole room', request_id='r2') == first


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('survey the moon', "there is no sector 'moon'; there is west, nowhere, the whole room"),
        ('survey nowhere', 'no unseen floor there that a robot can reach'),
        ('send amr_9 to west_end', "there is no robot 'amr_9'; there is amr_1, amr_2"),
        ('send amr_1 to venus', "there is no place 'venus'; there is west_end, east_end"),
        ('send amr_1 to 6.0 1.0', 'cannot stand there'),
        ('send amr_1 to 60 10', 'outside the map'),
        ('patrol west_end, east_end 2000 times', 'goes round 1 to 1000 times, found 2000'),
        ('wait 0 s', 'a wait lasts more than 0'),
        ('recall m-12345678', "no open mission 'm-12345678'; open is none"),
        ('return home', 'who shall return home?'),
        ('x' * 501, '1 to 500 characters'),
        ('', '1 to 500 characters'),
    ],
)
def test_a_bad_order_is_refused_with_the_reason_in_reply_and_audit(
    supervisor, operator, pair, text, reason
):
    reply = submit(operator, text)
    assert not reply.accepted
    assert reason in reply.reason
    assert not operator.missions()
    assert audit(supervisor, 'mission.refused')[-1]['reason'] == reply.reason


def test_an_order_is_refused_while_nobody_has_registered(operator):
    assert 'amr_1 is expected' in submit(operator, 'survey the whole room').reason


def test_single_robot_orders_carry_their_parameters(operator, pair):
    assert submit(operator, 'send amr_1 to east_end', priority=9).accepted
    patrol = 'patrol west_end, east_end 3 times with amr_2'
    assert submit(operator, patrol, not_before_ns=77).accepted
    until(lambda: all(robot.orders for robot in pair), 'orders')
    go_to, patrol = (robot.orders[0] for robot in pair)
    assert (go_to.go_to.goal.x_m, go_to.go_to.goal.y_m) == (10.0, 3.0)
    assert (go_to.priority, go_to.go_to.use_yaw, go_to.return_home) == (9, True, False)
    assert [(stop.x_m, stop.y_m) for stop in patrol.patrol.stops] == [(2.0, 3.0), (10.0, 3.0)]
    assert (patrol.patrol.loops, patrol.not_before_ns, patrol.priority) == (3, 77, 5)
    assert patrol.link_loss == mission_pb2.LINK_LOSS_POLICY_CONTINUE


def test_a_robot_with_other_work_does_not_go_home_in_between(operator, pair):
    submit(operator, 'survey the whole room')
    submit(operator, 'patrol west_end, east_end with amr_1', priority=8)
    until(lambda: len(pair[0].orders) == 2, 'both orders')
    assert [order.return_home for order in pair[0].orders] == [True, False]


def test_a_task_without_a_name_goes_to_the_robot_that_begins_first(supervisor, operator, pair):
    assert submit(operator, 'deliver from east_end to west_end').accepted
    until(lambda: pair[1].orders, 'the order at amr_2, which stands near the east end')
    assert not pair[0].orders
    assert audit(supervisor, 'order.given_to')[0]['chosen'] == 'amr_2'


def test_orders_wait_for_a_robot_that_is_not_linked_and_come_once_it_is(supervisor, operator):
    with robot_of(supervisor, 'amr_1', accepts=False):
        pass
    until(lambda: not operator.snapshot().robots[0].linked, 'link closed')
    assert submit(operator, 'send amr_1 to west_end').accepted
    with robot_of(supervisor, 'amr_1', accepts=False) as robot:
        until(lambda: robot.orders, 'the order')
    with robot_of(supervisor, 'amr_1') as robot:
        until(lambda: robot.orders, 'the order again, as it was not acknowledged')
        robot.complete()
        until(lambda: operator.missions()[0].status == 'complete', 'complete')
    with robot_of(supervisor, 'amr_1') as robot:
        robot.report()
        until(lambda: operator.snapshot().robots[0].telemetry.phase == 'executing', 'telemetry')
        assert not robot.orders


def test_robots_that_have_not_told_their_charge_and_place_yet_can_be_given_orders(
    supervisor, operator, pair
):
    for robot in pair:
        robot.say(telemetry=mission_pb2.Telemetry(stamp_ns=1, phase='idle'))
    until(lambda: all(r.telemetry.stamp_ns for r in operator.snapshot().robots), 'telemetry')
    starts = [supervisor.fleet.robot(robot.agent_id).start for robot in pair]
    assert [supervisor.hq.roster[robot.agent_id].pose for robot in pair] == starts
    reply = submit(operator, 'survey the whole room')
    assert reply.accepted, reply.reason


def test_a_robot_that_comes_back_without_knowing_where_it_is_stays_where_it_was_last(
    supervisor, operator
):
    with robot_of(supervisor, 'amr_1') as robot:
        robot.report(pose=common_pb2.Pose2D(x_m=3.0, y_m=2.0))
        until(lambda: operator.snapshot().robots[0].telemetry.stamp_ns, 'telemetry')
    back = TalkingRobot(supervisor.port, supervisor.vault, supervisor.fleet, 'amr_1')
    back.say(hello=mission_pb2.Hello(agent_id='amr_1', model='amr', max_speed_mps=1.0))
    until(lambda: back.welcome is not None, 'welcome')
    back.close()
    assert supervisor.hq.roster['amr_1'].pose == (3.0, 2.0, 0.0)


def test_a_robot_that_tells_that_it_is_flat_is_not_sent_out(operator, pair):
    for robot in pair:
        robot.report(battery=0.0)
    until(lambda: all(r.telemetry.stamp_ns for r in operator.snapshot().robots), 'telemetry')
    assert 'gets home with' in submit(operator, 'survey the whole room').reason


def test_what_a_robot_completed_while_the_link_was_cut_is_learnt_from_its_hello(
    supervisor, operator
):
    with robot_of(supervisor, 'amr_1') as robot:
        submit(operator, 'send amr_1 to west_end')
        until(lambda: robot.orders, 'the order')
        order_id = robot.orders[0].order_id
    done = mission_pb2.OrderAck(order_id=order_id, status=mission_pb2.ACK_STATUS_COMPLETED)
    robot = TalkingRobot(supervisor.port, supervisor.vault, supervisor.fleet, 'amr_1')
    robot.say_hello(open_orders=(done,))
    until(lambda: operator.missions()[0].status == 'complete', 'complete')
    robot.close()


def test_an_order_of_nobody_that_a_robot_works_on_is_recalled(supervisor):
    robot = TalkingRobot(supervisor.port, supervisor.vault, supervisor.fleet, 'amr_1')
    stray = mission_pb2.OrderAck(order_id='m-0-1', status=mission_pb2.ACK_STATUS_ACCEPTED)
    old = mission_pb2.OrderAck(order_id='m-0-2', status=mission_pb2.ACK_STATUS_COMPLETED)
    robot.say_hello(open_orders=(stray, old))
    until(lambda: robot.recalls, 'recall')
    assert [recall.order_id for recall in robot.recalls] == ['m-0-1']
    robot.close()


def test_a_refused_order_fails_the_mission_with_the_robots_reason(supervisor, operator):
    with robot_of(supervisor, 'amr_1', accepts=False) as robot:
        submit(operator, 'send amr_1 to west_end')
        until(lambda: robot.orders, 'the order')
        robot.ack(robot.orders[0].order_id, mission_pb2.ACK_STATUS_REFUSED, 'battery at 12 %')
        until(lambda: operator.missions()[0].status == 'failed', 'failed')
        assert operator.missions()[0].orders[0].reason == 'battery at 12 %'
        assert audit(supervisor, 'order.refused')[0]['reason'] == 'battery at 12 %'


def test_the_cells_of_a_revoked_robot_go_to_the_others(supervisor, operator, pair):
    submit(operator, 'survey the whole room')
    until(lambda: all(robot.orders for robot in pair), 'orders')
    lost = region_of(pair[1].orders[0])
    seen = lost.copy()
    seen[:, lost.shape[1] * 3 // 4 :] = False
    region = pair[1].orders[0].survey.region
    part = common_pb2.CellSet()
    part.CopyFrom(region)
    part.bits = pack_cells(seen)
    pair[1].see(part)
    until(lambda: operator.snapshot().coverage > 0.0, 'seen cells')
    assert operator.revoke('amr_2', operator='ada', reason='it lies').done
    until(lambda: len(pair[0].orders) == 2, 'the order for the rest')
    assert np.array_equal(region_of(pair[0].orders[1]), lost & ~seen)
    until(lambda: pair[1].stops and pair[1].recalls, 'stop and recall')
    until(lambda: pair[1].tokens[-1].tier == 0, 'a token that allows nothing')
    pair[0].complete()
    until(lambda: operator.missions()[0].status == 'complete', 'complete')
    assert not operator.revoke('amr_2', operator='ada').done
    state = operator.snapshot()
    assert state.robots[1].roster_state == 'revoked'
    assert 'amr_2 is revoked: it lies' in state.notices
    assert "robot 'amr_2' cannot be given orders" in submit(operator, 'amr_2 return home').reason


def test_a_revoked_robot_that_links_again_gets_tier_zero_and_no_order(supervisor, operator, pair):
    operator.revoke('amr_2', operator='ada')
    pair[1].close()
    with robot_of(supervisor, 'amr_2') as robot:
        assert robot.tokens[0].tier == 0


def test_an_heir_drives_the_rounds_that_are_left(supervisor, operator, pair):
    submit(operator, 'patrol west_end, east_end 5 times with amr_2')
    until(lambda: pair[1].orders, 'the order')
    until(lambda: supervisor.hq.missions[0].orders[0].status == ACCEPTED, 'its acknowledgement')
    supervisor.hq.missions[0].orders[0].progress = 0.65
    operator.revoke('amr_2', operator='ada', reason='it lies')
    until(lambda: pair[0].orders, 'the heir')
    (heir,) = pair[0].orders
    assert heir.patrol.loops == 2
    assert (heir.handoff.revoked, heir.handoff.step) == (True, 'patrol, 65% done')


def test_what_a_revoked_robot_had_not_answered_yet_goes_to_an_heir(supervisor, operator):
    with (
        robot_of(supervisor, 'amr_1') as heir,
        robot_of(supervisor, 'amr_2', accepts=False) as goes,
    ):
        submit(operator, 'patrol west_end, east_end 5 times with amr_2')
        until(lambda: goes.orders, 'the order')
        operator.revoke('amr_2', operator='ada', reason='it lies')
        until(lambda: heir.orders, 'the heir')
        assert heir.orders[0].patrol.loops == 5


def handoff_of(supervisor, order_id):
    return json.loads((supervisor.vault / 'handoffs' / f'{order_id}.json').read_text())


def skip(hq, seconds):
    """Let the supervisor's clock be ahead by so much."""
    hq.clock = lambda: time.time_ns() + seconds * 1_000_000_000


def test_a_lost_robots_cells_go_to_the_others_and_it_is_told_when_it_is_back(tmp_path):
    settings = Settings(lost_after_s=20.0, leave_out_m2=0.0)
    with (
        small_fleet(tmp_path, settings=settings) as supervisor,
        supervisor.operator() as client,
        robot_of(supervisor, 'amr_1') as stays,
        robot_of(supervisor, 'amr_2') as goes,
    ):
        assert submit(client, 'survey the whole room').accepted
        until(lambda: stays.orders and goes.orders, 'orders')
        order_id = goes.orders[0].order_id
        goes.close()
        hq = supervisor.hq
        for later_s in range(23):
            skip(hq, later_s)
            began_ns = hq.clock()
            stays.report()
            until(lambda ns=began_ns: hq.roster['amr_1'].last_heard_ns >= ns, 'its report')
        until(lambda: client.snapshot().robots[1].roster_state == 'lost', 'the loss')
        until(lambda: len(stays.orders) > 1, 'the heir')
        left = handoff_of(supervisor, order_id)
        assert (left['revoked'], left['previous_agent_id']) == (False, 'amr_2')
        assert 'amr_2 is not heard' in left['constraints_reminder'][-1]
        assert stays.orders[1].handoff.order_id == order_id
        assert list(stays.orders[1].handoff.next_actions) == left['required_next_actions']
        assert not stays.orders[0].HasField('handoff')
        back = TalkingRobot(supervisor.port, supervisor.vault, supervisor.fleet, 'amr_2')
        working = mission_pb2.OrderAck(order_id=order_id, status=mission_pb2.ACK_STATUS_ACCEPTED)
        back.say_hello(open_orders=(working,))
        until(lambda: back.recalls, 'recall')
        assert back.recalls[0].order_id == order_id
        back.close()


def test_a_lost_robot_without_heirs_keeps_its_order_and_the_operator_is_asked(tmp_path):
    with small_fleet(tmp_path, 1) as running, running.operator() as client:
        with robot_of(running, 'amr_1') as robot:
            assert submit(client, 'survey the whole room').accepted
            until(lambda: robot.orders, 'order')
        skip(running.hq, 1000)
        until(client.escalations, 'escalation')
        left = handoff_of(running, robot.orders[0].order_id)
        assert left['reason'].startswith('not heard for')
        escalation = client.escalations()[0]
        assert 'nobody can take over' in escalation.text
        assert client.missions()[0].status == 'open'
        assert client.resolve(escalation.escalation_id, operator='ada', answer='I look').done
        assert not client.escalations()
        assert not client.resolve('e-0', operator='ada', answer='x').done
        with robot_of(running, 'amr_1') as robot:
            until(lambda: robot.orders, 'the same order')
            robot.complete()
            until(lambda: client.missions()[0].status == 'complete', 'complete')


def test_a_survey_that_one_robot_refuses_is_done_by_the_other(operator, pair):
    pair[1].accepts = False
    submit(operator, 'survey the whole room')
    until(lambda: pair[1].orders, 'order')
    pair[1].ack(pair[1].orders[0].order_id, mission_pb2.ACK_STATUS_REFUSED, 'tier 0 is too low')
    until(lambda: len(pair[0].orders) == 2, 'the second order')
    assert 'tier 0 is too low' in pair[0].orders[1].handoff.reason
    pair[0].complete()
    until(lambda: operator.missions()[0].status == 'complete', 'complete')


def test_a_recalled_mission_is_taken_back_from_its_robots(operator, pair):
    mission_id = submit(operator, 'survey the whole room').mission_id
    until(lambda: all(robot.orders for robot in pair), 'orders')
    assert operator.recall(mission_id, operator='ada', reason='wrong day').done
    until(lambda: all(robot.recalls for robot in pair), 'recalls')
    assert pair[0].recalls[0].order_id == pair[0].orders[0].order_id
    assert operator.missions()[0].status == 'recalled'
    assert 'recalled already' in operator.recall(mission_id, operator='ada').reason
    assert 'no mission' in operator.recall('m-1', operator='ada').reason


def test_a_mission_can_be_recalled_in_words(operator, pair):
    mission_id = submit(operator, 'everybody return home').mission_id
    reply = submit(operator, f'recall {mission_id}')
    assert (reply.accepted, reply.mission_id) == (True, mission_id)
    assert operator.missions()[0].status == 'recalled'


def test_a_stop_reaches_all_robots_and_what_they_had_not_answered_is_not_sent_again(
    supervisor, operator, pair
):
    pair[0].accepts = False
    submit(operator, 'everybody return home')
    until(lambda: all(robot.orders for robot in pair), 'orders')
    assert operator.stop(operator='ada', reason='visitors') == ['amr_1', 'amr_2']
    until(lambda: all(robot.stops for robot in pair), 'stops')
    pair[0].close()
    with robot_of(supervisor, 'amr_1') as robot:
        robot.report()
        until(lambda: operator.snapshot().robots[0].telemetry.phase == 'executing', 'telemetry')
        assert not robot.orders
    with pytest.raises(OperatorError, match="no robot 'amr_7'"):
        operator.stop('amr_7', operator='ada')


def test_a_stop_is_not_answered_by_giving_a_stopped_robot_the_others_cells(operator, pair):
    submit(operator, 'survey the whole room')
    until(lambda: all(robot.orders for robot in pair), 'orders')
    operator.stop(operator='ada')
    until(lambda: all(robot.stops for robot in pair), 'stops')
    for robot in pair:
        order_id = robot.orders[0].order_id
        robot.ack(order_id, mission_pb2.ACK_STATUS_FAILED, 'stopped')
    until(lambda: operator.missions()[0].status == 'failed', 'failed')
    assert [len(robot.orders) for robot in pair] == [1, 1]


def test_a_stop_for_a_robot_out_of_reach_is_delivered_before_anything_else(supervisor, operator):
    with robot_of(supervisor, 'amr_1'):
        pass
    until(lambda: not operator.snapshot().robots[0].linked, 'link closed')
    assert operator.stop('amr_1', operator='ada', reason='smoke') == []
    assert any('was to stop' in notice for notice in operator.snapshot().notices)
    with robot_of(supervisor, 'amr_1') as robot:
        until(lambda: robot.stops, 'stop')
    assert not any('was to stop' in notice for notice in operator.snapshot().notices)


def test_log_lines_of_a_robot_are_stored_byte_for_byte_and_acknowledged(
    supervisor, operator, tmp_path
):
    own = tmp_path / 'robot'
    recorder = Recorder(vault_dir=own, agent_id='amr_1', writer='planner')
    for number in range(5):
        recorder.event(Kind.SYSTEM, 'test', {'number': number})
    recorder.close()
    path = next((own / 'agents').rglob('*.jsonl'))
    lines = path.read_bytes().splitlines()
    with robot_of(supervisor, 'amr_1') as robot:
        batch = mission_pb2.EventBatch(writer='planner', first_seq=0, lines=lines[:3])
        robot.say(events=batch)
        robot.say(events=batch)
        until(lambda: len(robot.event_acks) == 2, 'acks')
        assert [ack.seq for ack in robot.event_acks] == [2, 2]
        forged = mission_pb2.EventBatch(writer='planner', first_seq=3, lines=[b'{}'])
        robot.say(events=forged)
        robot.say(events=mission_pb2.EventBatch(writer='../../x', lines=[b'']))
        until(lambda: len(robot.event_acks) == 4, 'refusals')
        assert all(ack.error for ack in robot.event_acks[2:])
    with robot_of(supervisor, 'amr_1') as robot:
        assert [(head.writer, head.seq) for head in robot.welcome.resume] == [('planner', 2)]
        rest = mission_pb2.EventBatch(writer='planner', first_seq=3, lines=lines[3:])
        robot.say(events=rest)
        until(lambda: robot.event_acks, 'ack')
    copy = supervisor.vault / path.relative_to(own)
    assert copy.read_bytes() == path.read_bytes()
    assert operator.snapshot().events_stored == len(lines)
    assert len(audit(supervisor, 'events.refused')) == 2


def test_hostile_messages_are_refused_and_the_link_goes_on(supervisor, operator, pair):
    nan = common_pb2.Pose2D(x_m=float('nan'))
    wrong = common_pb2.CellSet(resolution_m=0.25, width=3, height=3, bits=b'\xff\xff')
    robot = pair[0]
    robot.say()
    robot.report(pose=nan)
    robot.report(seen=wrong)
    robot.report(battery=7.0)
    robot.report(phase='x' * 1000)
    robot.ack('m-unknown-1', mission_pb2.ACK_STATUS_COMPLETED)
    robot.ack('', mission_pb2.ACK_STATUS_COMPLETED)
    robot.say_hello()
    robot.report(phase='idle')
    until(lambda: operator.snapshot().robots[0].telemetry.phase == 'idle', 'telemetry')
    assert audit(supervisor, 'message.refused')


def test_a_robot_cannot_acknowledge_the_order_of_another(operator, pair):
    submit(operator, 'send amr_1 to west_end')
    until(lambda: pair[0].orders, 'order')
    pair[1].ack(pair[0].orders[0].order_id, mission_pb2.ACK_STATUS_COMPLETED)
    pair[1].report(phase='idle')
    until(lambda: operator.snapshot().robots[1].telemetry.phase == 'idle', 'telemetry')
    assert operator.missions()[0].status == 'open'


def refused_link(supervisor: Supervisor, agent_id: str, **options) -> str:
    robot = TalkingRobot(supervisor.port, supervisor.vault, supervisor.fleet, agent_id, **options)
    robot.say_hello()
    until(lambda: robot.error is not None, 'refusal')
    robot.close()
    assert robot.error.code() is grpc.StatusCode.PERMISSION_DENIED
    return robot.error.details()


def test_a_robot_cannot_speak_for_another(supervisor):
    reason = refused_link(supervisor, 'amr_1', certificate='amr_2')
    assert reason == "'amr_2' may not speak for 'amr_1'"
    assert audit(supervisor, 'link.refused')[0]['reason'] == reason


def test_a_link_begins_with_a_hello(supervisor):
    robot = TalkingRobot(supervisor.port, supervisor.vault, supervisor.fleet, 'amr_1')
    robot.report()
    until(lambda: robot.error is not None, 'refusal')
    assert 'must be a hello' in robot.error.details()
    robot.close()


def test_a_newer_link_of_a_robot_ends_the_older_one(supervisor, operator):
    with robot_of(supervisor, 'amr_1') as old, robot_of(supervisor, 'amr_1'):
        until(lambda: not old._thread.is_alive(), 'end of the older link')
        assert operator.snapshot().robots[0].linked


def test_robots_may_not_call_the_operators_service(supervisor):
    with OperatorClient(supervisor.target, channel_files(supervisor.vault, 'amr_1')) as client:
        for call in (
            client.snapshot,
            client.missions,
            lambda: client.submit('survey the whole room', operator='amr_1'),
            partial(client.stop, operator='amr_1'),
            lambda: client.recall('m-1', operator='amr_1'),
            lambda: client.revoke('amr_1', operator='amr_1'),
            client.escalations,
            lambda: client.resolve('e', operator='amr_1', answer='x'),
        ):
            with pytest.raises(OperatorError, match="'amr_1' may not give orders"):
                call()


def test_plain_text_callers_get_nothing_from_a_secure_supervisor(supervisor):
    with (
        OperatorClient(supervisor.target, None) as client,
        pytest.raises(OperatorError, match='no supervisor answers'),
    ):
        client.snapshot()


def test_insecure_is_said_in_every_state(tmp_path):
    with small_fleet(tmp_path, insecure=True) as running, running.operator() as client:
        with robot_of(running, 'amr_1', insecure=True):
            assert client.snapshot().robots[0].linked
        assert any('--insecure' in notice for notice in client.snapshot().notices)


@pytest.mark.parametrize(
    ('fields', 'reason'),
    [
        ({'operator': ''}, 'operator: empty'),
        ({'request_id': ''}, 'request_id: empty'),
        ({'request_id': 'r' * 200}, 'request_id: 200 characters'),
        ({'operator': 'a\nb'}, 'operator: holds a control character'),
        ({'priority': 11}, 'priority: 11'),
        ({'not_before_ns': -1}, 'not_before_ns: -1'),
        ({'link_loss': 77}, 'link_loss: 77'),
    ],
)
def test_a_malformed_request_is_refused_with_its_field(supervisor, fields, reason):
    files = channel_files(supervisor.vault, 'operator')
    credentials = grpc.ssl_channel_credentials(files.ca, files.key, files.cert)
    values = {'text': 'survey the whole room', 'operator': 'ada', 'request_id': 'r', **fields}
    with grpc.secure_channel(supervisor.target, credentials) as channel:
        stub = operator_pb2_grpc.OperatorStub(channel)
        reply = stub.Submit(operator_pb2.SubmitRequest(**values), timeout=30)
    assert not reply.accepted
    assert reply.reason.startswith(reason)


def test_health_is_served_under_the_names_of_the_services(supervisor):
    files = channel_files(supervisor.vault, 'operator')
    credentials = grpc.ssl_channel_credentials(files.ca, files.key, files.cert)
    with grpc.secure_channel(supervisor.target, credentials) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for name in ('', 'swarm.v1.MissionControl', 'swarm.v1.Operator'):
            request = health_pb2.HealthCheckRequest(service=name)
            assert stub.Check(request, timeout=30).status == 1


def test_tokens_are_renewed_at_half_their_life(tmp_path):
    settings = Settings(token_ttl_s=10.0)
    ahead = [0]
    with small_fleet(tmp_path, settings=settings) as running:
        clock = running.hq.clock
        running.hq.clock = lambda: clock() + ahead[0]
        with robot_of(running, 'amr_1') as robot:
            ahead[0] = 6 * 10**9
            until(lambda: len(robot.tokens) == 2, 'the new token')
            assert robot.tokens[1].expires_ns > robot.tokens[0].expires_ns


def test_a_slow_model_keeps_nobody_else_waiting(tmp_path):
    with ModelServer() as model, ExitStack() as stack:
        model.hold.clear()
        model.answer = lambda _request: plan(task('return_home'))
        running = stack.enter_context(small_fleet(tmp_path, access=local_model(model.port)))
        client = stack.enter_context(running.operator())
        robot = stack.enter_context(robot_of(running, 'amr_1'))
        pool = stack.enter_context(ThreadPoolExecutor(1))
        slow = pool.submit(submit, client, 'everybody, please come back to me')
        until(lambda: model.asked, 'the model to be asked')
        assert submit(client, 'send amr_1 to west_end').accepted
        until(lambda: robot.orders, 'order')
        robot.complete()
        until(lambda: client.missions()[0].status == 'complete', 'complete')
        client.revoke('amr_1', operator='ada')
        model.hold.set()
        assert 'amr_1 is revoked' in slow.result().reason


def test_hazards_of_several_robots_become_one_notice(operator, pair):
    for robot in pair:
        robot.report(hazards=[common_pb2.Point2D(x_m=3.0, y_m=4.0)])
    until(
        lambda: any('amr_1, amr_2' in notice for notice in operator.snapshot().notices),
        'the notice',
    )
    assert sum('hazard' in notice for notice in operator.snapshot().notices) == 1
