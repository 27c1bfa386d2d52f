# SPDX-License-Identifier: Apache-2.0
"""The table of true poses that all processes share, and what a lidar sees in it."""

import math
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from swarm_config.maps import GridMap

COLUMNS = 6
"""x [m], y [m], yaw [rad], speed [m/s], still to go (0 or 1), steady time [s]."""
Floats: TypeAlias = NDArray[np.float64]
Pose = tuple[float, float, float]
EDGE_M = 1e-6
"""So that no beam slips between two edges that meet [m]."""


def open_arena(path: Path, robots: int) -> Floats:
    """Open the table of poses, shape (robots, COLUMNS); made where there is none."""
    if not path.exists():
        path.write_bytes(bytes(8 * COLUMNS * robots))
    return np.memmap(path, dtype=np.float64, mode='r+', shape=(robots, COLUMNS))


class Caster:
    """Casts beams on the edges of walls and round bodies."""

    def __init__(self, grid: GridMap, beams: int, reach_m: float) -> None:
        self._reach_m = reach_m
        wall = np.pad(grid.occupied, 1, constant_values=True)
        self._upright = _edges(wall, grid.resolution_m)
        self._level = _edges(wall.T, grid.resolution_m)
        self._angles = -math.pi + np.arange(beams) * math.tau / beams

    def ranges(self, pose: Pose, discs: Floats, radius_m: float) -> Floats:
        """Free way per beam [m], shape (beams,); inf without return.

        Args:
            pose: Of the scanner, map frame.
            discs: Centres of the other bodies [m], shape (others, 2).
            radius_m: Of those bodies.
        """
        cos, sin = np.cos(self._angles + pose[2]), np.sin(self._angles + pose[2])
        reach = np.minimum(
            _to_edges(self._upright, (pose[0], pose[1]), cos, sin),
            _to_edges(self._level, (pose[1], pose[0]), sin, cos),
        )
        for x, y in discs:
            reach = np.minimum(reach, _to_disc(pose, cos, sin, (x, y), radius_m))
        return np.where(reach < self._reach_m, reach, np.inf)


def _edges(wall: 'NDArray[np.bool_]', cell_m: float) -> Floats:
    """Upright edges of padded walls: x, lower y, upper y [m], shape (edges, 3)."""
    found = []
    for col in np.flatnonzero((wall[:, 1:] != wall[:, :-1]).any(axis=0)):
        differs = np.concatenate(([False], wall[:, col + 1] != wall[:, col], [False]))
        ends = np.flatnonzero(differs[1:] != differs[:-1])
        found += [(col, low - 1, high - 1) for low, high in ends.reshape(-1, 2)]
    return np.array(found, dtype=np.float64).reshape(-1, 3) * cell_m


def _to_edges(edges: Floats, at: tuple[float, float], cos: Floats, sin: Floats) -> Floats:
    """Way of each beam to the nearest upright edge [m], shape (beams,)."""
    with np.errstate(divide='ignore', invalid='ignore'):
        way = (edges[:, 0] - at[0]) / cos[:, None]
        across = at[1] + way * sin[:, None]
        hit = (way > 0.0) & (across >= edges[:, 1] - EDGE_M) & (across <= edges[:, 2] + EDGE_M)
    return np.asarray(np.where(hit, way, np.inf).min(axis=1, initial=np.inf))


def _to_disc(
    pose: Pose, cos: Floats, sin: Floats, centre: tuple[float, float], radius_m: float
) -> Floats:
    dx, dy = centre[0] - pose[0], centre[1] - pose[1]
    along = dx * cos + dy * sin
    across2 = dx * dx + dy * dy - along * along
    half = np.sqrt(np.maximum(radius_m * radius_m - across2, 0.0))
    hit = (across2 < radius_m * radius_m) & (along > 0.0)
    return np.where(hit, np.maximum(along - half, 0.0), np.inf)
