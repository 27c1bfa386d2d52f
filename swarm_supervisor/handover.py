# SPDX-License-Identifier: Apache-2.0
"""What a robot can do no more others take over."""

import math

from swarm.v1 import mission_pb2, packet_pb2

from swarm_config.maps import Mask
from swarm_supervisor.agenda import done_in_s
from swarm_supervisor.core.cells import unpack_cells
from swarm_supervisor.core.spare import Spare, Verdict
from swarm_supervisor.handoff import handoff_message, leave_handoff
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.mission_files import inherit, ready
from swarm_supervisor.missions import FAILED, REFUSED, Mission, Order
from swarm_supervisor.proving import check_drafts, with_energy
from swarm_supervisor.roster import Member, Standing
from swarm_supervisor.spares import spare_of
from swarm_supervisor.store import Escalation
from swarm_supervisor.tasking import Draft, add_order, available, note_choice, split_area
from swarm_supervisor.trusting import renew_token
from swarm_vault.recorder import Kind

TAKEN_UP = 0.4
"""A delivery with more progress than this may have its load on board."""
DROPPED = 'though it had promised'
"""Stands in the reason of an order that its robot dropped."""


def cannot(hq: Headquarters, order: Order) -> str:
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


async def hand_over(hq: Headquarters, mission: Mission, order: Order) -> bool:
    """Give to others what nobody has; tells whether that must wait."""
    reason = cannot(hq, order)
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
    """Give a round or an untouched delivery of a robot that let it down to who is done soonest."""
    task = order.task()
    untouched = task.HasField('deliver') and order.progress < TAKEN_UP
    let_down = DROPPED in order.reason or hq.roster[order.agent_id].standing is Standing.REVOKED
    if not (let_down and (task.HasField('patrol') or untouched)):
        return False
    rest = rest_of(order)
    drafts = [Draft(agent_id=m.agent_id, task=rest) for m in heirs_of(hq, mission, order)]
    fit = {d.agent_id: d for d in await proved(hq, mission, drafts) if is_free(hq, d)}
    if not fit or not mission.open or not cannot(hq, order):
        return False
    done_s = {name: done_in_s(hq, hq.roster[name], rest) for name in fit}
    given = hq.experience.give(mission.mission_id, rest, done_s, hq.clock())
    note_choice(hq, mission, given, done_s)
    if given.chosen:
        give_on(hq, mission, order, [fit[given.chosen]], reason)
    return bool(given.chosen)


def rest_of(order: Order) -> mission_pb2.MissionOrder:
    """What is left of a round or a delivery, as another robot is told it."""
    task = order.task()
    rest = mission_pb2.MissionOrder(
        return_home=task.return_home, max_speed_mps=task.max_speed_mps, priority=task.priority
    )
    if task.HasField('patrol'):
        rest.patrol.CopyFrom(task.patrol)
        rest.patrol.loops = max(1, math.ceil(task.patrol.loops * (1.0 - order.progress)))
    else:
        rest.deliver.CopyFrom(task.deliver)
    return rest


def give_on(
    hq: Headquarters, mission: Mission, order: Order, drafts: list[Draft], reason: str
) -> None:
    """Put others' orders in the place of one: all of it on the disk before anything is sent.

    One who has nothing else to do goes home afterwards, whatever the first robot was to do.
    """
    for draft in drafts:
        draft.task.return_home |= not hq.orders_of(draft.agent_id)
    orders = bequeath(hq, mission, order, drafts, reason)
    _replace(hq, mission, order, reason, {o.order_id: o.agent_id for o in orders})
    send(hq, mission, orders)


async def proved_split(
    hq: Headquarters,
    mission: Mission,
    order: Order,
    heirs: tuple[Member, ...],
    area: Mask,
    reason: str,
) -> tuple[list[Draft], str]:
    """Split an area between heirs whose parts are proved; and why it cannot be, if so."""
    task = order.task()
    while heirs:
        sector = task.survey.sector
        drafts, outputs = await split_area(hq, mission, heirs, area, reason, sector)
        for draft in drafts:
            draft.task.max_speed_mps = task.max_speed_mps
            draft.task.priority = task.priority
        if not drafts:
            return [], f'nobody else reaches the {outputs.unreached_cells} cells left'
        fit = await proved(hq, mission, drafts)
        unfit = {draft.agent_id for draft in drafts} - {draft.agent_id for draft in fit}
        if not unfit:
            return fit, ''
        heirs = tuple(heir for heir in heirs if heir.agent_id not in unfit)
    return [], 'for nobody else the plan can be proved'


async def proved(hq: Headquarters, mission: Mission, drafts: list[Draft]) -> list[Draft]:
    """The orders that the plan checker lets pass, each by itself, with what they take."""
    proved: list[Draft] = []
    for draft in drafts:
        verdict = await check_drafts(hq, mission, (draft,))
        proved += with_energy((draft,), verdict) if verdict.ok else ()
    return proved


def is_free(hq: Headquarters, draft: Draft) -> bool:
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
    shape = hq.world.grid.shape
    area = unpack_cells(spare_of(hq, mission, order).free, shape)
    drafts, fault = await proved_split(hq, mission, order, heirs, area, reason)
    if not mission.open or not cannot(hq, order):
        return False
    now = spare_of(hq, mission, order)
    if now.verdict is not Verdict.GIVE_AWAY or (area & unpack_cells(now.held, shape)).any():
        return True
    if not all(is_free(hq, draft) for draft in drafts):
        return True
    if fault:
        _give_up(hq, mission, order, f'{reason}; {fault}')
        return False
    give_on(hq, mission, order, drafts, reason)
    return False


def bequeath(
    hq: Headquarters, mission: Mission, order: Order, drafts: list[Draft], reason: str
) -> list[Order]:
    """Make orders of what others take over of one; nothing is sent yet."""
    task, handoff = order.task(), _handoff(hq, mission, order, reason)
    orders = [add_order(hq, mission, draft, task) for draft in drafts]
    for heir in orders:
        inherit(heir, task, handoff)
    return orders


def send(hq: Headquarters, mission: Mission, orders: list[Order]) -> None:
    """Send new orders whose turn it is; they are on the disk."""
    for heir in orders:
        if ready(mission, heir):
            renew_token(hq, hq.roster[heir.agent_id])
            hq.send_order(heir)


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
