# SPDX-License-Identifier: Apache-2.0
"""Set up what a command needs, then run it."""

import difflib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from types import FrameType

from bootstrap.checks import ALL, run_checks
from bootstrap.environment import job_environment
from bootstrap.problem import SetupError
from bootstrap.setup import set_up
from bootstrap.site import CHECKOUT, Site, sourced_distro
from bootstrap.stamps import Step, is_done
from bootstrap.steps import base_steps, dev_step, recall_step, slm_step
from bootstrap.teach import JOBS, OWN, completion_script, help_text

CLI = ('-m', 'swarm_supervisor.cli')
COMPLETING = '_SWARM_COMPLETE'
INTERRUPTED = 130


def dispatch(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command line; a job replaces this process.

    Returns:
        The exit code.
    """
    site = Site(checkout=CHECKOUT, distro=sourced_distro(environment))
    try:
        return _dispatch(site, arguments, environment)
    except SetupError as error:
        sys.stderr.write(f'{_line_end()}swarm: {error}\n')
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f'{_line_end()}swarm: interrupted; the same command goes on from here.\n')
        return INTERRUPTED


def _dispatch(site: Site, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    ready = all(is_done(step, site) for step in base_steps(site))
    if COMPLETING in environment:
        return _become_job(site, arguments, environment) if ready else 1
    if not arguments or arguments[0] in ('-h', '--help', 'help'):
        sys.stdout.write(help_text())
        return 0
    if arguments[0] == 'completion':
        return _print_completion(arguments[1:])
    if not ready and arguments[0] not in (*JOBS, *OWN):
        return _refuse(arguments[0])
    signal.signal(signal.SIGTERM, _interrupt)
    set_up(site, needed_steps(site, arguments), environment)
    return _run(site, arguments, environment)


def needed_steps(site: Site, arguments: Sequence[str]) -> tuple[Step, ...]:
    """The steps that must be done before this command line can run."""
    steps = base_steps(site)
    if arguments[0] in ('test', 'proto'):
        steps += (dev_step(site),)
    all_tests = arguments[0] == 'test' and ALL in arguments
    if '--recall' in arguments or all_tests:
        steps += (recall_step(site),)
    if '--slm' in arguments or all_tests:
        steps += (slm_step(site),)
    return steps


def _run(site: Site, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    command, *rest = arguments
    if command == 'setup':
        sys.stderr.write('swarm: set up. Next: ./swarm demo\n')
        return 0
    if command == 'test':
        return run_checks(site, rest, job_environment(site, environment, command))
    return _become_job(site, arguments, environment)


def _become_job(site: Site, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    command = arguments[0] if arguments else ''
    program = ('-m', 'bootstrap.proto') if command == 'proto' else CLI
    rest = arguments[1:] if command == 'proto' else arguments
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.execve(  # noqa: S606
        site.python,
        [str(site.python), *program, *rest],
        job_environment(site, environment, command),
    )


def _print_completion(arguments: Sequence[str]) -> int:
    script = completion_script(arguments[0]) if len(arguments) == 1 else None
    if script is None:
        sys.stderr.write('swarm: completion: expected bash or zsh\n')
        return 2
    sys.stdout.write(script)
    return 0


def _refuse(command: str) -> int:
    near = difflib.get_close_matches(command, [*JOBS, *OWN], n=1)
    hint = f'did you mean {near[0]!r}? ' if near else ''
    sys.stderr.write(f'swarm: no command {command!r}; {hint}./swarm --help lists them all.\n')
    return 2


def _line_end() -> str:
    return '\n' if sys.stderr.isatty() else ''


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
