# SPDX-License-Identifier: Apache-2.0
"""`swarm codex key|sign|check`: laws, policy and roles under a commander's signature."""

from pathlib import Path
from typing import Annotated

import typer

from swarm_config.errors import ConfigError
from swarm_supervisor.cli.lessons import principal_in
from swarm_supervisor.cli.options import (
    SUPERVISORS_VAULT,
    ByOption,
    FleetOption,
    VaultOption,
    plan_of,
)
from swarm_vault.errors import VaultError
from swarm_vault.laws.codex_seal import FILE, make_key, seal, seal_fault
from swarm_vault.laws.core.roles import Right
from swarm_vault.laws.operators import Register
from swarm_vault.laws.policy_file import codex_of, key_of

app = typer.Typer(no_args_is_help=True, help='Sign the laws, and see that they are as signed.')


@app.command('key')
def key(
    path: Annotated[Path, typer.Argument(help='Where the private half is written.')],
) -> None:
    """Make a pair of keys; the private half stays with the commander."""
    public = make_key(path)
    typer.echo(f'{path} signs; name {public} in the fleet plan: codex_key')


@app.command('sign')
def sign(
    operator: ByOption,
    key_file: Annotated[Path, typer.Option('--key', help='The private key.')],
    vault: VaultOption = SUPERVISORS_VAULT,
    fleet: FleetOption = None,
) -> None:
    """Sign LAWS.md, POLICY.md and operators.yaml as they are now, after their review."""
    codex = codex_of(plan_of(fleet))
    principal = principal_in(Register(codex, vault), operator, Right.APPROVE)
    typer.echo(seal(codex, key_file, principal.name).rstrip())
    typer.echo(f'{codex / FILE} written; roles count at once, laws from the next start')


@app.command('check')
def check(fleet: FleetOption = None) -> None:
    """Say whether the codex is as it was signed.

    Raises:
        ConfigError: The fleet plan names no key.
        VaultError: The codex is not as it was signed.
    """
    plan = plan_of(fleet)
    public = key_of(plan)
    if public is None:
        raise ConfigError(f'{plan.path}: codex_key: no key is named, so no signature counts')
    fault = seal_fault(codex_of(plan), public)
    if fault:
        raise VaultError(f'{fault}; nothing is allowed')
    typer.echo('the codex is as it was signed')
