# SPDX-License-Identifier: Apache-2.0
"""What a robot promised, and until when it is bound by it, whatever became of the encounter.

A promise counts on the other side until its author drops the claim, so the one that gave it stays
out of the way that it promised until it has heard of that: DONE, an intent that no longer names
the claim, another claim of that robot, its promise, or a silence longer than its lease.
docs/protocol.md has the argument.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from swarm_agent.mesh.core.params import RightOfWayParams
from swarm_agent.mesh.core.paths import WAYS, Points, Way, distances, meet, way_of
from swarm_agent.mesh.core.types import (
    Binding,
    Claim,
    ClaimKind,
    Peer,
    Point,
    Polyline,
    RightOfWayInputs,
)

NS = 1_000_000_000
FOLLOWS_M = 0.1
"""This near to a route told before a way is the same [m]; less than the margin."""
PASSED_M = 0.5
"""This near to a point of its route a robot may still be before it [m]."""
MOVED_M = 0.3
"""A place this far from the one promised before is another one [m]."""
FINE_M = 0.05
MOST_TOLD = 32
"""So many promises are told with an intent; the others lapse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """A promise that another robot may still go by."""

    peer: str
    claim_id: str
    asked_ns: int
    """When the newest request that was answered was said [ns of the peer's clock]."""
    since_ns: int
    """When the promise was said last [ns]."""
    route: Polyline
    """What the peer may drive over by this promise, from where it was when it asked."""
    place: Point | None
    """Where this robot promised to stay."""
    place_ns: int
    """When this place was named first [ns]."""
    moved: bool = False
    """Another place had been promised before, for the same claim."""


def promised(bond: Bond | None, promise: Claim, route: Polyline) -> Bond:
    """The bond after a promise, the one before being with the same peer."""
    same = bond is not None and bond.claim_id == promise.claim_id
    stays = same and bond is not None and _same_place(bond.place, promise.place)
    return Bond(
        peer=promise.to_agent,
        claim_id=promise.claim_id,
        asked_ns=promise.answers_ns,
        since_ns=promise.said_ns,
        route=route,
        place=bond.place if stays and bond is not None else promise.place,
        place_ns=bond.place_ns if stays and bond is not None else promise.said_ns,
        moved=same and bond is not None and (bond.moved or not stays),
    )


def _same_place(before: Point | None, now: Point | None) -> bool:
    return before is not None and now is not None and math.dist(before, now) < MOVED_M


def still_bound(
    bonds: tuple[Bond, ...],
    inputs: RightOfWayInputs,
    open_ids: Collection[str],
    params: RightOfWayParams,
) -> tuple[Bond, ...]:
    """The bonds that hold after what was heard.

    Args:
        bonds: Those before.
        inputs: What was heard.
        open_ids: The own claims that are not over.
        params: How long a silent peer may believe what it was promised.
    """
    peers = {peer.agent_id: peer for peer in inputs.peers}
    ended = {
        bond.peer
        for bond in bonds
        for claim in inputs.claims
        if claim.from_agent == bond.peer and _ends(bond, claim, open_ids)
    }
    return tuple(
        bond
        for bond in bonds
        if bond.peer not in ended
        and not _dropped(bond, peers.get(bond.peer))
        and not _lapsed(bond, peers.get(bond.peer), inputs.now_ns, params)
    )


def _ends(bond: Bond, claim: Claim, open_ids: Collection[str]) -> bool:
    """Whether who says this cannot go by the promise any more: it has one claim at a time."""
    if claim.kind == ClaimKind.DONE:
        return claim.claim_id == bond.claim_id
    if claim.kind == ClaimKind.REQUEST:
        return claim.claim_id != bond.claim_id and claim.said_ns > bond.asked_ns
    return claim.kind == ClaimKind.PROMISE and claim.claim_id in open_ids


def _dropped(bond: Bond, peer: Peer | None) -> bool:
    if peer is None or peer.word.said_ns < bond.asked_ns:
        return False
    return all(claim.claim_id != bond.claim_id for claim in peer.word.open)


def _lapsed(bond: Bond, peer: Peer | None, now_ns: int, params: RightOfWayParams) -> bool:
    heard_ns = max(bond.since_ns, peer.heard_ns if peer is not None else bond.since_ns)
    return now_ns - heard_ns > (params.silence_s + params.ghost_s) * NS


def binding(bond: Bond, peer: Peer | None) -> Binding:
    """What to tell of a bond."""
    heard_ns = peer.word.said_ns if peer is not None else bond.asked_ns
    return Binding(
        claim_id=bond.claim_id, asked_ns=bond.asked_ns, heard_ns=max(bond.asked_ns, heard_ns)
    )


def room_beside(bond: Bond, way: Way, peer_at: Point, clearance_m: float, least_m: float) -> float:
    """How far one may drive without getting into what the peer may drive over [m]."""
    if not bond.route:
        return math.inf
    meeting = meet(way, rest_of(bond.route, peer_at), clearance_m, least_m)
    return 0.0 if meeting.head_on else min(meeting.shared_m, meeting.taken_m)


def rest_of(route: Polyline, peer_at: Point) -> Way:
    """What of the route may still be before a robot that is there."""
    told = told_way(route)
    apart = distances(told.points, way_of(peer_at, ()).points)[:, 0]
    near = np.flatnonzero(apart <= PASSED_M)
    first = int(near[0]) if len(near) else 0
    return way_of(peer_at, tuple((float(x), float(y)) for x, y in told.points[first:]))


def told_way(route: Polyline) -> Way:
    """What a request entitles to, once it is promised: the beginning of the route told with it."""
    return way_of(route[0], route[1:])


def followed_m(way: Way, route: Polyline) -> float:
    """How far a way follows a route told before [m]."""
    if not route:
        return 0.0
    off = apart(way.points, route) > FOLLOWS_M
    return way.before(int(off.argmax())) if off.any() else math.inf


def apart(points: Points, route: Polyline) -> NDArray[np.float64]:
    """Distance of each point from a way that was told [m], shape (points,)."""
    return distances(points, _finely(route)).min(axis=1)


@lru_cache(maxsize=WAYS)
def _finely(route: Polyline) -> Points:
    """The points of a way that was told, FINE_M apart; not to be written."""
    told = told_way(route)
    if not told.leads_away:
        return told.points
    arcs = np.arange(0.0, float(told.arcs_m[-1]) + FINE_M, FINE_M)
    fine = np.stack([np.interp(arcs, told.arcs_m, told.points[:, k]) for k in (0, 1)], axis=1)
    fine.setflags(write=False)
    return fine


def awaits(bond: Bond | None, peer: Peer) -> bool:
    """Whether the peer may still go by an earlier promise, of another place."""
    if bond is None or not bond.moved:
        return False
    goes_by = [c.promised_ns for c in peer.word.open if c.claim_id == bond.claim_id]
    return not goes_by or goes_by[0] < bond.place_ns
