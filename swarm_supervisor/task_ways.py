# SPDX-License-Identifier: Apache-2.0
"""The way that a task needs, for a robot as it stands now; the judge sees it, too."""

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.places import sector_cells
from swarm_supervisor.roster import Member
from swarm_vault.laws.core.values import Action, Area, Point


def way_of(hq: Headquarters, action: Action, member: Member) -> tuple[Point, ...]:
    """The shortest way through all goals, or to the nearest floor of the areas.

    None where no zone could be met, or no way is known: then the goals count alone.
    """
    trust = hq.mandates.of(member.agent_id)[0]
    blocked = () if trust is None else trust.blocked_zones
    if not (hq.court.policy_of(member.agent_id).zones or blocked):
        return ()
    radius_m = member.robot.model.radius_m
    at = hq.allocator.node_at(*member.pose[:2], radius_m)
    nodes = [hq.allocator.node_at(x, y, radius_m) for x, y in action.goals]
    nodes += [_nearest(hq, at, area, radius_m) for area in action.areas]
    points: list[Point] = []
    for node in nodes:
        way = hq.allocator.way(at, node, radius_m)
        points += way.points if way else ()
        at = node if way else at
    return tuple(points)


def _nearest(hq: Headquarters, at: int, area: Area, radius_m: float) -> int:
    factor = round(hq.world.grid.cell_m / hq.grid.resolution_m)
    cells = sector_cells(area.corners, hq.grid, factor)
    ways = hq.allocator.ways_to(at, cells, radius_m)
    return min(ways, key=lambda node: (ways[node], node), default=-1)
