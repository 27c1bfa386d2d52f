# SPDX-License-Identifier: Apache-2.0
"""Tiers and budgets as operators see them."""

from collections.abc import Iterator

from swarm.v1 import laws_pb2

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.roster import Member, Standing
from swarm_vault.laws.core.budget import breach_of


def tiers(hq: Headquarters) -> laws_pb2.TiersReply:
    """Every robot's tier, mandate and record of conduct."""
    return laws_pb2.TiersReply(robots=[_tier(hq, member) for member in hq.roster])


def _tier(hq: Headquarters, member: Member) -> laws_pb2.TierState:
    mandate, fault = hq.mandates.of(member.agent_id)
    conduct = hq.court.conduct(member.agent_id)
    return laws_pb2.TierState(
        agent_id=member.agent_id,
        tier=max(0, member.token_mark[0]),
        mandate_tier=0 if mandate is None else mandate.tier,
        mandate_id='' if mandate is None else mandate.mandate_id,
        expires_ns=member.token_ends_ns,
        granted_by=member.granted_by,
        total_runs=conduct.total_runs,
        compliant_runs=conduct.compliant_runs,
        consecutive=conduct.consecutive,
        revoked=member.standing is Standing.REVOKED,
        reason=member.reason or fault,
    )


def budgets(hq: Headquarters) -> laws_pb2.BudgetsReply:
    """What each robot has spent in each mission of late."""
    return laws_pb2.BudgetsReply(budgets=list(_budgets(hq)))


def _budgets(hq: Headquarters) -> Iterator[laws_pb2.BudgetState]:
    for spent in hq.court.memory.spent:
        rule = hq.court.policy_of(spent.agent_id).budget
        yield laws_pb2.BudgetState(
            agent_id=spent.agent_id,
            mission_id=spent.mission_id,
            total=spent.total,
            repeats=spent.repeats,
            procedure=spent.procedure,
            max_total=rule.total,
            max_repeats=rule.repeats,
            max_procedure=rule.procedure,
            breach=breach_of(spent, rule),
            faults=[laws_pb2.FaultCount(key=key, count=n) for key, n in spent.keys],
        )
