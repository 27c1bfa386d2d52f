# SPDX-License-Identifier: Apache-2.0
"""What spares the ticks a look at all points changes nothing that they decide."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from reflex_world import AMR, BEAMS, PARAMS, odom_of, scan_of

from swarm_reflex.core.arc import nearest_m
from swarm_reflex.core.limits import Motion
from swarm_reflex.core.scan import look, points_now, surely_m
from swarm_reflex.core.zones import allowance

NOW = 10**9
PLACES = st.floats(-1e7, 1e7)
WAYS = st.floats(-2.0, 2.0)
YAWS = st.floats(-7.0, 7.0)
SEEDS = st.integers(0, 1000)


@given(PLACES, PLACES, YAWS, WAYS, WAYS, YAWS, SEEDS)
def test_no_return_is_nearer_than_the_distance_that_is_sure(x, y, yaw, dx, dy, turn, seed):
    ranges = np.random.default_rng(seed).uniform(0.3, 3.0, BEAMS)
    view = look(scan_of(ranges, NOW), None, odom_of(NOW, pose=(x, y, yaw)), PARAMS)
    here = (x + dx, y + dy, yaw + turn)
    assert view.points.size > 0
    assert surely_m(view, here) <= nearest_m(points_now(view, here))


def test_a_scan_of_nothing_near_is_sure_of_any_distance():
    view = look(scan_of(60.0, NOW), None, odom_of(NOW), PARAMS)
    assert surely_m(view, (1.0, 0.0, 0.0)) == math.inf


@given(st.floats(0.01, 1.0), st.floats(-2.0, 2.0), st.floats(0.0, 0.5), SEEDS)
def test_what_is_allowed_is_the_same_with_and_without_a_sure_distance(speed, rate, apart, seed):
    points = np.random.default_rng(seed).uniform(-3.0, 3.0, (2, 12))
    points *= (AMR.radius_m + apart) / nearest_m(points)
    motion = Motion(vx_mps=speed, wz_radps=rate)
    asked = points, motion, PARAMS.hard_margin_m, 0.1, PARAMS
    assert allowance(*asked, surely_m=nearest_m(points)) == allowance(*asked)
