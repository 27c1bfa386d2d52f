# SPDX-License-Identifier: Apache-2.0
"""What a robot still has before it: by when it is done, and where it is then.

An estimate over shortest ways, with the plan checker's margin.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

from swarm.v1 import mission_pb2

from swarm_config.fleets import Pose
from swarm_config.maps import Mask
from swarm_supervisor.core.plan_check import MARGIN
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import Mission, Order
from swarm_supervisor.roster import Member
from swarm_supervisor.task_ways import goals_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """A robot's way through its open orders."""

    busy_s: float = 0.0
    """Until all of them are done [s]."""
    pose: Pose
    """Where it is then."""


def agenda_of(
    hq: Headquarters, member: Member, *, priority: int = 0, up_to: Order | None = None
) -> Agenda:
    """What a robot has before it, in the order in which it will do it.

    An order to which no way is known counts nothing: its robot will say that it cannot do it.

    Args:
        hq: The headquarters.
        member: The robot.
        priority: Orders that are less urgent than this do not count: they wait.
        up_to: The last order that counts; all of them if not given.
    """
    agenda = Agenda(pose=member.pose)
    for mission, order in _in_turn(hq, member):
        task, cells = order.task(), None
        if task.priority < priority:
            break
        if task.HasField('survey'):
            cells = hq.region_of(order) & ~hq.world.seen_since(mission.created_ns)
        longer = _with(hq, member, agenda, task, cells, 1.0 - order.progress)
        agenda = longer if math.isfinite(longer.busy_s) else agenda
        if order is up_to:
            break
    return agenda


def done_in_s(
    hq: Headquarters,
    member: Member,
    task: mission_pb2.MissionOrder,
    cells: Mask | None = None,
) -> float:
    """In how long a robot would be done with one more task [s]; inf: there is no way.

    Args:
        hq: The headquarters.
        member: The robot.
        task: What it would be given.
        cells: What is left to be seen of a survey.
    """
    agenda = agenda_of(hq, member, priority=task.priority)
    return _with(hq, member, agenda, task, cells, 1.0).busy_s


def _in_turn(hq: Headquarters, member: Member) -> list[tuple[Mission, Order]]:
    """A robot's open orders as it takes them: the most urgent first, then as they came."""
    open_ = [
        (mission, order)
        for mission in hq.missions
        for order in mission.orders
        if order.agent_id == member.agent_id and not (order.closed or order.recall)
    ]
    return sorted(open_, key=lambda one: (-one[1].task().priority, one[1].task().created_ns))


def _with(
    hq: Headquarters,
    member: Member,
    agenda: Agenda,
    task: mission_pb2.MissionOrder,
    cells: Mask | None,
    left: float,
) -> Agenda:
    """The agenda with one more task, of which a share is left to do."""
    speed_mps = min(member.robot.model.max_speed_mps, task.max_speed_mps or math.inf)
    if cells is not None:
        metres, end = _sweep(hq, member, agenda.pose, cells)
    else:
        metres, end = _drive(hq, member, agenda.pose, task)
        metres *= left
    seconds = max(MARGIN * metres / speed_mps, left * task.wait.seconds)
    return Agenda(busy_s=agenda.busy_s + seconds, pose=end)


def _drive(
    hq: Headquarters, member: Member, pose: Pose, task: mission_pb2.MissionOrder
) -> tuple[float, Pose]:
    """The way through all places of a task, with all rounds [m], and where it ends."""
    goals = [(x_m, y_m) for _, x_m, y_m in goals_of(task)]
    if task.HasField('return_to_base'):
        goals = [member.robot.home[:2]]
    if not goals:
        return 0.0, pose
    radius_m = member.robot.model.radius_m
    ways = [(pose[:2], goals[0]), *pairwise(goals), (goals[-1], goals[0])]
    first_m, *legs_m = [hq.allocator.travel_m(*way, radius_m) for way in ways]
    if math.inf in (first_m, *legs_m):
        return math.inf, pose
    rounds = max(1, task.patrol.loops)
    return first_m + rounds * sum(legs_m) - legs_m[-1], (*goals[-1], 0.0)


def _sweep(hq: Headquarters, member: Member, pose: Pose, cells: Mask) -> tuple[float, Pose]:
    """The way to the nearest of the cells and past all of them [m]; it ends at the farthest."""
    radius_m = member.robot.model.radius_m
    start = hq.allocator.node_at(*pose[:2], radius_m)
    there = hq.allocator.ways_to(start, cells, radius_m)
    if not there:
        return (math.inf if cells.any() else 0.0), pose
    end = max(there, key=lambda node: (there[node], node))
    metres = min(there.values()) + hq.allocator.sweep_m(cells)
    return metres, (*hq.allocator.point_of(end, radius_m), 0.0)
