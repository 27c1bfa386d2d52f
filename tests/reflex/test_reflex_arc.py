# SPDX-License-Identifier: Apache-2.0
"""Contact along an arc: never later than the truth, exact against a dense simulation."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from swarm_reflex.core.arc import between, compose, free_distance, seen_from, travelled

RADIUS_M = 0.34
coordinates = st.floats(-3.0, 3.0)
speeds = st.floats(0.05, 1.0) | st.floats(-1.0, -0.05)


def at(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, dtype=float).T


def dense_contact(point: tuple[float, float], vx: float, wz: float, length_m: float) -> float:
    """First contact by a dense sampling of the path."""
    times = np.arange(0.0, length_m, 1e-4) / abs(vx)
    yaw = wz * times
    if abs(wz) < 1e-9:
        x, y = vx * times, np.zeros_like(times)
    else:
        x, y = vx / wz * np.sin(yaw), vx / wz * (1.0 - np.cos(yaw))
    near = np.flatnonzero(np.hypot(point[0] - x, point[1] - y) < RADIUS_M)
    return float(times[near[0]] * abs(vx)) if near.size else math.inf


def test_point_straight_ahead_is_met_after_its_distance_less_the_radius():
    assert free_distance(at((1.0, 0.0)), 0.5, 0.0, RADIUS_M) == pytest.approx(0.66, abs=1e-12)


def test_point_behind_is_met_only_backwards():
    assert free_distance(at((-1.0, 0.0)), 0.5, 0.0, RADIUS_M) == math.inf
    assert free_distance(at((-1.0, 0.0)), -0.5, 0.0, RADIUS_M) == pytest.approx(0.66, abs=1e-12)


def test_point_beside_the_path_is_never_met():
    assert free_distance(at((1.0, 0.35)), 0.5, 0.0, RADIUS_M) == math.inf


def test_nearest_of_many_counts():
    points = at((2.0, 0.0), (1.0, 0.1), (0.5, 2.0))
    assert free_distance(points, 1.0, 0.0, RADIUS_M) == pytest.approx(
        1 - math.sqrt(0.34**2 - 0.01)
    )


def test_no_points_are_free():
    assert free_distance(np.empty((2, 0)), 1.0, 0.3, RADIUS_M) == math.inf


def test_point_behind_on_a_circle_is_met_after_nearly_a_turn():
    free_m = free_distance(at((-0.5, 0.1)), 1.0, 1.0, RADIUS_M)
    assert math.pi < free_m < 2.0 * math.pi


def test_point_at_the_centre_of_a_wide_turn_is_never_met():
    assert free_distance(at((0.0, 1.0)), 1.0, 1.0, RADIUS_M) == math.inf


def test_left_and_right_are_mirrored():
    left = free_distance(at((0.8, 0.4)), 1.0, 0.7, RADIUS_M)
    assert free_distance(at((0.8, -0.4)), 1.0, -0.7, RADIUS_M) == left


def test_forwards_and_backwards_are_mirrored():
    ahead = free_distance(at((0.8, 0.4)), 1.0, 0.7, RADIUS_M)
    assert free_distance(at((-0.8, 0.4)), -1.0, -0.7, RADIUS_M) == ahead


def test_nearly_straight_arc_agrees_with_the_straight_line():
    straight = free_distance(at((1.5, 0.1)), 1.0, 0.0, RADIUS_M)
    for wz in (1.1e-6, -1.1e-6, 0.9e-6):
        bent = free_distance(at((1.5, 0.1)), 1.0, wz, RADIUS_M)
        assert bent == pytest.approx(straight, abs=2e-6)


@given(coordinates, coordinates, speeds, st.floats(-2.0, 2.0))
@settings(max_examples=150, deadline=None)
def test_contact_agrees_with_dense_truth_and_is_never_later(
    x: float, y: float, vx: float, wz: float
) -> None:
    assume(math.hypot(x, y) > RADIUS_M + 1e-6)
    truth = dense_contact((x, y), vx, wz, 4.0)
    found = free_distance(at((x, y)), vx, wz, RADIUS_M)
    if math.isfinite(truth):
        assert truth - 1.1e-4 <= found <= truth + 1e-9
    else:
        # A graze shorter than the dense step may be found by the closed form alone.
        assert found > 3.9 or graze_depth((x, y), vx, wz) < 1e-6


def graze_depth(point: tuple[float, float], vx: float, wz: float) -> float:
    if abs(wz) < 1e-9:
        return RADIUS_M - abs(point[1])
    turn_m = vx / wz
    return RADIUS_M - abs(math.hypot(point[0], point[1] - turn_m) - abs(turn_m))


@given(speeds, st.floats(-2.0, 2.0), st.floats(0.0, 3.0))
@settings(max_examples=100, deadline=None)
def test_travelled_pose_is_on_the_arc(vx: float, wz: float, travel_m: float) -> None:
    x, y, yaw = travelled(vx, wz, travel_m)
    fine = [0.0, 0.0, 0.0]
    steps = 2000
    for _ in range(steps):
        step, turn = math.copysign(travel_m, vx) / steps, wz / abs(vx) * travel_m / steps
        fine[0] += step * math.cos(fine[2] + 0.5 * turn)
        fine[1] += step * math.sin(fine[2] + 0.5 * turn)
        fine[2] += turn
    assert (x, y, yaw) == pytest.approx(tuple(fine), abs=1e-3)


poses = st.tuples(coordinates, coordinates, st.floats(-3.0, 3.0))


@given(poses, poses)
@settings(max_examples=100, deadline=None)
def test_compose_undoes_between(
    start: tuple[float, float, float], end: tuple[float, float, float]
) -> None:
    x, y, yaw = compose(start, between(start, end))
    assert (x, y) == pytest.approx(end[:2], abs=1e-9)
    assert math.remainder(yaw - end[2], 2.0 * math.pi) == pytest.approx(0.0, abs=1e-9)


def test_points_are_seen_from_a_pose():
    seen = seen_from(at((1.0, 2.0)), (1.0, 1.0, math.pi / 2.0))
    assert seen[:, 0] == pytest.approx((1.0, 0.0))
