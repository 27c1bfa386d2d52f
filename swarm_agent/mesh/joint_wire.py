# SPDX-License-Identifier: Apache-2.0
"""Between the protobuf of joint decisions and the core's nouns; hostile input stops here."""

import math
import re
from typing import cast

from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.core.joint import Answer, Ask, Call, Cast, Entry, VoteStatus
from swarm_agent.mesh.wire import Malformed

MAX_TEXT = 500
MAX_ENTRY = 2000
MAX_ANSWER = 4000
MAX_REQUIRED = 32
MAX_WITHIN_S = 600.0
NAME = re.compile(r'^[A-Za-z0-9_.-]{1,64}$')
STATUSES = ('', 'passed', 'rejected', 'failed')


def call_of(call: mesh_pb2.VoteCall, *, author: str, counted: list[Cast]) -> Call:
    """Check a call and turn it into the core's.

    Raises:
        Malformed: It is not what its author may say.
    """
    _same(call.proposer, author)
    _named(call.topic)
    _limited(MAX_TEXT, call.question, call.reason, call.vote_id)
    if not call.vote_id.startswith(f'{call.topic}@{author}-'):
        raise Malformed('vote id of another')
    if len(call.required) > MAX_REQUIRED:
        raise Malformed('too many required')
    if call.status not in STATUSES:
        raise Malformed('unknown status')
    has_place = call.HasField('place')
    return Call(
        vote_id=call.vote_id,
        topic=call.topic,
        proposer=call.proposer,
        question=call.question,
        required=tuple(sorted({_named(name) for name in call.required})),
        left_s=_within(call.left_s),
        place=_point(call.place) if has_place else None,
        radius_m=_finite(call.radius_m),
        status=cast('VoteStatus', call.status),
        reason=call.reason,
        counted=tuple(counted),
    )


def call_message(call: Call, stamp_ns: int, ballots: list[common_pb2.Signed]) -> mesh_pb2.VoteCall:
    """A call as it travels; a result encloses the signed ballots that it counts."""
    message = mesh_pb2.VoteCall(
        vote_id=call.vote_id,
        topic=call.topic,
        proposer=call.proposer,
        question=call.question,
        required=call.required,
        stamp_ns=stamp_ns,
        left_s=call.left_s,
        radius_m=call.radius_m,
        status=call.status,
        reason=call.reason,
        ballots=ballots,
    )
    if call.place is not None:
        message.place.CopyFrom(common_pb2.Point2D(x_m=call.place[0], y_m=call.place[1]))
    return message


def cast_of(vote: mesh_pb2.Vote, *, author: str) -> Cast:
    """Check a ballot.

    Raises:
        Malformed: It is not what its author may say.
    """
    _same(vote.voter, author)
    _limited(MAX_TEXT, vote.reason, vote.vote_id)
    if vote.ballot not in (1, 2, 3):
        raise Malformed('unknown ballot')
    return Cast(vote_id=vote.vote_id, voter=author, ballot=int(vote.ballot), reason=vote.reason)


def cast_message(cast_: Cast, topic: str, stamp_ns: int) -> mesh_pb2.Vote:
    """A ballot as it travels."""
    message = mesh_pb2.Vote(
        vote_id=cast_.vote_id,
        topic=topic,
        voter=cast_.voter,
        reason=cast_.reason,
        stamp_ns=stamp_ns,
    )
    message.ballot = cast_.ballot  # type: ignore[assignment]  # a number that the enum knows
    return message


def entry_of(entry: mesh_pb2.BlackboardEntry, *, author: str) -> Entry:
    """Check a text for the blackboard.

    Raises:
        Malformed: It is not what its author may say.
    """
    _same(entry.author, author)
    _limited(MAX_ENTRY, entry.text)
    return Entry(
        mission_id=_named(entry.mission_id),
        section=_named(entry.section),
        author=author,
        revision=entry.revision,
        text=entry.text,
    )


def entry_message(entry: Entry, stamp_ns: int) -> mesh_pb2.BlackboardEntry:
    """A text as it travels."""
    return mesh_pb2.BlackboardEntry(
        mission_id=entry.mission_id,
        section=entry.section,
        author=entry.author,
        revision=entry.revision,
        text=entry.text,
        stamp_ns=stamp_ns,
    )


def ask_of(request: mesh_pb2.HandRequest, *, author: str, reader: str) -> Ask:
    """Check a request.

    Raises:
        Malformed: It is not what its author may say, or not for us.
    """
    _same(request.asker, author)
    if request.hand != reader:
        raise Malformed('request to another robot')
    _limited(MAX_TEXT, request.argument, request.request_id)
    return Ask(
        request_id=request.request_id,
        asker=author,
        hand=reader,
        capability=_named(request.capability),
        argument=request.argument,
        within_s=_within(request.within_s),
    )


def ask_message(ask: Ask, stamp_ns: int) -> mesh_pb2.HandRequest:
    """A request as it travels."""
    return mesh_pb2.HandRequest(
        request_id=ask.request_id,
        asker=ask.asker,
        hand=ask.hand,
        capability=ask.capability,
        argument=ask.argument,
        stamp_ns=stamp_ns,
        within_s=ask.within_s,
    )


def answer_of(reply: mesh_pb2.HandReply, *, author: str, reader: str) -> Answer:
    """Check an answer.

    Raises:
        Malformed: It is not what its author may say, or not for us.
    """
    _same(reply.hand, author)
    if reply.asker != reader:
        raise Malformed('answer to another robot')
    _limited(MAX_ANSWER, reply.result, reply.request_id)
    return Answer(
        request_id=reply.request_id,
        asker=reader,
        hand=author,
        status=int(reply.status) if reply.status in (1, 2, 3, 4) else 4,
        result=reply.result,
    )


def answer_message(answer: Answer, stamp_ns: int) -> mesh_pb2.HandReply:
    """An answer as it travels."""
    message = mesh_pb2.HandReply(
        request_id=answer.request_id,
        hand=answer.hand,
        asker=answer.asker,
        result=answer.result[:MAX_ANSWER],
        stamp_ns=stamp_ns,
    )
    message.status = answer.status  # type: ignore[assignment]  # a number that the enum knows
    return message


def _same(said: str, author: str) -> None:
    if said != author:
        raise Malformed('speaks for another robot')


def _named(name: str) -> str:
    """A name that can stand in a key."""
    if NAME.match(name) is None:
        raise Malformed('name that cannot stand in a key')
    return name


def _limited(most: int, *texts: str) -> None:
    if any(len(text) > most for text in texts):
        raise Malformed('text too long')


def _within(seconds: float) -> float:
    if not 0.0 <= seconds <= MAX_WITHIN_S:
        raise Malformed('deadline out of range')
    return seconds


def _finite(value: float) -> float:
    if not math.isfinite(value) or not 0.0 <= value <= 1e4:
        raise Malformed('number out of range')
    return value


def _point(point: common_pb2.Point2D) -> tuple[float, float]:
    if not (abs(point.x_m) <= 1e5 and abs(point.y_m) <= 1e5):
        raise Malformed('position out of range')
    return point.x_m, point.y_m
