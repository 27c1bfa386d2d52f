# SPDX-License-Identifier: Apache-2.0
"""What a robot that must leave a mission leaves to the next one: one file for each open order."""

import json
from dataclasses import asdict, dataclass

from swarm.v1 import packet_pb2

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import FAILED, Mission, Order
from swarm_supervisor.roster import Member, Standing
from swarm_vault.files import write_atomic
from swarm_vault.recorder import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """Where a robot was with an order, and what is left (features, line 96)."""

    order_id: str
    mission_id: str
    previous_agent_id: str
    revoked: bool
    reason: str
    last_known_state: dict[str, str]
    """Phase, step and place."""
    what_was_tried: list[str]
    blocking_issue: str
    required_next_actions: list[str]
    constraints_reminder: list[str]
    artifacts: list[str]


def write_handoffs(hq: Headquarters, member: Member, reason: str) -> list[Handoff]:
    """Write a handoff for each open order of a robot that is trusted no more, or lost."""
    left = _left(hq, member.agent_id)
    return [leave_handoff(hq, member, mission, order, reason) for mission, order in left]


def leave_handoff(
    hq: Headquarters, member: Member, mission: Mission, order: Order, reason: str
) -> Handoff:
    """Write down what is known of an order that a robot leaves; durable at return."""
    handoff = _handoff(hq, member, mission, order, reason)
    path = hq.vault_dir / 'handoffs' / f'{order.order_id}.json'
    write_atomic(path, (json.dumps(asdict(handoff), indent=1) + '\n').encode('utf-8'))
    data = {'order_id': order.order_id, 'agent': member.agent_id, 'reason': reason}
    hq.note(Kind.STATE_CHANGE, 'handoff.written', data, causes=(mission.cause,), durable=True)
    return handoff


def handoff_message(handoff: Handoff) -> packet_pb2.Handoff:
    """A handoff as the next order carries it."""
    return packet_pb2.Handoff(
        order_id=handoff.order_id,
        previous_agent_id=handoff.previous_agent_id,
        revoked=handoff.revoked,
        reason=handoff.reason[:500],
        **handoff.last_known_state,
        tried=[text[:200] for text in handoff.what_was_tried[:16]],
        next_actions=handoff.required_next_actions,
        constraints=handoff.constraints_reminder,
    )


def _left(hq: Headquarters, agent_id: str) -> list[tuple[Mission, Order]]:
    """The orders that others have to take over: open ones, and what was given up just now."""
    return [
        (mission, order)
        for mission in hq.missions
        for order in mission.orders
        if mission.open
        and order.agent_id == agent_id
        and not (order.recall or order.replaced)
        and (not order.closed or order.status == FAILED)
    ]


def _handoff(
    hq: Headquarters, member: Member, mission: Mission, order: Order, reason: str
) -> Handoff:
    telemetry, task = member.telemetry, order.task()
    kind = task.WhichOneof('task') or 'nothing'
    left = f'{kind}: {1.0 - order.progress:.0%} of it'
    if task.HasField('survey'):
        left = f'survey {hq.unseen_cells(mission, order)} cells that nobody has seen'
    spent = [e for e in hq.court.memory.spent if e.agent_id == member.agent_id]
    return Handoff(
        order_id=order.order_id,
        mission_id=mission.mission_id,
        previous_agent_id=member.agent_id,
        revoked=member.standing is Standing.REVOKED,
        reason=reason,
        last_known_state={
            'phase': telemetry.phase or 'unknown',
            'step': f'{kind}, {order.progress:.0%} done',
            'place': f'x {member.pose[0]:.2f} m, y {member.pose[1]:.2f} m',
        },
        what_was_tried=[f'{key} ({count} times)' for e in spent for key, count in e.keys],
        blocking_issue=reason,
        required_next_actions=[left],
        constraints_reminder=[
            f'link loss policy {task.link_loss}, priority {task.priority}',
            f'judged by {mission.judged_by or "nobody"}',
            _where(member),
        ],
        artifacts=[f'agents/{member.agent_id}/log'],
    )


def _where(member: Member) -> str:
    """What others must reckon with at the place of the robot that left."""
    if member.standing is Standing.REVOKED:
        return f'{member.agent_id} stands at its place and does not make way'
    if member.standing is Standing.LOST:
        return f'{member.agent_id} is not heard: it may stand at its place, or still be at work'
    return f'{member.agent_id} is heard and makes way'
