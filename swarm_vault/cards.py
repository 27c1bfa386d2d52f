# SPDX-License-Identifier: Apache-2.0
"""The cards of an agent's folder: Markdown for people with one YAML block that is checked.

Each is read into one of five states; what is not valid is worth nothing and says why.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from swarm_vault.yaml_block import CardState, read_block

_MAX_BLOCK = 1000
"""More is refused before the YAML reader may spend seconds on it [characters]."""
STRICT = ConfigDict(extra='forbid', frozen=True, strict=True, allow_inf_nan=False)


class IdentityCard(BaseModel):
    """IDENTITY.md: whose folder this is."""

    model_config = STRICT

    agent: str = Field(pattern=r'^[a-z][a-z0-9_]{0,31}$')
    model: str = Field(min_length=1, max_length=64)
    """The robot's class."""


class SoulCard(BaseModel):
    """SOUL.md: the order of override, which nobody may turn round, and the temperament."""

    model_config = STRICT

    override: tuple[Literal['safety'], Literal['swarm'], Literal['mission']] = Field(strict=False)
    temperament: Literal['cautious', 'steady', 'bold'] = 'steady'
    """How it goes about its work; soul.py reads it on the robot."""


class ToolsCard(BaseModel):
    """tools.md: the skills that the agent may propose."""

    model_config = STRICT

    skills: tuple[str, ...] = Field(min_length=1, max_length=50, strict=False)


class ModelCard(BaseModel):
    """model.md: what may decide in the planner."""

    model_config = STRICT

    planners: tuple[Literal['deterministic', 'slm'], ...] = Field(min_length=1, strict=False)


class IndexCard(BaseModel):
    """memory/INDEX.md: how many notes could be used when it was written."""

    model_config = STRICT

    notes: int = Field(ge=0)


CARDS: dict[str, type[BaseModel]] = {
    'IDENTITY.md': IdentityCard,
    'SOUL.md': SoulCard,
    'tools.md': ToolsCard,
    'model.md': ModelCard,
    'memory/INDEX.md': IndexCard,
}
"""The cards of a folder besides the mandate, which has a module of its own."""

M = TypeVar('M', bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReading(Generic[M]):
    """A card as read; `card` is None unless the state is VALID."""

    state: CardState
    card: M | None = None
    reason: str = ''


def read_card(path: Path, type_: type[M]) -> CardReading[M]:
    """Read the one YAML block of a card; never raises."""
    block = read_block(path, longest=_MAX_BLOCK)
    if block.state is not CardState.VALID:
        return CardReading(state=block.state, reason=block.reason)
    try:
        card = type_.model_validate(block.values)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = '.'.join(str(part) for part in fault['loc']) or 'block'
        reason = f'{path.name}: {field}: {fault["msg"]}'
        return CardReading(state=CardState.INVALID, reason=reason)
    return CardReading(state=CardState.VALID, card=card)
