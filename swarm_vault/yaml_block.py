# SPDX-License-Identifier: Apache-2.0
"""Read the one YAML block of a Markdown file; what is odd is a state with a reason, no error."""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

_BLOCK = re.compile(r'^```yaml[ \t]*\n(.*?)^```[ \t]*$', re.MULTILINE | re.DOTALL)
_MAX_BYTES = 65536


class CardState(str, Enum):
    """What reading a block came to."""

    ABSENT = 'ABSENT'
    VALID = 'VALID'
    INVALID = 'INVALID'
    NO_BLOCK = 'NO_BLOCK'
    UNREADABLE = 'UNREADABLE'


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block as read; `values` count only if the state is VALID."""

    state: CardState
    values: Any = None
    reason: str = ''


def read_block(path: Path, *, longest: int) -> Block:
    """Read the one YAML block of a Markdown file; never raises.

    Args:
        path: The file.
        longest: More is refused before the YAML reader may spend seconds on it [characters].
    """
    if not path.exists():
        return Block(state=CardState.ABSENT, reason=f'{path.name}: is not there')
    if not path.is_file():
        return Block(state=CardState.UNREADABLE, reason=f'{path.name}: is no plain file')
    try:
        with path.open('rb') as file:
            content = file.read(_MAX_BYTES + 1)
        text = content.decode('utf-8')
    except (OSError, UnicodeDecodeError) as error:
        reason = f'{path.name}: cannot be read ({error})'
        return Block(state=CardState.UNREADABLE, reason=reason)
    if len(content) > _MAX_BYTES:
        reason = f'{path.name}: has over {_MAX_BYTES} bytes'
        return Block(state=CardState.UNREADABLE, reason=reason)
    return read_text(path.name, text, longest=longest)


def blocks_of(text: str) -> list[str]:
    """The YAML blocks of a Markdown text, as they are written."""
    return _BLOCK.findall(text)


def read_text(name: str, text: str, *, longest: int) -> Block:
    """Read the one YAML block of a text; never raises."""
    blocks = blocks_of(text)
    if not blocks:
        return Block(state=CardState.NO_BLOCK, reason=f'{name}: holds no ```yaml block')
    if len(blocks) > 1:
        reason = f'{name}: holds {len(blocks)} ```yaml blocks, expected one'
        return Block(state=CardState.INVALID, reason=reason)
    if len(blocks[0]) > longest:
        reason = f'{name}: its block is longer than {longest} characters'
        return Block(state=CardState.INVALID, reason=reason)
    return _parse(name, blocks[0])


def _parse(name: str, block: str) -> Block:
    try:
        values = yaml.load(block, Loader=_OneKeyLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        place = ' '.join(str(error).split())
        return Block(state=CardState.INVALID, reason=f'{name}: not YAML ({place})')
    return Block(state=CardState.VALID, values=values)


class _OneKeyLoader(yaml.SafeLoader):
    """Refuse a key that stands twice: which of the two would count is no matter of luck."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(keys) != len({str(key) for key in keys}):
            raise yaml.YAMLError(f'a key stands twice in {keys}')
        return super().construct_mapping(node, deep=deep)
