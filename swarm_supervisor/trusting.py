# SPDX-License-Identifier: Apache-2.0
"""Tier tokens and revocations as the supervisor gives them: short, scoped, renewed, taken back."""

import secrets

from swarm.v1 import common_pb2, laws_pb2, mission_pb2

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.roster import Member, Standing
from swarm_vault.laws.core.tiers import TTL_S, after_all
from swarm_vault.laws.core.values import Revocation, Tier, Token, Trust
from swarm_vault.laws.wire import from_token, signed_revocation
from swarm_vault.recorder import Kind

BACK_NS = max(TTL_S.values()) * 1_000_000_000
"""The longest life of a token [ns]."""


def trust_to_give(hq: Headquarters, member: Member) -> tuple[Trust, str]:
    """What the next token says: tier and mandate, and the human behind tier 3 and 4.

    0 when revoked; never above the mandate; tier 3 by a human's grant, or while an order is open
    for which a human granted it.
    """
    mandate, fault = hq.mandates.of(member.agent_id)
    if member.standing is Standing.REVOKED:
        return Trust(tier=0, reason=f'revoked: {member.reason}', mandate=mandate), ''
    if mandate is None:
        return Trust(tier=0, reason=fault), ''
    conduct = hq.court.conduct(member.agent_id)
    tier, by = conduct.tier, conduct.granted_by
    grant, giver = _open_grant(hq, member)
    if grant > tier >= Tier.BUILDER:
        tier, by = grant, giver
    if tier >= Tier.EXECUTOR and not by:
        tier = Tier.BUILDER
    tier = min(tier, mandate.tier)
    return Trust(tier=tier, mandate=mandate), by if tier >= Tier.EXECUTOR else ''


def _open_grant(hq: Headquarters, member: Member) -> tuple[int, str]:
    """The highest tier that the giver of an open order grants for it."""
    warrants = [order.task().warrant for order in hq.orders_of(member.agent_id)]
    granting = [w for w in warrants if w.grants_tier and w.intended_by]
    best = max(granting, key=lambda w: w.grants_tier, default=laws_pb2.Warrant())
    return min(best.grants_tier, int(Tier.EXECUTOR)), best.intended_by


def issue_token(hq: Headquarters, member: Member) -> common_pb2.Signed:
    """A new token, signed and noted."""
    trust, by = trust_to_give(hq, member)
    now_ns = _after_the_last(member, hq.clock())
    ttl_s = min(hq.settings.token_ttl_s, TTL_S[Tier(trust.tier)])
    token = Token(
        token_id=secrets.token_hex(8),
        agent_id=member.agent_id,
        tier=trust.tier,
        issued_ns=now_ns,
        expires_ns=now_ns + int(ttl_s * 1e9),
        granted_by=by,
        mandate=trust.mandate,
    )
    member.token_issued_ns = token.issued_ns
    hq.store.save_issued(member.agent_id, token.issued_ns)
    member.token_ends_ns, member.granted_by = token.expires_ns, by
    member.token_mark = _mark(trust)
    data = {
        'agent': member.agent_id,
        'tier': trust.tier,
        'ttl_s': ttl_s,
        'mandate': member.token_mark[1],
        'granted_by': by,
        'reason': trust.reason,
    }
    hq.note(Kind.STATE_CHANGE, 'token.issued', data)
    return hq.post.sign('TierToken', from_token(token).SerializeToString())


def renew_token(hq: Headquarters, member: Member) -> None:
    """Send a new token when half of the old one's time is over, or when it is not true any more.

    Call it also before an order is sent for which a tier was granted.
    """
    if not member.linked:
        return
    trust, _ = trust_to_give(hq, member)
    ttl_s = min(hq.settings.token_ttl_s, TTL_S[Tier(trust.tier)])
    left_ns = member.token_ends_ns - hq.clock()
    fresh = ttl_s * 0.5e9 < left_ns <= ttl_s * 1e9 + BACK_NS
    if not (fresh and _mark(trust) == member.token_mark):
        hq.post.token(issue_token(hq, member), member.agent_id)


def _after_the_last(member: Member, now_ns: int) -> int:
    """When a token is issued: a robot takes none that is older than the one that it has.

    So a clock that was set back does not keep a lower tier from it. One that was set back by more
    than any token lasts was wrong before; then the robot stands, and says so.
    """
    last_ns = member.token_issued_ns
    return max(now_ns, last_ns + 1) if last_ns - now_ns <= BACK_NS else now_ns


def _mark(trust: Trust) -> tuple[int, str]:
    return trust.tier, '' if trust.mandate is None else trust.mandate.mandate_id


def tell_revocations(hq: Headquarters, agent_id: str) -> None:
    """Send all words of revocation to one robot."""
    words = hq.revoked.signed
    if words:
        message = laws_pb2.Revocations(entries=words)
        hq.post.send(agent_id, mission_pb2.SupervisorDown(revocations=message))


def say_revocation(
    hq: Headquarters, member: Member, *, lifted: bool, reason: str, by: str
) -> None:
    """Sign a word of revocation, keep it, and send it to every robot that can be reached.

    It is later than all words before, even if the clock says otherwise: the latest one counts.
    """
    stamp_ns = after_all(hq.revoked.entries, member.agent_id, hq.clock())
    entry = Revocation(
        agent_id=member.agent_id, stamp_ns=stamp_ns, lifted=lifted, reason=reason, by=by
    )
    hq.revoked.take([signed_revocation(hq.post.signer, entry)])
    data = {'agent': member.agent_id, 'lifted': lifted, 'reason': reason, 'by': by}
    hq.note(Kind.STATE_CHANGE, 'revocation.signed', data, durable=True)
    for other in hq.roster:
        tell_revocations(hq, other.agent_id)
