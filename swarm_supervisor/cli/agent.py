# SPDX-License-Identifier: Apache-2.0
"""`swarm agent`: the folder that says who a robot is, made from a template before its first start.

The supervisor makes the folders that are missing by itself; this makes one that people want to
look at or change first, or one of another template than the fleet plan's.
"""

from typing import Annotated

import typer

from swarm_supervisor.cli.options import (
    SUPERVISORS_VAULT,
    FleetOption,
    RobotArgument,
    VaultOption,
    plan_of,
)
from swarm_vault.errors import VaultError
from swarm_vault.folders import (
    FILES,
    agent_folder,
    compile_identity,
    ensure_folder,
    facts_of,
    templates_of,
)

app = typer.Typer(no_args_is_help=True, help='The folders that say who the robots are.')


@app.callback()
def _agent() -> None:
    """Keep `init` a subcommand while it is the only one."""


@app.command('init')
def init(
    agent: RobotArgument,
    template: Annotated[
        str,
        typer.Option(help="Folder in config/agents; the plan's or the class's if not given."),
    ] = '',
    vault: VaultOption = SUPERVISORS_VAULT,
    fleet: FleetOption = None,
) -> None:
    """Make what is missing of a robot's folder; what is there is never overwritten.

    Raises:
        VaultError: There is no such template, or what came out grants no motion.
    """
    plan = plan_of(fleet)
    robot = plan.robot(agent)
    templates = templates_of(robot, plan.templates_dir, template)
    place = agent_folder(vault, agent)
    held = {name for name in FILES if (place / name).exists()}
    ensure_folder(vault, agent, facts_of(robot), templates)
    for name in FILES:
        typer.echo(f'{"kept" if name in held else "made"} {place / name}')
    identity = compile_identity(place)
    if identity.mandate.reason:
        raise VaultError(f'{place}: {identity.mandate.reason}')
    names = ', '.join(folder.name for folder in templates)
    typer.echo(f'{agent}: from {names}, tier {identity.mandate.tier} at most')
