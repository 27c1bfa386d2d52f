# SPDX-License-Identifier: Apache-2.0
"""One closed way over a whole board: loops of four cells, merged until one is left.

The idea is that of spanning tree coverage (Gabriely and Rimon 2001), without its wish for a board
of whole 2 x 2 blocks: blocks that are whole become loops of four cells, what is left over becomes
loops of two cells and of one. Two loops with parallel sides in a square of four cells merge at no
cost by exchanging the two sides for the two others; loops that only touch merge by going there
and back. Every merge keeps each cell's number of sides even and the loop connected, so what is
left in the end is one closed way (Euler). The cheapest merge, in steps and turns, comes first.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from swarm_agent.planner.core.sweep.board import Board
from swarm_agent.planner.core.sweep.travel import Route

EAST, NORTHWARD = 0, 1
_BACK = 2
"""Quarter turns at the end of a loop of two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weave:
    """How a ring is woven; each weave gives another ring."""

    row: int = 0
    """Row of the first block, 0 or 1."""
    col: int = 0
    """Column of the first block, 0 or 1."""
    along: int = EAST
    """The heading of the lanes where nothing else decides, EAST or NORTHWARD."""


WEAVES = tuple(
    Weave(row=row, col=col, along=along)
    for along in (EAST, NORTHWARD)
    for row in (0, 1)
    for col in (0, 1)
)


def weave_ring(board: Board, weave: Weave, turn: float) -> Route:
    """A closed way over all cells of a connected board; its last cell is beside its first.

    Args:
        board: At least one cell, all connected.
        weave: Which of the many rings.
        turn: Cost of a quarter turn.
    """
    loom = _Loom(board, turn)
    loom.lay_loops(weave)
    loom.merge_all(weave)
    return loom.circuit()


class _Loom:
    """The sides of all loops so far: for each cell how many lead east and how many north."""

    def __init__(self, board: Board, turn: float) -> None:
        self._beside: list[list[int]] = board.beside.tolist()
        self._cost: list[list[float]] = board.cost.tolist()
        self._places: list[list[int]] = board.places.tolist()
        self._turn = turn
        self._sides = [[0, 0, 0, 0] for _ in self._beside]
        self._parent = list(range(board.size))
        self._loops = board.size

    def lay_loops(self, weave: Weave) -> None:
        """Lay loops of four, then of two over what is left; the others stay alone."""
        left = [True] * len(self._beside)
        for a in range(len(self._beside)):
            row, col = self._places[a]
            square = self._square(a)
            if square and (row - weave.row) % 2 == 0 and (col - weave.col) % 2 == 0:
                self._lay_four(square)
                for cell in square:
                    left[cell] = False
        self._lay_twos([a for a, alone in enumerate(left) if alone], weave.along)

    def _lay_four(self, square: tuple[int, int, int, int]) -> None:
        a, b, c, d = square
        for cell, heading in ((a, 0), (a, 1), (b, 1), (c, 0)):
            self._change(cell, heading, 1)
        for cell in (b, c, d):
            self._join(a, cell)

    def _lay_twos(self, alone: list[int], along: int) -> None:
        """Pair lonely cells, those with the fewest lonely neighbours first."""
        left = set(alone)
        heap = [(self._lonely(cell, left), cell) for cell in alone]
        heapq.heapify(heap)
        while heap:
            count, cell = heapq.heappop(heap)
            if cell not in left:
                continue
            now = self._lonely(cell, left)
            if now != count:
                heapq.heappush(heap, (now, cell))
            elif now:
                self._pair(cell, along, left)

    def _lonely(self, cell: int, left: set[int]) -> int:
        return sum(near in left for near in self._beside[cell])

    def _pair(self, cell: int, along: int, left: set[int]) -> None:
        headings = [h for h in range(4) if self._beside[cell][h] in left]
        best = min(
            headings, key=lambda h: (self._lonely(self._beside[cell][h], left), h % 2 != along)
        )
        other = self._beside[cell][best]
        self._change(cell, best, 2)
        self._join(cell, other)
        left -= {cell, other}

    def merge_all(self, weave: Weave) -> None:
        """Merge loops until one is left, the cheapest merge first."""
        heap = [(self._price(merge), self._taste(merge, weave), merge) for merge in self._merges()]
        heapq.heapify(heap)
        while heap and self._loops > 1:
            price, taste, merge = heapq.heappop(heap)
            if self._root(merge[0]) == self._root(merge[-1]):
                continue
            now = self._price(merge)
            if now > price + 1e-9:
                heapq.heappush(heap, (now, taste, merge))
            elif now < np.inf:
                self._apply(merge)

    def _merges(self) -> Iterator[tuple[int, ...]]:
        """Squares (a, b, c, d) with the sides a-b and c-d to exchange, and pairs of neighbours."""
        for a in range(len(self._beside)):
            square = self._square(a)
            if square:
                south_west, south_east, north_west, north_east = square
                yield square
                yield (south_west, north_west, south_east, north_east)
            for heading in (EAST, NORTHWARD):
                if self._beside[a][heading] >= 0:
                    yield (a, self._beside[a][heading])

    def _taste(self, merge: tuple[int, ...], weave: Weave) -> tuple[int, int, int]:
        """Which of two equally cheap merges comes first: along the lanes, then at their ends."""
        if len(merge) == 2:
            return (2, 0, merge[0])
        across = self._heading(merge[0], merge[1])
        row, col = self._places[merge[0]]
        end = col if weave.along == EAST else row
        return (int(across == weave.along), end, merge[0])

    def _price(self, merge: tuple[int, ...]) -> float:
        """What a merge adds in steps and turns; inf while a side that it needs is not there."""
        if len(merge) == 2:
            return 2.0 * self._step(merge[0], merge[1]) + 4.0 * self._turn
        a, b, c, d = merge
        if not (self._count(a, b) and self._count(c, d)):
            return float('inf')
        steps = self._step(a, c) + self._step(b, d) - self._step(a, b) - self._step(c, d)
        bends = (
            self._bend(a, b, c) + self._bend(b, a, d) + self._bend(c, d, a) + self._bend(d, c, b)
        )
        return steps + self._turn * bends

    def _bend(self, cell: int, old: int, new: int) -> int:
        """Quarter turns more at a cell when its side to `old` becomes one to `new`."""
        sides = self._sides[cell]
        if sum(sides) != 2:
            return 0
        gone = self._heading(cell, old)
        if sides[gone] == 2:
            return int((gone - self._heading(cell, new)) % 2) - _BACK
        kept = next(h for h in range(4) if sides[h] and h != gone)
        before = int((kept - gone) % 2)
        return int((kept - self._heading(cell, new)) % 2) - before

    def _apply(self, merge: tuple[int, ...]) -> None:
        a, last = merge[0], merge[-1]
        if len(merge) == 2:
            self._change(a, self._heading(a, last), 2)
        else:
            _, b, c, d = merge
            self._change(a, self._heading(a, b), -1)
            self._change(c, self._heading(c, d), -1)
            self._change(a, self._heading(a, c), 1)
            self._change(b, self._heading(b, d), 1)
        self._join(a, last)

    def circuit(self) -> Route:
        """Follow the sides all round, straight on where there is a choice (Hierholzer)."""
        sides = [list(row) for row in self._sides]
        stack, done = [(0, EAST)], []
        while stack:
            cell, heading = stack[-1]
            choice = next((h for h in _by_turn(heading) if sides[cell][h]), None)
            if choice is None:
                done.append(stack.pop()[0])
                continue
            other = self._beside[cell][choice]
            sides[cell][choice] -= 1
            sides[other][(choice + 2) % 4] -= 1
            stack.append((other, choice))
        return tuple(done[:-1]) if len(done) > 1 else tuple(done)

    def _square(self, a: int) -> tuple[int, int, int, int] | None:
        """A cell with its neighbours east, north and north-east; None where one is missing."""
        b, c = self._beside[a][EAST], self._beside[a][NORTHWARD]
        if b < 0 or c < 0 or self._beside[b][NORTHWARD] < 0:
            return None
        return a, b, c, self._beside[b][NORTHWARD]

    def _heading(self, a: int, b: int) -> int:
        return self._beside[a].index(b)

    def _step(self, a: int, b: int) -> float:
        return self._cost[a][self._heading(a, b)]

    def _count(self, a: int, b: int) -> int:
        return self._sides[a][self._heading(a, b)]

    def _change(self, cell: int, heading: int, by: int) -> None:
        self._sides[cell][heading] += by
        self._sides[self._beside[cell][heading]][(heading + 2) % 4] += by

    def _root(self, cell: int) -> int:
        while self._parent[cell] != cell:
            self._parent[cell] = self._parent[self._parent[cell]]
            cell = self._parent[cell]
        return cell

    def _join(self, a: int, b: int) -> None:
        root_a, root_b = self._root(a), self._root(b)
        if root_a != root_b:
            self._parent[root_b] = root_a
            self._loops -= 1


def _by_turn(heading: int) -> tuple[int, int, int, int]:
    """Headings, the straight one first and the way back last."""
    return heading, (heading + 1) % 4, (heading + 3) % 4, (heading + 2) % 4
