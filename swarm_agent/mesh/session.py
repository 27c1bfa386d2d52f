# SPDX-License-Identifier: Apache-2.0
"""A robot's Zenoh peer: what it says to the others, and what of theirs may be believed.

Zenoh's callbacks only sort bytes into bounded lanes (`gate`); everything is verified in `drain`,
on the caller's thread, so a flood costs its sender's messages and not our memory.
"""

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from typing import Any

import zenoh
from google.protobuf.message import Message
from swarm.v1 import common_pb2, laws_pb2, mesh_pb2

from swarm_agent.mesh.beats import Beats
from swarm_agent.mesh.core.bucket import Rate, full, refilled, taken
from swarm_agent.mesh.core.joint import Answer, Ask, Call, Cast, Entry
from swarm_agent.mesh.core.types import Claim
from swarm_agent.mesh.gate import Gate, came
from swarm_agent.mesh.hearing import Drained, Hearing
from swarm_agent.mesh.joint_wire import (
    answer_message,
    ask_message,
    call_message,
    cast_message,
    entry_message,
)
from swarm_agent.mesh.network import LEASE_MS, zenoh_config
from swarm_agent.mesh.wire import claim_message
from swarm_config.fleets import Fleet
from swarm_vault.keys import Trust, load_signer, load_trust

__all__ = ['LEASE_MS', 'Drained', 'MeshSession']

REPEAT_HAZARD_S = 2.0
GONE_TTL_S = 7.0
"""For so long it is said again that a hazard is gone [s]."""
MOST_WORDS = 16
"""So many words of revocation go into a message."""
STAY_M = 1.0
"""So far out of its tile a robot goes on listening around that one: borders are not hopped."""
BURST_S = 1.0
"""How long a robot may say more than its rate at once [s]."""


class MeshSession:
    """One robot's place in the swarm."""

    def __init__(
        self,
        agent_id: str,
        fleet: Fleet,
        vault_dir: Path,
        *,
        gate: Callable[[str, Trust], Gate] = Gate,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Open the session; peers that start later are found by themselves.

        Args:
            agent_id: Who we are.
            fleet: The fleet plan; its mesh entry names the endpoints.
            vault_dir: The robot's vault with its key and the peers' public keys.
            gate: What judges all that arrives; a bench puts a bad network before it.
            steady_ns: The clock of all timers, the gate's own excepted [ns].
        """
        self._agent_id, self._steady_ns = agent_id, steady_ns
        self._prefix = f'swarm/{fleet.fleet_id}'
        self._tile_m = fleet.file.mesh.tile_m
        self._signer = load_signer(vault_dir, agent_id)
        self._gate = gate(agent_id, load_trust(vault_dir))
        self._hearing = Hearing(agent_id, self._gate)
        self._alive: dict[str, bool] = {}
        self._own_hazards: dict[str, tuple[mesh_pb2.Hazard, int]] = {}
        self._hazards_said_ns = 0
        self._beats = Beats(agent_id)
        self._sequence = 0
        most = fleet.file.mesh.max_bytes_per_s
        self._rate = Rate(per_s=most, burst=most * BURST_S)
        self._bucket = full(self._rate, steady_ns())
        self._traffic = Counter[str]()
        self._tile: tuple[int, int] | None = None
        self._near: dict[tuple[int, int] | None, Any] = {}
        """What hears intents, by tile; None: those of all tiles, until the own place is told."""
        config = zenoh.Config.from_json5(json.dumps(zenoh_config(fleet, agent_id, vault_dir)))
        self._session = zenoh.open(config)
        self._declare()
        self._catch_up()

    def _declare(self) -> None:
        own = f'{self._prefix}/{self._agent_id}'
        heard = {
            'claim': f'{self._prefix}/claim/{self._agent_id}/*',
            'hazard': f'{self._prefix}/hazard/**',
            'beat': f'{self._prefix}/*/beat',
            'heads': f'{self._prefix}/*/heads',
            'revocations': f'{self._prefix}/*/revocations',
            'vote': f'{self._prefix}/vote/**',
            'blackboard': f'{self._prefix}/blackboard/**',
        }
        if not self._tile_m:
            heard['intent'] = f'{self._prefix}/*/intent'
        listen, answer = self._session.declare_subscriber, self._session.declare_queryable
        self._subscriptions = [
            *(listen(key, self._ear(kind)) for kind, key in heard.items()),
            answer(f'{own}/hand/*', self._take_ask),
            answer(f'{self._prefix}/blackboard/**', self._tell_board),
            self._session.liveliness().declare_subscriber(
                f'{self._prefix}/*/alive', self._take_alive, history=True
            ),
        ]
        if self._tile_m:
            everywhere = listen(f'{self._prefix}/*/intent/*', self._ear('intent'))
            self._near = {None: everywhere}
        self._token = self._session.liveliness().declare_token(f'{own}/alive')

    def _catch_up(self) -> None:
        """Ask who is there already for what stands on the blackboard."""
        take = self._putter('blackboard')

        def take_reply(reply: zenoh.Reply) -> None:
            if reply.ok is not None:
                take(reply.ok)

        self._session.get(f'{self._prefix}/blackboard/**', take_reply, timeout=5.0)

    @property
    def dropped(self) -> dict[str, int]:
        """Messages that were not believed, by reason."""
        return self._gate.dropped

    @property
    def traffic(self) -> dict[str, int]:
        """Messages and bytes said and heard since the start, and what the rate held back."""
        heard = {f'heard_{name}': count for name, count in self._gate.heard.items()}
        return dict(self._traffic) | heard

    @property
    def alive(self) -> frozenset[str]:
        """The peers whose liveliness tokens are present, without this robot's own."""
        there = {name for name, is_there in self._alive.copy().items() if is_there}
        return frozenset(there - {self._agent_id})

    @property
    def there(self) -> tuple[str, ...]:
        """The peers that are there, near or far, by all that was drained, by id."""
        return self._hearing.there(self._steady_ns(), self._alive)

    def wait(self, timeout_s: float) -> bool:
        """Block until something but a beat has arrived since the last call, or time is over."""
        return came(self._gate.arrived, timeout_s)

    def wait_for_claim(self, timeout_s: float) -> bool:
        """Block until a claim has arrived since the last call, or the time is over."""
        return came(self._gate.claimed, timeout_s)

    def publish_intent(self, intent: mesh_pb2.PeerIntent) -> None:
        """Tell the peers, or those on the tiles around, where we are and where we go."""
        key = f'{self._prefix}/{self._agent_id}/intent'
        if self._tile_m:
            x_m, y_m = intent.pose.x_m, intent.pose.y_m
            tile = self._tile_of(x_m, y_m)
            if self._tile is None or self._is_outside(self._tile, x_m, y_m):
                self._listen_around(tile)
            key = f'{key}/{tile[0]}_{tile[1]}'
        self._say(key, intent, zenoh.Priority.REAL_TIME)

    def _tile_of(self, x_m: float, y_m: float) -> tuple[int, int]:
        return math.floor(x_m / self._tile_m), math.floor(y_m / self._tile_m)

    def _is_outside(self, tile: tuple[int, int], x_m: float, y_m: float) -> bool:
        """Whether a place is out of a tile by more than what does not count."""
        beyond = (at - k * self._tile_m for at, k in zip((x_m, y_m), tile, strict=True))
        return any(not -STAY_M <= at <= self._tile_m + STAY_M for at in beyond)

    def _listen_around(self, tile: tuple[int, int]) -> None:
        """Hear intents from a tile and the eight around it."""
        self._tile, ear = tile, self._ear('intent')
        col, row = tile
        around = set(product((col - 1, col, col + 1), (row - 1, row, row + 1)))
        for x, y in around - self._near.keys():
            key = f'{self._prefix}/*/intent/{x}_{y}'
            self._near[x, y] = self._session.declare_subscriber(key, ear)
        for left in self._near.keys() - around:
            self._near.pop(left).undeclare()

    def publish_hazard(self, hazard: mesh_pb2.Hazard) -> None:
        """Tell all peers of a hazard now, and again every 2 s while it lives or is news."""
        if hazard.gone:
            hazard.ttl_s = min(hazard.ttl_s, GONE_TTL_S)
        self._own_hazards[hazard.hazard_id] = (hazard, self._steady_ns())
        self._put_hazard(hazard)

    def publish_heads(self, heads: mesh_pb2.LogHeads) -> None:
        """Tell all peers where our logs stand, and what of theirs we countersigned."""
        key = f'{self._prefix}/{self._agent_id}/heads'
        self._say(key, heads, zenoh.Priority.BACKGROUND)

    def publish_revocations(self, words: Iterable[common_pb2.Signed]) -> None:
        """Pass on who is revoked, each word as its author signed it."""
        key = f'{self._prefix}/{self._agent_id}/revocations'
        rest = list(words)
        while rest:
            part, rest = rest[:MOST_WORDS], rest[MOST_WORDS:]
            message = laws_pb2.Revocations(entries=part)
            self._say(key, message, zenoh.Priority.INTERACTIVE_HIGH, always=True)

    def send_claim(self, claim: Claim) -> None:
        """Send a claim to its addressee; it always passes the rate."""
        key = f'{self._prefix}/claim/{claim.to_agent}/{self._agent_id}'
        message = claim_message(claim, time.time_ns())
        self._say(key, message, zenoh.Priority.INTERACTIVE_HIGH, always=True)

    def publish_call(self, call: Call) -> None:
        """Ask all peers a question, or tell them what came out, with the ballots as evidence."""
        found = [self._hearing.ballots.get((call.vote_id, one.voter)) for one in call.counted]
        ballots = [signed for signed in found if signed is not None] if call.status else []
        message = call_message(call, time.time_ns(), ballots)
        self._say(f'{self._prefix}/vote/{call.topic}', message, zenoh.Priority.DATA_HIGH)

    def publish_cast(self, topic: str, cast: Cast) -> None:
        """Tell all peers the own ballot."""
        message = cast_message(cast, topic, time.time_ns())
        signed = self._say(f'{self._prefix}/vote/{topic}', message, zenoh.Priority.DATA_HIGH)
        kept = common_pb2.Signed.FromString(signed)
        self._hearing.ballots.setdefault((cast.vote_id, cast.voter), kept)

    def publish_entry(self, entry: Entry) -> None:
        """Write on the blackboard."""
        key = f'{self._prefix}/blackboard/{entry.mission_id}/{entry.section}'
        signed = self._say(key, entry_message(entry, time.time_ns()), zenoh.Priority.DATA)
        self._hearing.keep(entry, signed)

    def ask_hand(self, ask: Ask) -> None:
        """Ask a peer for its skill; the answer comes by `drain`, or never."""
        key = f'{self._prefix}/{ask.hand}/hand/{ask.capability}'

        def take_reply(reply: zenoh.Reply) -> None:
            if reply.ok is not None:
                self._gate.put('answer', bytes(reply.ok.payload))

        payload = self._sign(ask_message(ask, time.time_ns()))
        self._count(payload)
        self._session.get(key, take_reply, payload=payload, timeout=ask.within_s + 1.0)

    def answer_hand(self, query: Any, answer: Answer) -> None:
        """Answer a peer's request and end its query."""
        payload = self._sign(answer_message(answer, time.time_ns()))
        self._count(payload)
        query.reply(query.key_expr, payload)
        query.drop()

    def drain(self) -> Drained:
        """Verify what has arrived since the last call."""
        now_ns = self._steady_ns()
        self._repeat_hazards(now_ns)
        self._beat(now_ns)
        return self._hearing.drain(now_ns, self._alive)

    def close(self) -> None:
        """Leave the swarm; peers see it at once."""
        self._token.undeclare()  # type: ignore[no-untyped-call]
        for subscription in (*self._subscriptions, *self._near.values()):
            subscription.undeclare()
        self._session.close()  # type: ignore[no-untyped-call]

    def _say(
        self, key: str, message: Message, priority: zenoh.Priority, *, always: bool = False
    ) -> bytes:
        """Sign and put; what the own rate does not allow is not put, but counted."""
        payload = self._sign(message)
        self._bucket = refilled(self._bucket, self._rate, self._steady_ns())
        if self._bucket.left <= 0.0 and not always:
            self._traffic['held_back'] += 1
            return payload
        self._bucket = taken(self._bucket, len(payload))
        self._count(payload)
        drop = zenoh.CongestionControl.DROP
        self._session.put(key, payload, congestion_control=drop, priority=priority, express=True)
        return payload

    def _count(self, payload: bytes) -> None:
        self._traffic['messages'] += 1
        self._traffic['bytes'] += len(payload)

    def _sign(self, message: Message) -> bytes:
        """Sign with a sequence that rises also over restarts: the wall clock, never back."""
        self._sequence = max(self._sequence + 1, time.time_ns())
        payload = message.SerializeToString()
        signed = self._signer.sign(message.DESCRIPTOR.full_name, self._sequence, payload)
        return bytes(signed.SerializeToString())

    def _ear(self, kind: str) -> 'zenoh.handlers.Callback[zenoh.Sample]':
        """Sort bytes on the thread that received them: no thread wakes in between."""
        return zenoh.handlers.Callback(self._putter(kind), indirect=False)

    def _putter(self, kind: str) -> Callable[[zenoh.Sample], None]:
        def put(sample: zenoh.Sample) -> None:
            self._gate.put(kind, bytes(sample.payload))

        return put

    def _take_alive(self, sample: zenoh.Sample) -> None:
        agent = str(sample.key_expr).split('/')[-2]
        self._alive[agent] = sample.kind == zenoh.SampleKind.PUT
        self._beats.soon(self._steady_ns())

    def _take_ask(self, query: zenoh.Query) -> None:
        if query.payload is not None:
            self._gate.put('hand', bytes(query.payload), query)

    def _tell_board(self, query: zenoh.Query) -> None:
        """Pass on the signed texts of all authors, also of those that have left."""
        for (mission, section, author), (_, signed) in list(self._hearing.board.items()):
            key = f'{self._prefix}/blackboard/{mission}/{section}'
            query.reply(f'{key}/{author}', signed)

    def _beat(self, now_ns: int) -> None:
        """Tell all that this robot decides; told from where it does, not from Zenoh's threads."""
        if not self._beats.due(now_ns):
            return
        beat = mesh_pb2.Beat(agent_id=self._agent_id, stamp_ns=time.time_ns())
        key = f'{self._prefix}/{self._agent_id}/beat'
        self._say(key, beat, zenoh.Priority.DATA, always=True)

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
        self._say(key, hazard, zenoh.Priority.INTERACTIVE_HIGH)
