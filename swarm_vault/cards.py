# SPDX-License-Identifier: Apache-2.0
"""The cards of an agent's folder: Markdown for people with one YAML block that is checked.

Each is read into one of five states; what is not valid is worth nothing and says why.
"""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

_BLOCK = re.compile(r'^```yaml[ \t]*\n(.*?)^```[ \t]*$', re.MULTILINE | re.DOTALL)
_MAX_BYTES = 65536
_MAX_BLOCK = 1000
"""More is refused before the YAML reader may spend seconds on it [characters]."""
STRICT = ConfigDict(extra='forbid', frozen=True, strict=True, allow_inf_nan=False)


class CardState(str, Enum):
    """What reading a card came to."""

    ABSENT = 'ABSENT'
    VALID = 'VALID'
    INVALID = 'INVALID'
    NO_BLOCK = 'NO_BLOCK'
    UNREADABLE = 'UNREADABLE'


class IdentityCard(BaseModel):
    """IDENTITY.md: whose folder this is."""

    model_config = STRICT

    agent: str = Field(pattern=r'^[a-z][a-z0-9_]{0,31}$')
    model: str = Field(min_length=1, max_length=64)
    """The robot's class."""


class SoulCard(BaseModel):
    """SOUL.md: the order of override, which nobody may turn round."""

    model_config = STRICT

    override: tuple[Literal['safety'], Literal['swarm'], Literal['mission']] = Field(strict=False)


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
    if not path.exists():
        return _nothing(CardState.ABSENT, f'{path.name}: is not there')
    try:
        content = path.read_bytes()
        text = content[: _MAX_BYTES + 1].decode('utf-8')
    except (OSError, UnicodeDecodeError) as error:
        return _nothing(CardState.UNREADABLE, f'{path.name}: cannot be read ({error})')
    if len(content) > _MAX_BYTES:
        return _nothing(CardState.UNREADABLE, f'{path.name}: has over {_MAX_BYTES} bytes')
    return _read_text(path.name, text, type_)


def _read_text(name: str, text: str, type_: type[M]) -> CardReading[M]:
    blocks = _BLOCK.findall(text)
    if not blocks:
        return _nothing(CardState.NO_BLOCK, f'{name}: holds no ```yaml block')
    if len(blocks) > 1:
        reason = f'{name}: holds {len(blocks)} ```yaml blocks, expected one'
        return _nothing(CardState.INVALID, reason)
    if len(blocks[0]) > _MAX_BLOCK:
        reason = f'{name}: its block is longer than {_MAX_BLOCK} characters'
        return _nothing(CardState.INVALID, reason)
    return _parse(name, blocks[0], type_)


def _parse(name: str, block: str, type_: type[M]) -> CardReading[M]:
    try:
        values = yaml.load(block, Loader=_OneKeyLoader)  # noqa: S506 - a SafeLoader
        card = type_.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = '.'.join(str(part) for part in fault['loc']) or 'block'
        return _nothing(CardState.INVALID, f'{name}: {field}: {fault["msg"]}')
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        place = ' '.join(str(error).split())
        return _nothing(CardState.INVALID, f'{name}: not YAML ({place})')
    return CardReading(state=CardState.VALID, card=card)


def _nothing(state: CardState, reason: str) -> CardReading[Any]:
    return CardReading(state=state, reason=reason)


class _OneKeyLoader(yaml.SafeLoader):
    """Refuse a key that stands twice: which of the two would count is no matter of luck."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(keys) != len({str(key) for key in keys}):
            raise yaml.YAMLError(f'a key stands twice in {keys}')
        return super().construct_mapping(node, deep=deep)
