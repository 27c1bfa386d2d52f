# SPDX-License-Identifier: Apache-2.0
"""Countersigned checkpoints: what one machine can say of another's log.

A robot that owns its disk can write its whole log anew and sign it. It cannot take back the heads
that others have countersigned and keep: `swarm audit verify` holds them against the log.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.files import make_folder, open_append, sync_data, write_all, write_atomic
from swarm_vault.heads.core import Known
from swarm_vault.keys import Signer, Trust
from swarm_vault.lines import Event, encode_json, parse_line
from swarm_vault.listing import ending_in, folders_in
from swarm_vault.notes import (
    Checkpoint,
    Note,
    cosigned_note,
    parse_note,
    signed_with_another_key,
    verify_log_signature,
    witnesses_of,
)
from swarm_vault.reading import read_regular
from swarm_vault.segments import cut_torn

MAX_BOOK_BYTES = 1_000_000
"""A longer book is written anew with the newest statement on each log only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Somebody else's word on a log."""

    checkpoint: Checkpoint
    witness: str
    time_s: int
    """When the witness saw it, seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """A head that witnesses countersigned, but not the log that it speaks of."""

    checkpoint: Checkpoint
    witnesses: tuple[str, ...]
    fault: str
    """Where it stands, and what is wrong with it."""
    another_key: bool
    """It carries a signature in the log's name, of a key that is not the robot's here."""
    bare: bool
    """It carries no signature in the log's name at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """All that witnesses say, and what in their books is no statement."""

    evidence: tuple[Evidence, ...]
    unsigned: tuple[Unsigned, ...] = ()
    faults: tuple[str, ...] = ()
    torn: tuple[str, ...] = ()


class WitnessBook:
    """Countersign other logs' checkpoints and keep all that is countersigned. A `SideFile`.

    Nothing here waits for the disk but opening: the ledger's thread writes and syncs.

    Args:
        vault_dir: The vault.
        signer: Who countersigns.
        trust: The members' public keys.
        writer: The process that holds the book; no other writes it.
        clock: Nanoseconds since the epoch.

    Raises:
        VaultError: The book of an earlier process is damaged.
    """

    def __init__(
        self,
        *,
        vault_dir: Path,
        signer: Signer,
        trust: Trust,
        writer: str,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._path = book_path(vault_dir, signer.agent_id, writer)
        self._signer, self._trust, self._clock = signer, trust, clock
        self._guard = threading.Lock()
        self._waiting: list[bytes] = []
        self._size = 0
        self._descriptor = -1
        self._newest: dict[tuple[str, str], tuple[Checkpoint, bytes]] = {}
        self._recover()

    def countersign(self, content: str) -> str:
        """Countersign another log's checkpoint and keep it; the same one again changes nothing.

        Raises:
            VaultError: It is not that log's, or it contradicts one that was countersigned before.
        """
        note = parse_note(content)
        own = self._signer.agent_id
        if note.checkpoint.agent_id == own:
            raise VaultError(f'{note.checkpoint.log}: nobody is the witness of its own log')
        verdict = verify_log_signature(note, self._trust)
        if not verdict.ok:
            raise VaultError(f'{note.checkpoint.log}: {verdict.reason}')
        with self._guard:
            before = self._newest.get((note.checkpoint.log, own))
            if before is not None:
                _refuse_contradiction(before[0], note.checkpoint)
            cosigned = cosigned_note(note, self._signer, self._clock() // 10**9)
            self._keep(own, note.checkpoint, cosigned)
        return cosigned

    def keep(self, content: str, witness: str) -> None:
        """Keep what a witness returned of this agent's own logs.

        Raises:
            VaultError: It is not a newer checkpoint of ours that this witness has countersigned.
        """
        note = parse_note(content)
        if note.checkpoint.agent_id != self._signer.agent_id:
            raise VaultError(f'{note.checkpoint.log}: is no log of ours')
        if witness not in witnesses_of(note, self._trust):
            raise VaultError(f'{note.checkpoint.log}: {witness!r} has not countersigned it')
        with self._guard:
            self._keep(witness, note.checkpoint, content)

    def known(self) -> tuple[Known, ...]:
        """The newest head of each log that this agent has countersigned."""
        own = self._signer.agent_id
        with self._guard:
            mine = [found for (_, by), (found, _) in self._newest.items() if by == own]
        return tuple(
            Known(log=one.log, size=one.size, root=one.root, head=one.head)
            for one in sorted(mine, key=lambda one: one.log)
        )

    def note_on(self, log: str) -> str:
        """What this agent has countersigned of a log last; empty if nothing."""
        with self._guard:
            found = self._newest.get((log, self._signer.agent_id))
        return '' if found is None else str(parse_line(found[1])['note'])

    def returned(self) -> dict[tuple[str, str], int]:
        """How many lines of each own log each witness has countersigned, by log and witness."""
        own = self._signer.agent_id
        with self._guard:
            return {
                place: found.size
                for place, (found, _) in self._newest.items()
                if found.agent_id == own
            }

    def flush(self, *, final: bool) -> Event | None:
        """Write and sync what waits."""
        del final
        with self._guard:
            lines, self._waiting = self._waiting, []
            shorten = self._size > MAX_BOOK_BYTES
            if shorten:
                lines = [line for _, line in self._newest.values()]
        content = b''.join(line + b'\n' for line in lines)
        if shorten:
            self.close()
            write_atomic(self._path, content)
            self._size = len(content)
        elif lines:
            self._append(content)
        return None

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _append(self, content: bytes) -> None:
        if self._descriptor < 0:
            make_folder(self._path.parent)
            self._descriptor = open_append(self._path)
        write_all(self._descriptor, content)
        sync_data(self._descriptor)
        self._size += len(content)

    def _keep(self, witness: str, checkpoint: Checkpoint, content: str) -> None:
        before = self._newest.get((checkpoint.log, witness))
        if before is not None and before[0].size >= checkpoint.size:
            return
        line = encode_json({'seq': checkpoint.size - 1, 'note': content})
        self._newest[checkpoint.log, witness] = (checkpoint, line)
        self._waiting.append(line)

    def _recover(self) -> None:
        if not self._path.exists():
            return
        cut_torn(self._path)
        self._size = self._path.stat().st_size
        for line in self._path.read_bytes().split(b'\n')[:-1]:
            note = _parse(line)
            for witness in witnesses_of(note, self._trust):
                self._newest[note.checkpoint.log, witness] = (note.checkpoint, line)


def book_path(vault_dir: Path, agent_id: str, writer: str) -> Path:
    """Where an agent's process keeps what is countersigned."""
    return vault_dir / 'agents' / agent_id / 'witness' / f'{writer}.jsonl'


def read_testimony(vaults: Iterable[Path], trust: Trust) -> Testimony:
    """Read the witness books of some vaults; only what both sides have signed is evidence."""
    found: list[Evidence | Unsigned] = []
    faults: list[str] = []
    torn: list[str] = []
    judged: dict[bytes, tuple[Evidence, ...]] = {}
    """By line: the log's owner and its witness keep the same one."""
    for vault_dir in vaults:
        for path in _books(vault_dir):
            name = path.relative_to(vault_dir).as_posix()
            try:
                *lines, rest = read_regular(path).split(b'\n')
            except OSError as error:
                faults.append(f'{name}: cannot be read ({error.strerror or error})')
                continue
            if rest:
                torn.append(f'{name}: the last statement is torn')
            for number, line in enumerate(lines, start=1):
                try:
                    if line not in judged:
                        judged[line] = tuple(_evidence_of(line, trust))
                    found += judged[line]
                except VaultError as error:
                    fault = f'{name}:{number}: {error}'
                    unsigned = _unsigned_of(line, trust, fault)
                    faults += [fault] if unsigned is None else []
                    found += [] if unsigned is None else [unsigned]
    return Testimony(
        evidence=tuple(one for one in found if isinstance(one, Evidence)),
        unsigned=tuple(one for one in found if isinstance(one, Unsigned)),
        faults=tuple(faults),
        torn=tuple(torn),
    )


def read_testimony_notes(vault_dir: Path) -> list[str]:
    """All countersigned notes of a vault, the one that covers most first; unverified."""
    found: dict[str, int] = {}
    for path in _books(vault_dir):
        for line in read_regular(path).split(b'\n')[:-1]:
            try:
                content = parse_line(line).get('note')
                found[str(content)] = parse_note(str(content)).checkpoint.size
            except VaultError:
                continue  # `verify` tells of it
    return sorted(found, key=lambda content: (-found[content], content))


def _books(vault_dir: Path) -> Iterator[Path]:
    for agent in folders_in(vault_dir / 'agents'):
        yield from ending_in(agent / 'witness', '.jsonl')


def _evidence_of(line: bytes, trust: Trust) -> Iterator[Evidence]:
    note = _parse(line)
    verdict = verify_log_signature(note, trust)
    if not verdict.ok:
        raise VaultError(f'{note.checkpoint.log}: {verdict.reason}')
    witnesses = witnesses_of(note, trust)
    if len(witnesses) != len(note.signatures) - 1:
        raise VaultError(f'{note.checkpoint.log}: the signature of a witness does not fit')
    for witness, time_s in witnesses.items():
        yield Evidence(checkpoint=note.checkpoint, witness=witness, time_s=time_s)


def _unsigned_of(line: bytes, trust: Trust, fault: str) -> Unsigned | None:
    """What witnesses made up, as their own signatures show; None if the line is just damaged."""
    try:
        note = _parse(line)
    except VaultError:
        return None
    own = sum(signature.name == note.checkpoint.origin for signature in note.signatures)
    witnesses = witnesses_of(note, trust)
    signed = verify_log_signature(note, trust).ok
    if signed or not witnesses or len(witnesses) + own != len(note.signatures):
        return None
    return Unsigned(
        checkpoint=note.checkpoint,
        witnesses=tuple(sorted(witnesses)),
        fault=fault,
        another_key=signed_with_another_key(note, trust),
        bare=not own,
    )


def _parse(line: bytes) -> Note:
    fields = parse_line(line)
    if encode_json(fields) != line or not isinstance(fields.get('note'), str):
        raise VaultError('line is no statement of a witness')
    note = parse_note(fields['note'])
    if fields != {'seq': note.checkpoint.size - 1, 'note': fields['note']}:
        raise VaultError('line is no statement of a witness')
    return note


def _refuse_contradiction(before: Checkpoint, now: Checkpoint) -> None:
    if now.size < before.size:
        raise VaultError(
            f'{now.log}: had {before.size} lines when it was countersigned, now says {now.size};'
            ' it was rolled back'
        )
    if now.size == before.size and (now.root, now.head) != (before.root, before.head):
        raise VaultError(f'{now.log}: tells two stories of its {now.size} lines')
