# SPDX-License-Identifier: Apache-2.0
"""How time passes in a run over real Zenoh: with the machine's clock, or in step.

In step the bodies, timers and decisions of all robots have one clock that goes on by a tick when
everybody has decided. Sessions, sockets, signatures and liveliness are as real as ever and take
the machine's time: what has not arrived when its reader decides is heard a tick later. So a
machine that cannot decide ten times a second for a dozen robots takes longer, and nothing else.
"""

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from swarm_agent.mesh.bench.stage import Player

NS = 1_000_000_000
TICK_NS = NS // 10
LOOK_S = 0.02
"""Between two looks of the referee [s of the machine]."""
AIR_S = 0.005
"""From the last decision of a tick to the first of the next [s of the machine]."""
PATIENCE_S = 120.0
"""A process that does not decide for so long has ended or hangs [s of the machine]."""


@dataclass(slots=True, kw_only=True)
class StepClock:
    """Steady time as the referee tells it; the wall clock is the machine's."""

    now_ns: int = NS

    def steady_ns(self) -> int:
        """As told [ns]."""
        return self.now_ns

    def wall_ns(self) -> int:
        """Of the machine [ns]."""
        return time.time_ns()


class Pace(Protocol):
    """Lets time pass for the processes of a run."""

    def now_s(self) -> float:
        """Steady time of the run [s]."""

    def heard(self, number: int, said: dict[str, Any]) -> None:
        """Take note of what a process reported."""

    def advance(self, look: Callable[[], None]) -> None:
        """Let a little time pass, and look meanwhile."""

    def leave_out(self, number: int) -> None:
        """Wait for a process no more: it was struck."""


class RealTime:
    """The machine's clock; who is late is late."""

    def now_s(self) -> float:
        """Of the machine [s]."""
        return time.monotonic()

    def heard(self, number: int, said: dict[str, Any]) -> None:
        """Nobody is waited for."""

    def advance(self, look: Callable[[], None]) -> None:
        """Sleep, then look."""
        time.sleep(LOOK_S)
        look()

    def leave_out(self, number: int) -> None:
        """Nobody is waited for."""


@dataclass(slots=True, kw_only=True)
class InStep:
    """A tick for all, then the next."""

    players: list[Player]
    now_ns: int = NS
    _struck: set[int] = field(default_factory=set)
    _said: 'queue.Queue[int]' = field(default_factory=queue.Queue)

    def now_s(self) -> float:
        """Of the run [s]."""
        return self.now_ns / NS

    def heard(self, number: int, said: dict[str, Any]) -> None:
        """A process has decided."""
        if 'done' in said:
            self._said.put(number)

    def leave_out(self, number: int) -> None:
        """Wait for it no more."""
        self._struck.add(number)

    def advance(self, look: Callable[[], None]) -> None:
        """Let everybody decide once.

        Raises:
            RuntimeError: A process does not.
        """
        self.now_ns += TICK_NS
        awaited = {n for n in range(len(self.players)) if n not in self._struck}
        for number in sorted(awaited):
            self.players[number].say(str(self.now_ns))
        until_s = time.monotonic() + PATIENCE_S
        while awaited:
            try:
                awaited.discard(self._said.get(timeout=LOOK_S))
            except queue.Empty as silence:
                if time.monotonic() > until_s:
                    text = f'process {min(awaited)} of the scenario has not decided for long'
                    raise RuntimeError(text) from silence
            look()
        time.sleep(AIR_S)
