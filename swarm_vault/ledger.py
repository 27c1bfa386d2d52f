# SPDX-License-Identifier: Apache-2.0
"""The log of one writer: a hash chain that callers append to, made durable by groups.

A caller's event gets its place in the chain at once. A thread writes it as soon as it runs, and
syncs what has gathered once in `COMMIT_S` or every `COMMIT_LINES` lines (group commit). So a power
cut loses at most that, a killed process only what the thread had not yet taken, and neither loses
what was appended with `durable=True`: who does that goes to the disk itself, where nobody is there
just now, and takes along what the others wait for.

A failed write or sync is never tried again: the log is then faulty for good and says so.
"""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from swarm_vault.errors import VaultError
from swarm_vault.lines import Event, Kind, Link, encode_line, line_hash
from swarm_vault.log_files import DAY_NS, LogFiles
from swarm_vault.segments import SEGMENT_BYTES
from swarm_vault.waiting import COMMIT_LINES, Waiting

COMMIT_S = 0.1
"""The longest that an event waits for its sync, unless the disk is slower [s]."""
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
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._done = threading.Condition(self._lock)
        self._side_lock = threading.Lock()
        self._at_disk = self._broken = self._closing = False
        self._fault: str | None = None
        self._sides: list[SideFile] = []
        self._times = _Times()
        try:
            self._files = LogFiles(
                vault_dir, agent_id=agent_id, writer=writer, segment_bytes=segment_bytes
            )
        except OSError as error:
            raise VaultError(f'{self._name}: cannot be opened ({error}); mend the disk') from error
        self._link = self._files.written
        self._waiting = Waiting(self._link)
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
        return self._files.synced.seq

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
            seq = self._append(event, alone=durable)
            if durable:
                self._make_durable(seq)
            crowded = seq - self._waiting.taken >= YIELD_LINES
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
        seq = -1
        try:
            with self._side_lock:
                event = seal()
                if event is not None:
                    seq = self.append(event)
        except OSError as error:
            self._fail(error)
            raise VaultError(self._fault) from error
        with self._lock:
            self._make_durable(seq)

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

    def _append(self, event: Event, *, alone: bool = False) -> int:
        """Give an event its place; the thread hears of it unless its caller goes on alone."""
        self._refuse_if_ended()
        link = self._link
        time_ns = self._clock()
        line = encode_line(
            event, link, agent_id=self.agent_id, writer=self.writer, time_ns=time_ns
        )
        self._link = Link(link.seq + 1, line_hash(line))
        if not (self._waiting.blocks or alone):
            self._wake.notify()
        self._waiting.add(line, self._link, time_ns // DAY_NS)
        if self._waiting.bytes_ > MAX_WAITING_BYTES:
            self._fault = f'{self._name}: the disk is too slow, {self._waiting.bytes_} bytes wait'
        return link.seq

    def _refuse_if_ended(self) -> None:
        if self._fault is not None:
            raise VaultError(self._fault)
        if self._closing:
            raise VaultError(f'{self._name}: is closed; record before closing it')

    def _say_opened(self) -> None:
        for type_, data in self._files.found().items():
            self.append(Event(kind=Kind.SYSTEM, type_=type_, data=data))
        signed = {'signed': self._files.checkpoints.signed}
        self.append(Event(kind=Kind.SYSTEM, type_='ledger.opened', data=signed))

    # Who goes to the disk holds the lock, which is let go while it is there.

    def _make_durable(self, seq: int) -> None:
        """Go to the disk, or wait for who is there: one of the next takes this event along."""
        while self._files.synced.seq <= seq:
            if self._fault is not None:
                raise VaultError(self._fault)
            if self._at_disk or self._unsigned() >= COMMIT_LINES:
                self._done.wait()
            else:
                self._go_to_disk(write=True, sync=True)

    def _go_to_disk(self, *, write: bool = False, sync: bool = False) -> None:
        """Do it while nobody else is there; what fails there ends the log for good."""
        block = self._waiting.first() if write and self._waiting.blocks else None
        self._at_disk = True
        self._lock.release()
        try:
            if block is not None:
                self._files.write(block)
            if sync:
                self._files.sync()
        except Exception as error:  # noqa: BLE001 - nobody may act after a failure of any kind
            self._broken = True
            self._fault = self._fault or self._ended(error)
        finally:
            self._lock.acquire()
            self._at_disk = False
            self._waiting.forget(self._files.written)
            self._plan()
            self._done.notify_all()

    def _plan(self) -> None:
        """Tell the thread what is left to it, and when it is due."""
        files, times, now = self._files, self._times, time.monotonic()
        news = self._broken or bool(self._waiting.blocks)
        if files.written.seq == files.synced.seq:
            times.sync = None
        elif times.sync is None:
            times.sync, news = now + COMMIT_S, True
        unsigned = self._unsigned()
        sign = now if unsigned >= SIGN_LINES else now + CHECKPOINT_S
        if unsigned and (times.checkpoint is None or sign < times.checkpoint):
            times.checkpoint, news = sign, True
        if news:
            self._wake.notify()

    def _unsigned(self) -> int:
        """How many synced lines the thread has to sign; none where there is no key."""
        signed = self._files.checkpoints
        return self._files.synced.seq - signed.seq if signed.signed else 0

    # The thread: from here on nothing is called by others.

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                self._flush_sides()
                self._write_lines()
                self._sync_if_due()
                self._sign_if_due()
            if not self._broken:
                self._files.checkpoints.write()
                self._files.checkpoints.sync()
        except Exception as error:  # noqa: BLE001 - whatever ends this thread has to show
            self._fail(error)
        finally:
            self._release()

    def _wait_for_work(self) -> bool:
        """Sleep until something is due; False when all is done and the log is closed."""
        with self._wake:
            while not (self._closing or self._waiting.blocks or self._broken):
                due = self._times.next()
                patience = None if due is None else due - time.monotonic()
                if patience is not None and patience <= 0.0:
                    return True
                self._wake.wait(patience)
            ready = self._closing and self._files.synced == self._link
            return not (ready or self._broken)

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
            if self._waiting.blocks and self._is_my_turn():
                self._go_to_disk(write=True)

    def _sync_if_due(self) -> None:
        with self._lock:
            if self._sync_is_due() and self._is_my_turn():
                self._go_to_disk(sync=True)

    def _is_my_turn(self) -> bool:
        """Wait for who is at the disk, but not for the next one: there is more to do than this."""
        if self._at_disk:
            self._done.wait()
        return not (self._at_disk or self._broken)

    def _sync_is_due(self) -> bool:
        many = self._files.written.seq - self._files.synced.seq >= COMMIT_LINES
        due = self._times.sync
        return due is not None and (many or self._closing or time.monotonic() >= due)

    def _sign_if_due(self) -> None:
        with self._lock:
            due = self._times.checkpoint
            if self._broken or due is None or time.monotonic() < due:
                return
            self._times.checkpoint = None
        self._files.checkpoints.write()
        with self._lock:
            self._done.notify_all()

    def _fail(self, error: Exception) -> None:
        with self._wake:
            self._fault = self._fault or self._ended(error)
            self._done.notify_all()

    def _ended(self, error: Exception) -> str:
        return f'{self._name}: recording ended ({error}); mend the disk and restart'

    def _release(self) -> None:
        with self._lock:
            while self._at_disk:
                self._done.wait()
        if self._fault is not None:
            self._files.say(self._fault, time_ns=self._clock())
        self._files.close()
