# SPDX-License-Identifier: Apache-2.0
"""The nouns of joint decisions: votes, the blackboard, and hands lent to peers.

Times are nanoseconds of the own steady clock, positions metres in the map frame.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from swarm_agent.mesh.core.types import Point, Polyline

VoteStatus = Literal['', 'passed', 'rejected', 'failed']
"""Empty while it is open; failed: not all required ones voted in time, or no majority."""


class Ballot(IntEnum):
    """Numbers of swarm.v1.Ballot."""

    NONE = 0
    ACCEPT = 1
    REJECT = 2
    ABSTAIN = 3


class HandStatus(IntEnum):
    """Numbers of swarm.v1.HandStatus."""

    UNSPECIFIED = 0
    DONE = 1
    REFUSED = 2
    LATE = 3
    FAILED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """One robot's vote."""

    vote_id: str
    voter: str
    ballot: int
    reason: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A question to the fleet or, with a status, what its proposer says came out."""

    vote_id: str
    topic: str
    proposer: str
    question: str
    required: tuple[str, ...]
    left_s: float
    place: Point | None = None
    radius_m: float = 0.0
    status: VoteStatus = ''
    reason: str = ''
    counted: tuple[Cast, ...] = ()
    """The ballots on which a result stands, signatures verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A text on the blackboard."""

    mission_id: str
    section: str
    author: str
    revision: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request for a peer's one-shot skill."""

    request_id: str
    asker: str
    hand: str
    capability: str
    argument: str
    within_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a request."""

    request_id: str
    asker: str
    hand: str
    status: int
    """Number of swarm.v1.HandStatus."""
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What this robot's own side wants: call a vote, cast a ballot, write, or ask for a hand."""

    kind: Literal['call', 'cast', 'write', 'ask']
    topic: str = ''
    """Of a vote; for `ask` the capability, for `write` the section."""
    to: str = ''
    """The peer asked, or the mission written about, or the vote's id."""
    text: str = ''
    required: tuple[str, ...] = ()
    ballot: int = 0
    place: Point | None = None
    radius_m: float = 0.0
    within_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standpoint:
    """What the own ballots are judged by."""

    position: Point
    path: Polyline
    goal: Point | None
    held: str
    """Why safety holds this robot, empty if it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something worth a line in the log."""

    violation: bool
    type_: str
    data: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JointParams:
    """Limits; the same on all robots of a fleet."""

    agent_id: str
    repeat_s: float = 1.0
    """Between two sayings of an open call [s]."""
    keep_s: float = 60.0
    """A closed vote is remembered for this long [s]."""
    most_votes: int = 32
    most_entries: int = 256
    most_entries_of_one: int = 32
    queue: int = 32
    queue_of_one: int = 4
    capabilities: tuple[str, ...] = ('look',)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointInputs:
    """All that one tick of joint decisions depends on."""

    now_ns: int
    me: Standpoint
    heard: tuple[str, ...] = ()
    """Peers that are there."""
    calls: tuple[Call, ...] = ()
    casts: tuple[Cast, ...] = ()
    entries: tuple[Entry, ...] = ()
    asks: tuple[Ask, ...] = ()
    """Requests of peers for a skill of this robot."""
    answers: tuple[Answer, ...] = ()
    """To requests of this robot."""
    served: tuple[Answer, ...] = ()
    """What the skill gave that the last tick said to run."""
    wishes: tuple[Wish, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JointOutputs:
    """What is to be said and done now."""

    calls: tuple[Call, ...] = ()
    casts: tuple[tuple[str, Cast], ...] = ()
    """Topic and ballot."""
    entries: tuple[Entry, ...] = ()
    queries: tuple[Ask, ...] = ()
    replies: tuple[Answer, ...] = ()
    serve: Ask | None = None
    """The request whose skill is to be run now."""
    events: tuple[Event, ...] = ()
