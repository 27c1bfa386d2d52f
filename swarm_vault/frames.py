# SPDX-License-Identifier: Apache-2.0
"""Read frames bags, and compare them with the digests that the log holds."""

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from mcap.exceptions import EndOfFile, McapError
from mcap.records import Message
from mcap.stream_reader import StreamReader

from swarm_vault.bag import FRAMES_EVENT, START_EVENT
from swarm_vault.errors import VaultError

_MAX_RECORD_BYTES = 64_000_000


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

    inexact: str = ''
    """An input that its record does not show as it was, if one was noticed."""

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

    After the iteration `torn` tells why the file ends early, or is empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.torn = ''
        self.first_ns = 0
        self.last_ns = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the frames' JSON."""
        try:
            with self._path.open('rb') as file:
                reader = StreamReader(
                    _WholeReads(file),  # type: ignore[arg-type]
                    record_size_limit=_MAX_RECORD_BYTES,
                )
                for record in reader.records:
                    if isinstance(record, Message):
                        self.first_ns = self.first_ns or record.log_time
                        self.last_ns = record.log_time
                        yield record.data
        except EndOfFile:
            self.torn = 'the file ends in the middle'
        except (McapError, struct.error, ValueError, OSError) as error:
            self.torn = f'the file cannot be read further ({error})'


def bag_fault(path: Path, log: BagLog) -> str:
    """Judge whether a bag holds the bytes that the log vouches for; empty if it does.

    Bytes behind the last seal are no fault unless that one was final.
    """
    try:
        with path.open('rb') as file:
            return seal_fault(file, log)
    except OSError as error:
        if not log.seals:
            return ''
        return f'{log.name}: {log.sealed} frames were sealed, but {error.strerror}'


def seal_fault(file: IO[bytes], log: BagLog) -> str:
    """Compare an open bag with its seals; empty if all of them fit."""
    digest, size = hashlib.sha256(), 0
    for seal in log.seals:
        if seal.bytes_ < size:
            return f'{log.name}: seq {seal.seq} seals fewer bytes than the seal before it'
        chunk = file.read(seal.bytes_ - size)
        digest.update(chunk)
        if size + len(chunk) < seal.bytes_:
            return (
                f'{log.name}: seq {seal.seq} sealed {seal.bytes_} bytes,'
                f' {size + len(chunk)} are there'
            )
        if digest.hexdigest() != seal.sha256:
            return (
                f'{log.name}: bytes {size} to {seal.bytes_ - 1} are not those that'
                f' seq {seal.seq} sealed'
            )
        size = seal.bytes_
    if log.finished and file.read(1):
        return f'{log.name}: bytes stand behind the final seal'
    return ''


def note_bag(logs: dict[str, BagLog], event: Mapping[str, Any]) -> None:
    """Take what one event says of a bag, if it does.

    Raises:
        VaultError: The event does not have the form that a recorder writes.
    """
    if event.get('type') not in (START_EVENT, FRAMES_EVENT):
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
    if event['type'] == START_EVENT:
        log.start = data
    else:
        log.inexact = str(data['inexact'])
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


class _WholeReads:
    """A file whose short read at the end is an end, not a shorter value."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise EndOfFile
        return data
