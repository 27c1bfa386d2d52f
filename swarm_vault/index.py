# SPDX-License-Identifier: Apache-2.0
"""A SQLite index over all logs: fast questions, never the truth.

It holds where each line stands, and the fields that are asked for; the answer itself is read from
the log. It follows logs that grow, and is made anew whenever it does not fit them.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swarm_vault.cold import SUFFIX, read_cold
from swarm_vault.errors import VaultError
from swarm_vault.lines import parse_line
from swarm_vault.log_check import log_folders
from swarm_vault.segments import open_segment, segment_paths

_SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE files (file INTEGER PRIMARY KEY, path TEXT UNIQUE, bytes INTEGER, cold INTEGER);
CREATE TABLE events (
    time_ns INTEGER, agent TEXT, writer TEXT, seq INTEGER, kind TEXT, type TEXT,
    file INTEGER, offset INTEGER, length INTEGER
);
CREATE INDEX by_time ON events (time_ns);
CREATE INDEX by_type ON events (type, time_ns);
CREATE INDEX by_log ON events (agent, writer, seq);
CREATE INDEX by_kind ON events (kind, time_ns);
"""
_BATCH = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which events are wanted; an empty field wants all."""

    agent_id: str = ''
    writer: str = ''
    kind: str = ''
    type_: str = ''
    """What the type begins with."""
    since_ns: int = 0
    until_ns: int = 2**62
    newest_first: bool = False


class Index:
    """The index of one vault; `update` it before asking. Not thread-safe.

    Raises:
        VaultError: The file cannot be made.
    """

    def __init__(self, vault_dir: Path, path: Path | None = None) -> None:
        self._vault_dir = vault_dir
        self._path = vault_dir / 'nexus' / 'index.sqlite' if path is None else path
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._base = self._open()
        except (OSError, sqlite3.Error) as error:
            raise VaultError(
                f'{self._path}: no index can be made ({error}); name another file with --index'
            ) from error

    def close(self) -> None:
        """Let the file go."""
        self._base.close()

    def update(self) -> int:
        """Take in what the logs have more than the index; returns how many events it knows."""
        known = {
            str(path): (int(file), int(size))
            for file, path, size in self._base.execute('SELECT file, path, bytes FROM files')
        }
        paths = [path for folder in log_folders(self._vault_dir) for path in segment_paths(folder)]
        sizes = {self._name(path): self._size(path, known) for path in paths}
        if any(name not in sizes or size > sizes[name] for name, (_, size) in known.items()):
            self.forget()
            known = {}
        with self._base:
            for path in paths:
                name = self._name(path)
                file, begin = known.get(name, (None, 0))
                if sizes[name] > begin:
                    file = self._take(path, name, file, begin)
                cold = path.suffix == SUFFIX
                self._base.execute('UPDATE files SET cold = ? WHERE file = ?', (cold, file))
        return int(self._base.execute('SELECT count(*) FROM events').fetchone()[0])

    def forget(self) -> None:
        """Empty the index; `update` makes it anew from the logs."""
        with self._base:
            self._base.execute('DELETE FROM events')
            self._base.execute('DELETE FROM files')

    def count(self, question: Question) -> int:
        """How many events there are."""
        where, values = _where(question)
        text = f'SELECT count(*) FROM events {where}'  # noqa: S608 - names are ours, values bound
        return int(self._base.execute(text, values).fetchone()[0])

    def ask(self, question: Question, limit: int) -> Iterator[dict[str, Any]]:
        """Yield events by time, as they stand in the logs.

        Raises:
            VaultError: A line is not the one that the index speaks of.
        """
        where, values = _where(question)
        order = 'DESC' if question.newest_first else 'ASC'
        rows = self._base.execute(
            'SELECT path, offset, length, agent, writer, seq, time_ns, kind, type'  # noqa: S608
            f' FROM events NATURAL JOIN files {where} ORDER BY time_ns {order} LIMIT ?',
            (*values, limit or -1),
        )
        for path, offset, length, *fields in rows:
            yield self._read(path, offset, length, fields)

    def _read(self, path: str, offset: int, length: int, fields: list[Any]) -> dict[str, Any]:
        hot = self._vault_dir / path
        with open_segment(hot if hot.exists() else hot.with_suffix(SUFFIX)) as file:
            file.seek(offset)
            line = file.read(length)
        try:
            event = parse_line(line)
        except VaultError:
            event = {}
        if _row(event) != tuple(fields):
            raise VaultError(
                f'{path}: offset {offset} does not hold what the index says; ask again with'
                ' --rebuild, and verify the vault'
            )
        return event

    def _open(self) -> sqlite3.Connection:
        base = sqlite3.connect(self._path)
        try:
            if base.execute('PRAGMA user_version').fetchone()[0] == _SCHEMA_VERSION:
                return base
        except sqlite3.DatabaseError:
            pass
        base.close()
        self._path.unlink(missing_ok=True)
        base = sqlite3.connect(self._path)
        base.execute('PRAGMA synchronous=OFF')
        base.executescript(_SCHEMA)
        base.execute(f'PRAGMA user_version={_SCHEMA_VERSION}')
        return base

    def _take(self, path: Path, name: str, file: int | None, begin: int) -> int | None:
        if file is None:
            text = 'INSERT INTO files (path, bytes, cold) VALUES (?, 0, 0)'
            file = self._base.execute(text, (name,)).lastrowid
        end, rows = begin, []
        with open_segment(path) as lines:
            lines.seek(begin)
            for line in lines:
                if not line.endswith(b'\n'):
                    break
                row = _row_of(line[:-1])
                if row is not None:
                    rows.append((*row, file, end, len(line) - 1))
                end += len(line)
                if len(rows) >= _BATCH:
                    self._insert(rows)
        self._insert(rows)
        self._base.execute('UPDATE files SET bytes = ? WHERE file = ?', (end, file))
        return file

    def _insert(self, rows: list[tuple[Any, ...]]) -> None:
        self._base.executemany(
            'INSERT INTO events (agent, writer, seq, time_ns, kind, type, file, offset, length)'
            ' VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
            rows,
        )
        rows.clear()

    def _name(self, path: Path) -> str:
        """One name for a file, hot or cold: the lines stand at the same places in both."""
        return path.relative_to(self._vault_dir).with_suffix('.jsonl').as_posix()

    def _size(self, path: Path, known: Mapping[str, tuple[int, int]]) -> int:
        """How many bytes of lines a file has; a cold one that is known does not change."""
        if path.suffix != SUFFIX:
            return path.stat().st_size
        file, size = known.get(self._name(path), (None, 0))
        kept = self._base.execute('SELECT cold FROM files WHERE file = ?', (file,)).fetchone()
        return size if kept == (1,) else len(read_cold(path))


def _row_of(line: bytes) -> tuple[Any, ...] | None:
    try:
        return _row(parse_line(line))
    except VaultError:
        return None


def _row(event: dict[str, Any]) -> tuple[Any, ...]:
    agent, _, rest = str(event.get('id', '')).partition('/')
    time_ns = event.get('time_ns')
    return (
        agent,
        rest.partition('/')[0],
        event.get('seq'),
        time_ns if isinstance(time_ns, int) and abs(time_ns) < 2**63 else 0,
        str(event.get('kind')),
        str(event.get('type')),
    )


def _where(question: Question) -> tuple[str, tuple[Any, ...]]:
    parts: list[tuple[str, tuple[Any, ...]]] = [
        ('time_ns >= ?', (question.since_ns,)),
        ('time_ns <= ?', (question.until_ns,)),
    ]
    for column, value in (
        ('agent', question.agent_id),
        ('writer', question.writer),
        ('kind', question.kind),
    ):
        if value:
            parts.append((f'{column} = ?', (value,)))
    if question.type_:
        parts.append(('type >= ? AND type < ?', (question.type_, question.type_ + '\U0010ffff')))
    values = tuple(value for _, given in parts for value in given)
    return 'WHERE ' + ' AND '.join(text for text, _ in parts), values
