# SPDX-License-Identifier: Apache-2.0
"""The robot stops before contact, slows down in time, gets through and gets out."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reflex_world import AMR, PARAMS, Bench, Wall, World, odom_of, room

from swarm_reflex.core import Action, Cause, RobotLimits
from swarm_reflex.core.zones import stopping_speed

TB4 = replace(
    AMR,
    radius_m=0.171,
    max_speed_mps=0.46,
    max_yaw_rate_radps=1.9,
    max_accel_mps2=0.9,
    max_decel_mps2=0.9,
    max_yaw_accel_radps2=5.0,
)


def ahead(distance_m: float) -> np.ndarray:
    """Something straight ahead at this distance from the body; free elsewhere."""
    ranges = np.full(360, 5.0)
    ranges[179:182] = distance_m + AMR.radius_m
    return ranges


def test_obstacle_within_the_hard_margin_stops_at_once():
    bench = Bench()
    bench.drive(0.5)
    outputs = bench.tick(0.5, ranges_m=ahead(0.05))
    assert (outputs.vx_mps, outputs.action, outputs.zone) == (0.0, Action.STOP, 'stop')
    assert outputs.causes == (Cause.ZONE_STOP,)
    assert outputs.clearance_m == pytest.approx(0.05, abs=0.002)


def test_at_top_speed_anything_within_half_a_metre_stops_at_once():
    bench = Bench()
    bench.drive(1.0, ticks=200)
    assert bench.tick(1.0, ranges_m=ahead(0.54)).vx_mps == 0.0


def test_slow_robot_may_go_nearer_than_half_a_metre():
    bench = Bench()
    assert bench.drive(0.2, ranges_m=ahead(0.4)).vx_mps == 0.2


def test_slow_down_zone_reaches_one_metre_ahead_and_shrinks_the_speed_with_it():
    speeds = [
        Bench().drive(1.0, ticks=200, ranges_m=ahead(d)).vx_mps for d in (1.1, 0.8, 0.56, 0.2)
    ]
    assert speeds == pytest.approx([1.0, 0.74, 0.5, 0.14], abs=0.01)


def test_slow_down_names_zone_cause_and_clearance():
    outputs = Bench().drive(1.0, ticks=200, ranges_m=ahead(0.8))
    assert (outputs.action, outputs.cause, outputs.zone) == (Action.SLOW, 'zone_slow', 'slow')
    assert outputs.clearance_m == pytest.approx(0.8, abs=0.002)


def test_what_lies_beside_the_path_does_not_slow_down():
    ranges = np.full(360, 5.0)
    ranges[80:100] = ranges[260:280] = AMR.radius_m + 0.08
    assert Bench().drive(1.0, ticks=200, ranges_m=ranges).vx_mps == 1.0


def test_obstacle_ahead_is_free_for_driving_back():
    assert Bench().drive(-0.5, ranges_m=ahead(0.2)).vx_mps == -0.5


def test_rotation_in_place_is_allowed_with_something_inside_the_margin():
    outputs = Bench().drive(0.0, 1.0, ranges_m=ahead(0.03))
    assert (outputs.vx_mps, outputs.wz_radps, outputs.cause) == (0.0, 1.0, '')


def test_standing_robot_whose_way_is_barred_may_turn_as_commanded():
    outputs = Bench().drive(0.5, 1.0, ranges_m=ahead(0.03))
    assert (outputs.vx_mps, outputs.wz_radps, outputs.cause) == (0.0, 1.0, 'zone_stop')


def test_moving_robot_whose_way_is_barred_does_not_turn():
    bench = Bench()
    bench.drive(0.5, 0.5)
    outputs = bench.tick(0.5, 0.5, ranges_m=0.33, odom=odom_of(bench.now_ns, vx=0.5, wz=0.5))
    assert (outputs.vx_mps, outputs.wz_radps) == (0.0, 0.0)


def test_points_are_moved_by_the_odometry_since_the_scan():
    bench = Bench()
    bench.drive(0.2, ranges_m=ahead(0.4))
    for k in range(1, 11):
        odom = odom_of(bench.now_ns, 0.2, 0.0, (0.01 * k, 0.0, 0.0))
        outputs = bench.tick(0.2, scan=None, odom=odom)
    assert outputs.clearance_m == pytest.approx(0.3, abs=0.005)


def test_old_scan_allows_less_speed_than_a_new_one():
    assert stopping_speed(0.5, 0.4, 1.2) < stopping_speed(0.5, 0.1, 1.2)


@given(st.floats(0.0, 5.0), st.floats(0.0, 1.0), st.floats(0.1, 5.0))
def test_stopping_speed_stops_within_the_distance(free_m: float, lag_s: float, a: float) -> None:
    v = stopping_speed(free_m, lag_s, a)
    assert v * lag_s + v * v / (2.0 * a) == pytest.approx(free_m, abs=1e-9)


def test_escape_backwards_passes_at_creep_speed():
    outputs = Bench().drive(-0.5, ranges_m=ahead(0.03))
    assert (outputs.vx_mps, outputs.action) == (-0.1, Action.SLOW)
    assert (outputs.cause, outputs.zone) == ('escape', 'escape')


def test_escape_slower_than_creep_is_not_speeded_up():
    assert Bench().drive(-0.05, ranges_m=ahead(0.03)).vx_mps == -0.05


def test_escape_keeps_the_curvature():
    outputs = Bench().drive(-0.5, 0.25, ranges_m=ahead(0.03))
    assert outputs.wz_radps == pytest.approx(0.05)


def test_no_escape_into_the_next_obstacle():
    ranges = ahead(0.03)
    ranges[:2] = ranges[-1:] = AMR.radius_m + 0.061
    outputs = Bench().drive(-0.5, ranges_m=ranges)
    assert (outputs.vx_mps, outputs.cause) == (0.0, 'zone_stop')


def test_wedged_robot_may_only_turn():
    for vx in (-0.5, 0.5):
        assert Bench().drive(vx, ranges_m=AMR.radius_m + 0.04).vx_mps == 0.0
    assert Bench().drive(0.0, 0.5, ranges_m=AMR.radius_m + 0.04).wz_radps == 0.5


@pytest.mark.parametrize('heading', np.linspace(-math.pi, math.pi, 12, endpoint=False))
def test_robot_beside_a_wall_inside_its_margin_gets_free_without_contact(heading: float) -> None:
    world = World(walls=room(3.0), pose=(2.68, 0.0, heading), noise_m=0.005)
    for _ in range(1000):
        _, _, yaw = world.pose
        to_free = math.remainder(math.pi - yaw, 2.0 * math.pi)
        world.step(0.0 if abs(to_free) > 0.2 else 0.5, max(-1.0, min(1.0, 2.0 * to_free)))
    assert world.contact_m > 0.0
    assert world.clearance() > 0.3


def aisle(gap_m: float) -> list[Wall]:
    half = 0.5 * gap_m
    return [(-9, half, 9, half), (-9, -half, 9, -half), (9, -3, 9, 3), (-9, -3, -9, 3)]


def door(gap_m: float) -> list[Wall]:
    half = 0.5 * gap_m
    posts = [(x, s * half, x, s * 4.0) for x in (0.0, 0.12) for s in (1.0, -1.0)]
    reveals = [(0.0, s * half, 0.12, s * half) for s in (1.0, -1.0)]
    return [*posts, *reveals, (-6, -4, -6, 4), (6, -4, 6, 4), (-6, 4, 6, 4), (-6, -4, 6, -4)]


@pytest.mark.parametrize('walls', [aisle(0.95), door(0.8)], ids=['aisle', 'door'])
@pytest.mark.parametrize('commanded_mps', [0.3, 1.0])
def test_narrow_passage_is_driven_through_without_a_stop(
    walls: list[Wall], commanded_mps: float
) -> None:
    world = World(walls=walls, pose=(-1.5, 0.03, 0.05), noise_m=0.01)
    speeds = []
    while world.pose[0] < 1.5 and len(speeds) < 1200:
        _, y, yaw = world.pose
        steer = -1.5 * yaw - 2.0 * y * commanded_mps
        speeds.append(world.step(commanded_mps, steer).vx_mps)
    assert world.pose[0] >= 1.5
    assert min(speeds[120:]) >= 0.3 - 1e-9
    assert world.contact_m > PARAMS.hard_margin_m


@pytest.mark.parametrize('vx', [0.3, 1.0, -1.0])
def test_robot_drives_up_to_a_wall_and_stands_before_it(vx: float) -> None:
    world = World(walls=room(2.0), noise_m=0.01)
    world.run(vx, 0.0, 800)
    assert 0.04 < world.clearance() < 0.15
    assert abs(world.twist[0]) <= 0.03


def test_obstacle_that_appears_at_the_stopping_distance_is_not_touched():
    world = World(walls=room())
    world.run(1.0, 0.0, 250)
    world.posts.append((world.pose[0] + AMR.radius_m + 0.68, 0.0, 0.05))
    world.run(1.0, 0.0, 300)
    assert world.contact_m > 0.0


@given(
    seed=st.integers(0, 10**6),
    robot=st.sampled_from([AMR, TB4]),
    independent_axes=st.booleans(),
    noise_m=st.sampled_from([0.0, 0.01]),
)
@settings(max_examples=12, deadline=None)
def test_random_commands_in_random_scenes_never_touch_anything(
    *, seed: int, robot: RobotLimits, independent_axes: bool, noise_m: float
) -> None:
    rng = np.random.default_rng(seed)
    world = World(
        walls=room(4.0),
        params=replace(PARAMS, robot=robot),
        noise_m=noise_m,
        seed=seed,
        delay_ticks=8,
        independent_axes=independent_axes,
    )
    while len(world.posts) < 10:
        x, y, radius = rng.uniform(-3.5, 3.5), rng.uniform(-3.5, 3.5), rng.uniform(0.03, 0.4)
        if math.hypot(x, y) - radius > 0.45:
            world.posts.append((x, y, radius))
    for _ in range(6):
        turn = rng.uniform(-1.8, 1.8) * rng.integers(0, 2)
        world.run(rng.uniform(-1.0, 1.2), turn, int(rng.integers(30, 150)))
        assert world.contact_m > 0.0
