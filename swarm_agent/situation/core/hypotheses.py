# SPDX-License-Identifier: Apache-2.0
"""What a violation may mean, what to look at to tell that apart, and what the look has shown.

Each class of violation has its questions. A look ends in one hypothesis, or it is escalated: the
robot says that it does not know, or that it needs a human.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

STUBBORN = 3
"""Motion violations in a row after which the robot is blocked, and a human is told."""
TOUCHING_M = 0.12
"""What is nearer to the body than this may hold it [m]."""
CROWDED_SHARE = 0.33
"""With more beams than this ending close to the body the scanner hardly sees the room."""
ELSEWHERE_M = 0.5
"""Found again farther than this from where it believed to be, a robot had been lost [m]."""
STILL_M = 0.1
"""A peer that moved less than this while it was watched stands [m]."""
UNHEARD_NS = 2_000_000_000
"""A peer silent for longer is not heard [ns]."""
LIES = 2
"""Promises of one peer broken without an excuse, after which a human is told."""


class ViolationClass(str, Enum):
    """What was expected and did not come."""

    MOTION = 'motion'
    MAP = 'map'
    OBJECT = 'object'
    PROMISE = 'promise'


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to find out after a violation."""

    violation_class: ViolationClass
    hypotheses: tuple[str, ...]
    look: str
    """The look-action that tells them apart."""


HELD, DEAF = 'something holds the robot', 'the drive does not answer'
SPIN, MISLED = 'the wheels spin', 'the scans mislead'
RESTARTED = 'the odometry was restarted'
STANDS, MOVES, GONE = (
    'an object stands there',
    'something moves there',
    'nothing is there any more',
)
CLOSE, PEER, FAULT = (
    'something too near that the plan did not know',
    'a peer is in the way',
    'the reflexes stop for a reason of their own',
)
LOST, HIDDEN = 'the robot was elsewhere than it believed', 'something hid the walls for a while'
COVERED, CHANGED = 'the scanner is covered or shut in', 'the map is not true here'
NOT_THERE = 'the peer is not where it says'
UNHEARD, UNABLE, BROKE = (
    'the peer is not heard: it may not know of its promise',
    'the peer cannot: it stands',
    'the peer does not keep what it promised',
)
QUESTIONS: Mapping[str, Question] = {
    'motion': Question(
        violation_class=ViolationClass.MOTION,
        hypotheses=(HELD, DEAF),
        look='stand, and see whether anything touches the body',
    ),
    'slip': Question(
        violation_class=ViolationClass.MOTION,
        hypotheses=(SPIN, MISLED),
        look='stand, and see whether the scans still fit the map',
    ),
    'leap': Question(
        violation_class=ViolationClass.MOTION,
        hypotheses=(RESTARTED, MISLED),
        look='stand, and see whether the scans still fit where the robot was',
    ),
    'object': Question(
        violation_class=ViolationClass.OBJECT,
        hypotheses=(STANDS, MOVES, GONE),
        look='stand, face it, and look until its extent stays the same',
    ),
    'reflex': Question(
        violation_class=ViolationClass.OBJECT,
        hypotheses=(CLOSE, PEER, FAULT),
        look='stand, see what is close, and back out where there is room',
    ),
    'map': Question(
        violation_class=ViolationClass.MAP,
        hypotheses=(LOST, HIDDEN, COVERED, CHANGED),
        look='turn once where it stands, and take scans until they fit again or for 15 s',
    ),
    'promise': Question(
        violation_class=ViolationClass.PROMISE,
        hypotheses=(UNHEARD, UNABLE, NOT_THERE, BROKE),
        look='stand, face the peer, and see for 3 s whether it is where it says and moves',
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a look has shown."""

    hypothesis: str
    escalated: bool = False
    """A human is to be told: the robot cannot settle it alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen during a look."""

    touching_m: float = 1e3
    """From the body's edge to the nearest thing the scanner sees [m]."""
    fits: bool = True
    """The scans fit the map."""
    failures: int = 0
    """Motion violations in a row, this one included."""
    peer_near: bool = False
    found: bool = False
    """Something is still there."""
    wandered_m: float = 0.0
    """How far the middle of what was found has moved beyond its extent [m]."""


def answer(question: str, seen: Evidence) -> Answer:
    """What the look after a motion or object violation has shown."""
    if question == 'motion':
        held = seen.touching_m <= TOUCHING_M
        return Answer(hypothesis=HELD if held else DEAF, escalated=seen.failures >= STUBBORN)
    if question == 'slip':
        spins = SPIN if seen.fits else MISLED
        return Answer(hypothesis=spins, escalated=seen.failures >= STUBBORN)
    if question == 'leap':
        return Answer(hypothesis=RESTARTED if seen.fits else MISLED)
    if question == 'object':
        moves = seen.wandered_m > 0.0
        return Answer(hypothesis=GONE if not seen.found else MOVES if moves else STANDS)
    if seen.peer_near:
        return Answer(hypothesis=PEER)
    near = seen.found or seen.touching_m <= TOUCHING_M
    return Answer(hypothesis=CLOSE if near else FAULT)


def map_answer(*, fits: bool, moved_m: float, crowded: float) -> Answer:
    """What waiting for scans that fit has shown.

    Args:
        fits: They do again.
        moved_m: Between where the robot believed to be and where it was found [m].
        crowded: Share of the beams that end close to the body.
    """
    if fits:
        return Answer(hypothesis=LOST if moved_m > ELSEWHERE_M else HIDDEN)
    covered = crowded > CROWDED_SHARE
    return Answer(hypothesis=COVERED if covered else CHANGED, escalated=True)


def promise_answer(
    *, silent_ns: int, moved_m: float, before: int, sighted: bool | None = None
) -> Answer:
    """What watching a peer has shown.

    Args:
        silent_ns: Since it was heard last [ns].
        moved_m: How far it has moved while it was watched [m].
        before: How many promises it had broken without an excuse before.
        sighted: Whether the robot's own scanner saw it where it says it is; None: out of sight.
    """
    if silent_ns > UNHEARD_NS:
        return Answer(hypothesis=UNHEARD)
    if sighted is False:
        return Answer(hypothesis=NOT_THERE, escalated=True)
    if moved_m < STILL_M:
        return Answer(hypothesis=UNABLE)
    return Answer(hypothesis=BROKE, escalated=before + 1 >= LIES)
