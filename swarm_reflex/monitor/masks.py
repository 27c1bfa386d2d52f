# SPDX-License-Identifier: Apache-2.0
"""Where the exclusion zones of other frames are: told to the core whenever that changes."""

import math

from swarm_reflex.monitor.core.types import Exclusion, MaskPlace
from swarm_reflex.monitor.frames import Frames, Matrix

_UPRIGHT = 0.999
"""Cosine of the tilt beyond which a frame does not lie in the plane: 2.6 degrees."""

Pose = tuple[float, float, float]
"""x [m], y [m], yaw [rad]."""


class Masks:
    """Look the frames of exclusion zones up, and remember what was told of them."""

    def __init__(self, frames: Frames, base_frame: str) -> None:
        self._frames = frames
        self._base_frame = base_frame
        self._told: dict[str, Pose | None] = {}

    def changed(self, exclusions: tuple[Exclusion, ...], now_ns: int) -> tuple[MaskPlace, ...]:
        """The places that are new; of a frame that is unknown, too old or tilted, None."""
        framed = [zone for zone in exclusions if zone.frame_id]
        found = {zone.name: self._place(zone.frame_id, now_ns) for zone in framed}
        news = [name for name, pose in found.items() if pose != self._told.get(name)]
        self._told |= found
        return tuple(MaskPlace(zone=name, pose=found[name]) for name in news)

    def _place(self, frame_id: str, now_ns: int) -> Pose | None:
        matrix = self._frames.find(self._base_frame, frame_id, now_ns)
        return None if matrix is None else planar(matrix)


def planar(matrix: Matrix) -> Pose | None:
    """Place and heading of a frame in the plane of the base; None if it tilts."""
    if matrix[2, 2] < _UPRIGHT:
        return None
    yaw_rad = math.atan2(matrix[1, 0], matrix[0, 0])
    return float(matrix[0, 3]), float(matrix[1, 3]), yaw_rad
