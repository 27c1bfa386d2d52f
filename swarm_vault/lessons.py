# SPDX-License-Identifier: Apache-2.0
"""Lessons that robots share: proposed from one robot's notes, shared once a human accepted them.

fleet/memory/ in the supervisor's vault holds what is shared, fleet/proposed/memory/ what waits,
fleet/rejected/memory/ what was not wanted. A note keeps its standing and its source: to share a
lesson is not to confirm it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.files import write_atomic
from swarm_vault.folders import agent_folder
from swarm_vault.memory import INDEX, NoteReading, index_of, read_memory, write_memory_note
from swarm_vault.recall import USABLE

_LONGEST = 4000
"""Of a longer note the beginning is shared [characters]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A human's word on a proposed lesson."""

    accepted: bool
    by: str
    reason: str
    stamp_ns: int
    """Since the epoch."""


def shelf_of(vault_dir: Path) -> Path:
    """The folder of the shared lessons, in the form of an agent's folder."""
    return vault_dir / 'fleet'


def proposed_of(vault_dir: Path) -> Path:
    """The folder of the lessons that wait for a human."""
    return shelf_of(vault_dir) / 'proposed'


def to_propose(vault_dir: Path, agent_id: str, note: str) -> tuple[str, NoteReading]:
    """A robot's note that may be proposed, and the name that it would be shared under.

    Raises:
        VaultError: There is no such usable note, or it waits or is shared already.
    """
    notes = [n for n in read_memory(agent_folder(vault_dir, agent_id)) if _usable(n)]
    found = next((n for n in notes if n.name == note), None)
    if found is None:
        known = ', '.join(n.name for n in notes) or 'none'
        raise VaultError(f'{agent_id} has no usable note {note[:64]!r}; there is {known}')
    name = f'{agent_id.replace("_", "-")}-{note}'[:64]
    for folder, how in ((proposed_of(vault_dir), 'proposed'), (shelf_of(vault_dir), 'shared')):
        if any(held.name == name for held in read_memory(folder)):
            raise VaultError(f'{name} is {how} already')
    return name, found


def propose(vault_dir: Path, name: str, note: NoteReading) -> None:
    """Lay a note before the people; durable at return."""
    assert note.front is not None, 'only notes that could be read are proposed'
    write_memory_note(proposed_of(vault_dir), name, note.front, note.text[:_LONGEST])


def waiting(vault_dir: Path, name: str) -> NoteReading:
    """A lesson that waits.

    Raises:
        VaultError: There is none of this name, or its file was spoilt.
    """
    notes = {note.name: note for note in read_memory(proposed_of(vault_dir))}
    if name not in notes:
        raise VaultError(f'no lesson {name[:64]!r} waits; there is {", ".join(notes) or "none"}')
    if notes[name].front is None:
        raise VaultError(f'{name}: {notes[name].reason}; mend or remove its file')
    return notes[name]


def settle(vault_dir: Path, note: NoteReading, review: Review) -> None:
    """Share a lesson or put it aside, with the names; after a crash it waits still, or is done."""
    assert note.front is not None, 'only notes that could be read are reviewed'
    shelf = shelf_of(vault_dir)
    word = 'Shared' if review.accepted else 'Rejected'
    because = f': {review.reason}' if review.reason else ''
    text = f'{note.text}\n\n{word} by {review.by}, {review.stamp_ns} ns{because}'
    write_memory_note(
        shelf if review.accepted else shelf / 'rejected', note.name, note.front, text
    )
    place = proposed_of(vault_dir)
    (place / 'memory' / f'{note.name}.md').unlink(missing_ok=True)
    write_atomic(place / 'memory' / INDEX, index_of(read_memory(place)).encode('utf-8'))


def withdraw(vault_dir: Path, name: str, by: str, reason: str, stamp_ns: int) -> None:
    """Take a shared lesson back: it is told to nobody any more; durable at return."""
    shelf = shelf_of(vault_dir)
    note = shared(vault_dir, name)
    if note is None or note.front is None:
        return
    because = f': {reason}' if reason else ''
    text = f'{note.text}\n\nRevoked by {by}, {stamp_ns} ns{because}'
    write_memory_note(shelf / 'rejected', name, note.front, text)
    (shelf / 'memory' / f'{name}.md').unlink()
    write_atomic(shelf / 'memory' / INDEX, index_of(read_memory(shelf)).encode('utf-8'))


def shared(vault_dir: Path, name: str) -> NoteReading | None:
    """A shared lesson of this name, None if there is none."""
    return next((note for note in read_memory(shelf_of(vault_dir)) if note.name == name), None)


def digest_of(note: NoteReading) -> str:
    """SHA-256 of what a human was shown, hex: the record names it."""
    title = '' if note.front is None else note.front.title
    return hashlib.sha256(f'{note.name}\0{title}\0{note.text}'.encode()).hexdigest()


def _usable(note: NoteReading) -> bool:
    return note.front is not None and note.front.standing in USABLE
