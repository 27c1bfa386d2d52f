# SPDX-License-Identifier: Apache-2.0
"""`swarm freeze on|off`: the command is the reflexes' own, because the supervisor knows no ROS."""

import subprocess
import sys

import typer


def freeze(context: typer.Context) -> None:
    """Hold the whole fleet still at its reflexes, or let it go on: on|off --by NAME --why TEXT."""
    command = [sys.executable, '-m', 'swarm_reflex.freeze', *context.args]
    raise typer.Exit(ended(subprocess.run(command, check=False).returncode))


def ended(returncode: int) -> int:
    """The exit code of the command; a process that a signal ended has told nobody how it went."""
    if returncode >= 0:
        return returncode
    typer.echo(
        f'swarm: signal {-returncode} ended the order while it was being told: robots may not'
        ' have heard it; look at them, use the emergency stop, and give it again',
        err=True,
    )
    return 1
