# SPDX-License-Identifier: Apache-2.0
"""Which tier is in force: a short-lived token, checked on the robot, and the revocations it knows.

Lifetimes: T0 1 h, T1 and T2 30 min, T3 and T4 15 min (features, line 99).
"""

from collections.abc import Iterable

from swarm_vault.laws.core.values import Revocation, Tier, Token, Trust

TTL_S = {
    Tier.OBSERVER: 3600,
    Tier.OPERATOR: 1800,
    Tier.BUILDER: 1800,
    Tier.EXECUTOR: 900,
    Tier.ARCHITECT: 900,
}
"""Longest life of a token of each tier [s]."""
SKEW_NS = 60_000_000_000
"""Clocks of supervisor and robot may differ by so much [ns]."""
HIGHEST_IN_MOTION = 3
KEPT_REVOCATIONS = 1000


def trust_of(
    token: Token | None, revocations: Iterable[Revocation], *, agent_id: str, wall_ns: int
) -> Trust:
    """How far a robot is trusted now; whatever is odd ends in tier 0 with the reason.

    Args:
        token: The verified token in force, if any.
        revocations: Verified words of revocation, in any order.
        agent_id: The robot.
        wall_ns: Now, since the epoch [ns].
    """
    if token is None:
        return _revoked(revocations, agent_id, None) or Trust(tier=0, reason='no tier token')
    revoked = _revoked(revocations, agent_id, token)
    if revoked is not None:
        return revoked
    fault = token_fault(token, agent_id)
    if fault:
        return Trust(tier=0, reason=fault)
    if wall_ns >= token.expires_ns:
        return Trust(tier=0, reason='the tier token has expired')
    if wall_ns < token.issued_ns - SKEW_NS:
        return Trust(tier=0, reason='the tier token is from the future; check the clocks')
    return Trust(tier=token.tier, mandate=token.mandate)


def motion_tier(tier: int) -> int:
    """The tier as the reflexes know it, 0 to 3: an architect moves no more than an executor."""
    return min(max(tier, 0), HIGHEST_IN_MOTION)


def token_fault(token: Token, agent_id: str) -> str:
    """Why a token can never hold here, whenever it is; empty when it can."""
    if token.agent_id != agent_id:
        return f'the token is for {token.agent_id!r}'
    if not 0 <= token.tier <= 4:
        return f'the token has tier {token.tier}, expected 0 to 4'
    lasts_s, longest_s = (token.expires_ns - token.issued_ns) / 1e9, TTL_S[Tier(token.tier)]
    if not 0.0 < lasts_s <= longest_s:
        return f'the token lasts {lasts_s:.0f} s, expected more than 0 and at most {longest_s} s'
    return _grant_fault(token)


def _grant_fault(token: Token) -> str:
    mandate = token.mandate
    if token.tier >= Tier.EXECUTOR and not token.granted_by:
        return f'tier {token.tier} without the human who grants it'
    if mandate is not None and mandate.agent_id != token.agent_id:
        return f'the mandate is for {mandate.agent_id!r}'
    if mandate is not None and token.tier > mandate.tier:
        return f'the token has tier {token.tier}, its mandate ends at {mandate.tier}'
    return ''


def takes_over(new: Token, old: Token | None, agent_id: str) -> str:
    """Why a token must not take the place of the one in force; empty when it may."""
    fault = token_fault(new, agent_id)
    if fault:
        return fault
    if old is not None and new.issued_ns < old.issued_ns:
        return 'the token is older than the one in force'
    return ''


def standing_word(revocations: Iterable[Revocation], agent_id: str) -> Revocation | None:
    """The latest word on a robot; of two words of the same moment the stricter."""
    own = [entry for entry in revocations if entry.agent_id == agent_id]
    return max(own, key=lambda entry: (entry.stamp_ns, not entry.lifted), default=None)


def after_all(revocations: Iterable[Revocation], agent_id: str, wall_ns: int) -> int:
    """A time for a new word on a robot: now, or just after the latest word if that is later [ns].

    A clock that was set back must not make a new word older than what it changes.
    """
    word = standing_word(revocations, agent_id)
    return wall_ns if word is None else max(wall_ns, word.stamp_ns + 1)


def merged(known: Iterable[Revocation], news: Iterable[Revocation]) -> tuple[Revocation, ...]:
    """The latest word on every robot: the order and number of arrivals do not matter."""
    both = (*known, *news)
    names = sorted({entry.agent_id for entry in both})[:KEPT_REVOCATIONS]
    return tuple(word for name in names if (word := standing_word(both, name)) is not None)


def _revoked(
    revocations: Iterable[Revocation], agent_id: str, token: Token | None
) -> Trust | None:
    word = standing_word(revocations, agent_id)
    if word is None:
        return None
    if not word.lifted:
        return Trust(tier=0, reason=f'revoked by {word.by}: {word.reason}')
    if token is not None and token.issued_ns <= word.stamp_ns:
        return Trust(tier=0, reason='the tier token is from before the revocation')
    return None
