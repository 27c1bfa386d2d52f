# SPDX-License-Identifier: Apache-2.0
"""`swarm playbook`: run stages of orders and gates; interrupted, it goes on where it was."""

import hashlib
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from swarm_supervisor.cli.desk import Desk, asks
from swarm_supervisor.cli.options import PlaybookArgument
from swarm_supervisor.client import OperatorClient
from swarm_supervisor.core.playbooks import Progress, Seen, Stage, StageState, advance
from swarm_supervisor.playbook_files import load_playbook, load_progress, save_progress

app = typer.Typer(no_args_is_help=True, help='Stages of orders, with gates for humans.')
State = Annotated[
    Path | None,
    typer.Option('--state', help='File that holds how far it is; beside the playbook.'),
]
POLL_S = 1.0
REFUSED = 'refused'


@app.command('check')
def check(file: PlaybookArgument) -> None:
    """See whether a playbook can be run."""
    stages = load_playbook(file)
    gates = sum(1 for stage in stages if stage.gate)
    typer.echo(f'{file}: {len(stages)} stages, {gates} gates for humans')


@app.command('approve')
def approve(
    file: PlaybookArgument,
    state: State = None,
    *,
    deny: Annotated[bool, typer.Option('--deny', help='Close it: the playbook ends.')] = False,
) -> None:
    """Open the gate at which a playbook waits, or close it with --deny."""
    place = state or _state_of(file)
    progress = load_progress(place, load_playbook(file))
    if progress.state is not StageState.WAITING:
        typer.echo(f'{file} does not wait at a gate', err=True)
        raise typer.Exit(2)
    _answer_of(place, progress).write_text('no' if deny else 'yes', encoding='utf-8')


@app.command('run')
@asks
def run(desk: Desk, file: PlaybookArgument, state: State = None) -> None:
    """Run a playbook to its end; a restart takes up where it was."""
    stages, place = load_playbook(file), state or _state_of(file)
    progress = load_progress(place, stages)
    while not progress.ended:
        progress = step(desk.client, stages, progress, place, desk.operator)
        time.sleep(0.0 if progress.state is StageState.READY else POLL_S)
    typer.echo(progress.ended)
    raise typer.Exit(0 if progress.ended == 'done' else 1)


def step(
    client: OperatorClient,
    stages: tuple[Stage, ...],
    progress: Progress,
    place: Path,
    operator: str,
) -> Progress:
    """Take one step; what it is about to do is on the disk before it is done."""
    running = progress.state is StageState.RUNNING and not progress.ended
    if running and not progress.mission_id:
        progress = _submit(client, stages, progress, place, operator)
    seen = Seen(
        now_ns=time.time_ns(),
        mission=_status(client, progress.mission_id),
        approved=_approved(place, progress),
    )
    after, action = advance(stages, progress, seen)
    if after != progress:
        save_progress(place, after)
    if action.ask:
        typer.echo(f'waits for a human: {action.ask} (swarm playbook approve)')
    return after


def _submit(
    client: OperatorClient,
    stages: tuple[Stage, ...],
    progress: Progress,
    place: Path,
    operator: str,
) -> Progress:
    """Give the stage's order; its id is that of the try, so a restart does not give it twice."""
    stage = next(one for one in stages if one.name == progress.stage)
    text = f'{place.resolve()} {progress.steps} {progress.tries} {progress.since_ns}'
    request_id = hashlib.sha256(text.encode()).hexdigest()[:32]
    reply = client.submit(stage.order, operator=operator, request_id=request_id)
    typer.echo(f'{stage.name}: {stage.order!r}: {reply.mission_id or reply.reason}')
    begun = replace(progress, mission_id=reply.mission_id if reply.accepted else REFUSED)
    save_progress(place, begun)
    return begun


def _status(client: OperatorClient, mission_id: str) -> str:
    if mission_id in {'', REFUSED}:
        return mission_id
    return next((m.status for m in client.missions() if m.mission_id == mission_id), '')


def _approved(place: Path, progress: Progress) -> bool | None:
    answer = _answer_of(place, progress)
    return answer.read_text(encoding='utf-8').strip() == 'yes' if answer.exists() else None


def _answer_of(place: Path, progress: Progress) -> Path:
    return place.with_name(f'{place.stem}.{progress.stage}.{progress.steps}.answer')


def _state_of(file: Path) -> Path:
    return file.with_name(f'{file.stem}.state.json')
