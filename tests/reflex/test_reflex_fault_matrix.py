# SPDX-License-Identifier: Apache-2.0
"""One named test per fault: each ends in the documented safe action, with its cause."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from reflex_world import PARAMS, TICK_NS, Bench, command_of, odom_of, scan_of

from swarm_reflex.core import (
    Action,
    Cause,
    Inputs,
    MapPose,
    Outputs,
    Request,
    Scan,
    decide,
    initial,
)

FENCED = replace(PARAMS, geofence=(((-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0)),))


@pytest.fixture
def bench() -> Bench:
    """A robot that drives at 0.5 m/s."""
    bench = Bench()
    assert bench.drive(0.5, ticks=80).vx_mps == 0.5
    return bench


def assert_stopped_at_once(outputs: Outputs, cause: Cause) -> None:
    assert (outputs.vx_mps, outputs.wz_radps) == (0.0, 0.0)
    assert outputs.action is Action.STOP
    assert cause in outputs.causes


def assert_comes_to_rest(bench: Bench, cause: Cause, **changes: Any) -> None:
    speeds = [bench.tick(0.5, **changes).vx_mps for _ in range(60)]
    steps = np.diff(speeds)
    assert (steps <= 0.0).all()
    assert steps.min() > -0.013, 'a controlled stop brakes with max_decel'
    assert speeds[-1] == 0.0
    assert bench.tick(0.5, **changes).cause == cause.value


def test_nothing_heard_yet_stands_still():
    _, outputs = decide(initial(PARAMS), Inputs(now_ns=1), PARAMS)
    assert_stopped_at_once(outputs, Cause.SCAN_MISSING)
    assert set(outputs.causes) == {
        Cause.SCAN_MISSING,
        Cause.ODOM_MISSING,
        Cause.SITUATION_LOST,
        Cause.PLANNER_LOST,
        Cause.COMMAND_MISSING,
    }


def test_silent_commander_brings_the_robot_to_rest(bench: Bench) -> None:
    assert bench.drive(command=None, ticks=19).vx_mps == 0.5
    assert_comes_to_rest(bench, Cause.COMMAND_STALE, command=None)


def test_silent_commander_zeroes_at_once_where_ramps_are_off():
    bench = Bench(replace(PARAMS, ramp_stops=False))
    bench.drive(0.5)
    outputs = bench.drive(command=None, ticks=21)
    assert_stopped_at_once(outputs, Cause.COMMAND_STALE)


def test_command_older_than_its_timeout_by_stamp_does_not_count(bench: Bench) -> None:
    outputs = bench.tick(command=command_of(0.5, 0.0, bench.now_ns, stamp_age_s=0.21))
    assert outputs.cause == 'command_stale'
    assert outputs.vx_mps < 0.5


def test_command_from_the_future_is_refused(bench: Bench) -> None:
    outputs = bench.tick(command=command_of(0.5, 0.0, bench.now_ns, stamp_age_s=-0.2))
    assert_stopped_at_once(outputs, Cause.COMMAND_FUTURE)


def test_command_that_arrives_later_than_now_is_refused(bench: Bench) -> None:
    outputs = bench.tick(command=command_of(0.5, 0.0, bench.now_ns + 10**12))
    assert_stopped_at_once(outputs, Cause.COMMAND_FUTURE)


@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf])
def test_command_that_is_no_number_is_zero(bench: Bench, bad: float) -> None:
    assert_stopped_at_once(bench.tick(bad, 0.0), Cause.COMMAND_INVALID)
    assert_stopped_at_once(bench.tick(0.5, bad), Cause.COMMAND_INVALID)


def test_command_with_undefined_stamp_does_not_count(bench: Bench) -> None:
    outputs = bench.tick(command=command_of(0.5, 0.0, bench.now_ns, stamp_age_s=math.nan))
    assert outputs.cause == 'command_stale'


def test_silent_lidar_stops_at_once(bench: Bench) -> None:
    assert bench.drive(scan=None, ticks=29).vx_mps == 0.5
    assert_stopped_at_once(bench.drive(scan=None, ticks=2), Cause.SCAN_STALE)


def test_scan_too_old_by_stamp_stops(bench: Bench) -> None:
    outputs = bench.tick(scan=scan_of(5.0, bench.now_ns, stamp_age_s=0.31))
    assert_stopped_at_once(outputs, Cause.SCAN_STALE)


def test_scan_from_the_future_stops(bench: Bench) -> None:
    outputs = bench.tick(scan=scan_of(5.0, bench.now_ns, stamp_age_s=-0.11))
    assert_stopped_at_once(outputs, Cause.SCAN_FUTURE)


def test_scan_of_nan_is_blind(bench: Bench) -> None:
    assert_stopped_at_once(bench.tick(ranges_m=math.nan), Cause.SCAN_BLIND)


def test_scan_of_zeros_is_blind(bench: Bench) -> None:
    assert_stopped_at_once(bench.tick(ranges_m=0.0), Cause.SCAN_BLIND)


def test_scan_of_nothing_at_all_is_blind(bench: Bench) -> None:
    assert_stopped_at_once(bench.tick(ranges_m=math.inf), Cause.SCAN_BLIND)


def test_scan_of_nothing_is_free_where_open_spaces_are_configured():
    bench = Bench(replace(PARAMS, min_returns=0))
    assert bench.drive(0.5, ranges_m=math.inf).vx_mps == 0.5


def test_scan_without_beams_is_blind(bench: Bench) -> None:
    empty = replace(scan_of(5.0, bench.now_ns), ranges_mm=b'')
    assert_stopped_at_once(bench.tick(scan=empty), Cause.SCAN_BLIND)


def test_scan_with_half_a_beam_is_read_without_it(bench: Bench) -> None:
    whole = scan_of(5.0, bench.now_ns)
    assert bench.tick(scan=replace(whole, ranges_mm=whole.ranges_mm + b'\x01')).vx_mps == 0.5


@pytest.mark.parametrize('step_rad', [0.0, math.nan, math.inf, 1.0])
def test_scan_with_impossible_geometry_is_blind(bench: Bench, step_rad: float) -> None:
    odd = replace(scan_of(5.0, bench.now_ns), angle_increment_rad=step_rad)
    assert_stopped_at_once(bench.tick(scan=odd), Cause.SCAN_BLIND)


def test_scan_that_starts_nowhere_is_blind(bench: Bench) -> None:
    odd = replace(scan_of(5.0, bench.now_ns), angle_min_rad=math.nan)
    assert_stopped_at_once(bench.tick(scan=odd), Cause.SCAN_BLIND)


def test_scan_in_another_frame_than_the_first_stops(bench: Bench) -> None:
    foreign = replace(scan_of(5.0, bench.now_ns), frame_id='amr_2/base_scan')
    assert_stopped_at_once(bench.tick(scan=foreign), Cause.SCAN_FRAME)
    assert bench.tick().vx_mps > 0.0


def test_scan_in_another_frame_than_configured_stops():
    bench = Bench(replace(PARAMS, scan_frame='base_scan'))
    assert_stopped_at_once(bench.tick(), Cause.SCAN_FRAME)
    framed = replace(scan_of(5.0, bench.now_ns), frame_id='base_scan')
    assert bench.tick(scan=framed).vx_mps > 0.0


def test_scan_with_too_few_usable_beams_is_blind(bench: Bench) -> None:
    ranges = np.where(np.arange(360) % 3 == 0, math.nan, 5.0)
    assert_stopped_at_once(bench.tick(ranges_m=ranges), Cause.SCAN_BLIND)


def test_scan_with_a_wide_blind_sector_is_blind(bench: Bench) -> None:
    ranges = np.full(360, 5.0)
    ranges[170:191] = math.nan
    assert_stopped_at_once(bench.tick(ranges_m=ranges), Cause.SCAN_BLIND)


def test_blind_sector_across_the_seam_is_seen(bench: Bench) -> None:
    ranges = np.full(360, 5.0)
    ranges[:11] = ranges[-10:] = math.nan
    assert_stopped_at_once(bench.tick(ranges_m=ranges), Cause.SCAN_BLIND)


def test_lidar_that_sees_a_part_of_the_circle_is_blind_unless_allowed():
    def front(now_ns: int) -> Scan:
        return replace(scan_of(5.0, now_ns), angle_increment_rad=math.pi / 360)

    refused, allowed = Bench(), Bench(replace(PARAMS, max_blind_gap_rad=3.2))
    assert_stopped_at_once(refused.tick(scan=front(refused.now_ns)), Cause.SCAN_BLIND)
    for _ in range(100):
        outputs = allowed.tick(scan=front(allowed.now_ns))
    assert outputs.vx_mps == 0.5


def test_single_lost_beams_do_not_blind(bench: Bench) -> None:
    ranges = np.where(np.arange(360) % 5 == 0, math.nan, 5.0)
    assert bench.tick(ranges_m=ranges).vx_mps == 0.5


def test_frozen_scan_with_new_stamps_stops_while_the_robot_moves(bench: Bench) -> None:
    for k in range(40):
        outputs = bench.tick(odom=odom_of(bench.now_ns, 0.5, 0.0, (k * 0.005, 0.0, 0.0)))
    assert_stopped_at_once(outputs, Cause.SCAN_FROZEN)
    moved = odom_of(bench.now_ns, 0.0, 0.0, (0.2, 0.0, 0.0))
    assert_stopped_at_once(bench.tick(odom=moved), Cause.SCAN_FROZEN)
    assert bench.tick(ranges_m=5.01, odom=moved).vx_mps > 0.0, 'a new picture releases it'


def test_equal_scans_are_no_fault_while_the_robot_stands(bench: Bench) -> None:
    assert bench.drive(0.5, ticks=200).vx_mps == 0.5


def test_silent_odometry_stops(bench: Bench) -> None:
    assert bench.drive(odom=None, ticks=50).vx_mps == 0.5
    assert_stopped_at_once(bench.tick(odom=None), Cause.ODOM_STALE)


def test_odometry_never_heard_stops():
    bench = Bench()
    assert_stopped_at_once(bench.tick(odom=None), Cause.ODOM_MISSING)


def test_scan_from_before_the_first_odometry_is_not_driven_by():
    bench = Bench()
    bench.tick(odom=None)
    assert_stopped_at_once(bench.tick(scan=None), Cause.ODOM_MISSING)
    assert bench.tick().vx_mps > 0.0


def test_odometry_from_the_future_stops(bench: Bench) -> None:
    outputs = bench.tick(odom=odom_of(bench.now_ns, stamp_age_s=-1.0))
    assert_stopped_at_once(outputs, Cause.ODOM_FUTURE)


@pytest.mark.parametrize('bad', [math.nan, math.inf, 1e300])
def test_odometry_that_is_no_number_stops(bench: Bench, bad: float) -> None:
    assert_stopped_at_once(bench.tick(odom=odom_of(bench.now_ns, vx=bad)), Cause.ODOM_INVALID)
    outputs = bench.tick(odom=odom_of(bench.now_ns, pose=(0.0, bad, 0.0)))
    assert_stopped_at_once(outputs, Cause.ODOM_INVALID)


def test_odometry_that_jumps_stops_until_the_next_scan(bench: Bench) -> None:
    jumped = odom_of(bench.now_ns, pose=(3.0, 0.0, 0.0))
    assert_stopped_at_once(bench.tick(scan=None, odom=jumped), Cause.ODOM_JUMP)
    assert bench.tick(odom=jumped, ranges_m=4.9).vx_mps > 0.0


def test_silent_situation_node_brings_the_robot_to_rest(bench: Bench) -> None:
    bench.drive(situation_beat_ns=None, ticks=49)
    assert_comes_to_rest(bench, Cause.SITUATION_LOST, situation_beat_ns=None)


def test_silent_planner_brings_the_robot_to_rest(bench: Bench) -> None:
    bench.drive(planner_beat_ns=None, ticks=149)
    assert_comes_to_rest(bench, Cause.PLANNER_LOST, planner_beat_ns=None)


def test_heartbeat_from_the_future_is_none(bench: Bench) -> None:
    outputs = bench.tick(planner_beat_ns=bench.now_ns + 10**12)
    assert Cause.PLANNER_LOST in outputs.causes


def test_heartbeats_that_are_not_required_may_be_silent():
    bench = Bench(replace(PARAMS, planner_timeout_s=0.0, situation_timeout_s=0.0))
    outputs = bench.drive(0.5, planner_beat_ns=None, situation_beat_ns=None)
    assert (outputs.vx_mps, outputs.heartbeat_age_ms) == (0.5, -1)


def test_steady_clock_that_runs_backwards_stops(bench: Bench) -> None:
    assert_stopped_at_once(bench.tick(step_ns=-5), Cause.CLOCK)
    assert bench.tick().vx_mps > 0.0


def test_clock_that_stands_buys_no_speed():
    bench = Bench()
    bench.tick(0.5)
    assert bench.drive(0.5, ticks=50, step_ns=0).vx_mps == 0.0


def test_late_tick_buys_no_jump_in_speed():
    bench = Bench()
    bench.tick(0.5)
    assert bench.tick(0.5, step_ns=100 * TICK_NS).vx_mps <= 0.8 * 0.05 + 1e-12


def test_disabled_robot_comes_to_rest_and_enabling_lets_it_go(bench: Bench) -> None:
    bench.tick(requests=(Request.DISABLE,))
    assert_comes_to_rest(bench, Cause.DISABLED)
    assert not bench.tick().enabled
    assert bench.tick(requests=(Request.ENABLE,)).vx_mps > 0.0


def test_robot_that_starts_disabled_does_not_move():
    bench = Bench(replace(PARAMS, start_enabled=False))
    assert bench.drive(0.5).vx_mps == 0.0


def test_controlled_stop_never_exceeds_a_slower_command(bench: Bench) -> None:
    assert bench.tick(0.1, requests=(Request.DISABLE,)).vx_mps <= 0.1


def test_controlled_stop_does_not_run_against_a_reversed_command(bench: Bench) -> None:
    assert bench.tick(-0.5, requests=(Request.DISABLE,)).vx_mps == 0.0


def test_controlled_stop_still_minds_the_zones(bench: Bench) -> None:
    bench.tick(requests=(Request.DISABLE,))
    assert bench.tick(ranges_m=0.36).vx_mps == 0.0


def test_rotation_comes_to_rest_with_its_own_deceleration():
    bench = Bench()
    bench.drive(0.0, 1.5)
    first = bench.tick(0.0, 1.5, requests=(Request.DISABLE,))
    assert first.wz_radps == pytest.approx(1.47)
    assert bench.drive(0.0, 1.5).wz_radps == 0.0


def test_fenced_robot_without_map_pose_stops():
    assert_stopped_at_once(Bench(FENCED).tick(), Cause.POSE_MISSING)


def test_fenced_robot_whose_pose_is_late_stops():
    bench = Bench(FENCED)
    bench.drive(0.5, pose=pose_of(bench.now_ns), ticks=90)
    assert_stopped_at_once(bench.drive(0.5, ticks=101), Cause.POSE_STALE)


def test_fenced_robot_whose_pose_comes_from_the_future_stops():
    bench = Bench(FENCED)
    outputs = bench.tick(pose=pose_of(bench.now_ns, stamp_age_s=-0.5))
    assert_stopped_at_once(outputs, Cause.POSE_FUTURE)


def test_fenced_robot_whose_pose_is_no_number_stops():
    bench = Bench(FENCED)
    outputs = bench.tick(pose=pose_of(bench.now_ns, x_m=math.nan))
    assert_stopped_at_once(outputs, Cause.POSE_INVALID)


def test_fenced_robot_whose_odometry_failed_when_the_pose_came_stops():
    bench = Bench(FENCED)
    bench.tick(odom=None, pose=pose_of(bench.now_ns))
    assert_stopped_at_once(bench.tick(), Cause.POSE_MISSING)


def test_robot_outside_its_fence_stands():
    bench = Bench(FENCED)
    assert_stopped_at_once(bench.tick(pose=pose_of(bench.now_ns, x_m=6.0)), Cause.GEOFENCE_OUTSIDE)


def test_all_causes_are_named_the_strictest_first(bench: Bench) -> None:
    outputs = bench.tick(math.nan, ranges_m=math.nan, requests=(Request.E_STOP, Request.DISABLE))
    assert outputs.causes == (
        Cause.E_STOP,
        Cause.COMMAND_INVALID,
        Cause.SCAN_BLIND,
        Cause.DISABLED,
    )


def pose_of(arrival_ns: int, *, x_m: float = 0.0, stamp_age_s: float = 0.0) -> MapPose:
    return MapPose(x_m=x_m, y_m=0.0, yaw_rad=0.0, arrival_ns=arrival_ns, stamp_age_s=stamp_age_s)
