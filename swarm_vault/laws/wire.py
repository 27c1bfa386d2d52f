# SPDX-License-Identifier: Apache-2.0
"""Tokens, mandates and revocations between the wire and the plain values of the core."""

import math
from collections.abc import Iterable, Sequence

from google.protobuf.message import DecodeError
from swarm.v1 import common_pb2, laws_pb2, mission_pb2

from swarm_vault.keys import OPERATOR, SUPERVISOR, Signer, Trust
from swarm_vault.laws.core.values import Area, Mandate, Revocation, Token

REVOCATION = 'swarm.v1.Revocation'
WHO_REVOKES = (SUPERVISOR, OPERATOR)
MOST_CORNERS = 500
MOST_AREAS = 64
LONGEST_TEXT = 500


def to_token(message: mission_pb2.TierToken) -> Token:
    """A verified tier token as plain values; an odd mandate counts as none."""
    mandate = _mandate(message.mandate) if message.HasField('mandate') else None
    return Token(
        token_id=message.token_id,
        agent_id=message.agent_id,
        tier=message.tier,
        issued_ns=message.issued_ns,
        expires_ns=message.expires_ns,
        granted_by=message.granted_by,
        mandate=mandate,
    )


def from_token(token: Token) -> mission_pb2.TierToken:
    """A token as it goes out, to be signed."""
    message = mission_pb2.TierToken(
        token_id=token.token_id,
        agent_id=token.agent_id,
        tier=token.tier,
        issued_ns=token.issued_ns,
        expires_ns=token.expires_ns,
        granted_by=token.granted_by,
    )
    if token.mandate is not None:
        message.mandate.CopyFrom(_from_mandate(token.mandate))
    return message


def signed_revocation(signer: Signer, entry: Revocation) -> common_pb2.Signed:
    """Sign a word of revocation; its time is its sequence."""
    message = laws_pb2.Revocation(
        agent_id=entry.agent_id,
        stamp_ns=entry.stamp_ns,
        lifted=entry.lifted,
        reason=entry.reason[:LONGEST_TEXT],
        by=entry.by,
    )
    return signer.sign(REVOCATION, entry.stamp_ns, message.SerializeToString())


def open_revocation(signed: common_pb2.Signed, trust: Trust) -> tuple[Revocation | None, str]:
    """Verify a word of revocation; None and the reason when it is not believed."""
    if signed.agent_id not in WHO_REVOKES:
        return None, f'signed by {signed.agent_id[:64]!r}, who may not revoke'
    verdict = trust.verify(signed, domain=REVOCATION)
    if not verdict.ok:
        return None, verdict.reason
    try:
        message = laws_pb2.Revocation.FromString(signed.payload)
    except DecodeError:
        return None, 'it is no revocation'
    if not message.agent_id or message.stamp_ns <= 0:
        return None, 'it names no robot or no time'
    return Revocation(
        agent_id=message.agent_id,
        stamp_ns=message.stamp_ns,
        lifted=message.lifted,
        reason=message.reason[:LONGEST_TEXT],
        by=message.by[:64],
    ), ''


def _mandate(message: laws_pb2.Mandate) -> Mandate | None:
    caps = (message.energy_wh, message.charge_share, message.total_wh)
    numbers = (message.max_speed_mps, *caps)
    areas = (*message.zones, *message.blocked_zones)
    corners = [value for area in areas for c in area.corners for value in (c.x_m, c.y_m)]
    sound = all(math.isfinite(value) for value in (*numbers, *corners)) and min(numbers) >= 0.0
    small = len(areas) <= MOST_AREAS and len(corners) <= 2 * MOST_CORNERS
    if not (sound and small and message.mandate_id and all(len(a.corners) > 2 for a in areas)):
        return None
    return Mandate(
        mandate_id=message.mandate_id,
        agent_id=message.agent_id,
        tier=message.tier,
        max_speed_mps=message.max_speed_mps,
        zones=_areas(message.zones),
        blocked_zones=_areas(message.blocked_zones),
        skills=tuple(message.skills),
        energy_wh=message.energy_wh,
        charge_share=message.charge_share,
        total_wh=message.total_wh,
        not_before_ns=message.not_before_ns,
        not_after_ns=message.not_after_ns,
    )


def areas_of(messages: Sequence[laws_pb2.Area]) -> tuple[Area, ...]:
    """Parts of the floor from the wire; odd ones become one area that holds no place at all."""
    corners = [value for area in messages for c in area.corners for value in (c.x_m, c.y_m)]
    small = len(messages) <= MOST_AREAS and len(corners) <= 2 * MOST_CORNERS
    shaped = all(len(area.corners) > 2 for area in messages)
    if small and shaped and all(math.isfinite(value) for value in corners):
        return _areas(messages)
    return (Area(name='malformed', corners=()),)


def _areas(messages: Iterable[laws_pb2.Area]) -> tuple[Area, ...]:
    return tuple(
        Area(name=area.name, corners=tuple((c.x_m, c.y_m) for c in area.corners))
        for area in messages
    )


def _from_mandate(mandate: Mandate) -> laws_pb2.Mandate:
    return laws_pb2.Mandate(
        mandate_id=mandate.mandate_id,
        agent_id=mandate.agent_id,
        tier=mandate.tier,
        max_speed_mps=mandate.max_speed_mps,
        zones=_from_areas(mandate.zones),
        blocked_zones=_from_areas(mandate.blocked_zones),
        skills=mandate.skills,
        energy_wh=mandate.energy_wh,
        charge_share=mandate.charge_share,
        total_wh=mandate.total_wh,
        not_before_ns=mandate.not_before_ns,
        not_after_ns=mandate.not_after_ns,
    )


def _from_areas(areas: Sequence[Area]) -> list[laws_pb2.Area]:
    return [
        laws_pb2.Area(
            name=area.name, corners=[common_pb2.Point2D(x_m=x, y_m=y) for x, y in area.corners]
        )
        for area in areas
    ]
