# SPDX-License-Identifier: Apache-2.0
"""A SQLite index over all logs: fast questions, never the truth.

It knows of each block of lines which kinds and types of events stand in it, how many and from when
to when; the answer itself is read from the blocks that may hold it. No writer waits for it: it
follows the logs when it is asked, and what does not fit them or is damaged is made anew.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from heapq import heappop, heappush
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from swarm_vault.cold import SUFFIX
from swarm_vault.errors import VaultError
from swarm_vault.lines import parse_line
from swarm_vault.listing import log_folders
from swarm_vault.looks import events_in, tally
from swarm_vault.segments import open_segment, segment_paths

_OURS = (0x53574158, 4)
"""Marks a file as an index, and of which schema; no other file is written over."""
_SCHEMA = f"""
PRAGMA application_id={_OURS[0]};
PRAGMA user_version={_OURS[1]};
CREATE TABLE files (
    file INTEGER PRIMARY KEY, path TEXT UNIQUE, agent TEXT, writer TEXT,
    stamp TEXT, last INTEGER, size INTEGER, digest TEXT
);
CREATE TABLE blocks (
    file INTEGER, offset INTEGER, length INTEGER, kind TEXT, name TEXT,
    events INTEGER, first_ns INTEGER, last_ns INTEGER,
    PRIMARY KEY (file, offset, kind, name)
) WITHOUT ROWID;
"""
_BLOCK_BYTES = 65_536


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

    def wants(self, kind: str, name: str, time_ns: int) -> bool:
        """Whether an event of a log that is asked for is wanted."""
        return (
            self.kind in ('', kind)
            and name.startswith(self.type_)
            and self.since_ns <= time_ns <= self.until_ns
        )


class _Known(NamedTuple):
    """How far a file is indexed."""

    file: int
    stamp: str = ''
    last: int = 0
    """Where its last block begins."""
    size: int = 0
    digest: str = ''
    """Of its last block: lines are chained, so those before are the same where it is."""


class _Block(NamedTuple):
    file: int
    path: str
    offset: int
    length: int


class Index:
    """The index of one vault; `update` it before asking. Not thread-safe.

    Raises:
        VaultError: The file cannot be made, or is something else than an index.
    """

    def __init__(self, vault_dir: Path, path: Path | None = None) -> None:
        self._vault_dir = vault_dir
        self._path = vault_dir / 'nexus' / 'index.sqlite' if path is None else path
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(self._path)
            marks = _marks(self._base)
            if path is not None and marks[0] != _OURS[0] and path.stat().st_size:
                raise VaultError(f'{path}: is there and no index; name another file with --index')
            if marks != _OURS:
                self._make_anew()
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        """Let the file go."""
        self._base.close()

    def update(self) -> int:
        """Take in what the logs have more than the index; returns how many events it knows.

        Raises:
            VaultError: The index is damaged and cannot be made anew.
            OSError: A log cannot be read.
        """
        try:
            return self._update()
        except sqlite3.Error:
            self.forget()
        try:
            return self._update()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def forget(self) -> None:
        """Empty the index; `update` makes it anew from the logs.

        Raises:
            VaultError: The file cannot be made.
        """
        try:
            self._make_anew()
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def count(self, question: Question) -> int:
        """How many events there are.

        Raises:
            VaultError: A block is not the one that the index speaks of.
        """
        total = 0
        for block, events, first_ns, last_ns in self._blocks(question):
            inside = question.since_ns <= first_ns and last_ns <= question.until_ns
            total += events if inside else sum(1 for _ in self._wanted(block, question))
        return total

    def ask(self, question: Question, limit: int) -> Iterator[dict[str, Any]]:
        """Yield events by time, as they stand in the logs; 0 as limit: all.

        Raises:
            VaultError: A block is not the one that the index speaks of.
        """
        return islice(self._in_order(question), limit or None)

    def _in_order(self, question: Question) -> Iterator[dict[str, Any]]:
        """Merge the blocks: an event comes once no block still to be read may go before it."""
        sign = -1 if question.newest_first else 1
        waiting: list[tuple[tuple[int, ...], dict[str, Any]]] = []
        for block, _, first_ns, last_ns in self._blocks(question):
            begin = (last_ns if question.newest_first else first_ns, block.file, block.offset)
            while waiting and waiting[0][0] < tuple(sign * part for part in begin):
                yield heappop(waiting)[1]
            for time_ns, number, event in self._wanted(block, question):
                place = (time_ns, block.file, block.offset, number)
                heappush(waiting, (tuple(sign * part for part in place), event))
        while waiting:
            yield heappop(waiting)[1]

    def _blocks(self, question: Question) -> Iterator[tuple[_Block, int, int, int]]:
        """The blocks that may hold wanted events, in order: how many, the first and last time."""
        order = 'min(first_ns), file, offset'
        if question.newest_first:
            order = 'max(last_ns) DESC, file DESC, offset DESC'
        rows = self._base.execute(
            'SELECT file, path, offset, length, sum(events), min(first_ns), max(last_ns)'  # noqa: S608
            ' FROM blocks NATURAL JOIN files'
            " WHERE :agent_id IN ('', agent) AND :writer IN ('', writer) AND :kind IN ('', kind)"
            ' AND substr(name, 1, length(:type_)) = :type_'
            ' AND last_ns >= :since_ns AND first_ns <= :until_ns'
            f' GROUP BY file, offset ORDER BY {order}',
            asdict(question)
            | {'since_ns': _bound(question.since_ns), 'until_ns': _bound(question.until_ns)},
        )
        return ((_Block(*row[:4]), *row[4:]) for row in rows)

    def _wanted(
        self, block: _Block, question: Question
    ) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Time, number in the block and content of the wanted events."""
        for number, kind, name, time_ns, line in events_in(self._read(block)):
            if question.wants(kind, name, time_ns):
                try:
                    yield time_ns, number, parse_line(line)
                except VaultError as error:
                    raise _misfit(block) from error

    def _read(self, block: _Block) -> bytes:
        """A block's lines, if they are those that were indexed."""
        hot = self._vault_dir / block.path
        with open_segment(hot if hot.exists() else hot.with_suffix(SUFFIX)) as file:
            file.seek(block.offset)
            text = file.read(block.length)
        rows = self._base.execute(
            'SELECT kind, name, events, first_ns, last_ns FROM blocks'
            ' WHERE file = ? AND offset = ?',
            (block.file, block.offset),
        )
        if tally(text) != {(kind, name): tuple(told) for kind, name, *told in rows}:
            raise _misfit(block)
        return text

    def _update(self) -> int:
        rows = self._base.execute('SELECT path, file, stamp, last, size, digest FROM files')
        known = {path: _Known(*row) for path, *row in rows}
        with self._base:
            for folder in log_folders(self._vault_dir):
                for path in segment_paths(folder):
                    name, stamp = self._name(path), _stamp(path)
                    before = known.pop(name, None) or self._begin(name, folder)
                    if before.stamp != stamp:
                        self._take(path, before._replace(stamp=stamp))
            gone = [(file.file,) for file in known.values()]
            self._base.executemany('DELETE FROM blocks WHERE file = ?', gone)
            self._base.executemany('DELETE FROM files WHERE file = ?', gone)
        return int(self._base.execute('SELECT total(events) FROM blocks').fetchone()[0])

    def _begin(self, name: str, folder: Path) -> _Known:
        made = self._base.execute(
            'INSERT INTO files (path, agent, writer) VALUES (?, ?, ?)',
            (name, folder.parent.parent.name, folder.name),
        )
        return _Known(made.lastrowid or 0)

    def _take(self, path: Path, known: _Known) -> None:
        """Index a file from its last block on; from its beginning if another stands there now."""
        with open_segment(path) as file:
            file.seek(known.last)
            same = _digest(file.read(known.size - known.last)) == known.digest
            last = end = known.last if same else 0
            text = 'DELETE FROM blocks WHERE file = ? AND offset >= ?'
            self._base.execute(text, (known.file, end))
            block = b''
            for block in _whole_lines(file, end):
                last, end = end, end + len(block)
                self._insert(known.file, last, block)
        self._base.execute(
            'UPDATE files SET stamp = ?, last = ?, size = ?, digest = ? WHERE file = ?',
            (known.stamp, last, end, _digest(block), known.file),
        )

    def _insert(self, file: int, offset: int, block: bytes) -> None:
        self._base.executemany(
            'INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
            [(file, offset, len(block), *names, *told) for names, told in tally(block).items()],
        )

    def _make_anew(self) -> None:
        self._base.close()
        self._path.unlink(missing_ok=True)
        self._path.with_name(f'{self._path.name}-journal').unlink(missing_ok=True)
        self._base = sqlite3.connect(self._path)
        self._base.executescript(_SCHEMA)

    def _unusable(self, error: Exception) -> VaultError:
        return VaultError(
            f'{self._path}: no index can be made ({error}); name another file with --index'
        )

    def _name(self, path: Path) -> str:
        """One name for a file, hot or cold: the lines stand at the same places in both."""
        return path.relative_to(self._vault_dir).with_suffix('.jsonl').as_posix()


def _whole_lines(file: IO[bytes], begin: int) -> Iterator[bytes]:
    """Yield a file's lines by blocks that end in a newline."""
    file.seek(begin)
    rest = b''
    while chunk := file.read(max(_BLOCK_BYTES, len(rest))):
        lines, newline, rest = (rest + chunk).rpartition(b'\n')
        if newline:
            yield lines + newline


def _misfit(block: _Block) -> VaultError:
    return VaultError(
        f'{block.path}: offset {block.offset} does not hold what the index says; ask again with'
        ' --rebuild, and verify the vault'
    )


def _stamp(path: Path) -> str:
    """What changes when somebody writes a file."""
    stat = path.stat()
    return f'{path.suffix} {stat.st_ino} {stat.st_size} {stat.st_mtime_ns}'


def _digest(block: bytes) -> str:
    return sha256(block).hexdigest()


def _bound(time_ns: int) -> int:
    """The nearest time that SQLite can hold."""
    return max(-(2**63), min(2**63 - 1, time_ns))


def _marks(base: sqlite3.Connection) -> tuple[int, int]:
    """Whose database a file is, and of which version; -1 for one that is none."""
    try:
        (whose,) = base.execute('PRAGMA application_id').fetchone()
        (version,) = base.execute('PRAGMA user_version').fetchone()
    except sqlite3.DatabaseError:
        return -1, -1
    return whose, version
