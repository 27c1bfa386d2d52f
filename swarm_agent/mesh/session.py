# SPDX-License-Identifier: Apache-2.0
"""A robot's Zenoh peer: what it says to the others, and what of theirs may be believed.

Zenoh's callbacks only put bytes into a bounded mailbox; everything is verified in `drain`, on the
caller's thread, so a flood costs its sender's messages and not our memory.
"""

import json
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zenoh
from google.protobuf.message import DecodeError, Message
from swarm.v1 import common_pb2, laws_pb2, mesh_pb2

from swarm_agent.mesh.core.types import Claim, Hazard, Peer
from swarm_agent.mesh.wire import (
    MAX_BYTES,
    Malformed,
    check_heads,
    check_stamp,
    claim_message,
    claim_of,
    hazard_of,
    peer_of,
)
from swarm_config.fleets import Fleet
from swarm_vault.keys import SequenceGuard, load_signer, load_trust

MAILBOX = 2000
FORGET_PEER_S = 10.0
REPEAT_HAZARD_S = 2.0
LEASE_MS = 2000
MOST_WORDS = 16
"""So many words of revocation go into a message, and so many are looked at in one drain."""
"""A frozen peer's liveliness token goes after this time [ms]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What has been heard."""

    peers: tuple[Peer, ...]
    """The newest word of every peer heard within 10 s, by id."""
    claims: tuple[Claim, ...]
    """Claims to this robot since the last drain, in the order of arrival."""
    hazards: tuple[Hazard, ...]
    """All hazards of others that have not expired, by id."""
    heads: tuple[mesh_pb2.LogHeads, ...] = ()
    """Where others say that their logs stand, and what they countersigned, since then."""
    revocations: tuple[common_pb2.Signed, ...] = ()
    """Words of revocation that others passed on; each is still to be verified."""


class MeshSession:
    """One robot's place in the swarm."""

    def __init__(self, agent_id: str, fleet: Fleet, vault_dir: Path) -> None:
        """Open the session; peers that start later are found by themselves.

        Args:
            agent_id: Who we are.
            fleet: The fleet plan; its mesh entry names the endpoints.
            vault_dir: The robot's vault with its key and the peers' public keys.
        """
        self._agent_id = agent_id
        self._prefix = f'swarm/{fleet.fleet_id}'
        self._signer, self._trust = load_signer(vault_dir, agent_id), load_trust(vault_dir)
        self._guard, self._dropped = SequenceGuard(), Counter[str]()
        self._heads: list[mesh_pb2.LogHeads] = []
        self._words: dict[bytes, common_pb2.Signed] = {}
        self._mail: deque[tuple[str, bytes, int]] = deque(maxlen=MAILBOX)
        self._alive: dict[str, bool] = {}
        self._peers: dict[str, tuple[mesh_pb2.PeerIntent, int]] = {}
        self._hazards: dict[str, Hazard] = {}
        self._own_hazards: dict[str, tuple[mesh_pb2.Hazard, int]] = {}
        self._hazards_said_ns = 0
        self._sequence = 0
        self._session = zenoh.open(zenoh.Config.from_json5(json.dumps(_config(fleet, agent_id))))
        self._declare()

    def _declare(self) -> None:
        own = f'{self._prefix}/{self._agent_id}'
        self._intents = self._session.declare_publisher(
            f'{own}/intent',
            congestion_control=zenoh.CongestionControl.DROP,
            priority=zenoh.Priority.REAL_TIME,
        )
        self._subscriptions = [
            self._session.declare_subscriber(f'{self._prefix}/*/intent', self._putter('intent')),
            self._session.declare_subscriber(
                f'{self._prefix}/claim/{self._agent_id}/*', self._putter('claim')
            ),
            self._session.declare_subscriber(f'{self._prefix}/hazard/**', self._putter('hazard')),
            self._session.declare_subscriber(f'{self._prefix}/*/heads', self._putter('heads')),
            self._session.declare_subscriber(
                f'{self._prefix}/*/revocations', self._putter('revocations')
            ),
            self._session.liveliness().declare_subscriber(
                f'{self._prefix}/*/alive', self._take_alive, history=True
            ),
        ]
        self._token = self._session.liveliness().declare_token(f'{own}/alive')

    @property
    def dropped(self) -> dict[str, int]:
        """Messages that were not believed, by reason."""
        return dict(self._dropped)

    def publish_intent(self, intent: mesh_pb2.PeerIntent) -> None:
        """Tell all peers where we are and where we go."""
        self._intents.put(self._sign(intent))

    def publish_hazard(self, hazard: mesh_pb2.Hazard) -> None:
        """Tell all peers of a hazard now, and again every 2 s while it lives."""
        self._own_hazards[hazard.hazard_id] = (hazard, time.monotonic_ns())
        self._put_hazard(hazard)

    def publish_heads(self, heads: mesh_pb2.LogHeads) -> None:
        """Tell all peers where our logs stand, and what of theirs we countersigned."""
        key = f'{self._prefix}/{self._agent_id}/heads'
        self._session.put(
            key,
            self._sign(heads),
            congestion_control=zenoh.CongestionControl.DROP,
            priority=zenoh.Priority.BACKGROUND,
        )

    def publish_revocations(self, words: Iterable[common_pb2.Signed]) -> None:
        """Pass on who is revoked, each word as its author signed it."""
        rest = list(words)
        while rest:
            part, rest = rest[:MOST_WORDS], rest[MOST_WORDS:]
            self._session.put(
                f'{self._prefix}/{self._agent_id}/revocations',
                laws_pb2.Revocations(entries=part).SerializeToString(),
                congestion_control=zenoh.CongestionControl.DROP,
                priority=zenoh.Priority.INTERACTIVE_HIGH,
            )

    def send_claim(self, claim: Claim) -> None:
        """Send a claim to its addressee."""
        key = f'{self._prefix}/claim/{claim.to_agent}/{self._agent_id}'
        self._session.put(
            key,
            self._sign(claim_message(claim, time.time_ns())),
            congestion_control=zenoh.CongestionControl.DROP,
            priority=zenoh.Priority.INTERACTIVE_HIGH,
        )

    def drain(self) -> Drained:
        """Verify what has arrived since the last call."""
        now_ns = time.monotonic_ns()
        claims: list[Claim] = []
        while self._mail:
            self._open(*self._mail.popleft(), claims)
        self._repeat_hazards(now_ns)
        heads, self._heads = tuple(self._heads), []
        words, self._words = tuple(self._words.values()), {}
        return Drained(
            peers=self._peer_table(now_ns),
            claims=tuple(claims),
            hazards=self._living_hazards(now_ns),
            heads=heads,
            revocations=words,
        )

    def close(self) -> None:
        """Leave the swarm; peers see it at once."""
        self._token.undeclare()  # type: ignore[no-untyped-call]
        for subscription in self._subscriptions:
            subscription.undeclare()  # type: ignore[no-untyped-call]
        self._session.close()  # type: ignore[no-untyped-call]

    def _sign(self, message: Message) -> bytes:
        """Sign with a sequence that rises also over restarts: the wall clock, never back."""
        self._sequence = max(self._sequence + 1, time.time_ns())
        payload = message.SerializeToString()
        signed = self._signer.sign(message.DESCRIPTOR.full_name, self._sequence, payload)
        return bytes(signed.SerializeToString())

    def _putter(self, kind: str) -> Callable[[zenoh.Sample], None]:
        def put(sample: zenoh.Sample) -> None:
            self._mail.append((kind, bytes(sample.payload), time.monotonic_ns()))

        return put

    def _take_alive(self, sample: zenoh.Sample) -> None:
        agent = str(sample.key_expr).split('/')[-2]
        self._alive[agent] = sample.kind == zenoh.SampleKind.PUT

    def _open(self, kind: str, data: bytes, heard_ns: int, claims: list[Claim]) -> None:
        try:
            self._believe(kind, data, heard_ns, claims)
        except (Malformed, DecodeError) as error:
            reason = str(error) if isinstance(error, Malformed) else 'not a message'
            self._dropped[f'{kind}: {reason}'] += 1

    def _believe(self, kind: str, data: bytes, heard_ns: int, claims: list[Claim]) -> None:
        if len(data) > MAX_BYTES:
            raise Malformed('too large')
        if kind == 'revocations':
            entries = laws_pb2.Revocations.FromString(data).entries
            self._words |= {entry.SerializeToString(): entry for entry in entries}
            while len(self._words) > MOST_WORDS:
                del self._words[next(iter(self._words))]
            return
        signed = common_pb2.Signed.FromString(data)
        if signed.agent_id == self._agent_id:
            return
        if kind == 'intent':
            intent = self._read(signed, mesh_pb2.PeerIntent())
            peer_of(intent, author=signed.agent_id, heard_ns=heard_ns, alive=True)
            self._peers[signed.agent_id] = (intent, heard_ns)
        elif kind == 'claim':
            claim = self._read(signed, mesh_pb2.Claim())
            claims.append(claim_of(claim, author=signed.agent_id, reader=self._agent_id))
        elif kind == 'heads':
            heads = self._read(signed, mesh_pb2.LogHeads())
            check_heads(heads, author=signed.agent_id)
            self._heads.append(heads)
        else:
            hazard = self._read(signed, mesh_pb2.Hazard())
            known = hazard_of(hazard, author=signed.agent_id, heard_ns=heard_ns)
            self._hazards[known.hazard_id] = known

    def _read(self, signed: common_pb2.Signed, into: Any) -> Any:
        """The signed message, when author, sequence and stamp are right."""
        verdict = self._trust.verify(signed, domain=into.DESCRIPTOR.full_name)
        if verdict.ok:
            verdict = self._guard.accept(signed)
            if not verdict.ok:
                raise Malformed('replayed')
        if not verdict.ok:
            raise Malformed('signature not accepted')
        into.ParseFromString(signed.payload)
        check_stamp(into.stamp_ns, time.time_ns())
        return into

    def _peer_table(self, now_ns: int) -> tuple[Peer, ...]:
        fresh = {
            agent: (intent, heard_ns)
            for agent, (intent, heard_ns) in self._peers.items()
            if now_ns - heard_ns < FORGET_PEER_S * 1e9
        }
        self._peers = fresh
        return tuple(
            peer_of(intent, author=agent, heard_ns=heard_ns, alive=self._alive.get(agent, False))
            for agent, (intent, heard_ns) in sorted(fresh.items())
        )

    def _living_hazards(self, now_ns: int) -> tuple[Hazard, ...]:
        self._hazards = {
            name: hazard
            for name, hazard in self._hazards.items()
            if now_ns - hazard.heard_ns < hazard.ttl_s * 1e9
        }
        return tuple(hazard for _, hazard in sorted(self._hazards.items()))

    def _repeat_hazards(self, now_ns: int) -> None:
        """For peers that came later: say own hazards again with the life they have left."""
        if now_ns - self._hazards_said_ns < REPEAT_HAZARD_S * 1e9:
            return
        self._hazards_said_ns = now_ns
        for name, (hazard, since_ns) in list(self._own_hazards.items()):
            left_s = hazard.ttl_s - (now_ns - since_ns) / 1e9
            if left_s <= 0.0:
                del self._own_hazards[name]
                continue
            again = mesh_pb2.Hazard()
            again.CopyFrom(hazard)
            again.stamp_ns, again.ttl_s = time.time_ns(), left_s
            self._put_hazard(again)

    def _put_hazard(self, hazard: mesh_pb2.Hazard) -> None:
        key = f'{self._prefix}/hazard/{hazard.hazard_id}'
        self._session.put(key, self._sign(hazard), priority=zenoh.Priority.INTERACTIVE_HIGH)


def _config(fleet: Fleet, agent_id: str) -> dict[str, Any]:
    """Zenoh's configuration: a peer with given endpoints, multicast where the plan says so."""
    retry = {'period_init_ms': 200, 'period_max_ms': 1000, 'period_increase_factor': 1.5}
    never_give_up = {'timeout_ms': 0, 'exit_on_failure': False, 'retry': retry}
    scouting = fleet.file.mesh.scouting
    return {
        'mode': 'peer',
        'listen': {'endpoints': [fleet.mesh_listen(agent_id)], **never_give_up},
        'connect': {'endpoints': list(fleet.mesh_connect(agent_id)), **never_give_up},
        'scouting': {
            'multicast': {'enabled': scouting},
            'gossip': {'enabled': scouting},
        },
        'transport': {'link': {'tx': {'lease': LEASE_MS, 'keep_alive': 4}}},
    }
