# SPDX-License-Identifier: Apache-2.0
"""`swarm memory propose|proposals|accept|reject|revoke`: shared after a human's review.

Each word is recorded first, in a log of its own (supervisor/review), then done.
"""

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from swarm_config.errors import ConfigError
from swarm_supervisor.cli.lesson_rules import WHEN, rule_from
from swarm_supervisor.cli.options import (
    SUPERVISORS_VAULT,
    ByOption,
    FleetOption,
    JsonOption,
    ReasonOption,
    RobotArgument,
    VaultOption,
    plan_of,
)
from swarm_vault import lessons
from swarm_vault.errors import VaultError
from swarm_vault.fleet_rules import Rule, add_rule, remove_rule
from swarm_vault.keys import OPERATOR
from swarm_vault.laws.core.roles import Principal, Right
from swarm_vault.laws.operators import Register, register_of
from swarm_vault.memory import NoteReading, read_memory
from swarm_vault.recorder import Kind, Recorder

SUPERVISOR, WRITER = 'supervisor', 'review'
NoteArgument = Annotated[str, typer.Argument(help='The name of a note of its memory.')]
LessonArgument = Annotated[
    str, typer.Argument(help='The lesson, as `swarm memory proposals` or `rules` names it.')
]


def propose(
    agent: RobotArgument,
    note: NoteArgument,
    operator: ByOption,
    vault: VaultOption = SUPERVISORS_VAULT,
    fleet: FleetOption = None,
) -> None:
    """Propose a robot's note as a lesson for the whole fleet."""
    principal = principal_of(operator, Right.ORDER, vault, fleet)
    name, found = lessons.to_propose(vault, agent, note)
    data = {'from': f'{agent}/{note}'}
    _record(vault, 'lesson.proposed', found, principal, {**data, 'name': name})
    lessons.propose(vault, name, found)
    typer.echo(f'{name} waits for a review: swarm memory accept {name}')


def proposals(
    vault: VaultOption = SUPERVISORS_VAULT,
    as_json: JsonOption = False,
) -> None:
    """The lessons that wait for a human."""
    notes = [note for note in read_memory(lessons.proposed_of(vault)) if note.front]
    if as_json:
        typer.echo(json.dumps([_plain(note) for note in notes]))
        return
    for note in notes:
        plain = _plain(note)
        typer.echo(f'{note.name} ({plain["standing"]}, from {plain["source"]}): {plain["title"]}')
        typer.echo(f'  {note.text}')
    if not notes:
        typer.echo('no lesson waits')


def accept(
    name: LessonArgument,
    operator: ByOption,
    slow: Annotated[str, typer.Option(help='Effect, SECTOR=SPEED: so slow there [m/s].')] = '',
    avoid: Annotated[str, typer.Option(help='Effect, SECTOR: robots keep clear of it.')] = '',
    wait: Annotated[float, typer.Option(help='Effect: no single wait is longer [s].')] = 0.0,
    vault: VaultOption = SUPERVISORS_VAULT,
    fleet: FleetOption = None,
) -> None:
    """Share a lesson with the fleet; with an effect it becomes a rule that robots keep."""
    principal = principal_of(operator, Right.APPROVE, vault, fleet)
    lessons.waiting(vault, name)
    rule = rule_from(name, principal.name, (slow, avoid, wait), plan_of(fleet))
    data = {} if rule is None else {'effect': rule.text}
    _settle(name, vault, principal, accepted=True, rule=rule, data=data)


def revoke(
    name: LessonArgument,
    operator: ByOption,
    reason: ReasonOption = '',
    vault: VaultOption = SUPERVISORS_VAULT,
    fleet: FleetOption = None,
) -> None:
    """Take a shared lesson back, and the rule that it became."""
    principal = principal_of(operator, Right.APPROVE, vault, fleet)
    note = lessons.shared(vault, name)
    if note is None or note.front is None:
        raise VaultError(f'no lesson {name[:64]!r} is shared; see: swarm memory rules')
    reason = ' '.join(reason.split())[:200]
    _record(vault, 'lesson.revoked', note, principal, {'name': name, 'reason': reason})
    ruled = remove_rule(vault, name)
    lessons.withdraw(vault, name, principal.name, reason, time.time_ns())
    typer.echo(f'{name}: revoked by {principal.name}{WHEN if ruled else ""}')


def reject(
    name: LessonArgument,
    operator: ByOption,
    reason: ReasonOption = '',
    vault: VaultOption = SUPERVISORS_VAULT,
    fleet: FleetOption = None,
) -> None:
    """Put a proposed lesson aside."""
    principal = principal_of(operator, Right.APPROVE, vault, fleet)
    _settle(name, vault, principal, accepted=False, reason=' '.join(reason.split())[:200])


def _settle(
    name: str,
    vault: Path,
    principal: Principal,
    *,
    accepted: bool,
    reason: str = '',
    rule: Rule | None = None,
    data: Mapping[str, str] | None = None,
) -> None:
    note = lessons.waiting(vault, name)
    review = lessons.Review(
        accepted=accepted, by=principal.name, reason=reason, stamp_ns=time.time_ns()
    )
    type_ = 'lesson.accepted' if accepted else 'lesson.rejected'
    _record(vault, type_, note, principal, {'name': name, 'reason': reason, **(data or {})})
    if rule is not None:
        add_rule(vault, rule)
    lessons.settle(vault, note, review)
    because = '' if rule is None else f', a rule: {rule.text}{WHEN}'
    typer.echo(f'{name}: {"shared" if accepted else "rejected"} by {principal.name}{because}')


def principal_of(operator: str, right: Right, vault: Path, fleet: Path | None) -> Principal:
    """Who says so, if the role covers it.

    Raises:
        ConfigError: The name is odd, or the role does not cover it.
    """
    return principal_in(register_of(plan_of(fleet), vault), operator, right)


def principal_in(register: Register, operator: str, right: Right) -> Principal:
    """Who says so by this register, if the role covers it.

    Raises:
        ConfigError: The name is odd, or the role does not cover it.
    """
    if not re.fullmatch(r'[a-z][a-z0-9_-]{0,31}', operator):
        raise ConfigError(
            f'operator {operator[:64]!r}: expected a small letter, then up to 31 of a-z 0-9 _ -'
        )
    principal = register.principal(OPERATOR, operator)
    refusal = register.refusal(principal, right)
    if refusal:
        raise ConfigError(refusal)
    return principal


def _record(
    vault: Path, type_: str, note: NoteReading, principal: Principal, data: dict[str, str]
) -> None:
    recorder = Recorder(vault_dir=vault, agent_id=SUPERVISOR, writer=WRITER)
    said = {
        **data,
        'operator': principal.name[:100],
        'role': '' if principal.role is None else principal.role.value,
        'verified': principal.verified,
        'sha256': lessons.digest_of(note),
    }
    try:
        recorder.event(Kind.DECISION, type_, said, durable=True)
    finally:
        recorder.close()


def _plain(note: NoteReading) -> dict[str, str]:
    assert note.front is not None, 'only notes that could be read are listed'
    return {
        'name': note.name,
        'title': note.front.title,
        'standing': note.front.standing.value,
        'source': note.front.source,
        'text': note.text,
        'sha256': lessons.digest_of(note),
    }
