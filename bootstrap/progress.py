# SPDX-License-Identifier: Apache-2.0
"""Show how a set-up goes: one moving line on a terminal, plain lines elsewhere."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

from bootstrap.problem import SetupError

REFRESH_S = 0.2
STOP_S = 5.0
TAIL_LINES = 15


class Progress:
    """Runs the programs of a set-up and shows step, seconds and their last line."""

    def __init__(
        self, *, steps: int, log_dir: Path, lock_fd: int, out: TextIO = sys.stderr
    ) -> None:
        """Show to `out`.

        Args:
            steps: How many steps there are.
            log_dir: Where each step's programs write `<step>.log`.
            lock_fd: Descriptor of the set-up's lock. Children inherit it, so that the lock holds
                until they are gone also when this process is killed.
            out: Where to show it.
        """
        log_dir.mkdir(parents=True, exist_ok=True)
        self._steps = steps
        self._log_dir = log_dir
        self._lock_fd = lock_fd
        self._out = out
        self._moving = out.isatty()
        self._number = 0
        self._title = ''
        self._log = log_dir / 'none.log'
        self._began = time.monotonic()

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        """Show one step from begin to end."""
        self._number += 1
        self._title = title
        self._log = self._log_dir / f'{name}.log'
        self._log.unlink(missing_ok=True)
        self._began = time.monotonic()
        if not self._moving:
            self._say(f'{self._head()} …\n')
        yield
        self._say(f'{self._head()}: done in {time.monotonic() - self._began:.0f} s\n')

    def run(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        """Run a program to its end; everything that it says goes to the step's log.

        Raises:
            SetupError: It failed; the message holds its last lines.
        """
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            pass_fds=(self._lock_fd,),
            start_new_session=True,
        )
        assert child.stdout is not None
        try:
            self._follow(child.stdout)
        except BaseException:
            _end(child)
            raise
        finally:
            child.stdout.close()
        if child.wait():
            raise SetupError(
                f'{self._title}: {Path(command[0]).name} ended with exit code {child.returncode} '
                f'after\n{_tail(self._log)}\nThe whole output is in {self._log}; mend the cause '
                'and start again, what is done stays done.'
            )

    def _follow(self, stdout: IO[bytes]) -> None:
        last = ''
        with self._log.open('ab') as log:
            while True:
                self._show(last)
                if not select.select([stdout], [], [], REFRESH_S)[0]:
                    continue
                text = os.read(stdout.fileno(), 65536)
                if not text:
                    return
                log.write(text)
                log.flush()
                last = (text.decode(errors='replace').strip().splitlines() or [last])[-1]

    def _show(self, last: str) -> None:
        if self._moving:
            line = f'{self._head()}  {time.monotonic() - self._began:.0f} s  {last.strip()}'
            width = os.get_terminal_size(self._out.fileno()).columns or 80
            self._say(line[: width - 1])

    def _head(self) -> str:
        return f'[{self._number}/{self._steps}] {self._title}'

    def _say(self, text: str) -> None:
        self._out.write(f'\r\033[K{text}' if self._moving else text)
        self._out.flush()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Stop a program and all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is None:
            os.killpg(child.pid, number)
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue
        return


def _tail(log: Path) -> str:
    lines = log.read_text(encoding='utf-8', errors='replace').splitlines()
    return '\n'.join(f'    {line}' for line in lines[-TAIL_LINES:])
