# SPDX-License-Identifier: Apache-2.0
"""What sensors and commands say, as the core's nouns. Whoever made the message: ROS or a bag."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from swarm_reflex.core import Command, Odom, Scan
from swarm_reflex.core.scan import NOTHING_THERE

_TOO_CLOSE_MM = 1
_FARTHEST_M = 66.0
"""More than 16 bits of millimetres can say."""


class Arrival:
    """When a message reached this machine, and how old its stamp was then."""

    def __init__(self, now_ns: int, wall_ns: int, info: Mapping[str, Any]) -> None:
        received_ns = info['received_timestamp'] or wall_ns
        # A message that waited in the queue while we did not run is that much older.
        self.ns = now_ns - max(0, wall_ns - received_ns)
        self._received_ns = received_ns

    def stamp_age_s(self, stamp: Any) -> float:
        """Age by stamp on arrival [s]; negative when it comes from the future."""
        return (self._received_ns - stamp.sec * 1_000_000_000 - stamp.nanosec) * 1e-9


def to_command(message: Any, arrival: Arrival) -> Command:
    """A Twist or TwistStamped; a NaN on any axis spoils all of it. A zero stamp means: none."""
    stamped = hasattr(message, 'header')
    twist = message.twist if stamped else message
    linear, angular = twist.linear, twist.angular
    axes = (linear.x, linear.y, linear.z, angular.x, angular.y, angular.z)
    vx, wz = (linear.x, angular.z) if all(map(math.isfinite, axes)) else (math.nan, math.nan)
    has_stamp = stamped and (message.header.stamp.sec or message.header.stamp.nanosec)
    age_s = arrival.stamp_age_s(message.header.stamp) if has_stamp else 0.0
    return Command(vx_mps=vx, wz_radps=wz, arrival_ns=arrival.ns, stamp_age_s=age_s)


def to_scan(message: Any, arrival: Arrival) -> Scan:
    """A scan in whole millimetres, rounded towards the robot."""
    return Scan(
        ranges_mm=to_millimetres(message.ranges, message.range_min, message.range_max),
        angle_min_rad=message.angle_min,
        angle_increment_rad=message.angle_increment,
        arrival_ns=arrival.ns,
        stamp_age_s=arrival.stamp_age_s(message.header.stamp),
        frame_id=message.header.frame_id,
    )


def to_millimetres(ranges: Sequence[float], range_min_m: float, range_max_m: float) -> bytes:
    """Ranges by REP-117 as little-endian uint16 [mm].

    Beyond the range is 65535 (nothing there), -inf (too close to measure) is 1, and NaN or below
    the range is 0 (no measurement).
    """
    metres = np.asarray(ranges, dtype=np.float32)
    with np.errstate(invalid='ignore'):
        beyond = (metres > range_max_m) | (metres == math.inf)
        within = (metres >= range_min_m) & (metres <= range_max_m) & ~beyond
        near = np.minimum(np.maximum(metres, 0.0), _FARTHEST_M)
        whole = np.floor(np.where(within, near, 0.0) * 1e3)
    measured = np.minimum(np.maximum(whole, _TOO_CLOSE_MM), NOTHING_THERE - 1)
    coded = np.where(within, measured, np.where(beyond, NOTHING_THERE, 0))
    coded[metres == -math.inf] = _TOO_CLOSE_MM
    return coded.astype('<u2').tobytes()


def to_odom(message: Any, arrival: Arrival) -> Odom:
    """Odometry in the plane."""
    pose, twist = message.pose.pose, message.twist.twist
    return Odom(
        vx_mps=twist.linear.x,
        wz_radps=twist.angular.z,
        x_m=pose.position.x,
        y_m=pose.position.y,
        yaw_rad=yaw_of(pose.orientation),
        arrival_ns=arrival.ns,
        stamp_age_s=arrival.stamp_age_s(message.header.stamp),
    )


def yaw_of(quaternion: Any) -> float:
    """Yaw of a quaternion [rad]; NaN where it is no rotation at all."""
    x, y, z, w = quaternion.x, quaternion.y, quaternion.z, quaternion.w
    norm = x * x + y * y + z * z + w * w
    if not 0.5 < norm < 2.0:
        return math.nan
    return math.atan2(2.0 * (w * z + x * y) / norm, 1.0 - 2.0 * (y * y + z * z) / norm)
