# SPDX-License-Identifier: Apache-2.0
"""`swarm doctor`: everything that a start depends on, and how to mend it."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_supervisor.cli.doctor_checks import examine
from swarm_supervisor.cli.doctor_finding import Finding, Subject
from swarm_supervisor.cli.options import FleetOption, JsonOption, plan_path

COLOURS = {'ok': 'green', 'warn': 'yellow', 'fail': 'red'}


def doctor(
    *,
    fleet: FleetOption = None,
    vault: Annotated[Path | None, typer.Option(help='The vault of swarm up; ./vault.')] = None,
    as_json: JsonOption = False,
) -> None:
    """Check everything a start depends on, say how to mend it; exit 1 if a start cannot work."""
    findings = examine(_subject(fleet, vault))
    good = all(finding.level != 'fail' for finding in findings.values())
    if as_json:
        typer.echo(json_of(findings, good=good))
    else:
        _print(findings)
    raise typer.Exit(0 if good else 1)


def json_of(findings: Mapping[str, Finding], *, good: bool) -> str:
    """The findings as a JSON object."""
    rows = [{'check': name, **asdict(finding)} for name, finding in findings.items()]
    return json.dumps({'ok': good, 'findings': rows}, indent=2)


def _subject(fleet: Path | None, vault: Path | None) -> Subject:
    path = plan_path(fleet)
    error = ''
    plan = None
    try:
        plan = load_fleet(path)
    except ConfigError as found:
        error = str(found)
    return Subject(
        environment=dict(os.environ),
        vault_dir=(vault or Path('vault')).resolve(),
        fleet_path=path,
        fleet=plan,
        fleet_error=error,
    )


def _print(findings: Mapping[str, Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, finding in findings.items():
        mend = f'\n[bold]→ {escape(finding.mend)}[/]' if finding.mend else ''
        colour = COLOURS[finding.level]
        table.add_row(f'[{colour}]{finding.level}[/]', name, f'{escape(finding.text)}{mend}')
    Console().print(table)
