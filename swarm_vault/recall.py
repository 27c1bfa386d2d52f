# SPDX-License-Identifier: Apache-2.0
"""Find what was learned before: full-text search over an agent's notes, and who makes them rules.

The index is made anew from the files at each question: they are the truth, and few. Without
SQLite's FTS5 the notes are ranked by the words that they share with the question.
"""

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.files import write_atomic
from swarm_vault.memory import (
    Front,
    NoteReading,
    Standing,
    read_memory,
    write_memory_note,
)

RULES = '## Standing rules'
USABLE = frozenset({Standing.OBSERVED, Standing.CONFIRMED, Standing.INFERRED, Standing.LEGACY})
"""Notes of these standings are told to who asks; disputed and superseded ones are not."""
_MAX_WORDS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """A note that speaks to a question."""

    agent_id: str
    name: str
    title: str
    text: str
    standing: str


def recall(folder: Path, question: str, *, most: int = 5) -> tuple[Recalled, ...]:
    """The notes of an agent's folder that fit a question best; what is disputed is left out."""
    notes = [n for n in read_memory(folder) if n.front and n.front.standing in USABLE]
    words = list(dict.fromkeys(re.findall(r'\w+', question.lower())))[:_MAX_WORDS]
    if not notes or not words:
        return ()
    try:
        names = _full_text(notes, words, most)
    except sqlite3.OperationalError:
        names = _shared_words(notes, words, most)
    found = {note.name: note for note in notes}
    return tuple(_recalled(folder.name, found[name]) for name in names)


def confirm(folder: Path, name: str, operator: str, now_ns: int) -> str:
    """Make a lesson a standing rule, by an operator's word; returns the rule.

    Raises:
        VaultError: There is no such usable note, or nobody says so.
    """
    if not re.fullmatch(r'[\w .@-]{1,64}', operator):
        raise VaultError(f'{operator!r} names no operator; expected 1 to 64 letters and digits')
    note = next((n for n in read_memory(folder) if n.name == name and n.front), None)
    if note is None or note.front is None:
        known = ', '.join(n.name for n in read_memory(folder) if n.front) or 'none'
        raise VaultError(f'{folder.name} has no usable note {name!r}; there is {known}')
    front = note.front.model_copy(update={'standing': Standing.CONFIRMED})
    write_memory_note(folder, name, front, note.text)
    rule = f'- {front.title} (note {name}, confirmed by {operator}, {now_ns} ns)'
    soul = folder / 'SOUL.md'
    text = soul.read_text(encoding='utf-8') if soul.exists() else '# Rules of engagement\n'
    if f'(note {name}, ' not in text:
        heading = '' if RULES in text else f'\n{RULES}\n\n'
        write_atomic(soul, f'{text.rstrip()}\n{heading}{rule}\n'.encode())
    return rule


def keep_lesson(folder: Path, name: str, front: Front, text: str) -> None:
    """File a lesson; one that an operator confirmed is not written over by a machine.

    Raises:
        VaultError: The name may not become a file's.
    """
    held = next((n for n in read_memory(folder) if n.name == name), None)
    if held is None or held.front is None or held.front.standing is not Standing.CONFIRMED:
        write_memory_note(folder, name, front, text)


def _full_text(notes: list[NoteReading], words: list[str], most: int) -> list[str]:
    with sqlite3.connect(':memory:') as db:
        db.execute('CREATE VIRTUAL TABLE notes USING fts5(name UNINDEXED, title, body)')
        rows = [(note.name, note.front.title, note.text) for note in notes if note.front]
        db.executemany('INSERT INTO notes VALUES (?, ?, ?)', rows)
        match = ' OR '.join(f'"{word}"' for word in words)
        found = db.execute(
            'SELECT name FROM notes WHERE notes MATCH ? ORDER BY rank, name LIMIT ?', (match, most)
        ).fetchall()
    db.close()
    return [row[0] for row in found]


def _shared_words(notes: Iterable[NoteReading], words: list[str], most: int) -> list[str]:
    def shared(note: NoteReading) -> int:
        title = note.front.title if note.front else ''
        return len(set(words) & set(re.findall(r'\w+', f'{title} {note.text}'.lower())))

    ranked = sorted(notes, key=lambda note: (-shared(note), note.name))
    return [note.name for note in ranked if shared(note)][:most]


def _recalled(agent_id: str, note: NoteReading) -> Recalled:
    assert note.front is not None, 'only notes that could be read are ranked'
    front = note.front
    return Recalled(
        agent_id=agent_id,
        name=note.name,
        title=front.title,
        text=note.text[:500],
        standing=front.standing.value,
    )
