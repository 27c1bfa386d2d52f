# SPDX-License-Identifier: Apache-2.0
"""The log of one writer: a hash chain that callers append to and one thread makes durable.

A caller's event gets its place in the chain at once. The thread writes it as soon as it runs, and
syncs what has gathered once in `COMMIT_S` or every `COMMIT_LINES` lines (group commit). So a power
cut loses at most that, a killed process only what the thread had not yet taken, and neither loses
what was appended with `durable=True`.

A failed write or sync is never tried again: the log is then faulty for good and says so.
"""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Protocol

from swarm_vault.checkpoints import Checkpoints
from swarm_vault.errors import VaultError
from swarm_vault.files import take_lock
from swarm_vault.last_words import LastWords
from swarm_vault.lines import Event, JsonValue, Kind, Link, encode_line, line_hash
from swarm_vault.segments import LOCK, SEGMENT_BYTES, Segments, day_of, lines_after, log_folder

COMMIT_S = 0.1
"""The longest that an event waits for its sync, unless the disk is slower [s]."""
COMMIT_LINES = 256
"""So many lines are synced at once, at most."""
SIDE_FLUSH_S = 0.2
"""The longest that a frame waits in memory [s]."""
CHECKPOINT_S = 1.0
"""The longest between a sync and the signed checkpoint that covers it [s]."""
SIGN_LINES = 32
"""So many synced lines are signed at once."""
CLOSE_PATIENCE_S = 5.0
"""The longest that closing waits for a slow disk [s]."""
YIELD_LINES, YIELD_S = 2 * COMMIT_LINES, 1e-5
"""With more lines waiting, who appends leaves the interpreter to the thread for a moment [s]."""
MAX_WAITING_BYTES = 64_000_000
"""More that the disk did not take is a fault [bytes]."""

_DAY_NS = 86_400 * 10**9


class SideFile(Protocol):
    """A file beside the log that the same thread serves: the frames bag."""

    def flush(self, *, final: bool) -> Event | None:
        """Write what waits; return the event that seals it when one is due."""

    def close(self) -> None:
        """Finish the file."""


@dataclass(slots=True, kw_only=True)
class _Times:
    """When the thread has to do what next, monotonic [s]; None: nothing to do."""

    sync: float | None = None
    sides: float | None = None
    checkpoint: float | None = None

    def next(self) -> float | None:
        times = (self.sync, self.sides, self.checkpoint)
        return min((time_s for time_s in times if time_s is not None), default=None)


class Ledger:
    """Append events of one writer. Thread-safe; appending never waits for the disk.

    Args:
        vault_dir: The vault.
        agent_id: Whose log.
        writer: Which of the agent's processes writes it.
        clock: Nanoseconds since the epoch.
        segment_bytes: How large a file of the log may become.

    Raises:
        VaultError: Another process writes this log, or it cannot be opened.
    """

    def __init__(
        self,
        *,
        vault_dir: Path,
        agent_id: str,
        writer: str,
        clock: Callable[[], int] = time.time_ns,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.agent_id = agent_id
        self.writer = writer
        self._clock = clock
        self._name = f'log {agent_id}/{writer}'
        folder = log_folder(vault_dir, agent_id, writer)
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._done = threading.Condition(self._lock)
        self._side_lock = threading.Lock()
        self._waiting: deque[bytes] = deque()
        self._waiting_ns: deque[int] = deque()
        self._waiting_bytes = 0
        self._urgent = -1
        self._closing = False
        self._fault: str | None = None
        self._sides: list[SideFile] = []
        try:
            self._open(vault_dir, folder, segment_bytes)
        except OSError as error:
            raise VaultError(f'{self._name}: cannot be opened ({error}); mend the disk') from error
        self._link = self._written = self._synced = self._segments.link
        self._times = _Times()
        self._say_opened()
        self._thread = threading.Thread(target=self._run, name=f'vault-{writer}', daemon=True)
        self._thread.start()

    @property
    def lines(self) -> int:
        """How many events the chain has, from its very first."""
        return self._link.seq

    @property
    def durable(self) -> int:
        """How many events are on the disk."""
        return self._synced.seq

    @property
    def fault(self) -> str | None:
        """Why the log takes no more events; None while all is well."""
        return self._fault

    @property
    def closed(self) -> bool:
        """Whether it takes no more events, because it was closed."""
        return self._closing

    def append(self, event: Event, *, durable: bool = False) -> int:
        """Append an event and return its sequence number.

        Args:
            event: What happened.
            durable: Return only after the event is on the disk.

        Raises:
            VaultError: The event is no JSON, or the log is closed or faulty.
        """
        with self._lock:
            seq = self._append(event)
            if durable:
                self._urgent = seq
                self._wake.notify()
                self._wait_synced(seq)
            crowded = len(self._waiting) > YIELD_LINES
        if crowded:
            time.sleep(YIELD_S)
        return seq

    def attach(self, side: SideFile) -> None:
        """Let the thread serve a file beside the log."""
        with self._wake:
            self._refuse_if_ended()
            self._sides.append(side)
            self._times.sides = time.monotonic() + SIDE_FLUSH_S
            self._wake.notify()

    def detach(self, side: SideFile) -> None:
        """Seal and finish a file beside the log."""
        with self._wake:
            self._sides.remove(side)
        try:
            with closing(side):
                self._flush_side(side, final=True)
        except OSError as error:
            self._fail(error)

    def commit(self, seal: Callable[[], Event | None]) -> None:
        """Make a file beside the log durable now, and with it the event that seals it.

        Raises:
            VaultError: The disk failed, or the log is closed or faulty.
        """
        try:
            with self._side_lock:
                event = seal()
                if event is not None:
                    self.append(event, durable=True)
        except OSError as error:
            self._fail(error)
            raise VaultError(self._fault) from error

    def give_up(self, error: Exception) -> None:
        """End recording for good: somebody saw the disk fail before this log did."""
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
        self._thread.join(CLOSE_PATIENCE_S)
        if self._thread.is_alive():
            self._fail(TimeoutError(f'the disk did not take all within {CLOSE_PATIENCE_S:g} s'))

    def _append(self, event: Event) -> int:
        self._refuse_if_ended()
        link = self._link
        time_ns = self._clock()
        line = encode_line(
            event, link, agent_id=self.agent_id, writer=self.writer, time_ns=time_ns
        )
        self._link = Link(link.seq + 1, line_hash(line))
        self._waiting.append(line)
        self._waiting_ns.append(time_ns)
        self._waiting_bytes += len(line)
        if len(self._waiting) == 1:
            self._wake.notify()
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self._fault = f'{self._name}: the disk is too slow, {self._waiting_bytes} bytes wait'
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

    def _open(self, vault_dir: Path, folder: Path, segment_bytes: int) -> None:
        with ExitStack() as on_error:
            self._lock_descriptor = take_lock(folder / LOCK, self._name)
            on_error.callback(os.close, self._lock_descriptor)
            self._checkpoints = Checkpoints(vault_dir, agent_id=self.agent_id, writer=self.writer)
            self._segments = Segments(folder, segment_bytes=segment_bytes)
            self._last_words = LastWords(folder)
            end = self._segments.link
            self._checkpoints.begin(end, lambda seq: lines_after(folder, seq))
            on_error.pop_all()

    def _say_opened(self) -> None:
        said = self._last_words.read()
        if said is not None:
            self.append(Event(kind=Kind.SYSTEM, type_='ledger.faulted', data=said))
        torn = self._segments.torn
        if torn is not None:
            data: Mapping[str, JsonValue] = {
                'file': torn.file,
                'sidecar': torn.sidecar,
                'bytes': torn.bytes_,
            }
            self.append(Event(kind=Kind.SYSTEM, type_='ledger.recovered', data=data))
        data = {'signed': self._checkpoints.signed}
        self.append(Event(kind=Kind.SYSTEM, type_='ledger.opened', data=data))
        self._heard = said is not None

    # The thread: from here on nothing is called by others.

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                self._flush_sides()
                self._write_lines()
                self._sync_if_due()
                self._sign_if_due()
            self._checkpoints.write()
            self._checkpoints.sync()
        except Exception as error:  # noqa: BLE001 - whatever ends this thread has to show
            self._fail(error)
        finally:
            self._release()

    def _wait_for_work(self) -> bool:
        """Sleep until something is due; False when all is done and the log is closed."""
        with self._wake:
            while not (self._closing or self._waiting or self._is_urgent()):
                due = self._times.next()
                patience = None if due is None else due - time.monotonic()
                if patience is not None and patience <= 0.0:
                    return True
                self._wake.wait(patience)
            return bool(self._waiting) or self._synced != self._link or not self._closing

    def _is_urgent(self) -> bool:
        return self._synced.seq <= self._urgent

    def _flush_sides(self) -> None:
        now = time.monotonic()
        if self._times.sides is not None and now >= self._times.sides:
            for side in tuple(self._sides):
                self._flush_side(side, final=False)
            with self._wake:
                self._times.sides = now + SIDE_FLUSH_S if self._sides else None

    def _flush_side(self, side: SideFile, *, final: bool) -> None:
        with self._side_lock:
            seal = side.flush(final=final)
            if seal is not None and self._fault is None:
                self.append(seal)

    def _write_lines(self) -> None:
        with self._lock:
            count = min(len(self._waiting), COMMIT_LINES)
            lines = [self._waiting.popleft() for _ in range(count)]
            days = [self._waiting_ns.popleft() // _DAY_NS for _ in range(count)]
            self._waiting_bytes -= sum(map(len, lines))
        for day, group in groupby(zip(days, lines, strict=True), key=itemgetter(0)):
            self._segments.append(day_of(day * _DAY_NS), [line for _, line in group])
        if lines:
            self._checkpoints.take(lines)
            self._written = Link(self._written.seq + count, line_hash(lines[-1]))
            if self._times.sync is None:
                self._times.sync = time.monotonic() + COMMIT_S

    def _sync_if_due(self) -> None:
        if self._times.sync is None:
            return
        many = self._written.seq - self._synced.seq >= COMMIT_LINES
        hurry = many or self._is_urgent() or self._closing
        if hurry or time.monotonic() >= self._times.sync:
            self._segments.sync()
            self._checkpoints.seal(self._written)
            with self._wake:
                self._synced = self._written
                self._done.notify_all()
            if self._heard:
                self._last_words.forget()
                self._heard = False
            self._times.sync = None
            if self._times.checkpoint is None:
                self._times.checkpoint = time.monotonic() + CHECKPOINT_S

    def _sign_if_due(self) -> None:
        if self._times.checkpoint is None:
            return
        many = self._synced.seq - self._checkpoints.seq >= SIGN_LINES
        if many or time.monotonic() >= self._times.checkpoint:
            self._checkpoints.write()
            self._times.checkpoint = None

    def _fail(self, error: Exception) -> None:
        with self._wake:
            reason = f'{self._name}: recording ended ({error}); mend the disk and restart'
            self._fault = self._fault or reason
            self._done.notify_all()

    def _release(self) -> None:
        self._segments.close()
        self._checkpoints.close()
        self._say_fault()
        os.close(self._lock_descriptor)

    def _say_fault(self) -> None:
        if self._fault is None:
            return
        try:
            self._last_words.say(self._fault, seq=self._synced.seq, time_ns=self._clock())
        except OSError as error:
            sys.stderr.write(f'{self._name}: the disk does not even take why it ended ({error})\n')
