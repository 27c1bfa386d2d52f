# SPDX-License-Identifier: Apache-2.0
"""A robot's record of conduct: clean missions earn trust, a breached budget costs it.

Up to tier 2 promotion comes by itself; tier 3 and 4 a human grants (features, line 102).
"""

from dataclasses import dataclass, replace

from swarm_vault.laws.core.values import Tier

BY_ITSELF = Tier.BUILDER
"""Highest tier that is reached without a human."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a robot has done so far."""

    agent_id: str
    tier: int
    """Tier that it is given at most, as long as its mandate allows."""
    total_runs: int = 0
    compliant_runs: int = 0
    consecutive: int = 0
    """Clean missions in a row since the last fault or change of tier."""
    granted_by: str = ''
    """The human behind tier 3 and 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A step up or down, done or to be asked for."""

    agent_id: str
    tier: int
    needs_human: bool
    reason: str


def after_mission(
    conduct: Conduct, *, clean: bool, clean_missions: int
) -> tuple[Conduct, Change | None]:
    """Enter a finished mission.

    Args:
        conduct: The record before.
        clean: Whether its part was completed without a fault.
        clean_missions: So many in a row earn the next tier.
    """
    run = replace(
        conduct,
        total_runs=conduct.total_runs + 1,
        compliant_runs=conduct.compliant_runs + clean,
        consecutive=conduct.consecutive + 1 if clean else 0,
    )
    if run.consecutive < clean_missions or run.tier >= Tier.EXECUTOR:
        return run, None
    change = Change(
        agent_id=run.agent_id,
        tier=run.tier + 1,
        needs_human=run.tier + 1 > BY_ITSELF,
        reason=f'{run.consecutive} clean missions in a row',
    )
    if change.needs_human:
        return run, change if run.consecutive == clean_missions else None
    return replace(run, tier=change.tier, consecutive=0), change


def after_breach(conduct: Conduct, reason: str) -> tuple[Conduct, Change]:
    """One tier down, never below 0; what a human had granted is gone."""
    tier = max(0, conduct.tier - 1)
    down = replace(conduct, tier=tier, consecutive=0, granted_by='')
    change = Change(agent_id=conduct.agent_id, tier=tier, needs_human=False, reason=reason)
    return down, change


def granted(conduct: Conduct, tier: int, by: str) -> Conduct:
    """A tier by a human's word."""
    human = by if tier >= Tier.EXECUTOR else ''
    return replace(conduct, tier=tier, consecutive=0, granted_by=human)
