# SPDX-License-Identifier: Apache-2.0
"""The log of one writer: a hash chain that callers append to and one thread makes durable.

A caller's event gets its place in the chain at once; the thread writes and syncs what has gathered
(group commit). So a power cut loses at most what came in the last `COMMIT_S` or the last
`COMMIT_LINES` lines, whichever is less, and nothing that was appended with `durable=True`. A
killed process loses the same at most, for lines wait in memory until their commit.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from swarm_vault.checkpoints import Checkpoints
from swarm_vault.errors import VaultError
from swarm_vault.files import take_lock
from swarm_vault.lines import Event, JsonValue, Kind, Link, encode_line, line_hash
from swarm_vault.segments import Segments, day_of, log_folder

COMMIT_S = 0.1
"""The longest that an event waits for its commit, unless the disk is slower [s]."""
COMMIT_LINES = 256
"""This many waiting lines are committed at once."""
SIDE_FLUSH_S = 0.2
"""The longest that a frame waits in memory [s]."""
MAX_WAITING_BYTES = 64_000_000
"""More that the disk did not take is a fault [bytes]."""


class SideFile(Protocol):
    """A file beside the log that the same thread serves: the frames bag."""

    def flush(self, *, final: bool) -> Event | None:
        """Write what waits; return the event that seals it when one is due."""

    def close(self) -> None:
        """Finish the file."""


class Ledger:
    """Append events of one writer. Thread-safe; appending never waits for the disk.

    Raises:
        VaultError: Another process writes this log, or it cannot be opened.
    """

    def __init__(self, *, vault_dir: Path, agent_id: str, writer: str) -> None:
        self.agent_id = agent_id
        self.writer = writer
        self._name = f'log {agent_id}/{writer}'
        folder = log_folder(vault_dir, agent_id, writer)
        self._lock_descriptor = take_lock(folder / '.lock', self._name)
        self._wake = threading.Condition()
        self._done = threading.Condition(self._wake)
        self._waiting: list[tuple[str, bytes]] = []
        self._waiting_bytes = 0
        self._waiting_since = 0.0
        self._urgent = False
        self._closing = False
        self._fault: str | None = None
        self._sides: list[SideFile] = []
        self._synced = Link()
        self._segments = self._open(folder)
        self._link = self._synced = self._segments.link
        self._checkpoints = Checkpoints(vault_dir, agent_id=agent_id, writer=writer)
        self._say_opened()
        self._thread = threading.Thread(target=self._run, name=f'vault-{writer}', daemon=True)
        self._thread.start()

    @property
    def lines(self) -> int:
        """How many events the chain has, from its very first."""
        return self._link.seq

    @property
    def fault(self) -> str | None:
        """Why the log takes no more events; None while all is well."""
        return self._fault

    def append(self, event: Event, *, durable: bool = False) -> int:
        """Append an event and return its sequence number.

        Args:
            event: What happened.
            durable: Return only after the event is on the disk.

        Raises:
            VaultError: The event is no JSON, or the log is closed or faulty.
        """
        with self._wake:
            seq = self._append(event)
            if durable:
                self._urgent = True
                self._wake.notify()
                self._wait_synced(seq)
        return seq

    def attach(self, side: SideFile) -> None:
        """Let the thread serve a file beside the log."""
        with self._wake:
            self._refuse_if_ended()
            self._sides.append(side)
            self._wake.notify()

    def detach(self, side: SideFile) -> None:
        """Seal and finish a file beside the log."""
        with self._wake:
            self._sides.remove(side)
        try:
            self._flush_side(side, final=True)
            side.close()
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        """Commit everything, sign the end and let the files go. Closing twice is allowed."""
        with self._wake:
            if self._closing:
                return
            sides = tuple(self._sides)
        for side in sides:
            self.detach(side)
        with self._wake:
            if self._fault is None:
                self._append(Event(kind=Kind.SYSTEM, type_='ledger.closed', data={}))
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _append(self, event: Event) -> int:
        self._refuse_if_ended()
        link = self._link
        time_ns = time.time_ns()
        line = encode_line(
            event, link, agent_id=self.agent_id, writer=self.writer, time_ns=time_ns
        )
        self._link = Link(seq=link.seq + 1, prev=line_hash(line))
        self._waiting.append((day_of(time_ns), line))
        self._waiting_bytes += len(line)
        if len(self._waiting) == 1:
            self._waiting_since = time.monotonic()
        if len(self._waiting) in (1, COMMIT_LINES):
            self._wake.notify()
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self._fault = f'{self._name}: the disk does not keep up, {self._waiting_bytes} bytes wait'
        return link.seq

    def _refuse_if_ended(self) -> None:
        if self._fault is not None:
            raise VaultError(self._fault)
        if self._closing:
            raise VaultError(f'{self._name}: is closed; record before closing it')

    def _wait_synced(self, seq: int) -> None:
        while self._synced.seq <= seq:
            if self._fault is not None:
                raise VaultError(self._fault)
            self._done.wait()

    def _open(self, folder: Path) -> Segments:
        try:
            return Segments(folder)
        except OSError as error:
            raise VaultError(f'{self._name}: cannot be opened ({error}); mend the disk') from error

    def _say_opened(self) -> None:
        torn = self._segments.torn
        if torn is not None:
            data: Mapping[str, JsonValue] = {
                'file': torn.file, 'sidecar': torn.sidecar, 'bytes': torn.bytes_
            }
            self._append(Event(kind=Kind.SYSTEM, type_='ledger.recovered', data=data))
        data = {'signed': self._checkpoints.signed}
        self._append(Event(kind=Kind.SYSTEM, type_='ledger.opened', data=data))

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                self._work()
            self._work()
            self._checkpoints.write(self._synced)
        except (OSError, VaultError) as error:
            self._fail(error)
        finally:
            self._segments.close()
            self._checkpoints.close()
            with self._wake:
                self._closing = True
                self._done.notify_all()
```
