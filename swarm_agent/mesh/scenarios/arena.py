# SPDX-License-Identifier: Apache-2.0
"""The table of true poses that all processes share, and what a lidar sees in it."""

import math
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from swarm_config.maps import GridMap

COLUMNS = 6
"""x [m], y [m], yaw [rad], speed [m/s], still to go (0 or 1), steady time [s]."""
Floats: TypeAlias = NDArray[np.float64]
Pose = tuple[float, float, float]
STEP_SLACK = 1.3
"""Cells that a beam stays away from the nearest wall when it steps on."""


def open_arena(path: Path, robots: int) -> Floats:
    """Open the table of poses, shape (robots, COLUMNS); made where there is none."""
    if not path.exists():
        path.write_bytes(bytes(8 * COLUMNS * robots))
    return np.memmap(path, dtype=np.float64, mode='r+', shape=(robots, COLUMNS))


class Caster:
    """Casts beams on walls and round bodies."""

    def __init__(self, grid: GridMap, beams: int, reach_m: float) -> None:
        self._cell_m, self._reach_m = grid.resolution_m, reach_m
        self._wall = np.pad(grid.occupied, 1, constant_values=True)
        away = ndimage.distance_transform_edt(~self._wall)
        self._safe_m = np.maximum((away - STEP_SLACK) * self._cell_m, 0.004)
        self._angles = -math.pi + np.arange(beams) * math.tau / beams

    def ranges(self, pose: Pose, discs: Floats, radius_m: float) -> Floats:
        """Free way per beam [m], shape (beams,); inf without return.

        Args:
            pose: Of the scanner, map frame.
            discs: Centres of the other bodies [m], shape (others, 2).
            radius_m: Of those bodies.
        """
        cos, sin = np.cos(self._angles + pose[2]), np.sin(self._angles + pose[2])
        reach = self._to_walls(pose, cos, sin)
        for x, y in discs:
            reach = np.minimum(reach, _to_disc(pose, cos, sin, (x, y), radius_m))
        return np.where(reach < self._reach_m, reach, np.inf)

    def _to_walls(self, pose: Pose, cos: Floats, sin: Floats) -> Floats:
        reach = np.zeros(cos.size)
        going = np.arange(cos.size)
        rows, cols = self._wall.shape
        while going.size:
            x = pose[0] + reach[going] * cos[going]
            y = pose[1] + reach[going] * sin[going]
            col = np.clip((x / self._cell_m).astype(int) + 1, 0, cols - 1)
            row = np.clip((y / self._cell_m).astype(int) + 1, 0, rows - 1)
            on = ~self._wall[row, col]
            reach[going] += np.where(on, self._safe_m[row, col], 0.0)
            going = going[on & (reach[going] < self._reach_m)]
        return reach


def _to_disc(
    pose: Pose, cos: Floats, sin: Floats, centre: tuple[float, float], radius_m: float
) -> Floats:
    dx, dy = centre[0] - pose[0], centre[1] - pose[1]
    along = dx * cos + dy * sin
    across2 = dx * dx + dy * dy - along * along
    half = np.sqrt(np.maximum(radius_m * radius_m - across2, 0.0))
    hit = (across2 < radius_m * radius_m) & (along > 0.0)
    return np.where(hit, np.maximum(along - half, 0.0), np.inf)
