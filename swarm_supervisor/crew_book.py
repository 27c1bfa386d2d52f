# SPDX-License-Identifier: Apache-2.0
"""What the robots told of the surveys that they share: whose hands the cells are in."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from swarm.v1 import mission_pb2

TOLD_WITHIN_NS = 10_000_000_000
"""A robot that is linked again has so long to tell what it holds [ns]."""
FRESH_NS = 5_000_000_000
"""What a robot says of its peers is a matter of the moment; older than this it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewWord:
    """A robot's last word on one of its orders; sets of cells packed."""

    agent_id: str
    order_id: str
    told_ns: int
    held: bytes
    """What it surveyed under this order when it last did."""
    working: bool
    """Whether it does so still."""
    done: bytes = b''
    """What the crew says is seen; empty for nothing."""
    heard: tuple[str, ...] = ()
    """Peers that told of their part lately."""
    taken: tuple[tuple[str, bytes], ...] = ()
    """What each of these said that it took over."""


@dataclass(slots=True, kw_only=True)
class CrewBook:
    """The last words of all robots, and who still owes one since it was out of reach."""

    words: dict[str, CrewWord] = field(default_factory=dict)
    """By order."""
    owing: set[str] = field(default_factory=set)
    kept: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Orders that are not given away, and whom they wait for."""
    let_in: set[str] = field(default_factory=set)
    """Complete orders of which it was looked whether others may see what is left."""
    grown: set[str] = field(default_factory=set)
    """Orders of which only what is seen has changed since it was written down."""
    _linked_ns: dict[str, int] = field(default_factory=dict)

    def away(self, agent_id: str) -> None:
        """A robot is out of reach: what it holds may change without us."""
        self.owing.add(agent_id)
        self._linked_ns.pop(agent_id, None)

    def back(self, agent_id: str, now_ns: int) -> None:
        """A robot is linked again."""
        self._linked_ns[agent_id] = now_ns

    def owes(self, agent_id: str, now_ns: int) -> bool:
        """Whether a robot has still to tell what it holds, and can be expected to."""
        linked_ns = self._linked_ns.get(agent_id)
        in_time = linked_ns is None or now_ns - linked_ns <= TOLD_WITHIN_NS
        return agent_id in self.owing and in_time

    def take(
        self, agent_id: str, reports: Iterable[mission_pb2.CrewReport], now_ns: int
    ) -> list[CrewWord]:
        """Take over what a robot told, all at once; what it names no more it has ended.

        Returns:
            The words in which it says of another part of the work who has it: for the disk.
        """
        self.owing.discard(agent_id)
        before = dict(self.words)
        told = {report.order_id: report for report in reports}
        for word in [word for word in self.words.values() if word.agent_id == agent_id]:
            if word.order_id not in told and word.working:
                self.words[word.order_id] = replace(word, working=False)
        for order_id, report in told.items():
            self.words[order_id] = self._word(agent_id, report, now_ns)
        return [word for word in self.words.values() if self._news(before, word)]

    def _news(self, before: dict[str, CrewWord], word: CrewWord) -> bool:
        old = before.get(word.order_id)
        if old is None or _hands(old) != _hands(word):
            return True
        if old.done != word.done:
            self.grown.add(word.order_id)
        return False

    def unwritten(self) -> list[CrewWord]:
        """The words that only tell of more that is seen, once each: they may wait."""
        names, self.grown = self.grown, set()
        return [self.words[name] for name in sorted(names) if name in self.words]

    def forget(self, order_ids: Iterable[str]) -> None:
        """Let go of the orders of a mission that is over."""
        for order_id in order_ids:
            self.words.pop(order_id, None)
            self.kept.pop(order_id, None)
            self.let_in.discard(order_id)

    def _word(self, agent_id: str, report: mission_pb2.CrewReport, now_ns: int) -> CrewWord:
        before = self.words.get(report.order_id)
        kept = before.held if before is not None else b''
        return CrewWord(
            agent_id=agent_id,
            order_id=report.order_id,
            told_ns=now_ns,
            held=report.held or kept,
            working=bool(report.held),
            done=report.done or (before.done if before is not None else b''),
            heard=tuple(report.heard),
            taken=tuple((part.agent_id, part.bits) for part in report.taken),
        )


def _hands(word: CrewWord) -> tuple[object, ...]:
    """Whose hands the cells are in, by this word."""
    return word.agent_id, word.held, word.working, word.taken
