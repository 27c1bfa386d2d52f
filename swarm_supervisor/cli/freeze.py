# SPDX-License-Identifier: Apache-2.0
"""`swarm freeze on|off`: the command is the reflexes' own, because the supervisor knows no ROS."""

import subprocess
import sys

import typer


def freeze(context: typer.Context) -> None:
    """Hold the whole fleet still at its reflexes, or let it go on: on|off --by NAME --why TEXT."""
    command = [sys.executable, '-m', 'swarm_reflex.freeze', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
