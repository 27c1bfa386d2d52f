# SPDX-License-Identifier: Apache-2.0
"""What must be there and fresh before anything moves. Unknown, late, future and NaN all stop."""

import math
from dataclasses import dataclass

from swarm_reflex.core.geofence import Place, is_inside, pose_map_now
from swarm_reflex.core.odometry import Pose, is_sound
from swarm_reflex.core.scan import View
from swarm_reflex.core.types import Cause, Command, MapPose, Odom, Params, Stamped, age_s

CONTROLLED = frozenset(
    {
        Cause.FREEZE,
        Cause.TIER_ZERO,
        Cause.SANDBOX,
        Cause.DISABLED,
        Cause.OVERRUN,
        Cause.SITUATION_LOST,
        Cause.PLANNER_LOST,
        Cause.COMMAND_MISSING,
        Cause.COMMAND_STALE,
    }
)
"""Stops that may brake with max_decel, because the robot still sees. All others are at once."""

_JUMP_M = 0.1
"""Odometry noise that is no jump [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The newest of everything, and the latches."""

    command: Command | None = None
    view: View | None = None
    odom: Odom | None = None
    odom_sound: bool = False
    """Whether the odometry's numbers can be computed with: judged once, when it comes."""
    pose: MapPose | None = None
    place: Place | None = None
    situation_beat_ns: int | None = None
    planner_beat_ns: int | None = None
    e_stop: bool = False
    breached: bool = False
    """The robot was outside its fence: latched like an e-stop."""
    frozen: bool = False
    """The fleet is told to hold still."""
    enabled: bool = True
    tier: int = 3
    rivals: int = 0


def command_cause(command: Command | None, now_ns: int, params: Params) -> Cause | None:
    """Why the newest command does not count."""
    if command is None:
        return Cause.COMMAND_MISSING
    if not (math.isfinite(command.vx_mps) and math.isfinite(command.wz_radps)):
        return Cause.COMMAND_INVALID
    timeout_s = params.command_timeout_s
    return _late(command, now_ns, timeout_s, params, (Cause.COMMAND_STALE, Cause.COMMAND_FUTURE))


def scan_cause(view: View | None, now_ns: int, params: Params) -> Cause | None:
    """Why the newest scan cannot be driven by."""
    if view is None:
        return Cause.SCAN_MISSING
    late = _late(
        view.scan, now_ns, params.scan_timeout_s, params, (Cause.SCAN_STALE, Cause.SCAN_FUTURE)
    )
    return late or view.flaw


def odom_cause(known: Known, now_ns: int, params: Params) -> Cause | None:
    """Why the newest odometry cannot be trusted."""
    odom = known.odom
    if odom is None:
        return Cause.ODOM_MISSING
    if not known.odom_sound:
        return Cause.ODOM_INVALID
    if known.view is not None and known.view.anchor is None:
        return Cause.ODOM_MISSING
    return _late(
        odom, now_ns, params.odom_timeout_s, params, (Cause.ODOM_STALE, Cause.ODOM_FUTURE)
    )


def jump_cause(
    known: Known, pose_odom_base: Pose | None, now_ns: int, params: Params
) -> Cause | None:
    """Whether the odometry moved further since the scan than the robot can: its frame jumped."""
    view = known.view
    if view is None or view.anchor is None or pose_odom_base is None:
        return None
    moved_m = math.dist(view.anchor[:2], pose_odom_base[:2])
    elapsed_s = max(0.0, age_s(view.scan, now_ns))
    possible_m = 2.0 * params.robot.max_speed_mps * elapsed_s + _JUMP_M
    return None if moved_m <= possible_m else Cause.ODOM_JUMP


def pose_cause(
    known: Known, pose_odom_base: Pose | None, now_ns: int, params: Params
) -> Cause | None:
    """Why a fenced robot does not know that it is inside its fence."""
    if not rings_in_force(known, params):
        return Cause.SANDBOX if known.tier == 1 else None
    if known.pose is None:
        return Cause.POSE_MISSING
    if not pose_is_sound(known.pose):
        return Cause.POSE_INVALID
    late = _late(
        known.pose, now_ns, params.pose_timeout_s, params, (Cause.POSE_STALE, Cause.POSE_FUTURE)
    )
    if late or known.place is None or pose_odom_base is None:
        return late or Cause.POSE_MISSING
    x_m, y_m, _ = pose_map_now(known.place, pose_odom_base)
    if params.geofence and not is_inside(params.geofence, x_m, y_m):
        return Cause.GEOFENCE_OUTSIDE
    in_sandbox = known.tier != 1 or is_inside(params.sandbox, x_m, y_m)
    return None if in_sandbox else Cause.SANDBOX


def rings_in_force(known: Known, params: Params) -> bool:
    """Whether anything in the map bounds this robot now."""
    return bool(params.geofence or (known.tier == 1 and params.sandbox))


def operator_causes(known: Known) -> list[Cause]:
    """What people, or the supervisor for them, forbid."""
    held = (
        (known.e_stop, Cause.E_STOP),
        (known.breached, Cause.GEOFENCE_BREACH),
        (known.rivals > 0, Cause.RIVAL),
        (known.frozen, Cause.FREEZE),
        (known.tier <= 0, Cause.TIER_ZERO),
        (not known.enabled, Cause.DISABLED),
    )
    return [cause for holds, cause in held if holds]


def controlled(causes: list[Cause], params: Params) -> bool:
    """Whether these stops may brake instead of zeroing at once."""
    return all(
        params.e_stop_category == 1
        if cause is Cause.E_STOP
        else params.ramp_stops and cause in CONTROLLED
        for cause in causes
    )


def beat_causes(known: Known, now_ns: int, params: Params) -> list[Cause]:
    """Which of the nodes above has fallen silent."""
    watched = (
        (known.situation_beat_ns, params.situation_timeout_s, Cause.SITUATION_LOST),
        (known.planner_beat_ns, params.planner_timeout_s, Cause.PLANNER_LOST),
    )
    return [
        cause
        for beat_ns, timeout_s, cause in watched
        if timeout_s > 0.0
        and not (beat_ns is not None and 0 <= now_ns - beat_ns <= round(timeout_s * 1e9))
    ]


def odom_is_sound(odom: Odom) -> bool:
    """Whether an odometry's numbers can be computed with."""
    place = (odom.x_m, odom.y_m, odom.yaw_rad)
    return is_sound(place=place, twist=(odom.vx_mps, odom.wz_radps))


def pose_is_sound(pose: MapPose) -> bool:
    """Whether a map pose's numbers can be computed with."""
    return is_sound(place=(pose.x_m, pose.y_m, pose.yaw_rad))


def _late(
    message: Stamped, now_ns: int, timeout_s: float, params: Params, causes: tuple[Cause, Cause]
) -> Cause | None:
    """The causes name what is too old and what comes from the future."""
    stale, future = causes
    if message.stamp_age_s < -params.future_tolerance_s or message.arrival_ns > now_ns:
        return future
    return None if age_s(message, now_ns) <= timeout_s else stale
