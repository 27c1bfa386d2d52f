# SPDX-License-Identifier: Apache-2.0
"""A place to step aside: the nearest one, by way, that leaves a peer's corridor free."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from swarm_agent.mesh.core import Advice, Peer, Point, Refuge
from swarm_agent.situation.core.arrays import Mask
from swarm_agent.situation.core.grid import centre_of
from swarm_agent.situation.core.path import (
    Aversion,
    Planned,
    Terrain,
    cell_costs,
    nearest_node,
    plan,
)
from swarm_agent.situation.core.roadmap import weighted
from swarm_agent.situation.core.room import disc_cells
from swarm_agent.situation.core.route import Route, locate
from swarm_agent.situation.core.se2 import Pose, distance
from swarm_agent.situation.core.search import search
from swarm_vault.replacing import replace

RETRY_NS = 1_000_000_000
REACHED_M = 0.1
SLACK_M = 0.05
"""A place once found may lie this much nearer to a corridor that has changed since [m]. Less than
`RightOfWayParams.slack_m`: one kept any nearer is not passed, and both would stand."""
OWN_FLOOR_M = 0.03
"""So much nearer to a body than it stands right of way lets a robot get [m]."""
STANDS_MPS = 0.05
DEFAULT_RADIUS_M = 0.35
"""Radius supposed for a peer that has not said its own [m]."""

Disc = tuple[float, float, float]
"""x, y and radius in the map frame [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retreat:
    """The stepping aside that is under way."""

    status: Refuge = 'unasked'
    place: Point | None = None
    route: Route | None = None
    s_m: float = 0.0
    sought_ns: int = 0
    immovable: tuple[str, ...] = ()
    """Peers that were reckoned to stay where they are."""
    behind: tuple[str, ...] = ()
    """Peers on whose way the place lies; they come after this robot and have to wait for it."""


def retreat(
    before: Retreat,
    terrain: Terrain,
    pose: Pose,
    advice: Advice,
    peers: Sequence[Peer],
    now_ns: int,
) -> Retreat:
    """Follow the advice: look for a refuge when asked to make way, keep it while it serves."""
    if advice.kind != 'make_way':
        return Retreat()
    known = before.immovable == advice.immovable
    if known and before.place is not None:
        kept = forbidden(terrain, advice, peers, before.behind)
        short = before.status == 'reached' and not _serves(pose, kept)
        again = short and now_ns - before.sought_ns >= RETRY_NS
        if _serves(before.place, kept) and not again:
            return _carried_on(before, pose, kept)
    if known and before.status == 'none' and now_ns - before.sought_ns < RETRY_NS:
        return before
    return _seek(terrain, pose, advice, peers, now_ns)


def _carried_on(before: Retreat, pose: Pose, kept: Sequence[Disc]) -> Retreat:
    """Drive on to the place; a little short of it will do if the body is out of the way there."""
    assert before.place is not None
    assert before.route is not None
    s_m = locate(before.route, pose, before.s_m).s_m
    near = distance(pose, before.place) <= REACHED_M and _serves(pose, kept)
    there = before.status == 'reached' or near or s_m >= before.route.length_m - 0.03
    return replace(before, status='reached' if there else before.status, s_m=s_m)


def _serves(place: Point | Pose, kept: Sequence[Disc]) -> bool:
    """Whether a place still leaves free what has to be kept free."""
    return all(distance(place, (x, y)) >= radius - SLACK_M for x, y, radius in kept)


def forbidden(
    terrain: Terrain, advice: Advice, peers: Sequence[Peer], behind: Sequence[str] = ()
) -> list[Disc]:
    """Discs where the robot's centre must not stand: the corridor, peers' ways and bodies."""
    own = terrain.body.radius_m + terrain.tuning.refuge_margin_m
    radii = {peer.agent_id: peer.radius_m for peer in peers}
    discs = [(x, y, own + radii.get(advice.peer, DEFAULT_RADIUS_M)) for x, y in advice.corridor]
    for peer in peers:
        ways = () if peer.agent_id in behind else peer.path
        discs += [(x, y, own + peer.radius_m) for x, y in (peer.pose[:2], *ways)]
    return discs


def _seek(
    terrain: Terrain, pose: Pose, advice: Advice, peers: Sequence[Peer], now_ns: int
) -> Retreat:
    """The nearest place; for want of one, a place behind robots that leave or can be asked to.

    The last resort is a place behind the very peer that asks: it has to back out first.
    """
    pushed = [peer for peer in peers if not _movable(peer, advice, pose)]
    others = [peer for peer in pushed if peer.agent_id != advice.peer]
    after = tuple(peer.agent_id for peer in peers if _comes_after(peer, advice, pose))
    found: list[tuple[Refuge, Sequence[Peer], tuple[str, ...]]] = [('found', peers, ())]
    if len(pushed) < len(peers):
        found.append(('found', pushed, ()))
    if after:
        found += [(status, bodies, after) for status, bodies, _ in found]
    for status, bodies, behind in (*found, ('behind', others, ())):
        place = _nearest_refuge(terrain, pose, advice, (peers, behind), bodies)
        route = None if place is None else _way_to(terrain, pose, place, bodies).route
        if route is not None:
            return Retreat(
                status=status,
                place=route.goal,
                route=route,
                sought_ns=now_ns,
                immovable=advice.immovable,
                behind=behind,
            )
    return Retreat(status='none', sought_ns=now_ns, immovable=advice.immovable)


def _movable(peer: Peer, advice: Advice, pose: Pose) -> bool:
    """Whether a peer drives away, or stands where it is by choice and makes way when asked."""
    if not peer.alive or peer.agent_id == advice.peer or peer.agent_id in advice.immovable:
        return False
    if abs(peer.speed_mps) < STANDS_MPS:
        return not peer.cannot_yield
    return bool(peer.path) and distance(peer.path[-1], pose) > distance(peer.pose, pose)


def _comes_after(peer: Peer, advice: Advice, pose: Pose) -> bool:
    """Whether a peer that asks for nothing has this robot on its way anyhow."""
    near = peer.radius_m + DEFAULT_RADIUS_M
    return peer.agent_id != advice.peer and any(distance(at, pose) < near for at in peer.path)


def _way_to(terrain: Terrain, pose: Pose, place: Point, peers: Sequence[Peer]) -> Planned:
    return plan(terrain, pose, place, 0.1, (_closed_bodies(terrain, pose, peers),))


def _closed_bodies(terrain: Terrain, pose: Pose, peers: Sequence[Peer]) -> Aversion:
    """Peers' bodies as closed floor, but never the floor on which the robot itself stands.

    As far around them as right of way lets nobody drive: a nearer way would be planned in vain.
    """
    own = terrain.body.radius_m + terrain.tuning.refuge_margin_m - SLACK_M
    discs = []
    for peer in peers:
        free = distance(pose, peer.pose) - OWN_FLOOR_M
        discs.append((peer.pose[0], peer.pose[1], min(own + peer.radius_m, free)))
    return Aversion(discs=tuple(discs), factor=math.inf)


def _nearest_refuge(
    terrain: Terrain,
    pose: Pose,
    advice: Advice,
    ways: tuple[Sequence[Peer], Sequence[str]],
    bodies: Sequence[Peer],
) -> Point | None:
    """The nearest place that is in nobody's way, reached without passing through the bodies."""
    cost = cell_costs(terrain, (_closed_bodies(terrain, pose, bodies),))
    node_cost = cost[terrain.roadmap.cell_of]
    start = nearest_node(terrain, node_cost, pose, 0.6)
    if start < 0:
        return None
    graph = weighted(terrain.roadmap, node_cost)
    away, _ = search(graph, start, terrain.tuning.refuge_search_m)
    away = np.where(_taken(terrain, advice, *ways), np.inf, away)
    best = int(np.argmin(away))
    if not math.isfinite(away[best]):
        return None
    return centre_of(terrain.grid, int(terrain.roadmap.cell_of[best]))


def _taken(terrain: Terrain, advice: Advice, peers: Sequence[Peer], behind: Sequence[str]) -> Mask:
    """Nodes on which the robot would be in the way."""
    field = np.zeros((terrain.grid.rows, terrain.grid.cols), np.bool_)
    for rows, cols, inside in disc_cells(terrain.grid, forbidden(terrain, advice, peers, behind)):
        field[rows, cols] |= inside
    return field.ravel()[terrain.roadmap.cell_of]
