# SPDX-License-Identifier: Apache-2.0
"""`swarm pending|approve|deny|tier|budget|operators`: what the laws ask of people."""

import json
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from swarm_supervisor.cli.desk import (
    Desk,
    KeysOption,
    as_plain,
    asks,
    print_answer,
)
from swarm_supervisor.cli.options import (
    SUPERVISORS_VAULT,
    FleetOption,
    JsonOption,
    ReasonOption,
    plan_of,
)
from swarm_vault.keys import issue_operator
from swarm_vault.laws.core.roles import Role
from swarm_vault.laws.operators import FILE, add_operator, check_name, vault_file
from swarm_vault.laws.policy_file import codex_of, key_of

tier = typer.Typer(
    no_args_is_help=True, help='How far each robot is trusted; promote, demote, trust again.'
)
operators = typer.Typer(no_args_is_help=True, help='Who may do what; works on the vault itself.')
IdArgument = Annotated[str, typer.Argument(help='The question, as `swarm pending` names it.')]
DigestOption = Annotated[
    str, typer.Option('--digest', help='Only if this is still what is asked; see `swarm pending`.')
]


@asks
def pending(
    desk: Desk,
    *,
    as_json: JsonOption = False,
    everything: Annotated[bool, typer.Option('--all', help='Settled ones, too.')] = False,
) -> None:
    """Show what waits for a human; each is also a file that an editor answers."""
    found = [q for q in desk.client.pending() if everything or q.status == 'open']
    if as_json:
        typer.echo(json.dumps([as_plain(question) for question in found], indent=1))
        return
    for question in found:
        left_s = max(0.0, question.expires_ns / 1e9 - time.time())
        until = f'{left_s:.0f} s left' if question.status == 'open' else question.status
        typer.echo(f'{question.pending_id}  {until}  {question.text!r} by {question.asked_by}')
        typer.echo(f'    {question.reason}\n    {question.file}\n    digest {question.digest}')
    if not found:
        typer.echo('nothing waits for a human')


@asks
def approve(
    desk: Desk,
    pending_id: IdArgument,
    *,
    as_json: JsonOption = False,
    reason: ReasonOption = '',
    digest: DigestOption = '',
) -> None:
    """Approve what waits; it is ordered at once if the world is still the one that was shown."""
    reply = desk.client.decide(
        pending_id, approve=True, operator=desk.operator, reason=reason, digest=digest
    )
    said = f'{pending_id} is approved: {reply.mission_id}'
    print_answer(reply, said, done=reply.done, reason=reply.reason, as_json=as_json)


@asks
def deny(
    desk: Desk,
    pending_id: IdArgument,
    *,
    as_json: JsonOption = False,
    reason: ReasonOption = '',
) -> None:
    """Deny what waits; nothing is ordered."""
    reply = desk.client.decide(pending_id, approve=False, operator=desk.operator, reason=reason)
    said = f'{pending_id} is denied'
    print_answer(reply, said, done=reply.done, reason=reply.reason, as_json=as_json)


@tier.command('list')
@asks
def list_tiers(desk: Desk, *, as_json: JsonOption = False) -> None:
    """Show each robot's tier, mandate, token and record of conduct."""
    found = desk.client.tiers()
    if as_json:
        typer.echo(json.dumps([as_plain(state) for state in found], indent=1))
        return
    table = Table('robot', 'tier', 'token ends in', 'mandate', 'clean in a row', 'reason')
    for state in found:
        left_s = max(0.0, state.expires_ns / 1e9 - time.time())
        by = f' by {state.granted_by}' if state.granted_by else ''
        table.add_row(
            state.agent_id,
            'revoked' if state.revoked else f'T{state.tier}{by}',
            f'{left_s:.0f} s',
            f'{state.mandate_id or "none"} (to T{state.mandate_tier})',
            f'{state.consecutive} of {state.total_runs}',
            state.reason,
        )
    Console().print(table)


@tier.command('set')
@asks
def set_tier(
    desk: Desk,
    robot: Annotated[str, typer.Argument(help='The robot.')],
    level: Annotated[int, typer.Argument(min=0, max=4, help='0 to 4.')],
    *,
    as_json: JsonOption = False,
    reason: ReasonOption = '',
) -> None:
    """Promote or demote a robot; a revoked one is trusted again by that."""
    reply = desk.client.set_tier(robot, level, operator=desk.operator, reason=reason)
    said = f'{robot} has tier {reply.tier}'
    print_answer(reply, said, done=reply.done, reason=reply.reason, as_json=as_json)


@asks
def budget(
    desk: Desk,
    robot: Annotated[str, typer.Argument(help='Only this robot.')] = '',
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what went wrong in each mission, against what may."""
    found = [b for b in desk.client.budgets() if robot in ('', b.agent_id)]
    if as_json:
        typer.echo(json.dumps([as_plain(state) for state in found], indent=1))
        return
    table = Table('robot', 'mission', 'faults', 'repeats', 'procedure', 'which', 'breach')
    for b in found:
        table.add_row(
            b.agent_id,
            b.mission_id,
            f'{b.total} of {b.max_total}',
            f'{b.repeats} of {b.max_repeats}',
            f'{b.procedure} of {b.max_procedure}',
            '; '.join(f'{fault.key} ({fault.count})' for fault in b.faults),
            b.breach,
        )
    Console().print(table)


@operators.command('add')
def add(
    name: Annotated[str, typer.Argument(help='A name of a-z 0-9 _ -.')],
    role: Annotated[Role, typer.Option('--role', help='What the person is here for.')],
    *,
    vault: KeysOption = SUPERVISORS_VAULT,
    fleet: FleetOption = None,
) -> None:
    """Give a person keys and a role; the name is verified from then on.

    Where the fleet plan names a codex_key the role must stand in the signed register instead.
    """
    check_name(name)
    plan = plan_of(fleet)
    sealed = key_of(plan) is not None
    common_name = issue_operator(vault, name)
    if not sealed:
        add_operator(vault, name, role)
    register = codex_of(plan) / FILE
    said = f'has keys; a commander adds "{name}: {role.value}" to {register} and signs the codex'
    keys = vault / 'nexus' / 'tls' / common_name
    typer.echo(f'{name} {said if sealed else f"is {role.value}"}; keys: {keys}.pem, .key')


@operators.command('list')
def list_operators(*, vault: KeysOption = SUPERVISORS_VAULT, as_json: JsonOption = False) -> None:
    """Show the people whom this vault knows; the codex may name more."""
    from swarm_config.validation import read_model
    from swarm_vault.laws.operators import OperatorsFile

    path = vault_file(vault)
    file = read_model(path, OperatorsFile) if path.exists() else OperatorsFile()
    if as_json:
        typer.echo(json.dumps({name: role.value for name, role in file.operators.items()}))
        return
    for name, role in file.operators.items():
        typer.echo(f'{name}  {role.value}')
    if not file.operators:
        typer.echo('nobody but the shared key; its role stands in the codex')
