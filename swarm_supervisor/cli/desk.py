# SPDX-License-Identifier: Apache-2.0
"""Where an operator's command goes to: the options that say which supervisor, the connection."""

import functools
import getpass
import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from swarm_config.fleets import Fleet
from swarm_supervisor.cli.options import SUPERVISORS_VAULT, FleetOption, plan_of
from swarm_supervisor.client import OperatorClient, OperatorError

KeysOption = Annotated[
    Path, typer.Option('--vault', help="The supervisor's vault, which holds the operator's keys.")
]
TargetOption = Annotated[
    str,
    typer.Option('--target', help='host:port of the supervisor; else the fleet plan says.'),
]
InsecureOption = Annotated[
    bool, typer.Option('--insecure', help='Plain text; the supervisor must run so too.')
]
NameOption = Annotated[
    str, typer.Option('--operator', help='Your name for the record; your login if empty.')
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a command goes to."""

    fleet: Fleet
    client: OperatorClient
    operator: str
    """The name that stands in the record."""


@contextmanager
def at_desk(
    *, fleet: Path | None, vault: Path, target: str, insecure: bool, operator: str
) -> Iterator[Desk]:
    """Connect for one command; what goes wrong ends in one sentence and exit code 1."""
    plan = plan_of(fleet)
    entry = plan.file.supervisor
    where = target or f'{entry.host}:{entry.port}'
    plain = insecure or entry.insecure
    if not plain and not (vault / 'nexus').is_dir():
        fail(
            f'{vault}: no supervisor has run with this vault; start one with `swarm up`,'
            ' or name its vault with --vault'
        )
    try:
        with OperatorClient.of_vault(where, vault, insecure=plain, name=operator) as client:
            yield Desk(fleet=plan, client=client, operator=name_of(operator))
    except OperatorError as error:
        fail(str(error))


def _where(
    *,
    fleet: FleetOption = None,
    vault: KeysOption = SUPERVISORS_VAULT,
    target: TargetOption = '',
    insecure: InsecureOption = False,
    operator: NameOption = '',
) -> None:
    """The options of every command that asks a supervisor."""


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which supervisor it asks.

    Args:
        command: Its first parameter is the desk, which is open while it runs; people see the
            other ones and these options.
    """
    _, *own = inspect.signature(command).parameters.values()
    where = inspect.signature(_where).parameters

    @functools.wraps(command)
    def run(**given: Any) -> None:
        with at_desk(**{name: given.pop(name) for name in where}) as desk:
            command(desk, **given)

    # typer reads the signature; __signature__ is what inspect.signature documents for this.
    run.__signature__ = inspect.Signature([*own, *where.values()])  # type: ignore[attr-defined]
    return run


def fail(reason: str) -> NoReturn:
    """End with one sentence and exit code 1."""
    typer.echo(f'swarm: {reason}', err=True)
    raise typer.Exit(1)


def name_of(operator: str) -> str:
    """The name that stands in the record: as given, else the login."""
    return operator or getpass.getuser()


def print_json(message: Message) -> None:
    """Print a message for machines."""
    typer.echo(json.dumps(as_plain(message), indent=1))


def as_plain(message: Message) -> object:
    """A message as plain values, with all fields, under the names of the wire contract."""
    return MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def print_answer(message: Message, said: str, *, done: bool, reason: str, as_json: bool) -> None:
    """Print an answer; a refusal ends with exit code 1."""
    if as_json:
        print_json(message)
        raise typer.Exit(0 if done else 1)
    if not done:
        fail(reason)
    typer.echo(said)
