# SPDX-License-Identifier: Apache-2.0
"""An encounter: what two robots said to each other about one conflict, as one of them sees it."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from swarm_agent.mesh.core.bonds import Bond, followed_m
from swarm_agent.mesh.core.params import RightOfWayParams
from swarm_agent.mesh.core.paths import Meeting, Points, Way, meet
from swarm_agent.mesh.core.rank import Standing
from swarm_agent.mesh.core.types import (
    Claim,
    ClaimKind,
    How,
    Me,
    Peer,
    PeerState,
    Point,
    Polyline,
    Role,
    Settlement,
)
from swarm_vault.replacing import replace

NS = 1_000_000_000
SOON_S = 1.0
"""Covers a message's way, one tick and braking [s]."""
STANDS_MPS = 0.05
"""Slower than this a robot stands [m/s]."""
CANNOT_YIELD = 'cannot_yield'
"""Reason of a request by the lower robot: it found no place, so the higher one has to yield."""
STUCK = 'stuck'
"""Reason of a request to a robot that would leave by itself but has been standing for long."""
TURN = 'turn'
"""Reason of a request by the lower robot, because the higher one is kept waiting by others."""
MOST_POINTS = 60
"""So many points of a way are told [1]; the wire takes 64."""
Answer = Literal['', 'promise', 'decline']


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """One conflict with one peer, from when it is seen until it is over."""

    peer: str
    role: Role
    since_ns: int
    claim_id: str = ''
    """Of the request: own one if this robot passes, else the peer's, empty until it came."""
    reason: str = ''
    """CANNOT_YIELD, STUCK, TURN or empty; of the request."""
    route: Polyline = ()
    """Where the peer wants to pass, from its request (yields)."""
    asked_ns: int = -1
    """When the own request, promise or refusal was sent last."""
    granted: bool = False
    """The peer's promise came (passes)."""
    told: tuple[tuple[int, Polyline], ...] = ()
    """When each request was said [ns] and what way it told, from the one that was promised on
    (passes)."""
    promised_ns: int = 0
    """When the newest promise was said [ns of the peer's clock] (passes)."""
    lease_ns: int = 0
    """What the peer heard last from this robot while bound to it [ns of the own clock]."""
    read_ns: int = -1
    """When the request was said [ns of the peer's clock] (yields)."""
    place: Point | None = None
    """Where the yielding robot promised to stay."""
    how: How = 'waits'
    answered: tuple[Answer, How, Point | None] = ('', 'waits', None)
    """What was last answered to the peer's request (yields)."""
    stepping: bool = False
    """It has to leave its place (yields)."""
    origin: Point = (0.0, 0.0)
    """Where it was when it had to leave."""
    stalled_ns: int = -1
    """Since when the peer's body bars the way to the refuge (yields)."""
    flipped: bool = False
    """The lower robot could not yield, so the ranks are exchanged."""
    refused: str = ''
    """Id of the peer's request that this robot could not meet before it asked itself (passes)."""
    retreating: bool = False
    """A parked robot that gets out past the peer, which backs out for it (passes)."""
    stuck_ns: int = -1
    """When it became clear that nobody can yield."""
    clear_ns: int = -1
    """Since when the conflict is gone."""
    released: bool = False
    """The peer said that it has passed (yields)."""
    courtesy_ns: int = -1
    """Since when both say that they yield to the other."""
    cleared: bool = False
    """The peer was seen out of the own way after its promise (passes)."""
    intruding_ns: int = -1
    """Since when the peer has been in the own way against its promise (passes)."""
    broken: bool = False
    """The peer broke its promise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """This robot and one peer in this tick."""

    now_ns: int
    me: Me
    way: Way
    """The own way as far as this peer is concerned."""
    parked: bool
    """This robot wants to go nowhere."""
    peer: Peer
    its_way: Way
    quiet: bool
    """The peer has not been heard for a while."""
    mine: Standing
    its: Standing
    stood_s: float
    """How long this robot has been kept waiting [s]."""
    doubted: bool
    """The peer broke a promise not long ago: it is believed when it is seen to keep one."""
    bond: Bond | None
    """What this robot promised the peer, as long as that one may go by it."""
    refuge_asked: bool
    """The last advice was to make way for this peer, so `me.refuge` answers it."""
    params: RightOfWayParams

    @property
    def least_m(self) -> float:
        """Sum of the radii [m]."""
        return self.me.radius_m + self.peer.radius_m

    @property
    def clearance_m(self) -> float:
        """Distance of the centres to be kept [m]."""
        return self.least_m + self.params.margin_m

    @property
    def place_m(self) -> float:
        """Distance of the centres at which one that stepped aside may be passed [m]."""
        return self.clearance_m - self.params.slack_m

    @property
    def at(self) -> Point:
        """Own position in the map frame [m]."""
        return self.me.pose[0], self.me.pose[1]

    @property
    def peer_at(self) -> Point:
        """The peer's position in the map frame [m]."""
        return self.peer.pose[0], self.peer.pose[1]

    @property
    def peer_soon(self) -> Points:
        """Where the peer's centre is, and where it gets within SOON_S if it drives on."""
        reach_m = self.peer.speed_mps * SOON_S
        return self.its_way.points[: 1 + int(np.count_nonzero(self.its_way.arcs_m[1:] <= reach_m))]

    @property
    def peer_parked(self) -> bool:
        """The peer wants to go nowhere, so it never leaves by itself."""
        leaving = (PeerState.WAITING, PeerState.YIELDING, PeerState.BLOCKED)
        return not self.its_way.leads_away and self.peer.state not in leaving

    @property
    def wins(self) -> bool:
        """Whether this robot outranks the peer."""
        return self.mine.outranks(self.its, self.params.aging_s)

    def meeting(self, extra_m: float = 0.0) -> Meeting:
        """The coordination diagram; one that stands for good may be passed more closely.

        Args:
            extra_m: Clearance beyond the usual one, if both are under way [m].
        """
        both = self.way.leads_away and self.its_way.leads_away
        more_m = extra_m + (self.params.doubt_m if self.doubted else 0.0)
        clearance_m = self.clearance_m + more_m if both else self.place_m
        return meet(self.way, self.its_way, clearance_m, self.least_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one peer means for this robot in this tick."""

    encounter: Encounter | None = None
    limit_m: float = math.inf
    """How far along the own way it may drive [m]."""
    make_way: bool = False
    cannot_yield: bool = False
    claims: tuple[Claim, ...] = ()
    settled: tuple[Settlement, ...] = ()
    violations: tuple[str, ...] = ()
    reason: str = ''


def opened(scene: Scene, role: Role, *, claim_id: str = '', reason: str = '') -> Encounter:
    """A fresh encounter with the scene's peer."""
    if role == 'passes':
        claim_id = f'{scene.me.agent_id}>{scene.peer.agent_id}@{scene.now_ns}'
    fresh = Encounter(
        peer=scene.peer.agent_id,
        role=role,
        since_ns=scene.now_ns,
        claim_id=claim_id,
        reason=reason,
        origin=scene.at,
    )
    bond = scene.bond
    if role == 'passes' or claim_id or bond is None:
        return fresh
    return replace(fresh, claim_id=bond.claim_id, read_ns=bond.asked_ns, route=bond.route)


def message(
    scene: Scene, encounter: Encounter, kind: ClaimKind, *, reason: str, place: Point | None = None
) -> Claim:
    """A claim to the scene's peer."""
    return Claim(
        claim_id=encounter.claim_id,
        kind=kind,
        from_agent=scene.me.agent_id,
        to_agent=scene.peer.agent_id,
        priority=scene.mine.priority,
        waited_ms=scene.mine.waited_ms,
        path=_told(scene) if kind == ClaimKind.REQUEST and scene.way.leads_away else (),
        place=place,
        reason=reason,
        said_ns=scene.now_ns,
        answers_ns=encounter.read_ns if kind == ClaimKind.PROMISE else 0,
    )


def _told(scene: Scene) -> Polyline:
    """The way that is driven, and the mission's where it goes on behind."""
    route = (scene.at, *scene.me.route)
    if followed_m(scene.way, route) == math.inf:
        return route
    points = tuple((float(x), float(y)) for x, y in scene.way.points)
    return (*points, *route[1:])[:MOST_POINTS]


def clearing(scene: Scene, encounter: Encounter, *, clear: bool) -> tuple[Encounter, bool]:
    """Note whether the conflict is gone, and say whether it has been gone for long enough."""
    since = encounter.clear_ns if encounter.clear_ns >= 0 else scene.now_ns
    if not clear:
        return replace(encounter, clear_ns=-1), False
    over = encounter.released or scene.now_ns - since >= scene.params.clear_s * NS
    return replace(encounter, clear_ns=since), over


def deadlock(scene: Scene) -> tuple[str, ...]:
    """What to report when neither robot can yield; a parked one is just an obstacle."""
    text = f'{scene.me.agent_id} and {scene.peer.agent_id}: neither finds a place to yield to'
    return () if scene.parked or scene.peer_parked else (text,)


def settlement(scene: Scene, encounter: Encounter) -> tuple[Settlement, ...]:
    """The encounter's outcome, if anything was promised in it or somebody stepped aside.

    One that steps aside at once says so in its intent; the other then has nothing to ask for.
    """
    promised = encounter.granted or encounter.place is not None or encounter.stepping
    seconds = (scene.now_ns - encounter.since_ns) / NS
    outcome = Settlement(
        peer=encounter.peer, role=encounter.role, how=encounter.how, seconds=seconds
    )
    return (outcome,) if promised else ()
