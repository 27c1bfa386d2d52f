# SPDX-License-Identifier: Apache-2.0
"""`swarm bench vault`: how fast events are chained, made durable, verified and recovered."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from swarm_supervisor.cli.options import JsonOption
from swarm_vault.bench import Figure, measure


def vault(
    *,
    records: Annotated[int, typer.Option(min=1000, help='Records for the rates.')] = 200_000,
    recover: Annotated[
        int, typer.Option(min=1000, help='Records of the log that is opened after a crash.')
    ] = 1_000_000,
    folder: Annotated[
        Path | None, typer.Option(help='Where to write; its disk is what is measured.')
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the vault on this machine and disk; what is written is removed again."""
    with tempfile.TemporaryDirectory(dir=folder, prefix='swarm_bench_') as place:
        figures = measure(Path(place), records=records, recover=recover)
    if as_json:
        typer.echo(json.dumps([asdict(figure) for figure in figures]))
    else:
        _print(figures)


def _print(figures: list[Figure]) -> None:
    table = Table('figure', 'value', 'unit', 'control', 'of control')
    for figure in figures:
        control = '' if figure.control is None else f'{figure.control:,.4g}'
        share = '' if not figure.control else f'{figure.value / figure.control:.0%}'
        table.add_row(figure.name, f'{figure.value:,.4g}', figure.unit, control, share)
    Console().print(table)
