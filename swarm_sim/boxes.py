# SPDX-License-Identifier: Apache-2.0
"""Cover the occupied cells of a map with few axis-aligned boxes.

Only what a ray or a robot from the floor can meet must be covered. What lies behind it (cells from
which no way of empty or unknown cells leads to the floor) may be covered too: it lets ragged walls
merge into large boxes and changes nothing that can be seen or touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from swarm_config.maps import GridMap, Mask

NEIGHBOURS = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellBox:
    """Cells [row, row_end) x [col, col_end)."""

    row: int
    col: int
    row_end: int
    col_end: int


def boxes_of(grid: GridMap, seeds: Sequence[tuple[int, int]]) -> list[CellBox]:
    """Boxes that cover all occupied cells that border on the open space, and none of that space.

    Args:
        grid: The map.
        seeds: Cells (row, col) of the robots; what can be seen from them is open.
    """
    open_cells = _open_from(grid, seeds)
    wanted = grid.occupied & ndimage.binary_dilation(open_cells, structure=NEIGHBOURS)
    return _cover(wanted, ~open_cells)


def _open_from(grid: GridMap, seeds: Sequence[tuple[int, int]]) -> Mask:
    """Free or unknown cells to which a way (4 neighbours, as a ray takes it) leads from a seed."""
    labels, _ = ndimage.label(~grid.occupied)
    return np.isin(labels, sorted({int(labels[cell]) for cell in seeds} - {0}))


def _cover(wanted: Mask, solid: Mask) -> list[CellBox]:
    """Greedily cover the wanted cells with maximal boxes of solid cells."""
    left = wanted.copy()
    boxes = []
    for row, col in np.argwhere(wanted):
        if left[row, col]:
            wide, high = _wide_first(solid, row, col), _high_first(solid, row, col)
            best = max(wide, high, key=lambda box: int(_part(left, box).sum()))
            _part(left, best)[:] = False
            boxes.append(best)
    return boxes


def _part(mask: Mask, box: CellBox) -> Mask:
    return mask[box.row : box.row_end, box.col : box.col_end]


def _wide_first(solid: Mask, row: int, col: int) -> CellBox:
    left, right = _run(solid[row], col)
    down, up = _run(np.asarray(solid[:, left:right].all(axis=1)), row)
    return CellBox(row=down, col=left, row_end=up, col_end=right)


def _high_first(solid: Mask, row: int, col: int) -> CellBox:
    down, up = _run(solid[:, col], row)
    left, right = _run(np.asarray(solid[down:up].all(axis=0)), col)
    return CellBox(row=down, col=left, row_end=up, col_end=right)


def _run(line: Mask, at: int) -> tuple[int, int]:
    """The half-open run of true cells around a true one."""
    gaps = np.flatnonzero(~line)
    place = int(np.searchsorted(gaps, at))
    start = int(gaps[place - 1]) + 1 if place else 0
    end = int(gaps[place]) if place < gaps.size else line.size
    return start, end
