# SPDX-License-Identifier: Apache-2.0
"""The discrete world: free cells, their neighbours, and how far each is from a goal.

A cell is one number, row times width plus column, so that it is hashed and compared quickly.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

FAR = 65535
"""Distance of a cell from which the goal cannot be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridMap:
    """A map of square cells between which one moves in four directions."""

    width: int
    height: int
    neighbours: tuple[tuple[int, ...], ...]
    """Free cells beside each cell; empty for a wall."""

    @property
    def size(self) -> int:
        """Number of cells, walls included."""
        return self.width * self.height

    def apart(self, one: int, other: int) -> int:
        """Rows or columns between two cells, whichever are more."""
        row, column = divmod(one, self.width)
        other_row, other_column = divmod(other, self.width)
        return max(abs(row - other_row), abs(column - other_column))


def grid_of(rows: tuple[str, ...], free: str = '.GS') -> GridMap:
    """Read a drawn map.

    Args:
        rows: Lines of equal length, from the top.
        free: The characters of cells that can be driven on.
    """
    width = len(rows[0])
    drawn = ''.join(rows)
    return GridMap(
        width=width,
        height=len(rows),
        neighbours=tuple(
            tuple(_beside(drawn, cell, width, free)) if mark in free else ()
            for cell, mark in enumerate(drawn)
        ),
    )


def _beside(drawn: str, cell: int, width: int, free: str) -> list[int]:
    column = cell % width
    steps = [-width, width]
    if column:
        steps.append(-1)
    if column < width - 1:
        steps.append(1)
    return [cell + s for s in steps if 0 <= cell + s < len(drawn) and drawn[cell + s] in free]


def distances(grid: GridMap, goal: int) -> Sequence[int]:
    """Steps to a goal from each cell by breadth first search, shape (size,); FAR if none."""
    table = array('H', [FAR]) * grid.size
    table[goal] = 0
    edge, far = [goal], 0
    while edge:
        far += 1
        ahead: list[int] = []
        for cell in edge:
            for step in grid.neighbours[cell]:
                if table[step] == FAR:
                    table[step] = far
                    ahead.append(step)
        edge = ahead
    return table
