# SPDX-License-Identifier: Apache-2.0
"""The uplink against a real gRPC server: nothing acknowledged is lost, no forgery gets through."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from swarm.v1 import common_pb2, mission_pb2
from uplink_supervisor import SmallSupervisor

from swarm_agent.uplink import IdentityReceived, Order, Token, Uplink
from swarm_config.fleets import load_fleet
from swarm_supervisor.liaison import show_heads
from swarm_vault.heads.witness import Witness
from swarm_vault.keys import ensure_authority, hand_over, load_signer, load_trust
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.verify import verify_vault
from swarm_vault.witness import WitnessBook

FLEET = Path(__file__).parents[2] / 'config' / 'fleets' / 'depot.yaml'
AGENT = 'amr_1'


def until(condition, deadline_s=30.0):
    pause, end = threading.Event(), time.monotonic() + deadline_s
    while time.monotonic() < end:
        if condition():
            return True
        pause.wait(0.02)
    return False


@pytest.fixture
def link_log(place):
    """The log of the process that holds the link; the planner's is the tests' own."""
    made = Recorder(vault_dir=place / 'robot', agent_id=AGENT, writer='link')
    yield made
    made.close()


@pytest.fixture
def place(tmp_path):
    ensure_authority(tmp_path / 'super', [AGENT, 'amr_2'])
    hand_over(tmp_path / 'super', tmp_path / 'robot', [AGENT])
    return tmp_path


@pytest.fixture
def supervisor(place):
    made = SmallSupervisor(place / 'super', place / 'super')
    made.start()
    yield made
    made.stop()
    made.mirror.close()


def connect(place, supervisor, recorder) -> Uplink:
    return Uplink(
        fleet=load_fleet(FLEET),
        agent_id=AGENT,
        vault_dir=place / 'robot',
        target=f'127.0.0.1:{supervisor.port}',
        insecure=False,
        hello=lambda: mission_pb2.Hello(agent_id=AGENT),
        recorder=recorder,
    )


@pytest.fixture
def uplink(place, supervisor, link_log):
    made = connect(place, supervisor, link_log)
    yield made
    made.close()


def gather(uplink, kind, count=1):
    found = []

    def enough():
        found.extend(item for item in uplink.poll() if isinstance(item, kind))
        return len(found) >= count

    until(enough, 10.0)
    return found


def order_for(agent: str, order_id: str = 'o1') -> mission_pb2.MissionOrder:
    return mission_pb2.MissionOrder(
        order_id=order_id, mission_id='m', agent_id=agent, wait=mission_pb2.Wait(seconds=1.0)
    )


def test_a_robot_is_welcomed_with_identity_and_token(uplink):
    found = gather(uplink, (IdentityReceived, Token), 2)
    assert found[0].system_prompt == 'you are amr_1'
    assert found[1].token.tier == 2
    assert until(lambda: uplink.linked)


def test_an_identity_comes_again_on_the_open_link_and_a_false_one_does_not(uplink, supervisor):
    gather(uplink, IdentityReceived)
    for prompt, digest in (('false', '0' * 64), ('with a rule', None)):
        sha256 = digest or hashlib.sha256(prompt.encode()).hexdigest()
        identity = mission_pb2.Identity(system_prompt=prompt, sha256=sha256)
        supervisor.down.put(mission_pb2.SupervisorDown(identity=supervisor.sign(identity)))
    (found,) = gather(uplink, IdentityReceived)
    assert found.system_prompt == 'with a rule'


def test_a_signed_order_arrives_and_its_ack_goes_back(uplink, supervisor):
    supervisor.down.put(mission_pb2.SupervisorDown(order=supervisor.sign(order_for(AGENT))))
    (found,) = gather(uplink, Order)
    assert found.order.order_id == 'o1'
    uplink.send_ack(mission_pb2.OrderAck(order_id='o1', status=mission_pb2.ACK_STATUS_ACCEPTED))
    assert until(lambda: [a.order_id for a in supervisor.acks] == ['o1'])


def forged(supervisor, place) -> common_pb2.Signed:
    signed = supervisor.sign(order_for(AGENT))
    signed.payload = order_for(AGENT, 'o1').SerializeToString() + b'\x38\x0a'
    return signed


def of_a_robot(supervisor, place) -> common_pb2.Signed:
    signer = load_signer(place / 'super', 'amr_2')
    order = order_for(AGENT)
    return signer.sign('swarm.v1.MissionOrder', 1, order.SerializeToString())


def for_another(supervisor, place) -> common_pb2.Signed:
    return supervisor.sign(order_for('amr_2'))


def as_something_else(supervisor, place) -> common_pb2.Signed:
    return supervisor.signer.sign('swarm.v1.Stop', 9, order_for(AGENT).SerializeToString())


@pytest.mark.parametrize('make', [forged, of_a_robot, for_another, as_something_else])
def test_an_order_without_authority_is_refused_and_counted(uplink, supervisor, place, make):
    assert until(lambda: uplink.linked)
    uplink.poll()
    supervisor.down.put(mission_pb2.SupervisorDown(order=make(supervisor, place)))
    assert until(lambda: sum(uplink.dropped.values()) == 1)
    assert not [item for item in uplink.poll() if isinstance(item, Order)]


def test_an_ack_given_while_the_link_is_down_goes_up_with_the_next_hello(
    place, supervisor, link_log
):
    supervisor.stop()
    uplink = connect(place, supervisor, link_log)
    uplink.send_ack(mission_pb2.OrderAck(order_id='o7', status=mission_pb2.ACK_STATUS_COMPLETED))
    uplink.close()
    supervisor.start()
    again = connect(place, supervisor, link_log)
    assert until(lambda: supervisor.hellos)
    assert [a.order_id for a in supervisor.hellos[0].open_orders] == ['o7']
    again.close()


def test_a_key_that_cannot_be_read_for_a_while_ends_no_linking(place, supervisor, link_log):
    key = place / 'robot' / 'nexus' / 'tls' / f'{AGENT}.key'
    aside = key.rename(key.with_suffix('.aside'))
    uplink = connect(place, supervisor, link_log)
    try:
        assert until(lambda: any('cannot be read' in note for note in uplink.notes))
        assert not uplink.linked
        aside.rename(key)
        assert until(lambda: uplink.linked)
    finally:
        uplink.close()


def test_a_disk_that_fails_during_a_welcome_ends_no_linking(uplink, supervisor, monkeypatch):
    assert until(lambda: uplink.linked)
    resume, faults = uplink._logs.resume, [OSError(28, 'No space left on device')]

    def full_once(positions):
        if faults:
            raise faults.pop()
        resume(positions)

    monkeypatch.setattr(uplink._logs, 'resume', full_once)
    supervisor.stop()
    assert until(lambda: not uplink.linked)
    supervisor.start()
    assert until(lambda: not faults and uplink.linked)
    assert any('No space left on device' in note for note in uplink.notes)


def test_what_was_logged_while_the_link_was_down_goes_up_afterwards(place, supervisor, link_log):
    recorder = Recorder(vault_dir=place / 'robot', agent_id=AGENT, writer='planner')
    uplink = connect(place, supervisor, link_log)
    assert until(lambda: uplink.linked)
    supervisor.stop()
    assert until(lambda: not uplink.linked)
    for i in range(170):
        recorder.event(Kind.SYSTEM, 'test.line', {'i': i})
    recorder.close()
    supervisor.start()
    assert until(lambda: uplink.linked)
    uplink.close(drain_s=20.0)
    ours = sorted((place / 'robot/agents/amr_1/log').glob('planner/*/*.jsonl'))[0].read_bytes()
    theirs = sorted((place / 'super/agents/amr_1/log').glob('planner/*/*.jsonl'))[0].read_bytes()
    assert theirs == ours
    assert uplink.events_synced == len(ours.splitlines())


@pytest.fixture
def countersigning(place, supervisor):
    """The supervisor judges heads as the real one does."""
    desk = Recorder(vault_dir=place / 'super', agent_id='supervisor', writer='supervisor')
    signer, trust = load_signer(place / 'super', 'supervisor'), load_trust(place / 'super')
    book = WitnessBook(vault_dir=place / 'super', signer=signer, trust=trust, writer='supervisor')
    witness = Witness(book, desk, trust, 'supervisor')
    base = SimpleNamespace(vault_dir=place / 'super', mirror=supervisor.mirror, witness=witness)
    supervisor.show_heads = lambda *told: show_heads(base, *told)
    yield
    desk.close()


def lines_and_bare(place) -> dict[str, tuple[int, int]]:
    logs = verify_vault(place / 'robot').witnesses.logs
    return {log.writer: (log.lines, log.bare) for log in logs if log.lines > 10}


def test_a_robot_that_is_closed_hangs_up_only_when_its_last_line_is_countersigned(
    place, supervisor, link_log, countersigning
):
    recorder = Recorder(vault_dir=place / 'robot', agent_id=AGENT, writer='planner')
    uplink = connect(place, supervisor, link_log)
    assert until(lambda: uplink.linked)
    for number in range(70):
        recorder.event(Kind.SYSTEM, 'test.line', {'i': number})
    recorder.close()
    uplink.close(drain_s=60.0)
    assert lines_and_bare(place) == {'amr_1/planner': (72, 0)}


def test_the_reflex_that_closes_last_is_waited_for(
    place, supervisor, link_log, countersigning, monkeypatch
):
    monkeypatch.setattr('swarm_agent.uplink.client.OTHERS_S', 60.0)
    reflex = Recorder(vault_dir=place / 'robot', agent_id=AGENT, writer='reflex')
    uplink = connect(place, supervisor, link_log)
    assert until(lambda: uplink.linked)
    for number in range(70):
        reflex.event(Kind.SYSTEM, 'test.line', {'i': number})
    hanging_up = threading.Thread(target=uplink.close, kwargs={'drain_s': 60.0})
    hanging_up.start()
    assert until(lambda: uplink.events_synced == 71)
    reflex.close()
    hanging_up.join()
    assert lines_and_bare(place) == {'amr_1/reflex': (72, 0)}


CHILD = """
import sys, time
from pathlib import Path
from swarm.v1 import mission_pb2
from swarm_agent.uplink import Uplink
from swarm_config.fleets import load_fleet
from swarm_vault.recorder import Kind, Recorder
fleet, vault, port = load_fleet(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3]
recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='planner')
uplink = Uplink(fleet=fleet, agent_id='amr_1', vault_dir=vault, target='127.0.0.1:' + port,
                insecure=False, hello=lambda: mission_pb2.Hello(agent_id='amr_1'),
                recorder=recorder)
i = 0
while True:
    recorder.event(Kind.SYSTEM, 'test.line', {'i': i})
    i += 1
    if i % 20 == 0:
        recorder.event(Kind.SYSTEM, 'test.sync', {}, durable=True)
        print(i, flush=True)
"""


def test_killing_the_robots_process_loses_no_line_and_stores_none_twice(
    place, supervisor, link_log
):
    for _ in range(3):
        child = subprocess.Popen(
            (sys.executable, '-c', CHILD, str(FLEET), str(place / 'robot'), str(supervisor.port)),
            stdout=subprocess.PIPE,
        )
        before = supervisor.mirror.head(AGENT, 'planner')
        assert until(lambda b=before: supervisor.mirror.head(AGENT, 'planner') > b + 20)
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    Recorder(vault_dir=place / 'robot', agent_id=AGENT, writer='planner').close()
    uplink = connect(place, supervisor, link_log)
    assert until(lambda: uplink.linked)
    uplink.close(drain_s=60.0)
    ours = sorted((place / 'robot/agents/amr_1/log').glob('planner/*/*.jsonl'))
    theirs = sorted((place / 'super/agents/amr_1/log').glob('planner/*/*.jsonl'))
    assert [p.read_bytes() for p in theirs] == [p.read_bytes() for p in ours]
