# SPDX-License-Identifier: Apache-2.0
"""An agent's memory: one note a file, with front matter that says whence it is known.

memory/<name>.md begins with YAML between two `---` lines; INDEX.md lists all notes. What is not
valid counts for nothing, and is named with the reason.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from swarm_vault.errors import VaultError
from swarm_vault.files import write_atomic
from swarm_vault.reading import open_regular
from swarm_vault.yaml_block import CardState

INDEX = 'INDEX.md'
_FRONT = re.compile(r'\A---\n(.*?)\n---\n(.*)\Z', re.DOTALL)
_NAME = re.compile(r'[a-z0-9][a-z0-9-]{0,63}')
_MAX_BYTES = 65536
_MAX_FRONT = 2000
"""More is refused before the YAML reader may spend seconds on it [characters]."""


class Standing(str, Enum):
    """How far a note may be relied on."""

    LEGACY = 'legacy'
    OBSERVED = 'observed'
    GENERATED = 'generated'
    INFERRED = 'inferred'
    CONFIRMED = 'confirmed'
    DISPUTED = 'disputed'
    SUPERSEDED = 'superseded'


class NoteKind(str, Enum):
    """What a note is about."""

    HAZARD = 'hazard'
    PLACE = 'place'
    PEER = 'peer'
    DECISION = 'decision'
    FEEDBACK = 'operator-feedback'
    LESSON = 'lesson'


NoteState = CardState


class Front(BaseModel):
    """The front matter of a note."""

    model_config = ConfigDict(extra='forbid', frozen=True, strict=True)

    title: str = Field(min_length=1, max_length=120, pattern=r'^[^\n]*$')
    standing: Standing = Field(strict=False)
    since_ns: int = Field(ge=0)
    """Since when it is held true, nanoseconds since the epoch."""
    source: str = Field(min_length=1, max_length=120, pattern=r'^[^\n]*$')
    """Who says so: an agent, or the operator."""
    evidence: tuple[str, ...] = Field(default=(), max_length=20, strict=False)
    """Ids of the events that it rests on."""
    kind: NoteKind = Field(default=NoteKind.DECISION, strict=False)
    superseded_by: str = Field(default='', max_length=64)
    about: str = Field(default='', max_length=500, pattern=r'^[^\n]*$')
    """A task with its places, and how it went; written and read by machines only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteReading:
    """A note as read; `front` is None unless the state is VALID."""

    name: str
    state: NoteState
    front: Front | None = None
    text: str = ''
    reason: str = ''


def read_memory_note(path: Path) -> NoteReading:
    """Read a note; never raises."""
    name = path.stem
    try:
        with open_regular(path) as file:
            content = file.read(_MAX_BYTES + 1)
        text = content.decode('utf-8')
    except FileNotFoundError:
        return _nothing(name, NoteState.ABSENT, 'is not there')
    except (OSError, UnicodeDecodeError) as error:
        return _nothing(name, NoteState.UNREADABLE, f'cannot be read ({error})')
    if len(content) > _MAX_BYTES:
        return _nothing(name, NoteState.UNREADABLE, f'has over {_MAX_BYTES} bytes')
    found = _FRONT.match(text)
    if found is None:
        return _nothing(name, NoteState.NO_BLOCK, 'has no front matter between two --- lines')
    return _parse(name, *found.groups())


def write_memory_note(folder: Path, name: str, front: Front, text: str) -> None:
    """Write a note and the index anew; both are the old or the new after a crash.

    Args:
        folder: The agent's folder.
        name: Small letters, digits and hyphens.
        front: Whence it is known.
        text: What is held true.

    Raises:
        VaultError: The name may not become a file's.
    """
    if not _NAME.fullmatch(name):
        raise VaultError(f'{name!r} names no note; expected small letters, digits and hyphens')
    empty = set() if front.about else {'about'}
    matter = yaml.safe_dump(front.model_dump(mode='json', exclude=empty), allow_unicode=True)
    content = f'---\n{matter.strip()}\n---\n{text.strip()}\n'
    write_atomic(folder / 'memory' / f'{name}.md', content.encode('utf-8'))
    write_atomic(folder / 'memory' / INDEX, index_of(read_memory(folder)).encode('utf-8'))


def read_memory(folder: Path) -> tuple[NoteReading, ...]:
    """Read all notes of an agent's folder, by name."""
    paths = sorted((folder / 'memory').glob('*.md'))
    return tuple(read_memory_note(path) for path in paths if path.name != INDEX)


def index_of(notes: Iterable[NoteReading]) -> str:
    """The text of INDEX.md: valid notes by name, then what could not be read and why."""
    notes = tuple(notes)
    usable = sum(note.front is not None for note in notes)
    lines = ['# Memory', '', '```yaml', f'notes: {usable}', '```', '']
    broken = []
    for note in notes:
        if note.front is None:
            broken.append(f'- {note.name}: {note.state.value}, {note.reason}')
        else:
            front = note.front
            lines.append(
                f'- [{front.title}]({note.name}.md), {front.standing.value}, from {front.source}'
            )
    lines += ['', '## Not usable', '', *broken] if broken else []
    return '\n'.join(lines) + '\n'


def _parse(name: str, matter: str, text: str) -> NoteReading:
    if len(matter) > _MAX_FRONT:
        reason = f'its front matter is longer than {_MAX_FRONT} characters'
        return _nothing(name, NoteState.INVALID, reason)
    try:
        front = Front.model_validate(yaml.safe_load(matter))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = '.'.join(str(part) for part in fault['loc']) or 'front matter'
        return _nothing(name, NoteState.INVALID, f'{field}: {fault["msg"]}')
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = f'not YAML ({" ".join(str(error).split())})'
        return _nothing(name, NoteState.INVALID, reason)
    return NoteReading(name=name, state=NoteState.VALID, front=front, text=text.strip())


def _nothing(name: str, state: NoteState, reason: str) -> NoteReading:
    return NoteReading(name=name, state=state, reason=reason)
