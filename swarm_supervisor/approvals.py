# SPDX-License-Identifier: Apache-2.0
"""Questions to a human: a file under pending/ that an editor, the CLI or gRPC answers, once.

The file is for people; what counts is the question in the store and its digest. An answer that
comes too late, to another question, or for robots that have moved on, lets nothing happen.
"""

import hashlib
import math
import re
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from swarm.v1 import laws_pb2, operator_pb2

from swarm_config.validation import first_fault
from swarm_supervisor.core.amending import Amendment, amended
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import Mission
from swarm_supervisor.review import Ruling
from swarm_supervisor.roster import Member
from swarm_supervisor.store import PendingRow
from swarm_supervisor.strategist import Plan
from swarm_supervisor.trusting import trust_to_give
from swarm_vault.codec import codec_of
from swarm_vault.files import PRIVATE, write_atomic
from swarm_vault.laws.core.approval import (
    AVAILABLE,
    Answer,
    Asked,
    Reply,
    RobotState,
    Settlement,
    digest_of,
    expired,
    expiry,
)
from swarm_vault.laws.core.roles import Principal, Right
from swarm_vault.laws.core.values import Action
from swarm_vault.recorder import Kind

MOST_BYTES = 65_536
_ANSWER = re.compile(r'^### (Approved|Denied) by ([a-z][a-z0-9_-]{0,31})[ \t]*$', re.MULTILINE)
_DIGEST = re.compile(r'^- digest: ([0-9a-f]{64})$', re.MULTILINE)
_FENCE = re.compile(r'^```', re.MULTILINE)
_BLOCK = re.compile(r'^```yaml[ \t]*\n(.{0,4000}?)^```[ \t]*$', re.MULTILINE | re.DOTALL)
_HEAD = '## Answer'


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What an operator's file says."""

    approves: bool
    by: str
    reason: str
    digest: str
    changes: tuple[Amendment, ...] = ()
    """What the operator cuts down of the plan."""


class _Change(BaseModel):
    model_config = ConfigDict(extra='forbid', frozen=True, allow_inf_nan=False)

    step: int = Field(ge=1, le=100)
    loops: int | None = Field(default=None, ge=1)
    seconds: float | None = Field(default=None, gt=0.0)
    robot: str | None = Field(default=None, max_length=64)


class _Changes(BaseModel):
    model_config = ConfigDict(extra='forbid', frozen=True)

    amend: list[_Change] = Field(min_length=1, max_length=20)


def ask(
    hq: Headquarters,
    mission: Mission,
    ruling: Ruling,
    request: operator_pb2.SubmitRequest,
    principal: Principal,
) -> PendingRow:
    """Put a question: it is in the store at return; `show` makes the file."""
    asked = Asked(
        pending_id=f'p-{secrets.token_hex(4)}',
        actions=ruling.actions,
        robots=states(hq, ruling.actions),
        law=ruling.judgement.law,
        asked_ns=hq.clock(),
        rule=hq.court.policy_of('').approval,
    )
    row = PendingRow(
        pending_id=asked.pending_id,
        mission_id=mission.mission_id,
        asked=codec_of(Asked).encode(asked),
        plan=codec_of(Plan).encode(ruling.plan),
        request=request.SerializeToString(),
        caller=principal.name,
        status='open',
        reason=f'{ruling.judgement.reason} ({ruling.judgement.rule}, {ruling.judgement.law})',
    )
    hq.store.save_pending(row)
    data = {
        'pending_id': row.pending_id,
        'mission_id': mission.mission_id,
        'digest': digest_of(asked),
        'reason': row.reason,
        'asked_by': principal.name,
    }
    hq.note(Kind.STATE_CHANGE, 'approval.asked', data, causes=(mission.cause,), durable=True)
    return row


def show(hq: Headquarters, row: PendingRow, principal: Principal) -> None:
    """Write the file in which a question is answered."""
    request = operator_pb2.SubmitRequest.FromString(row.request)
    text = file_text(asked_of(row), row, request.text, principal)
    write_atomic(path_of(hq, row.pending_id), text.encode('utf-8'), mode=PRIVATE)


def path_of(hq: Headquarters, pending_id: str) -> Path:
    """Where a question's file lies."""
    return hq.vault_dir / 'pending' / f'{pending_id}.md'


def states(hq: Headquarters, actions: tuple[Action, ...]) -> tuple[RobotState, ...]:
    """The robots that actions name, as they are now; all of them if one names none."""
    named = {action.agent_id for action in actions}
    anybody = '' in named
    return tuple(
        RobotState(
            agent_id=member.agent_id,
            standing=_standing(member),
            tier=trust_to_give(hq, member)[0].tier,
            x_m=0.0 if anybody else member.pose[0],
            y_m=0.0 if anybody else member.pose[1],
        )
        for member in hq.roster
        if (anybody and member.available) or member.agent_id in named
    )


def _standing(member: Member) -> str:
    if not member.available:
        return member.standing.value
    return 'stopped' if member.stopped else AVAILABLE


def open_rows(hq: Headquarters) -> list[PendingRow]:
    """Questions that wait for an answer."""
    return [row for row in hq.store.pending() if row.status == 'open']


def asked_of(row: PendingRow) -> Asked:
    """The question itself."""
    return codec_of(Asked).decode(row.asked)


def settle(
    hq: Headquarters,
    row: PendingRow,
    principal: Principal,
    *,
    approves: bool,
    reason: str,
    digest: str = '',
    via: str,
) -> Settlement:
    """Judge an answer and remember how the question ended.

    Args:
        hq: The headquarters.
        row: The question.
        principal: Who answers.
        approves: Whether it is a yes.
        reason: In the operator's words, for the record only.
        digest: Of what the operator saw; empty: of the question as it stands.
        via: 'grpc' or 'file'.
    """
    asked = asked_of(row)
    now = {state.agent_id: state for state in states(hq, asked.actions)}
    outputs = hq.court.answer(
        Reply(
            asked=asked,
            digest=digest or digest_of(asked),
            approves=approves,
            by=principal.name,
            may_approve=principal.may(Right.APPROVE),
            reason=reason[:500],
            now_ns=hq.clock(),
            robots=tuple(now.values()),
            law=hq.court.policy_of('').version,
        )
    )
    settlement = outputs.settlement
    assert settlement is not None
    close(hq, row, settlement, by=principal.name, via=via, may=principal.may(Right.APPROVE))
    return settlement


def close(
    hq: Headquarters, row: PendingRow, settlement: Settlement, *, by: str, via: str, may: bool
) -> None:
    """Note an answer; one by somebody without the right leaves the question open."""
    kind = Kind.STATE_CHANGE if may else Kind.VIOLATION
    data = {
        'pending_id': row.pending_id,
        'mission_id': row.mission_id,
        'answer': settlement.answer.value,
        'by': by,
        'via': via,
        'reason': settlement.reason,
    }
    hq.note(kind, 'approval.settled' if may else 'approval.refused', data, durable=True)
    if not may:
        return
    status, reason = settlement.answer.value, settlement.reason
    hq.store.save_pending(replace(row, status=status, reason=reason))
    path_of(hq, row.pending_id).unlink(missing_ok=True)


def expire(hq: Headquarters) -> list[PendingRow]:
    """Block the questions that nobody answered in time; returns them."""
    over = [row for row in open_rows(hq) if expired(asked_of(row), hq.clock())]
    for row in over:
        nobody = Principal(name='nobody', role=None, verified=False)
        asked = asked_of(row)
        settlement = Settlement(answer=Answer.EXPIRED, reason=expiry(asked, hq.clock()))
        close(hq, row, settlement, by=nobody.name, via='time', may=True)
    return over


def read_file(path: Path) -> Spoken | str | None:
    """What an operator wrote into a question's file; None while nothing, a text if it is odd."""
    text, fault = _text_in(path)
    if fault:
        return fault
    _, head, below = text.partition(_HEAD)
    found = _ANSWER.findall(below)
    if not found:
        return None
    digests = _DIGEST.findall(text.partition(_HEAD)[0])
    if not head or len(found) > 1 or len(digests) != 1:
        return 'holds more than one answer, or its digest is gone'
    word, name = found[0]
    changes = _changes_in(below)
    if isinstance(changes, str):
        return changes
    reason = ' '.join(_BLOCK.sub('', _ANSWER.sub('', below)).split())[:500]
    return Spoken(
        approves=word == 'Approved', by=name, reason=reason, digest=digests[0], changes=changes
    )


def _text_in(path: Path) -> tuple[str, str]:
    """The text of a file, and why it cannot be had; what is no plain file is not opened at all."""
    if not path.is_file():
        return '', 'is no plain file'
    try:
        with path.open('rb') as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode('utf-8')
    except (OSError, UnicodeDecodeError) as error:
        return '', f'cannot be read ({error})'
    return text, f'has over {MOST_BYTES} bytes' if len(content) > MOST_BYTES else ''


def _changes_in(text: str) -> tuple[Amendment, ...] | str:
    """The changes in the one YAML block of an answer; none without one, a text if it is odd."""
    blocks = _BLOCK.findall(text)
    if len(blocks) > 1:
        return 'holds more than one YAML block'
    if not blocks:
        return 'its block is no closed YAML block' if _FENCE.search(text) else ()
    try:
        changes = _Changes.model_validate(yaml.safe_load(blocks[0]))
    except ValidationError as error:
        return f'its amendment is odd: {first_fault(error)}'
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return f'its YAML block cannot be read ({" ".join(str(error).split())[:200]})'
    return tuple(Amendment(**change.model_dump()) for change in changes.amend)


def amend(hq: Headquarters, row: PendingRow, spoken: Spoken) -> PendingRow | str:
    """The question with its plan as an operator has cut it down, or why that cannot be."""
    plan = amended(codec_of(Plan).decode(row.plan), spoken.changes)
    if isinstance(plan, str):
        return plan
    encoded = codec_of(Plan).encode(plan)
    data = {
        'pending_id': row.pending_id,
        'by': spoken.by,
        'changes': [asdict(change) for change in spoken.changes],
        'digest': hashlib.sha256(encoded).hexdigest(),
    }
    hq.note(Kind.DECISION, 'approval.amended', data, durable=True)
    return replace(row, plan=encoded)


def file_text(asked: Asked, row: PendingRow, order: str, principal: Principal) -> str:
    """A question as people read it."""
    ends = asked.asked_ns / 1e9 + asked.rule.within_s
    until = datetime.fromtimestamp(ends, tz=timezone.utc).isoformat(timespec='seconds')
    lines = '\n'.join(f'- {line}' for line in map(_in_words, asked.actions))
    role = '' if principal.role is None else f' ({principal.role.value})'
    return (
        f'# {asked.pending_id} waits for an answer\n\n'
        f'- order: {_plain(order)}\n- asked by: {_plain(principal.name)}{role}\n'
        f'- why: {_plain(row.reason)}\n- until: {until}, then it is blocked\n'
        f'- digest: {digest_of(asked)}\n\n## What is asked\n\n{lines}\n\n'
        'To answer, add one of these lines at the end, a reason below it if you like, and save:\n'
        '`### Approved by YOUR_NAME` or `### Denied by YOUR_NAME`.\n'
        'Below an approval a YAML block may cut steps down (they are numbered in the order above):'
        ' `amend: [{step: 1, loops: 2}]`; also `seconds`, and `robot` where none is named. It is'
        ' judged and proved again.\n'
        f'Or: `swarm approve {asked.pending_id}`, `swarm deny {asked.pending_id}`.\n\n{_HEAD}\n'
    )


def _in_words(action: Action) -> str:
    who = action.agent_id or 'whoever is chosen'
    where = [f'({x:.2f}, {y:.2f}) m' for x, y in action.goals]
    where += [f'sector {area.name}' for area in action.areas]
    where += ['the whole floor'] if action.everywhere else []
    length = f', {action.seconds:g} s' if math.isfinite(action.seconds) and action.seconds else ''
    rounds = f', {action.loops} rounds' if action.loops != 1 else ''
    return f'{action.skill} by {who}: {", ".join(where) or "no place"}{length}{rounds}'


def _plain(text: str) -> str:
    """One line without anything that could be read as a heading or an answer."""
    return ' '.join(text.split()).replace('#', '').replace('`', "'")[:500]


def to_message(hq: Headquarters, row: PendingRow) -> laws_pb2.PendingQuestion:
    """A question as it goes over the wire."""
    asked = asked_of(row)
    request = operator_pb2.SubmitRequest.FromString(row.request)
    return laws_pb2.PendingQuestion(
        pending_id=row.pending_id,
        text=request.text,
        asked_by=row.caller,
        reason=row.reason,
        digest=digest_of(asked),
        asked_ns=asked.asked_ns,
        expires_ns=asked.asked_ns + int(asked.rule.within_s * 1e9),
        file=str(path_of(hq, row.pending_id)),
        status=row.status,
    )
