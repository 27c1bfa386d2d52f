# SPDX-License-Identifier: Apache-2.0
"""ROS messages to the core's nouns and back. No decisions: what is odd is passed on as odd."""

import math
from typing import Any

from swarm_msgs.msg import ReflexState, Situation
from swarm_reflex.core import MapPose, Outputs
from swarm_reflex.readings import (
    Arrival,
    to_command,
    to_millimetres,
    to_odom,
    to_scan,
    yaw_of,
)

__all__ = [
    'Arrival',
    'set_stamp',
    'to_command',
    'to_map_pose',
    'to_millimetres',
    'to_odom',
    'to_scan',
    'to_state',
    'yaw_of',
]


def to_map_pose(message: Situation, arrival: Arrival) -> MapPose:
    """Where the situation node says the robot is."""
    pose = message.pose_map_base
    return MapPose(
        x_m=pose.x,
        y_m=pose.y,
        yaw_rad=pose.theta,
        arrival_ns=arrival.ns,
        stamp_age_s=arrival.stamp_age_s(message.header.stamp),
    )


def set_stamp(message: Any, wall_ns: int) -> None:
    """Stamp a message that has a header."""
    stamp = message.header.stamp
    stamp.sec, stamp.nanosec = divmod(wall_ns, 1_000_000_000)


def to_state(outputs: Outputs, *, wall_ns: int, period_s: float, failure: str) -> ReflexState:
    """The state message; a failure of the shell itself stands before all causes."""
    names = [cause.value for cause in outputs.causes]
    causes = [failure, *names] if failure else names
    message = ReflexState(
        action=ReflexState.ACTION_STOP if failure else int(outputs.action),
        cause=causes[0] if causes else '',
        causes=causes,
        zone=outputs.zone,
        clearance_m=outputs.clearance_m,
        command_age_s=_seconds(outputs.command_age_ms),
        scan_age_s=_seconds(outputs.scan_age_ms),
        odom_age_s=_seconds(outputs.odom_age_ms),
        heartbeat_age_s=_seconds(outputs.heartbeat_age_ms),
        period_s=period_s,
        interventions=outputs.interventions,
        e_stop=outputs.e_stop,
        enabled=outputs.enabled,
    )
    set_stamp(message, wall_ns)
    return message


def _seconds(age_ms: int) -> float:
    return age_ms * 1e-3 if age_ms >= 0 else math.inf
