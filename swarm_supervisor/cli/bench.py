# SPDX-License-Identifier: Apache-2.0
"""`swarm bench NAME`: one module for each bench; here they get their names."""

import subprocess
import sys

import typer

from swarm_supervisor.cli.lazy import lazy_group

_CLI = 'swarm_supervisor.cli'
BENCHES = {
    'vault': f'{_CLI}.bench_vault:vault',
    'mapf': f'{_CLI}.bench_mapf:mapf',
    'mesh': f'{_CLI}.bench_mesh:mesh',
    'scenarios': f'{_CLI}.bench_mesh:scenarios',
    'coverage': f'{_CLI}.bench_coverage:coverage',
    'redteam': f'{_CLI}.bench_redteam:redteam',
    'reflex': f'{_CLI}.bench:reflex',
    'planner': f'{_CLI}.bench:planner',
    'exams': f'{_CLI}.bench:exams',
    'recall': f'{_CLI}.bench:recall',
}
READ_HERE = frozenset({'vault', 'redteam'})
"""The others live in rooms of their own and read their options there."""
app = typer.Typer(
    cls=lazy_group(BENCHES, frozenset(BENCHES) - READ_HERE),
    no_args_is_help=True,
    help='Measure; each figure with a control loop of the same run.',
)


@app.callback()
def _benches() -> None:
    """Measure; each figure with a control loop of the same run."""


def reflex(context: typer.Context) -> None:
    """Latency, period and cost of the reflex layer."""
    command = [sys.executable, '-m', 'swarm_reflex.bench', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)


def planner(context: typer.Context) -> None:
    """Validity, agreement, choice quality, latency and memory of the local language model."""
    command = [sys.executable, '-m', 'swarm_agent.planner.bench', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)


def exams(context: typer.Context) -> None:
    """The strategist and the local model on exams of others, beside floor and control."""
    command = [sys.executable, '-m', 'swarm_supervisor.exams', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)


def recall(context: typer.Context) -> None:
    """How well notes are found by words, by meaning and by both, beside chance."""
    command = [sys.executable, '-m', 'swarm_supervisor.exams.recall', *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
