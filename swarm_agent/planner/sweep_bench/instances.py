# SPDX-License-Identifier: Apache-2.0
"""What is swept in the bench: grids of the literature, map_server maps, MovingAI maps.

The floor grids have the sizes, walls and start cells of the instances of the same names with
which Tang, Mao and Ma compared planners ("Large-Scale Multi-Robot Coverage Path Planning on Grids
with Path Deconfliction", T-RO 2025); they are described here in words of our own. Of instances
that are too irregular for that, a copy on disk can be read (`--instance FILE.mcpp`).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from swarm_agent.planner.core.sweep.board import (
    Board,
    Place,
    connected_parts,
    make_board,
    reached,
    steps_from,
    sub_board,
    sweepable,
)
from swarm_config.errors import ConfigError
from swarm_config.maps import Mask, load_map


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A board, and where the robots start."""

    name: str
    board: Board
    starts: tuple[int, ...]
    tabled: float | None = None
    """Makespan of MSTC* as measured with its rivals' own code (see docs/coverage.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """A grid in words."""

    rows: int
    cols: int
    walls: tuple[tuple[int, int, int, int], ...]
    """First row, row after the last, first column, column after the last."""
    starts: tuple[Place, ...]


def _mirrored(
    walls: tuple[tuple[int, int, int, int], ...], size: int
) -> tuple[tuple[int, int, int, int], ...]:
    """The walls, and the same mirrored at the middle row and the middle column."""
    rows = [(a, b, c, d) for w in walls for a, b, c, d in (w, (size - w[1], size - w[0], *w[2:]))]
    both = [w for a, b, c, d in rows for w in ((a, b, c, d), (a, b, size - d, size - c))]
    return tuple(dict.fromkeys(both))


GRIDS = {
    'floor_small': Walls(
        rows=20,
        cols=10,
        walls=((16, 18, 2, 10),),
        starts=((19, 9), (19, 7), (19, 5), (19, 3)),
    ),
    'floor_medium': Walls(
        rows=40,
        cols=40,
        walls=(
            *_mirrored(((4, 6, 4, 18), (6, 18, 4, 6), (10, 12, 10, 16), (12, 16, 10, 12)), 40),
            (18, 22, 18, 22),
        ),
        starts=((9, 6), (29, 7), (2, 28), (21, 3), (36, 7), (31, 20), (6, 13), (17, 32)),
    ),
    'floor_large': Walls(
        rows=60,
        cols=60,
        walls=tuple(
            (row, row + 4, col, col + 14) for row in (8, 18, 28, 38, 48) for col in (8, 38)
        ),
        starts=(
            *((40, 54), (51, 29), (5, 36), (27, 29), (56, 12), (9, 1)),
            *((43, 45), (39, 1), (7, 31), (46, 43), (53, 38), (16, 5)) * 2,
        ),
    ),
}
TABLED = {'floor_small': 89.5, 'floor_medium': 242.0, 'floor_large': 315.5, 'ht_chantry': 501.5}


def known_grid(name: str) -> Instance:
    """A grid by its name.

    Raises:
        ConfigError: There is none of this name.
    """
    if name not in GRIDS:
        msg = f'--grid {name!r}: there is no such grid, expected one of {", ".join(GRIDS)}'
        raise ConfigError(msg)
    grid = GRIDS[name]
    free = np.ones((grid.rows, grid.cols), dtype=bool)
    for first, after, left, right in grid.walls:
        free[first:after, left:right] = False
    return _instance(name, free, grid.starts)


def map_instance(
    path: Path, *, robots: int, starts: str, cell_m: float, radius_m: float
) -> Instance:
    """The largest sweepable part of a map.

    Args:
        path: A map_server YAML file or a MovingAI .map file.
        robots: How many.
        starts: 'depot' for cells side by side in a corner, 'spread' for far from each other.
        cell_m: Edge of a cell [m]; not used for MovingAI files.
        radius_m: Radius of the robots [m]; likewise.

    Raises:
        ConfigError: The file cannot be read, or has too little room.
    """
    free = (
        read_movingai(path)
        if path.suffix == '.map'
        else sweepable(load_map(path), cell_m, radius_m)
    )
    board = make_board(free)
    if board.size == 0:
        raise ConfigError(f'{path}: no cell is free, expected floor; try a smaller --cell-m')
    part = connected_parts(board)
    largest = board.places[part == np.argmax(np.bincount(part))]
    if len(largest) < 2 * robots:
        msg = f'{path}: {len(largest)} connected cells are too few for {robots} robots'
        raise ConfigError(msg)
    only = np.zeros_like(free)
    only[tuple(largest.T)] = True
    return _placed(f'{path.stem} {starts}', make_board(only), robots, starts)


def _placed(name: str, board: Board, robots: int, starts: str) -> Instance:
    """Choose start cells on which robots may park: the others' ways do not lead over them."""
    chosen: list[int] = []
    away = steps_from(board, [0])[0]
    while len(chosen) < robots:
        order = np.argsort(away if starts == 'depot' else -away, kind='stable')
        place = next((int(c) for c in order if _may_park(board, [*chosen, int(c)])), None)
        if place is None:
            raise ConfigError(f'{name}: no room to park {robots} robots, expected fewer --robots')
        chosen.append(place)
        if starts == 'spread':
            from_here = steps_from(board, [place])[0]
            away = from_here if len(chosen) == 1 else np.minimum(away, from_here)
    return Instance(name=name, board=board, starts=tuple(chosen))


def _may_park(board: Board, cells: list[int]) -> bool:
    """Whether parked robots leave the rest connected, and each beside a cell of it."""
    if len(set(cells)) < len(cells):
        return False
    free = np.ones(board.size, dtype=bool)
    free[cells] = False
    rest = sub_board(board, np.flatnonzero(free))
    beside = board.beside[cells]
    open_side = ((beside >= 0) & free[beside]).any(axis=1)
    return bool(open_side.all() and connected_parts(rest).max(initial=0) == 0)


def read_movingai(path: Path) -> Mask:
    """The free cells ('.', 'G' and 'S') of a MovingAI map, the first line being row 0.

    Raises:
        ConfigError: It is no such file.
    """
    try:
        lines = path.read_text(encoding='ascii').splitlines()
        rows, cols = int(lines[1].split()[1]), int(lines[2].split()[1])
        cells = [list(line[:cols]) for line in lines[4 : 4 + rows]]
        table = np.array(cells).reshape(rows, cols)
    except (OSError, ValueError, IndexError) as error:
        raise ConfigError(f'{path}: not a MovingAI map ({error}), expected type octile') from None
    return np.isin(table, ('.', 'G', 'S'))


def read_mcpp(path: Path) -> Instance:
    """An instance file of LS-MCPP: YAML with `map`, and `root` as [column, row] of each robot.

    The map lies beside it, or in `../gridmaps`, as in that project.

    Raises:
        ConfigError: It is no such file, or weighted.
    """
    try:
        told = yaml.safe_load(path.read_text(encoding='utf-8'))
        name, roots = str(told['map']), tuple((int(y), int(x)) for x, y in told['root'])
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        fault = ' '.join(str(error).split())
        msg = f'{path}: not an instance file ({fault}), expected YAML with map and root'
        raise ConfigError(msg) from None
    if told.get('weighted'):
        raise ConfigError(
            f'{path}: weighted instances are not supported, expected weighted: False'
        )
    beside = path.parent / f'{name}.map'
    return _instance(
        path.stem,
        read_movingai(
            beside if beside.exists() else path.parent.parent / 'gridmaps' / f'{name}.map'
        ),
        roots,
    )


def _instance(name: str, free: Mask, starts: tuple[Place, ...]) -> Instance:
    whole = make_board(free)
    wrong = [start for start in starts if whole.at(start) < 0]
    if wrong or not starts:
        raise ConfigError(f'{name}: start cells {wrong} are not free, expected free cells')
    board = make_board(reached(free, starts))
    return Instance(
        name=name,
        board=board,
        starts=tuple(board.at(start) for start in starts),
        tabled=TABLED.get(name),
    )
