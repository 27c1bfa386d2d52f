# SPDX-License-Identifier: Apache-2.0
"""Keep missions going: what a robot can do no more others take over; what is done is closed."""

import math

import numpy as np
from swarm.v1 import mission_pb2, packet_pb2

from swarm_config.maps import Mask
from swarm_supervisor.core.cells import unpack_cells
from swarm_supervisor.core.spare import Spare, Verdict
from swarm_supervisor.handoff import handoff_message, leave_handoff
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.mission_files import finish, inherit, ready
from swarm_supervisor.missions import FAILED, RECALLED, REFUSED, Mission, MissionStatus, Order
from swarm_supervisor.proving import check_drafts, with_energy
from swarm_supervisor.roster import Member, Standing
from swarm_supervisor.spares import spare_of
from swarm_supervisor.store import Escalation
from swarm_supervisor.tasking import Draft, add_order, available, split_area
from swarm_supervisor.trusting import renew_token
from swarm_vault.recorder import Kind

TAKEN_UP = 0.4
"""A delivery with more progress than this may have its load on board."""
DROPPED = 'though it had promised'
"""Stands in the reason of an order that its robot dropped."""
BAD = (FAILED, REFUSED, RECALLED)


async def settle(hq: Headquarters) -> None:
    """Look after all open missions once; while an order is waited with, its mission goes on."""
    for mission in [mission for mission in hq.missions if mission.open]:
        waits = False
        for order in list(mission.orders):
            if mission.open and _cannot(hq, order):
                waits |= await _hand_over(hq, mission, order)
        _send_ready(hq, mission)
        if not waits:
            _close_if_done(hq, mission)


def _send_ready(hq: Headquarters, mission: Mission) -> None:
    """Send the orders whose turn has come; those that wait for a failed one fail with it."""
    failed = {o.order_id for o in mission.orders if o.status in BAD and not o.replaced}
    for order in mission.orders:
        if not mission.open or order.closed or order.sent:
            continue
        lost = failed.intersection(order.task().after)
        if lost:
            order.end(FAILED, f'it waited for {min(lost)}, which was not done')
            hq.store.save_order(order)
        elif order.task().after and ready(mission, order):
            renew_token(hq, hq.roster[order.agent_id])
            hq.send_order(order)


def _cannot(hq: Headquarters, order: Order) -> str:
    """Why an order will not be done by its robot; empty while it may."""
    member = hq.roster.get(order.agent_id)
    bad = order.status in (REFUSED, FAILED)
    if order.replaced or (order.closed and not bad):
        return ''
    if bad:
        return f'{order.agent_id} could not do it: {order.reason}'
    if member is None:
        return f'{order.agent_id} is no longer in the fleet plan'
    if member.standing in (Standing.LOST, Standing.REVOKED):
        return f'{order.agent_id} is {member.standing.value}'
    return ''


async def _hand_over(hq: Headquarters, mission: Mission, order: Order) -> bool:
    """Give to others what nobody has; tells whether that must wait."""
    reason = _cannot(hq, order)
    if order.task().HasField('survey'):
        return await _hand_over_survey(hq, mission, order, reason)
    if not await _pass_on(hq, mission, order, reason):
        _give_up(hq, mission, order, reason)
    return False


async def _hand_over_survey(hq: Headquarters, mission: Mission, order: Order, reason: str) -> bool:
    spare = spare_of(hq, mission, order)
    if spare.verdict is Verdict.WAIT:
        _wait(hq, mission, order, spare)
        return True
    heirs = heirs_of(hq, mission, order)
    if spare.verdict is Verdict.NOTHING_LEFT:
        _replace(hq, mission, order, f'{reason}; {spare.reason}', {})
    elif heirs:
        async with hq.turn:
            return await _split(hq, mission, order, heirs, f'{reason}; {spare.reason}')
    else:
        _give_up(hq, mission, order, reason)
    return False


def _wait(hq: Headquarters, mission: Mission, order: Order, spare: Spare) -> None:
    """Say once why an order is not given away now."""
    if hq.crews.kept.get(order.order_id) == spare.waits_for:
        return
    hq.crews.kept[order.order_id] = spare.waits_for
    data = {'order_id': order.order_id, 'reason': spare.reason}
    hq.note(Kind.DECISION, 'order.kept', data, causes=(mission.cause,))


async def _pass_on(hq: Headquarters, mission: Mission, order: Order, reason: str) -> bool:
    """Give a round or an untouched delivery of a robot that let it down to another one."""
    task = order.task()
    untouched = task.HasField('deliver') and order.progress < TAKEN_UP
    let_down = DROPPED in order.reason or hq.roster[order.agent_id].standing is Standing.REVOKED
    if not (let_down and (task.HasField('patrol') or untouched)):
        return False
    same = mission_pb2.MissionOrder(return_home=task.return_home)
    if task.HasField('patrol'):
        same.patrol.CopyFrom(task.patrol)
        same.patrol.loops = max(1, math.ceil(task.patrol.loops * (1.0 - order.progress)))
    else:
        same.deliver.CopyFrom(task.deliver)
    heirs = heirs_of(hq, mission, order)
    drafts = [Draft(agent_id=heir.agent_id, task=same) for heir in heirs]
    fit = [draft for draft in await _proved(hq, mission, drafts) if _free(hq, draft)]
    chosen = min(fit, key=lambda d: (hq.busy_s(hq.roster[d.agent_id]), d.agent_id), default=None)
    if chosen is None or not mission.open or not _cannot(hq, order):
        return False
    heir = hq.roster[chosen.agent_id]
    new = add_order(hq, mission, chosen, task)
    inherit(new, task, _handoff(hq, mission, order, reason))
    _replace(hq, mission, order, reason, {new.order_id: new.agent_id})
    renew_token(hq, heir)
    hq.send_order(new)
    return True


async def _proved_split(
    hq: Headquarters,
    mission: Mission,
    heirs: tuple[Member, ...],
    area: Mask,
    reason: str,
    sector: str,
) -> tuple[list[Draft], str]:
    """Split an area between heirs whose parts are proved; and why it cannot be, if so."""
    while heirs:
        drafts, outputs = await split_area(hq, mission, heirs, area, reason, sector)
        if not drafts:
            return [], f'nobody else reaches the {outputs.unreached_cells} cells left'
        fit = await _proved(hq, mission, drafts)
        unfit = {draft.agent_id for draft in drafts} - {draft.agent_id for draft in fit}
        if not unfit:
            return fit, ''
        heirs = tuple(heir for heir in heirs if heir.agent_id not in unfit)
    return [], 'for nobody else the plan can be proved'


async def _proved(hq: Headquarters, mission: Mission, drafts: list[Draft]) -> list[Draft]:
    """The orders that the plan checker lets pass, each by itself, with what they take."""
    proved: list[Draft] = []
    for draft in drafts:
        verdict = await check_drafts(hq, mission, (draft,))
        proved += with_energy((draft,), verdict) if verdict.ok else ()
    return proved


def _free(hq: Headquarters, draft: Draft) -> bool:
    """Whether a robot can still be given work; it may have been stopped meanwhile."""
    member = hq.roster[draft.agent_id]
    return member.available and not member.stopped


def heirs_of(hq: Headquarters, mission: Mission, order: Order) -> tuple[Member, ...]:
    """Who can take over: available, of its squad, not stopped, not failed in this mission."""
    failed = {o.agent_id for o in mission.orders if o.status in (REFUSED, FAILED)}
    out = failed | {order.agent_id} | hq.roster.outside(order.task().squad)
    return tuple(
        member
        for member in available(hq, mission)
        if member.agent_id not in out and not member.stopped
    )


async def _split(
    hq: Headquarters, mission: Mission, order: Order, heirs: tuple[Member, ...], reason: str
) -> bool:
    """Split what nobody has of a survey between the heirs.

    The world goes on while the split is computed: it is dropped if the mission was closed, the
    order done, or some of it taken over meanwhile.

    Returns:
        Whether it must be looked at again.
    """
    task, shape = order.task(), hq.world.grid.shape
    area = unpack_cells(spare_of(hq, mission, order).free, shape)
    sector = task.survey.sector
    drafts, fault = await _proved_split(hq, mission, heirs, area, reason, sector)
    if not mission.open or not _cannot(hq, order):
        return False
    now = spare_of(hq, mission, order)
    if now.verdict is not Verdict.GIVE_AWAY or (area & unpack_cells(now.held, shape)).any():
        return True
    if not all(_free(hq, draft) for draft in drafts):
        return True
    if fault:
        _give_up(hq, mission, order, f'{reason}; {fault}')
        return False
    orders = [add_order(hq, mission, draft, task) for draft in drafts]
    handoff = _handoff(hq, mission, order, reason)
    for heir in orders:
        inherit(heir, task, handoff)
    _replace(hq, mission, order, reason, {o.order_id: o.agent_id for o in orders})
    for heir in orders:
        if ready(mission, heir):
            renew_token(hq, hq.roster[heir.agent_id])
            hq.send_order(heir)
    return False


def _handoff(hq: Headquarters, mission: Mission, order: Order, reason: str) -> packet_pb2.Handoff:
    """What is known of an order at the moment at which others take it over."""
    member = hq.roster.get(order.agent_id)
    if member is None:
        name = order.agent_id
        return packet_pb2.Handoff(order_id=order.order_id, previous_agent_id=name, reason=reason)
    return handoff_message(leave_handoff(hq, member, mission, order, reason))


def _replace(
    hq: Headquarters, mission: Mission, order: Order, reason: str, heirs: dict[str, str]
) -> None:
    hq.note(
        Kind.DECISION,
        'order.handed_over',
        {'order_id': order.order_id, 'reason': reason, 'to': heirs},
        causes=(mission.cause,),
        durable=True,
    )
    order.replaced = True
    order.take_back(f'handed over: {reason}')
    hq.store.save_mission(mission)
    hq.send_recalls((order,))


def _give_up(hq: Headquarters, mission: Mission, order: Order, reason: str) -> None:
    """Nobody takes it over: a lost robot keeps it, as it may come back; else it has failed."""
    if hq.roster[order.agent_id].standing is Standing.LOST and not order.closed:
        text = f'{reason} and nobody can take over order {order.order_id}; it keeps it'
        _escalate(hq, mission, order, text)
    elif not order.closed:
        order.end(FAILED, f'{reason} and nobody can take over')
        hq.store.save_order(order)


def _escalate(hq: Headquarters, mission: Mission, order: Order, text: str) -> None:
    escalation = Escalation(
        escalation_id=f'e-{order.order_id}',
        agent_id=order.agent_id,
        text=text,
        stamp_ns=hq.clock(),
        order_id=order.order_id,
    )
    hq.escalate(escalation, mission.cause)


def _close_if_done(hq: Headquarters, mission: Mission) -> None:
    now_ns = hq.clock()
    if not mission.close_if_done(now_ns):
        return
    floor = hq.world.grid.floor
    share = float(np.mean(hq.world.seen_since(mission.created_ns)[floor])) if floor.any() else 0.0
    hq.note(
        Kind.STATE_CHANGE,
        f'mission.{mission.status.value}',
        {
            'mission_id': mission.mission_id,
            'text': mission.text,
            'reason': mission.reason,
            'seconds': round((now_ns - mission.created_ns) / 1e9, 1),
            'floor_seen': round(share, 4),
        },
        causes=(mission.cause,),
        durable=True,
    )
    hq.store.save_mission(mission)
    finish(hq, mission)
    hq.crews.forget(order.order_id for order in mission.orders)
    said = 'is complete' if mission.status is MissionStatus.COMPLETE else 'has failed'
    because = f': {mission.reason}' if mission.reason else ''
    hq.say(f'mission {mission.mission_id} {said}: {mission.text!r}{because}')
