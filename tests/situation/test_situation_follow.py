# SPDX-License-Identifier: Apache-2.0
"""Driving along a route: within the limits, slow where it must be, at a stand where it ends."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from situation_rooms import params_of
from situation_world import AMR, TB4, arc

from swarm_agent.situation.core import Tuning
from swarm_agent.situation.core.ease import (
    CREEP_MPS,
    FREE_M,
    NEAR_M,
    Near,
    ease,
    must_ease,
)
from swarm_agent.situation.core.follow import (
    DELAY_S,
    PERIOD_S,
    WARY_MPS,
    WARY_S,
    Drive,
    Errand,
    Speeds,
    back_out,
    braking_speed,
    face,
    look_around,
    pursue,
    ramped,
    stand,
    turn_rate,
    warned,
)
from swarm_agent.situation.core.route import Route, locate, resampled
from swarm_agent.situation.core.se2 import distance, wrap
from swarm_agent.situation.core.state import footing_of, initial

TUNING = Tuning()
LAWLESS = footing_of(initial(params_of()))
BODIES = st.sampled_from([AMR, TB4])
speeds = st.builds(Speeds, vx_mps=st.floats(-0.46, 0.46), wz_radps=st.floats(-1.8, 1.8))


def route_of(*corners, margin=0.5) -> Route:
    x, y, s = resampled(corners)
    return Route(x=tuple(x), y=tuple(y), s=tuple(s), margin=(margin,) * len(x))


def drive_along(route, pose, *, body=AMR, ticks=300, factor=1.0, stop_s_m=math.inf):
    """Poses and drives until it stands, the wheels doing what they are told."""
    drive, s_m, track = Drive(), 0.0, [(pose, Drive())]
    for _ in range(ticks):
        progress = locate(route, pose, s_m)
        s_m = progress.s_m
        errand = Errand(route=route, progress=progress, stop_s_m=stop_s_m, factor=factor)
        drive = pursue(drive, errand, pose, body, TUNING)
        pose = arc(pose, drive.last.vx_mps * PERIOD_S, drive.last.wz_radps * PERIOD_S)
        track.append((pose, drive))
        if drive.last == Speeds() and len(track) > 5:
            break
    return track


def top_speed(track) -> float:
    return max(drive.last.vx_mps for _, drive in track)


def test_a_long_straight_is_driven_at_full_speed_and_ended_at_its_end():
    track = drive_along(route_of((0.0, 0.0), (6.0, 0.0)), (0.0, 0.0, 0.0))
    assert top_speed(track) == pytest.approx(AMR.max_speed_mps, abs=0.05)
    end, last = track[-1]
    assert last.last == Speeds()
    assert distance(end, (6.0, 0.0)) < 0.08
    assert max(pose[0] for pose, _ in track) < 6.05


@pytest.mark.parametrize('stop_m', [0.5, 1.5, 4.0])
def test_the_robot_stands_where_right_of_way_lets_it_drive_no_farther(stop_m):
    track = drive_along(route_of((0.0, 0.0), (6.0, 0.0)), (0.0, 0.0, 0.0), stop_s_m=stop_m)
    assert track[-1][1].last == Speeds()
    assert max(pose[0] for pose, _ in track) <= stop_m + 0.01
    assert track[-1][0][0] > stop_m - 0.1


def test_a_share_of_the_speed_is_not_exceeded():
    track = drive_along(route_of((0.0, 0.0), (6.0, 0.0)), (0.0, 0.0, 0.0), factor=0.3)
    assert top_speed(track) == pytest.approx(0.3 * AMR.max_speed_mps, abs=0.01)


def test_a_share_of_nothing_is_a_stand():
    track = drive_along(route_of((0.0, 0.0), (6.0, 0.0)), (0.0, 0.0, 0.0), factor=0.0, ticks=20)
    assert top_speed(track) == 0.0


def test_a_route_behind_the_robot_is_faced_before_it_is_driven():
    track = drive_along(route_of((0.0, 0.0), (-3.0, 0.0)), (0.0, 0.0, 0.0))
    assert all(
        drive.last.vx_mps == 0.0 for pose, drive in track if abs(wrap(pose[2] - math.pi)) > 1.0
    )
    assert distance(track[-1][0], (-3.0, 0.0)) < 0.1


def test_a_narrow_place_is_passed_slowly():
    slow = drive_along(route_of((0.0, 0.0), (4.0, 0.0), margin=0.02), (0.0, 0.0, 0.0))
    assert top_speed(slow) < 0.35
    assert distance(slow[-1][0], (4.0, 0.0)) < 0.1


def test_a_robot_that_reflexes_held_back_goes_on_slowly_for_a_while():
    route, pose, drive, told = route_of((0.0, 0.0), (6.0, 0.0)), (0.0, 0.0, 0.0), Drive(), []
    for tick in range(80):
        drive = warned(drive, held_back=tick == 0)
        progress = locate(route, pose, 0.0)
        errand = Errand(route=route, progress=progress, stop_s_m=9.0, factor=1.0)
        drive = pursue(drive, errand, pose, AMR, TUNING)
        pose = arc(pose, drive.last.vx_mps * PERIOD_S, drive.last.wz_radps * PERIOD_S)
        told.append(drive.last.vx_mps)
    wary = round(WARY_S / PERIOD_S)
    assert max(told[:wary]) == pytest.approx(WARY_MPS)
    assert max(told[wary:]) > 0.9


def test_a_bend_is_slower_than_a_straight_and_not_cut_by_much():
    corner = route_of((0.0, 0.0), (3.0, 0.0), (3.0, 3.0))
    track = drive_along(corner, (0.0, 0.0, 0.0))
    entering = [drive.last.vx_mps for pose, drive in track if pose[0] > 2.6 and pose[1] < 0.1]
    assert top_speed(track) > 0.9
    assert max(entering) < 0.6
    assert distance(track[-1][0], (3.0, 3.0)) < 0.1
    assert max(locate(corner, pose, 0.0, 99.0).off_m for pose, _ in track) < 0.25


@given(
    corners=st.lists(
        st.tuples(st.floats(-4, 4), st.floats(-4, 4)), min_size=2, max_size=5, unique=True
    ),
    pose=st.tuples(st.floats(-4, 4), st.floats(-4, 4), st.floats(-math.pi, math.pi)),
    last=speeds,
    factor=st.floats(0.0, 1.0),
    margin=st.floats(-1.0, 3.0),
    stop_s_m=st.one_of(st.just(math.inf), st.floats(-5.0, 20.0)),
    body=BODIES,
    turning=st.booleans(),
)
@settings(max_examples=150)
def test_no_command_exceeds_the_limits_of_speed_and_acceleration(
    *, corners, pose, last, factor, margin, stop_s_m, body, turning
):
    route = route_of(*corners, margin=margin)
    errand = Errand(
        route=route, progress=locate(route, pose, 0.0), stop_s_m=stop_s_m, factor=factor
    )
    now = pursue(Drive(last=last, turning=turning), errand, pose, body, TUNING).last
    assert abs(now.vx_mps) <= body.max_speed_mps
    assert abs(now.wz_radps) <= body.max_yaw_rate_radps
    change = max(body.max_accel_mps2, body.max_decel_mps2) * PERIOD_S
    assert abs(now.vx_mps - last.vx_mps) <= change + 1e-9
    assert abs(now.wz_radps - last.wz_radps) <= body.max_yaw_accel_radps2 * PERIOD_S + 1e-9


@given(last=speeds, vx=st.floats(-3.0, 3.0), wz=st.floats(-5.0, 5.0), body=BODIES)
def test_a_ramp_reaches_what_is_wanted_as_far_as_the_robot_can_and_stays_there(last, vx, wz, body):
    drive = Drive(last=last)
    for _ in range(60):
        drive = ramped(drive, Speeds(vx_mps=vx, wz_radps=wz), body, turning=False)
    top, twist = body.max_speed_mps, body.max_yaw_rate_radps
    assert drive.last.vx_mps == pytest.approx(max(-top, min(top, vx)), abs=1e-9)
    assert drive.last.wz_radps == pytest.approx(max(-twist, min(twist, wz)), abs=1e-9)


def test_braking_may_be_sharper_than_speeding_up():
    up = ramped(Drive(), Speeds(vx_mps=1.0), AMR, turning=False).last.vx_mps
    fast = Drive(last=Speeds(vx_mps=1.0))
    down = 1.0 - ramped(fast, Speeds(), AMR, turning=False).last.vx_mps
    assert up == pytest.approx(AMR.max_accel_mps2 * PERIOD_S)
    assert down == pytest.approx(AMR.max_decel_mps2 * PERIOD_S)


@given(left_m=st.floats(0.02, 10.0), body=BODIES)
def test_from_its_braking_speed_a_robot_comes_to_stand_in_time(left_m, body):
    speed = braking_speed(left_m, body, TUNING)
    slow = TUNING.brake_share * body.max_decel_mps2
    assert speed * DELAY_S + speed * speed / (2.0 * slow) <= max(left_m, 0.03) + 1e-6
    assert speed >= 0.03


@given(error=st.floats(-math.pi, math.pi), body=BODIES)
def test_a_turn_goes_the_short_way_within_the_yaw_rate(error, body):
    rate = turn_rate(error, body)
    assert abs(rate) <= body.max_yaw_rate_radps
    assert rate * error >= 0.0


@pytest.mark.parametrize('error', [-3.0, -0.5, 0.2, 1.5])
def test_a_turn_in_place_ends_at_the_yaw_without_overshoot(error):
    drive, left = Drive(), error
    lefts = []
    for _ in range(100):
        drive = face(drive, left, AMR)
        left -= drive.last.wz_radps * PERIOD_S
        lefts.append(left * math.copysign(1.0, error))
    assert abs(left) < 0.05
    assert min(lefts) > -0.08


def test_standing_looking_and_backing_out_keep_to_the_ramps():
    fast = Drive(last=Speeds(vx_mps=0.5))
    assert stand(fast, AMR).last.vx_mps == pytest.approx(0.38)
    assert look_around(Drive(), 0.9, AMR).last.wz_radps == pytest.approx(0.3)
    assert back_out(Drive(), AMR).last.vx_mps == pytest.approx(-0.08)


def near(away_m, bearing_rad=0.0) -> Near:
    if away_m == math.inf:
        return Near(x=np.zeros(0), y=np.zeros(0))
    x, y = away_m * math.cos(bearing_rad), away_m * math.sin(bearing_rad)
    return Near(x=np.array([x]), y=np.array([y]))


def seen(points, pose) -> Near:
    """Points of the world, complex x + iy [m], as seen from a pose."""
    local = (points - complex(pose[0], pose[1])) * np.exp(-1j * pose[2])
    return Near(x=local.real, y=local.imag)


def test_a_robot_held_back_by_something_near_eases_off_until_it_is_free():
    tight, freed = AMR.radius_m + NEAR_M - 0.01, AMR.radius_m + FREE_M + 0.01
    assert must_ease(Drive(), near(tight), AMR, held_back=True)
    assert not must_ease(Drive(), near(tight), AMR, held_back=False)
    assert must_ease(Drive(easing=True), near(tight + 0.015), AMR, held_back=False)
    assert not must_ease(Drive(easing=True), near(freed), AMR, held_back=True)
    assert not must_ease(Drive(), near(math.inf), AMR, held_back=True)


def test_easing_backs_away_from_a_wall_ahead_and_creeps_from_one_behind():
    drive = Drive()
    for _ in range(10):
        drive = ease(drive, near(0.3, math.pi), 0.0, AMR, LAWLESS)
    assert drive.last == Speeds(vx_mps=CREEP_MPS)
    assert drive.easing
    for _ in range(10):
        drive = ease(drive, near(0.3, -0.05), math.pi - 0.05, AMR, LAWLESS)
    assert drive.last.vx_mps == pytest.approx(-CREEP_MPS)


@given(y_m=st.floats(-0.015, 0.015), yaw=st.floats(-0.5, 0.5), seed=st.integers(0, 999))
def test_between_two_walls_a_robot_eases_along_them_instead_of_shaking(y_m, yaw, seed):
    line = np.arange(-2.0, 2.0, 0.02)
    half = AMR.radius_m + 0.075
    walls = np.concatenate([line + 1j * half, line - 1j * half])
    jitter = np.random.default_rng(seed)
    pose, drive = (0.0, y_m, yaw), Drive(easing=True)
    for _ in range(100):
        noise = jitter.normal(0.0, 0.005, walls.size)
        wanted = -pose[2]
        drive = ease(drive, seen(walls + 1j * noise, pose), wanted, AMR, LAWLESS)
        heading = pose[2] + 0.1 * drive.last.wz_radps
        step = 0.1 * drive.last.vx_mps
        pose = (pose[0] + step * math.cos(heading), pose[1] + step * math.sin(heading), heading)
    assert pose[0] >= 0.4
    assert abs(pose[1]) < 0.06


@given(bearing_rad=st.floats(-math.pi, math.pi), wanted=st.floats(-math.pi, math.pi), last=speeds)
def test_easing_never_creeps_towards_the_nearest_thing(bearing_rad, wanted, last):
    drive = Drive()
    for _ in range(10):
        drive = ease(drive, near(0.3, bearing_rad), wanted, AMR, LAWLESS)
    creep = drive.last.vx_mps
    towards = math.cos(bearing_rad) * creep
    assert towards <= 0.01
    assert abs(creep) <= CREEP_MPS + 1e-9
