# SPDX-License-Identifier: Apache-2.0
"""`swarm bench mapf`: passed on to the room of the mesh, which this one does not import."""

import subprocess
import sys

import typer


def mapf(context: typer.Context) -> None:
    """Many robots in a discrete world (MovingAI files), each hearing only its neighbours."""
    command = [sys.executable, '-m', 'swarm_agent.mesh.mapf', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
