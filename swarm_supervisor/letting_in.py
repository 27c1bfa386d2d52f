# SPDX-License-Identifier: Apache-2.0
"""Floor that the law did not let one robot see goes to another one that it lets in.

A survey is shared out by the law; this is for what the law closed to a robot on its way. It is
looked at once, when the robot says that its part is complete, and what another one leaves of that
again is not passed on a second time.
"""

import asyncio

import numpy as np

from swarm_config.maps import Mask
from swarm_supervisor.core.cells import unpack_cells
from swarm_supervisor.core.spare import Verdict
from swarm_supervisor.handover import bequeath, heirs_of, is_free, proved_split, send
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import COMPLETED, Mission, Order
from swarm_supervisor.roster import Member
from swarm_supervisor.spares import spare_of
from swarm_supervisor.task_ways import lawful_cells
from swarm_vault.recorder import Kind


def is_due(hq: Headquarters, mission: Mission, order: Order) -> bool:
    """Whether a survey is complete and nobody has looked yet what the law left out of it."""
    if order.status != COMPLETED or order.replaced or order.order_id in hq.crews.let_in:
        return False
    task, name = order.task(), order.order_id
    first = task.HasField('survey') and not task.HasField('handoff')
    return first and not any(o.task().handoff.order_id == name for o in mission.orders)


async def let_in(hq: Headquarters, mission: Mission, order: Order) -> None:
    """Give others what the law did not let a robot see, where it lets them and there is enough."""
    async with hq.turn:
        left = await _left(hq, mission, order)
        if left is None:
            return
        heirs, area = await _let(hq, mission, order, left)
        fault = await _order(hq, mission, order, heirs, area) if heirs else ''
    hq.crews.let_in.add(order.order_id)
    if fault:
        data = {'order_id': order.order_id, 'reason': fault}
        hq.note(Kind.DECISION, 'survey.stays_left_out', data, causes=(mission.cause,))


async def _left(hq: Headquarters, mission: Mission, order: Order) -> Mask | None:
    """The cells of a survey that nobody has seen or has, and that the law closes to its robot.

    None while it is not known what others have of it.
    """
    member = hq.roster.get(order.agent_id)
    left = hq.region_of(order) & ~hq.world.seen_since(mission.created_ns)
    if member is not None and _enough(hq, left):
        left &= ~await asyncio.to_thread(lawful_cells(hq, member))
    if member is None or not _enough(hq, left):
        return np.zeros_like(left)
    spare = spare_of(hq, mission, order)
    if spare.verdict is Verdict.WAIT:
        return None
    return left & unpack_cells(spare.free, hq.world.grid.shape)


async def _let(
    hq: Headquarters, mission: Mission, order: Order, left: Mask
) -> tuple[tuple[Member, ...], Mask]:
    """Those whom the law lets see enough of it, and what it lets all of them together see."""
    members = heirs_of(hq, mission, order) if left.any() else ()
    laws = [lawful_cells(hq, member) for member in members]
    drawn = await asyncio.to_thread(lambda: [law() & left for law in laws])
    found = [(m, own) for m, own in zip(members, drawn, strict=True) if _enough(hq, own)]
    area = np.zeros_like(left)
    for _, own in found:
        area |= own
    return tuple(member for member, _ in found), area


async def _order(
    hq: Headquarters, mission: Mission, order: Order, heirs: tuple[Member, ...], area: Mask
) -> str:
    """Order it, proved like any other; returns why not, if so."""
    reason = f'the law does not let {order.agent_id} see {int(area.sum())} cells of its part'
    drafts, fault = await proved_split(hq, mission, order, heirs, area, reason)
    if fault or not mission.open:
        return fault or 'the mission is closed'
    if not all(is_free(hq, draft) for draft in drafts):
        return 'a robot was stopped meanwhile'
    orders = bequeath(hq, mission, order, drafts, reason)
    data = {
        'order_id': order.order_id,
        'reason': reason,
        'to': {heir.order_id: heir.agent_id for heir in orders},
    }
    hq.note(Kind.DECISION, 'survey.let_in', data, causes=(mission.cause,), durable=True)
    hq.store.save_mission(mission)
    send(hq, mission, orders)
    return ''


def _enough(hq: Headquarters, cells: Mask) -> bool:
    """Whether cells are worth a trip."""
    return bool(cells.any()) and cells.sum() >= hq.spares.least_cells
