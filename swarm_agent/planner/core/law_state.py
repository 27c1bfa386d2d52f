# SPDX-License-Identifier: Apache-2.0
"""What a robot remembers of the laws: who is revoked, what it has spent, whether it is barred."""

from dataclasses import dataclass

from swarm_agent.planner.core.cards import SkillCard, SkillClass
from swarm_vault.laws.core.budget import Spent
from swarm_vault.laws.core.tiers import standing_word, trust_of
from swarm_vault.laws.core.values import Revocation, Tier, Token, Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class LawState:
    """Survives a restart, as part of the checkpoint."""

    revocations: tuple[Revocation, ...] = ()
    """The latest word on every robot."""
    spent: tuple[Spent, ...] = ()
    breach: str = ''
    """Why the robot has barred itself: its error budget is used up; empty while it is not."""
    breach_ns: int = 0
    """Since the epoch; only a word of a human after this ends it."""
    pace: tuple[str, float] = ('', 0.0)
    """Order id, and how fast its mind wants to do it [m/s]."""


def trust_now(
    laws: LawState,
    token: Token | None,
    *,
    agent_id: str,
    wall_ns: int,
    local_tier: int | None,
) -> Trust:
    """How far the robot may trust itself now: what bars it first, then its token.

    Args:
        laws: What it remembers.
        token: The verified token in force.
        agent_id: The robot.
        wall_ns: Now, since the epoch [ns].
        local_tier: Tier where there is no supervisor to give tokens; None where there is one.
    """
    if laws.breach:
        return Trust(tier=0, reason=laws.breach)
    trust = trust_of(token, laws.revocations, agent_id=agent_id, wall_ns=wall_ns)
    if local_tier is None or trust.tier > 0 or is_revoked(laws, agent_id):
        return trust
    return Trust(tier=local_tier)


def is_revoked(laws: LawState, agent_id: str) -> bool:
    """Whether the latest word on a robot takes its trust back."""
    word = standing_word(laws.revocations, agent_id)
    return word is not None and not word.lifted


def may_run(card: SkillCard, tier: int) -> bool:
    """Whether a tier may run a skill somewhere; where exactly the judge says."""
    creeps = card.skill_class is SkillClass.MOVE_IN_ZONE and card.tier <= Tier.BUILDER
    return tier >= card.tier or (tier == Tier.OPERATOR and creeps)
