# SPDX-License-Identifier: Apache-2.0
"""Maps and scenarios in the form of the MovingAI benchmarks (Stern et al., SoCS 2019)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from swarm_agent.mesh.core.grid_map import FAR, GridMap, distances, grid_of

COLUMNS = 9


class Unusable(ValueError):  # noqa: N818 - a verdict on a file, shown as one sentence
    """A file from which no run can be made; the text says what, where and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A map, and who has to go from where to where on it."""

    grid: GridMap
    starts: tuple[int, ...]
    goals: tuple[int, ...]
    tables: dict[int, Sequence[int]]
    """Distances to each goal."""

    @property
    def lengths(self) -> tuple[int, ...]:
        """Steps of each robot's shortest path."""
        return tuple(self.tables[b][a] for a, b in zip(self.starts, self.goals, strict=True))


def read_world(map_file: Path, scen_file: Path, agents: int) -> World:
    """Read a map and the first tasks of a scenario.

    Raises:
        Unusable: A file is missing or says something else than expected.
    """
    grid = read_map(map_file)
    tasks = _read_tasks(scen_file, grid, agents)
    starts, goals = (tuple(ends) for ends in zip(*tasks, strict=True))
    for what, cells in (('start', starts), ('goal', goals)):
        if len(set(cells)) < agents:
            raise Unusable(f'{scen_file}: two of its first {agents} robots have one {what}')
    tables = {goal: distances(grid, goal) for goal in goals}
    for line, (start, goal) in enumerate(tasks, start=2):
        if tables[goal][start] == FAR:
            raise Unusable(f'{scen_file}:{line}: no way leads from start to goal on {map_file}')
    return World(grid=grid, starts=starts, goals=goals, tables=tables)


def read_map(file: Path) -> GridMap:
    """Read a `.map` file.

    Raises:
        Unusable: It is missing, is no map, or is larger than cells are counted here.
    """
    lines = _lines(file)
    if 'map' not in lines:
        raise Unusable(f'{file}: has no line "map"; give a MovingAI .map file')
    rows = tuple(row for row in lines[lines.index('map') + 1 :] if row)
    if not rows or len({len(row) for row in rows}) > 1:
        raise Unusable(f'{file}: its rows differ in length, or there are none')
    grid = grid_of(rows)
    if sum(map(bool, grid.neighbours)) >= FAR:
        raise Unusable(f'{file}: has {FAR} free cells or more; take a smaller map')
    return grid


def _read_tasks(file: Path, grid: GridMap, agents: int) -> list[tuple[int, int]]:
    lines = _lines(file)
    if not lines or not lines[0].startswith('version'):
        raise Unusable(f'{file}: does not begin with "version"; give a MovingAI .scen file')
    rows = [(number, row) for number, row in enumerate(lines[1:], start=2) if row.strip()]
    if len(rows) < agents:
        raise Unusable(f'{file}: holds {len(rows)} tasks, {agents} robots were asked for')
    return [_task(f'{file}:{number}', row, grid) for number, row in rows[:agents]]


def _task(where: str, row: str, grid: GridMap) -> tuple[int, int]:
    fields = row.split()
    if len(fields) != COLUMNS or not all(field.isdecimal() for field in fields[2:8]):
        raise Unusable(f'{where}: is not "bucket map width height x y x y length": {row!r}')
    width, height, *ends = (int(field) for field in fields[2:8])
    if (width, height) != (grid.width, grid.height):
        raise Unusable(f'{where}: is for another map, {width} x {height} cells')
    cells = tuple(y * width + x for x, y in (ends[:2], ends[2:]) if x < width and y < height)
    if len(cells) < 2 or not all(grid.neighbours[cell] for cell in cells):
        raise Unusable(f'{where}: its start or goal is a wall, shut in, or off the map')
    return cells[0], cells[1]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f'{file}: cannot be read: {error}') from error
