# SPDX-License-Identifier: Apache-2.0
"""What can be seen from where on the static map: the way a lidar would, beam by beam."""

import math

import numpy as np

from swarm_agent.planner.core.ground import Floats, Ground, sample
from swarm_config.maps import Mask

_BEAMS = 180
_BEHIND_M = 0.15
"""Floor counts as seen up to this far behind the last free sample, as beside a wall [m]."""


def visible(ground: Ground, eyes: Floats, targets: Floats, range_m: float) -> Mask:
    """Which targets each eye sees within its range, shape (eyes, targets).

    Args:
        ground: The static floor.
        eyes: Where the robot's centre would be [m], shape (eyes, 2).
        targets: Centres of floor cells [m], shape (targets, 2).
        range_m: How far the robot inspects the floor [m].
    """
    reach = _beam_ranges(ground, eyes, range_m)
    away = targets[None, :, :] - eyes[:, None, :]
    squares = (away**2).sum(axis=2)
    eye, target = np.nonzero(squares <= range_m**2)
    bearing = np.arctan2(away[eye, target, 1], away[eye, target, 0])
    beam = np.rint(bearing * (_BEAMS / (2.0 * math.pi))).astype(np.int64) % _BEAMS
    seen = np.zeros(squares.shape, dtype=bool)
    seen[eye, target] = np.sqrt(squares[eye, target]) <= reach[eye, beam] + _BEHIND_M
    return seen


def _beam_ranges(ground: Ground, eyes: Floats, range_m: float) -> Floats:
    """How far each beam goes over free cells [m], shape (eyes, beams)."""
    angles = np.arange(_BEAMS) * (2.0 * math.pi / _BEAMS)
    steps = math.ceil(range_m / ground.grid.resolution_m)
    along = np.linspace(range_m / steps, range_m, steps)
    x = eyes[:, 0, None, None] + np.cos(angles)[None, :, None] * along
    y = eyes[:, 1, None, None] + np.sin(angles)[None, :, None] * along
    free = sample(ground.grid.free, ground.grid, x, y)
    blocked_at = np.where(free.all(axis=2), steps, (~free).argmax(axis=2))
    return blocked_at * (range_m / steps)
