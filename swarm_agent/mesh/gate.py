# SPDX-License-Identifier: Apache-2.0
"""What of the bytes that arrive may be believed: lanes, throttles, signatures, sequences, stamps.

Zenoh's threads only sort bytes into bounded lanes, one for each member; what costs time is done
in `drain`, on the caller's thread and within a budget. Everything that is dropped is counted.
Of a member's intents only the last word counts, so only that one's signature is verified.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError, Message
from swarm.v1 import common_pb2

from swarm_agent.mesh.core.bucket import Bucket, Rate, full, refilled, taken
from swarm_agent.mesh.wire import MAX_BYTES, Malformed, check_stamp
from swarm_vault.keys import SequenceGuard, Trust

LANE = 128
"""Messages of one member that wait for the next drain."""
BUDGET = 400
"""Messages that one drain looks at: so a flood delays the robot by some 50 ms at most."""
BEAT = 'beat'
"""The kind for which nobody is woken."""
LAST_WORD = 'intent'
"""The kind of which a member's newest message replaces all earlier ones."""
WELCOME = Rate(per_s=80.0, burst=160.0)
"""Verified messages of one member; a robot says 10 to 30 a second."""
FORGED = Rate(per_s=100.0, burst=100.0)
"""Messages in a member's name whose signature did not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A signed message that has arrived and is not verified yet."""

    kind: str
    signed: common_pb2.Signed
    heard_ns: int
    extra: Any = None
    """For a query, what it is to be answered with."""


def came(event: threading.Event, timeout_s: float) -> bool:
    """Wait for an event and take it back; what comes just as the time is over stays for the next.

    Args:
        event: Set by another thread.
        timeout_s: How long to wait [s].
    """
    if not event.wait(timeout_s):
        return False
    event.clear()
    return True


class Gate:
    """Sort, throttle and verify.

    Args:
        agent_id: Who we are; own messages that come back are ignored.
        trust: The members' public keys.
        steady_ns: The clock by which all that arrives is stamped [ns].
    """

    def __init__(
        self, agent_id: str, trust: Trust, steady_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._agent_id, self._trust, self._steady_ns = agent_id, trust, steady_ns
        self._guard, self._lock = SequenceGuard(), threading.Lock()
        self._dropped = Counter[str]()
        self._lanes: dict[str, deque[Letter]] = {
            name: deque(maxlen=LANE) for name in trust.members if name != agent_id
        }
        self._names = sorted(self._lanes)
        self._welcome: dict[str, Bucket] = {}
        self._forged: dict[str, Bucket] = {}
        self._turn = 0
        self._heard = Counter[str]()
        self.spoken_ns: dict[str, int] = {}
        """When the newest word of each member arrived that was signed and no replay [ns]."""
        self.arrived = threading.Event()
        """Set by every message that arrives but a beat."""
        self.claimed = threading.Event()
        """Set by every claim: somebody waits for this robot's word, or has given its own."""

    @property
    def dropped(self) -> dict[str, int]:
        """Messages that were not believed, by reason."""
        with self._lock:
            return dict(self._dropped)

    @property
    def heard(self) -> dict[str, int]:
        """Messages and bytes that have arrived, believed or not, and intents superseded unread."""
        with self._lock:
            return dict(self._heard)

    @property
    def waiting(self) -> int:
        """Messages that have not been looked at."""
        return sum(len(lane) for lane in self._lanes.values())

    def drop(self, kind: str, reason: str) -> None:
        """Count a message that is not believed."""
        with self._lock:
            self._dropped[f'{kind}: {reason}'] += 1

    def put(self, kind: str, data: bytes, extra: Any = None) -> None:
        """Sort a message into its author's lane; for any thread."""
        with self._lock:
            self._heard['messages'] += 1
            self._heard['bytes'] += len(data)
        if len(data) > MAX_BYTES:
            self.drop(kind, 'too large')
            return
        try:
            signed = common_pb2.Signed.FromString(data)
        except DecodeError:
            self.drop(kind, 'not a message')
            return
        if signed.agent_id == self._agent_id:
            return
        lane = self._lanes.get(signed.agent_id)
        if lane is None:
            self.drop(kind, 'author is no member')
            return
        if len(lane) == LANE:
            self.drop(kind, 'flood')
        lane.append(Letter(kind=kind, signed=signed, heard_ns=self._steady_ns(), extra=extra))
        if kind != BEAT:
            self.arrived.set()
        if kind == 'claim':
            self.claimed.set()

    def take(self, now_ns: int) -> Iterator[Letter]:
        """What is to be believed if `read` does so: all letters but superseded intents.

        Intents come last, the newest of each member first; what it leaves behind is counted.
        """
        intents: dict[str, list[Letter]] = {}
        for name, letter in self._in_turn():
            if letter.kind == LAST_WORD:
                intents.setdefault(name, []).append(letter)
            elif self._admitted(name, letter, now_ns):
                yield letter
        for name, said in intents.items():
            yield from self._last_words(name, said, now_ns)

    def _last_words(self, name: str, said: list[Letter], now_ns: int) -> Iterator[Letter]:
        """The intent that claims to be the newest; all in order of arrival if that is a lie."""
        newest = max(said, key=lambda letter: letter.signed.sequence)
        rest = [letter for letter in said if letter is not newest]
        for letter in (newest, *rest):
            if self._admitted(name, letter, now_ns):
                yield letter
            if letter is newest and self._guard.reached(letter.signed):
                self._supersede(rest)
                return

    def _supersede(self, letters: Sequence[Letter]) -> None:
        with self._lock:
            self._heard['superseded'] += len(letters)

    def _in_turn(self) -> Iterator[tuple[str, Letter]]:
        """Letters of all lanes in turn, as many as the budget allows."""
        self._turn = (self._turn + 1) % max(1, len(self._names))
        left, order = BUDGET, self._names[self._turn :] + self._names[: self._turn]
        while left > 0 and (order := [name for name in order if self._lanes[name]]):
            for name in order[:left]:
                left -= 1
                yield name, self._lanes[name].popleft()

    def _admitted(self, name: str, letter: Letter, now_ns: int) -> bool:
        for buckets, rate in ((self._welcome, WELCOME), (self._forged, FORGED)):
            bucket = refilled(buckets.get(name, full(rate, now_ns)), rate, now_ns)
            buckets[name] = bucket
            if bucket.left < 1.0:
                self.drop(letter.kind, 'flood')
                return False
        return True

    def read(self, letter: Letter, into: Any, *, once: bool = True) -> Any:
        """The letter's message, when author, sequence and stamp are right.

        Args:
            letter: What has arrived.
            into: An empty message of the type that it must be signed as.
            once: False for what is passed on by others and has a revision of its own.

        Raises:
            Malformed: It must not be believed.
        """
        signed = letter.signed
        self._verify(signed, into)
        if once and not self._guard.accept(signed).ok:
            raise Malformed('replayed')
        into.ParseFromString(signed.payload)
        if once:
            check_stamp(into.stamp_ns, time.time_ns())
            self.spoken_ns[signed.agent_id] = letter.heard_ns
        return into

    def _verify(self, signed: common_pb2.Signed, into: Message) -> None:
        verdict = self._trust.verify(signed, domain=into.DESCRIPTOR.full_name)
        buckets = self._welcome if verdict.ok else self._forged
        buckets[signed.agent_id] = taken(buckets[signed.agent_id], 1.0)
        if not verdict.ok:
            raise Malformed('signature not accepted')

    def read_enclosed(self, notes: Sequence[common_pb2.Signed], like: type[Any]) -> list[Any]:
        """Messages that another author encloses, with their authors' names; forged ones raise.

        Raises:
            Malformed: A signature does not fit.
        """
        found = []
        for signed in notes:
            message = like()
            if not self._trust.verify(signed, domain=message.DESCRIPTOR.full_name).ok:
                raise Malformed('encloses what is not signed by its author')
            message.ParseFromString(signed.payload)
            found.append((signed.agent_id, message))
        return found
