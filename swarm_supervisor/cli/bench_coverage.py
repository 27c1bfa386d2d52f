# SPDX-License-Identifier: Apache-2.0
"""`swarm bench coverage`: sweep plans against their rivals, sweeps in traffic and with a loss."""

import subprocess
import sys

import typer


def coverage(context: typer.Context) -> None:
    """Makespan and balance of sweep plans; sweeps in traffic, and after a robot is killed."""
    command = [sys.executable, '-m', 'swarm_agent.planner.sweep_bench', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
