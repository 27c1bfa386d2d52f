# SPDX-License-Identifier: Apache-2.0
"""`./swarm test`: what CI runs."""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from types import FrameType

from bootstrap.site import Site

CHECKS = (
    ('ruff', 'check', '.'),
    ('ruff', 'format', '--check', '.'),
    ('mypy',),
    ('lint-imports',),
)
ALL = '--all'
QUICK = ('-m', 'not slow and not slm')


def run_checks(site: Site, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the checks, then pytest, whose summary is the last line.

    With arguments for pytest only pytest runs.

    Returns:
        0 if all passed.
    """
    wanted = [a for a in arguments if a != ALL]
    failed = [] if wanted else [c for c in CHECKS if _run(site, c, environment)]
    for check in failed:
        sys.stdout.write(f'FAILED: {" ".join(check)}\n')
    sys.stdout.flush()
    chosen = () if ALL in arguments else QUICK
    code = _run_pytest(site, ('-rs', *chosen, *wanted), environment)
    return code or bool(failed)


def _run_pytest(site: Site, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run pytest in a scratch folder of its own, which stays if a test fails."""
    scratch = tempfile.mkdtemp(prefix='swarm-test-')
    sys.stdout.write(f'what the tests write is in {scratch} and stays there if one fails\n')
    code = _run(site, ('pytest', *arguments), {**environment, 'PYTEST_DEBUG_TEMPROOT': scratch})
    if code == 0:
        shutil.rmtree(scratch, ignore_errors=True)
    return code


def _run(site: Site, command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run one program to its end.

    Raises:
        KeyboardInterrupt: A signal asked to stop; the program had it too and has ended.
    """
    sys.stdout.write(f'== {" ".join(command)}\n')
    sys.stdout.flush()
    program = str(site.venv / 'bin' / command[0])
    asked: list[int] = []
    child = subprocess.Popen([program, *command[1:]], env=environment, cwd=site.checkout)

    def forward(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        if number == signal.SIGTERM:
            child.send_signal(signal.SIGINT)

    before = {n: signal.signal(n, forward) for n in (signal.SIGINT, signal.SIGTERM)}
    code = child.wait()
    for number, handler in before.items():
        signal.signal(number, handler)
    if asked:
        raise KeyboardInterrupt
    return code
