# SPDX-License-Identifier: Apache-2.0
"""What robots say and what they are answered: hello, telemetry, acknowledgements, events."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from swarm.v1 import mission_pb2

from swarm_supervisor import faults
from swarm_supervisor.farewell import own_head
from swarm_supervisor.headquarters import SUPERVISOR, Headquarters
from swarm_supervisor.identities import card_of, note_identity
from swarm_supervisor.mission_files import ready
from swarm_supervisor.missions import (
    ACCEPTED,
    COMPLETED,
    FAILED,
    RECALLED,
    REFUSED,
    Mission,
    Order,
)
from swarm_supervisor.post import Session
from swarm_supervisor.roster import Member, Standing
from swarm_supervisor.trusting import issue_token, renew_token, tell_revocations
from swarm_supervisor.wire import (
    WRITERS,
    WireError,
    check_ack,
    check_batch,
    check_crew,
    check_hello,
    check_telemetry,
)
from swarm_vault.errors import VaultError
from swarm_vault.fleet_rules import kept_rules
from swarm_vault.folders import Identity, agent_folder, compile_identity
from swarm_vault.heads.wire import proof_of
from swarm_vault.heads.witness import REFUSED_EVENT, Brought, Witness
from swarm_vault.lines import JsonValue
from swarm_vault.mirror import Mirror
from swarm_vault.recorder import Kind

STANDS = ('stopped', '')
"""Phase and order in the telemetry of a robot that has been stopped."""
NOTHING_STORED = 2**64 - 1
"""An EventAck's sequence number that stands for none."""
ACK_WORDS: dict[int, str] = {
    ACCEPTED: 'accepted',
    REFUSED: 'refused',
    COMPLETED: 'completed',
    FAILED: 'failed',
    RECALLED: 'recalled',
}


async def welcome(hq: Headquarters, session: Session, hello: mission_pb2.Hello) -> None:
    """Register a robot that has just linked, and send what waits for it.

    Raises:
        WireError: The hello is malformed or the robot is not in the fleet plan.
    """
    pose = check_hello(hello)
    member = hq.roster.get(hello.agent_id)
    if member is None:
        raise WireError(f'hello.agent_id: {hello.agent_id!r} is not in the fleet plan')
    folder = agent_folder(hq.vault_dir, member.agent_id)
    identity = compile_identity(folder, kept_rules(hq.vault_dir))
    heads = await asyncio.to_thread(_heads, hq, member.agent_id)
    _register(hq, member, hello)
    member.pose = member.pose if pose is None else pose
    session.put(_welcome(hq, member, identity, heads))
    tell_revocations(hq, member.agent_id)
    for ack in hello.open_orders:
        _take_old_ack(hq, member, ack)
    welcome_waiting(hq, member)


def _heads(hq: Headquarters, agent_id: str) -> list[mission_pb2.EventAck]:
    found = [(writer, hq.mirror.head(agent_id, writer)) for writer in WRITERS]
    return [mission_pb2.EventAck(writer=writer, seq=seq) for writer, seq in found if seq >= 0]


def _register(hq: Headquarters, member: Member, hello: mission_pb2.Hello) -> None:
    first = member.standing is Standing.EXPECTED
    member.linked = True
    hq.crews.back(member.agent_id, hq.clock())
    was_lost = hq.roster.heard(member, hq.clock())
    hq.store.save_member(member)
    hq.note(
        Kind.STATE_CHANGE,
        'robot.registered' if first else 'robot.back' if was_lost else 'link.opened',
        {
            'agent': member.agent_id,
            'model': hello.model,
            'software': hello.software_version,
            'skills': list(hello.skills),
            'differs_from_plan': _differences(member, hello),
        },
    )
    hq.wake.set()


def _differences(member: Member, hello: mission_pb2.Hello) -> list[str]:
    """Where a robot's word differs from the fleet plan, which counts."""
    model = member.robot.model
    pairs = (
        ('radius_m', hello.radius_m, model.radius_m),
        ('max_speed_mps', hello.max_speed_mps, model.max_speed_mps),
    )
    return [
        f'{field}: it says {said:g}, the plan {planned:g}'
        for field, said, planned in pairs
        if said and abs(said - planned) > 0.01 * planned
    ]


def _welcome(
    hq: Headquarters,
    member: Member,
    identity: Identity,
    heads: list[mission_pb2.EventAck],
) -> mission_pb2.SupervisorDown:
    welcome_ = mission_pb2.Welcome(
        identity=hq.post.sign('Identity', card_of(identity).SerializeToString()),
        tier_token=issue_token(hq, member),
        supervisor_id=SUPERVISOR,
        resume=heads,
    )
    note_identity(hq, member, identity)
    return mission_pb2.SupervisorDown(welcome=welcome_)


def _take_old_ack(hq: Headquarters, member: Member, ack: mission_pb2.OrderAck) -> None:
    """Take over how a robot says an order stands; what it should not work on is recalled."""
    found = hq.order(ack.order_id)
    if found is not None and found[1].agent_id == member.agent_id:
        take_ack(hq, member, ack)
        unwanted = found[1].closed or bool(found[1].recall)
    else:
        unwanted = True
    if unwanted and ack.status == ACCEPTED:
        reason = found[1].recall or found[1].reason if found else 'no order of this supervisor'
        hq.post.recall(member.agent_id, ack.order_id, reason)


def welcome_waiting(hq: Headquarters, member: Member) -> None:
    """Send the stop, the recalls and the orders that the robot may not have."""
    if member.stop:
        member.stop_told = hq.post.stop(member.agent_id, member.stop)
    for order in hq.orders_of(member.agent_id):
        if order.recall:
            hq.post.recall(member.agent_id, order.order_id, order.recall)
        elif member.available and _may_go(hq, order):
            renew_token(hq, member)
            hq.send_order(order)


def _may_go(hq: Headquarters, order: Order) -> bool:
    """Whether nothing that an order waits for is still open."""
    mission = hq.mission(order.mission_id)
    return mission is None or ready(mission, order)


def take_telemetry(hq: Headquarters, member: Member, telemetry: mission_pb2.Telemetry) -> None:
    """Take over a robot's report.

    Raises:
        WireError: It is malformed; nothing of it is taken.
    """
    pose, seen = check_telemetry(telemetry, hq.world.grid)
    reports = check_crew(telemetry.crew, hq.world.grid)
    now_ns = hq.clock()
    if hq.roster.heard(member, now_ns):
        hq.note(Kind.STATE_CHANGE, 'robot.back', {'agent': member.agent_id})
    member.pose = member.pose if pose is None else pose
    if seen is not None:
        hq.world.report(member.agent_id, seen, now_ns)
        ours = {order.order_id for order in _all_orders_of(hq, member)}
        known = [report for report in reports if report.order_id in ours]
        hands = hq.crews.take(member.agent_id, known, now_ns)
        if hands:
            with hq.store.together():
                hq.store.save_crew(hands)
    points = tuple((point.x_m, point.y_m) for point in telemetry.hazards)
    hq.world.report_hazards(member.agent_id, points, now_ns)
    _stands(hq, member, telemetry)
    member.telemetry = telemetry
    member.telemetry.ClearField('seen')
    member.telemetry.ClearField('crew')
    found = hq.order(telemetry.order_id)
    if found is not None and found[1].agent_id == member.agent_id and not found[1].closed:
        found[1].progress = telemetry.progress


def _stands(hq: Headquarters, member: Member, telemetry: mission_pb2.Telemetry) -> None:
    """A robot that says it stands, with nothing to do, has heard the stop: it is not said again.

    A stop that only left this process may have died with it on its way.
    """
    if member.stop and member.stop_told and (telemetry.phase, telemetry.order_id) == STANDS:
        member.stop, member.stop_told = '', False
        hq.store.save_member(member)


def _all_orders_of(hq: Headquarters, member: Member) -> Iterator[Order]:
    """A robot's orders in missions that still go on, closed ones included."""
    for mission in hq.missions:
        if mission.open:
            yield from (order for order in mission.orders if order.agent_id == member.agent_id)


def take_ack(hq: Headquarters, member: Member, ack: mission_pb2.OrderAck) -> None:
    """Take over an acknowledgement; it is on disk before anybody can see it.

    Raises:
        WireError: It is malformed or not this robot's to give.
    """
    check_ack(ack)
    found = hq.order(ack.order_id)
    if found is None or found[1].agent_id != member.agent_id:
        raise WireError(f'ack.order_id: {ack.order_id!r} is no order of {member.agent_id!r}')
    mission, order = found
    ack = faults.dropped(hq, member, mission, order, ack)
    before = (order.status, order.reason, order.stamp_ns, order.progress)
    if not order.apply(ack.status, ack.reason, ack.stamp_ns):
        return
    try:
        with hq.store.together():
            hq.store.save_order(order)
            _noted(hq, member, mission, order, ack.reason)
            faults.closed(hq, member, mission, order)
    except BaseException:
        order.status, order.reason, order.stamp_ns, order.progress = before
        raise
    hq.wake.set()


def _noted(hq: Headquarters, member: Member, mission: Mission, order: Order, reason: str) -> None:
    data = {'order_id': order.order_id, 'agent': member.agent_id, 'reason': reason}
    causes = (mission.cause,)
    hq.note(Kind.MESSAGE, f'order.{ACK_WORDS[order.status]}', data, causes=causes)


class Witnessing(Protocol):
    """What of the headquarters the exchange of heads needs."""

    vault_dir: Path
    mirror: Mirror
    witness: Witness


async def take_events(
    hq: Headquarters, member: Member, batch: mission_pb2.EventBatch
) -> mission_pb2.EventAck:
    """Store lines of a robot's log; the answer says what is on disk."""
    try:
        check_batch(batch)
        before, seq = await asyncio.to_thread(_store, hq, member.agent_id, batch)
    except (WireError, VaultError) as error:
        reason = str(error)[:500]
        data = {'agent': member.agent_id, 'writer': batch.writer[:64], 'reason': reason}
        hq.note(Kind.VIOLATION, 'events.refused', data)
        return mission_pb2.EventAck(writer=batch.writer[:64], seq=NOTHING_STORED, error=reason)
    hq.events_stored += seq - before
    hq.joint.take(batch.lines, hq.clock())
    hq.disputes.take(member.agent_id, _fresh(batch, before), hq.clock())
    faults.count(hq, member, batch)
    ack = mission_pb2.EventAck(writer=batch.writer, seq=seq if seq >= 0 else NOTHING_STORED)
    for refused in await asyncio.to_thread(show_heads, hq, member.agent_id, batch, ack):
        hq.note(Kind.VIOLATION, REFUSED_EVENT, {'agent': member.agent_id, **refused})
    return ack


def _fresh(batch: mission_pb2.EventBatch, before: int) -> list[bytes]:
    """The lines that were not known before."""
    return [line for number, line in enumerate(batch.lines, batch.first_seq) if number > before]


def show_heads(
    hq: Witnessing, agent_id: str, batch: mission_pb2.EventBatch, ack: mission_pb2.EventAck
) -> list[dict[str, JsonValue]]:
    """Countersign the robot's head and show it ours; returns what the events of refusals say."""
    log = f'{agent_id}/{batch.writer}'
    own_head(hq.vault_dir, batch.held, ack)
    found: list[dict[str, JsonValue]] = []
    try:
        if batch.cosigned:
            hq.witness.book.keep(batch.cosigned, agent_id)
        if batch.checkpoint:
            hq.mirror.compare(agent_id, batch.writer, batch.checkpoint)
            proof = proof_of(batch.step) if batch.HasField('step') else None
            judged = hq.witness.judge([Brought(log=log, note=batch.checkpoint, proof=proof)])
            ack.cosigned = ''.join(one.cosigned for one in judged)
            found += [one.data for one in judged if one.refused]
    except VaultError as error:
        found.append({'log': log, 'reason': str(error)[:500]})
    ack.held = hq.witness.held(log)
    return found


def _store(hq: Headquarters, agent_id: str, batch: mission_pb2.EventBatch) -> tuple[int, int]:
    """Store lines; returns the last stored number before and after."""
    before = hq.mirror.head(agent_id, batch.writer)
    lines = list(batch.lines)
    return before, hq.mirror.store(agent_id, batch.writer, batch.first_seq, lines)


def unlinked(hq: Headquarters, member: Member) -> None:
    """Note that a robot's link has ended."""
    hq.roster.unlinked(member)
    hq.crews.away(member.agent_id)
    hq.store.save_member(member)
    hq.note(Kind.STATE_CHANGE, 'link.closed', {'agent': member.agent_id})
