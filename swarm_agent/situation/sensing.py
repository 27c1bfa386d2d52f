# SPDX-License-Identifier: Apache-2.0
"""What lidar and wheels say, as the core's nouns. Whoever made the message: ROS or a bag."""

import math
from typing import Any

import numpy as np

from swarm_agent.situation.core.scan import NO_RETURN
from swarm_agent.situation.odometry import Reading

NS = 1_000_000_000


def stamp_of(message: Any) -> int:
    """The header's stamp [ns since the epoch]."""
    stamp = message.header.stamp
    return int(stamp.sec) * NS + int(stamp.nanosec)


def scan_bytes(message: Any, beams: int) -> bytes:
    """A LaserScan as the core takes it, all around from -pi.

    Ranges by REP-117: +inf is nothing there, NaN and -inf are no measurement. A scanner with other
    beams than the robot's class says is read at the nearest beam; where it does not look there is
    no measurement.
    """
    metres = np.frombuffer(message.ranges, dtype=np.float32)
    with np.errstate(invalid='ignore', over='ignore'):
        coded = np.where(metres > 0.0, np.minimum(metres * 1000.0 + 0.5, NO_RETURN), 0.0)
        coded[metres > message.range_max] = NO_RETURN
    coded = coded.astype('<u2')
    if _is_plain(message, coded.size, beams):
        return coded.tobytes()
    return _resampled(coded, message.angle_min, message.angle_increment, beams).tobytes()


def _is_plain(message: Any, size: int, beams: int) -> bool:
    step = math.tau / beams
    starts = abs(message.angle_min + math.pi) < 0.1 * step
    return size == beams and starts and abs(message.angle_increment - step) < 1e-3 * step


def _resampled(
    coded: 'np.ndarray[tuple[int], np.dtype[np.uint16]]',
    angle_min: float,
    increment: float,
    beams: int,
) -> 'np.ndarray[tuple[int], np.dtype[np.uint16]]':
    taken = np.zeros(beams, dtype='<u2')
    finite = math.isfinite(angle_min) and math.isfinite(increment)
    if coded.size == 0 or not finite or increment == 0.0:
        return taken
    wanted = -math.pi + np.arange(beams) * (math.tau / beams)
    turn = np.mod((wanted - angle_min) * math.copysign(1.0, increment), math.tau)
    nearest = np.round(turn / abs(increment))
    inside = nearest < coded.size
    taken[inside] = coded[nearest[inside].astype(np.int64)]
    return taken


def reading_of(message: Any) -> Reading | None:
    """Odometry in the plane; None where a number cannot be computed with."""
    pose, twist = message.pose.pose, message.twist.twist
    q = pose.orientation
    norm = q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w
    if not 0.5 < norm < 2.0:
        return None
    yaw = math.atan2(2.0 * (q.w * q.z + q.x * q.y) / norm, 1.0 - 2.0 * (q.y**2 + q.z**2) / norm)
    values = (pose.position.x, pose.position.y, yaw, twist.linear.x, twist.angular.z)
    if not all(map(math.isfinite, values)):
        return None
    return Reading(
        stamp_ns=stamp_of(message),
        pose=(float(values[0]), float(values[1]), float(yaw)),
        vx_mps=float(values[3]),
        wz_radps=float(values[4]),
    )
