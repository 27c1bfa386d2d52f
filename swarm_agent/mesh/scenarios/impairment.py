# SPDX-License-Identifier: Apache-2.0
"""A bad network between real sessions: loss, delay with jitter, duplicates, partition.

Everything that arrives at a robot passes here before its gate. Liveliness is Zenoh's own and stays
as it is: in a partition a peer is there but silent, which is the harder case.
"""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from swarm.v1 import common_pb2

from swarm_agent.mesh.gate import Gate, Letter
from swarm_vault.keys import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairment:
    """What the network does to what arrives."""

    loss: float = 0.0
    delay_s: float = 0.0
    """Mean delay; each message takes half to one and a half of it, so the order changes."""
    doubled: float = 0.0
    cut_from_s: float = 0.0
    cut_to_s: float = 0.0
    """Between these times robots of odd and even number do not hear each other."""
    clock_s: float = 0.0
    """How far the wall clock of robots of odd number is ahead."""


NETWORKS = {
    'good': Impairment(),
    'loss': Impairment(loss=0.3),
    'late': Impairment(delay_s=0.2),
    'doubled': Impairment(doubled=0.5, delay_s=0.05),
    'cut': Impairment(cut_from_s=6.0, cut_to_s=66.0),
    'clock': Impairment(clock_s=0.5),
    'all': Impairment(loss=0.3, delay_s=0.2, doubled=0.2, clock_s=0.5),
}
"""What `--networks` goes through: 30 % lost, 200 ms with jitter, doubled and out of order, parted
for a minute in the middle, clocks half a second apart, and all of it but the partition."""


class ImpairedGate(Gate):
    """A gate behind a bad network."""

    def __init__(
        self,
        agent_id: str,
        trust: Trust,
        bad: Impairment,
        start_ns: int,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__(agent_id, trust, steady_ns)
        self._bad, self._start_ns, self._own = bad, start_ns, agent_id
        self._random = random.Random(agent_id)  # noqa: S311 - repeatable, no secret
        self._late: list[tuple[int, int, str, bytes, Any]] = []
        self._count, self._hold = itertools.count(), threading.Lock()

    def put(self, kind: str, data: bytes, extra: Any = None) -> None:
        """Lose, double and delay."""
        now_ns, bad = self._steady_ns(), self._bad
        if self._cut(data, now_ns):
            return
        with self._hold:
            copies = 1 + (self._random.random() < bad.doubled)
            for _ in range(copies):
                if self._random.random() < bad.loss:
                    continue
                late_ns = round(bad.delay_s * self._random.uniform(0.5, 1.5) * 1e9)
                heapq.heappush(
                    self._late, (now_ns + late_ns, next(self._count), kind, data, extra)
                )

    def take(self, now_ns: int) -> Iterator[Letter]:
        """What has arrived by now."""
        with self._hold:
            due = []
            while self._late and self._late[0][0] <= now_ns:
                due.append(heapq.heappop(self._late))
        for _, _, kind, data, extra in due:
            super().put(kind, data, extra)
        yield from super().take(now_ns)

    def _cut(self, data: bytes, now_ns: int) -> bool:
        since_s = (now_ns - self._start_ns) * 1e-9
        if not self._bad.cut_from_s <= since_s < self._bad.cut_to_s:
            return False
        try:
            author = common_pb2.Signed.FromString(data).agent_id
        except DecodeError:
            return False
        return odd(author) != odd(self._own)


def odd(agent_id: str) -> bool:
    """On which side of a partition a robot is."""
    return int(agent_id[1:]) % 2 == 1
