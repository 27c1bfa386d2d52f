# SPDX-License-Identifier: Apache-2.0
"""`swarm bench NAME`: one module for each bench; here they get their names."""

import subprocess
import sys

import typer

from swarm_supervisor.cli import (
    bench_coverage,
    bench_mapf,
    bench_mesh,
    bench_redteam,
    bench_vault,
)

PASSED_ON = {'allow_extra_args': True, 'ignore_unknown_options': True, 'help_option_names': []}
"""The options of a bench that lives in a room of its own are read there."""

app = typer.Typer(
    no_args_is_help=True, help='Measure; each figure with a control loop of the same run.'
)


@app.callback()
def _benches() -> None:
    """Measure; each figure with a control loop of the same run."""


app.command('vault')(bench_vault.vault)
app.command('mapf', context_settings=PASSED_ON)(bench_mapf.mapf)
app.command('mesh', context_settings=PASSED_ON)(bench_mesh.mesh)
app.command('scenarios', context_settings=PASSED_ON)(bench_mesh.scenarios)
app.command('coverage', context_settings=PASSED_ON)(bench_coverage.coverage)
app.command('redteam')(bench_redteam.redteam)


@app.command('reflex', context_settings=PASSED_ON)
def reflex(context: typer.Context) -> None:
    """Latency, period and cost of the reflex layer."""
    command = [sys.executable, '-m', 'swarm_reflex.bench', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)


@app.command('planner', context_settings=PASSED_ON)
def planner(context: typer.Context) -> None:
    """Validity, agreement, choice quality, latency and memory of the local language model."""
    command = [sys.executable, '-m', 'swarm_agent.planner.bench', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)


@app.command('exams', context_settings=PASSED_ON)
def exams(context: typer.Context) -> None:
    """The strategist and the local model on exams of others, beside floor and control."""
    command = [sys.executable, '-m', 'swarm_supervisor.exams', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)


@app.command('recall', context_settings=PASSED_ON)
def recall(context: typer.Context) -> None:
    """How well notes are found by words, by meaning and by both, beside chance."""
    command = [sys.executable, '-m', 'swarm_supervisor.exams.recall', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
