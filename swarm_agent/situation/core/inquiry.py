# SPDX-License-Identifier: Apache-2.0
"""Looks at scans that fit no map, and at peers that broke a promise.

Both are bounded and turn the robot where it stands: once around, to see whether the scans fit from
another side, or towards the peer, to see whether it is where it says. Safety and a peer's right of
way stand above them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from swarm_agent.mesh.core import Peer
from swarm_agent.situation.core.hypotheses import (
    BROKE,
    QUESTIONS,
    Answer,
    map_answer,
    promise_answer,
)
from swarm_agent.situation.core.se2 import Point, Pose, distance
from swarm_agent.situation.core.types import Resolution, Violation
from swarm_vault.replacing import replace

UNFIT_NS = 5_000_000_000
"""Scans that do not fit the map for so long contradict it [ns]."""
MAP_NS = 15_000_000_000
"""A robot looks around for so long until the scans fit the map again [ns]."""
PROMISE_NS = 3_000_000_000
"""It faces a peer that broke its word for so long [ns]."""
PROMISED = ' promised '
KEPT = 32
"""Most open violations, and most counts of broken words, that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A look under way."""

    kind: str
    since_ns: int
    where: Point
    """Where the robot, or the peer, was when it began."""
    peer: str = ''
    sighted: bool | None = None
    """Whether the peer was seen where it says it is; None: not in sight so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """All looks under way, and what is known of peers' words."""

    open: tuple[Watched, ...] = ()
    told: bool = False
    """The map's violation was told and not explained; it is told again after scans have fitted."""
    broken: tuple[tuple[str, int], ...] = ()
    """How many promises each peer has broken without an excuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What an inquiry looks at in one decision."""

    now_ns: int
    pose: Pose
    unfit_since_ns: int
    """Since when the scans do not fit the map; -1 while they do."""
    crowded: float
    """Share of the beams that end close to the body."""
    peers: tuple[Peer, ...]
    promises: tuple[str, ...]
    """Promises found broken in this decision, in words that begin with the peer's name."""
    sighted: tuple[tuple[str, bool], ...] = ()
    """For peers under a look that are in sight: whether they are where they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What came of it in one decision."""

    violations: tuple[Violation, ...] = ()
    resolutions: tuple[Resolution, ...] = ()


def inquire(inquiry: Inquiry, moment: Moment) -> tuple[Inquiry, Findings]:
    """Begin looks, and end those that have shown what they can."""
    if not (inquiry.open or inquiry.told or moment.promises or moment.unfit_since_ns >= 0):
        return inquiry, Findings()
    inquiry, violations = _begun(inquiry, moment)
    inquiry = _sighted(inquiry, dict(moment.sighted))
    answers = [(one, _answer(inquiry, one, moment)) for one in inquiry.open]
    ended = [(one, answer) for one, answer in answers if answer is not None]
    resolutions = tuple(_resolution(one, answer) for one, answer in ended)
    for one, answer in ended:
        inquiry = _remembered(inquiry, one, answer)
    fits = moment.unfit_since_ns < 0
    left = tuple(one for one, answer in answers if answer is None)
    inquiry = replace(inquiry, open=left, told=inquiry.told and not fits)
    return inquiry, Findings(violations=violations, resolutions=resolutions)


def _begun(inquiry: Inquiry, moment: Moment) -> tuple[Inquiry, tuple[Violation, ...]]:
    here = (moment.pose[0], moment.pose[1])
    violations = [_promise(here, text) for text in moment.promises]
    begun = [_watched(text, moment) for text in moment.promises]
    unfit = moment.unfit_since_ns >= 0 and moment.now_ns - moment.unfit_since_ns >= UNFIT_NS
    if unfit and not inquiry.told:
        violations.append(_unfit(here))
        begun.append(Watched(kind='map', since_ns=moment.now_ns, where=here))
        inquiry = replace(inquiry, told=True)
    names = {one.peer for one in inquiry.open if one.peer}
    new = tuple(one for one in begun if not one.peer or one.peer not in names)
    return replace(inquiry, open=(*inquiry.open, *new)[-KEPT:]), tuple(violations)


def _sighted(inquiry: Inquiry, seen: dict[str, bool]) -> Inquiry:
    """Keep what own eyes have shown; seen where it says counts for the whole look."""
    if not seen:
        return inquiry
    looks = (
        replace(one, sighted=bool(one.sighted) or seen[one.peer]) if one.peer in seen else one
        for one in inquiry.open
    )
    return replace(inquiry, open=tuple(looks))


def _watched(text: str, moment: Moment) -> Watched:
    name = text.partition(PROMISED)[0]
    peer = _peer(moment.peers, name)
    where = (0.0, 0.0) if peer is None else (peer.pose[0], peer.pose[1])
    return Watched(kind='promise', since_ns=moment.now_ns, where=where, peer=name)


def _answer(inquiry: Inquiry, one: Watched, moment: Moment) -> Answer | None:
    """What a look has shown; None while it goes on."""
    looked_ns = moment.now_ns - one.since_ns
    if one.kind == 'map':
        fits = moment.unfit_since_ns < 0
        if not fits and looked_ns < MAP_NS:
            return None
        moved_m = distance(moment.pose, one.where)
        return map_answer(fits=fits, moved_m=moved_m, crowded=moment.crowded)
    if looked_ns < PROMISE_NS:
        return None
    peer = _peer(moment.peers, one.peer)
    before = dict(inquiry.broken).get(one.peer, 0)
    silent_ns = looked_ns if peer is None else moment.now_ns - peer.heard_ns
    moved_m = 0.0 if peer is None else distance(peer.pose, one.where)
    return promise_answer(silent_ns=silent_ns, moved_m=moved_m, before=before, sighted=one.sighted)


def _remembered(inquiry: Inquiry, one: Watched, answer: Answer) -> Inquiry:
    if answer.hypothesis != BROKE:
        return inquiry
    counts = dict(inquiry.broken)
    counts[one.peer] = counts.get(one.peer, 0) + 1
    return replace(inquiry, broken=tuple(sorted(counts.items()))[:KEPT])


def _resolution(one: Watched, answer: Answer) -> Resolution:
    about = f'{one.peer}: ' if one.peer else ''
    return Resolution(
        kind=one.kind,
        where=one.where,
        outcome=f'{about}{answer.hypothesis}',
        hypothesis=answer.hypothesis,
        escalated=answer.escalated,
    )


def _peer(peers: Iterable[Peer], name: str) -> Peer | None:
    return next((peer for peer in peers if peer.agent_id == name), None)


def _promise(here: Point, text: str) -> Violation:
    return posed('promise', here, 'a peer keeps its promise', text)


def _unfit(here: Point) -> Violation:
    return posed('map', here, 'the scans fit the map', 'they do not, for 5 s')


def posed(kind: str, where: Point, expected: str, actual: str, *, question: str = '') -> Violation:
    """A violation with the hypotheses of its class and the look that tells them apart."""
    asked = QUESTIONS[question or kind]
    return Violation(
        kind=kind,
        where=where,
        expected=expected,
        actual=actual,
        violation_class=asked.violation_class.value,
        hypotheses=asked.hypotheses,
        look=asked.look,
    )
