# SPDX-License-Identifier: Apache-2.0
"""Between the horizontal plane's protobuf and the core's nouns; hostile input stops here."""

import math
from collections.abc import Iterable, Sequence
from typing import cast

from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.core.types import (
    Binding,
    Claim,
    Hazard,
    Heard,
    OpenClaim,
    Peer,
    Point,
    Polyline,
    Word,
)
from swarm_vault.heads.wire import MAX_PROOF

MAX_BYTES = 8192
MAX_AGE_S = 5.0
MAX_POINTS = 64
MAX_COORDINATE_M = 1e5
MAX_RADIUS_M = 10.0
MAX_TTL_S = 3600.0
MAX_SPEED_MPS = 5.0
MAX_TEXT = 64
MAX_HEADS = 16
MAX_PROMISES = 32


class Malformed(ValueError):  # noqa: N818 - a verdict on a message, never shown to a user
    """A message that must not be used; the text is the reason that is counted."""


def peer_of(intent: mesh_pb2.PeerIntent, *, author: str, heard_ns: int, alive: bool) -> Peer:
    """Check an intent and turn it into a peer.

    Raises:
        Malformed: It is not what its author may say.
    """
    check_author(intent.agent_id, author)
    _finite(intent.speed_mps, intent.radius_m, intent.pose.yaw_rad)
    if not 0.0 < intent.radius_m <= MAX_RADIUS_M:
        raise Malformed('radius out of range')
    if abs(intent.speed_mps) > MAX_SPEED_MPS:
        raise Malformed('speed out of range')
    return Peer(
        agent_id=intent.agent_id,
        heard_ns=heard_ns,
        pose=(*_point(intent.pose.x_m, intent.pose.y_m), intent.pose.yaw_rad),
        speed_mps=intent.speed_mps,
        radius_m=intent.radius_m,
        priority=intent.priority,
        waited_ms=intent.waited_ms,
        state=intent.state,
        path=_path(intent.path),
        yields_to=intent.yields_to[:MAX_TEXT],
        cannot_yield=intent.cannot_yield,
        alive=alive,
        word=_word(intent),
    )


def _word(intent: mesh_pb2.PeerIntent) -> Word:
    if max(len(intent.open), len(intent.bound), len(intent.heard)) > MAX_PROMISES:
        raise Malformed('too many promises')
    return Word(
        said_ns=intent.said_ns,
        open=tuple(
            OpenClaim(claim_id=one.claim_id[:MAX_TEXT], promised_ns=one.promised_ns)
            for one in intent.open
        ),
        bound=tuple(
            Binding(claim_id=one.claim_id[:MAX_TEXT], asked_ns=one.asked_ns, heard_ns=one.heard_ns)
            for one in intent.bound
        ),
        heard=tuple(
            Heard(agent_id=one.agent_id[:MAX_TEXT], said_ns=one.said_ns) for one in intent.heard
        ),
    )


def say_word(intent: mesh_pb2.PeerIntent, word: Word) -> None:
    """Put what a robot says of its claims and promises into its intent."""
    intent.said_ns = word.said_ns
    for claim in word.open:
        intent.open.add(claim_id=claim.claim_id, promised_ns=claim.promised_ns)
    for one in word.bound:
        intent.bound.add(claim_id=one.claim_id, asked_ns=one.asked_ns, heard_ns=one.heard_ns)
    for peer in word.heard:
        intent.heard.add(agent_id=peer.agent_id, said_ns=peer.said_ns)


def claim_of(claim: mesh_pb2.Claim, *, author: str, reader: str) -> Claim:
    """Check a claim and turn it into the core's.

    Raises:
        Malformed: It is not what its author may say, or not for us.
    """
    check_author(claim.from_agent, author)
    if claim.to_agent != reader:
        raise Malformed('claim for another robot')
    has_place = claim.HasField('place')
    return Claim(
        claim_id=claim.claim_id[:MAX_TEXT],
        kind=claim.kind,
        from_agent=claim.from_agent,
        to_agent=claim.to_agent,
        priority=claim.priority,
        waited_ms=claim.waited_ms,
        path=_path(claim.path),
        place=_point(claim.place.x_m, claim.place.y_m) if has_place else None,
        reason=claim.reason[:200],
        said_ns=claim.said_ns,
        answers_ns=claim.answers_ns,
    )


def claim_message(claim: Claim, stamp_ns: int) -> mesh_pb2.Claim:
    """A claim as it travels."""
    message = mesh_pb2.Claim(
        claim_id=claim.claim_id,
        kind=cast('mesh_pb2.ClaimKind', claim.kind),
        from_agent=claim.from_agent,
        to_agent=claim.to_agent,
        stamp_ns=stamp_ns,
        priority=cast('common_pb2.PriorityClass', claim.priority),
        waited_ms=claim.waited_ms,
        path=points_message(claim.path),
        reason=claim.reason,
        said_ns=claim.said_ns,
        answers_ns=claim.answers_ns,
    )
    if claim.place is not None:
        message.place.CopyFrom(common_pb2.Point2D(x_m=claim.place[0], y_m=claim.place[1]))
    return message


def points_message(path: Iterable[Point]) -> list[common_pb2.Point2D]:
    """A path as it travels."""
    return [common_pb2.Point2D(x_m=x, y_m=y) for x, y in path]


def hazard_of(hazard: mesh_pb2.Hazard, *, author: str, heard_ns: int) -> Hazard:
    """Check a hazard and turn it into the core's.

    Raises:
        Malformed: It is not what its author may say.
    """
    check_author(hazard.reporter, author)
    _finite(hazard.radius_m, hazard.ttl_s)
    if not 0.0 < hazard.radius_m <= MAX_RADIUS_M:
        raise Malformed('radius out of range')
    if not 0.0 < hazard.ttl_s <= MAX_TTL_S:
        raise Malformed('time to live out of range')
    return Hazard(
        hazard_id=hazard.hazard_id[:128],
        kind=hazard.kind[:32],
        reporter=hazard.reporter,
        position=_point(hazard.position.x_m, hazard.position.y_m),
        radius_m=hazard.radius_m,
        heard_ns=heard_ns,
        ttl_s=hazard.ttl_s,
    )


def check_heads(heads: mesh_pb2.LogHeads, *, author: str) -> None:
    """Refuse heads in another's name, or too many; the notes in them are signed themselves.

    Raises:
        Malformed: It is not what its author may say.
    """
    check_author(heads.agent_id, author)
    parts = (heads.checkpoints, heads.cosigned, heads.steps, heads.held)
    if max(map(len, parts)) > MAX_HEADS:
        raise Malformed('too many heads')
    if any(len(step.hashes) > MAX_PROOF for step in heads.steps):
        raise Malformed('proof too long')


def check_stamp(stamp_ns: int, now_ns: int) -> None:
    """Refuse what is too old or from the future.

    Raises:
        Malformed: The stamp is more than 5 s away from now.
    """
    age_s = (now_ns - stamp_ns) / 1e9
    if age_s > MAX_AGE_S:
        raise Malformed('too old')
    if age_s < -MAX_AGE_S:
        raise Malformed('from the future')


def check_author(said: str, author: str) -> None:
    """Refuse what is said in another's name.

    Raises:
        Malformed: It is not what its author may say.
    """
    if said != author:
        raise Malformed('speaks for another robot')


def _finite(*values: float) -> None:
    if not all(math.isfinite(value) for value in values):
        raise Malformed('number that is not finite')


def _point(x_m: float, y_m: float) -> Point:
    _finite(x_m, y_m)
    if max(abs(x_m), abs(y_m)) > MAX_COORDINATE_M:
        raise Malformed('position out of range')
    return x_m, y_m


def _path(points: Sequence[common_pb2.Point2D]) -> Polyline:
    if len(points) > MAX_POINTS:
        raise Malformed('path too long')
    path = tuple([(point.x_m, point.y_m) for point in points])
    for x, y in path:
        if not (abs(x) <= MAX_COORDINATE_M and abs(y) <= MAX_COORDINATE_M):
            _point(x, y)
    return path
