# SPDX-License-Identifier: Apache-2.0
"""`swarm memory`: what a robot has learned, and what of it becomes a standing rule."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from swarm_supervisor.cli import lesson_rules, lessons
from swarm_vault.folders import agent_folder
from swarm_vault.lessons import shelf_of
from swarm_vault.meaning import VectorBook, encoder_of
from swarm_vault.recall import asked, confirm, learn, recall

app = typer.Typer(no_args_is_help=True, help='What robots have learned.')
app.command('propose')(lessons.propose)
app.command('proposals')(lessons.proposals)
app.command('accept')(lessons.accept)
app.command('revoke')(lessons.revoke)
app.command('rules')(lesson_rules.rules)
app.command('reject')(lessons.reject)
Vault = Annotated[Path, typer.Option('--vault', help='Folder of the vault.')]


@app.command('recall')
def recall_notes(
    agent: str,
    question: str,
    vault: Vault = Path('vault'),
    model: Annotated[
        str,
        typer.Option(
            help='Sentence model: a folder with model.onnx and vocab.txt, or "none" for words'
            ' alone; the one of the extra `recall` if not given.'
        ),
    ] = '',
    as_json: Annotated[bool, typer.Option('--json', help='Print JSON for machines.')] = False,
) -> None:
    """The notes of a robot that fit a question best, then the lessons that the fleet shares."""
    own, fleet = agent_folder(vault, agent), shelf_of(vault)
    encoder = encoder_of(model)
    book = None if encoder is None else VectorBook(vault, encoder)
    meant = asked(book, question)
    if book is not None:
        learn(book, (own, fleet))
    found = (*recall(own, question, meant=meant), *recall(fleet, question, most=3, meant=meant))
    if as_json:
        typer.echo(json.dumps([asdict(note) for note in found]))
        return
    for note in found:
        typer.echo(f'{note.agent_id}/{note.name} ({note.standing}): {note.title}\n  {note.text}')
    if not found:
        typer.echo(f'{agent} has no note about that')


@app.command('confirm')
def confirm_note(
    agent: str,
    note: str,
    operator: Annotated[str, typer.Option(help='Who confirms it.')],
    vault: Vault = Path('vault'),
) -> None:
    """Make a lesson a standing rule of a robot; only a human does that."""
    typer.echo(confirm(agent_folder(vault, agent), note, operator, time.time_ns()))
