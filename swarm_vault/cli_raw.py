# SPDX-License-Identifier: Apache-2.0
"""`swarm audit replay --bag` on a recording of sensors: what the cores would decide on it."""

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer
from mcap.exceptions import McapError
from mcap.records import Header
from mcap.stream_reader import StreamReader
from rich.console import Console
from rich.markup import escape

from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_vault.bag import PROFILE
from swarm_vault.errors import VaultError
from swarm_vault.what_if import Outcome, feed_cores

_MOST_CHANGES = 60
_MARK = 'from a raw bag: no peers, no planner, nothing to compare with'


def is_sensor_bag(path: Path) -> bool:
    """Whether a recording is not one of decisions, so that only its messages can be fed."""
    if path.is_dir() or path.suffix != '.mcap':
        return True
    try:
        with path.open('rb') as file:
            header = next(StreamReader(file).records)
    except (OSError, McapError, struct.error, ValueError, StopIteration):
        return False
    return isinstance(header, Header) and header.profile != PROFILE


def show_what_if(path: Path, agents: Sequence[str], fleet: Path | None, *, as_json: bool) -> None:
    """Print what each core would decide; exit code 1 if none could be fed.

    Raises:
        VaultError: The recording cannot be used.
    """
    if len(agents) > 1:
        raise typer.BadParameter('a recording is fed for one robot; name one --agent')
    try:
        plan = None if fleet is None else load_fleet(fleet)
        outcomes = feed_cores(path, agent_id=''.join(agents), fleet=plan)
    except ConfigError as error:
        raise VaultError(str(error)) from error
    if as_json:
        cores = [asdict(outcome) for outcome in outcomes]
        typer.echo(json.dumps({'bag': str(path), 'mark': _MARK, 'cores': cores}, sort_keys=True))
    else:
        console = Console(highlight=False, emoji=False)
        console.print(f'[yellow]{_MARK}[/]', soft_wrap=True)
        for outcome in outcomes:
            _print(console, outcome)
    if all(outcome.not_run for outcome in outcomes):
        raise typer.Exit(1)


def _print(console: Console, outcome: Outcome) -> None:
    if outcome.not_run:
        console.print(f'[red]{outcome.core}[/]: {escape(outcome.not_run)}', soft_wrap=True)
        return
    console.print(
        f'[bold]{outcome.core}[/]: {outcome.decisions} decisions over {outcome.span_s:.1f} s'
    )
    for text in outcome.assumed:
        console.print(f'  [yellow]{escape(text)}[/]', soft_wrap=True)
    for change in outcome.changes[:_MOST_CHANGES]:
        console.print(f'  +{change.after_s:8.2f} s  {escape(change.what)}', soft_wrap=True)
    if len(outcome.changes) > _MOST_CHANGES:
        more = len(outcome.changes) - _MOST_CHANGES
        console.print(f'  ... {more} changes more, all of them with --json')
    for name, value in (outcome.figures or {}).items():
        console.print(f'  {name}: {value:g}')
