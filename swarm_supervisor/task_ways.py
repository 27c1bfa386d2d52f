# SPDX-License-Identifier: Apache-2.0
"""The way that a task needs, for a robot as it stands now; the judge sees it, too.

It goes around what the law closes to this robot, as the robot's own path planner does.
"""

from collections.abc import Callable, Sequence
from itertools import dropwhile

from swarm.v1 import mission_pb2

from swarm_config.maps import Mask
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.places import sector_cells
from swarm_supervisor.roster import Member
from swarm_supervisor.trusting import trust_to_give
from swarm_vault.laws.core.bars import Bars, bars_of
from swarm_vault.laws.core.values import Action, Area, Point


def way_of(hq: Headquarters, action: Action, member: Member) -> tuple[Point, ...]:
    """The shortest way through all goals, or to the nearest floor of the areas.

    None where no zone could be met, or no way is known: then the goals count alone. The floor on
    which the robot stands does not count until it has left it: else nobody could order it out.
    """
    bars = bars_for(hq, member)
    if not (bars.walls or bars.only or hq.court.policy_of(member.agent_id).zones):
        return ()
    radius_m = member.robot.model.radius_m
    at = hq.allocator.node_at(*member.pose[:2], radius_m)
    nodes = [hq.allocator.node_at(x, y, radius_m) for x, y in action.goals]
    nodes += [_nearest(hq, at, area, radius_m) for area in action.areas]
    points: list[Point] = []
    for node in nodes:
        way = hq.allocator.way(at, node, radius_m, bars)
        points += way.points if way else ()
        at = node if way else at
    return leaving(points, bars)


def goals_of(task: mission_pb2.MissionOrder) -> tuple[tuple[str, float, float], ...]:
    """The places of an order: the card's parameter, x and y [m]."""
    kind = task.WhichOneof('task')
    if kind == 'go_to':
        return (('goal', task.go_to.goal.x_m, task.go_to.goal.y_m),)
    if kind == 'patrol':
        return tuple(('stops', stop.x_m, stop.y_m) for stop in task.patrol.stops)
    if kind == 'deliver':
        up, down = task.deliver.pick_up, task.deliver.drop_off
        return (('pick_up', up.x_m, up.y_m), ('drop_off', down.x_m, down.y_m))
    return ()


def leaving(points: Sequence[Point], bars: Bars) -> tuple[Point, ...]:
    """A way from where it has left the closed floor on which it began."""
    return tuple(dropwhile(bars.wall_at, points))


def bars_for(hq: Headquarters, member: Member) -> Bars:
    """The law of the floor for a robot, by what is known here."""
    return bars_of(
        hq.court.policy_of(member.agent_id),
        trust_to_give(hq, member)[0],
        wall_ns=hq.clock(),
        people=hq.people.words(),
    )


def lawful_cells(hq: Headquarters, member: Member) -> Callable[[], Mask]:
    """The survey cells that the law of the floor leaves a robot, from where it stands.

    The law is taken up as it is now; what is returned draws it, in any thread.
    """
    radius_m = member.robot.model.radius_m
    at = hq.allocator.node_at(*member.pose[:2], radius_m)
    bars = bars_for(hq, member)
    return lambda: hq.allocator.lawful_cells(at, radius_m, bars)


def _nearest(hq: Headquarters, at: int, area: Area, radius_m: float) -> int:
    factor = round(hq.world.grid.cell_m / hq.grid.resolution_m)
    cells = sector_cells(area.corners, hq.grid, factor)
    ways = hq.allocator.ways_to(at, cells, radius_m)
    return min(ways, key=lambda node: (ways[node], node), default=-1)
