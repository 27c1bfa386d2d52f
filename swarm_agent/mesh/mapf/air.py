# SPDX-License-Identifier: Apache-2.0
"""Who is near enough to be heard, and what everything said adds up to."""

from collections.abc import Iterator, Sequence

TILE = 8
"""Edge of the squares that robots are sorted into, so that none looks at all others [cells]."""


class Neighbourhood:
    """Which robots stand within a radius of each other, rows and columns counted apart."""

    def __init__(self, width: int, cells: Sequence[int], radius: int) -> None:
        self._radius = radius
        self._places = [divmod(cell, width) for cell in cells]
        self._found: dict[int, list[int]] = {}
        self._tiles: dict[tuple[int, int], list[int]] = {}
        for agent, (row, column) in enumerate(self._places):
            self._tiles.setdefault((row // TILE, column // TILE), []).append(agent)

    def within(self, agent: int) -> list[int]:
        """All others that hear a robot and are heard by it."""
        if agent not in self._found:
            self._found[agent] = list(self._look_around(agent))
        return self._found[agent]

    def _look_around(self, agent: int) -> Iterator[int]:
        radius = self._radius
        row, column = self._places[agent]
        for down in range((row - radius) // TILE, (row + radius) // TILE + 1):
            for right in range((column - radius) // TILE, (column + radius) // TILE + 1):
                for other in self._tiles.get((down, right), ()):
                    its_row, its_column = self._places[other]
                    if (
                        other != agent
                        and abs(its_row - row) <= radius
                        and abs(its_column - column) <= radius
                    ):
                        yield other

    def hears(self, agent: int, other: int) -> bool:
        """Whether two robots hear each other."""
        (row, column), (its_row, its_column) = self._places[agent], self._places[other]
        return abs(its_row - row) <= self._radius and abs(its_column - column) <= self._radius


class Meter:
    """How much was said."""

    def __init__(self) -> None:
        self.messages = 0
        self.bytes = 0
        self.largest = 0

    def count(self, size: int) -> None:
        """Count one message of so many bytes."""
        self.messages += 1
        self.bytes += size
        self.largest = max(self.largest, size)
