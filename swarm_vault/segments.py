# SPDX-License-Identifier: Apache-2.0
"""The files of one writer's log: one a day or more, appended to, recovered after a crash.

Which file a line goes to depends on the lines alone, so a copy has the same files.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import IO, NamedTuple

from swarm_vault.begin import read_begin
from swarm_vault.cold import SUFFIX, read_cold
from swarm_vault.errors import VaultError
from swarm_vault.files import (
    cut_file,
    file_size,
    is_locked,
    make_folder,
    open_append,
    sync_data,
    sync_folder,
    write_all,
)
from swarm_vault.lines import Link, line_hash, parse_line
from swarm_vault.listing import ending_in, folders_in
from swarm_vault.reading import open_regular, read_regular

SEGMENT_BYTES = 64_000_000
"""A line that would make a file larger begins the day's next one."""
LOCK = '.lock'
"""Who writes a log holds this file of its folder."""
_READ_BYTES = 131_072
_TAIL_BYTES = 65536
_NAME = re.compile(r'[a-z][a-z0-9_]{0,31}')
_MONTH = re.compile(r'[0-9]{4}-[0-9]{2}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Torn:
    """What a crash left behind the last whole line."""

    file: str
    sidecar: str
    bytes_: int


class _End(NamedTuple):
    """What is written: how many lines in all, how many bytes of the newest file."""

    lines: int
    size: int


def log_folder(vault_dir: Path, agent_id: str, writer: str) -> Path:
    """Where a writer's log lies.

    Raises:
        VaultError: A name is none that may become a folder's.
    """
    for name in (agent_id, writer):
        if not _NAME.fullmatch(name):
            raise VaultError(
                f'{name!r} names no log; expected a small letter, then up to 31 of a-z, 0-9, _'
            )
    return vault_dir / 'agents' / agent_id / 'log' / writer


def is_written(folder: Path) -> bool:
    """Whether a living process writes a log."""
    return is_locked(folder / LOCK)


def segment_paths(folder: Path) -> list[Path]:
    """The log's files, oldest first; where one is both hot and cold, the hot one."""
    begin = read_begin(folder)
    months = [month for month in folders_in(folder) if _MONTH.fullmatch(month.name)]
    paths = [
        path
        for suffix in (SUFFIX, '.jsonl')
        for month in months
        for path in ending_in(month, suffix)
        if path.name[0].isdigit()
    ]
    found = {path.stem: path for path in paths}
    return [found[stem] for stem in sorted(found) if stem >= begin.stem]


def read_segment(path: Path) -> bytes:
    """A file's lines as they were written, hot or cold.

    Raises:
        VaultError: It is cold and no Parquet file.
        OSError: It cannot be read.
    """
    return read_cold(path) if path.suffix == SUFFIX else read_regular(path)


def open_segment(path: Path) -> IO[bytes]:
    """Open a file's lines as they were written, hot or cold.

    Raises:
        VaultError: It is cold and no Parquet file.
        OSError: It cannot be read.
    """
    return BytesIO(read_cold(path)) if path.suffix == SUFFIX else open_regular(path)


def line_blocks(path: Path) -> Iterator[tuple[list[bytes], bytes]]:
    """Yield a file's lines some hundred at a time, each time with what follows the last newline.

    Blocks that stay in the processor's cache are judged a fifth faster than a whole file.

    Raises:
        VaultError: It is cold and no Parquet file.
        OSError: It cannot be read.
    """
    rest = b''
    with open_segment(path) as file:
        while chunk := file.read(max(_READ_BYTES, len(rest))):
            *lines, rest = (rest + chunk).split(b'\n')
            yield lines, rest


def day_of(time_ns: int) -> str:
    """The day in UTC, as in a file's name."""
    return datetime.fromtimestamp(time_ns / 1e9, tz=timezone.utc).strftime('%Y-%m-%d')


class Segments:
    """Append lines to the file of the day. Not thread-safe: one writer holds it.

    Opening it finds the end of the chain and cuts off what a crash tore; `torn` says so.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._limit = segment_bytes
        self._stem = ''
        self._descriptor = -1
        self.torn: Torn | None = None
        self.link = Link()
        make_folder(folder)
        self._end = _End(0, 0)
        self._under_way = self._opening = False
        self._recover()

    @property
    def lines(self) -> int:
        """How many lines the chain has, with those that were written here."""
        return self._end.lines

    def append(self, day: str, lines: Sequence[bytes]) -> None:
        """Write whole lines to the file of a day, or to the latest if the clock went back.

        A signal's handler may end this with an exception: the next call goes on from `lines`.
        """
        while lines:
            stem = self._stem_for(day, len(lines[0]) + 1)
            if stem != self._stem:
                self._open(stem)
            fits = self._fitting(lines)
            self._write(lines[:fits])
            lines = lines[fits:]

    def sync(self) -> None:
        """Return after everything appended is durable."""
        sync_data(self._descriptor)

    def close(self) -> None:
        """Let the file go."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _stem_for(self, day: str, length: int) -> str:
        if day > self._stem[: len(day)]:
            return day
        if self._end.size and self._end.size + length > self._limit:
            return next_stem(self._stem)
        return self._stem

    def _fitting(self, lines: Sequence[bytes]) -> int:
        """How many of the lines the file takes; at least one."""
        count = len(lines)
        size = self._end.size + count + sum(map(len, lines))
        while size > self._limit and count > 1:
            count -= 1
            size -= len(lines[count]) + 1
        return count

    def _write(self, lines: Sequence[bytes]) -> None:
        if self._descriptor < 0:
            self._descriptor = open_append(self._path(self._stem))
        content = b'\n'.join((*lines, b''))
        count, size = self._end
        done = file_size(self._descriptor) - size if self._under_way else 0
        self._under_way = True
        write_all(self._descriptor, content[done:])
        self._end = _End(count + len(lines), size + len(content))
        self._under_way = False

    def _open(self, stem: str) -> None:
        again, self._opening = self._opening, True
        if self._descriptor >= 0:
            sync_data(self._descriptor)
        self.close()
        path = self._path(stem)
        make_folder(path.parent)
        self._descriptor = open_append(path)
        if again:  # names that are there already may not be durable yet
            sync_folder(path.parent)
            sync_folder(self._folder)
        self._stem, self._end = stem, _End(self._end.lines, 0)
        self._opening = False

    def _path(self, stem: str) -> Path:
        return self._folder / stem[:7] / f'{stem}.jsonl'

    def _recover(self) -> None:
        paths = segment_paths(self._folder)
        if not paths:
            return
        size = self._limit
        if paths[-1].suffix != SUFFIX:
            self.torn = cut_torn(paths[-1])
            size = paths[-1].stat().st_size
        for path in reversed(paths):
            line = last_line(path)
            if line:
                self.link = Link(seq=parse_line(line)['seq'] + 1, prev=line_hash(line))
                break
        self._stem, self._end = paths[-1].stem, _End(self.link.seq, size)


def next_stem(stem: str) -> str:
    """The name of the day's next file: 2026-01-31, 2026-01-31_0001, 2026-01-31_0002, ..."""
    day, _, number = stem.partition('_')
    return f'{day}_{int(number or 0) + 1:04d}'


def cut_torn(path: Path) -> Torn | None:
    """Cut what follows the last whole line off to a sidecar file, durably.

    A last line that ends in a newline but is no event counts as torn too: a power cut may
    leave a file's size without its content.
    """
    content_end = path.stat().st_size
    keep = _whole_bytes(path)
    if keep == content_end:
        return None
    sidecar = path.with_suffix('.torn')
    return Torn(file=path.name, sidecar=sidecar.name, bytes_=cut_file(path, keep, sidecar))


def last_line(path: Path) -> bytes:
    """The last line of a file that ends in a newline, without it; empty if there is none."""
    return next((line for _, line in lines_backwards(path)), b'')


def lines_backwards(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield offset and content of the lines that end in a newline, from the last to the first."""
    with open_segment(path) as file:
        yield from _lines_backwards(file, _end_of_newlines(file))


def lines_after(folder: Path, seq: int) -> list[bytes]:
    """The stored lines of a log from a sequence number on, read from its end."""
    found: list[bytes] = []
    for path in reversed(segment_paths(folder)):
        for _, line in lines_backwards(path):
            if seq > 0 and parse_line(line)['seq'] < seq:
                return found[::-1]
            found.append(line)
    return found[::-1]


def _whole_bytes(path: Path) -> int:
    """How many bytes stand before the torn end."""
    with path.open('rb') as file:
        whole = _end_of_newlines(file)
        for start, line in _lines_backwards(file, whole):
            if _is_event(line):
                break
            whole = start
    return whole


def _is_event(line: bytes) -> bool:
    try:
        parse_line(line)
    except VaultError:
        return False
    return True


def _end_of_newlines(file: IO[bytes]) -> int:
    end = file.seek(0, SEEK_END)
    while end > 0:
        start = max(0, end - _TAIL_BYTES)
        file.seek(start)
        found = file.read(end - start).rfind(b'\n')
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _lines_backwards(file: IO[bytes], size: int) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line) from the end; the bytes up to `size` must end in a newline."""
    if size == 0:
        return
    end, start, rest = size, size - 1, b''
    while start > 0:
        block = min(start, _TAIL_BYTES)
        start -= block
        file.seek(start)
        rest, *lines = (file.read(block) + rest).split(b'\n')
        for line in reversed(lines):
            end -= len(line) + 1
            yield end, line
    yield 0, rest
