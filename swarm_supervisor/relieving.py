# SPDX-License-Identifier: Apache-2.0
"""Work that was handed over does not wait behind other work while a robot stands idle.

By when a robot is done is an estimate, and the world holds robots up. So what was given to one and
still waits in its line goes to another that has become free, where that is clearly sooner.
"""

from swarm_config.maps import Mask
from swarm_supervisor.agenda import agenda_of, done_in_s
from swarm_supervisor.core.cells import unpack_cells
from swarm_supervisor.core.spare import Verdict
from swarm_supervisor.handover import (
    give_on,
    heirs_of,
    is_free,
    proved,
    proved_split,
    rest_of,
)
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import ACCEPTED, Mission, Order
from swarm_supervisor.roster import Member
from swarm_supervisor.spares import spare_of
from swarm_supervisor.tasking import Draft

LEAST_GAIN_S = 10.0
"""Less than this is not worth a change [s]: the estimates are no better."""
FRESH_NS = 3_000_000_000
"""What a robot said longer ago does not tell what it is at."""


def waits_in_line(hq: Headquarters, order: Order) -> bool:
    """Whether a robot took work over from another and is still at something else.

    A delivery stays where it is: two robots would meet at one load if a recall came late.
    """
    member = hq.roster.get(order.agent_id)
    if order.status != ACCEPTED or order.recall or order.progress > 0.0 or member is None:
        return False
    task = order.task()
    movable = task.HasField('handoff') and (task.HasField('patrol') or task.HasField('survey'))
    heard = member.linked and hq.clock() - member.last_heard_ns <= FRESH_NS
    before = {other.order_id for other in hq.orders_of(member.agent_id) if other is not order}
    return movable and heard and member.telemetry.order_id in before


async def relieve(hq: Headquarters, mission: Mission, order: Order) -> None:
    """Give an order that waits in its robot's line to one that is free, if that is sooner."""
    free = [m for m in heirs_of(hq, mission, order) if m.linked and not hq.orders_of(m.agent_id)]
    cells = _unseen(hq, mission, order) if free else None
    found = _sooner(hq, order, free, cells)
    if found is None:
        return
    heir, reason = found
    async with hq.turn:
        drafts = await _drafts(hq, mission, order, heir, cells, reason)
        due = mission.open and waits_in_line(hq, order) and not hq.orders_of(heir.agent_id)
        if drafts and due and all(is_free(hq, draft) for draft in drafts):
            give_on(hq, mission, order, drafts, reason)


def _unseen(hq: Headquarters, mission: Mission, order: Order) -> Mask | None:
    """What of a survey nobody has seen or has; None for another task."""
    if not order.task().HasField('survey'):
        return None
    spare = spare_of(hq, mission, order)
    bits = spare.free if spare.verdict is Verdict.GIVE_AWAY else b''
    return unpack_cells(bits or bytes(len(spare.free)), hq.world.grid.shape)


def _sooner(
    hq: Headquarters, order: Order, free: list[Member], cells: Mask | None
) -> tuple[Member, str] | None:
    """The free robot that would be done first, and why it gets the order; None: nobody gains."""
    if not free or (cells is not None and not cells.any()):
        return None
    waits = hq.roster[order.agent_id]
    late_s = agenda_of(hq, waits, up_to=order).busy_s
    done_s = {m.agent_id: done_in_s(hq, m, order.task(), cells) for m in free}
    heir = min(free, key=lambda member: (done_s[member.agent_id], member.agent_id))
    soon_s = done_s[heir.agent_id]
    if soon_s > late_s - LEAST_GAIN_S:
        return None
    until = f'done with it in about {soon_s:.0f} s, {waits.agent_id} in about {late_s:.0f} s'
    return heir, f'{heir.agent_id} is free and {until}'


async def _drafts(
    hq: Headquarters,
    mission: Mission,
    order: Order,
    heir: Member,
    cells: Mask | None,
    reason: str,
) -> list[Draft]:
    """The order for the heir, proved; none where it cannot be: then it stays where it is."""
    if cells is None:
        return await proved(hq, mission, [Draft(agent_id=heir.agent_id, task=rest_of(order))])
    drafts, _ = await proved_split(hq, mission, order, (heir,), cells, reason)
    return drafts
