# SPDX-License-Identifier: Apache-2.0
"""`swarm mediations`: what the mediator was called for, and what it decided."""

import json

import typer

from swarm_supervisor.cli.options import SUPERVISORS_VAULT, JsonOption, VaultOption
from swarm_supervisor.mediation_records import records_in


def mediations(
    vault: VaultOption = SUPERVISORS_VAULT,
    as_json: JsonOption = False,
) -> None:
    """List what the mediator decided, the oldest first.

    Raises:
        ConfigError: A record cannot be read.
    """
    records = records_in(vault)
    if as_json:
        typer.echo(json.dumps(records))
        return
    for one in records:
        mission = one['mission_id'] or 'a new mission'
        typer.echo(f'{mission}: {one["reason"]}: {one["chosen"]} ({one["author"]})')
        typer.echo(f'    {one["why"]}; {one["result"]}')
    if not records:
        typer.echo('the mediator was not needed')
