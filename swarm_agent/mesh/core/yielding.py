# SPDX-License-Identifier: Apache-2.0
"""The side of the robot that lets the other go first: wait outside, or step aside."""

import math

import numpy as np

from swarm_agent.mesh.core.bonds import rest_of
from swarm_agent.mesh.core.encounter import (
    CANNOT_YIELD,
    NS,
    SOON_S,
    STANDS_MPS,
    STUCK,
    Answer,
    Encounter,
    Scene,
    Step,
    clearing,
    deadlock,
    message,
    opened,
    settlement,
)
from swarm_agent.mesh.core.paths import Meeting, meet, room_before, way_of
from swarm_agent.mesh.core.types import Claim, ClaimKind, How, Point
from swarm_vault.replacing import replace

HOLD_M = 0.05
"""More clearance than the conflict needed to begin, so that it does not flicker [m]."""


def let_pass(scene: Scene, encounter: Encounter) -> Step:
    """One tick of an encounter in which the peer goes first."""
    meeting = scene.meeting(HOLD_M)
    if not encounter.stepping and _must_leave(scene, encounter, meeting):
        how: How = 'backs_out' if encounter.flipped else 'makes_way'
        encounter = replace(encounter, stepping=True, origin=scene.at, how=how)
    if encounter.stepping:
        return _step_aside(scene, encounter, _room_beside(scene, encounter))
    return _wait(scene, encounter, meeting)


def _room(meeting: Meeting) -> float:
    return 0.0 if meeting.head_on else min(meeting.shared_m, meeting.taken_m)


def _room_beside(scene: Scene, encounter: Encounter) -> float:
    """How far one may step aside: clear of the peer's body and of where it gets to soon.

    One that steps aside for another peer keeps out of the whole way of this one, if it ever gave
    it a promise: a request that came again has no answer yet, but the peer may still drive on the
    last one.
    """
    if scene.refuge_asked:
        aside = way_of(scene.at, scene.me.aside)
        return room_before(aside, scene.peer_soon, scene.place_m, scene.least_m)
    if encounter.place is not None:
        kept = meet(scene.way, scene.its_way, scene.place_m - HOLD_M, scene.least_m)
        return _room(kept)
    return room_before(scene.way, scene.peer_soon, scene.place_m, scene.least_m)


def _must_leave(scene: Scene, encounter: Encounter, meeting: Meeting) -> bool:
    """Whether waiting here cannot help: it stands where the peer wants to get, and stays."""
    standing = scene.me.speed_mps < STANDS_MPS
    asked = scene.parked or (standing and (encounter.reason == STUCK or scene.stood_s > SOON_S))
    return meeting.head_on or (meeting.in_its_way and asked)


def _wait(scene: Scene, encounter: Encounter, meeting: Meeting) -> Step:
    encounter, over = clearing(scene, encounter, clear=not meeting.contested)
    limit = _room(meeting)
    if over:
        return Step(limit_m=limit, settled=settlement(scene, encounter))
    zone_m = min(meeting.shared_m, _told_zone_m(scene, encounter))
    can_stop = zone_m >= _braking_m(scene) and not meeting.in_its_way
    claims: tuple[Claim, ...] = ()
    if can_stop:
        encounter, claims = _promise(scene, encounter, _stop_point(scene, limit))
    return Step(encounter=encounter, limit_m=limit, claims=claims, reason='lets pass')


def _told_zone_m(scene: Scene, encounter: Encounter) -> float:
    """Where the first zone begins that the peer's request asks for [m along the own way]."""
    if not encounter.route:
        return math.inf
    told = rest_of(encounter.route, scene.peer_at)
    return meet(scene.way, told, scene.place_m, scene.least_m).shared_m


def _braking_m(scene: Scene) -> float:
    """How far it takes to stop [m]; a standing robot's speed is nothing but noise."""
    speed_mps = scene.me.speed_mps
    return 0.0 if abs(speed_mps) < STANDS_MPS else speed_mps**2 / (2.0 * scene.params.decel_mps2)


def _stop_point(scene: Scene, limit_m: float) -> Point:
    at = min(limit_m, float(scene.way.arcs_m[-1]))
    x, y = (float(np.interp(at, scene.way.arcs_m, scene.way.points[:, k])) for k in (0, 1))
    return round(x, 2), round(y, 2)


def _step_aside(scene: Scene, encounter: Encounter, room_m: float) -> Step:
    """Make way for the peer, or stay clear of it while making way for another."""
    encounter, over = clearing(scene, encounter, clear=_is_released(scene, encounter))
    if over:
        return Step(limit_m=_room(scene.meeting()), settled=settlement(scene, encounter))
    encounter, barred = _watch_way_aside(scene, encounter, room_m)
    refuge = scene.me.refuge if scene.refuge_asked else 'unasked'
    if refuge == 'behind' and scene.parked and not encounter.flipped:
        return _ask_out(scene, encounter)
    if refuge in {'none', 'behind'} or barred:
        return _decline(scene, encounter)
    claims: tuple[Claim, ...] = ()
    if refuge in {'found', 'reached'} and scene.me.place is not None:
        encounter, claims = _promise(scene, encounter, scene.me.place)
    return Step(
        encounter=encounter, make_way=True, limit_m=room_m, claims=claims, reason='makes way'
    )


def _watch_way_aside(scene: Scene, encounter: Encounter, room_m: float) -> tuple[Encounter, bool]:
    """Note whether the peer itself bars the way to the refuge, and say if it does for long."""
    driving = scene.refuge_asked and scene.me.refuge == 'found'
    if not driving or room_m > 0.0 or scene.me.speed_mps >= STANDS_MPS:
        return replace(encounter, stalled_ns=-1), False
    since = encounter.stalled_ns if encounter.stalled_ns >= 0 else scene.now_ns
    long = scene.now_ns - since >= scene.params.barred_s * NS
    return replace(encounter, stalled_ns=since), long


def _is_released(scene: Scene, encounter: Encounter) -> bool:
    """Whether the way on from here, or back to where it stood, is no longer the peer's.

    The peer may still rely on a promise until it said that it has passed; until then a robot that
    gave one asks for the whole clearance.
    """
    way = way_of(scene.at, (encounter.origin,)) if scene.parked else scene.way
    relied_on = encounter.place is not None and not encounter.released
    clearance_m = scene.clearance_m if relied_on else scene.place_m
    meeting = meet(way, scene.its_way, clearance_m, scene.least_m)
    taken = scene.parked and meeting.taken_m < math.inf and scene.its_way.leads_away
    return not (meeting.contested or meeting.in_its_way or taken)


def _promise(
    scene: Scene, encounter: Encounter, place: Point
) -> tuple[Encounter, tuple[Claim, ...]]:
    """Answer the peer's request; again when the place changes, and on the way to it."""
    kind, how, last = encounter.answered
    same = kind == 'promise' and how == encounter.how
    same = same and last is not None and math.dist(last, place) < 0.3
    age_ns = scene.now_ns - encounter.asked_ns
    again = encounter.stepping and age_ns >= scene.params.resend_s * NS
    if not encounter.claim_id or (same and not again):
        return encounter, ()
    promise = message(scene, encounter, ClaimKind.PROMISE, reason=encounter.how, place=place)
    answered: tuple[Answer, How, Point | None] = ('promise', encounter.how, place)
    told = replace(encounter, place=place, answered=answered, asked_ns=scene.now_ns)
    return told, (promise,)


def _ask_out(scene: Scene, encounter: Encounter) -> Step:
    """A parked robot has room only behind the peer: that one backs out, this one comes out first.

    The route that the peer wanted is kept, so that the place lies outside of it.
    """
    asks = replace(
        opened(scene, 'passes', reason=CANNOT_YIELD),
        flipped=True,
        retreating=True,
        refused=encounter.claim_id,
        route=encounter.route,
    )
    return Step(encounter=asks, make_way=True, limit_m=0.0, reason='comes out first')


def _decline(scene: Scene, encounter: Encounter) -> Step:
    """No place to go: the ranks are exchanged, once; if neither can yield both stand."""
    reason = CANNOT_YIELD
    claims: tuple[Claim, ...] = ()
    if encounter.claim_id:
        claims = (message(scene, encounter, ClaimKind.DECLINE, reason=reason),)
    if encounter.flipped or scene.parked:
        stuck = replace(encounter, stepping=False, stuck_ns=scene.now_ns)
        return Step(
            encounter=stuck,
            limit_m=0.0,
            cannot_yield=True,
            claims=claims,
            violations=deadlock(scene),
            reason=reason,
        )
    asks = replace(
        opened(scene, 'passes', reason=reason), flipped=True, refused=encounter.claim_id
    )
    return Step(encounter=asks, limit_m=0.0, cannot_yield=True, claims=claims, reason=reason)
