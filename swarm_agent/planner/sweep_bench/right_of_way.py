# SPDX-License-Identifier: Apache-2.0
"""A plain right of way for robots that move cell by cell at the same beat.

One-step planning with priority inheritance and backtracking (PIBT; Okumura and others, AIJ 2022):
in the order of rank each robot takes the best cell that is free; who stands there must move away
first, with the rank of the asker, and if it cannot, the asker tries its next cell. Any rule of the
same form can stand in its place.
"""

from collections.abc import Callable, Sequence

Wishes = Sequence[Sequence[int]]
"""For each robot the cells that it could be on next, the best first, its own among them."""
Rule = Callable[[Sequence[int], Wishes, Sequence[float]], list[int]]
"""Where the robots are, their wishes and their ranks -> where each is next."""


def inherit(at: Sequence[int], wishes: Wishes, rank: Sequence[float]) -> list[int]:
    """The next cell of each robot: never one for two, never two that change places."""
    turn = _Turn(at, wishes)
    for robot in sorted(range(len(at)), key=lambda robot: (-rank[robot], robot)):
        if turn.next[robot] < 0:
            turn.settle(robot, -1)
    return turn.next


class _Turn:
    """One beat being settled."""

    def __init__(self, at: Sequence[int], wishes: Wishes) -> None:
        self._at, self._wishes = at, wishes
        self._here = {cell: robot for robot, cell in enumerate(at)}
        self._taken: dict[int, int] = {}
        self.next = [-1] * len(at)

    def settle(self, robot: int, asker: int) -> bool:
        """Give a robot its best cell, not that of who asks it to leave; whether it may move."""
        for cell in self._wishes[robot]:
            if cell in self._taken or (asker >= 0 and cell == self._at[asker]):
                continue
            other = self._here.get(cell, robot)
            if other != robot and self.next[other] == self._at[robot]:
                continue
            self.next[robot] = cell
            self._taken[cell] = robot
            if other == robot or self.next[other] >= 0 or self.settle(other, robot):
                return True
        self.next[robot] = self._at[robot]
        self._taken[self._at[robot]] = robot
        return False
