# SPDX-License-Identifier: Apache-2.0
"""Ways around peers: around one that has parked, and out of the way of one that goes first."""

from collections.abc import Sequence

from swarm_agent.mesh.core import Peer, PeerState, Point
from swarm_agent.situation.core.mission import Mission
from swarm_agent.situation.core.path import Aversion, Terrain, plan
from swarm_agent.situation.core.route import Route, locate
from swarm_agent.situation.core.se2 import Pose, distance
from swarm_vault.replacing import replace

STANDS_MPS = 0.05
PARKED = (int(PeerState.IDLE), int(PeerState.BLOCKED), int(PeerState.UNSPECIFIED))
PARKED_FACTOR = 4.0
CORRIDOR_FACTOR = 12.0
BESIDE_M = 0.2
"""Free space between two bodies that a way around a peer leaves [m]."""
AHEAD_M = 5.0
WORTH_M = 2.0
"""A way around may be this much longer; what costs more is worth waiting for [m]."""


def parked(peers: Sequence[Peer], *, waiting: bool) -> tuple[Peer, ...]:
    """Peers that stand and will not leave by themselves; all that stand, if it waits too long."""
    return tuple(
        peer
        for peer in peers
        if abs(peer.speed_mps) < STANDS_MPS and (waiting or peer.state in PARKED)
    )


def around_parked(peers: Sequence[Peer], radius_m: float) -> Aversion:
    """Floor under parked peers, to be crossed only for want of another way."""
    discs = tuple(
        (peer.pose[0], peer.pose[1], peer.radius_m + radius_m + BESIDE_M) for peer in peers
    )
    return Aversion(discs=discs, factor=PARKED_FACTOR)


def newly_parked(mission: Mission, peers: Sequence[Peer], radius_m: float) -> bool:
    """Whether a peer has parked on the path since it was planned."""
    if mission.route is None or mission.progress is None:
        return False
    fresh = [
        peer
        for peer in peers
        if not any(distance(peer.pose, place) < 0.3 for place in mission.minded)
    ]
    if not fresh:
        return False
    ahead = _ahead(mission.route, mission.progress.s_m, AHEAD_M)
    return any(
        distance(point, peer.pose) < peer.radius_m + radius_m + BESIDE_M / 2
        for peer in fresh
        for point in ahead
    )


def out_of_the_way(
    mission: Mission, terrain: Terrain, pose: Pose, peer: Peer, aversions: Sequence[Aversion]
) -> Route | None:
    """Another way to the goal that leaves the peer's path free; None if there is none worth it."""
    if mission.route is None or mission.progress is None or mission.wish is None:
        return None
    apart_m = terrain.body.radius_m + peer.radius_m + BESIDE_M
    ways = ((peer.pose[0], peer.pose[1]), *peer.path)
    corridor = Aversion(
        discs=tuple((x, y, apart_m + 0.1) for x, y in ways), factor=CORRIDOR_FACTOR
    )
    goal = (mission.wish.goal[0], mission.wish.goal[1])
    found = plan(terrain, pose, goal, mission.wish.tolerance_m, (*aversions, corridor)).route
    left_m = mission.route.length_m - mission.progress.s_m
    if found is None or found.length_m > left_m + WORTH_M:
        return None
    ahead = _ahead(found, 0.0, AHEAD_M + 2.0)
    clear = all(distance(point, way) >= apart_m - 0.05 for point in ahead for way in ways)
    return found if clear else None


def _ahead(route: Route, s_m: float, length_m: float) -> list[Point]:
    return [
        (x, y)
        for x, y, s in zip(route.x, route.y, route.s, strict=True)
        if s_m <= s <= s_m + length_m
    ]


def rerouted(mission: Mission, route: Route, pose: Pose) -> Mission:
    """The mission on another route."""
    return replace(mission, route=route, progress=locate(route, pose, 0.0))
