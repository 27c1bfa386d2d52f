# SPDX-License-Identifier: Apache-2.0
"""Skill cards as plain values: what a skill may be given, when it is feasible, what it costs."""

from dataclasses import dataclass
from enum import Enum


class SkillClass(str, Enum):
    """What a skill can do to the world."""

    SENSE = 'sense'
    MOVE_IN_ZONE = 'move_in_zone'
    CONTACT_OR_PAYLOAD = 'contact_or_payload'
    IRREVERSIBLE = 'irreversible'


class Precondition(str, Enum):
    """A fact that must hold for a skill to be feasible; `facts` in question.py decides it."""

    ORDERED = 'ordered'
    """The open order asks for this skill."""
    LOCALISED = 'localised'
    BATTERY_ABOVE_RESERVE = 'battery_above_reserve'
    PEERS_NEAR = 'peers_near'
    BLOCKED = 'blocked'


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A numeric parameter with its bounds, both included."""

    name: str
    unit: str
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillCard:
    """One skill as planner, judge and console know it."""

    name: str
    description: str
    skill_class: SkillClass
    tier: int
    """Least tier of trust that may run it, 0 to 4."""
    cost_s: float
    """Typical time that it takes [s]."""
    parameters: tuple[Parameter, ...]
    preconditions: tuple[Precondition, ...]


def card_of(cards: tuple[SkillCard, ...], name: str) -> SkillCard | None:
    """The card of a skill, None where there is none."""
    return next((card for card in cards if card.name == name), None)


def out_of_bounds(card: SkillCard, values: tuple[tuple[str, float], ...]) -> str:
    """Why these parameter values cannot be used; empty when they can."""
    known = {parameter.name: parameter for parameter in card.parameters}
    for name, value in values:
        parameter = known.get(name)
        if parameter is None:
            return f'{card.name} has no parameter {name!r}'
        if not parameter.minimum <= value <= parameter.maximum:
            return (
                f'{card.name}.{name} is {value:g} {parameter.unit}, '
                f'expected {parameter.minimum:g} to {parameter.maximum:g}'
            )
    return ''
