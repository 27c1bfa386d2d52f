# SPDX-License-Identifier: Apache-2.0
"""Where a sensor sits on the base: a small tree of the newest transforms. It never waits."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""A rigid transform, shape (4, 4)."""
_DEPTH = 32


@dataclass
class Frames:
    """The newest transform of each child frame to its parent."""

    tolerance_s: float
    """Age at which a moving transform no longer counts [s]."""
    _parents: dict[str, tuple[str, Matrix, int | None]] = field(default_factory=dict)

    def put(
        self,
        parent: str,
        child: str,
        translation: tuple[float, float, float],
        rotation: tuple[float, float, float, float],
        *,
        heard_ns: int | None,
    ) -> None:
        """Take in a transform; `heard_ns` is None for a static one. Nonsense is left out."""
        matrix = matrix_of(translation, rotation)
        if matrix is not None:
            self._parents[child.lstrip('/')] = (parent.lstrip('/'), matrix, heard_ns)

    def find(self, target: str, source: str, now_ns: int) -> Matrix | None:
        """The transform of points in `source` to `target`; None if unknown or too old."""
        target, source = target.lstrip('/'), source.lstrip('/')
        if target == source:
            return np.eye(4)
        up, down = self._chain(source, now_ns), self._chain(target, now_ns)
        for frame, matrix in up.items():
            if frame in down:
                found: Matrix = np.linalg.inv(down[frame]) @ matrix
                return found
        return None

    def _chain(self, frame: str, now_ns: int) -> dict[str, Matrix]:
        """Transforms of a frame to itself and all its ancestors, the nearest first."""
        chain = {frame: np.eye(4)}
        for _ in range(_DEPTH):
            if frame not in self._parents:
                break
            parent, step, heard_ns = self._parents[frame]
            if heard_ns is not None and now_ns - heard_ns > round(self.tolerance_s * 1e9):
                break
            chain[parent] = step @ chain[frame]
            frame = parent
        return chain


def matrix_of(
    translation: tuple[float, float, float], rotation: tuple[float, float, float, float]
) -> Matrix | None:
    """A transform of a translation [m] and a quaternion (x, y, z, w); None if it is none."""
    norm = math.sqrt(sum(value * value for value in rotation))
    if not (all(map(math.isfinite, translation)) and 0.5 < norm < 2.0):
        return None
    x, y, z, w = (value / norm for value in rotation)
    matrix = np.eye(4)
    matrix[:3, :3] = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    matrix[:3, 3] = translation
    return matrix
