# SPDX-License-Identifier: Apache-2.0
"""Take a robot's trust back, or give it back: by an operator's word, or by the laws themselves."""

from swarm.v1 import laws_pb2, operator_pb2

from swarm_supervisor.handoff import write_handoffs
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.roster import Member, Standing
from swarm_supervisor.stopping import stop_robot
from swarm_supervisor.trusting import renew_token, say_revocation
from swarm_supervisor.wire import WireError, check_operator, check_text
from swarm_vault.laws.core.roles import Principal, Right
from swarm_vault.laws.core.tiers import standing_word
from swarm_vault.laws.core.values import Tier
from swarm_vault.recorder import Kind


def revoke(
    hq: Headquarters, request: operator_pb2.RevokeRequest, principal: Principal
) -> operator_pb2.RevokeReply:
    """Trust a robot no more: it stops, gets no orders and no token; others take over its cells."""
    member = hq.roster.get(request.agent_id)
    try:
        check_operator(request.operator)
        reason = check_text('reason', request.reason, longest=500, empty=True)
    except WireError as error:
        return operator_pb2.RevokeReply(done=False, reason=str(error))
    if member is None:
        fault = _nobody(hq, request.agent_id)
        return operator_pb2.RevokeReply(done=False, reason=fault)
    if member.standing is Standing.REVOKED:
        fault = f'{member.agent_id!r} is revoked already: {member.reason}'
        return operator_pb2.RevokeReply(done=False, reason=fault)
    take_trust(hq, member, reason or 'revoked by the operator', principal.name)
    return operator_pb2.RevokeReply(done=True)


def heed_revocations(hq: Headquarters) -> None:
    """Revoke whom a signed word in the book revokes, whoever left it there and whenever.

    A word may have been left by hand, or by this supervisor just before its process ended.
    """
    for member in hq.roster:
        word = standing_word(hq.revoked.entries, member.agent_id)
        if word is not None and not word.lifted and member.standing is not Standing.REVOKED:
            _revoked(hq, member, word.reason, word.by)


def take_trust(hq: Headquarters, member: Member, reason: str, by: str) -> None:
    """Revoke a robot; the word is signed and on its way before anything else happens."""
    say_revocation(hq, member, lifted=False, reason=reason, by=by)
    _revoked(hq, member, reason, by)


def _revoked(hq: Headquarters, member: Member, reason: str, by: str) -> None:
    hq.roster.revoke(member, reason)
    data = {'agent': member.agent_id, 'reason': reason, 'operator': by}
    hq.note(Kind.STATE_CHANGE, 'robot.revoked', data, durable=True)
    write_handoffs(hq, member, reason)
    stop_robot(hq, member, f'revoked: {reason}')


def set_tier(
    hq: Headquarters, request: laws_pb2.SetTierRequest, principal: Principal
) -> laws_pb2.SetTierReply:
    """Set a robot's tier at a human's word; a revoked one is trusted again by that."""
    member = hq.roster.get(request.agent_id)
    try:
        check_operator(request.operator)
        reason = check_text('reason', request.reason, longest=500, empty=True)
    except WireError as error:
        return laws_pb2.SetTierReply(done=False, reason=str(error))
    fault = _nobody(hq, request.agent_id) if member is None else ''
    if member is not None:
        fault = _may_not(hq, member, request.tier, principal)
    if member is None or fault:
        return laws_pb2.SetTierReply(done=False, reason=fault)
    _give(hq, member, request.tier, principal.name, reason)
    return laws_pb2.SetTierReply(done=True, tier=request.tier)


def _nobody(hq: Headquarters, agent_id: str) -> str:
    known = ', '.join(member.agent_id for member in hq.roster)
    return f'there is no robot {agent_id[:64]!r}; there is {known}'


def _may_not(hq: Headquarters, member: Member, tier: int, principal: Principal) -> str:
    """Why a tier cannot be set; empty when it can."""
    if not 0 <= tier <= Tier.ARCHITECT:
        return f'tier {tier}: expected 0 to 4'
    mandate, fault = hq.mandates.of(member.agent_id)
    if mandate is None:
        return fault
    if tier > mandate.tier:
        return (
            f'the mandate of {member.agent_id} ends at tier {mandate.tier}; a person may change'
            f' agents/{member.agent_id}/mandate.md in the vault'
        )
    revoked = member.standing is Standing.REVOKED
    right = Right.REINSTATE if revoked or tier >= Tier.ARCHITECT else Right.GRANT
    return principal.refusal(right)


def _give(hq: Headquarters, member: Member, tier: int, by: str, reason: str) -> None:
    hq.court.grant(member.agent_id, tier, by)
    data = {'agent': member.agent_id, 'tier': tier, 'by': by, 'reason': reason}
    hq.note(Kind.STATE_CHANGE, 'tier.set', data, durable=True)
    if member.standing is Standing.REVOKED:
        say_revocation(hq, member, lifted=True, reason=reason or 'reinstated', by=by)
        hq.roster.reinstate(member)
        hq.store.save_member(member)
    renew_token(hq, member)
