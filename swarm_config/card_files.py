# SPDX-License-Identifier: Apache-2.0
"""Read and check the skill cards of config/skills/*.yaml."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from swarm_config.cards import (
    Effect,
    Fact,
    Parameter,
    ParameterKind,
    SkillCard,
    SkillClass,
)
from swarm_config.errors import ConfigError
from swarm_config.validation import STRICT, read_model

_Name = Annotated[str, Field(pattern=r'^[a-z][a-z0-9_]{0,31}$')]


class ParameterFile(BaseModel):
    """A parameter of a skill card, bounds included."""

    model_config = STRICT

    type: ParameterKind = ParameterKind.NUMBER
    unit: str = ''
    minimum: float = 0.0
    maximum: float = 0.0
    required: bool = True

    @model_validator(mode='after')
    def _in_order(self) -> 'ParameterFile':
        if self.minimum > self.maximum:
            raise ValueError('expected minimum <= maximum')
        return self


class EffectFile(BaseModel):
    """An expected effect."""

    model_config = STRICT

    fact: Fact
    holds: bool = True
    tolerance: float = Field(default=0.0, ge=0.0)
    unit: str = ''


class CardFile(BaseModel):
    """A skill card as written in config/skills/*.yaml."""

    model_config = STRICT

    name: _Name
    description: str = Field(min_length=1, max_length=120)
    skill_class: SkillClass = Field(alias='class')
    tier: int = Field(ge=0, le=4)
    """Least tier of trust that may run the skill."""
    cost_s: float = Field(gt=0.0)
    """Typical time that it takes [s]."""
    parameters: dict[_Name, ParameterFile]
    preconditions: tuple[Fact, ...]
    effects: tuple[EffectFile, ...] = ()

    def to_card(self) -> SkillCard:
        """The card as cores take it."""
        return SkillCard(
            name=self.name,
            description=self.description,
            skill_class=self.skill_class,
            tier=self.tier,
            cost_s=self.cost_s,
            parameters=tuple(_parameter(n, p) for n, p in sorted(self.parameters.items())),
            preconditions=self.preconditions,
            effects=tuple(
                Effect(fact=e.fact, holds=e.holds, tolerance=e.tolerance, unit=e.unit)
                for e in self.effects
            ),
        )


def _parameter(name: str, entry: ParameterFile) -> Parameter:
    return Parameter(
        name=name,
        kind=entry.type,
        unit=entry.unit,
        minimum=entry.minimum,
        maximum=entry.maximum,
        required=entry.required,
    )


def read_cards(folder: Path) -> tuple[SkillCard, ...]:
    """Read all cards of a folder, in the order of their names.

    Raises:
        ConfigError: A card is malformed or stands under another name than its own.
    """
    return tuple(_load(path) for path in sorted(folder.glob('*.yaml')))


def _load(path: Path) -> SkillCard:
    card = read_model(path, CardFile).to_card()
    if card.name != path.stem:
        raise ConfigError(f'{path}: name: found {card.name!r}, expected {path.stem!r}')
    return card
