# SPDX-License-Identifier: Apache-2.0
"""Time as the robots of a scenario read it: the machine's, or one that only counts."""

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """A steady clock and a wall clock."""

    def steady_ns(self) -> int:
        """Never goes back [ns]."""

    def wall_ns(self) -> int:
        """Since the epoch [ns]."""


class MachineClock:
    """The machine's clocks."""

    def steady_ns(self) -> int:
        """Of the machine [ns]."""
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """Of the machine [ns]."""
        return time.time_ns()


@dataclass(slots=True, kw_only=True)
class ReckonedClock:
    """Goes on when it is told to, so a run takes no more time than its arithmetic."""

    now_ns: int = 1_000_000_000

    def steady_ns(self) -> int:
        """As told [ns]."""
        return self.now_ns

    def wall_ns(self) -> int:
        """The same [ns]."""
        return self.now_ns


REAL = MachineClock()
