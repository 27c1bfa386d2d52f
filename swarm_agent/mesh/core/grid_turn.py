# SPDX-License-Identifier: Apache-2.0
"""One robot's turn in a step of lock-step: which cells it asks for, in which order.

Priority inheritance with backtracking (PIBT, Okumura et al. 2019): who has the highest rank nearby
chooses first; who stands on the cell that it wants has to choose next, with the asker's rank and
never the asker's cell; if it finds none it says so, and the asker tries its next best one.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Protocol

from swarm_agent.mesh.core.grid_map import GridMap
from swarm_agent.mesh.core.grid_patience import Manner
from swarm_agent.mesh.core.grid_swap import Surroundings, swap_partner
from swarm_agent.mesh.core.grid_types import GridMe

NEARER, IN_THE_WAY, OCCUPIED = 10, 6, 4
"""What a cell costs by step of distance, on the asker's hint, with somebody on it."""


class Step(Surroundings, Protocol):
    """What a robot has heard in this step."""

    def taken(self, cell: int) -> bool:
        """Whether somebody has announced to be there after this step."""

    def chosen(self, agent: int) -> int | None:
        """The cell that a peer has announced for the end of this step, if it has."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The cells that a robot asks for, best first, and with whom it changes places."""

    agent: int
    here: int
    cells: tuple[int, ...]
    partner: int | None = None

    def next_try(self, after: int, step: Step) -> tuple[int, int | None] | None:
        """Where in `cells` to try next and whom to ask; None if there is nothing left but to stay.

        Args:
            after: Number of cells tried already.
            step: What was heard in this step.
        """
        for index in range(after, len(self.cells)):
            cell = self.cells[index]
            if step.taken(cell):
                continue
            peer = step.occupant(cell)
            if peer is None or peer.agent == self.agent:
                return index, None
            its = step.chosen(peer.agent)
            if its != self.here:
                return index, peer.agent if its is None else None
        return None

    def follower(self, index: int, step: Step) -> int | None:
        """Who is to come into the cell that the robot backs out of."""
        if index or self.partner is None or step.taken(self.here):
            return None
        return self.partner if step.chosen(self.partner) is None else None


def open_turn(
    grid: GridMap,
    me: GridMe,
    step: Step,
    *,
    path: Sequence[int],
    manner: Manner,
    avoid: Container[int],
    luck: int,
) -> Turn:
    """Rank the cells that a robot can be on after this step.

    Args:
        grid: The map.
        me: The robot.
        step: What it has heard in this step.
        path: Its own path, without its own cell; empty if it has none.
        manner: How it chooses.
        avoid: Cells of the hint of the robot that it makes way for.
        luck: Breaks ties; any number that differs from robot to robot and step to step.
    """
    cells = _by_distance(grid, me, step, avoid, luck)
    if path:
        cells.remove(path[0])
        cells.insert(0, path[0])
    if manner == 'plain':
        return Turn(me.agent, me.cell, tuple(cells))
    partner = swap_partner(
        grid, me.as_peer(), cells[0], step, lambda agent: step.chosen(agent) is None
    )
    if partner is None:
        return Turn(me.agent, me.cell, tuple(cells))
    return Turn(me.agent, me.cell, tuple(reversed(cells)), partner.agent)


def _by_distance(
    grid: GridMap, me: GridMe, step: Step, avoid: Container[int], luck: int
) -> list[int]:
    def cost(cell: int) -> tuple[int, int]:
        price = NEARER * me.distances[cell]
        if cell != me.cell:
            price += IN_THE_WAY * (cell in avoid) + OCCUPIED * (step.occupant(cell) is not None)
        return price, _mixed(luck, cell)

    return sorted((*grid.neighbours[me.cell], me.cell), key=cost)


def _mixed(luck: int, cell: int) -> int:
    """A number without pattern (the finalizer of SplitMix64), equal for equal arguments."""
    value = (luck + cell * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    return value ^ (value >> 31)
