# SPDX-License-Identifier: Apache-2.0
"""Walk one log from its first line to its last: chain, order, restarts, torn end, checkpoints."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swarm_vault.chain import take_line
from swarm_vault.checkpoints import DOMAIN, FILE, parse_checkpoint
from swarm_vault.errors import VaultError
from swarm_vault.files import is_locked
from swarm_vault.frames import BagLog, note_bag
from swarm_vault.keys import Trust
from swarm_vault.ledger import COMMIT_LINES, COMMIT_S
from swarm_vault.lines import Link
from swarm_vault.segments import segment_paths

MIRROR_MARK = '.mirror'
"""Stands in a log's folder that is another machine's copy."""
MAX_UNSIGNED_LINES = 4 * COMMIT_LINES
"""More lines than this never wait for a checkpoint where there is a key."""


@dataclass(slots=True, kw_only=True)
class LogCheck:
    """What a walk through a log found."""

    agent_id: str
    writer: str
    fault: str = ''
    file: str = ''
    """Where the fault is."""
    line: int = 0
    """The faulty line in that file, from 1."""
    seq: int = 0
    """The sequence number at which the fault shows."""
    lines: int = 0
    """How many lines continue the chain."""
    losses: list[str] = field(default_factory=list)
    bags: dict[str, BagLog] = field(default_factory=dict)
    signed: bool = False
    """The log says that it is signed."""
    covered: int = 0
    """So many lines are covered by a checkpoint."""
    open: bool = False
    """A living process writes it."""
    mirror: bool = False

    @property
    def name(self) -> str:
        """<agent>/<writer>."""
        return f'{self.agent_id}/{self.writer}'


class LogWalk:
    """One walk; call `check` once. Without trust the checkpoints are passed over."""

    def __init__(self, folder: Path, trust: Trust | None) -> None:
        self._folder = folder
        self._trust = trust
        self._link = Link()
        self._heads: dict[int, str] = {}
        self._last_type = 'ledger.closed'
        self.result = LogCheck(
            agent_id=folder.parent.parent.name,
            writer=folder.name,
            open=is_locked(folder / '.lock'),
            mirror=(folder / MIRROR_MARK).exists(),
        )

    def check(self) -> LogCheck:
        """Walk through all files; the first fault ends it."""
        checkpoints = [] if self._trust is None else self._read_checkpoints(self._trust)
        wanted = {seq for seq, _ in checkpoints}
        for path in segment_paths(self._folder):
            if not self.result.fault:
                self._walk_file(path, wanted)
        if not self.result.fault:
            self._compare_checkpoints(checkpoints)
        if not self.result.fault and not self.result.mirror:
            self._judge_end()
        self.result.lines = self._link.seq
        return self.result

    def _walk_file(self, path: Path, wanted: set[int]) -> None:
        *lines, rest = path.read_bytes().split(b'\n')
        last = path == segment_paths(self._folder)[-1]
        for number, line in enumerate(lines, start=1):
            self._take(line, wanted)
            if self.result.fault:
                self.result.file, self.result.line = path.name, number
                return
        if rest and not last:
            self._fail(f'{path.name} does not end with a whole line', path.name, len(lines) + 1)
        elif rest and not self.result.open:
            self.result.losses.append(
                f'{len(rest)} bytes of a torn line behind seq {self._link.seq - 1}'
            )

    def _take(self, line: bytes, wanted: set[int]) -> None:
        result = self.result
        step = take_line(line, self._link, agent_id=result.agent_id, writer=result.writer)
        if step.reason:
            self._fail(step.reason)
            return
        if self._link.seq in wanted:
            self._heads[self._link.seq] = step.link.prev
        self._link = step.link
        try:
            self._note(step.event)
        except VaultError as error:
            self._fail(str(error))

    def _note(self, event: dict[str, Any]) -> None:
        note_bag(self.result.bags, event)
        kind = event.get('type')
        if kind == 'ledger.recovered':
            self.result.losses.append(f'a torn line was cut off before seq {event["seq"]}')
        elif kind == 'ledger.opened':
            self.result.signed |= event.get('data') == {'signed': True}
            if self._last_type not in ('ledger.closed', 'ledger.recovered'):
                self._note_kill(event['seq'])
        self._last_type = str(kind)

    def _note_kill(self, seq: int) -> None:
        self.result.losses.append(
            f'the writer died before seq {seq}: at most {COMMIT_S:g} s or'
            f' {COMMIT_LINES} lines of unacknowledged events are lost'
        )

    def _read_checkpoints(self, trust: Trust) -> list[tuple[int, str]]:
        path = self._folder / FILE
        if not path.exists():
            return []
        *lines, rest = path.read_bytes().split(b'\n')
        if rest and not self.result.open:
            self.result.losses.append('the last checkpoint is torn')
        pairs: list[tuple[int, str]] = []
        for number, line in enumerate(lines, start=1):
            reason = self._judge_checkpoint(line, pairs, trust)
            if reason:
                self._fail(f'checkpoint {number}: {reason}', FILE, number)
                return []
        return pairs

    def _judge_checkpoint(self, line: bytes, pairs: list[tuple[int, str]], trust: Trust) -> str:
        try:
            checkpoint = parse_checkpoint(line)
        except VaultError as error:
            return str(error)
        if (checkpoint.agent_id, checkpoint.writer) != (self.result.agent_id, self.result.writer):
            return f'is one of {checkpoint.agent_id}/{checkpoint.writer}'
        if pairs and checkpoint.seq <= pairs[-1][0]:
            return f'seq {checkpoint.seq} does not rise above {pairs[-1][0]}'
        signed = checkpoint.signed()
        verdict = trust.verify(signed, domain=DOMAIN, agent_id=checkpoint.agent_id)
        if verdict.ok:
            pairs.append((checkpoint.seq, checkpoint.head))
        return verdict.reason

    def _compare_checkpoints(self, checkpoints: list[tuple[int, str]]) -> None:
        for seq, head in checkpoints:
            if seq >= self._link.seq:
                self._fail(f'the tail is cut off: signed up to seq {seq}', seq=self._link.seq)
                return
            if self._heads[seq] != head:
                self._fail(f'seq {seq} is not the one that a checkpoint signed', seq=seq)
                return
            self.result.covered = seq + 1

    def _judge_end(self) -> None:
        result = self.result
        bare = self._link.seq - result.covered
        if self._trust is not None and result.signed and bare > MAX_UNSIGNED_LINES:
            self._fail(
                f'{bare} lines behind seq {result.covered - 1} are not signed,'
                f' at most {MAX_UNSIGNED_LINES} can be',
                seq=result.covered,
            )
        elif not result.open and self._last_type != 'ledger.closed':
            self._note_kill(self._link.seq)
        elif not result.open and result.signed and bare:
            result.losses.append(f'the last {bare} lines are not signed')

    def _fail(self, reason: str, file: str = '', line: int = 0, seq: int | None = None) -> None:
        self.result.fault = reason
        self.result.file, self.result.line = file, line
        self.result.seq = self._link.seq if seq is None else seq


def log_folders(vault_dir: Path) -> Iterator[Path]:
    """All logs of a vault, by agent and writer."""
    yield from sorted(path for path in vault_dir.glob('agents/*/log/*') if path.is_dir())
