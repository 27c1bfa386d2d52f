# SPDX-License-Identifier: Apache-2.0
"""How fast the robot may drive along its arc: from free distance to allowed speed, and escape.

Distances count from the disc of the body plus its hard margin, so nothing comes nearer to the body
than the margin, in front or beside. What lies beside the arc does not slow the robot down.
"""

import math
from dataclasses import dataclass

import numpy as np

from swarm_reflex.core.arc import Points, clearance_after, free_distance, nearest_m
from swarm_reflex.core.limits import Motion
from swarm_reflex.core.types import Params

ESCAPE_GAIN = 0.1
"""Clearance that an escape must gain, as a share of the distance travelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How fast a motion may be, and how far it has room."""

    speed_mps: float
    """Highest allowed speed along this arc [m/s]; inf if free."""
    clearance_m: float
    """Body to the first obstacle along the arc [m]; inf if free."""
    escape: bool = False
    """Inside the hard margin, and this motion leads out of it."""


FREE = Allowance(speed_mps=math.inf, clearance_m=math.inf)


def allowance(
    points: Points,
    motion: Motion,
    margin_m: float,
    lag_s: float,
    params: Params,
    *,
    error: float = 0.0,
    surely_m: float = 0.0,
) -> Allowance:
    """Speed from which the robot still stops before contact along the arc of a motion.

    Args:
        points: Obstacles in the base frame of now [m], shape (2, points).
        motion: A twist with a linear speed.
        margin_m: Distance that body and obstacle must keep [m].
        lag_s: Age of the points and time until the brakes bite [s].
        params: Robot and tuning.
        error: Share by which the base may be faster, and brake worse, than its class says.
        surely_m: A distance that is known of all points without looking at them [m].
    """
    body_m = params.robot.radius_m + margin_m
    if surely_m >= body_m or (near_m := nearest_m(points)) >= body_m:
        return _ahead(points, motion, margin_m, lag_s, params, error=error)
    clearance_m = near_m - params.robot.radius_m
    if not _gains(points, motion, near_m, params.escape_horizon_m):
        return Allowance(speed_mps=0.0, clearance_m=clearance_m)
    outside = np.hypot(points[0], points[1]) >= body_m
    others = _ahead(points[:, outside], motion, margin_m, lag_s, params, error=error)
    speed = min(params.creep_mps, others.speed_mps)
    return Allowance(speed_mps=speed, clearance_m=clearance_m, escape=True)


def _ahead(
    points: Points, motion: Motion, margin_m: float, lag_s: float, params: Params, *, error: float
) -> Allowance:
    body_m = params.robot.radius_m + margin_m
    free_m = free_distance(points, motion.vx_mps, motion.wz_radps, body_m)
    if free_m == math.inf:
        return FREE
    speed = stopping_speed(free_m, lag_s, params.robot.max_decel_mps2 * (1.0 - error))
    return Allowance(speed_mps=speed / (1.0 + error), clearance_m=free_m + margin_m)


def stopping_speed(free_m: float, lag_s: float, decel_mps2: float) -> float:
    """Highest speed that comes to rest within free_m: v * lag + v^2 / (2 a) = free [m/s]."""
    lost = decel_mps2 * lag_s
    return math.sqrt(lost * lost + 2.0 * decel_mps2 * max(0.0, free_m)) - lost


def zoned(found: Allowance, present_mps: float, params: Params) -> Allowance:
    """Add the stop and slow-down zones of the scan, which shrink and grow with speed.

    Args:
        found: What the stopping distance allows.
        present_mps: Speed at which the robot moves along this arc now, not negative [m/s].
        params: Robot and tuning.
    """
    free_m = found.clearance_m - params.hard_margin_m
    if found.escape or free_m <= 0.0 or free_m == math.inf:
        return found
    top = params.robot.max_speed_mps
    if free_m < params.stop_distance_m * min(1.0, present_mps / top):
        return Allowance(speed_mps=0.0, clearance_m=found.clearance_m)
    if free_m >= params.slow_distance_m:
        return found
    speed = min(found.speed_mps, top * free_m / params.slow_distance_m)
    return Allowance(speed_mps=speed, clearance_m=found.clearance_m)


def _gains(points: Points, motion: Motion, near_m: float, horizon_m: float) -> bool:
    """Whether the least distance over all points grows along the arc, half-way and at its end."""
    half, end = (
        clearance_after(points, motion.vx_mps, motion.wz_radps, travel_m) - near_m
        for travel_m in (0.5 * horizon_m, horizon_m)
    )
    return half > 0.0 and end >= ESCAPE_GAIN * horizon_m
