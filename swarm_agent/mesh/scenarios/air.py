# SPDX-License-Identifier: Apache-2.0
"""A network of arithmetic between robots of one process, in reckoned time; repeats exactly."""

import heapq
import itertools
import random
from dataclasses import dataclass, field, replace

from swarm.v1 import mesh_pb2

from swarm_agent.mesh.core import Claim, Hazard, Peer
from swarm_agent.mesh.core.hazards import Known, living, reported, summed_up
from swarm_agent.mesh.scenarios.clock import ReckonedClock
from swarm_agent.mesh.scenarios.impairment import Impairment, odd
from swarm_agent.mesh.wire import claim_message, claim_of, hazard_of, peer_of

NS = 1_000_000_000
NETWORK_MS = 2.0
"""Mean time that a message takes where no other delay is wished [ms]."""
FORGET_NS = 10 * NS
Said = mesh_pb2.PeerIntent | mesh_pb2.Claim | mesh_pb2.Hazard


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a robot heard."""

    peers: tuple[Peer, ...]
    claims: tuple[Claim, ...]
    hazards: tuple[Hazard, ...]


@dataclass(slots=True, kw_only=True)
class Air:
    """Carries messages between robots; loses, delays, doubles and so reorders them."""

    clock: ReckonedClock
    bad: Impairment
    seed: int
    begun_ns: int
    sessions: dict[str, 'AirSession'] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """Robots whose processes were killed: their tokens are not there any more."""
    _late: list[tuple[int, int, str, str, Said]] = field(default_factory=list)
    _random: random.Random = field(init=False)
    _count: 'itertools.count[int]' = field(default_factory=itertools.count)
    _read: dict[str, tuple[int, Peer]] = field(default_factory=dict)
    """The stamp of what each said last and what it says: all hearers read the same."""

    def __post_init__(self) -> None:
        """Draw from the seed."""
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable, no secret

    def send(self, author: str, to: str, what: Said) -> None:
        """Put a message on its way, if it is not lost."""
        if self._cut(author, to):
            return
        mean_s = self.bad.delay_s or NETWORK_MS * 1e-3
        for _ in range(1 + (self._random.random() < self.bad.doubled)):
            if self._random.random() >= self.bad.loss:
                due_ns = self.clock.now_ns + round(mean_s * self._random.uniform(0.5, 1.5) * NS)
                heapq.heappush(self._late, (due_ns, next(self._count), author, to, what))

    def deliver(self) -> None:
        """Hand over what is due."""
        while self._late and self._late[0][0] <= self.clock.now_ns:
            _, _, author, to, what = heapq.heappop(self._late)
            self.sessions[to].receive(author, what)

    def peer_of(self, intent: mesh_pb2.PeerIntent, author: str, heard_ns: int) -> Peer:
        """What an intent says, as it is heard now."""
        stamp_ns, peer = self._read.get(author, (-1, None))
        if peer is None or stamp_ns != intent.stamp_ns:
            peer = peer_of(intent, author=author, heard_ns=0, alive=True)
            self._read[author] = (intent.stamp_ns, peer)
        return replace(peer, heard_ns=heard_ns, alive=author not in self.gone)

    def _cut(self, author: str, to: str) -> bool:
        since_s = (self.clock.now_ns - self.begun_ns) / NS
        return self.bad.cut_from_s <= since_s < self.bad.cut_to_s and odd(author) != odd(to)


class AirSession:
    """One robot's ear and mouth in the air; what it hears is checked as in the real one."""

    def __init__(self, agent_id: str, air: Air) -> None:
        self._agent_id, self._air = agent_id, air
        self._peers: dict[str, tuple[mesh_pb2.PeerIntent, int]] = {}
        self._claims: list[Claim] = []
        self._hazards: tuple[Known, ...] = ()
        self.dropped: dict[str, int] = {}
        air.sessions[agent_id] = self

    @property
    def alive(self) -> frozenset[str]:
        """The peers that are there."""
        return frozenset(self._air.sessions) - self._air.gone - {self._agent_id}

    def close(self) -> None:
        """There is nothing to leave."""

    def receive(self, author: str, what: Said) -> None:
        """Keep the newest intent of each, all claims and what hazards hold."""
        now_ns = self._air.clock.now_ns
        if isinstance(what, mesh_pb2.Claim):
            self._claims.append(claim_of(what, author=author, reader=self._agent_id))
        elif isinstance(what, mesh_pb2.Hazard):
            hazard = hazard_of(what, author=author, heard_ns=now_ns)
            self._hazards = reported(self._hazards, hazard, gone=what.gone)
        elif self._newer(author, what.stamp_ns):
            self._peers[author] = (what, now_ns)

    def drain(self) -> Words:
        """Take in what arrived."""
        claims, self._claims = tuple(self._claims), []
        now_ns = self._air.clock.now_ns
        self._hazards = living(self._hazards, now_ns)
        return Words(
            peers=tuple(
                self._air.peer_of(intent, name, heard_ns)
                for name, (intent, heard_ns) in sorted(self._peers.items())
                if now_ns - heard_ns < FORGET_NS
            ),
            claims=claims,
            hazards=summed_up(self._hazards, now_ns),
        )

    def publish_intent(self, intent: mesh_pb2.PeerIntent) -> None:
        """Say to all what this robot does."""
        self._to_all(intent)

    def publish_hazard(self, hazard: mesh_pb2.Hazard) -> None:
        """Report a hazard."""
        self._to_all(hazard)

    def send_claim(self, claim: Claim) -> None:
        """Say something to one."""
        message = claim_message(claim, self._air.clock.now_ns)
        self._air.send(self._agent_id, claim.to_agent, message)

    def _to_all(self, what: Said) -> None:
        for other in self._air.sessions:
            if other != self._agent_id:
                self._air.send(self._agent_id, other, what)

    def _newer(self, author: str, stamp_ns: int) -> bool:
        known = self._peers.get(author)
        return known is None or known[0].stamp_ns < stamp_ns
