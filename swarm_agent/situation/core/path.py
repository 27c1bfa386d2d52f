# SPDX-License-Identifier: Apache-2.0
"""Find a way over the planning grid: shortest by clearance-weighted length, then pulled straight.

A search by Dijkstra's algorithm in compiled code over the ready-made graph takes less time here
than an A* in Python, and tells at once what can be reached at all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from swarm_agent.situation.core.arrays import Floats, Ints32
from swarm_agent.situation.core.centre import MidField, centred
from swarm_agent.situation.core.floor_law import (
    KEEP_FACTOR,
    LEAVING_FACTOR,
    OPEN,
    FloorLaw,
    closed_here,
    trespasses,
)
from swarm_agent.situation.core.grid import PlanGrid, cell_at, cells_of, centre_of
from swarm_agent.situation.core.params import Body, Tuning
from swarm_agent.situation.core.roadmap import Roadmap, clearance_cost, weighted
from swarm_agent.situation.core.room import Room, clearance_at, disc_cells
from swarm_agent.situation.core.route import Route, resampled
from swarm_agent.situation.core.se2 import Point, Pose, distance
from swarm_agent.situation.core.search import search
from swarm_vault.replacing import replace

START_REACH_M = 0.6
"""How far from the robot its way may begin [m]."""
SAMPLE_M = 0.05
CLOSED_FACTOR = 1e3
WORTH = 1.02
"""A straight line may cost this much more than the cells that it replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aversion:
    """Floor to be avoided at a price."""

    discs: tuple[tuple[float, float, float], ...]
    """Centre and radius for the robot's centre [m]."""
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A route, or why there is none."""

    route: Route | None
    reason: str = ''
    by_map: bool = True
    """Whether the map alone leaves a way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """All that a search needs to know of the floor."""

    grid: PlanGrid
    roadmap: Roadmap
    middle: MidField
    room: Room
    body: Body
    tuning: Tuning
    law: FloorLaw = OPEN


def cell_costs(
    terrain: Terrain, aversions: Sequence[Aversion] = (), pose: Pose | None = None
) -> Floats:
    """Cost factor of every cell, flat; inf where the body does not fit or the law lets none be.

    Args:
        terrain: The floor.
        aversions: Floor to be avoided at a price.
        pose: Of a robot that may leave the closed floor on which it stands.
    """
    tuning = terrain.tuning
    cost = clearance_cost(
        terrain.room.clearance_m,
        terrain.body.radius_m,
        (
            tuning.min_margin_m,
            tuning.tight_margin_m,
            tuning.good_margin_m,
            tuning.wide_margin_m,
        ),
    )
    field = cost.reshape(terrain.grid.rows, terrain.grid.cols)
    for aversion in aversions:
        for rows, cols, inside in disc_cells(terrain.grid, aversion.discs):
            field[rows, cols][inside] *= aversion.factor
    _close(terrain, cost, pose)
    return cost


def _close(terrain: Terrain, cost: Floats, pose: Pose | None) -> None:
    closed, beyond = terrain.law.closed, terrain.law.beyond
    if beyond is not None:
        cost[beyond] *= KEEP_FACTOR
    if closed is None:
        return
    here = 0 if pose is None else closed_here(terrain.law, terrain.grid, pose)
    cost[(closed > 0) & (closed != here)] = np.inf
    if here:
        cost[closed == here] *= LEAVING_FACTOR


def plan(
    terrain: Terrain,
    pose: Pose,
    goal: Point,
    tolerance_m: float,
    aversions: Sequence[Aversion] = (),
) -> Planned:
    """The way from a pose to a goal, or to the nearest reachable place within the tolerance."""
    cost = cell_costs(terrain, aversions, pose)
    node_cost = cost[terrain.roadmap.cell_of]
    start = nearest_node(terrain, node_cost, pose, START_REACH_M)
    if start < 0:
        return Planned(route=None, reason='no room around the robot itself')
    graph = weighted(terrain.roadmap, node_cost)
    away, back = search(graph, start)
    away = _lawful_ends(terrain, away)
    end = nearest_node(terrain, away, goal, max(tolerance_m, terrain.grid.cell_m))
    if end < 0:
        barred = _barred(terrain, pose, goal, tolerance_m, aversions)
        return barred or _none(terrain, start, goal, tolerance_m)
    cells = terrain.roadmap.cell_of[_walk(back, start, end)].tolist()
    points = [centre_of(terrain.grid, cell) for cell in cells]
    if cell_at(terrain.grid, *goal) == cells[-1]:
        points[-1] = goal
    own = len(points) > 1 and cell_at(terrain.grid, pose[0], pose[1]) == cells[0]
    points = [(pose[0], pose[1]), *(points[1:] if own else points)]
    if trespasses(terrain.law, terrain.grid, points[1:]):
        return Planned(route=None, reason=_closed_text(terrain, goal, points[1:]), by_map=False)
    return Planned(route=_route(terrain, cost, _pulled(terrain, cost, points)))


def _lawful_ends(terrain: Terrain, away: Floats) -> Floats:
    """No way ends on closed floor, not even one that begins there."""
    closed = terrain.law.closed
    return away if closed is None else np.where(closed[terrain.roadmap.cell_of] > 0, np.inf, away)


def _barred(
    terrain: Terrain,
    pose: Pose,
    goal: Point,
    tolerance_m: float,
    aversions: Sequence[Aversion],
) -> Planned | None:
    """Which law closes the way to a goal; None where there would be no way without it, either."""
    if terrain.law.closed is None:
        return None
    found = plan(replace(terrain, law=OPEN), pose, goal, tolerance_m, aversions)
    if found.route is None:
        return None
    points = list(zip(found.route.x, found.route.y, strict=True))
    return Planned(route=None, reason=_closed_text(terrain, goal, points), by_map=False)


def _closed_text(terrain: Terrain, goal: Point, points: Sequence[Point]) -> str:
    place = f'({goal[0]:.2f}, {goal[1]:.2f})'
    walls = (terrain.law.bars.wall_at(point) for point in (goal, *reversed(points)))
    why = next((wall for wall in walls if wall), 'the body would touch a closed zone')
    return f'the law leaves no way to {place}: {why}'


def nearest_node(terrain: Terrain, finite: Floats, place: Point | Pose, reach_m: float) -> int:
    """The node nearest to a place among those of finite value; the lower one on a tie; or -1."""
    x, y = place[0], place[1]
    here = int(terrain.roadmap.node_of[cell_at(terrain.grid, x, y)])
    if here >= 0 and math.isfinite(finite[here]):
        return here
    best, best_m = -1, reach_m
    for node in _nodes_around(terrain, (x, y), reach_m):
        away = distance(centre_of(terrain.grid, int(terrain.roadmap.cell_of[node])), (x, y))
        if math.isfinite(finite[node]) and away < best_m:
            best, best_m = node, away
    return best


def _nodes_around(terrain: Terrain, place: Point, reach_m: float) -> list[int]:
    numbers = terrain.roadmap.node_of.reshape(terrain.grid.rows, terrain.grid.cols)
    found: list[int] = []
    for rows, cols, inside in disc_cells(terrain.grid, ((*place, reach_m),)):
        nodes = numbers[rows, cols][inside]
        found += nodes[nodes >= 0].tolist()
    return found


def _none(terrain: Terrain, start: int, goal: Point, tolerance_m: float) -> Planned:
    """Say why there is no way."""
    areas = terrain.roadmap.area_of
    around = _nodes_around(terrain, goal, max(tolerance_m, terrain.grid.cell_m))
    here = int(terrain.roadmap.node_of[cell_at(terrain.grid, *goal)])
    around += [here] if here >= 0 else []
    place = f'({goal[0]:.2f}, {goal[1]:.2f})'
    if not around:
        return Planned(route=None, reason=f'no room for the robot at {place}', by_map=False)
    if not any(areas[node] == areas[start] for node in around):
        return Planned(route=None, reason=f'no way to {place} on the map', by_map=False)
    return Planned(route=None, reason=f'every way to {place} is closed by what was met there')


def _walk(back: Ints32, start: int, end: int) -> list[int]:
    """The nodes from start to end."""
    nodes, node = [end], end
    while node != start:
        node = int(back[node])
        nodes.append(node)
    return nodes[::-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chain:
    """The points of a found way, what it costs up to each, and the cost factor at each."""

    points: list[Point]
    spent: list[float]
    factor: list[float]


def _pulled(terrain: Terrain, cost: Floats, points: list[Point]) -> list[Point]:
    """Replace runs of points by straight lines where those cost no more and are no narrower."""
    chain = _chain(terrain, cost, points)
    kept, at = [points[0]], 0
    while at < len(points) - 1:
        at = _farthest(terrain, cost, chain, at)
        kept.append(points[at])
    return kept


def _chain(terrain: Terrain, cost: Floats, points: list[Point]) -> _Chain:
    total = [0.0]
    xs, ys = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    factor = np.minimum(cost[cells_of(terrain.grid, xs, ys)], CLOSED_FACTOR).tolist()
    for i in range(1, len(points)):
        step = distance(points[i - 1], points[i]) * (factor[i - 1] + factor[i]) * 0.5
        total.append(total[-1] + step)
    return _Chain(points=points, spent=total, factor=factor)


def _farthest(terrain: Terrain, cost: Floats, chain: _Chain, at: int) -> int:
    """The farthest point to which a straight line is worth it, by doubling and halving steps."""
    last = len(chain.points) - 1
    reached, step = at + 1, 2
    while step >= 1:
        tried = min(reached + step, last)
        if tried > reached and _line_worth(terrain, cost, chain, at, tried):
            reached, step = tried, step * 2
        else:
            step = min(step, last - reached) // 2
    return reached


def _line_worth(terrain: Terrain, cost: Floats, chain: _Chain, at: int, tried: int) -> bool:
    """Whether the straight line between two points is as cheap and as wide as the way itself."""
    a, b = chain.points[at], chain.points[tried]
    length = distance(a, b)
    count = max(2, math.ceil(length / SAMPLE_M))
    share = (np.arange(count) + 0.5) / count
    cells = cells_of(terrain.grid, a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))
    factors = cost[cells]
    if float(factors.max()) > max(chain.factor[at : tried + 1]) + 0.01:
        return False
    budget = chain.spent[tried] - chain.spent[at]
    return float(factors.sum()) * length / count <= budget * WORTH + 1e-6


def _route(terrain: Terrain, cost: Floats, corners: list[Point]) -> Route:
    """Evenly spaced points, in the middle of narrow places as far as what was met there allows."""
    x, y, _ = resampled(corners)
    xs, ys = np.array(x), np.array(y)
    mid_x, mid_y = centred(terrain.middle, xs, ys, terrain.body.radius_m)
    before = clearance_at(terrain.room, terrain.grid, xs, ys)
    after = clearance_at(terrain.room, terrain.grid, mid_x, mid_y)
    mids = list(zip(mid_x.tolist(), mid_y.tolist(), strict=True))
    lawful = not trespasses(terrain.law, terrain.grid, mids[1:])
    lawful = lawful and not _closes(terrain, cost, (xs, ys), (mid_x, mid_y))
    if lawful and float(after.min()) >= float(before.min()) - terrain.grid.cell_m / 2:
        x, y, s = resampled(mids)
    else:
        x, y, s = resampled(corners)
    room = clearance_at(terrain.room, terrain.grid, np.array(x), np.array(y))
    margin = (room - terrain.body.radius_m).tolist()
    return Route(x=tuple(x), y=tuple(y), s=tuple(s), margin=tuple(margin))


def _closes(
    terrain: Terrain, cost: Floats, way: tuple[Floats, Floats], mid: tuple[Floats, Floats]
) -> bool:
    """Whether a way around closed floor, such as a peer stands on, would lead over it there."""
    was_open, is_open = (np.isfinite(cost[cells_of(terrain.grid, *one)]) for one in (way, mid))
    return bool((was_open & ~is_open).any())


def remeasured(route: Route, terrain: Terrain) -> Route:
    """The same way with the margins of the room as it is now."""
    room = clearance_at(terrain.room, terrain.grid, np.array(route.x), np.array(route.y))
    return Route(
        x=route.x, y=route.y, s=route.s, margin=tuple((room - terrain.body.radius_m).tolist())
    )
