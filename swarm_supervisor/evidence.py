# SPDX-License-Identifier: Apache-2.0
"""VERIFY: whether what a robot says it has done can be seen from here.

What a completed order leaves behind is its artefact: floor that was seen, a robot that stands
where it was sent. It is held against fresh telemetry only, and leniently, so that it finds words
without deeds and not the last metre.
"""

import math

import numpy as np
from swarm.v1 import mission_pb2

from swarm_config.maps import Mask
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import Mission, Order
from swarm_supervisor.roster import Member
from swarm_supervisor.task_ways import lawful_cells

FRESH_S = 3.0
"""Telemetry older than this proves nothing [s]."""
LEAST_SEEN = 0.5
"""Share of a survey's cells of which somebody must have told that they were seen."""
FARTHEST_M = 3.0
"""From its last place, when a robot says that it is there [m]."""


def missing_artefact(hq: Headquarters, member: Member, mission: Mission, order: Order) -> str:
    """What a completed order should have left behind and has not; empty if there is nothing."""
    age_s = (hq.clock() - member.telemetry.stamp_ns) / 1e9
    if not -FRESH_S <= age_s <= FRESH_S:
        return ''
    task = order.task()
    if task.HasField('survey'):
        share = seen_share(hq, mission, order)
        lacks = share < LEAST_SEEN
        return f'a survey is told complete, {100 * share:.0f} % of it was seen' if lacks else ''
    away_m = _away_m(member, task)
    if away_m <= FARTHEST_M:
        return ''
    return f'{task.WhichOneof("task")} is told complete {away_m:.1f} m away from its last place'


def seen_share(hq: Headquarters, mission: Mission, order: Order) -> float:
    """Share that somebody has seen since the mission began of what the law lets its robot see.

    Where the law leaves the robot nothing of the region, the whole region counts.
    """
    region = hq.region_of(order)
    lawful = region & _lawful(hq, order)
    counted = lawful if lawful.any() else region
    seen = counted & hq.world.seen_since(mission.created_ns)
    return float(seen.sum() / max(int(counted.sum()), 1))


def _lawful(hq: Headquarters, order: Order) -> Mask:
    """The survey cells that the law of the floor leaves the robot of an order."""
    member = hq.roster.get(order.agent_id)
    if member is None:
        return np.ones(hq.world.grid.shape, dtype=bool)
    return lawful_cells(hq, member)()


def _away_m(member: Member, task: mission_pb2.MissionOrder) -> float:
    """From the place where an order ends [m]; 0 where it ends nowhere in particular."""
    last = {
        'go_to': [task.go_to.goal],
        'patrol': task.patrol.stops[-1:],
        'deliver': [task.deliver.drop_off],
    }.get(str(task.WhichOneof('task')), [])
    return max((math.dist(member.pose[:2], (stop.x_m, stop.y_m)) for stop in last), default=0.0)
