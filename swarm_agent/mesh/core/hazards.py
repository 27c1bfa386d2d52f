# SPDX-License-Identifier: Apache-2.0
"""Hazards as the fleet knows them: reports of one place joined, confirmed, denied, expired.

Each robot has one word on each hazard, its last one: it is there, or it is gone. A hazard holds
while more say that it is there than that it is gone, and until nobody has said so for its time to
live.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from swarm_agent.mesh.core.types import Hazard

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


def reported(board: tuple[Known, ...], hazard: Hazard, *, gone: bool) -> tuple[Known, ...]:
    """The hazards after one report."""
    at = next((number for number, one in enumerate(board) if _same(one, hazard)), -1)
    word = Word(hazard=hazard, gone=gone)
    if at < 0:
        full = sum(_told_by(one, hazard.reporter) for one in board) >= MOST_OF_ONE
        if gone or full:
            return board
        known = Known(hazard_id=hazard.hazard_id, first_ns=hazard.heard_ns, words=(word,))
        return (*board, known)
    words = (*(w for w in board[at].words if w.hazard.reporter != hazard.reporter), word)
    joined = replace(board[at], words=tuple(sorted(words, key=lambda w: w.hazard.reporter)))
    return (*board[:at], joined, *board[at + 1 :])


def living(board: tuple[Known, ...], now_ns: int) -> tuple[Known, ...]:
    """The hazards that hold now, without the words whose time is over."""
    kept = []
    for one in board:
        words = tuple(word for word in one.words if now_ns < word.ends_ns)
        if sum(not word.gone for word in words) > sum(word.gone for word in words):
            kept.append(one if len(words) == len(one.words) else replace(one, words=words))
    return tuple(kept)


def summed_up(board: Iterable[Known], now_ns: int) -> tuple[Hazard, ...]:
    """Each hazard in the widest extent that is reported, with all who confirm it, by id."""
    found = [_sum(one, now_ns) for one in board]
    return tuple(sorted(found, key=lambda hazard: hazard.hazard_id))


def _sum(known: Known, now_ns: int) -> Hazard:
    there = [word.hazard for word in known.words if not word.gone]
    widest = max(there, key=lambda hazard: (hazard.radius_m, hazard.reporter))
    newest = max(there, key=lambda hazard: (hazard.heard_ns, hazard.reporter))
    return Hazard(
        hazard_id=known.hazard_id,
        kind=widest.kind,
        reporter=widest.reporter,
        position=widest.position,
        radius_m=widest.radius_m,
        heard_ns=newest.heard_ns,
        ttl_s=newest.ttl_s,
        confirmed_by=tuple(hazard.reporter for hazard in there),
        age_s=max(0, now_ns - known.first_ns) * 1e-9,
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
