# SPDX-License-Identifier: Apache-2.0
"""What robots in the discrete world know of themselves and tell each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class GridRank(NamedTuple):
    """Who goes first; compared field by field, the larger one goes first."""

    urgency: int
    """0 where nothing is to be done but to stand, 1 on the way back there, 2 on a mission."""
    age: int
    """Steps since the mission began, as announced by the robot itself."""
    length: int
    """Steps that the mission takes at least: longer ones first."""
    agent: int
    """Its number in the fleet's roster: no two are equal."""

    def outranks(self, other: 'GridRank', *, slack: int) -> bool:
        """Whether this one goes first, where ages were heard up to `slack` steps late."""
        if self.urgency == other.urgency and abs(self.age - other.age) <= slack:
            return self[2:] > other[2:]
        return self > other


@dataclass(frozen=True, slots=True)
class GridPeer:
    """What a robot says of itself: where it stands, and where it means to go."""

    agent: int
    cell: int
    goal: int
    rank: GridRank
    hint: tuple[int, ...] = ()
    """The cells of its next steps, the first one after `cell`; a hint, not a promise."""

    @property
    def parked(self) -> bool:
        """Whether it stands where it wants to be."""
        return self.cell == self.goal


@dataclass(frozen=True, slots=True)
class GridMe:
    """What a robot knows of itself."""

    agent: int
    cell: int
    goal: int
    rank: GridRank
    distances: Sequence[int]
    """Steps to its goal from each cell of the map, shape (size,)."""
    seen_parked: frozenset[int] = frozenset()
    """Cells where it has last seen somebody parked."""

    def as_peer(self, hint: tuple[int, ...] = ()) -> GridPeer:
        """What it tells the others."""
        return GridPeer(self.agent, self.cell, self.goal, self.rank, hint)
