# SPDX-License-Identifier: Apache-2.0
"""Start the processes of a fleet, keep them running, stop them within 3 s, robots at rest."""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

STOP_S = 10.0
"""One that hangs is killed this long after it was asked to stop [s]; a busy machine needs some."""
RESTART_PAUSE_S = 0.5
"""A process that died is started again after this pause [s]."""
MAX_RESTARTS = 20
_STARTER = shutil.which('setpriv')
ENDS_WITH_US = (_STARTER, '--pdeathsig', 'TERM') if _STARTER else ()
"""What a command is started with so that it stops when we are killed (Linux: util-linux).

It goes by the thread that started the command: start processes from one that lives to the end.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """A process to run: its name, arguments, and whether it is started again when it dies."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    restart: bool = True
    stdin: bool = False
    stop_rank: int = 1
    """Lower ranks are stopped first."""


@dataclass(slots=True, kw_only=True)
class RunningProcess:
    """A process of the group."""

    spec: ProcessSpec
    popen: subprocess.Popen[bytes]
    restarts: int = 0
    died_at: float | None = None


class ProcessGroup:
    """The processes of one fleet on this machine; each writes to its own log file."""

    def __init__(self, log_dir: Path) -> None:
        """Create the log folder.

        Args:
            log_dir: Where each process writes `<name>.log`.
        """
        log_dir.mkdir(parents=True, exist_ok=True)
        self._log_dir = log_dir
        self._running: dict[str, RunningProcess] = {}
        self.notes: list[str] = []

    def start(self, spec: ProcessSpec) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own, so that Ctrl-C reaches only us."""
        popen = self._spawn(spec)
        self._running[spec.name] = RunningProcess(spec=spec, popen=popen)
        return popen

    def start_all(self, specs: Iterable[ProcessSpec]) -> None:
        """Start several processes in their order."""
        for spec in specs:
            self.start(spec)

    def poll(self) -> None:
        """Start again what died and may be started again; call it a few times a second."""
        now = time.monotonic()
        for process in self._running.values():
            code = process.popen.poll()
            if code is None or not process.spec.restart or process.restarts >= MAX_RESTARTS:
                continue
            if process.died_at is None:
                process.died_at = now
                self.notes.append(
                    f'{process.spec.name} ended with {_ending(code)}; it is restarted'
                )
            elif now - process.died_at >= RESTART_PAUSE_S:
                process.popen = self._spawn(process.spec)
                process.restarts += 1
                process.died_at = None

    def dead(self) -> tuple[str, ...]:
        """Names of the processes that ended and are not to be restarted."""
        return tuple(
            name
            for name, process in self._running.items()
            if process.popen.poll() is not None
            and (not process.spec.restart or process.restarts >= MAX_RESTARTS)
        )

    def kill(self, name: str, *, for_good: bool = False) -> None:
        """SIGKILL a process, to see what the others do.

        Args:
            name: Which one.
            for_good: It is not started again.

        Raises:
            KeyError: There is no process of this name.
        """
        if for_good:
            self._running[name].restarts = MAX_RESTARTS
        self._running[name].popen.kill()

    def names(self) -> tuple[str, ...]:
        """Names of all processes."""
        return tuple(self._running)

    def send_line(self, name: str, line: str) -> None:
        """Write a line to a process's standard input; that it is not there just now is noted."""
        pipe = self._running[name].popen.stdin
        assert pipe is not None
        try:
            os.write(pipe.fileno(), line.encode() + b'\n')
        except BrokenPipeError:
            self.notes.append(f'{name} was not there to be told {line!r}')

    def stop(
        self, names: Iterable[str] | None = None, within_s: float = STOP_S
    ) -> tuple[str, ...]:
        """Stop processes rank by rank with SIGTERM; kill what is still there at the end.

        Returns:
            The names of those that had to be killed.
        """
        chosen = [self._running[n] for n in (self._running if names is None else names)]
        for rank in sorted({process.spec.stop_rank for process in chosen}):
            group = [process for process in chosen if process.spec.stop_rank == rank]
            deadline = time.monotonic() + within_s
            for process in group:
                _signal(process.popen, signal.SIGTERM)
            for process in group:
                _wait(process.popen, deadline)
        killed = tuple(process.spec.name for process in chosen if process.popen.poll() is None)
        for process in chosen:
            _signal(process.popen, signal.SIGKILL)
            process.popen.wait()
            self._running.pop(process.spec.name, None)
        return killed

    def _spawn(self, spec: ProcessSpec) -> subprocess.Popen[bytes]:
        with (self._log_dir / f'{spec.name}.log').open('ab') as log:
            return subprocess.Popen(
                (*ENDS_WITH_US, *spec.argv),
                env={**os.environ, **spec.environment},
                stdin=subprocess.PIPE if spec.stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def children_cpu_s() -> float:
    """Processor time of all ended and awaited child processes [s]."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _signal(popen: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if popen.poll() is None:
        popen.send_signal(number)


def _wait(popen: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        popen.wait(max(0.05, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return


def _ending(code: int) -> str:
    return f'signal {signal.Signals(-code).name}' if code < 0 else f'exit code {code}'
