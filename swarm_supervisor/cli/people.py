# SPDX-License-Identifier: Apache-2.0
"""`swarm people`: say who is in a zone, for the judge."""

import json
import time
from typing import Annotated

import typer
from pydantic import ValidationError

from swarm_config.errors import ConfigError
from swarm_config.validation import first_fault
from swarm_supervisor.cli.options import (
    SUPERVISORS_VAULT,
    ByOption,
    FleetOption,
    JsonOption,
    VaultOption,
    plan_of,
)
from swarm_supervisor.people import PeopleBook, Word
from swarm_supervisor.people import say as leave_word
from swarm_vault.keys import OPERATOR
from swarm_vault.laws.core.roles import Right
from swarm_vault.laws.core.values import ZoneKind
from swarm_vault.laws.operators import register_of
from swarm_vault.laws.policy_file import policies_of

app = typer.Typer(no_args_is_help=True, help='Who is in which zone of people.')


@app.command('say')
def say(
    zone: Annotated[str, typer.Argument(help='A zone of people in POLICY.md.')],
    count: Annotated[int, typer.Argument(help='How many people are there; 0: nobody.')],
    operator: ByOption,
    vault: VaultOption = SUPERVISORS_VAULT,
    fleet: FleetOption = None,
) -> None:
    """Say how many people are in a zone; the word holds for `people_s` of the policy.

    Raises:
        ConfigError: There is no such zone, or who says it has no role for it.
    """
    plan = plan_of(fleet)
    zones = policies_of(plan).of('').zones
    names = [known.name for known in zones if known.kind is ZoneKind.PEOPLE]
    if zone not in names:
        raise ConfigError(
            f'{zone[:64]!r} is no zone of people; there is {", ".join(names) or "none"}'
        )
    register = register_of(plan, vault)
    refusal = register.refusal(register.principal(OPERATOR, operator), Right.ORDER)
    if refusal:
        raise ConfigError(f'people: {refusal}')
    try:
        word = Word(count=count, by=operator, stamp_ns=time.time_ns())
    except ValidationError as error:
        raise ConfigError(f'people: {first_fault(error)}') from error
    leave_word(vault, zone, word)
    typer.echo(f'{zone}: {count} people, says {operator}')


@app.command('list')
def list_words(
    vault: VaultOption = SUPERVISORS_VAULT,
    as_json: JsonOption = False,
) -> None:
    """What was said, and how long ago.

    Raises:
        ConfigError: The file cannot be read.
    """
    book = PeopleBook(vault)
    words = book.words()
    if book.fault:
        raise ConfigError(book.fault)
    ages = {w.zone: (w.count, round((time.time_ns() - w.stamp_ns) / 1e9)) for w in words}
    if as_json:
        plain = {zone: {'count': count, 'age_s': age} for zone, (count, age) in ages.items()}
        typer.echo(json.dumps(plain))
        return
    for zone, (count, age_s) in ages.items():
        typer.echo(f'{zone}: {count} people, {age_s} s ago')
    if not ages:
        typer.echo('nobody has said anything')
