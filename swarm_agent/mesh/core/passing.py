# SPDX-License-Identifier: Apache-2.0
"""The side of the robot that goes first: ask, wait for the promise, pass, say that it is over."""

import math

from swarm_agent.mesh.core.bonds import followed_m
from swarm_agent.mesh.core.encounter import (
    NS,
    STANDS_MPS,
    STUCK,
    Encounter,
    Scene,
    Step,
    clearing,
    message,
    settlement,
)
from swarm_agent.mesh.core.paths import Meeting, gap, nearest_step, room_before
from swarm_agent.mesh.core.types import Claim, ClaimKind, PeerState, Point
from swarm_vault.replacing import replace

KEPT_M = 0.3
"""This near to where it promised to stay a robot keeps its promise [m]."""
AHEAD_M = 3.0
"""With less than this of its way told and promised a robot tells it anew [m]."""
MOST_TOLD = 8
"""So many requests wait for their answer at most."""


def pass_by(scene: Scene, encounter: Encounter) -> Step:
    """One tick of an encounter in which this robot goes first."""
    meeting = scene.meeting()
    encounter = _lasting(scene, encounter)
    encounter, violations = _watch_promise(scene, encounter)
    encounter, over = clearing(scene, encounter, clear=_is_clear(scene, encounter, meeting))
    if over:
        return _end(scene, encounter, meeting, violations)
    encounter, claims = _ask(scene, encounter, meeting)
    return Step(
        encounter=encounter,
        limit_m=_limit(scene, encounter, meeting),
        claims=claims,
        violations=violations,
        reason='passes' if encounter.granted else 'waits for the answer',
    )


def _is_clear(scene: Scene, encounter: Encounter, meeting: Meeting) -> bool:
    must_leave = scene.peer_parked or encounter.reason == STUCK
    if must_leave and not encounter.granted:
        return meeting.taken_m == math.inf
    if meeting.contested or (encounter.how != 'waits' and not _passed(scene, encounter)):
        return False
    return scene.its_way.leads_away or gap(scene.way, scene.peer_at) >= scene.place_m


def _passed(scene: Scene, encounter: Encounter) -> bool:
    """Whether the peer and its place are abeam or behind, or it has gone on already."""
    places = [scene.peer_at, *([encounter.place] if encounter.place else [])]
    behind = all(nearest_step(scene.way, place) == 0 for place in places)
    return behind or scene.peer.yields_to != scene.me.agent_id


def _end(
    scene: Scene, encounter: Encounter, meeting: Meeting, violations: tuple[str, ...]
) -> Step:
    asked = encounter.asked_ns >= 0
    done = message(scene, encounter, ClaimKind.DONE, reason='passed')
    return Step(
        limit_m=meeting.taken_m,
        claims=(done,) if asked else (),
        settled=settlement(scene, encounter),
        violations=violations,
    )


def _ask(
    scene: Scene, encounter: Encounter, meeting: Meeting
) -> tuple[Encounter, tuple[Claim, ...]]:
    must_leave = meeting.head_on or scene.peer_parked or encounter.reason == STUCK
    enough = encounter.granted and (not must_leave or encounter.how != 'waits')
    enough = enough and (not meeting.contested or _is_covered(scene, encounter))
    due = scene.now_ns - encounter.asked_ns >= scene.params.resend_s * NS
    if enough or encounter.stuck_ns >= 0 or (encounter.asked_ns >= 0 and not due):
        return encounter, ()
    request = message(scene, encounter, ClaimKind.REQUEST, reason=encounter.reason)
    told = (*encounter.told, (scene.now_ns, request.path))[-MOST_TOLD:]
    return replace(encounter, asked_ns=scene.now_ns, told=told), (request,)


def _lasting(scene: Scene, encounter: Encounter) -> Encounter:
    """Go by a promise while its author says that it keeps it, and hears this robot."""
    word = scene.peer.word
    heard = [one.heard_ns for one in word.bound if one.claim_id == encounter.claim_id]
    lease_ns = max(encounter.lease_ns, *(min(ns, scene.now_ns) for ns in heard), 0)
    left = word.said_ns > encounter.promised_ns and not heard
    lapsed = scene.now_ns - lease_ns > scene.params.lease_s * NS
    granted = encounter.granted and not (left or lapsed)
    return replace(encounter, granted=granted, lease_ns=lease_ns)


def _is_covered(scene: Scene, encounter: Encounter) -> bool:
    """Whether the way, as far as matters soon, was told before it was promised."""
    return covered_m(scene, encounter) >= min(AHEAD_M, float(scene.way.arcs_m[-1]))


def covered_m(scene: Scene, encounter: Encounter) -> float:
    """How far the way follows all that was told since the request that was promised [m]."""
    ways = {path for _, path in encounter.told}
    return min((followed_m(scene.way, path) for path in ways), default=0.0)


def _limit(scene: Scene, encounter: Encounter, meeting: Meeting) -> float:
    """How far it may drive: by itself, or by the promise as far as that reaches."""
    body = room_before(scene.way, scene.peer_soon, scene.place_m, scene.least_m)
    alone = 0.0 if meeting.head_on else min(meeting.taken_m, meeting.shared_m)
    if not encounter.granted:
        return _limit_unpromised(scene, encounter, meeting, alone)
    entitled = max(alone, covered_m(scene, encounter))
    if encounter.how != 'waits' and encounter.place is not None:
        return min(entitled, _limit_beside(scene, encounter.place, body))
    if meeting.head_on:
        return 0.0
    if scene.peer_parked or encounter.reason == STUCK:
        return min(entitled, max(0.0, min(meeting.taken_m, body) - scene.params.stand_off_m))
    if scene.doubted and not _keeps_its_word(scene, encounter):
        return alone
    return min(entitled, meeting.taken_m, body)


def _limit_unpromised(scene: Scene, encounter: Encounter, meeting: Meeting, alone: float) -> float:
    if meeting.head_on or not (scene.peer_parked or encounter.reason == STUCK):
        return alone
    body = room_before(scene.way, scene.peer_soon, scene.place_m, scene.least_m)
    return max(0.0, min(alone, body) - scene.params.stand_off_m)


def _keeps_its_word(scene: Scene, encounter: Encounter) -> bool:
    """Whether a peer that broke a promise before is seen to stand where it promised to."""
    stands = abs(scene.peer.speed_mps) < STANDS_MPS
    return (
        stands
        and encounter.place is not None
        and math.dist(scene.peer_at, encounter.place) < KEPT_M
    )


def _limit_beside(scene: Scene, place: Point, body_m: float) -> float:
    """Stop before a robot that steps aside, and before the place where it leaves the own way."""
    out_of_way = body_m == math.inf and scene.peer.speed_mps < 0.03
    if out_of_way or math.dist(scene.peer_at, place) < 0.3:
        return body_m
    step = nearest_step(scene.way, place)
    opening = scene.way.points[step : step + 1]
    mouth = room_before(scene.way, opening, scene.clearance_m + 0.3, scene.least_m)
    return max(0.0, min(body_m - scene.params.stand_off_m, mouth))


def _watch_promise(scene: Scene, encounter: Encounter) -> tuple[Encounter, tuple[str, ...]]:
    """Notice a peer that left the place it promised to stay at and came into the own way."""
    if not encounter.granted or encounter.place is None or encounter.broken:
        return encounter, ()
    if math.dist(scene.peer_at, encounter.place) < KEPT_M:
        return replace(encounter, cleared=True, intruding_ns=-1), ()
    if not (encounter.cleared and _intrudes(scene)):
        return replace(encounter, intruding_ns=-1), ()
    since = encounter.intruding_ns if encounter.intruding_ns >= 0 else scene.now_ns
    if scene.now_ns - since < scene.params.silence_s * NS:
        return replace(encounter, intruding_ns=since), ()
    text = f'{encounter.peer} promised to let {scene.me.agent_id} pass and came into its way'
    return replace(encounter, broken=True, granted=False, place=None), (text,)


def _intrudes(scene: Scene) -> bool:
    pushed = scene.peer.state == PeerState.YIELDING and scene.peer.yields_to != scene.me.agent_id
    if pushed:
        return False
    inside = gap(scene.way, scene.peer_at) < scene.least_m
    return inside and nearest_step(scene.way, scene.peer_at) >= 2
