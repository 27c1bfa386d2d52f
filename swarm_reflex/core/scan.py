# SPDX-License-Identifier: Apache-2.0
"""From a scan's bytes to the few points that the robot could reach before the next one.

All the work on 360 beams happens here, once a scan; the ticks in between see a handful of points.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from swarm_reflex.core.arc import Points, between, nearest_m, seen_from
from swarm_reflex.core.odometry import Pose, moment_ns, pose_at
from swarm_reflex.core.types import Cause, Odom, Params, Scan

NOTHING_THERE = 65535
"""Range code of a beam that came back from nowhere."""
_MIN_BEAMS = 8
_ROUNDING_M = 1e-6
"""More than a distance on this planet loses by being computed in two ways [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the newest scan showed."""

    points: Points
    """Returns within reach, in base_link at the moment of the scan [m], shape (2, points)."""
    nearest_m: float
    """Distance from base_link to the nearest of them [m]; inf if there is none."""
    anchor: Pose | None
    """Pose in the odom frame at the moment of the scan; None without odometry."""
    scan: Scan
    flaw: Cause | None
    """Why this scan cannot be trusted."""
    repeats: int
    """How many scans in a row had these very bytes, the first not counted."""
    fresh_anchor: Pose | None
    """Pose in the odom frame when these bytes came for the first time."""
    frame_id: str
    """Frame of the first scan."""


def look(scan: Scan, previous: View | None, odom: Odom | None, params: Params) -> View:
    """Take in a new scan; `odom` is the newest sound odometry, if any."""
    taken_ns = moment_ns(scan.arrival_ns, scan.stamp_age_s)
    anchor = pose_at(odom, taken_ns) if odom else None
    same = previous is not None and previous.scan.ranges_mm == scan.ranges_mm
    fresh_anchor = previous.fresh_anchor if previous and same else anchor
    repeats = previous.repeats + 1 if previous and same else 0
    ranges_mm = np.frombuffer(scan.ranges_mm[: len(scan.ranges_mm) // 2 * 2], dtype='<u2')
    flaw = _flaw(ranges_mm, scan, params)
    if _is_foreign(scan, previous, params):
        flaw = Cause.SCAN_FRAME
    if flaw is None and _is_frozen(repeats, fresh_anchor, anchor, params):
        flaw = Cause.SCAN_FROZEN
    points = _near_points(ranges_mm, scan, params) if flaw is None else np.empty((2, 0))
    return View(
        points=points,
        nearest_m=nearest_m(points),
        anchor=anchor,
        scan=scan,
        flaw=flaw,
        repeats=repeats,
        fresh_anchor=fresh_anchor,
        frame_id=previous.frame_id if previous else scan.frame_id,
    )


def reach_m(params: Params) -> float:
    """Distance from the lidar beyond which a return cannot matter before the next scan [m]."""
    robot = params.robot
    blind_s = params.scan_timeout_s + params.reaction_s
    brake_m = robot.max_speed_mps * (blind_s + 0.5 * robot.max_speed_mps / robot.max_decel_mps2)
    ahead_m = max(params.slow_distance_m, brake_m) + robot.max_speed_mps * params.scan_timeout_s
    offset_m = math.hypot(params.lidar_x_m, params.lidar_y_m)
    return robot.radius_m + params.hard_margin_m + ahead_m + offset_m


def _flaw(ranges_mm: NDArray[np.uint16], scan: Scan, params: Params) -> Cause | None:
    """Judge whether the scan shows enough all round to drive by."""
    beams = ranges_mm.size
    turn = abs(scan.angle_increment_rad) * beams
    if beams < _MIN_BEAMS or not math.isfinite(scan.angle_min_rad) or not 0.0 < turn <= 6.4:
        return Cause.SCAN_BLIND
    usable = np.flatnonzero(ranges_mm)
    if usable.size < max(1.0, params.min_usable_share * beams):
        return Cause.SCAN_BLIND
    if np.count_nonzero(ranges_mm[usable] != NOTHING_THERE) < params.min_returns:
        return Cause.SCAN_BLIND
    inner = int(np.diff(usable).max(initial=1)) - 1
    step = abs(scan.angle_increment_rad)
    outer = 2.0 * math.pi - float(usable[-1] - usable[0] + 1) * step
    return Cause.SCAN_BLIND if max(inner * step, outer) > params.max_blind_gap_rad else None


def _is_foreign(scan: Scan, previous: View | None, params: Params) -> bool:
    """Whether the scan is measured in another frame than the one that we know the place of."""
    if params.scan_frame or previous is None:
        return scan.frame_id != (params.scan_frame or scan.frame_id)
    return scan.frame_id != previous.frame_id


def _is_frozen(repeats: int, first: Pose | None, now: Pose | None, params: Params) -> bool:
    """Whether the robot moved while the scan, noise and all, stayed the same to the last bit."""
    if repeats < 2 or first is None or now is None:
        return False
    dx, dy, turn = between(first, now)
    return math.hypot(dx, dy) + params.robot.radius_m * abs(turn) > params.frozen_travel_m


@lru_cache(maxsize=4)
def _directions(beams: int, first_rad: float, step_rad: float) -> NDArray[np.float64]:
    """Unit vectors of the beams in the base frame, shape (2, beams)."""
    angles = first_rad + step_rad * np.arange(beams)
    return np.array((np.cos(angles), np.sin(angles)))


def _near_points(ranges_mm: NDArray[np.uint16], scan: Scan, params: Params) -> Points:
    reach_mm = min(NOTHING_THERE - 1, math.ceil(reach_m(params) * 1e3))
    near = np.flatnonzero((ranges_mm != 0) & (ranges_mm <= reach_mm))
    first_rad = scan.angle_min_rad + params.lidar_yaw_rad
    directions = _directions(ranges_mm.size, first_rad, scan.angle_increment_rad)
    points: Points = directions[:, near] * (ranges_mm[near] * 1e-3)
    return points + np.array(((params.lidar_x_m,), (params.lidar_y_m,)))


def surely_m(view: View, pose_odom_base: Pose) -> float:
    """A distance [m] that all returns still have: what was driven since may have been towards one.

    It spares the ticks between two scans a look at all points when none of them is near.
    """
    assert view.anchor is not None, 'the scan has no odometry: refused before'
    return view.nearest_m - math.dist(view.anchor[:2], pose_odom_base[:2]) - _ROUNDING_M


def points_now(view: View, pose_odom_base: Pose) -> Points:
    """The scan's returns as seen from where the robot is now (Nav2 calls it base shift)."""
    assert view.anchor is not None, 'the scan has no odometry: refused before'
    shift = between(view.anchor, pose_odom_base)
    return view.points if shift == (0.0, 0.0, 0.0) else seen_from(view.points, shift)
