# SPDX-License-Identifier: Apache-2.0
"""What one peer means for this robot: nothing, a body to stay clear of, or an encounter."""

import math

from swarm_agent.mesh.core.encounter import (
    CANNOT_YIELD,
    NS,
    STANDS_MPS,
    STUCK,
    TURN,
    Encounter,
    Scene,
    Step,
    deadlock,
    message,
    opened,
    settlement,
)
from swarm_agent.mesh.core.passing import pass_by
from swarm_agent.mesh.core.paths import Meeting, room_before
from swarm_agent.mesh.core.types import Claim, ClaimKind, PeerState, Role
from swarm_agent.mesh.core.yielding import let_pass
from swarm_vault.replacing import replace


def meet_peer(scene: Scene, encounter: Encounter | None) -> Step:
    """One tick towards one peer, claims already read."""
    if scene.quiet:
        return _keep_clear(scene, encounter)
    if encounter is not None and encounter.stuck_ns >= 0:
        return _stay_stuck(scene, encounter)
    if encounter is None:
        meeting = scene.meeting()
        encounter = _open(scene, meeting)
        if encounter is None:
            return Step(limit_m=meeting.taken_m, reason='follows')
    encounter = _reconsider(scene, encounter)
    if encounter.role == 'yields':
        return let_pass(scene, encounter)
    step = pass_by(scene, encounter)
    return replace(step, make_way=encounter.retreating and step.encounter is not None)


def _keep_clear(scene: Scene, encounter: Encounter | None) -> Step:
    """A peer that fell silent: its last place stays blocked, and no promise of it holds."""
    limit = room_before(scene.way, scene.peer_soon, scene.clearance_m, scene.least_m)
    if encounter is not None:
        encounter = replace(encounter, granted=False, asked_ns=-1)
    return Step(encounter=encounter, limit_m=limit, reason='not heard')


def _stay_stuck(scene: Scene, encounter: Encounter) -> Step:
    """Nobody can yield: stand, say so once, try again later."""
    if scene.now_ns - encounter.stuck_ns >= scene.params.retry_s * NS:
        return Step(settled=settlement(scene, encounter), limit_m=0.0)
    limit = room_before(scene.way, scene.peer_soon, scene.clearance_m, scene.least_m)
    heard_now = encounter.stuck_ns == scene.now_ns
    encounter, claims = _refuse_again(scene, encounter)
    return Step(
        encounter=encounter,
        limit_m=limit if scene.peer_parked else 0.0,
        claims=claims,
        cannot_yield=encounter.role == 'yields',
        violations=deadlock(scene) if heard_now else (),
        reason='neither can yield',
    )


def _refuse_again(scene: Scene, encounter: Encounter) -> tuple[Encounter, tuple[Claim, ...]]:
    """A promise that cannot be kept is taken back until the peer must have heard it."""
    due = scene.now_ns - encounter.asked_ns >= scene.params.resend_s * NS
    if encounter.role == 'passes' or not encounter.claim_id or not due:
        return encounter, ()
    refusal = message(scene, encounter, ClaimKind.DECLINE, reason=CANNOT_YIELD)
    return replace(encounter, asked_ns=scene.now_ns), (refusal,)


def _open(scene: Scene, meeting: Meeting) -> Encounter | None:
    if scene.parked:
        in_way = meeting.in_its_way and scene.its_way.leads_away
        return opened(scene, 'yields') if in_way else None
    if scene.peer_parked:
        return opened(scene, 'passes') if meeting.taken_m < math.inf else None
    if meeting.contested:
        role: Role = 'passes' if scene.wins else 'yields'
        return opened(scene, role)
    behind = meeting.taken_m < math.inf and scene.peer.speed_mps < STANDS_MPS
    if behind and scene.stood_s > scene.params.patience_s and scene.wins:
        return opened(scene, 'passes', reason=STUCK)
    return None


def _reconsider(scene: Scene, encounter: Encounter) -> Encounter:
    """End a deadlock of courtesy, and let one that has waited very long ask for its turn."""
    if encounter.role == 'passes' or encounter.flipped:
        return encounter
    if scene.peer.yields_to != scene.me.agent_id:
        encounter = replace(encounter, courtesy_ns=-1)
    elif encounter.courtesy_ns < 0:
        encounter = replace(encounter, courtesy_ns=scene.now_ns)
    polite = encounter.courtesy_ns >= 0 and scene.now_ns - encounter.courtesy_ns > NS
    aging = scene.params.aging_s
    old = scene.now_ns - encounter.since_ns > aging * NS
    aged = old and scene.mine.merit(aging) > scene.its.merit(aging) and not scene.parked
    if aged or (polite and scene.me.agent_id < encounter.peer):
        return opened(scene, 'passes')
    if _right_unused(scene, encounter):
        return opened(scene, 'passes', reason=TURN)
    return encounter


def _right_unused(scene: Scene, encounter: Encounter) -> bool:
    """The peer was let first but is itself kept waiting, and so am I."""
    patience_s = scene.params.patience_s
    old = scene.now_ns - encounter.since_ns > patience_s * NS
    held = scene.peer.state == PeerState.WAITING and scene.peer.waited_ms > patience_s * 1e3
    return old and held and scene.stood_s > patience_s and not encounter.stepping
