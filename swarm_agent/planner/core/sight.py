# SPDX-License-Identifier: Apache-2.0
"""What can be seen from where: straight lines over free cells of the static map."""

import math

import numpy as np

from swarm_agent.planner.core.ground import Floats, Ground, sample
from swarm_config.maps import Mask

_NEAR_TARGET_M = 0.15
"""A line of sight need not be free on its last bit: floor beside a wall shares its cell with it."""


def visible(ground: Ground, eyes: Floats, targets: Floats, range_m: float) -> Mask:
    """Which targets each eye sees within its range, shape (eyes, targets).

    Args:
        ground: The static floor.
        eyes: Where the robot's centre would be [m], shape (eyes, 2).
        targets: Centres of floor cells [m], shape (targets, 2).
        range_m: How far the robot inspects the floor [m].
    """
    seen = np.zeros((len(eyes), len(targets)), dtype=bool)
    away = targets[None, :, :] - eyes[:, None, :]
    distance = np.hypot(away[..., 0], away[..., 1])
    eye, target = np.nonzero(distance <= range_m)
    steps = max(2, math.ceil(range_m / ground.grid.resolution_m))
    far = distance[eye, target]
    end = np.maximum(0.0, far - _NEAR_TARGET_M) / np.maximum(far, 1e-9)
    shares = np.linspace(0.0, 1.0, steps)[:, None] * end[None, :]
    x = eyes[eye, 0] + shares * away[eye, target, 0]
    y = eyes[eye, 1] + shares * away[eye, target, 1]
    seen[eye, target] = sample(ground.grid.free, ground.grid, x, y).all(axis=0)
    return seen
