# SPDX-License-Identifier: Apache-2.0
"""The shell's own parts: messages, odometry in time, events, the remembered frame."""

import array
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from situation_rooms import ROOM, hazard
from situation_world import BEAMS, Rig

pytest.importorskip('rclpy', reason='ROS 2 is not there: the messages are not tested')

from geometry_msgs.msg import Pose2D
from nav_msgs.msg import Odometry
from sensor_msgs.msg import LaserScan

from swarm_agent.mesh.core import Claim
from swarm_agent.situation.core import NavState, Violation
from swarm_agent.situation.journal import Journal
from swarm_agent.situation.memory import FrameMemory
from swarm_agent.situation.messages import (
    FAR_M,
    fill_situation,
    hazard_message,
    peer_intent,
    reading_of,
    reflex_of,
    scan_bytes,
    set_stamp,
    stamp_of,
    wish_of,
)
from swarm_agent.situation.odometry import KEPT, Reading, Track
from swarm_msgs.msg import Intent, ReflexState, Situation

SECOND = 1_000_000_000
STEP_RAD = math.tau / BEAMS
pytestmark = pytest.mark.filterwarnings(
    # rclpy's type support imports a lark that imports these.
    r'ignore:module .sre_\w+. is deprecated:DeprecationWarning'
)


def laser(ranges, **changes: Any) -> LaserScan:
    given = {
        'angle_min': -math.pi,
        'angle_increment': STEP_RAD,
        'range_min': 0.05,
        'range_max': 25.0,
        **changes,
    }
    return LaserScan(ranges=array.array('f', ranges), **given)


def millimetres(message) -> list[int]:
    return np.frombuffer(scan_bytes(message, BEAMS), '<u2').tolist()


def test_ranges_become_millimetres_and_odd_ones_what_they_mean():
    odd = [math.inf, -math.inf, math.nan, 0.0, -1.0, 30.0, 0.0015]
    coded = millimetres(laser([*odd, *[2.0] * (BEAMS - len(odd))]))
    assert coded[: len(odd)] == [65535, 0, 0, 0, 0, 65535, 2]
    assert set(coded[len(odd) :]) == {2000}


@pytest.mark.parametrize('turn', [0, 90, 359])
def test_a_scanner_that_begins_elsewhere_is_read_at_the_nearest_beam(turn):
    ranges = [1.0 + 0.001 * k for k in range(BEAMS)]
    began = laser(ranges[turn:] + ranges[:turn], angle_min=-math.pi + turn * STEP_RAD)
    assert millimetres(began) == millimetres(laser(ranges))


def test_a_scanner_with_more_beams_that_turns_the_other_way_is_read_too():
    ranges = [1.0 + 0.001 * (k // 2) for k in range(2 * BEAMS)]
    reverse = laser(ranges[::-1], angle_min=math.pi - STEP_RAD / 2, angle_increment=-STEP_RAD / 2)
    plain = np.array(millimetres(laser(ranges[::2])))
    assert np.abs(np.array(millimetres(reverse)) - plain).max() <= 1


def test_where_a_scanner_does_not_look_there_is_no_measurement():
    front = laser([2.0] * 181, angle_min=-math.pi / 2)
    coded = millimetres(front)
    assert coded[BEAMS // 2] == 2000
    assert coded[0] == coded[40] == coded[320] == 0


@pytest.mark.parametrize(
    'changes',
    [
        {'angle_min': math.nan},
        {'angle_min': math.inf},
        {'angle_increment': math.nan},
        {'angle_increment': 0.0},
        {'angle_increment': 1e-38},
        {'range_max': math.nan},
    ],
)
def test_a_scan_with_a_malformed_head_is_read_without_a_fault(changes):
    coded = scan_bytes(laser([2.0] * BEAMS, **changes), BEAMS)
    assert len(coded) == 2 * BEAMS
    if 'range_max' not in changes:
        assert set(coded[2 : BEAMS // 4]) == {0}


@pytest.mark.parametrize('count', [0, 1, BEAMS - 1, BEAMS + 1])
def test_a_scan_of_any_length_is_read_without_a_fault(count):
    assert len(scan_bytes(laser([2.0] * count), BEAMS)) == 2 * BEAMS


@given(
    ranges=st.lists(st.floats(width=32), max_size=30),
    angle_min=st.floats(width=32),
    increment=st.floats(width=32),
)
def test_no_scan_makes_the_shell_fail(ranges, angle_min, increment):
    message = laser(ranges, angle_min=angle_min, angle_increment=increment)
    assert len(scan_bytes(message, BEAMS)) == 2 * BEAMS


def odometry(*, x=1.0, y=2.0, yaw=0.5, vx=0.3, wz=0.1, stamp_ns=5 * SECOND) -> Odometry:
    message = Odometry()
    message.pose.pose.position.x, message.pose.pose.position.y = x, y
    message.pose.pose.orientation.z = math.sin(yaw / 2)
    message.pose.pose.orientation.w = math.cos(yaw / 2)
    message.twist.twist.linear.x, message.twist.twist.angular.z = vx, wz
    set_stamp(message, stamp_ns)
    return message


@given(yaw=st.floats(-math.pi, math.pi))
def test_odometry_is_read_in_the_plane(yaw):
    reading = reading_of(odometry(yaw=yaw))
    assert reading.pose[:2] == (1.0, 2.0)
    assert abs(math.remainder(reading.pose[2] - yaw, math.tau)) < 1e-9
    assert (reading.vx_mps, reading.wz_radps, reading.stamp_ns) == (0.3, 0.1, 5 * SECOND)


@pytest.mark.parametrize('field', ['x', 'y', 'vx', 'wz'])
@pytest.mark.parametrize('number', [math.nan, math.inf])
def test_odometry_that_is_no_number_is_left_out(field, number):
    assert reading_of(odometry(**{field: number})) is None


def test_odometry_without_a_direction_is_left_out():
    message = odometry()
    message.pose.pose.orientation.z = message.pose.pose.orientation.w = 0.0
    assert reading_of(message) is None
    message.pose.pose.orientation.w = math.nan
    assert reading_of(message) is None


def test_an_intent_is_read_with_its_angle_wrapped_and_its_shares_within_bounds():
    goal = Pose2D(x=1.0, y=2.0, theta=7.0)
    message = Intent(intent_id=3, kind=Intent.GO_TO, skill='go_to', goal_map=goal, priority=4)
    message.tolerance_m, message.speed_factor, message.use_yaw = -0.5, 1.5, True
    wish = wish_of(message)
    assert wish.goal == (1.0, 2.0, pytest.approx(7.0 - math.tau))
    assert (wish.tolerance_m, wish.speed_factor) == (0.0, 1.0)
    assert (wish.intent_id, wish.kind, wish.skill, wish.priority) == (3, 1, 'go_to', 4)
    assert wish.use_yaw


@pytest.mark.parametrize('number', [math.nan, math.inf, -math.inf])
def test_an_intent_that_is_no_number_is_passed_on_for_the_core_to_refuse(number):
    message = Intent(kind=Intent.GO_TO, goal_map=Pose2D(x=number, y=2.0, theta=number))
    message.speed_factor = message.tolerance_m = number
    wish = wish_of(message)
    odd = (wish.goal[0], wish.goal[2], wish.speed_factor, wish.tolerance_m)
    assert not any(map(math.isfinite, odd))


def test_the_state_of_the_reflexes_is_read_with_a_finite_clearance():
    message = ReflexState(action=3, cause='zone_stop', e_stop=True, enabled=False)
    for clearance_m, read in ((math.inf, FAR_M), (math.nan, 0.0), (-1.0, 0.0), (0.5, 0.5)):
        message.clearance_m = clearance_m
        reflex = reflex_of(message, 7)
        assert (reflex.clearance_m, reflex.age_ns) == (read, 7)
    assert (reflex.action, reflex.cause, reflex.e_stop, reflex.enabled) == (
        3,
        'zone_stop',
        True,
        False,
    )


def test_a_stamp_survives_its_message():
    message = Odometry()
    set_stamp(message, 1_700_000_000_123_456_789)
    assert stamp_of(message) == 1_700_000_000_123_456_789


@pytest.fixture(scope='module')
def decided():
    rig = Rig(ROOM, (1.5, 1.5, 0.0))
    rig.tick(rig.go_to(6.5, 1.5))
    rig.tick()
    return rig.records


def test_a_decision_fills_the_situation_message(decided):
    _, outputs = decided[0]
    message = fill_situation(Situation(), outputs, ['amr_2'], (3, 2))
    assert (message.pose_map_base.x, message.pose_map_base.y) == outputs.pose_map[:2]
    assert message.nav_state == NavState.MOVING
    assert (message.violations, message.negotiations) == (3, 2)
    assert bytes(message.seen_bits) == outputs.seen_bits != b''
    assert message.peers == ['amr_2']
    assert message.intent_id == 1


def test_what_a_robot_says_of_itself_is_what_it_decided(decided):
    _, outputs = decided[1]
    said = peer_intent(outputs, 'amr_1', 0.28, 5)
    assert (said.agent_id, said.stamp_ns, said.skill) == ('amr_1', 5, 'go_to')
    assert (said.pose.x_m, said.pose.y_m) == outputs.pose_map[:2]
    assert [(p.x_m, p.y_m) for p in said.path] == list(outputs.path)
    assert said.state == outputs.peer_state
    told = hazard_message(hazard(1.0, 2.0), 9)
    assert (told.position.x_m, told.radius_m, told.stamp_ns) == (1.0, 0.3, 9)


def reading(stamp_ns, x, vx=1.0, yaw=0.0, wz=0.0) -> Reading:
    return Reading(stamp_ns=stamp_ns, pose=(x, 0.0, yaw), vx_mps=vx, wz_radps=wz)


def test_a_pose_between_two_readings_is_interpolated_the_short_way_round():
    track = Track()
    track.add(reading(0, 0.0, yaw=3.1))
    track.add(reading(SECOND, 1.0, yaw=-3.1))
    x, _, yaw = track.pose_at(SECOND // 4)
    assert x == pytest.approx(0.25)
    assert abs(yaw) > 3.1


def test_a_pose_after_the_last_reading_is_carried_on_for_a_moment_only():
    track = Track()
    track.add(reading(0, 0.0))
    assert track.pose_at(SECOND // 10)[0] == pytest.approx(0.1)
    assert track.pose_at(-SECOND // 10)[0] == pytest.approx(-0.1)
    assert track.pose_at(SECOND) is None
    assert track.pose_at(-SECOND) is None


def test_without_readings_there_is_no_pose():
    assert Track().pose_at(0) is None
    assert Track().newest is None


def test_readings_of_one_moment_do_not_divide_by_nothing():
    track = Track()
    track.add(reading(0, 0.0))
    track.add(reading(0, 0.1))
    assert track.pose_at(0)[0] == pytest.approx(0.1)


def test_time_that_runs_backwards_begins_a_new_track():
    track = Track()
    track.add(reading(10 * SECOND, 5.0))
    track.add(reading(SECOND, 0.0))
    assert track.pose_at(10 * SECOND) is None
    assert track.newest.pose[0] == 0.0


def test_a_track_keeps_the_last_readings_only():
    track = Track()
    for k in range(KEPT + 10):
        track.add(reading(k * SECOND, float(k)))
    assert track.pose_at(9 * SECOND) is None
    assert track.pose_at(10 * SECOND)[0] == 10.0


def test_the_frame_of_a_run_is_remembered_for_the_next(tmp_path: Path):
    FrameMemory(tmp_path, 'amr_1').save((1.5, -2.0, 0.25))
    assert FrameMemory(tmp_path, 'amr_1').load() == (1.5, -2.0, 0.25)
    assert FrameMemory(tmp_path, 'amr_2').load() is None


@pytest.mark.parametrize(
    'text',
    [
        '',
        '{',
        '[]',
        '{}',
        '{"map_odom": 3}',
        '{"map_odom": [1, 2]}',
        '{"map_odom": [1, 2, "x"]}',
        '{"map_odom": [1, 2, NaN]}',
        '{"map_odom": [1, 2, 1e999]}',
        '{"map_odom": [1, 2, 1%s]}' % ('0' * 400),
    ],
)
def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path, text: str):
    memory = FrameMemory(tmp_path, 'amr_1')
    memory.save((0.0, 0.0, 0.0))
    (tmp_path / 'nexus' / 'situation' / 'amr_1.json').write_text(text)
    assert memory.load() is None


def told(journal, inputs, outputs) -> list[str]:
    return [type_ for _, type_, _ in journal.notes(inputs, outputs)]


def test_a_decision_like_the_one_before_is_no_event(decided):
    journal = Journal()
    assert told(journal, *decided[0]) == ['nav_state', 'plan.path']
    assert told(journal, *decided[1]) == []


def test_what_happens_is_told_as_events_that_are_json(decided):
    inputs, outputs = decided[1]
    claim = Claim(
        claim_id='c',
        kind=99,
        from_agent='amr_2',
        to_agent='amr_1',
        priority=1,
        waited_ms=0,
        path=(),
        place=(1.0, 2.0),
        reason='',
    )
    violation = Violation(kind='slip', where=(1.0, 2.0), expected='a', actual='b')
    eventful = replace(outputs, violations=(violation,), hazards=(hazard(1.0, 2.0),))
    journal = Journal()
    heard = replace(inputs, claims=(claim,), hazards=(hazard(3.0, 4.0),))
    notes = list(journal.notes(heard, eventful))
    assert [type_ for _, type_, _ in notes] == [
        'claim.received',
        'hazard.received',
        'nav_state',
        'violation.slip',
        'hazard.sent',
    ]
    assert all(json.dumps(data, allow_nan=False) for _, _, data in notes)
    assert (journal.violations, journal.negotiations) == (1, 0)
    again = [type_ for _, type_, _ in journal.notes(heard, eventful)]
    assert 'hazard.received' not in again
    gone = list(journal.notes(replace(heard, hazards=()), eventful))
    back = [type_ for _, type_, _ in journal.notes(heard, eventful)]
    assert gone
    assert 'hazard.received' in back
