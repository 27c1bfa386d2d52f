# SPDX-License-Identifier: Apache-2.0
"""`swarm bench NAME`: figures with their controls, measured here and now."""

import subprocess
import sys

import typer

BENCHES = {'reflex': 'swarm_reflex.bench'}
"""Each bench is a module of its own room; rooms do not import each other."""

PASSED_ON = {'allow_extra_args': True, 'ignore_unknown_options': True}


def bench(context: typer.Context, name: str) -> None:
    """Measure a room: reflex. Options after the name are the bench's own; --json for rows."""
    module = BENCHES.get(name)
    if module is None:
        raise typer.BadParameter(f'{name!r} is no bench; there are: {", ".join(BENCHES)}')
    command = [sys.executable, '-m', module, *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
