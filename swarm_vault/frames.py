# SPDX-License-Identifier: Apache-2.0
"""Read frames bags, and compare them with the digests that the log holds."""

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from swarm_vault.bag import ABOUT, FRAMES_EVENT, START_EVENT
from swarm_vault.errors import VaultError
from swarm_vault.raw_bag import SEALED_EVENT, STARTED_EVENT
from swarm_vault.raw_bag import SUFFIX as RAW_SUFFIX
from swarm_vault.reading import open_regular

REMOVED_EVENT = 'bag.removed'
_STARTS, _SEALS = (START_EVENT, STARTED_EVENT), (FRAMES_EVENT, SEALED_EVENT)
_MAX_RECORD_BYTES = 64_000_000
_PIECE_BYTES = 1 << 20
_MAGIC = b'\x89MCAP0\r\n'
_FOOTER, _MESSAGE = 2, 5
_HEAD = struct.Struct('<BQ')
"""Opcode and length of a record."""
_MESSAGE_HEAD = struct.Struct('<HIQQ')
"""Channel, sequence, log time and publish time [ns] of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What the log says of a bag at one moment."""

    seq: int
    """Of the event."""
    frames: int
    bytes_: int
    sha256: str
    final: bool


@dataclass(slots=True, kw_only=True)
class BagLog:
    """All that one log says of one bag."""

    name: str
    start: Mapping[str, Any] = field(default_factory=dict)
    """The data of core.start; empty if the log does not tell of it."""
    seals: list[Seal] = field(default_factory=list)

    removed: int | None = None
    """The event that says that the bag was removed by policy; None while it is kept."""
    inexact: str = ''
    """An input that its record does not show as it was, if one was noticed."""
    left_out: int = 0
    """Messages that came while the disk was too slow."""

    @property
    def raw(self) -> bool:
        """Whether it holds ROS messages, not decisions."""
        return self.name.endswith(RAW_SUFFIX)

    @property
    def sealed(self) -> int:
        """How many frames the log vouches for."""
        return max((seal.frames for seal in self.seals), default=0)

    @property
    def finished(self) -> bool:
        """Whether the log vouches for the whole file."""
        return any(seal.final for seal in self.seals)


class BagReader:
    """Iterate over the frames of a bag up to its end or to where a crash tore it.

    After the iteration `torn` tells why the file ends early, or is empty, and `fault` how it
    differs from what its log vouches for. It reads the records of an unchunked MCAP file itself,
    ten times faster than the reader of the library, and the file once for both.

    Args:
        path: The bag.
        log: What its log says of it; None: nothing is compared.
    """

    def __init__(self, path: Path, log: BagLog | None = None) -> None:
        self._path = path
        self._log = BagLog(name=path.name) if log is None else log
        self.torn = ''
        self.fault = ''
        self.frames = 0
        self.first_ns = 0
        self.last_ns = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the frames' JSON."""
        try:
            with open_regular(self._path, buffering=0) as file:
                sealed = SealedFile(file, self._log)
                for data in self._records(iter(sealed)):
                    self.frames += 1
                    yield data
                self.fault = sealed.fault
        except OSError as error:
            self.torn = f'the file cannot be read further ({error})'
            self.fault = _unreadable(self._log, error)

    def _records(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The frames in the bytes of a file; all pieces are taken, so that all are compared."""
        data, at = next(pieces, b''), len(_MAGIC)
        while len(data) < at and (more := next(pieces, b'')):
            data += more
        if data[:at] != _MAGIC:
            self.torn = 'the file does not begin as an MCAP file'
        opcode = 0
        while opcode != _FOOTER and not self.torn:
            here, opcode, size = at + _HEAD.size, 0, 0
            if here <= len(data):
                opcode, size = _HEAD.unpack_from(data, at)
            if here + size > len(data) and size <= _MAX_RECORD_BYTES:
                more = next(pieces, b'')
                data, at = data[at:] + more, 0
                opcode = 0
                self.torn = '' if more else 'the file ends in the middle'
            elif not opcode or size > _MAX_RECORD_BYTES:
                self.torn = 'the file ends in the middle'
            elif opcode == _MESSAGE and size < _MESSAGE_HEAD.size:
                self.torn = 'the file holds a message without its head'
            else:
                at = here + size
                if opcode == _MESSAGE:
                    _, _, self.last_ns, _ = _MESSAGE_HEAD.unpack_from(data, here)
                    self.first_ns = self.first_ns or self.last_ns
                    yield data[here + _MESSAGE_HEAD.size : at]
        for _ in pieces:
            pass


class SealedFile:
    """Hand out the bytes of an open bag, and compare them with its seals on the way.

    After the iteration `fault` tells how they differ, or is empty. Bytes behind the last seal are
    no fault unless that one was final.
    """

    def __init__(self, file: IO[bytes], log: BagLog) -> None:
        self.fault = ''
        self._file, self._log = file, log

    def __iter__(self) -> Iterator[bytes]:
        """Yield all bytes in pieces, none of them empty."""
        yield from self._sealed()
        while piece := self._file.read(_PIECE_BYTES):
            if self._log.finished and not self.fault:
                self.fault = f'{self._log.name}: bytes stand behind the final seal'
            yield piece

    def _sealed(self) -> Iterator[bytes]:
        digest, size, name = hashlib.sha256(), 0, self._log.name
        for seal in self._log.seals:
            start = size
            if seal.bytes_ < size:
                self.fault = f'{name}: seq {seal.seq} seals fewer bytes than the seal before it'
                return
            while size < seal.bytes_:
                piece = self._file.read(min(_PIECE_BYTES, seal.bytes_ - size))
                if not piece:
                    self.fault = (
                        f'{name}: seq {seal.seq} sealed {seal.bytes_} bytes, {size} are there'
                    )
                    return
                digest.update(piece)
                size += len(piece)
                yield piece
            if digest.hexdigest() != seal.sha256:
                self.fault = (
                    f'{name}: bytes {start} to {seal.bytes_ - 1} are not those that'
                    f' seq {seal.seq} sealed'
                )
                return


def about_bag(path: Path) -> dict[str, Any]:
    """What a bag says of the core that decided: its name, version, code and parameters.

    Raises:
        VaultError: It cannot be read, or says nothing.
    """
    from mcap.exceptions import McapError
    from mcap.records import Metadata
    from mcap.stream_reader import StreamReader

    try:
        with open_regular(path) as file:
            for record in StreamReader(file).records:
                if isinstance(record, Metadata) and record.name == ABOUT:
                    return {key: json.loads(text) for key, text in record.metadata.items()}
    except (OSError, McapError, struct.error, ValueError) as error:
        raise VaultError(f'{path}: is no bag of decisions ({error!r})') from error
    raise VaultError(f'{path}: does not say which core decided; replay it with its vault')


def plain_frame(data: bytes, what: str) -> dict[str, Any]:
    """The inputs and outputs of a frame as plain values.

    Raises:
        VaultError: It is none; `what` names it.
    """
    try:
        frame = json.loads(data)
        return {'inputs': frame['i'], 'outputs': frame['o']}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise VaultError(f'{what} is no decision ({error!r}); verify the vault') from error


def bag_fault(path: Path, log: BagLog) -> str:
    """Judge whether a bag holds the bytes that the log vouches for; empty if it does."""
    try:
        with open_regular(path) as file:
            return seal_fault(file, log)
    except OSError as error:
        return _unreadable(log, error)


def seal_fault(file: IO[bytes], log: BagLog) -> str:
    """Compare an open bag with its seals; empty if all of them fit."""
    sealed = SealedFile(file, log)
    for _ in sealed:
        pass
    return sealed.fault


def _unreadable(log: BagLog, error: OSError) -> str:
    if not log.seals:
        return ''
    return f'{log.name}: {log.sealed} frames were sealed, but {error.strerror}'


def note_bag(logs: dict[str, BagLog], event: Mapping[str, Any]) -> None:
    """Take what one event says of a bag, if it does.

    Raises:
        VaultError: The event does not have the form that a recorder writes.
    """
    if event.get('type') not in (*_STARTS, *_SEALS, REMOVED_EVENT):
        return
    try:
        _note_bag(logs, event, event['data'])
    except (KeyError, TypeError, AttributeError) as error:
        raise VaultError(
            f'seq {event["seq"]} is a {event["type"]} without a usable {error}'
        ) from error


def _note_bag(logs: dict[str, BagLog], event: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    name = data['bag']
    folder, _, file = name.rpartition('/')
    if folder != 'bags/' + event['id'].rpartition('/')[0] or not file.endswith('.mcap'):
        raise VaultError(f'seq {event["seq"]} speaks of the bag {name[:80]!r} of another log')
    log = logs.setdefault(name, BagLog(name=name))
    if event['type'] != REMOVED_EVENT and log.raw != event['type'].startswith('bag.'):
        raise VaultError(f'seq {event["seq"]} speaks of {name[:80]!r} as of another kind of bag')
    if event['type'] in _STARTS:
        log.start = data
    elif event['type'] == REMOVED_EVENT:
        log.removed = event['seq']
    else:
        log.inexact = '' if log.raw else str(data['inexact'])
        log.left_out = _count(data['left_out']) if log.raw else 0
        log.seals.append(
            Seal(
                seq=event['seq'],
                frames=_count(data['frames']),
                bytes_=_count(data['bytes']),
                sha256=data['sha256'],
                final=data['final'],
            )
        )


def _count(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError(f'count {value!r}')
    return value
