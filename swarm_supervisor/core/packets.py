# SPDX-License-Identifier: Apache-2.0
"""The instruction packet of a mission, and the phases that it goes through. Pure.

Each phase has an artefact that must be there before the next one begins; what is missing is named.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from swarm_vault.laws.core.policy import BudgetRule


class MissionPhase(str, Enum):
    """The life of a mission."""

    BOOTSTRAP = 'BOOTSTRAP'
    PREFLIGHT = 'PREFLIGHT'
    PLAN = 'PLAN'
    EXECUTE = 'EXECUTE'
    VERIFY = 'VERIFY'
    PACKAGE = 'PACKAGE'
    REPORT = 'REPORT'
    EXIT = 'EXIT'


ARTEFACTS: dict[MissionPhase, str] = {
    MissionPhase.BOOTSTRAP: 'packet.json',
    MissionPhase.PREFLIGHT: 'preflight.json',
    MissionPhase.PLAN: 'plan.json',
    MissionPhase.EXECUTE: 'orders.json',
    MissionPhase.VERIFY: 'verification.json',
    MissionPhase.PACKAGE: 'outcome.json',
    MissionPhase.REPORT: 'report.md',
}
"""What each phase leaves behind."""


def phase_of(there: Collection[str]) -> tuple[MissionPhase, str]:
    """The phase of a mission by its artefacts, and the one that is missing (empty at the EXIT)."""
    for phase, artefact in ARTEFACTS.items():
        if artefact not in there:
            return phase, artefact
    return MissionPhase.EXIT, ''


Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeArea:
    """A sector that a mission keeps to."""

    name: str
    corners: Corners
    """[m, map frame]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """What a mission is for and how far it goes."""

    objective: str
    deliverables: tuple[str, ...]
    scope: tuple[str, ...]
    forbidden: tuple[str, ...]
    required_steps: tuple[str, ...]
    success_criteria: tuple[str, ...]
    max_errors: int = 8
    max_repeats: int = 2
    max_procedure: int = 1
    escalation_rules: tuple[str, ...] = (
        'a robot that cannot do its part and nobody to take over: ask the operator',
        'the error budget is breached: safe stop, revocation, handoff',
    )
    created_for: str = ''
    areas: tuple[ScopeArea, ...] = ()
    """The floor that the scope names; none: the whole map."""


def packet_of(
    text: str,
    operator: str,
    skills: tuple[str, ...],
    areas: tuple[ScopeArea, ...],
    budget: BudgetRule,
) -> Packet:
    """The packet of a mission.

    Args:
        text: The order in words.
        operator: Who gave it.
        skills: What its plan uses; the others that handle loads are forbidden.
        areas: The sectors that it keeps to; none: the whole map.
        budget: What may go wrong.
    """
    return Packet(
        objective=text,
        deliverables=('outcome.json', 'report.md', *(f'{skill} done' for skill in skills)),
        scope=tuple(area.name for area in areas),
        forbidden=tuple(s for s in ('deliver',) if s not in skills),
        required_steps=tuple(phase.value for phase in MissionPhase),
        success_criteria=('every order that counts is complete',),
        created_for=operator,
        areas=areas,
        max_errors=budget.total,
        max_repeats=budget.repeats,
        max_procedure=budget.procedure,
    )
