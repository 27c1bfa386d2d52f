# SPDX-License-Identifier: Apache-2.0
"""A SQLite index over all logs: fast questions, never the truth.

It holds where each line stands, and the fields that are asked for; the answer itself is read from
the log. It follows logs that grow, and is made anew whenever it does not fit them.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from swarm_vault.cold import SUFFIX, read_cold
from swarm_vault.errors import VaultError
from swarm_vault.lines import parse_line
from swarm_vault.listing import log_folders
from swarm_vault.reading import size_of
from swarm_vault.segments import open_segment, segment_paths

_SCHEMA_VERSION = 3
_SCHEMA = """
CREATE TABLE files (file INTEGER PRIMARY KEY, path TEXT UNIQUE, bytes INTEGER, cold INTEGER);
CREATE TABLE logs (log INTEGER PRIMARY KEY, agent TEXT, writer TEXT);
CREATE TABLE types (type INTEGER PRIMARY KEY, kind TEXT, name TEXT);
CREATE TABLE events (
    time_ns INTEGER, log INTEGER, seq INTEGER, type INTEGER,
    file INTEGER, offset INTEGER, length INTEGER
);
"""
_ORDERS = {'by_time': 'time_ns', 'by_type': 'type, time_ns', 'by_log': 'log, time_ns'}
_OWN = b',"id":"'
_PARTS = (b'kind', b'prev', b'seq', b'time_ns', b'type', b'}\n')
"""What stands between the quotes of a pinned line's end, from the key `id` on, at `_PLACES`."""
_PLACES = itemgetter(2, 6, 10, 20, 22, 25)
_BATCH = 50_000
_MOST_NS = 2**63
"""SQLite holds no larger number."""


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
            self._logs = self._known('SELECT agent, writer, log FROM logs')
            self._types = self._known('SELECT kind, name, type FROM types')
        except (OSError, sqlite3.Error) as error:
            raise VaultError(
                f'{self._path}: no index can be made ({error}); name another file with --index'
            ) from error

    def _known(self, query: str) -> dict[tuple[str, str], int]:
        return {(first, second): number for first, second, number in self._base.execute(query)}

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
            if not known:
                self._drop_orders()
            for path in paths:
                name = self._name(path)
                file, begin = known.get(name, (None, 0))
                if sizes[name] > begin:
                    file = self._take(path, name, file, begin)
                cold = path.suffix == SUFFIX
                self._base.execute('UPDATE files SET cold = ? WHERE file = ?', (cold, file))
            for name, columns in _ORDERS.items():
                self._base.execute(f'CREATE INDEX IF NOT EXISTS {name} ON events ({columns})')
        return int(self._base.execute('SELECT count(*) FROM events').fetchone()[0])

    def _drop_orders(self) -> None:
        """What is made anew is put in order at its end: twice as fast as line by line."""
        for name in _ORDERS:
            self._base.execute(f'DROP INDEX IF EXISTS {name}')

    def forget(self) -> None:
        """Empty the index; `update` makes it anew from the logs."""
        with self._base:
            for table in ('events', 'files', 'logs', 'types'):
                self._base.execute(f'DELETE FROM {table}')  # noqa: S608 - names are ours
        self._logs.clear()
        self._types.clear()

    def count(self, question: Question) -> int:
        """How many events there are."""
        where, values = self._where(question)
        text = f'SELECT count(*) FROM events {where}'  # noqa: S608 - names are ours, values bound
        return int(self._base.execute(text, values).fetchone()[0])

    def ask(self, question: Question, limit: int) -> Iterator[dict[str, Any]]:
        """Yield events by time, as they stand in the logs.

        Raises:
            VaultError: A line is not the one that the index speaks of.
        """
        where, values = self._where(question)
        order = 'DESC' if question.newest_first else 'ASC'
        rows = self._base.execute(
            'SELECT path, offset, length, agent, writer, seq, time_ns, kind, name'  # noqa: S608
            ' FROM events NATURAL JOIN files NATURAL JOIN logs NATURAL JOIN types'
            f' {where} ORDER BY time_ns {order} LIMIT ?',
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
        if _schema_version(base) == _SCHEMA_VERSION:
            return base
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
        numbers: dict[tuple[bytes, ...], tuple[int, int]] = {}
        """Of log and type, by their bytes: a log has few."""
        with open_segment(path) as lines:
            lines.seek(begin)
            for line in lines:
                if not line.endswith(b'\n'):
                    break
                quick = _quick_row(line)
                if quick is not None and quick[2:] in numbers:
                    rows.append((*quick[:2], *numbers[quick[2:]], file, end, len(line) - 1))
                elif (row := _row_of(line)) is not None:
                    seq, time_ns, *names = row
                    place = self._numbers(*names)
                    rows.append((seq, time_ns, *place, file, end, len(line) - 1))
                    if quick is not None:
                        numbers[quick[2:]] = place
                end += len(line)
                if len(rows) >= _BATCH:
                    self._insert(rows)
        self._insert(rows)
        self._base.execute('UPDATE files SET bytes = ? WHERE file = ?', (end, file))
        return file

    def _insert(self, rows: list[tuple[Any, ...]]) -> None:
        self._base.executemany(
            'INSERT INTO events (seq, time_ns, log, type, file, offset, length)'
            ' VALUES (?, ?, ?, ?, ?, ?, ?)',
            rows,
        )
        rows.clear()

    def _numbers(self, agent: str, writer: str, kind: str, name: str) -> tuple[int, int]:
        log = self._logs.get((agent, writer)) or self._log(agent, writer)
        return log, self._types.get((kind, name)) or self._type(kind, name)

    def _log(self, agent: str, writer: str) -> int:
        text = 'INSERT INTO logs (agent, writer) VALUES (?, ?)'
        number = int(self._base.execute(text, (agent, writer)).lastrowid or 0)
        self._logs[agent, writer] = number
        return number

    def _type(self, kind: str, name: str) -> int:
        text = 'INSERT INTO types (kind, name) VALUES (?, ?)'
        number = int(self._base.execute(text, (kind, name)).lastrowid or 0)
        self._types[kind, name] = number
        return number

    def _where(self, question: Question) -> tuple[str, tuple[int, ...]]:
        """The condition of a question; logs and types are few, so they are chosen here."""
        parts = ['time_ns >= ? AND time_ns <= ?']
        if question.agent_id or question.writer:
            logs = [
                number
                for (agent, writer), number in self._logs.items()
                if question.agent_id in ('', agent) and question.writer in ('', writer)
            ]
            parts.append(f'log IN ({", ".join(map(str, logs))})')
        if question.kind or question.type_:
            types = [
                number
                for (kind, name), number in self._types.items()
                if question.kind in ('', kind) and name.startswith(question.type_)
            ]
            parts.append(f'type IN ({", ".join(map(str, types))})')
        span = (
            max(-_MOST_NS, min(_MOST_NS - 1, ns)) for ns in (question.since_ns, question.until_ns)
        )
        return 'WHERE ' + ' AND '.join(parts), tuple(span)

    def _name(self, path: Path) -> str:
        """One name for a file, hot or cold: the lines stand at the same places in both."""
        return path.relative_to(self._vault_dir).with_suffix('.jsonl').as_posix()

    def _size(self, path: Path, known: Mapping[str, tuple[int, int]]) -> int:
        """How many bytes of lines a file has; a cold one that is known does not change."""
        if path.suffix != SUFFIX:
            return size_of(path)
        file, size = known.get(self._name(path), (None, 0))
        kept = self._base.execute('SELECT cold FROM files WHERE file = ?', (file,)).fetchone()
        return size if kept == (1,) else len(read_cold(path))


def _quick_row(line: bytes) -> tuple[int, int, bytes, bytes, bytes] | None:
    """Sequence number, time, log, kind and type of a pinned line with its newline.

    The last three are bytes as they stand there; None where a closer look is needed.
    """
    parts = line[line.rfind(_OWN) + len(_OWN) :].split(b'"')
    if len(parts) != 26 or _PLACES(parts) != _PARTS or b'\\' in parts[24]:
        return None
    seq, time_ns = parts[11][1:-1], parts[21][1:-1]
    if not (seq.isdigit() and time_ns.isdigit() and len(seq) < 19 and len(time_ns) < 20):
        return None
    when = int(time_ns)
    if when >= _MOST_NS:
        return None
    return int(seq), when, parts[0].rpartition(b'/')[0], parts[4], parts[24]


def _row_of(line: bytes) -> tuple[int, int, str, str, str, str] | None:
    """The fields of a line, with its newline; None if it is no event."""
    try:
        agent, writer, seq, time_ns, kind, name = _row(parse_line(line[:-1]))
    except VaultError:
        return None
    return seq, time_ns, agent, writer, kind, name


def _row(event: dict[str, Any]) -> tuple[str, str, int, int, str, str]:
    agent, _, rest = str(event.get('id', '')).partition('/')
    time_ns = event.get('time_ns')
    return (
        agent,
        rest.partition('/')[0],
        _held(event.get('seq')),
        _held(time_ns),
        str(event.get('kind')),
        str(event.get('type')),
    )


def _held(number: object) -> int:
    """A whole number that SQLite can hold, else 0."""
    return number if isinstance(number, int) and abs(number) < _MOST_NS else 0


def _schema_version(base: sqlite3.Connection) -> int:
    """Which schema a file has; -1 for one that is no index and has to be made anew."""
    try:
        return int(base.execute('PRAGMA user_version').fetchone()[0])
    except sqlite3.DatabaseError:
        return -1
