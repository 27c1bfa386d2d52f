# SPDX-License-Identifier: Apache-2.0
"""Exact values and borders of the core: what an off-by-one or a swapped sign would change."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from reflex_world import AMR, BEAMS, PARAMS, STEP_RAD, Bench, command_of, odom_of, scan_of

from swarm_reflex.core import Cause, MapPose, Params, Scan, initial
from swarm_reflex.core.arc import between, compose, free_distance, travelled
from swarm_reflex.core.dead_man import Known, beat_causes, jump_cause
from swarm_reflex.core.geofence import fences_of, locate
from swarm_reflex.core.limits import Motion, braked, capped, gained, within_limits
from swarm_reflex.core.odometry import moment_ns, pose_at
from swarm_reflex.core.scan import look, reach_m
from swarm_reflex.core.watchdog import Heard, due_ns, motors
from swarm_reflex.core.zones import FREE, Allowance, allowance, stopping_speed, zoned

SQUARE = ((-2.0, -2.0), (2.0, -2.0), (2.0, 2.0), (-2.0, 2.0))
OPEN = replace(PARAMS, min_usable_share=0.0, min_returns=0, max_blind_gap_rad=6.29)
NOW = 10**9


def flaw_of(ranges_m: Any, params: Params = PARAMS, **changes: Any) -> Cause | None:
    scan = replace(scan_of(ranges_m, NOW), **changes)
    return look(scan, None, odom_of(NOW), params).flaw


def with_gap(beams: int, first: int = 100) -> Any:
    ranges = np.full(BEAMS, 5.0)
    ranges[first : first + beams] = math.nan
    return ranges


def test_one_usable_beam_is_enough_where_no_share_is_asked_for():
    one = np.full(BEAMS, math.nan)
    assert flaw_of(one, OPEN) is Cause.SCAN_BLIND
    one[7] = 3.0
    assert flaw_of(one, OPEN) is None


@pytest.mark.parametrize('first', [100, BEAMS - 20])
def test_blind_sector_as_wide_as_allowed_is_no_blindness(first: int) -> None:
    gap = np.roll(with_gap(20), first - 100)
    inner = 20 * STEP_RAD
    outer = 2.0 * math.pi - (BEAMS - 20) * STEP_RAD
    widest = inner if first == 100 else outer
    assert flaw_of(gap, replace(PARAMS, max_blind_gap_rad=widest)) is None
    assert flaw_of(gap, replace(PARAMS, max_blind_gap_rad=widest - 1e-9)) is Cause.SCAN_BLIND


def test_share_of_usable_beams_counts_to_the_beam():
    params = replace(PARAMS, min_usable_share=0.5, max_blind_gap_rad=6.29)
    assert flaw_of(with_gap(180), params) is None
    assert flaw_of(with_gap(181), params) is Cause.SCAN_BLIND


def test_returns_that_are_asked_for_count_to_the_beam():
    params = replace(PARAMS, min_returns=3)
    ranges = np.full(BEAMS, math.inf)
    ranges[:2] = 2.0
    assert flaw_of(ranges, params) is Cause.SCAN_BLIND
    ranges[2] = 2.0
    assert flaw_of(ranges, params) is None


@pytest.mark.parametrize(('turn', 'flaw'), [(6.4, None), (6.41, Cause.SCAN_BLIND)])
def test_scan_that_turns_further_than_once_is_impossible(turn: float, flaw: Cause | None) -> None:
    raw = np.full(8, 3000, dtype='<u2').tobytes()
    for step_rad in (turn / 8, -turn / 8):
        assert flaw_of(5.0, OPEN, ranges_mm=raw, angle_increment_rad=step_rad) is flaw


def test_seven_beams_are_no_scan():
    raw = np.full(7, 3000, dtype='<u2').tobytes()
    step_rad = 2.0 * math.pi / 7
    assert flaw_of(5.0, OPEN, ranges_mm=raw, angle_increment_rad=step_rad) is Cause.SCAN_BLIND


def test_reach_is_what_can_matter_before_the_next_scan():
    assert reach_m(PARAMS) == pytest.approx(0.28 + 0.06 + 1.0 + 0.3, abs=1e-12)
    hasty = replace(PARAMS, slow_distance_m=0.05, lidar_x_m=0.3, lidar_y_m=-0.4)
    brake_m = 0.3 + 0.1 + 0.5 / 1.2
    assert reach_m(hasty) == pytest.approx(0.28 + 0.06 + brake_m + 0.3 + 0.5, abs=1e-12)


def test_returns_beyond_reach_are_left_out_and_those_at_it_are_not():
    reach_mm = math.ceil(reach_m(PARAMS) * 1e3)
    raw = np.full(BEAMS, 60_000, dtype='<u2')
    raw[90], raw[91] = reach_mm, reach_mm + 1
    scan = replace(scan_of(5.0, NOW), ranges_mm=raw.tobytes())
    points = look(scan, None, odom_of(NOW), PARAMS).points
    assert points.shape == (2, 1)
    assert math.hypot(*points[:, 0]) == pytest.approx(reach_mm * 1e-3, abs=1e-12)
    assert math.atan2(points[1, 0], points[0, 0]) == pytest.approx(-0.5 * math.pi, abs=1e-12)


def test_lidar_that_is_mounted_elsewhere_sees_from_there():
    raw = np.full(BEAMS, 65_535, dtype='<u2')
    raw[180] = 1000
    params = replace(PARAMS, lidar_x_m=0.2, lidar_y_m=-0.1, lidar_yaw_rad=0.5 * math.pi)
    scan = replace(scan_of(5.0, NOW), ranges_mm=raw.tobytes())
    (x,), (y,) = look(scan, None, odom_of(NOW), params).points
    assert (x, y) == (pytest.approx(0.2, abs=1e-12), pytest.approx(0.9, abs=1e-12))


def test_third_equal_scan_after_enough_travel_is_frozen_and_the_second_is_not():
    travelled_m = PARAMS.frozen_travel_m
    view = None
    for k, x_m in enumerate((0.0, travelled_m, travelled_m + 0.001)):
        odom = odom_of(NOW + k, pose=(x_m, 0.0, 0.0))
        view = look(scan_of(5.0, NOW + k), view, odom, PARAMS)
        assert view.repeats == k
        assert view.flaw is (Cause.SCAN_FROZEN if k == 2 else None)
    turned = look(scan_of(5.0, NOW + 3), view, odom_of(NOW + 3), PARAMS)
    assert turned.flaw is None, 'back where it began'


def test_turn_in_place_counts_as_travel_of_the_rim():
    view = None
    for k, yaw in enumerate((0.0, 0.0, PARAMS.frozen_travel_m / AMR.radius_m + 0.01)):
        odom = odom_of(NOW + k, pose=(0.0, 0.0, yaw))
        view = look(scan_of(5.0, NOW + k), view, odom, PARAMS)
    assert view is not None
    assert view.flaw is Cause.SCAN_FROZEN


def test_moment_of_a_message_is_its_arrival_less_its_age():
    assert moment_ns(NOW, 0.25) == NOW - 250_000_000
    assert moment_ns(0, 10.0) == moment_ns(0, 99.0) == -10_000_000_000
    assert moment_ns(NOW, -3.0) == NOW


def test_odometry_is_carried_on_by_its_twist():
    x, y, yaw = pose_at(odom_of(NOW, 1.0, 0.5, (2.0, 3.0, 0.5 * math.pi)), NOW + 200_000_000)
    assert (x, y) == (
        pytest.approx(2.0 - 0.2 * math.sin(0.05), abs=1e-12),
        pytest.approx(3.0 + 0.2 * math.cos(0.05), abs=1e-12),
    )
    assert yaw == pytest.approx(0.5 * math.pi + 0.1, abs=1e-12)


def test_compose_and_between_are_exact():
    start, step = (1.0, 2.0, 0.5 * math.pi), (3.0, 4.0, 0.5)
    end = compose(start, step)
    assert end == pytest.approx((-3.0, 5.0, 0.5 * math.pi + 0.5), abs=1e-12)
    assert between(start, end) == pytest.approx(step, abs=1e-12)
    assert between((0.0, 0.0, 3.0), (0.0, 0.0, -3.0))[2] == pytest.approx(
        2.0 * math.pi - 6.0, abs=1e-12
    )


def test_odometry_that_moved_further_than_the_robot_can_has_jumped():
    scan = scan_of(5.0, NOW)
    view = look(scan, None, odom_of(NOW), PARAMS)
    known = Known(view=view)
    possible_m = 2.0 * AMR.max_speed_mps * 0.05 + 0.1
    later = NOW + 50_000_000
    assert jump_cause(known, (possible_m - 1e-6, 0.0, 0.0), later, PARAMS) is None
    assert jump_cause(known, (0.0, possible_m + 1e-6, 9.0), later, PARAMS) is Cause.ODOM_JUMP


def test_heartbeat_counts_until_its_very_timeout():
    params = replace(PARAMS, planner_timeout_s=0.0)
    limit_ns = round(params.situation_timeout_s * 1e9)
    known = Known(situation_beat_ns=NOW)
    assert beat_causes(known, NOW, params) == []
    assert beat_causes(known, NOW + limit_ns, params) == []
    assert beat_causes(known, NOW + limit_ns + 1, params) == [Cause.SITUATION_LOST]
    assert beat_causes(known, NOW - 1, params) == [Cause.SITUATION_LOST]


@pytest.mark.parametrize('sign', [1.0, -1.0])
def test_braking_takes_the_rated_step_off_either_way(sign: float) -> None:
    slower = braked(Motion(vx_mps=sign * 0.5, wz_radps=sign * 0.2), 0.01, AMR)
    assert slower.vx_mps == pytest.approx(sign * 0.488, abs=1e-12)
    assert slower.wz_radps == pytest.approx(sign * 0.2 * 0.488 / 0.5, abs=1e-12)
    assert braked(Motion(vx_mps=sign * 0.01, wz_radps=0.2), 0.01, AMR).vx_mps == 0.0
    turning = braked(Motion(vx_mps=0.0, wz_radps=sign * 0.5), 0.01, AMR)
    assert turning == Motion(vx_mps=0.0, wz_radps=pytest.approx(sign * 0.47, abs=1e-12))


@pytest.mark.parametrize('sign', [1.0, -1.0])
def test_controlled_stop_is_capped_by_the_wish_on_each_axis(sign: float) -> None:
    stop = Motion(vx_mps=sign * 0.4, wz_radps=-sign * 0.3)
    assert capped(stop, Motion(vx_mps=sign * 0.2, wz_radps=-sign * 0.5)) == Motion(
        vx_mps=sign * 0.2, wz_radps=-sign * 0.3
    )
    assert capped(stop, Motion(vx_mps=-sign * 0.9, wz_radps=sign * 0.1)) == Motion(
        vx_mps=0.0, wz_radps=0.0
    )


@pytest.mark.parametrize('sign', [1.0, -1.0])
def test_wish_of_the_other_sign_starts_from_zero_on_each_axis(sign: float) -> None:
    last = Motion(vx_mps=-sign * 0.3, wz_radps=-sign * 0.3)
    straight = gained(Motion(vx_mps=sign * 0.5, wz_radps=0.0), last, 0.01, AMR)
    assert straight.vx_mps == pytest.approx(sign * 0.008, abs=1e-12)
    turn = gained(Motion(vx_mps=0.0, wz_radps=sign * 0.5), last, 0.01, AMR)
    assert turn.wz_radps == pytest.approx(sign * 0.03, abs=1e-12)
    assert turn.causes == (Cause.YAW_ACCELERATION,)


def test_speed_waits_for_yaw_on_the_same_arc_but_is_not_lost_to_it():
    wish = Motion(vx_mps=0.5, wz_radps=1.5)
    first = gained(wish, Motion(vx_mps=0.0, wz_radps=0.0), 0.01, AMR)
    assert (first.vx_mps, first.wz_radps) == (
        pytest.approx(0.008, abs=1e-12),
        pytest.approx(0.024, abs=1e-12),
    )
    kept = gained(wish, Motion(vx_mps=0.4, wz_radps=0.0), 0.01, AMR)
    assert kept.vx_mps == pytest.approx(0.4, abs=1e-12)
    assert kept.wz_radps == pytest.approx(0.03, abs=1e-12)
    assert kept.causes == (Cause.ACCELERATION, Cause.YAW_ACCELERATION)


def test_slow_tick_gains_no_more_than_one_of_50_ms():
    gain = gained(Motion(vx_mps=1.0, wz_radps=0.0), Motion(vx_mps=0.0, wz_radps=0.0), 9.0, AMR)
    assert gain.vx_mps == pytest.approx(0.04, abs=1e-12)


def test_limits_name_the_axis_that_was_too_fast():
    def of(vx: float, wz: float) -> Motion:
        return within_limits(command_of(vx, wz, NOW), AMR)

    assert of(1.0, 1.8) == Motion(vx_mps=1.0, wz_radps=1.8)
    assert of(2.0, 1.0) == Motion(vx_mps=1.0, wz_radps=0.5, causes=(Cause.SPEED,))
    assert of(-0.5, 3.6) == Motion(vx_mps=-0.25, wz_radps=1.8, causes=(Cause.YAW_RATE,))
    assert of(2.0, 3.6).causes == (Cause.SPEED, Cause.YAW_RATE)
    assert of(1e-6, 0.1).vx_mps == 1e-6
    assert of(0.99e-6, 0.1).vx_mps == 0.0
    assert of(1.5e-6, 3.6) == Motion(vx_mps=0.0, wz_radps=1.8, causes=(Cause.YAW_RATE,))


def test_ages_are_told_in_whole_milliseconds_and_never_heard_is_minus_one():
    bench = Bench()
    first = bench.tick(command=None, scan=None, odom=None, situation_beat_ns=None)
    ages = (first.command_age_ms, first.scan_age_ms, first.odom_age_ms, first.heartbeat_age_ms)
    assert ages == (-1, -1, -1, -1)
    now = bench.now_ns + 10_000_000
    second = bench.tick(command=command_of(0.1, 0.0, now - 12_400_000))
    assert repr(second.command_age_ms) == '12'


def test_heartbeat_age_is_that_of_the_oldest_one_required():
    bench = Bench()
    beat = bench.now_ns
    outputs = bench.tick(situation_beat_ns=beat - 20_000_000)
    assert outputs.heartbeat_age_ms == 30


def test_robot_that_barely_stands_may_turn_before_a_barred_way():
    barred = {'vx': 0.5, 'wz': 0.5, 'ranges_m': 0.3}
    for speed, turns in ((0.05, True), (0.051, False), (-0.05, True), (-0.051, False)):
        bench = Bench()
        for _ in range(2):
            now = bench.now_ns + 10_000_000
            outputs = bench.tick(**barred, odom=odom_of(now, speed))
        assert outputs.vx_mps == 0.0
        assert (outputs.zone, outputs.wz_radps != 0.0) == ('stop', turns)


def fenced_speed(pose_age_s: float, params: Params) -> float:
    """What a robot at full speed 1 m before the fence is allowed."""
    bench = Bench(params)
    now = bench.now_ns + 10_000_000
    pose = MapPose(x_m=1.0, y_m=0.0, yaw_rad=0.0, arrival_ns=now, stamp_age_s=pose_age_s)
    assert bench.state is not None
    bench.state = replace(bench.state, last=Motion(vx_mps=1.0, wz_radps=0.0))
    return bench.tick(1.0, 0.0, odom=odom_of(now), pose=pose).vx_mps


def test_fence_allows_what_a_weaker_and_faster_base_can_stop_and_less_as_the_pose_ages():
    params = replace(PARAMS, geofence=(SQUARE,))
    for age_s in (0.0, 0.29):
        margin_m = params.geofence_margin_m + params.geofence_drift_mps * age_s
        free_m = 2.0 - 1.0 - AMR.radius_m - margin_m
        decel = AMR.max_decel_mps2 * (1.0 - params.model_error)
        most = stopping_speed(free_m, params.reaction_s, decel) / (1.0 + params.model_error)
        assert most < 1.0
        assert fenced_speed(age_s, params) == pytest.approx(most, abs=1e-9)


def test_fence_within_reach_of_the_next_pose_is_kept_in_mind():
    params = replace(PARAMS, geofence=(((-9.0, -9.0), (9.0, -9.0), (9.0, 9.0), (-9.0, 9.0)),))
    pose = MapPose(x_m=6.5, y_m=0.0, yaw_rad=0.0, arrival_ns=NOW, stamp_age_s=0.0)
    drive_m = (0.3 + 0.1 + 0.5 / 1.2) * 1.1 / 0.9
    within_m = 0.28 + 0.2 + 0.05 * 0.3 + drive_m
    for x_m in (7.6, 7.8, 8.0):
        place = locate(replace(pose, x_m=x_m), odom_of(NOW), fences_of(params), params)
        distances = [math.hypot(9.0 - x_m, -9.0 + 0.05 * k) for k in range(round(18 / 0.05))]
        assert place.fence.shape[1] == sum(away < within_m for away in distances)


def test_stamp_as_far_ahead_as_is_tolerated_is_not_from_the_future():
    tolerance_s = PARAMS.future_tolerance_s
    for ahead_s, cause in ((tolerance_s, ''), (tolerance_s + 1e-6, 'command_future')):
        bench = Bench()
        bench.tick()
        now = bench.now_ns + 10_000_000
        told = command_of(0.005, 0.0, now, -ahead_s)
        assert bench.tick(command=told).cause == cause


def test_points_on_one_side_are_met_where_others_lie_beyond_the_body():
    points = np.array(((1.0, 1.0), (0.0, 3.0)))
    assert free_distance(points, 0.5, 0.2, 0.3) < math.inf


def test_point_that_is_touched_all_the_way_round_a_tight_turn_is_a_number():
    """Across the turning centre and just touched: rounding must not leave the arcsine."""
    for k in range(1, 60):
        turn_m, reach_m = 0.013 * k, 0.9
        points = np.array(((0.0,), (reach_m,)))
        assert free_distance(points, turn_m, 1.0, reach_m) >= 0.0


def test_way_out_that_first_leads_nearer_is_no_escape():
    params = replace(PARAMS, escape_horizon_m=0.5)
    ahead = Motion(vx_mps=0.3, wz_radps=0.0)
    for x_m, escapes in ((0.2, False), (-0.2, True)):
        points = np.array(((x_m,), (0.3,)))
        found = allowance(points, ahead, 0.1, 0.1, params)
        assert (found.escape, found.speed_mps) == (escapes, 0.1 if escapes else 0.0)


def test_time_to_react_counts_before_an_obstacle():
    params = replace(PARAMS, stop_distance_m=0.0, slow_distance_m=0.05)
    bench = Bench(params)
    assert bench.state is not None
    bench.state = replace(bench.state, last=Motion(vx_mps=1.0, wz_radps=0.0))
    free_m = 0.64 - AMR.radius_m - params.hard_margin_m
    most = stopping_speed(free_m, params.reaction_s, AMR.max_decel_mps2)
    assert bench.tick(1.0, ranges_m=0.64).vx_mps == pytest.approx(most, abs=1e-9)
    bench.state = replace(bench.state, last=Motion(vx_mps=1.0, wz_radps=0.0))
    older = stopping_speed(free_m, params.reaction_s + 0.2, AMR.max_decel_mps2)
    aged = bench.tick(1.0, scan=scan_of(0.64, bench.now_ns + 10_000_000, 0.2))
    assert aged.vx_mps == pytest.approx(older, abs=1e-9)


def test_what_lies_exactly_at_the_margin_is_outside_it():
    params = replace(PARAMS, robot=replace(AMR, radius_m=0.25))
    behind = np.array(((-0.5,), (0.0,)))
    ahead = Motion(vx_mps=0.3, wz_radps=0.0)
    assert allowance(behind, ahead, 0.25, 0.1, params) == FREE, 'no escape at creep speed'
    assert allowance(-behind, ahead, 0.25, 0.1, params).speed_mps == 0.0


def test_robot_faster_than_its_class_keeps_the_stop_zone_of_its_top_speed():
    found = Allowance(speed_mps=0.9, clearance_m=PARAMS.hard_margin_m + 0.7)
    assert zoned(found, 2.0, PARAMS).speed_mps == pytest.approx(0.7, abs=1e-12)
    nearer = replace(found, clearance_m=PARAMS.hard_margin_m + 0.49)
    assert zoned(nearer, 2.0, PARAMS).speed_mps == 0.0


def test_pose_from_the_near_future_buys_no_room_at_the_fence():
    params = replace(PARAMS, geofence=(SQUARE,))
    assert fenced_speed(-0.09, params) == fenced_speed(0.0, params)


def test_heartbeat_that_is_not_required_has_no_age():
    bench = Bench(replace(PARAMS, planner_timeout_s=0.0))
    outputs = bench.tick(planner_beat_ns=None)
    assert (outputs.heartbeat_age_ms, outputs.action.name) == (0, 'LIMIT')
    alone = Bench(replace(PARAMS, planner_timeout_s=0.0, situation_timeout_s=0.0))
    assert alone.tick(planner_beat_ns=None, situation_beat_ns=None).heartbeat_age_ms == -1


def test_quarter_of_a_circle_ends_beside_its_centre():
    assert travelled(1.0, 1.0, 0.5 * math.pi) == pytest.approx((1.0, 1.0, 0.5 * math.pi))
    assert travelled(-1.0, 1.0, 0.5 * math.pi) == pytest.approx((-1.0, -1.0, 0.5 * math.pi))


def test_stopping_speed_is_exact():
    assert stopping_speed(1.0, 0.5, 2.0) == pytest.approx(math.sqrt(5.0) - 1.0, abs=1e-12)
    assert stopping_speed(-1.0, 0.5, 2.0) == 0.0


def test_watchdog_counts_from_the_arrival():
    heard = Heard(axes=(0.4, 0.0, 0.0, 0.0, 0.0, 0.0), arrival_ns=NOW, stamp_age_s=0.02)
    zero = (0.0,) * 6
    assert motors(heard, NOW, 0.1) == heard.axes
    assert motors(heard, NOW + 79_000_000, 0.1) == heard.axes
    assert motors(heard, NOW + 81_000_000, 0.1) == zero
    assert motors(heard, NOW - 1, 0.1) == zero
    assert due_ns(heard, NOW + 40_000_000, 0.1) == NOW + 80_000_000
    assert due_ns(heard, NOW + 10_000_000, 0.1) == NOW + 60_000_000
    assert due_ns(None, NOW, 0.1) == NOW + 50_000_000
    assert repr(due_ns(None, NOW, 0.0333333333)) == '1016666667'
    future = replace(heard, stamp_age_s=-0.1)
    assert due_ns(future, NOW + 90_000_000, 0.1) == NOW + 100_000_000
    assert motors(future, NOW, 0.1) == heard.axes
    assert motors(replace(heard, stamp_age_s=-0.1001), NOW, 0.1) == zero


def test_scan_of_the_first_frame_sets_the_frame_for_good():
    first = look(scan_of(5.0, NOW), None, odom_of(NOW), PARAMS)
    other = replace(scan_of(5.0, NOW), frame_id='other')
    assert look(other, first, odom_of(NOW), PARAMS).flaw is Cause.SCAN_FRAME
    named = replace(PARAMS, scan_frame='other')
    assert look(other, None, odom_of(NOW), named).flaw is None
    assert isinstance(first.scan, Scan)
    assert initial(PARAMS).known.view is None
