# SPDX-License-Identifier: Apache-2.0
"""One robot's own path through what it has heard of the others.

A* over cell and step (Silver 2005, cooperative A*), exact in time as far as hints reach, without
time behind them. Nothing here is a promise: the path is what the robot asks for and what it tells
the others as a hint; who may go where is settled elsewhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from operator import eq

from swarm_agent.mesh.core.grid_map import GridMap
from swarm_agent.mesh.core.grid_types import GridMe, GridPeer


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanParams:
    """Costs of the path search, in tenths of a step."""

    hint_cells: int = 12
    """Own cells that are told to the others, and steps for which time counts."""
    above: int = 100
    """To meet a robot of higher rank on its hint."""
    below: int = 4
    """To meet one of lower rank: it will give way, at a cost of its own."""
    parked: int = 150
    """To push a parked robot, which then has to come back."""
    expansions: int = 1500
    """Cells looked at before the search gives up."""


STEP, WAIT = 10, 9
"""To wait costs less than to drive to and fro."""
NEVER = 1 << 30


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the others' hints cost."""

    vertex: dict[int, int]
    """By step times the size of the map plus cell."""
    swap: dict[tuple[int, int], int]
    """By the same of the cell moved to, and the cell moved from."""
    standing: dict[int, int]
    """By cell, at any time."""

    def price(self, base: int, cell: int, step: int) -> int:
        """What a move costs; `base` is its step times the map's size, negative if out of sight."""
        price = WAIT if step == cell else STEP
        if base >= 0:
            price += self.vertex.get(base + step, 0)
        if step != cell:
            if base >= 0 and self.swap:
                price += self.swap.get((base + step, cell), 0)
            price += self.standing.get(step, 0)
        return price


def traffic_of(
    grid: GridMap, me: GridMe, heard: Iterable[GridPeer], params: PlanParams
) -> Traffic:
    """Put the hints of all peers heard into tables."""
    size, last = grid.size, params.hint_cells
    vertex: dict[int, int] = {}
    swap: dict[tuple[int, int], int] = {}
    standing = dict.fromkeys(me.seen_parked, params.parked)
    for peer in heard:
        if not peer.hint and peer.cell == peer.goal:
            standing[peer.cell] = params.parked
            continue
        cost = params.above if peer.rank > me.rank else params.below
        before, base = peer.cell, 0
        for step in peer.hint[:last]:
            base += size
            vertex[base + step] = vertex.get(base + step, 0) + cost
            if step != before:
                swap[base + before, step] = cost
            before = step
    return Traffic(vertex, swap, standing)


def still_good(
    me: GridMe,
    path: tuple[int, ...],
    heard: Iterable[GridPeer],
    params: PlanParams,
    accepted: frozenset[int],
) -> bool:
    """Whether a path made earlier meets nobody of higher rank, no crowd, and nobody newly parked.

    Args:
        me: The robot.
        path: Its path from where it is now, without its own cell, as far as hints reach.
        heard: What it has heard by now.
        params: What meetings cost; a crowd is as many of lower rank as cost one of higher rank.
        accepted: Cells of parked robots that it knew of when it made the path.
    """
    if not accepted.issuperset(me.seen_parked.intersection(path)):
        return False
    came = (me.cell, *path)
    cells, swaps = [0] * len(path), [0] * len(path)
    for peer in heard:
        cost = params.above if peer.rank > me.rank else params.below
        if any(map(eq, peer.hint, path)):
            for step in _meetings(path, peer):
                cells[step] += cost
        if any(map(eq, peer.hint, came)):
            for step in _swaps(came, peer):
                swaps[step] = cost
    return max((*cells, *swaps), default=0) < params.above


def _meetings(path: tuple[int, ...], peer: GridPeer) -> Iterator[int]:
    """The steps at which a path and a peer's hint are on one cell."""
    both = enumerate(zip(peer.hint, path, strict=False))
    return (step for step, (its, mine) in both if its == mine)


def _swaps(came: tuple[int, ...], peer: GridPeer) -> Iterator[int]:
    """The steps at which a path, given with its first cell, and a hint change places."""
    moves = enumerate(zip((peer.cell, *peer.hint), peer.hint, came, came[1:], strict=False))
    return (step for step, (a, b, here, there) in moves if a != b and (a, b) == (there, here))


def find_path(
    grid: GridMap, me: GridMe, traffic: Traffic, params: PlanParams
) -> tuple[int, ...] | None:
    """The cheapest path found from the robot's cell to its goal, its own cell left out."""
    size = grid.size
    came: dict[int, int] = {me.cell: -1}
    cost: dict[int, int] = {me.cell: 0}
    queue = [(STEP * me.distances[me.cell], 0, me.cell)]
    done: set[int] = set()
    last = params.hint_cells * size
    while queue and len(done) < params.expansions:
        _, minus, key = heappop(queue)
        if key in done:
            continue
        done.add(key)
        cell = key % size
        if cell == me.goal:
            return _traced(came, key, size)
        layer = key - cell
        ahead = min(layer + size, last)
        for step in (*grid.neighbours[cell], cell):
            into = ahead + step
            if into in done:
                continue
            price = cost[key] + traffic.price(ahead if layer < last else -1, cell, step)
            if price < cost.get(into, NEVER):
                cost[into], came[into] = price, key
                heappush(queue, (price + STEP * me.distances[step], minus - 1, into))
    return None


def _traced(came: dict[int, int], key: int, size: int) -> tuple[int, ...]:
    path: list[int] = []
    while came[key] >= 0:
        path.append(key % size)
        key = came[key]
    return tuple(reversed(path))
