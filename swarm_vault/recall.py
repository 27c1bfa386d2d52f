# SPDX-License-Identifier: Apache-2.0
"""Find what was learned before: full-text search over an agent's notes, and who makes them rules.

The index is made anew from the files at each question: they are the truth, and few. Without
SQLite's FTS5 the notes are ranked by the words that they share with the question. With a book of
vectors, notes that are near in meaning come after the better half of those that share words.
"""

import re
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.files import write_atomic
from swarm_vault.meaning import Vector, VectorBook, filled, nearest
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with what it means."""

    book: VectorBook
    vector: Vector


def asked(book: VectorBook | None, question: str) -> Asked | None:
    """The question's vector; None without a book.

    Raises:
        VaultError: The model failed.
    """
    return None if book is None else Asked(book=book, vector=book.question(question))


def recall(
    folder: Path, question: str, *, most: int = 5, meant: Asked | None = None
) -> tuple[Recalled, ...]:
    """The notes of an agent's folder that fit a question best; what is disputed is left out.

    Args:
        folder: The agent's folder, or one of its form.
        question: In words.
        most: So many notes at most.
        meant: What the question means; without it the words alone decide.
    """
    notes = usable_notes(folder)
    found = {note.name: note for note in notes}
    whole = {n.name: f'{n.front.title}\n{n.text}' for n in notes if n.front}
    short = {n.name: text_of(n) for n in notes}
    names = best_of(whole, question, most=most, meant=meant, meanings=short)
    return tuple(_recalled(folder.name, found[name]) for name in names)


def best_of(
    texts: Mapping[str, str],
    question: str,
    *,
    most: int,
    meant: Asked | None,
    meanings: Mapping[str, str] | None = None,
) -> list[str]:
    """The names of the texts that fit a question best, by words and by meaning.

    Args:
        texts: What is searched for words, by name.
        question: In words.
        most: So many names at most.
        meant: What the question means; without it the words alone decide.
        meanings: What a model has read of each, where that is not the whole text.
    """
    by_words = words_order(texts, question, most)
    by_meaning = [] if meant is None else _by_meaning(meanings or texts, meant, most)
    return filled(by_words, by_meaning, most)


def learn(book: VectorBook, folders: Iterable[Path], most: int | None = None) -> int:
    """Keep the vectors of usable notes, so many at most; returns how many were new.

    Raises:
        VaultError: The model failed.
    """
    texts = [text_of(note) for folder in folders for note in usable_notes(folder)]
    return book.learn(texts, most)


def usable_notes(folder: Path) -> list[NoteReading]:
    """The notes of a folder that may be told."""
    return [n for n in read_memory(folder) if n.front and n.front.standing in USABLE]


def text_of(note: NoteReading) -> str:
    """What of a note has a meaning."""
    return f'{note.front.title}. {note.text}'[:500] if note.front else ''


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


def words_order(texts: Mapping[str, str], question: str, most: int) -> list[str]:
    """The names of the texts that share words with a question, the best first."""
    words = list(dict.fromkeys(re.findall(r'\w+', question.lower())))[:_MAX_WORDS]
    if not texts or not words:
        return []
    try:
        return _full_text(texts, words, most)
    except sqlite3.OperationalError:
        return _shared_words(texts, words, most)


def _by_meaning(texts: Mapping[str, str], meant: Asked, most: int) -> list[str]:
    held = meant.book.held(list(texts.values()))
    known = {name: held[text] for name, text in texts.items() if text in held}
    return nearest(meant.vector, known, most)


def _full_text(texts: Mapping[str, str], words: list[str], most: int) -> list[str]:
    with closing(sqlite3.connect(':memory:')) as db:
        db.execute('CREATE VIRTUAL TABLE notes USING fts5(name UNINDEXED, body)')
        db.executemany('INSERT INTO notes VALUES (?, ?)', texts.items())
        match = ' OR '.join(f'"{word}"' for word in words)
        found = db.execute(
            'SELECT name FROM notes WHERE notes MATCH ? ORDER BY rank, name LIMIT ?', (match, most)
        ).fetchall()
    return [row[0] for row in found]


def _shared_words(texts: Mapping[str, str], words: list[str], most: int) -> list[str]:
    def shared(name: str) -> int:
        return len(set(words) & set(re.findall(r'\w+', texts[name].lower())))

    ranked = sorted(texts, key=lambda name: (-shared(name), name))
    return [name for name in ranked if shared(name)][:most]


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
