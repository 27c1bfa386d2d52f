# SPDX-License-Identifier: Apache-2.0
"""The files of one log in the hands of its writer: lines, signed checkpoints, last words, lock.

Lines are written and synced by one thread at a time, whichever it is. A signal's handler may end
that with an exception in the main thread (Ctrl-C): all that is kept is stored in one step behind
what it speaks of, so that whoever comes next can do the same again.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

from swarm_vault.checkpoints import Checkpoints
from swarm_vault.files import take_lock
from swarm_vault.last_words import LastWords
from swarm_vault.lines import JsonValue
from swarm_vault.segments import LOCK, Segments, day_of, lines_after, log_folder
from swarm_vault.waiting import Block

DAY_NS = 86_400 * 10**9


class LogFiles:
    """Open a log to write it.

    Args:
        vault_dir: The vault.
        agent_id: Whose log.
        writer: Which of the agent's processes writes it.
        segment_bytes: How large a file of the log may become.

    Raises:
        VaultError: Another process writes this log.
        OSError: It cannot be opened.
    """

    def __init__(self, vault_dir: Path, *, agent_id: str, writer: str, segment_bytes: int) -> None:
        folder = log_folder(vault_dir, agent_id, writer)
        self._name = f'log {agent_id}/{writer}'
        with ExitStack() as on_error:
            self._lock = take_lock(folder / LOCK, self._name)
            on_error.callback(os.close, self._lock)
            self.checkpoints = Checkpoints(vault_dir, agent_id=agent_id, writer=writer)
            self._segments = Segments(folder, segment_bytes=segment_bytes)
            self._last_words = LastWords(folder)
            self.written = self.synced = self._segments.link
            self.checkpoints.begin(self.written, lambda seq: lines_after(folder, seq))
            self._heard = self._last_words.read()
            on_error.pop_all()

    def found(self) -> Mapping[str, Mapping[str, JsonValue]]:
        """What the end before left behind, by the type of the event that tells it."""
        told: dict[str, Mapping[str, JsonValue]] = {}
        if self._heard is not None:
            told['ledger.faulted'] = self._heard
        torn = self._segments.torn
        if torn is not None:
            told['ledger.recovered'] = {
                'file': torn.file,
                'sidecar': torn.sidecar,
                'bytes': torn.bytes_,
            }
        return told

    def write(self, block: Block) -> None:
        """Write what of a block is not written yet."""
        fresh = block.end.seq - self._segments.lines
        if fresh > 0:
            self._segments.append(_name_of(block.day), block.lines[-fresh:])
        self.checkpoints.take(block.end, block.lines)
        self.written = block.end

    def sync(self) -> None:
        """Return after everything written is durable."""
        self._segments.sync()
        self.checkpoints.seal()
        self.synced = self.written
        if self._heard is not None:
            self._last_words.forget()
            self._heard = None

    def say(self, fault: str, *, time_ns: int) -> None:
        """Write why the log ended although nobody closed it, for the next start to tell.

        Args:
            fault: The reason.
            time_ns: When, nanoseconds since the epoch.
        """
        try:
            self._last_words.say(fault, seq=self.synced.seq, time_ns=time_ns)
        except OSError as error:
            sys.stderr.write(f'{self._name}: the disk does not even take why it ended ({error})\n')

    def close(self) -> None:
        """Let the files go."""
        self._segments.close()
        self.checkpoints.close()
        os.close(self._lock)


@lru_cache(maxsize=2)
def _name_of(day: int) -> str:
    return day_of(day * DAY_NS)
