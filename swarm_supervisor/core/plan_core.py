# SPDX-License-Identifier: Apache-2.0
"""The plan checker as a core: which orders were proved, and which refused, can be run again."""

from dataclasses import dataclass

from swarm_config.cards import SkillCard
from swarm_supervisor.core.plan_check import check
from swarm_supervisor.core.plan_types import PlanInputs, PlanVerdict
from swarm_vault.core import Core


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckParams:
    """What plans are checked against."""

    cards: tuple[SkillCard, ...]


def decide_plan(state: None, inputs: PlanInputs, params: CheckParams) -> tuple[None, PlanVerdict]:
    """Prove one plan."""
    return state, check(inputs, params.cards)


def _nothing(_params: CheckParams) -> None:
    """There is no state."""


PLAN_CHECK: Core[CheckParams, None, PlanInputs, PlanVerdict] = Core(
    name='plan_check',
    version=2,
    params=CheckParams,
    inputs=PlanInputs,
    outputs=PlanVerdict,
    initial=_nothing,
    decide=decide_plan,
)
