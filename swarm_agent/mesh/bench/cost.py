# SPDX-License-Identifier: Apache-2.0
"""Processor time of hearing, in one process without a network: what no idle machine takes away.

Control of what is heard is its signature alone: Ed25519 as the library does it, the floor.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf.message import Message
from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.bench.figures import Figure, quantile
from swarm_agent.mesh.bench.stage import names
from swarm_agent.mesh.gate import Gate
from swarm_agent.mesh.hearing import Hearing
from swarm_agent.mesh.wire import points_message
from swarm_vault.keys import Signer, ensure_authority, load_signer, load_trust

ROUNDS = 60
"""The median of so many is told; few enough that no sender exceeds its rate."""
PEERS = 19


class _Ear:
    """A robot that knows 19 peers, and speaks in their names."""

    def __init__(self, folder: Path) -> None:
        me, *self.peers = names(PEERS + 1)
        ensure_authority(folder, (me, *self.peers))
        self.trust = load_trust(folder)
        self.signers = [load_signer(folder, name) for name in self.peers]
        self.gate = Gate(me, self.trust)
        self.hearing = Hearing(me, self.gate)
        self.there = dict.fromkeys(self.peers, True)

    def say(self, number: int) -> list[bytes]:
        """An intent of each peer."""
        return [_signed(one, _intent(one.agent_id, number), number) for one in self.signers]

    def hear(self, kind: str, said: list[bytes]) -> None:
        """As a session does with what arrives and is then drained."""
        for data in said:
            self.gate.put(kind, data)
        self.hearing.drain(time.monotonic_ns(), self.there)


def hearing_cost() -> list[Figure]:
    """What a robot among 20 pays for one intent and one hazard, and for saying one itself [us]."""
    with TemporaryDirectory(prefix='swarm_bench_') as folder:
        ear = _Ear(Path(folder))
    spent: dict[str, list[float]] = {name: [] for name in ('say', 'verify', 'intent', 'hazard')}
    domain, first = mesh_pb2.PeerIntent.DESCRIPTOR.full_name, ear.peers[0]
    for number in range(1, ROUNDS):
        said = ear.say(number)
        hazard = [_signed(ear.signers[0], _hazard(first, number), number)]
        one = common_pb2.Signed.FromString(said[0])
        spent['say'].append(_spent_us(partial(ear.say, number)) / PEERS)
        spent['verify'].append(_spent_us(partial(ear.trust.verify, one, domain=domain)))
        spent['intent'].append(_spent_us(partial(ear.hear, 'intent', said)) / PEERS)
        spent['hazard'].append(_spent_us(partial(ear.hear, 'hazard', hazard)))
    if ear.gate.dropped:
        raise RuntimeError(f'the cost of hearing was not measured: {ear.gate.dropped}')
    median = {name: quantile(values, 0.5) for name, values in spent.items()}
    floor = median['verify']
    return [
        Figure(name='cpu_intent_said', value=median['say'], unit='us'),
        Figure(name='cpu_intent_heard', value=median['intent'], unit='us', control=floor),
        Figure(name='cpu_hazard_heard', value=median['hazard'], unit='us', control=floor),
    ]


def _spent_us(act: Callable[[], object]) -> float:
    began = time.process_time_ns()
    act()
    return (time.process_time_ns() - began) * 1e-3


def _signed(signer: Signer, message: Message, number: int) -> bytes:
    payload = message.SerializeToString()
    signed = signer.sign(message.DESCRIPTOR.full_name, number, payload)
    return bytes(signed.SerializeToString())


def _intent(author: str, number: int) -> mesh_pb2.PeerIntent:
    return mesh_pb2.PeerIntent(
        agent_id=author,
        stamp_ns=time.time_ns(),
        pose=common_pb2.Pose2D(x_m=0.01 * number, y_m=1.0),
        speed_mps=0.3,
        radius_m=0.28,
        priority=common_pb2.PRIORITY_CLASS_MISSION,
        state=mesh_pb2.PEER_STATE_MOVING,
        path=points_message([(0.25 * k, 1.0) for k in range(1, 25)]),
    )


def _hazard(author: str, number: int) -> mesh_pb2.Hazard:
    return mesh_pb2.Hazard(
        hazard_id=f'obstacle/{number % 8}',
        kind='obstacle',
        reporter=author,
        position=common_pb2.Point2D(x_m=1.0, y_m=3.0 * (number % 8)),
        radius_m=0.3,
        stamp_ns=time.time_ns(),
        ttl_s=60.0,
    )
