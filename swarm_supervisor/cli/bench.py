# SPDX-License-Identifier: Apache-2.0
"""`swarm bench NAME`: one module for each bench; here they get their names."""

import subprocess
import sys

import typer

from swarm_supervisor.cli import bench_redteam, bench_vault

PASSED_ON = {'allow_extra_args': True, 'ignore_unknown_options': True, 'help_option_names': []}
"""The options of a bench that lives in a room of its own are read there."""

app = typer.Typer(
    no_args_is_help=True, help='Measure; each figure with a control loop of the same run.'
)


@app.callback()
def _benches() -> None:
    """Measure; each figure with a control loop of the same run."""


app.command('vault')(bench_vault.vault)
app.command('redteam')(bench_redteam.redteam)


@app.command('reflex', context_settings=PASSED_ON)
def reflex(context: typer.Context) -> None:
    """Latency, period and cost of the reflex layer."""
    command = [sys.executable, '-m', 'swarm_reflex.bench', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
