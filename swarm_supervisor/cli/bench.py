# SPDX-License-Identifier: Apache-2.0
"""`swarm bench NAME`: one module for each bench; here they get their names."""

import typer

from swarm_supervisor.cli import bench_vault

app = typer.Typer(
    no_args_is_help=True, help='Measure; each figure with a control loop of the same run.'
)


@app.callback()
def _benches() -> None:
    """Measure; each figure with a control loop of the same run."""


app.command('vault')(bench_vault.vault)
