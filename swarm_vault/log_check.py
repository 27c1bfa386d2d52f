# SPDX-License-Identifier: Apache-2.0
"""Walk one log from its first line to its last: chain, order, restarts, torn end, checkpoints."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from swarm_vault.begin import FILE as BEGIN_FILE
from swarm_vault.begin import Begin, read_begin
from swarm_vault.chain import follow
from swarm_vault.checkpoints import FILE, parse_checkpoint
from swarm_vault.cold_check import cold_fault
from swarm_vault.errors import VaultError
from swarm_vault.frames import BagLog, note_bag
from swarm_vault.heads.accusation import REFUSED_EVENT, Accusation
from swarm_vault.keys import Trust
from swarm_vault.ledger import COMMIT_S
from swarm_vault.lines import Link
from swarm_vault.merkle import Tree
from swarm_vault.notes import Checkpoint, verify_log_signature
from swarm_vault.reading import read_regular
from swarm_vault.segments import is_written, line_blocks, segment_paths
from swarm_vault.shapes import Shapes
from swarm_vault.waiting import COMMIT_LINES

MIRROR_MARK = '.mirror'
"""Stands in a log's folder that is another machine's copy."""
REMOVED_EVENT = 'ledger.removed'
"""Says which of the oldest lines were removed by policy."""
TELLING = ('core.', 'ledger.', 'bag.', 'checkpoint.')
"""How the types of events begin that tell something of the log itself."""
MAX_UNSIGNED_LINES = 4 * COMMIT_LINES
"""More lines than this never wait for a checkpoint where there is a key."""


class Place(NamedTuple):
    """Where the chain stood after so many lines."""

    head: str
    root: bytes
    file: str
    line: int


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
    broken: bool = False
    """The chain itself breaks off at the fault: what stands behind it was not read."""
    losses: list[str] = field(default_factory=list)
    bags: dict[str, BagLog] = field(default_factory=dict)
    signed: bool = False
    """The log says that it is signed."""
    covered: int = 0
    """So many lines are covered by a checkpoint."""
    places: dict[int, Place] = field(default_factory=dict)
    """Where the chain stood at the sizes that were asked for."""
    accusations: list[Accusation] = field(default_factory=list)
    """What it says of other logs' heads."""
    open: bool = False
    """A living process writes it."""
    mirror: bool = False
    begin: int = 0
    """So many lines at the start were removed by policy."""

    @property
    def decision_bags(self) -> tuple[BagLog, ...]:
        """The bags that hold decisions, not raw messages."""
        return tuple(log for log in self.bags.values() if not log.raw)

    @property
    def name(self) -> str:
        """<agent>/<writer>."""
        return f'{self.agent_id}/{self.writer}'


class LogWalk:
    """One walk; call `check` once. Without trust the checkpoints are passed over.

    Args:
        folder: The log's folder.
        trust: Whose signatures count.
        sizes: After how many lines the place of the chain is wanted too.
    """

    def __init__(self, folder: Path, trust: Trust | None, sizes: Collection[int] = ()) -> None:
        self._folder = folder
        self._trust = trust
        self._wanted = set(sizes)
        self._furthest = 0
        self._tree = Tree()
        self._link = Link()
        self._begin = Begin()
        self._removed: dict[int, Any] = {}
        """What events say of removed lines, by their sequence numbers."""
        self._last_type = 'ledger.closed'
        self._others: set[str] = set()
        """Types of events that tell nothing of the log itself."""
        self.result = LogCheck(agent_id=folder.parent.parent.name, writer=folder.name)
        self._shapes = Shapes(self.result.agent_id, self.result.writer, TELLING)

    def check(self) -> LogCheck:
        """Walk through all files; the first fault ends it."""
        try:
            self._check()
        except OSError as error:
            where = Path(str(error.filename or self._folder))
            reason = f'{where.name} cannot be read ({error.strerror or error})'
            self._fail(reason, where.name, seq=self._link.seq)
            self.result.broken = True
        self.result.lines = self._link.seq
        return self.result

    def _check(self) -> None:
        self.result.open = is_written(self._folder)
        self.result.mirror = (self._folder / MIRROR_MARK).exists()
        checkpoints: list[Checkpoint] = []
        odd, number = '', 0
        if self._trust is not None:
            checkpoints, odd, number = self._read_checkpoints(self._trust)
        self._wanted.update(checkpoint.size for checkpoint in checkpoints)
        self._furthest = max(self._wanted, default=0)
        self._walk()
        self.result.broken = bool(self.result.fault)
        if odd and not self.result.fault:
            self._fail(odd, FILE, number, seq=0)
        if not self.result.fault:
            self._compare_checkpoints(checkpoints)
        if not self.result.fault and not self.result.mirror:
            self._judge_end()

    def _walk(self) -> None:
        try:
            self._take_begin(read_begin(self._folder))
        except VaultError as error:
            self._fail(str(error), BEGIN_FILE, 1)
            return
        paths = segment_paths(self._folder)
        file, reason = cold_fault(paths)
        if reason:
            self._fail(f'{file} {reason}', file)
        for path in paths:
            if not self.result.fault:
                self._walk_file(path, last=path == paths[-1])
        if not self.result.fault:
            self._judge_begin()

    def _take_begin(self, begin: Begin) -> None:
        self._begin, self._link = begin, begin.link
        self.result.begin = begin.link.seq
        self._tree = Tree(begin.link.seq, begin.peaks)
        if begin.link.seq in self._wanted:
            place = Place(begin.link.prev, self._tree.root(), BEGIN_FILE, 1)
            self.result.places[begin.link.seq] = place

    def _judge_begin(self) -> None:
        first = self._begin.link.seq
        if not first:
            return
        said = [seq for seq, told in self._removed.items() if told == self._begin.plain()]
        if said:
            self.result.losses.append(
                f'seq 0 to {first - 1} were removed by policy, seq {said[-1]} says'
            )
        else:
            self._fail(
                f'seq 0 to {first - 1} are missing, and no event says that a policy removed them',
                BEGIN_FILE,
                1,
                seq=first,
            )

    def _walk_file(self, path: Path, *, last: bool) -> None:
        number, rest = 0, b''
        try:
            for block in line_blocks(path):
                lines, rest = block
                good = self._follow(path.name, lines, number)
                number += good
                if good < len(lines):
                    return
        except VaultError as error:
            self._fail(str(error), path.name)
            return
        if rest and not last:
            self._fail(f'{path.name} does not end with a whole line', path.name, number + 1)
        elif rest and not self.result.open:
            self.result.losses.append(
                f'{len(rest)} bytes of a torn line behind seq {self._link.seq - 1}'
            )

    def _follow(self, name: str, lines: list[bytes], before: int) -> int:
        """Walk on through a file's lines; returns how many of them are as they should be."""
        result, wanted = self.result, self._wanted
        hashed = number = 0
        seq, head = self._link
        told = follow(
            lines, self._link, self._shapes, agent_id=result.agent_id, writer=result.writer
        )
        for event, end, reason in told:
            if reason:
                self._link = Link(seq, end)
                self._fail(reason, name, before + number + 1)
                return number
            seq, head = seq + 1, end
            if not self._take(event):
                self._link = Link(seq, head)
                result.seq, result.file, result.line = seq, name, before + number + 1
                return number
            number += 1
            if seq in wanted:
                self._tree.extend(lines[hashed:number])
                hashed = number
                result.places[seq] = Place(head, self._tree.root(), name, before + number)
        self._link = Link(seq, head)
        if seq < self._furthest:
            self._tree.extend(lines[hashed:])
        return number

    def _take(self, event: dict[str, Any]) -> bool:
        """Note what an event says of the log itself; False if it is not to be believed."""
        kind = event['type']
        if type(kind) is str and kind in self._others:
            self._last_type = kind
            return True
        if str(kind).startswith(TELLING):
            self._note(event)
        else:
            self._others.add(str(kind))
        self._last_type = str(kind)
        return not self.result.fault

    def _note(self, event: dict[str, Any]) -> None:
        try:
            note_bag(self.result.bags, event)
        except VaultError as error:
            self._fail(str(error))
            return
        kind = event['type']
        if kind == REMOVED_EVENT:
            begin = event['data'].get('begin') if isinstance(event['data'], dict) else None
            self._removed[event['seq']] = begin
        elif kind == REFUSED_EVENT and isinstance(event['data'], dict):
            said = Accusation(by=self.result.name, seq=event['seq'], data=event['data'])
            self.result.accusations.append(said)
        elif kind == 'ledger.faulted':
            self._note_fault(event)
        elif kind == 'ledger.recovered':
            self.result.losses.append(f'a torn line was cut off before seq {event["seq"]}')
        elif kind == 'ledger.opened':
            self.result.signed |= event['data'] == {'signed': True}
            if self._last_type not in ('ledger.closed', 'ledger.recovered', 'ledger.faulted'):
                self._note_kill(event['seq'])

    def _note_fault(self, event: dict[str, Any]) -> None:
        data = event['data'] if isinstance(event['data'], dict) else {}
        self.result.losses.append(
            f'nothing could be recorded any more before seq {event["seq"]}: {data.get("reason")}'
        )

    def _note_kill(self, seq: int) -> None:
        self.result.losses.append(
            f'the writer died before seq {seq}: at most {COMMIT_S:g} s or'
            f' {COMMIT_LINES} lines of unacknowledged events are lost'
        )

    def _read_checkpoints(self, trust: Trust) -> tuple[list[Checkpoint], str, int]:
        """The checkpoints, or what is wrong with one of them and in which line."""
        path = self._folder / FILE
        if not path.exists():
            return [], '', 0
        *lines, rest = read_regular(path).split(b'\n')
        if rest and not self.result.open:
            self.result.losses.append('the last checkpoint is torn')
        found: list[Checkpoint] = []
        for number, line in enumerate(lines, start=1):
            reason = self._judge_checkpoint(line, found, trust)
            if reason:
                return [], f'checkpoint {number}: {reason}', number
        return found, '', 0

    def _judge_checkpoint(self, line: bytes, found: list[Checkpoint], trust: Trust) -> str:
        try:
            stored = parse_checkpoint(line)
        except VaultError as error:
            return str(error)
        checkpoint = stored.checkpoint
        if checkpoint.log != self.result.name:
            return f'is one of {checkpoint.log}'
        if found and checkpoint.size <= found[-1].size:
            return f'seq {checkpoint.size - 1} does not rise above {found[-1].size - 1}'
        verdict = verify_log_signature(stored.note, trust)
        if verdict.ok and len(stored.note.signatures) > 1:
            return 'has a signature too many'
        if verdict.ok:
            found.append(checkpoint)
        return verdict.reason

    def _compare_checkpoints(self, checkpoints: list[Checkpoint]) -> None:
        for checkpoint in checkpoints:
            if checkpoint.size < self.result.begin:
                continue
            seq = checkpoint.size - 1
            place = self.result.places.get(checkpoint.size)
            if place is None:
                self._fail(f'the tail is cut off: signed up to seq {seq}', seq=self._link.seq)
                return
            if (place.head, place.root) != (checkpoint.head, checkpoint.root):
                reason = f'seq {seq} is not the one that a checkpoint signed'
                self._fail(reason, place.file, place.line, seq=seq)
                return
            self.result.covered = checkpoint.size

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
