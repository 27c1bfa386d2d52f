# SPDX-License-Identifier: Apache-2.0
"""What a robot that must leave a mission leaves to the next one: one file for each open order."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import FAILED, Mission, Order
from swarm_supervisor.roster import Member
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


def write_handoffs(hq: Headquarters, member: Member, reason: str) -> list[Path]:
    """Write a handoff for each open order of a robot that is trusted no more."""
    written = []
    for mission, order in _left(hq, member.agent_id):
        path = hq.vault_dir / 'handoffs' / f'{order.order_id}.json'
        handoff = _handoff(hq, member, mission, order, reason)
        write_atomic(path, (json.dumps(asdict(handoff), indent=1) + '\n').encode('utf-8'))
        data = {'order_id': order.order_id, 'agent': member.agent_id, 'reason': reason}
        causes = (mission.cause,)
        hq.note(Kind.STATE_CHANGE, 'handoff.written', data, causes=causes, durable=True)
        written.append(path)
    return written


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
        revoked=True,
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
            f'{member.agent_id} stands at its place and does not make way',
        ],
        artifacts=[f'agents/{member.agent_id}/log'],
    )
