# SPDX-License-Identifier: Apache-2.0
"""Options and arguments that several commands have in common, and the fleet plan that is meant."""

from pathlib import Path
from typing import Annotated

import typer

from swarm_config.fleets import Fleet, load_fleet
from swarm_supervisor.cli.places import config_dir

SUPERVISORS_VAULT = Path('vault/supervisor')
"""Where `swarm up` keeps it."""
FleetOption = Annotated[
    Path | None, typer.Option('--fleet', help='Fleet plan (YAML); the depot if not given.')
]
VaultOption = Annotated[Path, typer.Option('--vault', help="Folder of the supervisor's vault.")]
JsonOption = Annotated[bool, typer.Option('--json', help='Print JSON for machines.')]
ByOption = Annotated[str, typer.Option('--operator', help='Who says so.')]
ReasonOption = Annotated[str, typer.Option('--reason', help='Why, for the record.')]
RobotArgument = Annotated[str, typer.Argument(help='A robot of the fleet plan.')]
PlaybookArgument = Annotated[Path, typer.Argument(help='A playbook (YAML).')]


def plan_path(fleet: Path | None) -> Path:
    """Where the fleet plan lies that was named, or the project's."""
    return (fleet or config_dir() / 'fleets' / 'depot.yaml').resolve()


def plan_of(fleet: Path | None) -> Fleet:
    """The fleet plan that was named, or the project's.

    Raises:
        ConfigError: It cannot be used.
    """
    return load_fleet(plan_path(fleet))
