# SPDX-License-Identifier: Apache-2.0
"""Poses in the plane as plain tuples (x [m], y [m], yaw [rad]), in REP-103 axes."""

import math

Pose = tuple[float, float, float]
Point = tuple[float, float]
IDENTITY: Pose = (0.0, 0.0, 0.0)


def wrap(angle_rad: float) -> float:
    """The same angle in [-pi, pi]."""
    return math.remainder(angle_rad, math.tau)


def compose(a: Pose, b: Pose) -> Pose:
    """Pose b, given in the frame of a, in the frame in which a is given."""
    cos, sin = math.cos(a[2]), math.sin(a[2])
    return (a[0] + cos * b[0] - sin * b[1], a[1] + sin * b[0] + cos * b[1], wrap(a[2] + b[2]))


def inverse(a: Pose) -> Pose:
    """The pose that undoes a."""
    cos, sin = math.cos(a[2]), math.sin(a[2])
    return (-cos * a[0] - sin * a[1], sin * a[0] - cos * a[1], wrap(-a[2]))


def between(a: Pose, b: Pose) -> Pose:
    """Pose b in the frame of a, both given in one frame."""
    return compose(inverse(a), b)


def distance(a: Pose | Point, b: Pose | Point) -> float:
    """Straight distance of two places [m]."""
    return math.hypot(a[0] - b[0], a[1] - b[1])


def bearing(pose: Pose, point: Point) -> float:
    """Direction of a point seen from a pose, relative to its yaw [rad], in [-pi, pi]."""
    return wrap(math.atan2(point[1] - pose[1], point[0] - pose[0]) - pose[2])
