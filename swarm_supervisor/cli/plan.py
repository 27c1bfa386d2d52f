# SPDX-License-Identifier: Apache-2.0
"""`swarm plan check`: prove a plan before anything moves."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from swarm_supervisor.cli.options import FleetOption, JsonOption, plan_of
from swarm_supervisor.core.plan_check import check
from swarm_supervisor.core.plan_types import PlanVerdict
from swarm_supervisor.plan_files import cards_of, load_plan

app = typer.Typer(no_args_is_help=True, help='Prove plans before anything moves.')


@app.callback()
def _plans() -> None:
    """Prove plans before anything moves."""


@app.command('check')
def check_file(
    file: Annotated[Path, typer.Argument(help='A plan in YAML; docs/minds.md shows one.')],
    fleet: FleetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check bounds, preconditions, zones, battery and time; exit code 1 on a fault."""
    plan = plan_of(fleet)
    verdict = check(load_plan(file, plan), cards_of(plan))
    if as_json:
        typer.echo(json.dumps(asdict(verdict)))
    else:
        _print(verdict)
    raise typer.Exit(0 if verdict.ok else 1)


def _print(verdict: PlanVerdict) -> None:
    table = Table('step', 'from [s]', 'to [s]', 'battery [%]', 'holds at its end')
    for step in verdict.proof:
        times = (f'{step.start_s:.0f}', f'{step.end_s:.0f}', f'{100 * step.battery:.0f}')
        table.add_row(step.step_id, *times, ', '.join(step.facts))
    Console().print(table)
    for fault in verdict.faults:
        typer.echo(f'refused: {fault}')
    if verdict.ok:
        typer.echo(f'proved: about {verdict.seconds:.0f} s')
