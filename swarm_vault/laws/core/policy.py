# SPDX-License-Identifier: Apache-2.0
"""The policy as plain values, and how several of them become one: the stricter wins."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeVar

from swarm_vault.laws.core.values import SkillClass, Zone

T = TypeVar('T')


class Mode(str, Enum):
    """What a skill of a class needs before it may run; the order of `MODES` is that of rigour."""

    BYPASS = 'bypass'
    """Nothing: it has no effect."""
    JUDGE = 'judge'
    ESCALATE = 'escalate'
    """The judge and a human."""
    BLOCK = 'block'


MODES = tuple(Mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRule:
    """What a class of skills needs."""

    skill_class: SkillClass
    mode: Mode
    tier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillRule:
    """To which class a skill belongs; a skill without a rule is blocked."""

    skill: str
    skill_class: SkillClass


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRule:
    """How much may go wrong in one mission; one more is a breach."""

    total: int = 8
    repeats: int = 2
    """Repetitions of the same fault after its first time."""
    procedure: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """How a human's answer is waited for."""

    within_s: float = 300.0
    """Without an answer by then it is blocked."""
    moved_m: float = 1.0
    """An approval is stale when a robot that it names has moved further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for one robot. The defaults allow nothing: a missing policy denies."""

    version: str = 'none'
    """Version and digest of the text, for the record."""
    fault: str = 'there is no policy'
    """Why nothing is allowed; empty when the policy is valid."""
    classes: tuple[ClassRule, ...] = ()
    skills: tuple[SkillRule, ...] = ()
    speeds_mps: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    """Fastest for each tier."""
    zones: tuple[Zone, ...] = ()
    blocked_skills: tuple[str, ...] = ()
    approve_skills: tuple[str, ...] = ()
    """Skills that wait for a human though their class does not."""
    max_seconds: float = 86_400.0
    """Longest single wait; a longer one is shortened."""
    max_loops: int = 1000
    """Most rounds of a patrol; more are cut."""
    local_orders: bool = True
    """Whether a ROS client of the robot may give it orders."""
    clean_missions: int = 5
    """Clean missions in a row after which a robot is promoted."""
    budget: BudgetRule = field(default_factory=BudgetRule)
    approval: ApprovalRule = field(default_factory=ApprovalRule)

    def class_of(self, skill: str) -> SkillClass | None:
        """The class of a skill, None where the policy does not know it."""
        found = (rule.skill_class for rule in self.skills if rule.skill == skill)
        return next(found, None)

    def rule_of(self, skill_class: SkillClass) -> ClassRule | None:
        """The rule of a class, None where there is none."""
        return next((rule for rule in self.classes if rule.skill_class is skill_class), None)


def stricter(upper: Policy, lower: Policy) -> Policy:
    """The policy that keeps both: what either forbids is forbidden, of two limits the lower."""
    return replace(
        upper,
        fault=upper.fault or lower.fault,
        classes=_classes(upper.classes, lower.classes),
        skills=tuple(rule for rule in upper.skills if rule in lower.skills),
        speeds_mps=tuple(map(min, upper.speeds_mps, lower.speeds_mps)),
        zones=_union(upper.zones, lower.zones),
        blocked_skills=_union(upper.blocked_skills, lower.blocked_skills),
        approve_skills=_union(upper.approve_skills, lower.approve_skills),
        max_seconds=min(upper.max_seconds, lower.max_seconds),
        max_loops=min(upper.max_loops, lower.max_loops),
        local_orders=upper.local_orders and lower.local_orders,
        clean_missions=max(upper.clean_missions, lower.clean_missions),
        budget=BudgetRule(
            total=min(upper.budget.total, lower.budget.total),
            repeats=min(upper.budget.repeats, lower.budget.repeats),
            procedure=min(upper.budget.procedure, lower.budget.procedure),
        ),
        approval=ApprovalRule(
            within_s=min(upper.approval.within_s, lower.approval.within_s),
            moved_m=min(upper.approval.moved_m, lower.approval.moved_m),
        ),
    )


def _classes(a: Sequence[ClassRule], b: Sequence[ClassRule]) -> tuple[ClassRule, ...]:
    others = {rule.skill_class: rule for rule in b}
    return tuple(
        ClassRule(
            skill_class=rule.skill_class,
            mode=max(rule.mode, others[rule.skill_class].mode, key=MODES.index),
            tier=max(rule.tier, others[rule.skill_class].tier),
        )
        for rule in a
        if rule.skill_class in others
    )


def _union(a: Sequence[T], b: Sequence[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*a, *b)))
