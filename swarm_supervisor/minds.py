# SPDX-License-Identifier: Apache-2.0
"""Who thinks for the supervisor, with models or without, at the cost of one purse."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swarm_supervisor.core.mediation import MediationParams
from swarm_supervisor.core.spending import Caps
from swarm_supervisor.judges import AnthropicJudge, SecondJudge
from swarm_supervisor.mediator import AnthropicMediator, MediationDesk, RulesMediator
from swarm_supervisor.model_call import ModelAccess
from swarm_supervisor.planning_desk import PlanningDesk
from swarm_supervisor.purse import Purse
from swarm_supervisor.settings import Settings
from swarm_supervisor.strategist import Strategist
from swarm_supervisor.strategist_llm import AnthropicStrategist
from swarm_vault.recorder import Kind, Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Minds:
    """Strategist, mediator and second judge."""

    strategist: Strategist
    mediation: MediationDesk
    second_judge: SecondJudge | None


def minds_of(
    recorder: Recorder,
    vault_dir: Path,
    settings: Settings,
    access: ModelAccess | None,
    judge_access: ModelAccess | None,
) -> Minds:
    """Strategist, mediator and second judge of a supervisor; what models say is recorded.

    Args:
        recorder: Takes what was asked and said.
        vault_dir: The supervisor's vault; what was spent is kept there.
        settings: The supervisor's parameters.
        access: The model that plans and mediates; None: the grammar and the rules alone.
        judge_access: The model that is the second judge, if any.
    """

    def note(type_: str, data: Mapping[str, Any]) -> None:
        recorder.event(Kind.DECISION, type_, data)

    purse = Purse(vault_dir / 'nexus' / 'model_spending.json', _caps(settings), time.time_ns)
    name = '' if access is None else access.model
    strategist = None if access is None else AnthropicStrategist(access, note, purse)
    mediator = RulesMediator() if access is None else AnthropicMediator(access, note, purse)
    judge = None if judge_access is None else AnthropicJudge(judge_access, note, purse)
    return Minds(
        strategist=PlanningDesk(recorder, note, strategist, name),
        mediation=MediationDesk(recorder, mediator, _mediation(settings, name)),
        second_judge=judge,
    )


def _caps(settings: Settings) -> Caps:
    return Caps(
        tokens_per_mission=settings.model_tokens_per_mission,
        tokens_per_day=settings.model_tokens_per_day,
        usd_per_mission=settings.model_usd_per_mission,
        usd_per_day=settings.model_usd_per_day,
        usd_per_million_in=settings.model_usd_per_million_in,
        usd_per_million_out=settings.model_usd_per_million_out,
    )


def _mediation(settings: Settings, model: str) -> MediationParams:
    return MediationParams(
        stuck_s=settings.mediator_stuck_s,
        conflicts=settings.mediator_conflicts,
        complexity=settings.mediator_complexity,
        most=settings.mediator_attempts,
        model=model,
    )
