# SPDX-License-Identifier: Apache-2.0
"""`swarm mission|status|watch|stop|revoke|escalations|resolve`: command a running fleet."""

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.live import Live
from swarm.v1.operator_pb2 import FleetState

from swarm_config.fleets import Fleet, load_fleet
from swarm_config.maps import load_map
from swarm_supervisor.cli.operator_view import (
    blackboard_table,
    missions_table,
    status_view,
    votes_table,
    watch_view,
)
from swarm_supervisor.cli.places import config_dir
from swarm_supervisor.client import LINK_LOSS, OperatorClient, OperatorError
from swarm_vault.laws.by_hand import leave_word

FleetOption = Annotated[
    Path | None, typer.Option('--fleet', help='Fleet plan; the depot if not given.')
]
VaultOption = Annotated[
    Path, typer.Option('--vault', help="The supervisor's vault, which holds the operator's keys.")
]
TargetOption = Annotated[
    str,
    typer.Option('--target', help='host:port of the supervisor; else the fleet plan says.'),
]
JsonOption = Annotated[bool, typer.Option('--json', help='Print JSON for machines.')]
InsecureOption = Annotated[
    bool, typer.Option('--insecure', help='Plain text; the supervisor must run so too.')
]
NameOption = Annotated[
    str, typer.Option('--operator', help='Your name for the record; your login if empty.')
]
ReasonOption = Annotated[str, typer.Option('--reason', help='Why, for the record.')]
DEFAULT_VAULT = Path('vault/supervisor')

mission = typer.Typer(
    no_args_is_help=True,
    help='Give orders in words, list missions, take them back.\n\n'
    'Orders: "survey the whole depot", "survey SECTOR", "patrol A, B 3 times with ROBOT",'
    ' "send ROBOT to PLACE" (a name, or X Y in metres), "deliver from A to B",'
    ' "wait 30 s with ROBOT", "ROBOT return home", "everybody return home", "recall MISSION".',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a command goes to."""

    fleet: Fleet
    client: OperatorClient


@contextmanager
def at_desk(
    fleet_file: Path | None,
    vault: Path,
    target: str,
    *,
    insecure: bool,
    name: str = '',
) -> Iterator[Desk]:
    """Connect for one command; what goes wrong ends in one sentence and exit code 1."""
    path = fleet_file or config_dir() / 'fleets' / 'depot.yaml'
    fleet = load_fleet(path.resolve())
    entry = fleet.file.supervisor
    where = target or f'{entry.host}:{entry.port}'
    plain = insecure or entry.insecure
    if not plain and not (vault / 'nexus').is_dir():
        _fail(
            f'{vault}: no supervisor has run with this vault; start one with `swarm up`,'
            ' or name its vault with --vault'
        )
    try:
        with OperatorClient.of_vault(where, vault, insecure=plain, name=name) as client:
            yield Desk(fleet=fleet, client=client)
    except OperatorError as error:
        _fail(str(error))


def _fail(reason: str) -> None:
    typer.echo(f'swarm: {reason}', err=True)
    raise typer.Exit(1)


def name_of(operator: str) -> str:
    """The name that stands in the record: as given, else the login."""
    return operator or getpass.getuser()


def _print_json(message: Message) -> None:
    typer.echo(json.dumps(as_plain(message), indent=1))


def as_plain(message: Message) -> object:
    """A message as plain values, with all fields, under the names of the wire contract."""
    return MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def print_answer(message: Message, said: str, *, done: bool, reason: str, as_json: bool) -> None:
    """Print an answer; a refusal ends with exit code 1."""
    if as_json:
        _print_json(message)
        raise typer.Exit(0 if done else 1)
    if not done:
        _fail(reason)
    typer.echo(said)


@mission.command('submit')
def submit(
    text: Annotated[str, typer.Argument(help='The order in words.')],
    *,
    fleet: FleetOption = None,
    vault: VaultOption = DEFAULT_VAULT,
    target: TargetOption = '',
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
    operator: NameOption = '',
    priority: Annotated[int, typer.Option(min=1, max=10, help='10 is most urgent.')] = 5,
    link_loss: Annotated[
        str, typer.Option(help=f'What robots do without the supervisor: {", ".join(LINK_LOSS)}.')
    ] = 'default',
    request_id: Annotated[
        str, typer.Option(help='Your same id again gets the first answer and no second mission.')
    ] = '',
) -> None:
    """Give an order in words."""
    if link_loss not in LINK_LOSS:
        _fail(f'--link-loss {link_loss!r}: expected one of {", ".join(LINK_LOSS)}')
    with at_desk(fleet, vault, target, insecure=insecure, name=operator) as desk:
        reply = desk.client.submit(
            text,
            operator=name_of(operator),
            request_id=request_id,
            priority=priority,
            link_loss=LINK_LOSS[link_loss],
        )
    said = f'{reply.mission_id}: {reply.reason}'
    refused = f'refused: {reply.reason}'
    print_answer(reply, said, done=reply.accepted, reason=refused, as_json=as_json)


@mission.command('list')
def list_missions(
    *,
    fleet: FleetOption = None,
    vault: VaultOption = DEFAULT_VAULT,
    target: TargetOption = '',
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
) -> None:
    """List missions, the oldest first."""
    with at_desk(fleet, vault, target, insecure=insecure) as desk:
        missions = desk.client.missions()
    if as_json:
        typer.echo(json.dumps([as_plain(m) for m in missions], indent=1))
    else:
        Console().print(missions_table(missions))


@mission.command('recall')
def recall(
    mission_id: Annotated[str, typer.Argument(help='The mission.')],
    *,
    fleet: FleetOption = None,
    vault: VaultOption = DEFAULT_VAULT,
    target: TargetOption = '',
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
    operator: NameOption = '',
    reason: ReasonOption = '',
) -> None:
    """Take a mission back; its robots hear of it now or when they are linked again."""
    with at_desk(fleet, vault, target, insecure=insecure, name=operator) as desk:
        reply = desk.client.recall(mission_id, operator=name_of(operator), reason=reason)
    said = f'{mission_id} is recalled'
    print_answer(reply, said, done=reply.done, reason=reply.reason, as_json=as_json)


def status(
    *,
    fleet: FleetOption = None,
    vault: VaultOption = DEFAULT_VAULT,
    target: TargetOption = '',
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show robots, missions and notices once."""
    with at_desk(fleet, vault, target, insecure=insecure) as desk:
        state = desk.client.snapshot()
    if as_json:
        _print_json(state)
    else:
        Console().print(status_view(state))


def watch(
    *,
    fleet: FleetOption = None,
    vault: VaultOption = DEFAULT_VAULT,
    target: TargetOption = '',
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
    period_s: Annotated[float, typer.Option(min=0.1, max=60.0, help='Seconds.')] = 1.0,
) -> None:
    """Show the fleet and the map of what is seen, live; Ctrl-C ends. --json: a line each time."""
    with at_desk(fleet, vault, target, insecure=insecure) as desk:
        if as_json:
            for state in desk.client.watch(period_s):
                typer.echo(json.dumps(as_plain(state)))
            return
        grid = load_map(desk.fleet.map_path)
        console = Console()
        screen = console.is_terminal
        with Live(console=console, screen=screen, auto_refresh=False) as live:
            for state in _until_interrupted(desk.client.watch(period_s)):
                live.update(watch_view(state, grid, console.size), refresh=True)


def _until_interrupted(states: Iterator[FleetState]) -> Iterator[FleetState]:
    try:
        yield from states
    except KeyboardInterrupt:
        return


def votes(
    *,
    fleet: FleetOption = None,
    vault: VaultOption = DEFAULT_VAULT,
    target: TargetOption = '',
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what the robots decide among themselves: votes, and what they wrote."""
    with at_desk(fleet, vault, target, insecure=insecure) as desk:
        reply = desk.client.votes()
    if as_json:
        _print_json(reply)
    else:
        Console().print(votes_table(reply.votes), blackboard_table(reply.blackboard))


def stop(
    robot: Annotated[str, typer.Argument(help='The robot; all if not given.')] = '',
    *,
    fleet: FleetOption = None,
    vault: VaultOption = DEFAULT_VAULT,
    target: TargetOption = '',
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
    operator: NameOption = '',
    reason: ReasonOption = '',
) -> None:
    """Stop a robot, or all. It is no emergency stop: that is on the robot."""
    with at_desk(fleet, vault, target, insecure=insecure, name=operator) as desk:
        reached = desk.client.stop(robot, operator=name_of(operator), reason=reason)
        wanted = [robot] if robot else [r.agent_id for r in desk.fleet.robots]
    missing = [name for name in wanted if name not in reached]
    if as_json:
        typer.echo(json.dumps({'stopped': reached, 'not_reached': missing}))
    else:
        typer.echo(f'told to stop: {", ".join(reached) or "nobody"}')
    if missing:
        _fail(f'not reached: {", ".join(missing)}; they are told when they are linked again')


def revoke(
    robot: Annotated[str, typer.Argument(help='The robot.')],
    *,
    fleet: FleetOption = None,
    vault: VaultOption = DEFAULT_VAULT,
    target: TargetOption = '',
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
    operator: NameOption = '',
    reason: ReasonOption = '',
    into: Annotated[
        Path | None,
        typer.Option(help="A robot's vault: leave the word there, no supervisor is asked."),
    ] = None,
) -> None:
    """Trust a robot no more: it stops, gets no orders, others take over its part of a survey."""
    if into is not None:
        told = leave_word(vault, into, robot, reason=reason, by=name_of(operator))
        typer.echo(f'{robot} is revoked; {", ".join(told)} pass it on')
        return
    with at_desk(fleet, vault, target, insecure=insecure, name=operator) as desk:
        reply = desk.client.revoke(robot, operator=name_of(operator), reason=reason)
    said = f'{robot} is revoked'
    print_answer(reply, said, done=reply.done, reason=reply.reason, as_json=as_json)


def escalations(
    *,
    fleet: FleetOption = None,
    vault: VaultOption = DEFAULT_VAULT,
    target: TargetOption = '',
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what waits for an operator's answer."""
    with at_desk(fleet, vault, target, insecure=insecure) as desk:
        found = desk.client.escalations()
    if as_json:
        typer.echo(json.dumps([as_plain(escalation) for escalation in found], indent=1))
        return
    for escalation in found:
        typer.echo(f'{escalation.escalation_id}  {escalation.agent_id}  {escalation.text}')
    if not found:
        typer.echo('nothing waits for an answer')


def resolve(
    escalation_id: Annotated[str, typer.Argument(help='The escalation.')],
    answer: Annotated[str, typer.Argument(help='What you decided.')],
    *,
    fleet: FleetOption = None,
    vault: VaultOption = DEFAULT_VAULT,
    target: TargetOption = '',
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
    operator: NameOption = '',
) -> None:
    """Answer an escalation; the answer goes into the record."""
    with at_desk(fleet, vault, target, insecure=insecure, name=operator) as desk:
        reply = desk.client.resolve(escalation_id, operator=name_of(operator), answer=answer)
    said = f'{escalation_id} is resolved'
    print_answer(reply, said, done=reply.done, reason=reply.reason, as_json=as_json)
