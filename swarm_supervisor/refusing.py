# SPDX-License-Identifier: Apache-2.0
"""Say no to an order, with the reason on record: at once, or after it waited for a human."""

from typing import Any

from swarm.v1 import operator_pb2

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import Mission, MissionStatus
from swarm_vault.laws.core.roles import Principal
from swarm_vault.recorder import Kind


def refuse(
    hq: Headquarters,
    request: operator_pb2.SubmitRequest,
    principal: Principal,
    reason: str,
    *,
    keep: bool = True,
) -> operator_pb2.SubmitReply:
    """Refuse an order.

    Args:
        hq: The headquarters.
        request: The order.
        principal: Who gave it.
        reason: What the operator is told.
        keep: Whether the same request id again gets this answer.
    """
    data = {**said(request, principal), 'reason': reason}
    hq.note(Kind.MESSAGE, 'mission.refused', data, durable=True)
    reply = operator_pb2.SubmitReply(accepted=False, reason=reason)
    if keep:
        hq.store.save_reply(principal, request.request_id, reply)
    return reply


def drop(hq: Headquarters, mission: Mission, reason: str) -> None:
    """Close a mission that waited for a human and does not take place."""
    mission.close(MissionStatus.FAILED, hq.clock())
    mission.reason = reason
    data = {'mission_id': mission.mission_id, 'reason': reason}
    hq.note(Kind.STATE_CHANGE, 'mission.dropped', data, causes=(mission.cause,), durable=True)
    hq.store.save_mission(mission)


def said(request: operator_pb2.SubmitRequest, principal: Principal) -> dict[str, Any]:
    """An order and who gave it, as the record tells it."""
    return {
        'text': request.text[:1000],
        'operator': principal.name[:100],
        'role': '' if principal.role is None else principal.role.value,
        'verified': principal.verified,
        'request_id': request.request_id[:200],
    }
