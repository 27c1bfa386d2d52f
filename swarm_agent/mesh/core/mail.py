# SPDX-License-Identifier: Apache-2.0
"""What a peer's claim changes; lost, doubled, late and reordered ones do no harm."""

from typing import cast, get_args

from swarm_agent.mesh.core.encounter import CANNOT_YIELD, TURN, Encounter, Scene, opened
from swarm_agent.mesh.core.rank import Standing
from swarm_agent.mesh.core.types import Claim, ClaimKind, How
from swarm_vault.replacing import replace


def read_claim(scene: Scene, encounter: Encounter | None, claim: Claim) -> Encounter | None:
    """The encounter after this claim of the scene's peer."""
    if claim.kind == ClaimKind.REQUEST:
        return _read_request(scene, encounter, claim)
    if encounter is None or claim.claim_id != encounter.claim_id:
        return encounter
    if claim.kind == ClaimKind.DONE and encounter.role == 'yields':
        return replace(encounter, released=True)
    if encounter.role == 'passes' and claim.kind == ClaimKind.PROMISE:
        return read_promise(encounter, claim)
    if encounter.role == 'passes' and claim.kind == ClaimKind.DECLINE:
        return _read_decline(scene, encounter)
    return encounter


def _read_request(scene: Scene, encounter: Encounter | None, claim: Claim) -> Encounter | None:
    known_ns = max(
        scene.bond.asked_ns if scene.bond is not None else -1,
        encounter.read_ns if encounter is not None else -1,
    )
    if claim.said_ns <= known_ns:
        return encounter
    if encounter is None:
        gives_in = scene.parked or _outranked(scene, claim) or not scene.meeting().contested
        return _yields(scene, claim) if gives_in else None
    if encounter.role == 'yields':
        return replace(
            encounter,
            claim_id=claim.claim_id,
            reason=claim.reason,
            route=claim.path,
            read_ns=claim.said_ns,
            answered=('', 'waits', None),
            released=False,
        )
    if encounter.flipped and (claim.reason == CANNOT_YIELD or _is_refused(encounter, claim)):
        return replace(encounter, refused=encounter.refused or claim.claim_id)
    if claim.reason == CANNOT_YIELD:
        return _flip(scene, claim)
    return _reconsider(scene, encounter, claim)


def _is_refused(encounter: Encounter, claim: Claim) -> bool:
    """Whether this is still the request that could not be met; it may come late, or never.

    Another one is of a new encounter: the exchange of ranks, and what the peer promised in it, is
    over.
    """
    unheard = not encounter.refused and not encounter.granted
    return unheard or claim.claim_id == encounter.refused


def _reconsider(scene: Scene, encounter: Encounter, claim: Claim) -> Encounter:
    """Who asks does not yield, whatever it promised before."""
    if claim.reason == TURN:
        gives_turn = scene.stood_s > scene.params.patience_s
        return _yields(scene, claim) if gives_turn else encounter
    if _outranked(scene, claim):
        return _yields(scene, claim)
    return replace(encounter, granted=False)


def read_promise(encounter: Encounter, claim: Claim) -> Encounter:
    """Go by a promise, unless a newer one came before; it is for the way told as it names."""
    answered = any(said_ns == claim.answers_ns for said_ns, _ in encounter.told)
    late = claim.said_ns <= encounter.promised_ns
    if claim.reason not in get_args(How) or late or not answered:
        return encounter
    how = cast('How', claim.reason)
    moved = claim.place is None or encounter.place is None or claim.place != encounter.place
    cleared = encounter.cleared and not moved
    return replace(
        encounter,
        granted=True,
        how=how,
        place=claim.place,
        cleared=cleared,
        told=tuple(one for one in encounter.told if one[0] >= claim.answers_ns),
        promised_ns=claim.said_ns,
        lease_ns=max(encounter.lease_ns, claim.answers_ns),
    )


def _read_decline(scene: Scene, encounter: Encounter) -> Encounter:
    if encounter.stuck_ns >= 0:
        return encounter
    if encounter.flipped or scene.peer_parked:
        return replace(encounter, granted=False, stuck_ns=scene.now_ns)
    return replace(opened(scene, 'yields', reason=CANNOT_YIELD), flipped=True)


def _flip(scene: Scene, claim: Claim) -> Encounter:
    return replace(_yields(scene, claim), flipped=True)


def _yields(scene: Scene, claim: Claim) -> Encounter:
    fresh = opened(scene, 'yields', claim_id=claim.claim_id, reason=claim.reason)
    return replace(fresh, route=claim.path, read_ns=claim.said_ns)


def _outranked(scene: Scene, claim: Claim) -> bool:
    return _standing(claim).outranks(scene.mine, scene.params.aging_s)


def _standing(claim: Claim) -> Standing:
    return Standing(agent_id=claim.from_agent, priority=claim.priority, waited_ms=claim.waited_ms)
