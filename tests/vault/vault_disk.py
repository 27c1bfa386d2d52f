# SPDX-License-Identifier: Apache-2.0
"""Disks for tests: one whose n-th call fails, one that records what may be lost.

Both stand in for `os` in `swarm_vault.files`, through which every write of the vault passes.
"""

import errno
import itertools
import math
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swarm_vault import files
from swarm_vault.errors import VaultError
from swarm_vault.ledger import Ledger
from swarm_vault.lines import Event, Kind

CALLS = ('open', 'write', 'fsync', 'fdatasync', 'replace', 'ftruncate', 'mkdir')
SYNCS = ('fsync', 'fdatasync')
MOST_DISKS = 20_000
"""So many are enumerated of one step; of more, evenly chosen ones."""
ERRORS = {'EIO': errno.EIO, 'ENOSPC': errno.ENOSPC}


class Disk:
    """The real `os`; what is in `CALLS` passes through `call`. Put it in place with `with`."""

    def __enter__(self):
        files.os = self
        return self

    def __exit__(self, *_error: object) -> None:
        files.os = os

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in CALLS:
            return real
        return lambda *args, **kw: self.call(name, real, args, kw)

    def call(self, name: str, real: Any, args: tuple[Any, ...], kw: dict[str, Any]) -> Any:
        return real(*args, **kw)


class FailingDisk(Disk):
    """Let the n-th call fail: EIO, ENOSPC, short (half of it is written, then ENOSPC), or kill.

    Args:
        at: Which call, or which calls.
        how: What happens to it.
        for_ever: Whether all later calls fail as well.
    """

    def __init__(self, at: int | tuple[int, ...], how: str, *, for_ever: bool = False) -> None:
        self.at, self.how, self.for_ever = (at,) if isinstance(at, int) else at, how, for_ever
        self.calls = self.failures = 0
        self.failed = ''
        self.retried = False
        """A file was synced again after its sync had failed."""
        self._bad_syncs: set[int] = set()
        self._guard = threading.Lock()

    def call(self, name: str, real: Any, args: tuple[Any, ...], kw: dict[str, Any]) -> Any:
        with self._guard:
            self.calls += 1
            due = self.calls in self.at or (self.for_ever and self.calls > self.at[0])
            self.failures += due
        if name in SYNCS and args[0] in self._bad_syncs:
            self.retried = True
        if not due:
            made = real(*args, **kw)
            if name == 'open':
                self._bad_syncs.discard(made)  # the number of a closed file, given again
            return made
        self.failed = name
        if self.how == 'kill':
            os._exit(9)
        if self.how == 'short' and name == 'write':
            return real(args[0], bytes(args[1])[: max(1, len(args[1]) // 2)])
        if name in SYNCS:
            self._bad_syncs.add(args[0])
        code = ERRORS.get(self.how, errno.ENOSPC)
        raise OSError(code, os.strerror(code))


@dataclass(slots=True)
class _File:
    durable: bytes = b''
    pending: list[tuple[str, Any]] = field(default_factory=list)


class RecordingDisk(Disk):
    """Do everything, and remember after each step what a power cut could leave.

    Args:
        root: The folder that is watched.
        lying: Syncs do nothing: the negative control.
    """

    def __init__(self, root: Path, *, lying: bool = False) -> None:
        self.root, self.lying = root, lying
        self.steps: list[tuple[str, Any]] = []
        self._paths: dict[int, Path] = {}
        self._guard = threading.Lock()

    def promise(self, seq: int, number: int) -> None:
        """Note that an event was acknowledged as durable."""
        with self._guard:
            self.steps.append(('promise', (seq, number)))

    def call(self, name: str, real: Any, args: tuple[Any, ...], kw: dict[str, Any]) -> Any:
        with self._guard:
            if name == 'open' and args[1] & os.O_CREAT and not Path(args[0]).exists():
                self.steps.append(('create', Path(args[0])))
            made = real(*args, **kw)
            self._note(name, args, made)
            return made

    def _note(self, name: str, args: tuple[Any, ...], made: Any) -> None:
        if name == 'open':
            self._paths[made] = Path(args[0])
        elif name == 'write':
            self.steps.append(('write', (self._paths[args[0]], bytes(args[1])[:made])))
        elif name == 'ftruncate':
            self.steps.append(('cut', (self._paths[args[0]], args[1])))
        elif name in SYNCS and not self.lying:
            self.steps.append(('sync', self._paths[args[0]]))
        elif name == 'replace':
            self.steps.append(('replace', (Path(args[0]), Path(args[1]))))
        elif name == 'mkdir':
            self.steps.append(('create', Path(args[0])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A disk that a power cut may leave, and what had been promised before."""

    step: int
    files: dict[Path, bytes | None]
    """Content by path; None for a folder."""
    promised: dict[int, int]


def legal_crashes(
    steps: list[tuple[str, Any]], *, every: int = 1, each_byte: bool = False
) -> Iterator[Crash]:
    """Enumerate the disks that a power cut after each step may leave.

    The model is the weakest that POSIX and journalling file systems leave: what was synced is
    there; of what was appended since, nothing, all, a part that ends within a write (in its middle
    and before its last byte, or behind each byte), or the size with zeros in place of the content;
    a name is there or not until its folder is synced; a replaced file is the old or the new one
    until then.
    """
    model = _Model(each_byte=each_byte)
    promised: dict[int, int] = {}
    for number, (kind, what) in enumerate(steps):
        if kind == 'promise':
            promised[what[0]] = what[1]
        else:
            model.apply(kind, what)
        if number % every == 0 or number == len(steps) - 1:
            for state in model.states():
                yield Crash(step=number, files=state, promised=dict(promised))


class _Model:
    """What is durable, and what is under way."""

    def __init__(self, *, each_byte: bool) -> None:
        self.each_byte = each_byte
        self.files: dict[Path, _File | None] = {}
        self.unnamed: list[Path] = []
        """Names that are not durable yet, in the order of their making."""
        self.replaced: dict[Path, _File | None] = {}
        """What a replaced name may still hold."""

    def apply(self, kind: str, what: Any) -> None:
        if kind == 'create':
            is_folder = not what.suffix and not what.name.startswith('.')
            self.files[what] = None if is_folder else _File()
            self.unnamed.append(what)
        elif kind == 'write':
            self._file(what[0]).pending.append(('write', what[1]))
        elif kind == 'cut':
            self._file(what[0]).pending.append(('cut', what[1]))
        elif kind == 'replace':
            source, target = what
            self.replaced[target] = self.files.get(target, _File())
            self.files[target] = self.files.pop(source)
            self.unnamed = [path for path in self.unnamed if path != source]
        else:
            self._sync(what)

    def _sync(self, path: Path) -> None:
        file = self.files.get(path)
        if file is not None:
            file.durable, file.pending = _applied(file), []
            return
        self.unnamed = [name for name in self.unnamed if name.parent != path]
        self.replaced = {n: f for n, f in self.replaced.items() if n.parent != path}

    def _file(self, path: Path) -> _File:
        file = self.files.setdefault(path, _File())
        assert file is not None
        return file

    def states(self) -> Iterator[dict[Path, bytes | None]]:
        choices: list[list[tuple[Path, bytes | str | None]]] = []
        for path, file in self.files.items():
            found: list[Any] = [None] if file is None else list(self._contents(file))
            if path in self.replaced and self.replaced[path] is not None:
                found += list(self._contents(self.replaced[path]))
            if path in self.unnamed:
                found.append('absent')
            choices.append([(path, content) for content in dict.fromkeys(found)])
        step = math.prod(map(len, choices)) // MOST_DISKS + 1
        for combination in itertools.islice(itertools.product(*choices), 0, None, step):
            absent = [path for path, content in combination if content == 'absent']
            yield {
                path: content
                for path, content in combination
                if not any(gone == path or gone in path.parents for gone in absent)
            }

    def _contents(self, file: _File) -> Iterator[bytes]:
        content = file.durable
        yield content
        for kind, what in file.pending:
            if kind == 'cut':
                content = content[:what]
            else:
                size = len(what)
                for end in range(1, size) if self.each_byte else (size // 2, size - 1):
                    yield content + what[:end]
                yield content + b'\0' * size
                content += what
            yield content


def _applied(file: _File) -> bytes:
    content = file.durable
    for kind, what in file.pending:
        content = content + what if kind == 'write' else content[:what]
    return content


def session(vault: Path, *, events: int, disk: Any = None) -> dict[int, int]:
    """Record events, every third durable; returns those that were promised. Never raises."""
    promised: dict[int, int] = {}
    with suppress(VaultError):
        ledger = Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex', segment_bytes=3000)
        try:
            for number in range(events):
                event = Event(kind=Kind.MESSAGE, type_='test.said', data={'number': number})
                seq = ledger.append(event, durable=number % 3 == 0)
                if number % 3 == 0:
                    promised[seq] = number
                    if isinstance(disk, RecordingDisk):
                        disk.promise(seq, number)
        finally:
            ledger.close()
    return promised
