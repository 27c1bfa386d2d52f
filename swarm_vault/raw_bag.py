# SPDX-License-Identifier: Apache-2.0
"""The bag of raw ROS messages: what the sensors said, byte for byte, beside what was decided.

It is a rosbag2 MCAP file without chunks. Every flush ends in a footer that the next one writes
over, so the file is whole for every stock reader at any moment, also after a SIGKILL. The digest
of all its messages goes into the log once a second: a forged bag shows.
"""

import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mcap.writer import Writer

from swarm_vault.bag import SEAL_S
from swarm_vault.bag_file import BagFile
from swarm_vault.errors import VaultError
from swarm_vault.files import make_folder
from swarm_vault.lines import Event, JsonValue, Kind

STARTED_EVENT = 'bag.started'
SEALED_EVENT = 'bag.sealed'
SUFFIX = '.raw.mcap'
ABOUT = 'raw'
"""Name of the metadata record with which the file begins."""
MAX_WAITING_BYTES = 16_000_000
"""Messages that the disk does not take up to this are kept; more are left out and counted."""
_MAGIC = b'\x89MCAP0\r\n'
_TRAILER = struct.pack('<BQI', 0x0F, 4, 0) + struct.pack('<BQQQI', 0x02, 20, 0, 0, 0) + _MAGIC
"""End of the data, a footer that tells of no summary, and the magic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One recorded topic."""

    name: str
    """With its namespace, e.g. '/amr_1/scan'."""
    type_: str
    """e.g. 'sensor_msgs/msg/LaserScan'."""
    definition: str
    """The type as text, those that it uses behind it (rosbag2's 'ros2msg')."""


class _Message(NamedTuple):
    topic: str
    time_ns: int
    data: bytes


class RawBag:
    """Append serialized messages from any thread; the ledger's thread writes them. A `SideFile`.

    Args:
        vault_dir: The vault.
        name: The file's path in it.
        topics: What will be recorded.

    Raises:
        OSError: The file cannot be made.
    """

    def __init__(self, *, vault_dir: Path, name: str, topics: tuple[Topic, ...]) -> None:
        self.name = name
        self._waiting: deque[_Message] = deque()
        self._waiting_bytes = 0
        self._guard = threading.Lock()
        self._count = self._flushed = self._sealed = self._pushed = self._left_out = 0
        self._latest_ns = 0
        self._seal_due_s = time.monotonic() + SEAL_S
        self._finished = False
        path = vault_dir / name
        make_folder(path.parent)
        self._file = BagFile(path, _TRAILER)
        self._writer, self._channels = self._start(topics)

    @property
    def pushed(self) -> int:
        """How many messages were given to it."""
        return self._pushed

    @property
    def flushed(self) -> int:
        """How many messages stand in the file: a killed process leaves so many or more."""
        return self._flushed

    def push(self, topic: str, data: bytes, *, time_ns: int) -> None:
        """Let a message wait to be written; never waits for the disk.

        Args:
            topic: The name of one of the topics.
            data: The message as it came, CDR.
            time_ns: When it came, nanoseconds since the epoch.

        Raises:
            VaultError: There is no such topic.
        """
        if topic not in self._channels:
            raise VaultError(f'{self.name}: {topic!r} is not recorded; name it at the start')
        if self._waiting_bytes + len(data) > MAX_WAITING_BYTES:
            self._left_out += 1
            return
        self._waiting_bytes += len(data)
        self._pushed += 1
        self._waiting.append(_Message(topic, time_ns, data))

    def flush(self, *, final: bool) -> Event | None:
        """Write what waits; once a second, or at the end, sync it and return its digest."""
        with self._guard:
            if self._finished:
                return None
            self._finished = final
            self._write_waiting()
            self._file.flush()
            self._flushed = self._count
            fresh = self._count > self._sealed
            if not final and not (fresh and time.monotonic() >= self._seal_due_s):
                return None
            self._file.sync()
            return self._seal(final=final)

    def close(self) -> None:
        """Let the file go."""
        with self._guard:
            self._finished = True
            self._file.close()

    def _start(self, topics: tuple[Topic, ...]) -> tuple[Writer, Mapping[str, int]]:
        writer = self._file.writer()
        writer.start(profile='ros2')
        channels = {}
        for topic in topics:
            schema = writer.register_schema(
                name=topic.type_, encoding='ros2msg', data=topic.definition.encode()
            )
            channels[topic.name] = writer.register_channel(
                topic=topic.name, message_encoding='cdr', schema_id=schema
            )
        # The writer holds schemas and channels back until something is written behind them.
        writer.add_metadata(ABOUT, {'bag': self.name})
        self._file.flush()
        return writer, channels

    def _write_waiting(self) -> None:
        while self._waiting:
            message = self._waiting.popleft()
            self._waiting_bytes -= len(message.data)
            # Readers of files without an index insist on the order of time.
            self._latest_ns = max(self._latest_ns, message.time_ns)
            self._writer.add_message(
                channel_id=self._channels[message.topic],
                log_time=self._latest_ns,
                publish_time=message.time_ns,
                sequence=self._count,
                data=message.data,
            )
            self._count += 1

    def _seal(self, *, final: bool) -> Event:
        data: Mapping[str, JsonValue] = {
            'bag': self.name,
            'first': self._sealed,
            'frames': self._count,
            'bytes': self._file.size(final=final),
            'sha256': self._file.sha256(final=final),
            'final': final,
            'left_out': self._left_out,
        }
        self._sealed = self._count
        self._seal_due_s = time.monotonic() + SEAL_S
        return Event(kind=Kind.MESSAGE, type_=SEALED_EVENT, data=data)
