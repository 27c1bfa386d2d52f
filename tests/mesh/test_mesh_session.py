# SPDX-License-Identifier: Apache-2.0
"""Real Zenoh sessions on loopback: peers hear each other, and only what is true gets in."""

import math
import time
from pathlib import Path

import pytest
import zenoh
from mesh_air import until
from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.core.types import Claim
from swarm_agent.mesh.session import MeshSession
from swarm_config.fleets import Fleet, load_fleet
from swarm_config.loopback import free_row
from swarm_vault.keys import ensure_authority, load_signer

CONFIG = Path(__file__).parents[2] / 'config'


@pytest.fixture
def fleet(tmp_path) -> Fleet:
    text = (CONFIG / 'fleets' / 'depot.yaml').read_text()
    text = text.replace('../', f'{CONFIG}/').replace('7450', str(free_row(3)))
    path = tmp_path / 'fleet.yaml'
    path.write_text(text + f'\nrobots_dir: {CONFIG}/robots\n')
    fleet = load_fleet(path)
    ensure_authority(tmp_path, [robot.agent_id for robot in fleet.robots])
    return fleet


@pytest.fixture
def pair(fleet, tmp_path):
    a, b = (MeshSession(name, fleet, tmp_path) for name in ('amr_1', 'amr_2'))
    yield a, b
    a.close()
    b.close()


def intent(agent: str, **more: object) -> mesh_pb2.PeerIntent:
    fields = {
        'agent_id': agent,
        'stamp_ns': time.time_ns(),
        'pose': common_pb2.Pose2D(x_m=1.0, y_m=2.0, yaw_rad=0.5),
        'radius_m': 0.28,
        'state': mesh_pb2.PEER_STATE_MOVING,
    }
    return mesh_pb2.PeerIntent(**{**fields, **more})


def meet(a: MeshSession, b: MeshSession) -> None:
    def heard():
        a.publish_intent(intent('amr_1'))
        return any(peer.alive for peer in b.drain().peers)

    assert until(heard)


def test_a_peer_is_heard_with_its_pose_and_is_alive(pair):
    a, b = pair
    meet(a, b)
    (peer,) = b.drain().peers
    assert peer.agent_id == 'amr_1'
    assert peer.pose == (1.0, 2.0, 0.5)


def test_a_peer_that_leaves_is_not_alive_any_more(fleet, tmp_path, pair):
    _, b = pair
    c = MeshSession('tb4_1', fleet, tmp_path)

    def heard():
        c.publish_intent(intent('tb4_1'))
        return any(p.agent_id == 'tb4_1' and p.alive for p in b.drain().peers)

    assert until(heard)
    c.close()
    assert until(lambda: any(p.agent_id == 'tb4_1' and not p.alive for p in b.drain().peers))


def test_a_claim_reaches_only_its_addressee(pair):
    a, b = pair
    meet(a, b)
    claim = Claim(
        claim_id='c', kind=1, from_agent='amr_1', to_agent='amr_2', priority=3, waited_ms=0,
        path=((0.0, 0.0), (1.0, 0.0)), place=(2.0, 2.0), reason='',
    )  # fmt: skip
    a.send_claim(claim)
    found = []
    assert until(lambda: found.extend(b.drain().claims) or found)
    assert found == [claim]
    assert a.drain().claims == ()


def test_a_claim_wakes_who_waits_for_one_and_an_intent_does_not(pair):
    a, b = pair
    meet(a, b)
    assert until(lambda: not b.wait(0.0))
    a.publish_intent(intent('amr_1'))
    assert b.wait(30.0)
    assert not b.wait_for_claim(0.0)
    a.send_claim(
        Claim(
            claim_id='c', kind=1, from_agent='amr_1', to_agent='amr_2', priority=3, waited_ms=0,
            path=(), place=None, reason='',
        )
    )  # fmt: skip
    assert b.wait_for_claim(30.0)
    assert len(b.drain().claims) == 1
    assert not b.wait_for_claim(0.0)


def test_a_hazard_is_heard_also_by_a_peer_that_comes_later(fleet, tmp_path, pair):
    a, _ = pair
    a.publish_hazard(
        mesh_pb2.Hazard(
            hazard_id='obstacle/3_4', kind='obstacle', reporter='amr_1', radius_m=0.5, ttl_s=60.0,
            position=common_pb2.Point2D(x_m=3.0, y_m=4.0), stamp_ns=time.time_ns(),
        )
    )  # fmt: skip
    late = MeshSession('tb4_1', fleet, tmp_path)

    def heard():
        a.drain()
        return late.drain().hazards

    assert until(heard)
    assert late.drain().hazards[0].position == (3.0, 4.0)
    late.close()


def signed_by(tmp_path, agent: str, message: object, sequence: int | None = None) -> bytes:
    signer = load_signer(tmp_path, agent)
    payload = message.SerializeToString()
    sequence = time.time_ns() if sequence is None else sequence
    return signer.sign('swarm.v1.PeerIntent', sequence, payload).SerializeToString()


def nonsense(_tmp_path) -> bytes:
    return b'\xff\xff\xffnonsense'


def too_large(tmp_path) -> bytes:
    return signed_by(tmp_path, 'tb4_1', intent('tb4_1', skill='x' * 9000))


def for_another(tmp_path) -> bytes:
    return signed_by(tmp_path, 'tb4_1', intent('amr_1'))


def not_finite(tmp_path) -> bytes:
    return signed_by(tmp_path, 'tb4_1', intent('tb4_1', speed_mps=math.nan))


def too_old(tmp_path) -> bytes:
    return signed_by(tmp_path, 'tb4_1', intent('tb4_1', stamp_ns=time.time_ns() - 60 * 10**9))


def from_the_future(tmp_path) -> bytes:
    return signed_by(tmp_path, 'tb4_1', intent('tb4_1', stamp_ns=time.time_ns() + 60 * 10**9))


def forged(tmp_path) -> bytes:
    signed = common_pb2.Signed.FromString(signed_by(tmp_path, 'tb4_1', intent('tb4_1')))
    signed.payload = intent('tb4_1', speed_mps=1.0).SerializeToString()
    return signed.SerializeToString()


@pytest.mark.parametrize(
    ('make', 'reason'),
    [
        (nonsense, 'not a message'),
        (too_large, 'too large'),
        (for_another, 'speaks for another'),
        (not_finite, 'not finite'),
        (too_old, 'too old'),
        (from_the_future, 'future'),
        (forged, 'signature'),
    ],
)
def test_what_must_not_be_believed_is_dropped_and_counted(fleet, tmp_path, make, reason):
    session = MeshSession('amr_1', fleet, tmp_path)
    session._gate.put('intent', make(tmp_path))
    assert session.drain().peers == ()
    assert any(reason in said for said in session.dropped)
    session.close()


def test_a_replayed_intent_is_dropped(fleet, tmp_path):
    session = MeshSession('amr_1', fleet, tmp_path)
    data = signed_by(tmp_path, 'tb4_1', intent('tb4_1'))
    for _ in range(2):
        session._gate.put('intent', data)
        assert len(session.drain().peers) == 1
    assert session.dropped == {'intent: replayed': 1}
    session.close()


def test_a_flood_over_the_air_costs_no_memory(fleet, tmp_path):
    session = MeshSession('amr_1', fleet, tmp_path)
    config = zenoh.Config()
    config.insert_json5('connect/endpoints', f'["{fleet.mesh_listen("amr_1")}"]')
    config.insert_json5('scouting/multicast/enabled', 'false')
    config.insert_json5('listen/endpoints', '["tcp/127.0.0.1:0"]')
    with zenoh.open(config) as rogue:
        for _ in range(5000):
            rogue.put(f'swarm/{fleet.fleet_id}/rogue/intent', b'x' * 100)
    assert until(lambda: session._gate.waiting <= 2000)
    session.drain()
    session.close()
