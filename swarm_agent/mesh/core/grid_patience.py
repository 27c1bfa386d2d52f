# SPDX-License-Identifier: Apache-2.0
"""When a robot that gets no nearer stops planning and insists.

Paths around the others cost least, but two robots can wait for each other's paths for ever. So who
has not come nearer for a while takes the plain rule of priority inheritance in turns: with swaps
(which solve corridors), then without (for which arrival is proven where there is no bridge). The
turns double, so that one is once long enough for any way.
"""

from dataclasses import dataclass, replace
from typing import Literal

Manner = Literal['plan', 'swap', 'plain']
"""Own path and swaps; nearest cell and swaps; nearest cell only."""

PATIENCE_STEPS = 12
REFUSED_STEPS = 3
FIRST_TURN_STEPS = 16
TURNS: tuple[Manner, ...] = ('swap', 'plan', 'plain', 'plan')
NOWHERE = 1 << 30


@dataclass(frozen=True, slots=True)
class Patience:
    """How near a robot has come, and for how long not nearer."""

    best: int = NOWHERE
    """Least distance to its goal on this way [steps]."""
    since: int = 0
    """Steps without a better one."""
    refused: int = 0
    """Steps in a row in which nobody outranked it and nobody could make way."""
    yields: int = 0
    """Steps for which it still lets everybody else go first."""
    next_yield: int = FIRST_TURN_STEPS
    """For how many steps it will do so the next time."""

    def after(self, distance: int, *, refused: bool = False) -> 'Patience':
        """Patience one step later.

        Args:
            distance: From where it is now to the goal [steps].
            refused: Whether it stands because nobody could make way, though nobody outranks it.
        """
        if distance == 0:
            return Patience()
        if distance < self.best:
            return Patience(distance)
        older = replace(self, since=self.since + 1)
        if self.yields:
            return replace(older, yields=self.yields - 1)
        count = self.refused + 1 if refused else 0
        if count < REFUSED_STEPS:
            return replace(older, refused=count)
        turn = self.next_yield
        return replace(older, refused=0, yields=turn, next_yield=2 * turn)

    @property
    def manner(self) -> Manner:
        """How to choose the next cell."""
        if self.yields:
            return 'plan'
        over = self.since - PATIENCE_STEPS
        if over < 0:
            return 'plan'
        turn = FIRST_TURN_STEPS
        while over >= len(TURNS) * turn:
            over -= len(TURNS) * turn
            turn *= 2
        return TURNS[over // turn]
