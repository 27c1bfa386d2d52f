# SPDX-License-Identifier: Apache-2.0
"""Where the wheels say the robot was at any moment, so that old points can be seen from now."""

import math

from swarm_reflex.core.arc import compose
from swarm_reflex.core.types import Odom

Pose = tuple[float, float, float]
"""x [m], y [m], yaw [rad]."""


_MAX_SPEED = 100.0
_MAX_PLACE = 1e7
_MAX_STAMP_AGE_S = 10.0


def is_sound(*, place: Pose, twist: tuple[float, float] = (0.0, 0.0)) -> bool:
    """Whether a pose [m, m, rad] and a twist [m/s, rad/s] are finite and on this planet."""
    x_m, y_m, yaw_rad = place
    vx_mps, wz_radps = twist
    return (
        -_MAX_PLACE <= x_m <= _MAX_PLACE
        and -_MAX_PLACE <= y_m <= _MAX_PLACE
        and -_MAX_PLACE <= yaw_rad <= _MAX_PLACE
        and -_MAX_SPEED <= vx_mps <= _MAX_SPEED
        and -_MAX_SPEED <= wz_radps <= _MAX_SPEED
    )


def moment_ns(arrival_ns: int, stamp_age_s: float) -> int:
    """When something was measured, on the steady clock [ns]: arrival less its age on arrival."""
    return arrival_ns - round(min(_MAX_STAMP_AGE_S, max(0.0, stamp_age_s)) * 1e9)


def pose_at(odom: Odom, now_ns: int) -> Pose:
    """Pose in the odom frame at a steady-clock moment [ns], by the twist of a sound odometry."""
    elapsed_s = (now_ns - moment_ns(odom.arrival_ns, odom.stamp_age_s)) * 1e-9
    turn = odom.wz_radps * elapsed_s
    chord = odom.vx_mps * elapsed_s
    step = (chord * math.cos(0.5 * turn), chord * math.sin(0.5 * turn), turn)
    return compose((odom.x_m, odom.y_m, odom.yaw_rad), step)
