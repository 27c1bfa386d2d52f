# SPDX-License-Identifier: Apache-2.0
"""The nouns of right of way: what a robot knows of itself, of its peers, and what it concludes.

Positions are metres in the map frame, times are nanoseconds. `kind` of a claim and `state` of a
peer are the numbers of `swarm.v1.ClaimKind` and `swarm.v1.PeerState`, so that nothing here
depends on protobuf.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Point = tuple[float, float]
"""x [m], y [m] in the map frame."""
Polyline = tuple[Point, ...]
Pose = tuple[float, float, float]
"""x [m], y [m], yaw [rad] in the map frame."""
Refuge = Literal['unasked', 'found', 'behind', 'none', 'reached']
"""How the search for a place to step aside went: not asked for, driving there, there is one only
behind the peer that asks, no such place, standing there."""
AdviceKind = Literal['go', 'wait', 'make_way']
Role = Literal['passes', 'yields']
How = Literal['waits', 'makes_way', 'backs_out']


class ClaimKind(IntEnum):
    """What a claim says; numbers of swarm.v1.ClaimKind."""

    UNSPECIFIED = 0
    REQUEST = 1
    PROMISE = 2
    DECLINE = 3
    DONE = 4


class PeerState(IntEnum):
    """What a robot is doing; numbers of swarm.v1.PeerState."""

    UNSPECIFIED = 0
    IDLE = 1
    MOVING = 2
    WAITING = 3
    YIELDING = 4
    BLOCKED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenClaim:
    """A claim of the author's that is not over."""

    claim_id: str
    promised_ns: int = 0
    """When the promise that its author goes by was said [ns of the promiser's clock]; 0: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A promise of the author's that it keeps; times are of the claim's author's clock."""

    claim_id: str
    asked_ns: int
    """When the newest request that was answered was said [ns]."""
    heard_ns: int
    """The newest time that the claim's author was heard to say [ns]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What of a peer's intents the author has taken in."""

    agent_id: str
    said_ns: int
    """When the newest of them was said [ns of that peer's clock]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a robot says of its claims and promises, and of what it heard, with every intent."""

    said_ns: int = 0
    """Its own steady clock [ns]; only ever compared with other times of the same robot."""
    open: tuple[OpenClaim, ...] = ()
    """Its own claims that can entitle it; one that is not there any more never will again."""
    bound: tuple[Binding, ...] = ()
    heard: tuple[Heard, ...] = ()
    """Whose intents it knew when it decided; of each the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What another robot last said of itself."""

    agent_id: str
    heard_ns: int
    """Own clock when it was last heard [ns]."""
    pose: Pose
    speed_mps: float
    radius_m: float
    priority: int
    """Number of swarm.v1.PriorityClass."""
    waited_ms: int
    state: int
    """Number of swarm.v1.PeerState."""
    path: Polyline
    """Where it goes or, waiting, wants to go next, from its own position, at most 6 m: its way to
    the refuge while it drives there, nothing while it stands there, else its mission's; empty when
    it wants nothing."""
    yields_to: str
    """Agent it yields to, empty if none."""
    cannot_yield: bool
    """It looked for a place to step aside and found none."""
    alive: bool
    """Its liveliness token is present."""
    word: Word = Word()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A message between the two robots of an encounter."""

    claim_id: str
    kind: int
    """Number of swarm.v1.ClaimKind."""
    from_agent: str
    to_agent: str
    priority: int
    waited_ms: int
    path: Polyline
    place: Point | None
    reason: str
    said_ns: int = 0
    """The author's steady clock [ns]; only ever compared with other times of the same robot."""
    answers_ns: int = 0
    """Of a promise: when the request that it answers was said [ns of the reader's clock]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """Something in the way that is on no map, reported by a peer."""

    hazard_id: str
    kind: str
    reporter: str
    position: Point
    radius_m: float
    heard_ns: int
    """Own clock when it was last heard of [ns]."""
    ttl_s: float
    confirmed_by: tuple[str, ...] = ()
    """All robots that say it is there, the reporter among them."""
    age_s: float = 0.0
    """Since it was first heard of [s]."""
    gone: bool = False
    """To be published: the place was looked at and is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """What a robot knows of itself in this tick."""

    agent_id: str
    pose: Pose
    speed_mps: float
    radius_m: float
    priority: int
    """Number of swarm.v1.PriorityClass."""
    path: Polyline
    """Remaining path of the mission, 0.25 m apart, at most 6 m, from the own position; also while
    it waits or steps aside, because it tells when the way is free again."""
    wants_to_move: bool
    """It has somewhere to go, whether or not it is standing."""
    refuge: Refuge
    """How the search for the last make_way corridor went."""
    place: Point | None
    """Where it steps aside to, once found."""
    aside: Polyline = ()
    """Remaining path to `place` while it drives there; announced instead of `path` meanwhile."""
    route: Polyline = ()
    """As `path`, but longer, about 12 m: told to one that has to make way, so that it does not
    step aside to where the mission leads next; `path` if empty."""
    told: Polyline = ()
    """What the last intent told of the way: where the robot was, and the path from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RightOfWayInputs:
    """All that one tick of right of way depends on."""

    now_ns: int
    """Monotonic clock [ns]."""
    me: Me
    peers: tuple[Peer, ...]
    claims: tuple[Claim, ...]
    """Claims addressed to this robot since the last tick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What the arbiter has to obey, after safety and before the mission."""

    kind: AdviceKind = 'go'
    peer: str = ''
    """The other robot concerned, empty if none."""
    stop_after_m: float = math.inf
    """How far along the own path, for make_way along `Me.aside`, it may drive [m]; inf if free."""
    corridor: Polyline = ()
    """For make_way: points of the peer's path that are to be cleared, then of the paths of others
    that want it too. They change as the peers advance: when they reach the own place, a new one
    has to be searched."""
    immovable: tuple[str, ...] = ()
    """Peers that stood on the way to the last place and did not leave: another one is wanted, to
    which they leave the way free."""
    reason: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """An encounter that ended."""

    peer: str
    role: Role
    how: How
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RightOfWayOutputs:
    """What right of way concludes in one tick."""

    advice: Advice
    claims: tuple[Claim, ...]
    """To be sent now."""
    state: int
    """Number of swarm.v1.PeerState to announce."""
    yields_to: str
    cannot_yield: bool
    waited_ms: int
    settled: tuple[Settlement, ...]
    violations: tuple[str, ...]
    """Promises that a peer broke, one sentence each."""
    word: Word = Word()
    """What to announce of claims and promises."""
