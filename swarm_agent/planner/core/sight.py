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
    ahead, aside = np.cos(angles)[:, None] * along, np.sin(angles)[:, None] * along
    blocked_at = np.empty((len(eyes), _BEAMS), dtype=np.int64)
    for eye, (x, y) in enumerate(eyes):  # one eye's beams stay in the processor's cache
        free = sample(ground.grid.free, ground.grid, x + ahead, y + aside)
        blocked_at[eye] = np.where(free.all(axis=1), steps, free.argmin(axis=1))
    return np.asarray(blocked_at * (range_m / steps), dtype=np.float64)
