# SPDX-License-Identifier: Apache-2.0
"""Two robots that must pass each other where there is no room for it.

In a corridor, and before a dead end, giving way one step is no help: the two have to go to the
next junction, and one of them backwards. Both can tell from the map, both goals and the robots
that they hear. The rule is the swap of LaCAM2 (Okumura, IJCAI 2023): walk on in thought, the one
pushing the other before it, until there is a fork, or an end.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from swarm_agent.mesh.core.grid_map import GridMap
from swarm_agent.mesh.core.grid_types import GridPeer


class Surroundings(Protocol):
    """What a robot has heard of the cells around it."""

    def occupant(self, cell: int) -> GridPeer | None:
        """Who stands there, as far as heard."""

    def table(self, goal: int) -> Sequence[int]:
        """Distances to a goal that a peer has told; the map is common knowledge."""


def swap_partner(
    grid: GridMap,
    me: GridPeer,
    ahead: int,
    around: Surroundings,
    undecided: Callable[[int], bool],
) -> GridPeer | None:
    """The peer with whom to change places by backing out first, if any.

    Args:
        grid: The map.
        me: The asking robot.
        ahead: The cell it would go to next.
        around: What it has heard.
        undecided: Whether a peer has still to choose its next cell.
    """
    if ahead == me.cell:
        return None
    peer = around.occupant(ahead)
    out = (ahead, me.cell)
    if peer is not None and undecided(peer.agent):
        wanted = _must(grid, me, peer, (me.cell, ahead), around)
        if wanted and _can(grid, out, around):
            return peer
    for cell in grid.neighbours[me.cell]:
        other = around.occupant(cell)
        if other is None or cell == ahead:
            continue
        wanted = _must(grid, other, me, (me.cell, ahead), around)
        if wanted and _can(grid, out, around):
            return other
    return None


def _fork(grid: GridMap, behind: int, cell: int, around: Surroundings) -> tuple[int, int]:
    """How many ways lead on from a cell, and one of them.

    A dead end in which somebody stands who wants to be there is none.
    """
    ways, way = 0, -1
    for step in grid.neighbours[cell]:
        if step == behind:
            continue
        if len(grid.neighbours[step]) == 1:
            inside = around.occupant(step)
            if inside is not None and inside.parked:
                continue
        ways, way = ways + 1, step
    return ways, way


def _must(
    grid: GridMap,
    pusher: GridPeer,
    pulled: GridPeer,
    cells: tuple[int, int],
    around: Surroundings,
) -> bool:
    """Whether pushing on leads nowhere: no fork before the goal, and the other wants back."""
    mine, its = around.table(pusher.goal), around.table(pulled.goal)
    at, other = cells
    while mine[other] < mine[at]:
        ways, way = _fork(grid, at, other, around)
        if ways >= 2:
            return False
        if ways == 0:
            break
        at, other = other, way
    return its[at] < its[other] and (mine[at] == 0 or mine[other] < mine[at])


def _can(grid: GridMap, cells: tuple[int, int], around: Surroundings) -> bool:
    """Whether backing out leads to a fork."""
    at, other = cells
    first = at
    while other != first:
        ways, way = _fork(grid, at, other, around)
        if ways != 1:
            return ways > 1
        at, other = other, way
    return False
