# SPDX-License-Identifier: Apache-2.0
"""Keep missions going: what is left others take over, what waited is sent, what is done closes."""

import numpy as np

from swarm_supervisor.handover import cannot, hand_over
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.letting_in import is_due, let_in
from swarm_supervisor.mission_files import finish, ready
from swarm_supervisor.missions import FAILED, RECALLED, REFUSED, Mission, MissionStatus
from swarm_supervisor.relieving import relieve, waits_in_line
from swarm_supervisor.trusting import renew_token
from swarm_vault.recorder import Kind

BAD = (FAILED, REFUSED, RECALLED)


async def settle(hq: Headquarters) -> None:
    """Look after all open missions once; while an order is waited with, its mission goes on."""
    for mission in [mission for mission in hq.missions if mission.open]:
        waits = False
        for order in list(mission.orders):
            if mission.open and cannot(hq, order):
                waits |= await hand_over(hq, mission, order)
            elif mission.open and is_due(hq, mission, order):
                await let_in(hq, mission, order)
            elif mission.open and waits_in_line(hq, order):
                await relieve(hq, mission, order)
        _send_ready(hq, mission)
        if not waits and not any(is_due(hq, mission, order) for order in mission.orders):
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
