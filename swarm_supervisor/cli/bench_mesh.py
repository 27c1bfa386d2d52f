# SPDX-License-Identifier: Apache-2.0
"""`swarm bench mesh` and `swarm bench scenarios`: their options are read in the robots' room."""

import subprocess
import sys

import typer


def mesh(context: typer.Context) -> None:
    """Latency, bandwidth and cost of the mesh between robot processes."""
    _pass_on('swarm_agent.mesh.bench', context)


def scenarios(context: typer.Context) -> None:
    """Robots meet over real Zenoh in a light world: corridor, bridge, ring, door, warehouse."""
    _pass_on('swarm_agent.mesh.scenarios', context)


def _pass_on(module: str, context: typer.Context) -> None:
    command = [sys.executable, '-m', module, *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
