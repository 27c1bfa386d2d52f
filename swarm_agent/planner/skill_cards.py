# SPDX-License-Identifier: Apache-2.0
"""Read and check the skill cards of config/skills/*.yaml."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from swarm_agent.planner.core.cards import Parameter, Precondition, SkillCard, SkillClass
from swarm_agent.planner.core.orders import Task
from swarm_config.errors import ConfigError
from swarm_config.validation import read_model

NEEDED = frozenset({task.value for task in Task if task is not Task.UNKNOWN} | {'yield'})
"""A skill without a card would be refused for ever; so each must have one."""

_Name = Annotated[str, Field(pattern=r'^[a-z][a-z0-9_]{0,31}$')]


class ParameterFile(BaseModel):
    """A parameter of a skill card, bounds included."""

    model_config = ConfigDict(extra='forbid', frozen=True, allow_inf_nan=False)

    unit: str
    minimum: float
    maximum: float

    @model_validator(mode='after')
    def _in_order(self) -> 'ParameterFile':
        if self.minimum > self.maximum:
            raise ValueError('expected minimum <= maximum')
        return self


class CardFile(BaseModel):
    """A skill card as written in config/skills/*.yaml."""

    model_config = ConfigDict(extra='forbid', frozen=True, allow_inf_nan=False)

    name: _Name
    description: str = Field(min_length=1, max_length=120)
    skill_class: SkillClass = Field(alias='class')
    tier: int = Field(ge=0, le=4)
    """Least tier of trust that may run the skill."""
    cost_s: float = Field(gt=0.0)
    """Typical time that it takes [s]."""
    parameters: dict[_Name, ParameterFile]
    preconditions: tuple[Precondition, ...]

    def to_card(self) -> SkillCard:
        """The card as the core takes it."""
        return SkillCard(
            name=self.name,
            description=self.description,
            skill_class=self.skill_class,
            tier=self.tier,
            cost_s=self.cost_s,
            parameters=tuple(
                Parameter(
                    name=name,
                    unit=entry.unit,
                    minimum=entry.minimum,
                    maximum=entry.maximum,
                )
                for name, entry in sorted(self.parameters.items())
            ),
            preconditions=self.preconditions,
        )


def load_cards(folder: Path) -> tuple[SkillCard, ...]:
    """Read all cards of a folder, in the order of their names.

    Raises:
        ConfigError: A card is missing, malformed or stands under another name than its own.
    """
    cards = tuple(_load(path) for path in sorted(folder.glob('*.yaml')))
    missing = sorted(NEEDED - {card.name for card in cards})
    if missing:
        raise ConfigError(f'{folder}: no skill card for {", ".join(missing)}; add NAME.yaml')
    return cards


def _load(path: Path) -> SkillCard:
    card = read_model(path, CardFile).to_card()
    if card.name != path.stem:
        raise ConfigError(f'{path}: name: found {card.name!r}, expected {path.stem!r}')
    return card
