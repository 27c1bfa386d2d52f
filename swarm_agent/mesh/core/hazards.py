# SPDX-License-Identifier: Apache-2.0
"""Hazards as the fleet knows them: reports of one place joined, confirmed, denied, expired.

Each robot has one word on each hazard, its last one: it is there, or it is gone. A hazard holds
while more say that it is there than that it is gone, and until nobody has said so for its time to
live.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from swarm_agent.mesh.core.types import Hazard
from swarm_vault.replacing import replace

SAME_M = 0.75
"""Reports of one kind nearer to each other than this are of one hazard [m]."""
MOST_OF_ONE = 32
"""Hazards that one robot can keep alive at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What one robot last said of a hazard."""

    hazard: Hazard
    gone: bool

    @property
    def ends_ns(self) -> int:
        """Until when it holds, own clock."""
        return self.hazard.heard_ns + round(self.hazard.ttl_s * 1e9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One hazard and all last words on it."""

    hazard_id: str
    first_ns: int
    words: tuple[Word, ...]
    """By reporter."""
    ends_ns: int
    """Until when all of them hold, own clock."""
    told: Hazard | None
    """What they come to, without its age; None if no more say that it is there than not."""


def reported(board: tuple[Known, ...], hazard: Hazard, *, gone: bool) -> tuple[Known, ...]:
    """The hazards after one report."""
    at = next((number for number, one in enumerate(board) if _same(one, hazard)), -1)
    word = Word(hazard=hazard, gone=gone)
    if at < 0:
        full = sum(_told_by(one, hazard.reporter) for one in board) >= MOST_OF_ONE
        if gone or full:
            return board
        return (*board, _known(hazard.hazard_id, hazard.heard_ns, (word,)))
    words = (*(w for w in board[at].words if w.hazard.reporter != hazard.reporter), word)
    by_reporter = tuple(sorted(words, key=lambda w: w.hazard.reporter))
    joined = _known(board[at].hazard_id, board[at].first_ns, by_reporter)
    return (*board[:at], joined, *board[at + 1 :])


def living(board: tuple[Known, ...], now_ns: int) -> tuple[Known, ...]:
    """The hazards that hold now, without the words whose time is over."""
    now = (one if now_ns < one.ends_ns else _without_ended(one, now_ns) for one in board)
    return tuple(one for one in now if one.told is not None)


def summed_up(board: Iterable[Known], now_ns: int) -> tuple[Hazard, ...]:
    """Each hazard in the widest extent that is reported, with all who confirm it, by id."""
    found = [
        replace(one.told, age_s=max(0, now_ns - one.first_ns) * 1e-9)
        for one in board
        if one.told is not None
    ]
    return tuple(sorted(found, key=lambda hazard: hazard.hazard_id))


def _known(hazard_id: str, first_ns: int, words: tuple[Word, ...]) -> Known:
    """What words come to is found once and not in every decision."""
    there = [word.hazard for word in words if not word.gone]
    return Known(
        hazard_id=hazard_id,
        first_ns=first_ns,
        words=words,
        ends_ns=min((word.ends_ns for word in words), default=first_ns),
        told=_sum(hazard_id, there) if 2 * len(there) > len(words) else None,
    )


def _without_ended(known: Known, now_ns: int) -> Known:
    words = tuple(word for word in known.words if now_ns < word.ends_ns)
    return _known(known.hazard_id, known.first_ns, words)


def _sum(hazard_id: str, there: list[Hazard]) -> Hazard:
    widest = max(there, key=lambda hazard: (hazard.radius_m, hazard.reporter))
    newest = max(there, key=lambda hazard: (hazard.heard_ns, hazard.reporter))
    return Hazard(
        hazard_id=hazard_id,
        kind=widest.kind,
        reporter=widest.reporter,
        position=widest.position,
        radius_m=widest.radius_m,
        heard_ns=newest.heard_ns,
        ttl_s=newest.ttl_s,
        confirmed_by=tuple(hazard.reporter for hazard in there),
    )


def _same(known: Known, hazard: Hazard) -> bool:
    if known.hazard_id == hazard.hazard_id:
        return True
    return any(
        word.hazard.kind == hazard.kind
        and math.dist(word.hazard.position, hazard.position) <= SAME_M
        for word in known.words
    )


def _told_by(known: Known, reporter: str) -> bool:
    return any(word.hazard.reporter == reporter for word in known.words)
