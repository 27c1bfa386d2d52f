# SPDX-License-Identifier: Apache-2.0
"""The files of one writer's log: one a day, appended to, recovered after a crash."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.files import sync_folder, write_all
from swarm_vault.lines import Link, line_hash, parse_line

_TAIL_BYTES = 65536
_NAME = re.compile(r'[a-z][a-z0-9_]{0,31}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Torn:
    """What a crash left behind the last whole line."""

    file: str
    sidecar: str
    bytes_: int


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


def segment_paths(folder: Path) -> list[Path]:
    """The log's files, oldest first."""
    return sorted(folder.glob('[0-9][0-9][0-9][0-9]-[0-9][0-9]/*.jsonl'))


def day_of(time_ns: int) -> str:
    """The day in UTC, as in a file's name."""
    return datetime.fromtimestamp(time_ns / 1e9, tz=timezone.utc).strftime('%Y-%m-%d')


class Segments:
    """Append lines to the file of the day. Not thread-safe: one writer holds it.

    Opening it finds the end of the chain and cuts off what a crash tore; `torn` says so.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day = ''
        self._descriptor = -1
        self.torn: Torn | None = None
        self.link = Link()
        folder.mkdir(parents=True, exist_ok=True)
        self._recover()

    def append(self, day: str, lines: Sequence[bytes]) -> None:
        """Write whole lines to the file of a day, or to the latest if the clock went back."""
        if self._descriptor < 0 or day > self._day:
            self._open(max(day, self._day))
        write_all(self._descriptor, b'\n'.join(lines) + b'\n')

    def sync(self) -> None:
        """Return after everything appended is durable."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self, day: str) -> None:
        if self._descriptor >= 0:
            os.fdatasync(self._descriptor)
        self.close()
        path = self._folder / day[:7] / f'{day}.jsonl'
        new = not path.exists()
        path.parent.mkdir(exist_ok=True)
        self._descriptor = os.open(
            path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644
        )
        self._day = day
        if new:
            for folder in (path.parent, self._folder):
                sync_folder(folder)

    def _recover(self) -> None:
        paths = segment_paths(self._folder)
        if not paths:
            return
        self._day = paths[-1].stem
        self.torn = cut_torn(paths[-1])
        for path in reversed(paths):
            line = last_line(path)
            if line:
                self.link = Link(seq=parse_line(line)['seq'] + 1, prev=line_hash(line))
                return


def cut_torn(path: Path) -> Torn | None:
    """Cut what follows the last whole line off to a sidecar file, durably.

    A last line that ends in a newline but is no event counts as torn too: a power cut may
    leave a file's size without its content.
    """
    content_end = path.stat().st_size
    keep = _whole_bytes(path, content_end)
    if keep == content_end:
        return None
    sidecar = path.with_suffix('.torn')
    with path.open('r+b') as file:
        file.seek(keep)
        torn = file.read()
        with sidecar.open('ab') as kept:
            kept.write(torn)
            kept.flush()
            os.fsync(kept.fileno())
        sync_folder(path.parent)
        file.truncate(keep)
        os.fsync(file.fileno())
    return Torn(file=path.name, sidecar=sidecar.name, bytes_=len(torn))


def last_line(path: Path) -> bytes:
    """The last line of a file that ends in a newline, without it; empty if there is none."""
    whole = _end_of_newlines(path, path.stat().st_size)
    for _, line in _lines_backwards(path, whole):
        return line
    return b''


def _whole_bytes(path: Path, size: int) -> int:
    """How many bytes stand before the torn end."""
    whole = _end_of_newlines(path, size)
    for start, line in _lines_backwards(path, whole):
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


def _end_of_newlines(path: Path, size: int) -> int:
    with path.open('rb') as file:
        end = size
        while end > 0:
            start = max(0, end - _TAIL_BYTES)
            file.seek(start)
            found = file.read(end - start).rfind(b'\n')
            if found >= 0:
                return start + found + 1
            end = start
    return 0


def _lines_backwards(path: Path, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line) from the end; the bytes up to `size` must end in a newline."""
    end = size
    while end > 0:
        start = _end_of_newlines(path, end - 1)
        with path.open('rb') as file:
            file.seek(start)
            yield start, file.read(end - 1 - start)
        end = start
