# SPDX-License-Identifier: Apache-2.0
"""`swarm mission|status|watch|stop|revoke|escalations|resolve`: command a running fleet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from swarm.v1.operator_pb2 import FleetState

from swarm_config.maps import load_map
from swarm_supervisor.cli.desk import (
    Desk,
    InsecureOption,
    KeysOption,
    NameOption,
    TargetOption,
    as_plain,
    asks,
    at_desk,
    fail,
    name_of,
    print_answer,
    print_json,
)
from swarm_supervisor.cli.operator_view import (
    blackboard_table,
    missions_table,
    status_view,
    votes_table,
    watch_view,
)
from swarm_supervisor.cli.options import (
    SUPERVISORS_VAULT,
    FleetOption,
    JsonOption,
    ReasonOption,
)
from swarm_supervisor.client import LINK_LOSS
from swarm_vault.laws.by_hand import leave_word

mission = typer.Typer(
    no_args_is_help=True,
    help='Give orders in words, list missions, take them back.\n\n'
    'Orders: "survey the whole depot", "survey SECTOR", "patrol A, B 3 times with ROBOT",'
    ' "send ROBOT to PLACE" (a name, or X Y in metres), "deliver from A to B",'
    ' "wait 30 s with ROBOT", "ROBOT return home", "everybody return home", "recall MISSION".',
)


@mission.command('submit')
@asks
def submit(
    desk: Desk,
    text: Annotated[str, typer.Argument(help='The order in words.')],
    *,
    as_json: JsonOption = False,
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
        fail(f'--link-loss {link_loss!r}: expected one of {", ".join(LINK_LOSS)}')
    reply = desk.client.submit(
        text,
        operator=desk.operator,
        request_id=request_id,
        priority=priority,
        link_loss=LINK_LOSS[link_loss],
    )
    said = f'{reply.mission_id}: {reply.reason}'
    refused = f'refused: {reply.reason}'
    print_answer(reply, said, done=reply.accepted, reason=refused, as_json=as_json)


@mission.command('list')
@asks
def list_missions(desk: Desk, *, as_json: JsonOption = False) -> None:
    """List missions, the oldest first."""
    missions = desk.client.missions()
    if as_json:
        typer.echo(json.dumps([as_plain(m) for m in missions], indent=1))
    else:
        Console().print(missions_table(missions))


@mission.command('recall')
@asks
def recall(
    desk: Desk,
    mission_id: Annotated[str, typer.Argument(help='The mission.')],
    *,
    as_json: JsonOption = False,
    reason: ReasonOption = '',
) -> None:
    """Take a mission back; its robots hear of it now or when they are linked again."""
    reply = desk.client.recall(mission_id, operator=desk.operator, reason=reason)
    said = f'{mission_id} is recalled'
    print_answer(reply, said, done=reply.done, reason=reply.reason, as_json=as_json)


@asks
def status(desk: Desk, *, as_json: JsonOption = False) -> None:
    """Show robots, missions and notices once."""
    state = desk.client.snapshot()
    if as_json:
        print_json(state)
    else:
        Console().print(status_view(state))


@asks
def watch(
    desk: Desk,
    *,
    as_json: JsonOption = False,
    period_s: Annotated[float, typer.Option(min=0.1, max=60.0, help='Seconds.')] = 1.0,
) -> None:
    """Show the fleet and the map of what is seen, live; Ctrl-C ends. --json: a line each time."""
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


@asks
def votes(desk: Desk, *, as_json: JsonOption = False) -> None:
    """Show what the robots decide among themselves: votes, and what they wrote."""
    reply = desk.client.votes()
    if as_json:
        print_json(reply)
    else:
        Console().print(votes_table(reply.votes), blackboard_table(reply.blackboard))


@asks
def stop(
    desk: Desk,
    robot: Annotated[str, typer.Argument(help='The robot; all if not given.')] = '',
    *,
    as_json: JsonOption = False,
    reason: ReasonOption = '',
) -> None:
    """Stop a robot, or all. It is no emergency stop: that is on the robot."""
    reached = desk.client.stop(robot, operator=desk.operator, reason=reason)
    wanted = [robot] if robot else [r.agent_id for r in desk.fleet.robots]
    missing = [name for name in wanted if name not in reached]
    if as_json:
        typer.echo(json.dumps({'stopped': reached, 'not_reached': missing}))
    else:
        typer.echo(f'told to stop: {", ".join(reached) or "nobody"}')
    if missing:
        fail(f'not reached: {", ".join(missing)}; they are told when they are linked again')


def revoke(
    robot: Annotated[str, typer.Argument(help='The robot.')],
    *,
    fleet: FleetOption = None,
    vault: KeysOption = SUPERVISORS_VAULT,
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
    with at_desk(
        fleet=fleet, vault=vault, target=target, insecure=insecure, operator=operator
    ) as desk:
        reply = desk.client.revoke(robot, operator=desk.operator, reason=reason)
    said = f'{robot} is revoked'
    print_answer(reply, said, done=reply.done, reason=reply.reason, as_json=as_json)


@asks
def escalations(desk: Desk, *, as_json: JsonOption = False) -> None:
    """Show what waits for an operator's answer."""
    found = desk.client.escalations()
    if as_json:
        typer.echo(json.dumps([as_plain(escalation) for escalation in found], indent=1))
        return
    for escalation in found:
        typer.echo(f'{escalation.escalation_id}  {escalation.agent_id}  {escalation.text}')
    if not found:
        typer.echo('nothing waits for an answer')


@asks
def resolve(
    desk: Desk,
    escalation_id: Annotated[str, typer.Argument(help='The escalation.')],
    answer: Annotated[str, typer.Argument(help='What you decided.')],
    *,
    as_json: JsonOption = False,
) -> None:
    """Answer an escalation; the answer goes into the record."""
    reply = desk.client.resolve(escalation_id, operator=desk.operator, answer=answer)
    said = f'{escalation_id} is resolved'
    print_answer(reply, said, done=reply.done, reason=reply.reason, as_json=as_json)
