# SPDX-License-Identifier: Apache-2.0
"""Notice robots that do not get on, and pairs that do not agree. The clock is an argument."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import dist

MOVED_M = 0.3
"""A robot that has moved less since is where it was [m]."""
GOT_ON = 0.005
"""Progress by less than this is none."""
REMEMBERED_NS = 300_000_000_000
"""Declined requests that are older are forgotten [ns]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A robot at work, as it reported itself."""

    agent_id: str
    order_id: str
    pose: tuple[float, float]
    progress: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """Since when a robot has been where it is with its order."""

    sight: Sight
    since_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """A robot did not let another one pass."""

    pair: tuple[str, str]
    claim_id: str
    stamp_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill:
    """What is remembered of both."""

    still: tuple[Still, ...] = ()
    declined: tuple[Declined, ...] = ()


def seen(before: Standstill, sights: Iterable[Sight], now_ns: int) -> Standstill:
    """Take up how the robots at work stand now; who is not at work is forgotten."""
    old = {entry.sight.agent_id: entry for entry in before.still}
    still = tuple(_followed(old.get(sight.agent_id), sight, now_ns) for sight in sights)
    fresh = tuple(d for d in before.declined if now_ns - d.stamp_ns < REMEMBERED_NS)
    return Standstill(still=still, declined=fresh)


def _followed(old: Still | None, sight: Sight, now_ns: int) -> Still:
    if (
        old is not None
        and old.sight.order_id == sight.order_id
        and dist(old.sight.pose, sight.pose) < MOVED_M
        and sight.progress - old.sight.progress < GOT_ON
    ):
        return old
    return Still(sight=sight, since_ns=now_ns)


def still_s(memory: Standstill, agent_id: str, now_ns: int) -> float:
    """How long a robot has not got on [s]."""
    found = (now_ns - s.since_ns for s in memory.still if s.sight.agent_id == agent_id)
    return next(found, 0) / 1e9


def declined(before: Standstill, one: str, other: str, claim_id: str, stamp_ns: int) -> Standstill:
    """Remember a request for passage that was declined; each request counts once."""
    if any(entry.claim_id == claim_id for entry in before.declined):
        return before
    entry = Declined(pair=_pair(one, other), claim_id=claim_id, stamp_ns=stamp_ns)
    return replace(before, declined=(*before.declined, entry)[-200:])


def agreed(before: Standstill, one: str, other: str) -> Standstill:
    """Forget what two robots declined before they agreed."""
    pair = _pair(one, other)
    return replace(before, declined=tuple(d for d in before.declined if d.pair != pair))


def conflicts(memory: Standstill) -> dict[tuple[str, str], int]:
    """How many conflicts no agreement has ended, by pair."""
    counts: dict[tuple[str, str], int] = {}
    for entry in memory.declined:
        counts[entry.pair] = counts.get(entry.pair, 0) + 1
    return counts


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)
