# SPDX-License-Identifier: Apache-2.0
"""The bag of one core's frames: every decision's inputs and outputs, in an MCAP file.

The file is not chunked, so that whatever was flushed is readable after a SIGKILL, by every MCAP
reader. The digest of all its bytes so far goes into the log once a second, and that of the whole
file at its end: a changed bag shows.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcap.writer import Writer

from swarm_vault.bag_file import BagFile
from swarm_vault.codec import frame_codec, frame_type
from swarm_vault.core import Core
from swarm_vault.errors import VaultError
from swarm_vault.exactness import first_inexact
from swarm_vault.files import make_folder
from swarm_vault.lines import Event, JsonValue, Kind, encode_json

START_EVENT = 'core.start'
FRAMES_EVENT = 'core.frames'
SEAL_S = 1.0
"""The longest between a frame and the event that carries its digest [s]."""
MAX_WAITING_FRAMES = 20_000
PROFILE = 'hybrid_swarm'
TOPIC = 'frames'
ABOUT = 'core'
"""Name of the metadata record that makes a bag replayable without its log."""
_SAMPLES, _SAMPLE_EVERY = 20, 1000
"""The first frames, and every so many, are read back at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    time_ns: int
    data: bytes


class Bag:
    """Append frames from any thread; the ledger's thread writes them. A `SideFile`."""

    def __init__(
        self,
        core: Core[Any, Any, Any, Any],
        *,
        vault_dir: Path,
        name: str,
        about: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.core = core
        self._frame = frame_type(core)
        self._codec = frame_codec(core)
        self._frames: deque[_Waiting] = deque()
        self._guard = threading.Lock()
        self._count = 0
        self._sealed = 0
        self._seal_due_s = time.monotonic() + SEAL_S
        self._finished = False
        self._pushed = 0
        self.inexact = ''
        """The first input found that its record does not show as it was; samples only."""
        path = vault_dir / name
        make_folder(path.parent)
        self._file = BagFile(path)
        self._writer = self._start(about or {})

    @property
    def pushed(self) -> int:
        """How many frames were given to it."""
        return self._pushed

    def push(self, inputs: object, outputs: object, *, time_ns: int) -> None:
        """Encode a frame and let it wait to be written.

        Raises:
            VaultError: A field does not fit its type, or the disk does not keep up.
        """
        if len(self._frames) >= MAX_WAITING_FRAMES:
            raise VaultError(f'{self.name}: {MAX_WAITING_FRAMES} frames wait for the disk')
        data = self._codec.encode(self._frame(inputs, outputs))
        if self._pushed < _SAMPLES or self._pushed % _SAMPLE_EVERY == 0:
            self._sample(inputs, data)
        self._pushed += 1
        self._frames.append(_Waiting(time_ns=time_ns, data=data))

    def flush(self, *, final: bool) -> Event | None:
        """Write what waits; once a second, or at the end, sync it and return its digest.

        The end writes the summary; nothing can be pushed afterwards.
        """
        with self._guard:
            if self._finished:
                return None
            self._write_waiting()
            if final:
                self._finished = True
                self._writer.finish()  # type: ignore[no-untyped-call]
            self._file.flush()
            fresh = self._count > self._sealed
            if not final and not (fresh and time.monotonic() >= self._seal_due_s):
                return None
            self._file.sync()
            return self._seal(final=final)

    def seal_now(self) -> Event | None:
        """Write and sync what waits at once; return its digest, if there is anything new."""
        with self._guard:
            self._write_waiting()
            self._file.flush()
            if self._finished or self._count == self._sealed:
                return None
            self._file.sync()
            return self._seal(final=False)

    def close(self) -> None:
        """Let the file go."""
        with self._guard:
            self._finished = True
            self._file.close()

    def _sample(self, inputs: object, data: bytes) -> None:
        if self.inexact:
            return
        try:
            self.inexact = first_inexact(inputs, self._codec.decode(data).i)
        except VaultError as error:
            self.inexact = str(error)

    def _start(self, about: Mapping[str, str]) -> Writer:
        writer = self._file.writer()
        writer.start(profile=PROFILE)
        writer.add_metadata(ABOUT, dict(about))
        schema = writer.register_schema(
            name=f'{self.core.name}.v{self.core.version}',
            encoding='jsonschema',
            data=encode_json(self._codec.json_schema),
        )
        self._channel = writer.register_channel(
            topic=f'{self.core.name}/{TOPIC}', message_encoding='json', schema_id=schema
        )
        return writer

    def _write_waiting(self) -> None:
        while self._frames:
            frame = self._frames.popleft()
            self._writer.add_message(
                channel_id=self._channel,
                log_time=frame.time_ns,
                publish_time=frame.time_ns,
                sequence=self._count,
                data=frame.data,
            )
            self._count += 1

    def _seal(self, *, final: bool) -> Event:
        data: Mapping[str, JsonValue] = {
            'core': self.core.name,
            'bag': self.name,
            'first': self._sealed,
            'frames': self._count,
            'bytes': self._file.size(final=final),
            'sha256': self._file.sha256(final=final),
            'final': final,
            'inexact': self.inexact,
        }
        self._sealed = self._count
        self._seal_due_s = time.monotonic() + SEAL_S
        return Event(kind=Kind.DECISION, type_=FRAMES_EVENT, data=data)
