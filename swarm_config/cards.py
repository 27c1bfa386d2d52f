# SPDX-License-Identifier: Apache-2.0
"""Skill cards as plain values: what a skill takes, when it is feasible, what it changes. Pure.

Planner, plan checker, judge, consistency checker and console all read these.
"""

from dataclasses import dataclass
from enum import Enum


class SkillClass(str, Enum):
    """What a skill can do to the world."""

    SENSE = 'sense'
    MOVE_IN_ZONE = 'move_in_zone'
    CONTACT_OR_PAYLOAD = 'contact_or_payload'
    IRREVERSIBLE = 'irreversible'


class Fact(str, Enum):
    """What preconditions ask for and effects change."""

    ORDERED = 'ordered'
    """The open order asks for this skill."""
    LOCALISED = 'localised'
    BATTERY_ABOVE_RESERVE = 'battery_above_reserve'
    HANDS_FREE = 'hands_free'
    """No load on board."""
    PEERS_NEAR = 'peers_near'
    BLOCKED = 'blocked'
    AT_GOAL = 'at_goal'
    """The robot stands at the place that the step names last."""
    AT_HOME = 'at_home'
    REGION_SEEN = 'region_seen'
    DELIVERED = 'delivered'
    TIME_PASSED = 'time_passed'


class Provenance(str, Enum):
    """Whence a fact is known."""

    OBSERVED = 'observed'
    CONFIRMED = 'confirmed'
    INFERRED = 'inferred'
    GENERATED = 'generated'
    """A model said so."""
    LEGACY = 'legacy'
    DISPUTED = 'disputed'
    SUPERSEDED = 'superseded'

    @property
    def counts(self) -> bool:
        """Whether a precondition may rest on it."""
        return self in (Provenance.OBSERVED, Provenance.CONFIRMED)


class ParameterKind(str, Enum):
    """What a parameter's value is."""

    NUMBER = 'number'
    INTEGER = 'integer'
    PLACE = 'place'
    """A named point of the map, or 'X Y' in metres."""
    PLACES = 'places'
    SECTOR = 'sector'
    """A named part of the floor; none: the whole floor."""


NUMERIC = (ParameterKind.NUMBER, ParameterKind.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter; of a number the bounds hold for the value, of places for their count."""

    name: str
    kind: ParameterKind = ParameterKind.NUMBER
    unit: str = ''
    minimum: float = 0.0
    maximum: float = 0.0
    required: bool = True

    @property
    def numeric(self) -> bool:
        """Whether the value is a number."""
        return self.kind in NUMERIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What is expected to hold once the skill is done."""

    fact: Fact
    holds: bool = True
    tolerance: float = 0.0
    """How far what is observed may be off, in `unit`."""
    unit: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillCard:
    """One skill."""

    name: str
    description: str
    skill_class: SkillClass
    tier: int
    """Least tier of trust that may run it, 0 to 4."""
    cost_s: float
    """Typical time that it takes [s]."""
    parameters: tuple[Parameter, ...]
    preconditions: tuple[Fact, ...]
    effects: tuple[Effect, ...] = ()

    @property
    def numbers(self) -> tuple[Parameter, ...]:
        """The parameters that are numbers."""
        return tuple(parameter for parameter in self.parameters if parameter.numeric)


def card_of(cards: tuple[SkillCard, ...], name: str) -> SkillCard | None:
    """The card of a skill, None where there is none."""
    return next((card for card in cards if card.name == name), None)


def out_of_bounds(card: SkillCard, values: tuple[tuple[str, float], ...]) -> str:
    """Why these numbers cannot be used; empty when they can."""
    known = {parameter.name: parameter for parameter in card.numbers}
    for name, value in values:
        parameter = known.get(name)
        if parameter is None:
            return f'{card.name} has no parameter {name!r}'
        if not parameter.minimum <= value <= parameter.maximum:
            return (
                f'{card.name}.{name} is {value:g} {parameter.unit}, '
                f'expected {parameter.minimum:g} to {parameter.maximum:g}'
            )
        if parameter.kind is ParameterKind.INTEGER and value != int(value):
            return f'{card.name}.{name} is {value:g}, expected a whole number'
    return ''
