# SPDX-License-Identifier: Apache-2.0
"""A run drawn as one self-contained SVG: paths over the map, and who waited how long where."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from swarm_agent.mesh.mapf.movingai import World
from swarm_agent.mesh.mapf.score import Paths

CELL = 10
"""Edge of a cell [px]."""
BARS_PX = 120
GAP = 24
STYLE = (
    'text{font:10px sans-serif;fill:#333}.w{fill:#555}.p{fill:none;stroke-width:1.5;opacity:.55}'
    '.h{fill:#d33}.b{fill:#36c}.g{fill:none;stroke:#111}'
)


def draw(world: World, paths: Paths) -> str:
    """The picture.

    Above: the map with every robot's path, a ring on its goal and red dots where robots stood off
    their goals, the larger the longer. Below: a bar a robot, the steps that it waited.
    """
    grid = world.grid
    width, height = grid.width * CELL, grid.height * CELL
    whole = height + GAP + BARS_PX + GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {whole}" '
        f'width="{width}" height="{whole}"><style>{STYLE}</style>'
        f'<rect width="{width}" height="{whole}" fill="#fff"/>'
    )
    parts = [
        head,
        *_walls(world),
        *_ways(world, paths),
        *_stops(world, paths),
        *_bars(world, paths, width, height + GAP),
        '</svg>',
    ]
    return '\n'.join(parts) + '\n'


def _middle(world: World, cell: int) -> tuple[int, int]:
    row, column = divmod(cell, world.grid.width)
    return column * CELL + CELL // 2, row * CELL + CELL // 2


def _walls(world: World) -> Iterator[str]:
    """One rectangle for each run of wall cells in a row."""
    grid = world.grid
    for row in range(grid.height):
        column = 0
        while column < grid.width:
            first = column
            while column < grid.width and not grid.neighbours[row * grid.width + column]:
                column += 1
            if column > first:
                yield (
                    f'<rect class="w" x="{first * CELL}" y="{row * CELL}" '
                    f'width="{(column - first) * CELL}" height="{CELL}"/>'
                )
            column += 1


def _ways(world: World, paths: Paths) -> Iterator[str]:
    for agent, path in enumerate(paths):
        hue = agent * 360 // len(paths)
        corners = [path[0], *(b for a, b in pairwise(path) if a != b)]
        points = ' '.join('{},{}'.format(*_middle(world, cell)) for cell in corners)
        yield f'<polyline class="p" stroke="hsl({hue},70%,45%)" points="{points}"/>'
        x, y = _middle(world, world.goals[agent])
        yield f'<circle class="g" cx="{x}" cy="{y}" r="{CELL * 0.3:.1f}"/>'


def _waits(world: World, paths: Paths) -> Iterator[tuple[int, int]]:
    """Robot and cell of each step in which it stood although not at its goal."""
    for agent, path in enumerate(paths):
        for before, after in pairwise(path):
            if before == after != world.goals[agent]:
                yield agent, before


def _stops(world: World, paths: Paths) -> Iterator[str]:
    stood = Counter(cell for _, cell in _waits(world, paths))
    most = max(stood.values(), default=1)
    for cell, steps in sorted(stood.items()):
        x, y = _middle(world, cell)
        radius = 1.0 + (CELL * 0.4 - 1.0) * steps / most
        yield f'<circle class="h" cx="{x}" cy="{y}" r="{radius:.1f}"/>'


def _bars(world: World, paths: Paths, width: int, top: int) -> Iterator[str]:
    waited = Counter(agent for agent, _ in _waits(world, paths))
    most = max(waited.values(), default=0) or 1
    wide = width / len(paths)
    yield (
        f'<text x="2" y="{top - 6}">steps waited off the goal, a bar a robot; '
        f'highest {max(waited.values(), default=0)}</text>'
    )
    for place, agent in enumerate(sorted(range(len(paths)), key=lambda a: -waited[a])):
        high = BARS_PX * waited[agent] / most
        yield (
            f'<rect class="b" x="{place * wide:.1f}" y="{top + BARS_PX - high:.1f}" '
            f'width="{max(wide - 1, 0.5):.1f}" height="{high:.1f}"/>'
        )
