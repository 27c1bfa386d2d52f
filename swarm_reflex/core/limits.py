# SPDX-License-Identifier: Apache-2.0
"""Speed and acceleration limits. They only ever make a command smaller, and keep its curvature."""

import math
from dataclasses import dataclass

from swarm_reflex.core.types import Cause, Command, Params, RobotLimits

STANDING_MPS = 1e-6
"""A linear speed below this is none: the command is a rotation in place."""
MAX_STEP_S = 0.05
"""Longest tick over which speed may be gained [s]: a late tick buys no jump."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """A twist of the base and what made it smaller than the command."""

    vx_mps: float
    wz_radps: float
    causes: tuple[Cause, ...] = ()


STILL = Motion(vx_mps=0.0, wz_radps=0.0)


def within_limits(command: Command, robot: RobotLimits) -> Motion:
    """Scale a finite command into the robot's limits; one factor on both axes."""
    vx = command.vx_mps if abs(command.vx_mps) >= STANDING_MPS else 0.0
    wz = command.wz_radps
    speed_share = _share(vx, robot.max_speed_mps)
    yaw_share = _share(wz, robot.max_yaw_rate_radps)
    share = min(speed_share, yaw_share)
    if share == 1.0:
        return Motion(vx_mps=vx, wz_radps=wz)
    causes = [Cause.SPEED] if speed_share < 1.0 else []
    causes += [Cause.YAW_RATE] if yaw_share < 1.0 else []
    vx *= share
    return Motion(
        vx_mps=_clip(vx, robot.max_speed_mps) if abs(vx) >= STANDING_MPS else 0.0,
        wz_radps=_clip(wz * share, robot.max_yaw_rate_radps),
        causes=tuple(causes),
    )


def crept(wish: Motion, params: Params) -> Motion:
    """A wish at no more than creep speed, and turned no faster than the rim creeps."""
    rim_mps = abs(wish.wz_radps) * params.robot.radius_m
    share = min(_share(wish.vx_mps, params.creep_mps), _share(rim_mps, params.creep_mps))
    if share == 1.0:
        return wish
    return Motion(
        vx_mps=wish.vx_mps * share,
        wz_radps=wish.wz_radps * share,
        causes=(Cause.TIER, *wish.causes),
    )


def gained(motion: Motion, last: Motion, step_s: float, robot: RobotLimits) -> Motion:
    """Let the wish be reached no faster than the accelerations allow, from the last output.

    Braking is never delayed, and a wish of the other sign starts from zero. Speed is gained only
    as fast as yaw can follow on the same arc; but for yaw's sake no speed is lost.
    """
    step_s = min(step_s, MAX_STEP_S)
    causes = list(motion.causes)
    most_wz = _start(motion.wz_radps, last.wz_radps) + robot.max_yaw_accel_radps2 * step_s
    kept_vx = min(_start(motion.vx_mps, last.vx_mps), abs(motion.vx_mps))
    most_vx = kept_vx + robot.max_accel_mps2 * step_s
    if abs(motion.wz_radps) > most_wz:
        followed_vx = abs(motion.vx_mps) * (most_wz / abs(motion.wz_radps))
        most_vx = min(most_vx, max(kept_vx, followed_vx))
    vx = _clip(motion.vx_mps, most_vx)
    wish_wz = motion.wz_radps
    if vx != motion.vx_mps:
        causes.append(Cause.ACCELERATION)
        wish_wz *= vx / motion.vx_mps
    wz = _clip(wish_wz, most_wz)
    if wz != wish_wz:
        causes.append(Cause.YAW_ACCELERATION)
    return Motion(vx_mps=vx, wz_radps=wz, causes=tuple(causes))


def braked(last: Motion, step_s: float, robot: RobotLimits) -> Motion:
    """One step of a controlled stop from the last output, along its arc."""
    if last.vx_mps == 0.0:
        drop = robot.max_yaw_accel_radps2 * step_s
        return Motion(vx_mps=0.0, wz_radps=_shrunk(last.wz_radps, drop))
    vx = _shrunk(last.vx_mps, robot.max_decel_mps2 * step_s)
    return Motion(vx_mps=vx, wz_radps=last.wz_radps * (vx / last.vx_mps))


def capped(motion: Motion, wish: Motion) -> Motion:
    """A controlled stop, never faster than what is still wished, never against it."""
    vx = _same_sign_min(motion.vx_mps, wish.vx_mps)
    wz = _same_sign_min(motion.wz_radps, wish.wz_radps)
    return Motion(vx_mps=vx, wz_radps=wz)


def scaled(motion: Motion, speed_mps: float, *causes: Cause) -> Motion:
    """The same arc at a lower speed [m/s, positive]."""
    share = speed_mps / abs(motion.vx_mps)
    return Motion(
        vx_mps=motion.vx_mps * share,
        wz_radps=motion.wz_radps * share,
        causes=(*causes, *motion.causes),
    )


def _share(value: float, limit: float) -> float:
    return limit / abs(value) if abs(value) > limit else 1.0


def _clip(value: float, limit: float) -> float:
    return math.copysign(min(abs(value), limit), value)


def _start(wish: float, last: float) -> float:
    """Magnitude from which a wish is reached: that of the last output if it had the same sign."""
    return abs(last) if last * wish > 0.0 else 0.0


def _shrunk(value: float, drop: float) -> float:
    return math.copysign(max(0.0, abs(value) - drop), value) if abs(value) > drop else 0.0


def _same_sign_min(value: float, wish: float) -> float:
    return math.copysign(min(abs(value), abs(wish)), wish) if value * wish > 0.0 else 0.0
