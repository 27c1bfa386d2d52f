# SPDX-License-Identifier: Apache-2.0
"""Read a log that another process appends to: what the robot's outbox sends."""

import os
from pathlib import Path
from typing import IO

from swarm_vault.cold import SUFFIX
from swarm_vault.errors import VaultError
from swarm_vault.lines import parse_line
from swarm_vault.segments import (
    last_line,
    log_folder,
    open_segment,
    read_segment,
    segment_paths,
)


class LogTail:
    """Read whole, durable lines of one log in order. Not thread-safe.

    Lines are synced before they are given out: else a power cut could take a line back that
    another machine already holds, and the log would go on with a different one.
    """

    def __init__(self, vault_dir: Path, agent_id: str, writer: str) -> None:
        self._folder = log_folder(vault_dir, agent_id, writer)
        self._path: Path | None = None
        self._offset = 0
        self._seq = 0
        """Of the line at the offset."""

    def read(self, after_seq: int, *, limit: int = 50) -> tuple[bytes, ...]:
        """Read the lines that follow a sequence number; empty when there are none yet.

        Args:
            after_seq: The last one that is not wanted any more; -1 to begin at the start.
            limit: The most lines to return.

        Raises:
            VaultError: The log is damaged, or it cannot be read.
        """
        try:
            gone = self._path is None or not self._path.exists()
            if gone or self._seq != after_seq + 1:
                self._seek(after_seq + 1)
            return tuple(self._read(limit))
        except OSError as error:
            raise VaultError(f'{self._folder}: cannot be read ({error})') from error

    def count(self) -> int:
        """How many whole lines the log has now."""
        for path in reversed(segment_paths(self._folder)):
            line = last_line(path)
            if line:
                return int(parse_line(line)['seq']) + 1
        return 0

    def _read(self, limit: int) -> list[bytes]:
        lines: list[bytes] = []
        while self._path is not None and len(lines) < limit:
            # Looked up before reading: who writes never returns to an older file.
            newer = self._newer_than(self._path)
            fresh = self._read_file(self._path, limit - len(lines))
            lines += fresh
            if not fresh and newer is None:
                break
            if not fresh:
                self._path, self._offset = newer, 0
        return lines

    def _read_file(self, path: Path, limit: int) -> list[bytes]:
        with open_segment(path) as file:
            file.seek(self._offset)
            lines = _whole_lines(file, limit)
            if lines and path.suffix != SUFFIX:
                os.fdatasync(file.fileno())
        self._offset += sum(len(line) + 1 for line in lines)
        self._seq += len(lines)
        return lines

    def _seek(self, seq: int) -> None:
        """Stand before the line of a sequence number, or at the end if it comes next."""
        self._path, self._offset, self._seq = None, 0, 0
        for path in segment_paths(self._folder):
            with open_segment(path) as file:
                first = _whole_lines(file, 1)
            start = int(parse_line(first[0])['seq']) if first else self._seq
            if self._path is None or start <= seq:
                self._path, self._seq = path, start
        if self._path is not None:
            self._skip(self._path, seq)
        if self._seq != seq:
            raise VaultError(
                f'{self._folder}: seq {seq} is wanted, the log ends before seq {self._seq};'
                ' it is not the log that the other side knows'
            )

    def _skip(self, path: Path, seq: int) -> None:
        with open_segment(path) as file:
            for line in _whole_lines(file, seq - self._seq):
                self._offset += len(line) + 1
                self._seq += 1

    def _newer_than(self, path: Path) -> Path | None:
        return next((other for other in segment_paths(self._folder) if other > path), None)


def newest_lines(vault_dir: Path, agent_id: str, writer: str, most: int) -> list[bytes]:
    """The last whole lines of a log as they stand on the disk, hot or cold, at most so many.

    Raises:
        VaultError: A cold file is none.
        OSError: A file cannot be read.
    """
    found: list[bytes] = []
    for path in reversed(segment_paths(log_folder(vault_dir, agent_id, writer))):
        if len(found) >= most:
            break
        found = [*read_segment(path).split(b'\n')[:-1], *found]
    return found[-most:]


def _whole_lines(file: IO[bytes], limit: int) -> list[bytes]:
    lines: list[bytes] = []
    while len(lines) < limit:
        line = file.readline()
        if not line.endswith(b'\n'):
            break
        lines.append(line[:-1])
    return lines
