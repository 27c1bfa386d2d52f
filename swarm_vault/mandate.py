# SPDX-License-Identifier: Apache-2.0
"""The mandate card of an agent: what it may do at most. What is not valid grants nothing."""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

_BLOCK = re.compile(r'^```yaml[ \t]*\n(.*?)^```[ \t]*$', re.MULTILINE | re.DOTALL)
_MAX_BYTES = 65536
_MAX_BLOCK = 1000
"""More is refused before the YAML reader may spend seconds on it [characters]."""


class MandateState(str, Enum):
    """What reading a mandate came to."""

    ABSENT = 'ABSENT'
    VALID = 'VALID'
    INVALID = 'INVALID'
    NO_BLOCK = 'NO_BLOCK'
    UNREADABLE = 'UNREADABLE'


class Mandate(BaseModel):
    """What an agent may do at most."""

    model_config = ConfigDict(extra='forbid', frozen=True, strict=True, allow_inf_nan=False)

    tier: int = Field(ge=0, le=4)
    """0 senses and reports, 1 moves slowly in a sandbox, 2 does normal missions, 3 enters shared
    zones and carries payload, 4 changes policy."""
    max_speed_mps: float = Field(gt=0.0, le=10.0)
    zones: tuple[str, ...] = Field(default=(), strict=False)
    """Places by name; none: the whole map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateReading:
    """A mandate as read; `tier` is 0 unless the state is VALID."""

    state: MandateState
    tier: int = 0
    mandate: Mandate | None = None
    reason: str = ''


def read_mandate(path: Path) -> MandateReading:
    """Read the one YAML block of a mandate.md; never raises."""
    if not path.exists():
        return _nothing(MandateState.ABSENT, f'{path.name}: is not there')
    try:
        content = path.read_bytes()
        text = content[: _MAX_BYTES + 1].decode('utf-8')
    except (OSError, UnicodeDecodeError) as error:
        return _nothing(MandateState.UNREADABLE, f'{path.name}: cannot be read ({error})')
    if len(content) > _MAX_BYTES:
        return _nothing(MandateState.UNREADABLE, f'{path.name}: has over {_MAX_BYTES} bytes')
    return _read_text(path.name, text)


def _read_text(name: str, text: str) -> MandateReading:
    blocks = _BLOCK.findall(text)
    if not blocks:
        return _nothing(MandateState.NO_BLOCK, f'{name}: holds no ```yaml block')
    if len(blocks) > 1:
        reason = f'{name}: holds {len(blocks)} ```yaml blocks, expected one'
        return _nothing(MandateState.INVALID, reason)
    if len(blocks[0]) > _MAX_BLOCK:
        reason = f'{name}: its block is longer than {_MAX_BLOCK} characters'
        return _nothing(MandateState.INVALID, reason)
    return _parse(name, blocks[0])


def _parse(name: str, block: str) -> MandateReading:
    try:
        values = yaml.load(block, Loader=_OneKeyLoader)  # noqa: S506 - a SafeLoader
        mandate = Mandate.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = '.'.join(str(part) for part in fault['loc']) or 'block'
        return _nothing(MandateState.INVALID, f'{name}: {field}: {fault["msg"]}')
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        place = ' '.join(str(error).split())
        return _nothing(MandateState.INVALID, f'{name}: not YAML ({place})')
    return MandateReading(state=MandateState.VALID, tier=mandate.tier, mandate=mandate)


def _nothing(state: MandateState, reason: str) -> MandateReading:
    return MandateReading(state=state, reason=f'{reason}; the robot gets tier 0')


class _OneKeyLoader(yaml.SafeLoader):
    """Refuse a key that stands twice: which of the two would count is no matter of luck."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(keys) != len({str(key) for key in keys}):
            raise yaml.YAMLError(f'a key stands twice in {keys}')
        return super().construct_mapping(node, deep=deep)
