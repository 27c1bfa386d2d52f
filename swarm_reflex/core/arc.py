# SPDX-License-Identifier: Apache-2.0
"""Exact geometry of a disc that moves with a constant twist: closed form, no time steps.

The robot stands at the origin of its base frame and drives along the arc of its command. Its disc
of radius R touches a point when the centre comes within R of it. By the law of cosines around the
turning centre this happens at a known angle, so contact is never found later than it truly is.
"""

import math

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Points in a base frame [m], shape (2, points): a row of x, a row of y."""

STRAIGHT_CURVATURE = 1e-6
"""Below this curvature [1/m] an arc is a straight line: 0.5 um of error over one metre."""


def free_distance(points: Points, vx_mps: float, wz_radps: float, radius_m: float) -> float:
    """Distance along the commanded arc until the disc first touches a point.

    Args:
        points: Obstacles in the base frame [m], shape (2, points), all outside the disc.
        vx_mps: Commanded speed [m/s], not zero; its sign is the direction of travel.
        wz_radps: Commanded yaw rate [rad/s].
        radius_m: Radius of the disc [m].

    Returns:
        Arc length of the centre's path [m], inf if nothing lies on the arc.
    """
    if points.shape[1] == 0:
        return math.inf
    x, y = points
    curvature = wz_radps / vx_mps
    ahead = x if vx_mps > 0.0 else -x
    if abs(curvature) < STRAIGHT_CURVATURE:
        return _free_straight(ahead, y, radius_m)
    side = y if curvature > 0.0 else -y
    return _free_turning(ahead, side, radius_m, 1.0 / abs(curvature))


def _free_straight(
    ahead: NDArray[np.float64], side: NDArray[np.float64], radius_m: float
) -> float:
    half_chord = radius_m * radius_m - side * side
    hit = (half_chord > 0.0) & (ahead > 0.0)
    if not hit.any():
        return math.inf
    return max(0.0, float((ahead[hit] - np.sqrt(half_chord[hit])).min()))


def _free_turning(
    ahead: NDArray[np.float64], side: NDArray[np.float64], radius_m: float, turn_m: float
) -> float:
    """Contact on a circle of radius turn_m around (0, turn_m); side is positive inwards."""
    inward = turn_m - side
    centre_distance = np.hypot(ahead, inward)
    # How far the point lies off the path, without the cancellation of centre_distance - turn_m.
    off_path = (ahead * ahead + side * (side - 2.0 * turn_m)) / (centre_distance + turn_m)
    half_chord = radius_m * radius_m - off_path * off_path
    hit = ((half_chord > 0.0) & (centre_distance > 0.0)).nonzero()[0]
    if hit.size == 0:
        return math.inf
    sine = np.sqrt(half_chord.take(hit) / (4.0 * turn_m * centre_distance.take(hit)))
    half_angle = 2.0 * np.arcsin(np.minimum(sine, 1.0))
    bearing = np.arctan2(ahead.take(hit), inward.take(hit))
    first = bearing - half_angle
    # Behind us on the circle: met after nearly a full turn. Touching already: met now.
    first = np.where(bearing + half_angle < 0.0, first + 2.0 * math.pi, first)
    return max(0.0, float(np.minimum.reduce(first))) * turn_m


def nearest_m(points: Points) -> float:
    """Distance from the origin of their frame to the nearest point [m]; inf without any."""
    return float(np.minimum.reduce(np.hypot(points[0], points[1]), initial=math.inf))


def clearance_after(points: Points, vx_mps: float, wz_radps: float, travel_m: float) -> float:
    """Distance from the centre to the nearest point after travelling along the arc [m].

    Args:
        points: Obstacles in the base frame [m], shape (2, points), at least one.
        vx_mps: Commanded speed [m/s], not zero.
        wz_radps: Commanded yaw rate [rad/s].
        travel_m: Arc length to travel [m], not negative.
    """
    x_m, y_m, _ = travelled(vx_mps, wz_radps, travel_m)
    return float(np.hypot(points[0] - x_m, points[1] - y_m).min())


def travelled(vx_mps: float, wz_radps: float, travel_m: float) -> tuple[float, float, float]:
    """Pose in the base frame of now after travel_m along the arc of a twist (x, y, yaw)."""
    step = math.copysign(travel_m, vx_mps)
    turn = wz_radps / vx_mps * step
    if abs(turn) < 1e-9:
        return step, 0.5 * step * turn, turn
    chord = step / turn
    return chord * math.sin(turn), chord * (1.0 - math.cos(turn)), turn


def seen_from(points: Points, pose: tuple[float, float, float]) -> Points:
    """Points of one frame as seen from a pose in it: shape (2, points), same order."""
    x_m, y_m, yaw = pose
    cosine, sine = math.cos(yaw), math.sin(yaw)
    dx, dy = points[0] - x_m, points[1] - y_m
    seen = np.empty_like(points)
    np.add(cosine * dx, sine * dy, out=seen[0])
    np.subtract(cosine * dy, sine * dx, out=seen[1])
    return seen


def between(
    start: tuple[float, float, float], end: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Pose `end` as seen from pose `start`, both in the same frame (x, y, yaw)."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    cosine, sine = math.cos(start[2]), math.sin(start[2])
    yaw = math.remainder(end[2] - start[2], 2.0 * math.pi)
    return cosine * dx + sine * dy, cosine * dy - sine * dx, yaw


def compose(
    start: tuple[float, float, float], step: tuple[float, float, float]
) -> tuple[float, float, float]:
    """The pose reached from `start` by a step given in its own frame (x, y, yaw)."""
    cosine, sine = math.cos(start[2]), math.sin(start[2])
    return (
        start[0] + cosine * step[0] - sine * step[1],
        start[1] + sine * step[0] + cosine * step[1],
        start[2] + step[2],
    )
