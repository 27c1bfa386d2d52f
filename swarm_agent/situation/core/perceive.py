# SPDX-License-Identifier: Apache-2.0
"""From odometry and scan to pose, room and seen floor."""

import math
from dataclasses import dataclass

import numpy as np

from swarm_agent.situation.core.consistency import Step, motion_step
from swarm_agent.situation.core.ease import Near
from swarm_agent.situation.core.heard_again import heard_after, without_bodies
from swarm_agent.situation.core.localise import localise, pose_at, rebased
from swarm_agent.situation.core.objects import DISTRUST_QUALITY, observe, peer_discs
from swarm_agent.situation.core.params import Body, Params
from swarm_agent.situation.core.room import updated
from swarm_agent.situation.core.scan import Points, decode
from swarm_agent.situation.core.se2 import Pose, between, wrap
from swarm_agent.situation.core.seen import look
from swarm_agent.situation.core.state import State
from swarm_agent.situation.core.types import Inputs, ReflexAction
from swarm_vault.replacing import replace

BEHIND_SHARE = 6
"""One sixth of the beams, centred on the back, tell whether the way behind is free."""
CLOSE_M = 0.5
"""What is farther from the body than this is not in the way of a creep [m]."""
PERIOD_S = 0.1
LEAP_M = 0.3
"""Odometry that moves farther than this at once, beside what the robot can drive, leapt [m]."""
LEAP_RAD = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What this decision perceived beside what went into the state."""

    speed_mps: float
    step: Step | None
    """The motion since the last decision; None at the first or without a scan."""
    free_behind: bool
    near: Near
    seen_new: int
    leap_m: float
    """How far the odometry leapt since the last decision [m]; 0 if it did not."""
    turned_rad: float
    """How far the robot has turned since the last decision, as the wheels say [rad]."""


def perceive(state: State, inputs: Inputs, params: Params) -> tuple[State, Sight]:
    """Take in odometry and scan."""
    points = _points(state, inputs, params)
    after, leap_m = _moved(state, inputs, params)
    if leap_m:
        points = None
    if points is not None:
        after = _scanned(after, points, inputs, params)
        after = replace(after, pose=_pose(after, inputs, params))
    sight = Sight(
        speed_mps=inputs.odom.vx_mps if inputs.odom is not None else 0.0,
        step=_step(state, after, inputs, params) if points is not None else None,
        free_behind=points is not None and _free_behind(points, params.body.radius_m),
        near=_near(points, params.body.radius_m),
        seen_new=after.seen.count - state.seen.count,
        leap_m=leap_m,
        turned_rad=0.0 if leap_m else _turned(state, after),
    )
    return after, sight


def _points(state: State, inputs: Inputs, params: Params) -> Points | None:
    if inputs.scan is None or inputs.odom is None:
        return None
    body = params.body
    return decode(inputs.scan.ranges, state.statics.beams, body.range_min_m, body.range_max_m)


def _moved(state: State, inputs: Inputs, params: Params) -> tuple[State, float]:
    """Predict by the wheels; if they leapt, by how far [m], and the robot stays where it was."""
    if inputs.odom is None:
        return state, 0.0
    before, now = state.pose_odom, inputs.odom.pose
    now_ns = inputs.now_ns - inputs.odom.age_ns
    step = between(before, now) if before is not None else (0.0, 0.0, 0.0)
    step_m = math.hypot(step[0], step[1])
    passed_s = (now_ns - state.moved_ns) * 1e-9
    state = replace(state, pose_odom=now, moved_ns=now_ns)
    if _leaps(step, passed_s, params.body):
        return replace(state, fix=rebased(state.fix, state.pose, now)), max(step_m, 0.001)
    state = replace(state, distance_m=state.distance_m + step_m)
    return replace(state, pose=_pose(state, inputs, params)), 0.0


def _leaps(step: Pose, passed_s: float, body: Body) -> bool:
    """Whether no robot of this kind can have moved so far in that time."""
    far_m = LEAP_M + 2.0 * body.max_speed_mps * max(0.0, passed_s)
    far_rad = LEAP_RAD + 2.0 * body.max_yaw_rate_radps * max(0.0, passed_s)
    return math.hypot(step[0], step[1]) > far_m or abs(step[2]) > far_rad


def _pose(state: State, inputs: Inputs, params: Params) -> tuple[float, float, float]:
    assert inputs.odom is not None
    return pose_at(state.fix, inputs.odom.pose, params.start)


def _scanned(state: State, points: Points, inputs: Inputs, params: Params) -> State:
    """Correct the pose by the scan, then enter the scan at that pose."""
    assert inputs.scan is not None
    statics, now_ns, tuning = state.statics, inputs.now_ns, params.tuning
    fix = localise(state.fix, points, inputs.scan.pose_odom, statics.field, params)
    pose = pose_at(fix, inputs.scan.pose_odom, params.start)
    layer, seen = state.layer, state.seen
    if fix.quality >= DISTRUST_QUALITY:
        bodies = peer_discs(inputs.peers, now_ns, tuning)
        layer = without_bodies(layer, state.heard, inputs.peers, now_ns, params)
        layer = observe(layer, statics.grid, points, pose, bodies, now_ns, tuning)
        seen = look(seen, statics.survey, points.ranges, pose)
    fits = fix.quality >= tuning.match_min_quality
    since = state.unfit_since_ns if state.unfit_since_ns >= 0 else now_ns
    return replace(
        state,
        fix=fix,
        layer=layer,
        heard=heard_after(state.heard, inputs.peers, now_ns, params),
        seen=seen,
        room=updated(state.room, statics.grid, layer),
        last_scan_ns=now_ns - inputs.scan.age_ns,
        unfit_since_ns=-1 if fits else since,
    )


def _step(before: State, after: State, inputs: Inputs, params: Params) -> Step | None:
    if before.pose_odom is None or after.pose_odom is None or before.fix.scans == 0:
        return None
    reflex = inputs.reflex
    told = before.drive.last
    return motion_step(
        (told.vx_mps * PERIOD_S, told.wz_radps * PERIOD_S),
        (before.pose_odom, after.pose_odom),
        (before.pose, after.pose),
        passed=reflex is not None and reflex.action in (ReflexAction.PASS, ReflexAction.LIMIT),
        trusted=after.fix.quality > 2.0 * params.tuning.match_min_quality,
    )


def _turned(before: State, after: State) -> float:
    if before.pose_odom is None or after.pose_odom is None:
        return 0.0
    return wrap(after.pose_odom[2] - before.pose_odom[2])


def _free_behind(points: Points, radius_m: float) -> bool:
    """Whether the beams to the back show room to drive out backwards."""
    half = points.ranges.size // (2 * BEHIND_SHARE)
    nearest = min(float(points.ranges[:half].min()), float(points.ranges[-half:].min()))
    return nearest > radius_m + 0.35


def _near(points: Points | None, radius_m: float) -> Near:
    """What is close to the body; nothing without a scan."""
    if points is None:
        return Near(x=np.zeros(0), y=np.zeros(0))
    close = points.reach <= radius_m + CLOSE_M
    return Near(x=points.x[close], y=points.y[close])
