# SPDX-License-Identifier: Apache-2.0
"""When a robot that gets no nearer stops planning and insists.

Paths around the others cost least, but two robots can wait for each other's paths for ever. So who
has not come nearer for a while takes the plain rule of priority inheritance in turns: with swaps
(which solve corridors), then without (for which arrival is proven where there is no bridge). The
turns double, so that one is once long enough for any way.
"""

from dataclasses import dataclass
from typing import Literal

Manner = Literal['plan', 'swap', 'plain']
"""Own path and swaps; nearest cell and swaps; nearest cell only."""

PATIENCE_STEPS = 12
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

    def after(self, distance: int) -> 'Patience':
        """Patience one step later, at this distance to the goal [steps]."""
        if distance == 0:
            return Patience()
        if distance < self.best:
            return Patience(distance, 0)
        return Patience(self.best, self.since + 1)

    @property
    def manner(self) -> Manner:
        """How to choose the next cell."""
        over = self.since - PATIENCE_STEPS
        if over < 0:
            return 'plan'
        turn = FIRST_TURN_STEPS
        while over >= len(TURNS) * turn:
            over -= len(TURNS) * turn
            turn *= 2
        return TURNS[over // turn]
