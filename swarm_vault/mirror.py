# SPDX-License-Identifier: Apache-2.0
"""The supervisor's copy of the robots' logs: the identical bytes, stored once, in order."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from swarm_vault.chain import take_line
from swarm_vault.errors import VaultError
from swarm_vault.files import take_lock, write_atomic
from swarm_vault.lines import Link, line_hash
from swarm_vault.log_check import MIRROR_MARK
from swarm_vault.merkle import Tree
from swarm_vault.notes import Checkpoint, parse_note
from swarm_vault.segments import LOCK, Segments, day_of, log_folder
from swarm_vault.tail import LogTail


class Mirror:
    """Store what robots send of their logs. Thread-safe; `store` blocks on the disk.

    In an asyncio server call it in a thread (`asyncio.to_thread`).

    Args:
        vault_dir: The supervisor's vault.
    """

    def __init__(self, vault_dir: Path) -> None:
        self._vault_dir = vault_dir
        self._guard = threading.Lock()
        self._replicas: dict[tuple[str, str], _Replica] = {}

    def store(self, agent_id: str, writer: str, first_seq: int, lines: Sequence[bytes]) -> int:
        """Store lines durably and return the last sequence number that is stored, -1 for none.

        What is stored already is passed over if it is identical. When lines before the first are
        missing nothing is stored: the returned number tells the sender where to go on.

        Args:
            agent_id: Whose log.
            writer: Which of its logs.
            first_seq: The first line's sequence number.
            lines: Lines as the robot stored them, without newlines.

        Raises:
            VaultError: A line does not continue the chain (a fork or a forgery), a name is
                malformed, or the disk failed.
        """
        with self._guard:
            return self._replica(agent_id, writer).store(first_seq, lines)

    def head(self, agent_id: str, writer: str) -> int:
        """The last sequence number that is stored durably, -1 for none.

        Raises:
            VaultError: A name is malformed, or the copy cannot be opened.
        """
        with self._guard:
            return self._replica(agent_id, writer).head

    def compare(self, agent_id: str, writer: str, content: str) -> None:
        """Hold where a robot says that its log stands against the copy.

        Args:
            agent_id: Whose log.
            writer: Which of its logs.
            content: The robot's signed checkpoint.

        Raises:
            VaultError: It is not this log's, or says something else than the copy.
        """
        checkpoint = parse_note(content).checkpoint
        if checkpoint.log != f'{agent_id}/{writer}':
            raise VaultError(f'{agent_id}/{writer}: brought a checkpoint of {checkpoint.log}')
        with self._guard:
            self._replica(agent_id, writer).compare(checkpoint)

    def close(self) -> None:
        """Let all files go."""
        with self._guard:
            for replica in self._replicas.values():
                replica.close()
            self._replicas.clear()

    def _replica(self, agent_id: str, writer: str) -> '_Replica':
        key = (agent_id, writer)
        if key not in self._replicas:
            self._replicas[key] = _Replica(self._vault_dir, agent_id, writer)
        return self._replicas[key]


class _Replica:
    """The copy of one log."""

    def __init__(self, vault_dir: Path, agent_id: str, writer: str) -> None:
        self._agent_id = agent_id
        self._writer = writer
        self._name = f'copy of log {agent_id}/{writer}'
        folder = log_folder(vault_dir, agent_id, writer)
        self._lock = take_lock(folder / LOCK, self._name)
        self._fault = ''
        try:
            write_atomic(folder / MIRROR_MARK, b'a copy of the log of another machine\n')
            self._segments = Segments(folder)
        except (OSError, VaultError) as error:
            os.close(self._lock)
            raise VaultError(f'{self._name}: cannot be opened ({error}); mend the disk') from error
        self._link = self._segments.link
        self._tail = LogTail(vault_dir, agent_id, writer)
        self._own = LogTail(vault_dir, agent_id, writer)
        self._tree = Tree()
        self._head = ''

    @property
    def head(self) -> int:
        return self._link.seq - 1

    def store(self, first_seq: int, lines: Sequence[bytes]) -> int:
        if self._fault:
            raise VaultError(self._fault)
        known = min(max(self._link.seq - first_seq, 0), len(lines))
        self._compare(first_seq, lines[:known])
        if first_seq <= self._link.seq and known < len(lines):
            self._append(lines[known:])
        return self.head

    def compare(self, checkpoint: Checkpoint) -> None:
        """Refuse a checkpoint that says something else than the copy, or more than it has."""
        tree, log = self._tree, checkpoint.log
        if checkpoint.size > self._link.seq:
            raise VaultError(f'{log}: {checkpoint.size} lines signed, {self._link.seq} are here')
        if checkpoint.size < tree.size:
            raise VaultError(f'{log}: {checkpoint.size} lines signed, after {tree.size} were')
        while tree.size < checkpoint.size:
            lines = self._own.read(tree.size - 1, limit=min(1000, checkpoint.size - tree.size))
            tree.extend(lines)
            self._head = line_hash(lines[-1])
        if (tree.root(), self._head) != (checkpoint.root, checkpoint.head):
            raise VaultError(f'{log}: seq {checkpoint.size - 1} was signed otherwise than sent')

    def _compare(self, first_seq: int, lines: Sequence[bytes]) -> None:
        if not lines:
            return
        stored = self._tail.read(first_seq - 1, limit=len(lines))
        for offset, (line, ours) in enumerate(zip(lines, stored, strict=True)):
            if line != ours:
                raise VaultError(
                    f'{self._name}: seq {first_seq + offset} differs from the one that is stored;'
                    ' the robot tells two stories'
                )

    def _append(self, lines: Sequence[bytes]) -> None:
        link = self._link
        groups: dict[str, list[bytes]] = {}
        for line in lines:
            if b'\n' in line:
                raise VaultError(f'{self._name}: seq {link.seq} holds a newline')
            step = take_line(line, link, agent_id=self._agent_id, writer=self._writer)
            if step.reason:
                raise VaultError(f'{self._name}: {step.reason}')
            groups.setdefault(day_of(step.event['time_ns']), []).append(line)
            link = step.link
        self._write(groups, link)

    def _write(self, groups: dict[str, list[bytes]], link: Link) -> None:
        try:
            for day, group in groups.items():
                self._segments.append(day, group)
                self._segments.sync()
        except OSError as error:
            self._fault = (
                f'{self._name}: is not kept any more ({error}); mend the disk and restart'
            )
            raise VaultError(self._fault) from error
        self._link = link

    def close(self) -> None:
        self._segments.close()
        os.close(self._lock)
