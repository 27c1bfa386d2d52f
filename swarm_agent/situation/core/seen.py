# SPDX-License-Identifier: Apache-2.0
"""Which floor has been inspected: survey cells within range over which a beam passed."""

import math
from dataclasses import dataclass

import numpy as np

from swarm_agent.situation.core.arrays import Floats, Ints, Mask
from swarm_agent.situation.core.se2 import Pose
from swarm_config.maps import PackedMap
from swarm_vault.replacing import replace

FINE = 4
"""Places within a cell, a side, for which directions are worked out in advance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyGrid:
    """The survey cells of a map with a border as wide as the survey range."""

    origin_x_m: float
    origin_y_m: float
    cell_m: float
    rows: int
    cols: int
    border: int
    stride: int
    offset: Ints
    """Flat offsets of the cells around the robot's, shape (around,)."""
    turn: Floats
    """Direction of those cells [beams from -pi], shape (FINE * FINE, around)."""
    away_m: Floats
    """Distance of those cells [m], inf beyond the survey range, shape (FINE * FINE, around)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Cells seen so far, with the border, flat."""

    mask: Mask
    count: int = 0


def make_survey(packed: PackedMap, range_m: float, cell_m: float, beams: int) -> SurveyGrid:
    """Lay the survey grid over a map and work out directions around a robot."""
    factor = max(1, round(cell_m / packed.resolution_m))
    cell = factor * packed.resolution_m
    border = math.ceil(range_m / cell) + 1
    stride = -(-packed.cols // factor) + 2 * border
    near = [(r, c) for r in range(-border, border + 1) for c in range(-border, border + 1)]
    near = [(r, c) for r, c in near if math.hypot(r, c) * cell <= range_m + cell]
    places = [
        ((i % FINE + 0.5) / FINE - 0.5, (i // FINE + 0.5) / FINE - 0.5) for i in range(FINE * FINE)
    ]
    turns = [[_turn(r - y, c - x, beams) for r, c in near] for x, y in places]
    away = [
        [_within(math.hypot(r - y, c - x) * cell, range_m) for r, c in near] for x, y in places
    ]
    return SurveyGrid(
        origin_x_m=packed.origin_x_m,
        origin_y_m=packed.origin_y_m,
        cell_m=cell,
        rows=-(-packed.rows // factor),
        cols=-(-packed.cols // factor),
        border=border,
        stride=stride,
        offset=np.array([r * stride + c for r, c in near], dtype=np.int64),
        turn=np.array(turns),
        away_m=np.array(away),
    )


def _turn(row: float, col: float, beams: int) -> float:
    return (math.atan2(row, col) + math.pi) * beams / math.tau


def _within(away_m: float, range_m: float) -> float:
    return away_m if away_m <= range_m else math.inf


def nothing_seen(grid: SurveyGrid) -> Seen:
    """Before the first scan."""
    return Seen(mask=np.zeros((grid.rows + 2 * grid.border) * grid.stride, np.bool_))


def look(seen: Seen, grid: SurveyGrid, ranges: Floats, pose: Pose) -> Seen:
    """Add what one scan shows.

    Args:
        seen: Seen so far.
        grid: The survey grid.
        ranges: Free way per beam [m], shape (beams,).
        pose: Of the robot at the scan, map frame.
    """
    col_f = (pose[0] - grid.origin_x_m) / grid.cell_m
    row_f = (pose[1] - grid.origin_y_m) / grid.cell_m
    col, row = math.floor(col_f), math.floor(row_f)
    if not (0 <= col < grid.cols and 0 <= row < grid.rows):
        return seen
    place = int((row_f - row) * FINE) * FINE + int((col_f - col) * FINE)
    shift = 0.5 - pose[2] * ranges.size / math.tau
    beam = (grid.turn[place] + (shift + 2 * ranges.size)).astype(np.int64) % ranges.size
    visible = grid.offset[grid.away_m[place] <= ranges[beam]]
    visible += (row + grid.border) * grid.stride + col + grid.border
    fresh = visible[~seen.mask[visible]]
    if fresh.size == 0:
        return seen
    mask = seen.mask.copy()
    mask[fresh] = True
    return replace(seen, mask=mask, count=int(np.count_nonzero(inner(mask, grid))))


def inner(mask: Mask, grid: SurveyGrid) -> Mask:
    """The mask without its border, shape (rows, cols)."""
    whole = mask.reshape(-1, grid.stride)
    return whole[grid.border : grid.border + grid.rows, grid.border : grid.border + grid.cols]


def packed(seen: Seen, grid: SurveyGrid) -> bytes:
    """The mask as np.packbits of its rows, row 0 at y min."""
    return np.packbits(inner(seen.mask, grid)).tobytes()
