# SPDX-License-Identifier: Apache-2.0
"""`swarm memory`: what a robot has learned, and what of it becomes a standing rule."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from swarm_supervisor.cli import lesson_rules, lessons
from swarm_supervisor.cli.options import (
    SUPERVISORS_VAULT,
    JsonOption,
    RobotArgument,
    VaultOption,
)
from swarm_vault.errors import VaultError
from swarm_vault.folders import agent_folder
from swarm_vault.lessons import shelf_of
from swarm_vault.manuals import manuals_of, read_manuals, search, text_of
from swarm_vault.meaning import VectorBook, encoder_of
from swarm_vault.recall import Asked, asked, confirm, learn, recall

app = typer.Typer(no_args_is_help=True, help='What robots have learned.')
app.command('propose')(lessons.propose)
app.command('proposals')(lessons.proposals)
app.command('accept')(lessons.accept)
app.command('revoke')(lessons.revoke)
app.command('rules')(lesson_rules.rules)
app.command('reject')(lessons.reject)
Model = Annotated[
    str,
    typer.Option(
        help='Sentence model: a folder with model.onnx and vocab.txt, or "none" for words alone;'
        ' the one of the extra `recall` if not given.'
    ),
]
Question = Annotated[str, typer.Argument(help='What you want to know, in your words.')]


@app.command('recall')
def recall_notes(
    agent: RobotArgument,
    question: Question,
    vault: VaultOption = SUPERVISORS_VAULT,
    model: Model = '',
    as_json: JsonOption = False,
) -> None:
    """The notes of a robot that fit a question best, then the lessons that the fleet shares."""
    own, fleet = agent_folder(vault, agent), shelf_of(vault)
    meant = _asked(vault, model, question)
    if meant is not None:
        learn(meant.book, (own, fleet))
    found = (*recall(own, question, meant=meant), *recall(fleet, question, most=3, meant=meant))
    if as_json:
        typer.echo(json.dumps([asdict(note) for note in found]))
        return
    for note in found:
        typer.echo(f'{note.agent_id}/{note.name} ({note.standing}): {note.title}\n  {note.text}')
    if not found:
        typer.echo(f'{agent} has no note about that')


@app.command('manual')
def search_manuals(
    question: Question,
    vault: VaultOption = SUPERVISORS_VAULT,
    model: Model = '',
    as_json: JsonOption = False,
) -> None:
    """The passages of the site's manuals (`manuals/` in the vault) that fit a question best."""
    manuals = read_manuals(vault)
    for fault in manuals.faults:
        typer.echo(f'passed over: {fault}', err=True)
    if not manuals.passages:
        raise VaultError(f'no .md or .txt in {manuals_of(vault)}; put the manuals there')
    meant = _asked(vault, model, question)
    if meant is not None:
        meant.book.learn([text_of(passage) for passage in manuals.passages])
    found = search(manuals, question, meant=meant)
    if as_json:
        typer.echo(json.dumps([asdict(passage) for passage in found]))
        return
    for passage in found:
        typer.echo(f'{passage.place} {passage.heading}'.strip() + f'\n  {passage.text}')
    if not found:
        typer.echo('no manual says anything about that')


def _asked(vault: Path, model: str, question: str) -> Asked | None:
    encoder = encoder_of(model)
    return asked(None if encoder is None else VectorBook(vault, encoder), question)


@app.command('confirm')
def confirm_note(
    agent: RobotArgument,
    note: lessons.NoteArgument,
    operator: Annotated[str, typer.Option(help='Who confirms it.')],
    vault: VaultOption = SUPERVISORS_VAULT,
) -> None:
    """Make a lesson a standing rule of a robot; only a human does that."""
    typer.echo(confirm(agent_folder(vault, agent), note, operator, time.time_ns()))
