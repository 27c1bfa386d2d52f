# SPDX-License-Identifier: Apache-2.0
"""The planning grid: coarse cells of about 0.1 m over the map, and how much room each one has."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from swarm_agent.situation.core.arrays import Floats32, Ints32, Mask
from swarm_agent.situation.core.se2 import Point
from swarm_config.floor import clearance
from swarm_config.maps import GridMap

CELL_M = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGrid:
    """Geometry of the planning grid; flat indices run row by row from y min."""

    origin_x_m: float
    origin_y_m: float
    cell_m: float
    rows: int
    cols: int
    clearance_m: Floats32
    """Free way from each cell's centre to what the map does not call free [m], flat."""
    explained: Mask
    """Whether a scan's end in this fine cell (with a border of one) needs no object, flat."""
    fine_cols: int
    fine_rows: int
    fine_per_m: float


def make_grid(grid: GridMap, gap_m: float) -> PlanGrid:
    """Coarsen a map; a coarse cell is free only if all of its cells are."""
    factor = max(1, round(CELL_M / grid.resolution_m))
    rows, cols = (size // factor for size in grid.shape)
    cell_m = factor * grid.resolution_m
    return PlanGrid(
        origin_x_m=grid.origin_x_m,
        origin_y_m=grid.origin_y_m,
        cell_m=cell_m,
        rows=rows,
        cols=cols,
        clearance_m=_coarse_clearance(grid, factor, rows, cols).ravel(),
        explained=_explained(grid, gap_m).ravel(),
        fine_cols=grid.shape[1] + 2,
        fine_rows=grid.shape[0] + 2,
        fine_per_m=1.0 / grid.resolution_m,
    )


def _coarse_clearance(grid: GridMap, factor: int, rows: int, cols: int) -> Floats32:
    """The smallest clearance of a block's cells, which bounds that of the block's centre."""
    fine = clearance(grid)[: rows * factor, : cols * factor]
    blocks = fine.reshape(rows, factor, cols, factor)
    return np.asarray(blocks.min(axis=(1, 3)), dtype=np.float32)


def _explained(grid: GridMap, gap_m: float) -> Mask:
    """Cells within the gap of anything that is not free, and all beyond the map."""
    free = np.pad(grid.free, 1, constant_values=False)
    away = np.asarray(ndimage.distance_transform_edt(free))
    return np.asarray(away * grid.resolution_m <= gap_m)


def cell_at(grid: PlanGrid, x_m: float, y_m: float) -> int:
    """Flat index of the cell that holds a point; the nearest border cell for one outside."""
    col = math.floor((x_m - grid.origin_x_m) / grid.cell_m)
    row = math.floor((y_m - grid.origin_y_m) / grid.cell_m)
    col, row = min(max(col, 0), grid.cols - 1), min(max(row, 0), grid.rows - 1)
    return row * grid.cols + col


def centre_of(grid: PlanGrid, cell: int) -> Point:
    """Position of a cell's centre [m]."""
    row, col = divmod(cell, grid.cols)
    return (
        grid.origin_x_m + (col + 0.5) * grid.cell_m,
        grid.origin_y_m + (row + 0.5) * grid.cell_m,
    )


def disc_window(grid: PlanGrid, centre: Point, radius_m: float) -> tuple[slice, slice, Floats32]:
    """The part of the grid around a disc, and its cells' distances from the centre [m]."""
    col = (centre[0] - grid.origin_x_m) / grid.cell_m - 0.5
    row = (centre[1] - grid.origin_y_m) / grid.cell_m - 0.5
    half = radius_m / grid.cell_m
    r0, r1 = max(0, math.ceil(row - half)), min(grid.rows, math.floor(row + half) + 1)
    c0, c1 = max(0, math.ceil(col - half)), min(grid.cols, math.floor(col + half) + 1)
    dy = (np.arange(r0, max(r0, r1)) - row) * grid.cell_m
    dx = (np.arange(c0, max(c0, c1)) - col) * grid.cell_m
    away = np.sqrt(dy[:, None] ** 2 + dx[None, :] ** 2).astype(np.float32)
    return slice(r0, max(r0, r1)), slice(c0, max(c0, c1)), away


def cells_of(
    grid: PlanGrid,
    x: 'np.ndarray[tuple[int], np.dtype[np.float64]]',
    y: 'np.ndarray[tuple[int], np.dtype[np.float64]]',
) -> Ints32:
    """Flat indices of points; one beyond the edge counts as in the nearest cell."""
    col = ((x - grid.origin_x_m) / grid.cell_m).astype(np.int32).clip(0, grid.cols - 1)
    row = ((y - grid.origin_y_m) / grid.cell_m).astype(np.int32).clip(0, grid.rows - 1)
    return np.asarray(row * grid.cols + col)
