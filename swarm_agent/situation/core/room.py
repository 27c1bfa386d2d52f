# SPDX-License-Identifier: Apache-2.0
"""How much room there is now: the map's clearance, less what observed objects take of it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from swarm_agent.situation.core.arrays import Floats, Floats32
from swarm_agent.situation.core.grid import PlanGrid, cell_at, cells_of, disc_window
from swarm_agent.situation.core.objects import Layer, solid_points
from swarm_agent.situation.core.se2 import Point

REACH_M = 1.0
"""How far around an object clearance is worked out [m]."""
HALF_CELL_M = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Clearance of every cell [m], flat, for one version of the object layer."""

    clearance_m: Floats32
    version: int


def make_room(grid: PlanGrid) -> Room:
    """The room by the map alone."""
    return Room(clearance_m=grid.clearance_m, version=0)


def updated(room: Room, grid: PlanGrid, layer: Layer) -> Room:
    """The room for a layer; the same object when nothing changed."""
    if layer.version == room.version:
        return room
    field = grid.clearance_m.copy().reshape(grid.rows, grid.cols)
    for centre in zip(*(axis.tolist() for axis in solid_points(layer)), strict=True):
        rows, cols, away = disc_window(grid, centre, REACH_M)
        part = field[rows, cols]
        np.minimum(part, np.maximum(away - HALF_CELL_M, 0.0), out=part)
    return Room(clearance_m=field.ravel(), version=layer.version)


def clearance_at(room: Room, grid: PlanGrid, x: Floats, y: Floats) -> Floats32:
    """Clearance at points in the grid [m], shape (points,)."""
    return room.clearance_m[cells_of(grid, x, y)]


def clearance_here(room: Room, grid: PlanGrid, place: Point) -> float:
    """Clearance at one place [m]."""
    return float(room.clearance_m[cell_at(grid, *place)])


def disc_cells(
    grid: PlanGrid, discs: Iterable[tuple[float, float, float]]
) -> Iterable[tuple[slice, slice, 'np.ndarray[tuple[int, int], np.dtype[np.bool_]]']]:
    """For each disc the window around it, and which of its cells lie in it."""
    for x, y, radius in discs:
        if math.isfinite(radius) and radius > 0.0:
            rows, cols, away = disc_window(grid, (x, y), radius)
            yield rows, cols, away <= radius
