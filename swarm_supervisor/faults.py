# SPDX-License-Identifier: Apache-2.0
"""What counts against a robot's budget: what its own log says, and what peers and orders show.

A robot that breaches its budget stops itself; the supervisor does not rely on that.
"""

import json
from collections.abc import Iterator
from typing import Any

from swarm.v1 import mission_pb2

from swarm_supervisor.evidence import missing_artefact
from swarm_supervisor.handover import DROPPED
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import COMPLETED, FAILED, RECALLED, Mission, Order
from swarm_supervisor.revoking import take_trust
from swarm_supervisor.roster import Member, Standing
from swarm_supervisor.store import Escalation
from swarm_vault.laws.core.budget import REFLEX_STOP, Fault, FaultKind, own_stop
from swarm_vault.laws.core.conduct import Change
from swarm_vault.recorder import Kind
from swarm_vault.tail import LogTail

BREACHED = 'error budget breached: '
"""What the reason begins with when a robot has barred itself."""
LAWS = 'laws'
"""Who revokes when a budget is breached."""
_TELLING = (
    b'"fault.',
    b'"budget.breached"',
    b'"violation.promise"',
    b'"exploration.escalated"',
    b'"reflex.action"',
)
_PROMISED = ' promised '
LOOK_BACK = 1000
"""A restart reads about so many lines of each log again, at most, to see what was not counted."""


def count(hq: Headquarters, member: Member, batch: mission_pb2.EventBatch) -> None:
    """Enter the faults that stored lines of a robot's log tell of: each once, also over restarts.

    Args:
        hq: The headquarters.
        member: Whose log it is.
        batch: The lines, which are stored.
    """
    key = (member.agent_id, batch.writer)
    after, last = hq.counted.get(key, -1), batch.first_seq + len(batch.lines) - 1
    told = [
        (number, line)
        for number, line in enumerate(batch.lines, batch.first_seq)
        if number > after and any(mark in line for mark in _TELLING)
    ]
    if last <= after or batch.first_seq > after + 1:
        return
    with hq.store.together():
        for number, line in told:
            _take(hq, member, f'{batch.writer}-{number}', json.loads(line))
        if told or last // LOOK_BACK > after // LOOK_BACK:
            hq.store.save_counted(*key, last)
    hq.counted[key] = last


def count_missed(hq: Headquarters, member: Member, writer: str) -> None:
    """Enter what the process that ran before had stored and not counted yet."""
    key, head = (member.agent_id, writer), hq.mirror.head(member.agent_id, writer)
    if key not in hq.counted:
        hq.counted[key] = head
        hq.store.save_counted(*key, head)
    tail = LogTail(hq.vault_dir, member.agent_id, writer)
    while hq.counted[key] < head:
        after = hq.counted[key]
        lines = tail.read(after, limit=min(LOOK_BACK, head - after))
        count(hq, member, mission_pb2.EventBatch(writer=writer, first_seq=after + 1, lines=lines))


def _take(hq: Headquarters, member: Member, name: str, event: dict[str, Any]) -> None:
    """Take one event over; what a robot may write into its log need not make sense."""
    if not isinstance(event.get('data'), dict):
        return
    for fault in _faults(hq, member, event):
        enter(hq, fault)
    if event.get('type') == 'exploration.escalated':
        _puzzled(hq, member, name, event['data'])
    if event.get('type') == 'budget.breached':
        _out(hq, member, str(event['data'].get('why', ''))[:300])


def _puzzled(hq: Headquarters, member: Member, name: str, data: dict[str, Any]) -> None:
    """Ask an operator about a contradiction that a robot could not settle alone."""
    told = data.get('why') or f'{data.get("violation")}: {data.get("outcome")}'
    shown = str(data.get('hypothesis', ''))
    said = str(told) if not shown or shown in str(told) else f'{told}; {shown}'
    hq.escalate(
        Escalation(
            escalation_id=f'e-look-{member.agent_id}-{name}',
            agent_id=member.agent_id,
            text=f'{member.agent_id} looked and cannot settle it alone: {said}'[:500],
            stamp_ns=hq.clock(),
        )
    )


def _faults(hq: Headquarters, member: Member, event: dict[str, Any]) -> Iterator[Fault]:
    data, type_ = event['data'], str(event.get('type', ''))
    if type_ == 'reflex.action':
        cause = own_stop(str(data.get('action', '')), str(data.get('cause', '')))
        if cause:
            yield _fault(hq, member.agent_id, FaultKind.BOUNDS, f'{REFLEX_STOP}{cause}')
        return
    if str(data.get('why', '')).startswith(REFLEX_STOP):
        return
    kind = type_.removeprefix('fault.')
    if type_.startswith('fault.') and kind in {k.value for k in FaultKind}:
        yield _fault(hq, member.agent_id, FaultKind(kind), str(data.get('why', '')))
    elif type_ == 'violation.promise':
        liar = str(data.get('actual', '')).partition(_PROMISED)[0]
        if hq.roster.get(liar) is not None and liar != member.agent_id:
            yield _fault(hq, liar, FaultKind.PROMISE, f'way promised to {member.agent_id}')


def _fault(hq: Headquarters, agent_id: str, kind: FaultKind, key: str) -> Fault:
    mission_id = _mission_of(hq, agent_id)
    return Fault(agent_id=agent_id, mission_id=mission_id, kind=kind, key=key[:200])


def _fault_in(mission: Mission, agent_id: str, kind: FaultKind, key: str) -> Fault:
    return Fault(agent_id=agent_id, mission_id=mission.mission_id, kind=kind, key=key[:200])


def _mission_of(hq: Headquarters, agent_id: str) -> str:
    """The mission at hand: of its open order, else of one that it has closed; empty for none."""
    ours = [m for m in hq.missions if m.open and any(o.agent_id == agent_id for o in m.orders)]
    busy = [m for m in ours if any(o.agent_id == agent_id and not o.closed for o in m.orders)]
    return next((mission.mission_id for mission in (*busy, *ours)), '')


def enter(hq: Headquarters, fault: Fault) -> None:
    """Count a fault of a mission; a breach takes the robot's trust away."""
    data = {
        'agent': fault.agent_id,
        'mission_id': fault.mission_id,
        'kind': fault.kind.value,
        'key': fault.key,
    }
    hq.note(Kind.VIOLATION, 'fault.counted', data)
    if not fault.mission_id:
        return
    outputs = hq.court.fault(fault)
    if outputs.breach:
        _out(hq, hq.roster[fault.agent_id], outputs.breach)


def _out(hq: Headquarters, member: Member, breach: str) -> None:
    """Revoke a robot whose budget is used up, and tell an operator."""
    if member.standing is Standing.REVOKED:
        return
    reason = f'{BREACHED}{breach}'
    take_trust(hq, member, reason, LAWS)
    hq.wake.set()
    hq.escalate(
        Escalation(
            escalation_id=f'e-budget-{member.agent_id}-{hq.clock()}',
            agent_id=member.agent_id,
            text=f'{member.agent_id} is revoked, {reason}; trust it again: swarm tier set',
            stamp_ns=hq.clock(),
        )
    )


def dropped(
    hq: Headquarters,
    member: Member,
    mission: Mission,
    order: Order,
    ack: mission_pb2.OrderAck,
) -> mission_pb2.OrderAck:
    """An order that was accepted and then dropped unasked: a broken promise, and a failure."""
    if ack.status != RECALLED or order.recall or order.closed:
        return ack
    reason = f'dropped, {DROPPED} to do it: {ack.reason}'[:500]
    data = {'order_id': order.order_id, 'agent': member.agent_id, 'reason': ack.reason}
    causes = (mission.cause,)
    hq.note(Kind.VIOLATION, 'promise.broken', data, causes=causes, durable=True)
    key = f'dropped an order: {order.task().WhichOneof("task")}'
    enter(hq, _fault(hq, member.agent_id, FaultKind.PROMISE, key))
    answer = mission_pb2.OrderAck(order_id=ack.order_id, reason=reason, stamp_ns=ack.stamp_ns)
    answer.status = mission_pb2.ACK_STATUS_FAILED
    return answer


def closed(hq: Headquarters, member: Member, mission: Mission, order: Order) -> None:
    """Enter the end of a robot's part into its record of conduct; it may earn a tier by that."""
    if order.status == FAILED and order.reason.startswith(BREACHED):
        _out(hq, member, order.reason.removeprefix(BREACHED))
    if order.status not in (COMPLETED, FAILED):
        return
    completed = order.status == COMPLETED
    lacks = missing_artefact(hq, member, mission, order) if completed else ''
    if lacks:
        data = {'order_id': order.order_id, 'agent': member.agent_id, 'reason': lacks}
        hq.note(Kind.VIOLATION, 'artefact.missing', data, causes=(mission.cause,), durable=True)
        enter(hq, _fault_in(mission, member.agent_id, FaultKind.PROCEDURE, f'artefact: {lacks}'))
    outputs = hq.court.finished(member.agent_id, mission.mission_id, completed=completed)
    if outputs.change is not None:
        _promote(hq, outputs.change)


def _promote(hq: Headquarters, change: Change) -> None:
    data = {'agent': change.agent_id, 'tier': change.tier, 'reason': change.reason}
    if not change.needs_human:
        hq.note(Kind.STATE_CHANGE, 'tier.promoted', data, durable=True)
        return
    hq.escalate(
        Escalation(
            escalation_id=f'e-promote-{change.agent_id}-{change.tier}-{hq.clock()}',
            agent_id=change.agent_id,
            text=f'{change.agent_id} has earned tier {change.tier} ({change.reason}); a human'
            f' grants it: swarm tier set {change.agent_id} {change.tier}',
            stamp_ns=hq.clock(),
        )
    )
