# SPDX-License-Identifier: Apache-2.0
"""Where the robot is: drift is corrected by scans, and no scan carries it away."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from situation_rooms import (
    BEAM_DIRECTIONS,
    DOOR,
    RES_M,
    ROOM,
    first_state,
    params_of,
    points_at,
)
from situation_world import BEAMS, Rig, scan_bytes

from swarm_agent.situation.core import Tuning
from swarm_agent.situation.core.likelihood import REACH_M, make_field
from swarm_agent.situation.core.localise import Fix, localise, match, pose_at
from swarm_agent.situation.core.scan import decode
from swarm_agent.situation.core.se2 import (
    IDENTITY,
    between,
    compose,
    distance,
    inverse,
    wrap,
)

TRUE = (2.0, 1.7, 0.4)
TUNING = Tuning()
FIELD = first_state().statics.field
coordinates = st.floats(-20.0, 20.0)
poses = st.tuples(coordinates, coordinates, st.floats(-math.pi, math.pi))


def settled(map_odom) -> Fix:
    return Fix(map_odom=map_odom, last_odom=IDENTITY, quality=0.9, scans=50)


def corrected(map_odom, scans, points) -> Fix:
    fix = settled(map_odom)
    for _ in range(scans):
        fix = localise(fix, points, IDENTITY, FIELD, params_of())
    return fix


@given(a=poses, b=poses)
def test_between_undoes_compose(a, b):
    assert np.allclose(between(a, compose(a, b))[:2], b[:2], atol=1e-9)
    assert abs(wrap(between(a, compose(a, b))[2] - b[2])) < 1e-9
    assert distance(compose(a, inverse(a)), IDENTITY) < 1e-9


def test_the_field_measures_from_the_surface_of_a_wall():
    def distance_at(x_m, y_m):
        row = round((y_m - FIELD.origin_y_m) / RES_M - 0.5)
        col = round((x_m - FIELD.origin_x_m) / RES_M - 0.5)
        return FIELD.table[0, row * FIELD.cols + col]

    assert distance_at(0.325, 3.025) == pytest.approx(0.225)
    assert distance_at(0.075, 3.025) == pytest.approx(-0.025)
    assert distance_at(2.025, 3.025) == REACH_M


def test_a_map_without_walls_explains_nothing():
    empty = make_field(
        type(ROOM)(
            name='void',
            resolution_m=RES_M,
            origin_x_m=0.0,
            origin_y_m=0.0,
            occupied=np.zeros((20, 20), dtype=bool),
            free=np.ones((20, 20), dtype=bool),
        )
    )
    assert match(empty, points_at(TRUE), TRUE, 0.1, 0.1, TUNING).quality == 0.0


def test_scans_pull_a_drifted_pose_to_where_they_were_taken():
    drifted = (TRUE[0] + 0.09, TRUE[1] - 0.07, TRUE[2] + 0.05)
    fix = corrected(drifted, 40, points_at(TRUE))
    assert distance(fix.map_odom, TRUE) < 0.02
    assert abs(fix.map_odom[2] - TRUE[2]) < 0.01
    assert fix.quality > 0.95


def test_the_true_pose_is_a_fixed_point():
    fix = corrected(TRUE, 10, points_at(TRUE))
    assert distance(fix.map_odom, TRUE) < 0.01


def test_what_is_on_no_map_does_not_pull():
    box = [(3.2, 2.0, 0.4)]
    fix = corrected(TRUE, 30, points_at(TRUE, box))
    assert distance(fix.map_odom, TRUE) < 0.02


def test_what_a_corridor_cannot_tell_is_left_to_the_wheels():
    field = first_state('tube').statics.field
    points = points_at((6.0, 0.65, 0.0), floor='tube', range_max_m=3.0)
    found = match(field, points, (6.3, 0.70, 0.0), 0.05, 0.03, TUNING)
    assert found.pose[0] == pytest.approx(6.3, abs=0.002)
    assert found.pose[1] == pytest.approx(0.65, abs=0.02)


@given(
    off=st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.floats(-1.5, 1.5)),
    scans=st.sampled_from([1, 5, 50]),
)
@settings(max_examples=60)
def test_no_single_scan_moves_the_pose_farther_than_its_step(off, scans):
    guess = (TRUE[0] + off[0], TRUE[1] + off[1], wrap(TRUE[2] + off[2]))
    fix = Fix(map_odom=guess, last_odom=IDENTITY, quality=0.9, scans=scans)
    after = localise(fix, points_at(TRUE), IDENTITY, FIELD, params_of())
    assert distance(after.map_odom, guess) <= TUNING.match_max_step_m + 1e-9
    assert abs(wrap(after.map_odom[2] - guess[2])) <= TUNING.match_max_turn_rad + 1e-9
    assert all(map(math.isfinite, (*after.map_odom, after.quality)))


def test_the_surer_the_prediction_is_the_less_a_scan_moves_it():
    guess = (TRUE[0] + 0.08, TRUE[1], TRUE[2])
    moved = [
        distance(match(FIELD, points_at(TRUE), guess, spread_m, 0.03, TUNING).pose, guess)
        for spread_m in (0.005, 0.01, 0.2)
    ]
    assert moved == sorted(moved)
    assert moved[0] < 0.015
    assert moved[1] < 0.05
    assert moved[2] > 0.07


def test_a_scan_that_fits_nowhere_corrects_nothing():
    ring = scan_bytes(np.full(BEAMS, 0.7))
    points = decode(ring, BEAM_DIRECTIONS, 0.05, 25.0)
    fix = localise(settled(TRUE), points, IDENTITY, FIELD, params_of())
    assert fix.map_odom == pytest.approx(TRUE)
    assert fix.quality < TUNING.match_min_quality


def test_wheels_that_spin_on_the_spot_do_not_carry_the_pose_away():
    fix, points = settled(TRUE), points_at(TRUE)
    for k in range(1, 40):
        fix = localise(fix, points, (0.1 * k, 0.0, 0.0), FIELD, params_of())
        assert distance(compose(fix.map_odom, fix.last_odom), TRUE) < 0.4
    assert fix.quality > 0.8


@pytest.mark.parametrize('value', [0.0, np.inf])
def test_a_scan_without_a_return_corrects_nothing(value):
    points = decode(scan_bytes(np.full(BEAMS, value)), BEAM_DIRECTIONS, 0.05, 25.0)
    fix = localise(settled(TRUE), points, IDENTITY, FIELD, params_of())
    assert fix.map_odom == TRUE
    assert fix.quality == 0.0


def test_a_scan_of_another_length_is_no_scan():
    good = scan_bytes(np.full(BEAMS, 2.0))
    for raw in (b'', good[:-2], good + b'\x00\x00', good[:-1]):
        assert decode(raw, BEAM_DIRECTIONS, 0.05, 25.0) is None


def test_decoding_keeps_measurements_and_tells_nothing_there_from_no_measurement():
    ranges = np.full(BEAMS, 2.0)
    ranges[:4] = (0.0, np.inf, 0.02, 30.0)
    points = decode(scan_bytes(ranges), BEAM_DIRECTIONS, 0.05, 25.0)
    assert points.ranges[:4].tolist() == [0.0, np.inf, 0.02, 30.0]
    assert points.reach.size == BEAMS - 4
    assert (points.x[BEAMS // 2 - 4], points.y[BEAMS // 2 - 4]) == pytest.approx((2.0, 0.0))


def test_the_first_scan_settles_a_start_that_was_put_down_inexactly():
    start = (TRUE[0] + 0.08, TRUE[1] + 0.05, TRUE[2] - 0.05)
    fix = localise(Fix(), points_at(TRUE), IDENTITY, FIELD, params_of(start=start))
    assert distance(pose_at(fix, IDENTITY, start), TRUE) < 0.04


def test_before_the_first_scan_the_robot_is_at_its_start():
    assert pose_at(Fix(), (5.0, 5.0, 1.0), TRUE) == TRUE


def test_the_frame_of_the_last_run_is_used_where_it_fits_better_than_the_start():
    odom = (0.5, 0.2, 0.1)
    saved = compose(TRUE, inverse(odom))
    elsewhere = params_of(start=(6.0, 5.0, 2.0), saved_map_odom=saved)
    fix = localise(Fix(), points_at(TRUE), odom, FIELD, elsewhere)
    assert distance(pose_at(fix, odom, TRUE), TRUE) < 0.03
    stale = params_of(start=TRUE, saved_map_odom=(4.0, 3.0, 1.0))
    fix = localise(Fix(), points_at(TRUE), odom, FIELD, stale)
    assert distance(pose_at(fix, odom, TRUE), TRUE) < 0.03


def test_drifting_wheels_do_not_lead_the_pose_astray():
    rig = Rig(ROOM, (1.5, 1.5, 0.0), drift=0.06, seed=4)
    assert rig.drive(rig.go_to(6.5, 1.5))
    assert rig.drive(rig.go_to(1.5, 4.5))
    astray = distance(compose((1.5, 1.5, 0.0), rig.wheels.pose), rig.pose)
    assert astray > 0.3
    assert max(error for error, _ in rig.errors) < 0.08


def test_a_robot_along_a_thin_wall_is_never_believed_behind_it():
    rig = Rig(DOOR, (3.4, 0.8, math.pi / 2), drift=0.08, seed=5)
    assert rig.drive(rig.go_to(3.4, 4.2))
    assert all(outputs.pose_map[0] < 3.9 for _, outputs in rig.records)
