# SPDX-License-Identifier: Apache-2.0
"""Where the robot is: odometry, held to the map by matching each scan.

Levenberg-damped Gauss-Newton on the distances of the scan's end points to the map's surfaces, with
a redescending kernel, so that what is on no map does not pull; the odometry's prediction is a
prior, so that what a corridor cannot tell is left to the wheels.
"""

import math
from dataclasses import dataclass

import numpy as np

from swarm_agent.situation.core.arrays import Floats
from swarm_agent.situation.core.likelihood import LikelihoodField
from swarm_agent.situation.core.params import Params, Tuning
from swarm_agent.situation.core.scan import Points
from swarm_agent.situation.core.se2 import IDENTITY, Pose, between, compose, inverse, wrap
from swarm_vault.replacing import replace

ITERATIONS = 8
EXPLAINED_M = 0.15
SETTLING_SCANS = 10
"""Scans after the start within which the start pose may be off by more than the wheels' error."""

DRIVEN_M = 0.02
WELL_EXPLAINED = 0.95
"""With a smaller share of explained beams it is asked whether the robot has moved at all."""
CLEARLY = 0.05
"""By how much the answer that it has not must fit better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What is known of the robot's place."""

    map_odom: Pose = IDENTITY
    last_odom: Pose = IDENTITY
    """Pose in the odom frame at the last scan."""
    quality: float = 0.0
    """Share of beams that the map explains."""
    scans: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A pose fitted to a scan."""

    pose: Pose
    quality: float


def localise(
    fix: Fix, points: Points, pose_odom: Pose, field: LikelihoodField, params: Params
) -> Fix:
    """Correct the odom frame's pose in the map by one scan.

    Where the scan fits badly although the wheels have turned, they may have slipped: the place of
    the last scan is tried as well.
    """
    if fix.scans == 0:
        return _first_fix(points, pose_odom, field, params)
    step = between(fix.last_odom, pose_odom)
    settling = fix.scans < SETTLING_SCANS
    driven_m = math.hypot(step[0], step[1])
    spread_m = 0.05 if settling else 0.004 + 0.1 * driven_m
    spread_rad = 0.03 if settling else 0.003 + 0.1 * (abs(step[2]) + driven_m)
    guess = compose(fix.map_odom, pose_odom)
    found = match(field, points, guess, spread_m, spread_rad, params.tuning)
    pose = _bounded(guess, found, params.tuning)
    if driven_m > DRIVEN_M and found.quality < WELL_EXPLAINED:
        before = compose(fix.map_odom, fix.last_odom)
        stood = match(field, points, before, 0.05, 0.03, params.tuning)
        if stood.quality > found.quality + CLEARLY:
            found, pose = stood, _bounded(before, stood, params.tuning)
    return Fix(
        map_odom=compose(pose, inverse(pose_odom)),
        last_odom=pose_odom,
        quality=found.quality,
        scans=fix.scans + 1,
    )


def _first_fix(points: Points, pose_odom: Pose, field: LikelihoodField, params: Params) -> Fix:
    """Take the start pose, or the frame of the node's last run where it fits the scan better."""
    guesses = [params.start]
    if params.saved_map_odom is not None:
        guesses.insert(0, compose(params.saved_map_odom, pose_odom))
    found = [match(field, points, guess, 0.1, 0.1, params.tuning) for guess in guesses]
    best = max(found, key=lambda each: each.quality)
    return Fix(
        map_odom=compose(best.pose, inverse(pose_odom)),
        last_odom=pose_odom,
        quality=best.quality,
        scans=1,
    )


def pose_at(fix: Fix, pose_odom: Pose, start: Pose) -> Pose:
    """Pose in the map for a pose in the odom frame; the start pose before the first scan."""
    return compose(fix.map_odom, pose_odom) if fix.scans else start


def match(
    field: LikelihoodField,
    points: Points,
    guess: Pose,
    spread_m: float,
    spread_rad: float,
    tuning: Tuning,
) -> Match:
    """Fit a pose to a scan, starting from a guess.

    Args:
        field: Distances to the map's surfaces.
        points: The scan.
        guess: Predicted pose, map frame.
        spread_m: How far off the prediction may well be [m].
        spread_rad: Likewise [rad].
        tuning: Kernel and noise.
    """
    if points.x.size == 0:
        return Match(pose=guess, quality=0.0)
    beam = 1.0 / (tuning.match_noise_m * tuning.match_noise_m)
    held = (1.0 / spread_m**2, 1.0 / spread_m**2, 1.0 / spread_rad**2)
    pose, residual = guess, np.empty(0)
    for _ in range(ITERATIONS):
        residual, normal = _linearise(field, points, pose, tuning.match_kernel_m)
        step = _solve(
            normal, beam, held, (pose[0] - guess[0], pose[1] - guess[1], wrap(pose[2] - guess[2]))
        )
        pose = (pose[0] + step[0], pose[1] + step[1], wrap(pose[2] + step[2]))
        if abs(step[0]) + abs(step[1]) < 0.0005 and abs(step[2]) < 0.0002:
            break
    explained = np.count_nonzero(np.abs(residual) < EXPLAINED_M)
    return Match(pose=pose, quality=int(explained) / points.x.size)


def _linearise(
    field: LikelihoodField, points: Points, pose: Pose, kernel_m: float
) -> tuple[Floats, Floats]:
    """Residuals [m], shape (hits,), and weighted sums of J J' | J r, shape (3, 4)."""
    cos, sin = math.cos(pose[2]), math.sin(pose[2])
    x = cos * points.x - sin * points.y
    y = sin * points.x + cos * points.y
    col_f = (x + (pose[0] - field.origin_x_m)) * field.per_m
    row_f = (y + (pose[1] - field.origin_y_m)) * field.per_m
    col = np.maximum(np.minimum(col_f, field.cols - 1), 0.0).astype(np.int64)
    row = np.maximum(np.minimum(row_f, field.rows - 1), 0.0).astype(np.int64)
    near, along_x, along_y = field.table.take(row * field.cols + col, axis=1)
    residual = near + along_x * (col_f - col - 0.5) + along_y * (row_f - row - 0.5)
    weight = 1.0 / (1.0 + (residual / kernel_m) ** 2)
    weight *= weight
    lines = np.empty((4, x.size))
    np.multiply(along_x, field.per_m, out=lines[0])
    np.multiply(along_y, field.per_m, out=lines[1])
    np.multiply(along_y * x - along_x * y, field.per_m, out=lines[2])
    lines[3] = residual
    products = lines[:3, None, :] * (lines * weight)[None, :, :]
    return residual, np.add.reduce(products, axis=2)


def _solve(
    normal: Floats, beam: float, held: tuple[float, float, float], off: tuple[float, float, float]
) -> tuple[float, float, float]:
    """The Gauss-Newton step, with the prior's pull back to the prediction; Cramer's rule."""
    (a, b, c, p), (_, d, e, q), (_, _, f, r) = ([v * beam for v in row] for row in normal.tolist())
    a, d, f = a + held[0], d + held[1], f + held[2]
    p, q, r = (-p - held[0] * off[0], -q - held[1] * off[1], -r - held[2] * off[2])
    m0, m1, m2 = d * f - e * e, c * e - b * f, b * e - c * d
    m3, m4, m5 = a * f - c * c, b * c - a * e, a * d - b * b
    scale = 1.0 / (a * m0 + b * m1 + c * m2)
    return (
        (m0 * p + m1 * q + m2 * r) * scale,
        (m1 * p + m3 * q + m4 * r) * scale,
        (m2 * p + m4 * q + m5 * r) * scale,
    )


def _bounded(guess: Pose, found: Match, tuning: Tuning) -> Pose:
    """The fitted pose, at most one allowed step from the prediction; that, if the fit is poor."""
    if found.quality < tuning.match_min_quality:
        return guess
    dx, dy = found.pose[0] - guess[0], found.pose[1] - guess[1]
    turn = wrap(found.pose[2] - guess[2])
    share = min(1.0, tuning.match_max_step_m / max(math.hypot(dx, dy), 1e-9))
    limit = tuning.match_max_turn_rad
    return (
        guess[0] + share * dx,
        guess[1] + share * dy,
        wrap(guess[2] + max(-limit, min(limit, turn))),
    )


def rebased(fix: Fix, pose: Pose, pose_odom: Pose) -> Fix:
    """The fix after the odometry began anew at a pose of its own: the robot is where it was."""
    if fix.scans == 0:
        return fix
    return replace(fix, map_odom=compose(pose, inverse(pose_odom)), last_odom=pose_odom)
