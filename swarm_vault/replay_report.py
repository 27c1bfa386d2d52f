# SPDX-License-Identifier: Apache-2.0
"""What became of decisions that were run again. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """The first decision of a bag that came out differently."""

    frame: int
    field: str
    recorded: str
    recomputed: str
    code_recorded: str
    code_now: str
    inexact: str = ''
    """An input that the recorder saw as another type than was declared."""

    def __str__(self) -> str:
        """One sentence for people."""
        code = (
            f'the code is the same ({self.code_now})'
            if self.code_recorded == self.code_now
            else f'recorded by {self.code_recorded}, recomputed by {self.code_now}'
        )
        return (
            f'frame {self.frame}: {self.field} was {self.recorded}, comes out as'
            f' {self.recomputed}; {code}' + (f'; note that {self.inexact}' if self.inexact else '')
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BagReplay:
    """What became of one bag."""

    agent_id: str
    writer: str
    core: str
    bag: str
    recorded: int = 0
    """Decisions that the log vouches for or the bag holds, whichever is more."""
    reproduced: int = 0
    missing: int = 0
    """Decisions that the log vouches for and the bag does not hold."""
    divergence: Divergence | None = None
    fault: str = ''
    """What kept decisions from being run, or does not fit the log; empty when nothing."""
    forged: str = ''
    """How the file differs from what the log vouches for; empty if it does not."""
    frames: int = 0
    """How many decisions the file holds."""
    span_s: float = 0.0
    """How long the recording took [s]."""

    @property
    def reason(self) -> str:
        """Why it is not fully reproduced; empty when it is."""
        if self.divergence is not None:
            return f'{self.bag}: {self.divergence}'
        return f'{self.bag}: {self.fault}' if self.fault else ''


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What became of all decisions of a vault."""

    bags: tuple[BagReplay, ...]
    elapsed_s: float
    log_faults: tuple[str, ...] = ()
    """Logs that break off, so that decisions behind the break are not known."""

    @property
    def decisions_recorded(self) -> int:
        """How many decisions there should be."""
        return sum(bag.recorded for bag in self.bags)

    @property
    def decisions_reproduced(self) -> int:
        """How many came out equal to the byte."""
        return sum(bag.reproduced for bag in self.bags)

    @property
    def decisions_missing(self) -> int:
        """How many the log vouches for and no bag holds."""
        return sum(bag.missing for bag in self.bags)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not all are reproduced; empty when all are."""
        return self.log_faults + tuple(bag.reason for bag in self.bags if bag.reason)

    @property
    def ok(self) -> bool:
        """Whether every recorded decision was reproduced."""
        return not self.reasons and self.decisions_recorded == self.decisions_reproduced

    @property
    def speed(self) -> float:
        """How many times faster than the longest recording the whole replay was."""
        return max((bag.span_s for bag in self.bags), default=0.0) / max(self.elapsed_s, 1e-9)
