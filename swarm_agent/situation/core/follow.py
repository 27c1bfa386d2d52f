# SPDX-License-Identifier: Apache-2.0
"""Drive along a route with a differential drive: pure pursuit, as fast as bends and room allow."""

import math
from dataclasses import dataclass

from swarm_agent.situation.core.params import Body, Tuning
from swarm_agent.situation.core.route import Progress, Route, point_at
from swarm_agent.situation.core.se2 import Pose, bearing, distance, wrap
from swarm_vault.replacing import replace

PERIOD_S = 0.1
"""Time between decisions [s]; the speeds may change by one period's acceleration."""
DELAY_S = 0.15
"""From the pose to the wheels [s]; counted on when braking."""
WARY_S = 3.0
"""So long after the reflexes held it back a robot drives slowly [s]."""
WARY_MPS = 0.2
"""How slowly [m/s]: so fast the reflexes let a robot pass between things close by."""
ALIGNED_RAD = 0.25
"""Heading error at which a turn in place ends [rad]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """A command for the body."""

    vx_mps: float = 0.0
    wz_radps: float = 0.0


STAND = Speeds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """What the follower remembers."""

    last: Speeds = STAND
    turning: bool = False
    """A turn in place is under way."""
    easing: bool = False
    """The robot creeps away from something inside the reflexes' margin."""
    wary_s: float = 0.0
    """How long it still drives slowly, as the reflexes stopped it for something near [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A route to be followed."""

    route: Route
    progress: Progress
    """Where along it the robot is."""
    stop_s_m: float
    """Way from the route's start at which the robot must stand [m]."""
    factor: float
    """Share of top speed that is allowed, 0 to 1."""


def pursue(drive: Drive, errand: Errand, pose: Pose, body: Body, tuning: Tuning) -> Drive:
    """Speeds along a route.

    Args:
        drive: What was commanded last.
        errand: The route and how far to follow it.
        pose: Of the robot, map frame.
        body: Limits.
        tuning: Lookahead and braking.
    """
    route, progress = errand.route, errand.progress
    left_m = min(errand.stop_s_m, route.length_m) - progress.s_m
    ahead_m = _lookahead(route, progress, drive.last.vx_mps, tuning)
    target = point_at(route, progress.s_m + ahead_m)
    error = bearing(pose, target)
    turning = abs(error) > (ALIGNED_RAD if drive.turning else tuning.turn_in_place_rad)
    if left_m < 0.02:
        return ramped(drive, STAND, body, turning=False)
    if turning:
        return ramped(drive, Speeds(wz_radps=turn_rate(error, body)), body, turning=True)
    speed = min(
        body.max_speed_mps * errand.factor,
        braking_speed(left_m, body, tuning),
        _roomy_speed(route, progress, drive.last.vx_mps),
        _bend_speed(errand, pose, drive.last.vx_mps, body, tuning),
        WARY_MPS if drive.wary_s > 0.0 else math.inf,
    )
    reach = max(distance(pose, target), 0.15)
    curvature = 2.0 * math.sin(error) / reach
    speed = min(speed, 0.8 * body.max_yaw_rate_radps / max(abs(curvature), 1e-6))
    return ramped(drive, Speeds(vx_mps=speed, wz_radps=speed * curvature), body, turning=False)


def _lookahead(route: Route, progress: Progress, speed_mps: float, tuning: Tuning) -> float:
    """Distance of the pursued point: the faster the farther, in narrow places nearer [m]."""
    reach = tuning.lookahead_m + tuning.lookahead_s * max(0.0, speed_mps)
    margin = min(route.margin[max(0, progress.index - 1) : progress.index + 4], default=0.0)
    return min(reach, tuning.lookahead_m + max(0.0, margin))


def braking_speed(left_m: float, body: Body, tuning: Tuning) -> float:
    """The speed from which the robot comes to stand within a distance [m/s]."""
    slow = tuning.brake_share * body.max_decel_mps2
    lag = slow * DELAY_S
    return max(0.03, math.sqrt(lag * lag + 2.0 * slow * max(0.0, left_m)) - lag)


def turn_rate(error_rad: float, body: Body) -> float:
    """Yaw rate that turns an error away without overshoot [rad/s]."""
    slow = 0.5 * body.max_yaw_accel_radps2
    lag = slow * DELAY_S
    rate = math.sqrt(lag * lag + 2.0 * slow * abs(error_rad)) - lag
    return math.copysign(min(0.85 * body.max_yaw_rate_radps, rate), error_rad)


def _roomy_speed(route: Route, progress: Progress, speed_mps: float) -> float:
    """Slow where the body passes close by something in the next second."""
    first = max(0, progress.index - 1)
    last = progress.index + 2 + int(8.0 * max(0.0, speed_mps))
    margin = min(route.margin[first:last], default=0.0)
    return 0.25 + 3.0 * max(0.0, margin)


def _bend_speed(errand: Errand, pose: Pose, speed_mps: float, body: Body, tuning: Tuning) -> float:
    """Slow in time for a bend: the sharper the turn within braking distance, the slower."""
    route, progress = errand.route, errand.progress
    slow = tuning.brake_share * body.max_decel_mps2
    brake_m = speed_mps * speed_mps / (2.0 * slow) + speed_mps * DELAY_S
    near = point_at(route, progress.s_m + 0.2 + brake_m)
    far = point_at(route, progress.s_m + 0.6 + brake_m)
    if distance(near, far) < 0.05:
        return body.max_speed_mps
    turn = abs(wrap(math.atan2(far[1] - near[1], far[0] - near[0]) - pose[2]))
    share = 1.0 - min(1.0, max(0.0, (turn - 0.35) / 1.0))
    return body.max_speed_mps * (0.3 + 0.7 * share)


def warned(drive: Drive, *, held_back: bool) -> Drive:
    """Be wary from the moment on at which the reflexes held the robot back, for a while."""
    left_s = WARY_S if held_back else max(0.0, drive.wary_s - PERIOD_S)
    return replace(drive, wary_s=left_s)


def ramped(drive: Drive, wanted: Speeds, body: Body, *, turning: bool) -> Drive:
    """The wanted speeds as far as accelerations allow within one period."""
    up, down = body.max_accel_mps2 * PERIOD_S, body.max_decel_mps2 * PERIOD_S
    last = drive.last
    step = wanted.vx_mps - last.vx_mps
    rising = step * (1.0 if last.vx_mps + step >= 0.0 else -1.0) > 0.0
    limit = up if rising else down
    twist = body.max_yaw_accel_radps2 * PERIOD_S
    turn = wanted.wz_radps - last.wz_radps
    vx = last.vx_mps + max(-limit, min(limit, step))
    wz = last.wz_radps + max(-twist, min(twist, turn))
    return Drive(last=_within(vx, wz, body), turning=turning, wary_s=drive.wary_s)


def _within(vx: float, wz: float, body: Body) -> Speeds:
    top, twist = body.max_speed_mps, body.max_yaw_rate_radps
    return Speeds(vx_mps=max(-top, min(top, vx)), wz_radps=max(-twist, min(twist, wz)))


def face(drive: Drive, yaw_error_rad: float, body: Body) -> Drive:
    """Turn in place towards a yaw."""
    return ramped(drive, Speeds(wz_radps=turn_rate(yaw_error_rad, body)), body, turning=False)


def look_around(drive: Drive, rate_radps: float, body: Body) -> Drive:
    """Turn in place at a rate."""
    return ramped(drive, Speeds(wz_radps=rate_radps), body, turning=False)


def back_out(drive: Drive, body: Body) -> Drive:
    """Drive slowly backwards."""
    return ramped(drive, Speeds(vx_mps=-0.15), body, turning=False)


def stand(drive: Drive, body: Body) -> Drive:
    """Come to a stand within the limits."""
    return ramped(drive, STAND, body, turning=False)
