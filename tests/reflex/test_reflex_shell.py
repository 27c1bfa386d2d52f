# SPDX-License-Identifier: Apache-2.0
"""The shell around the core: conversions, statistics, what is news, parameters and their file."""

import array
import math
from dataclasses import MISSING, fields, replace
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip('rclpy', reason='ROS 2 is not there: nothing of the reflex node is tested')

from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from reflex_world import Bench
from sensor_msgs.msg import LaserScan

from swarm_config.ranges import ranges
from swarm_msgs.msg import ReflexState
from swarm_reflex.changes import MAX_PER_SECOND, Changes
from swarm_reflex.core import Params
from swarm_reflex.messages import (
    Arrival,
    to_command,
    to_millimetres,
    to_odom,
    to_scan,
    to_state,
)
from swarm_reflex.parameters import Settings
from swarm_reflex.periods import Periods

YAML = Path(__file__).parents[2] / 'config' / 'params' / 'reflex.yaml'
WALL_NS = 1_700_000_000_000_000_000
NOW_NS = 5_000_000_000
INFO = {'received_timestamp': WALL_NS - 4_000_000}


def arrival() -> Arrival:
    return Arrival(NOW_NS, WALL_NS, INFO)


def decoded(ranges_m: list[float]) -> list[int]:
    return np.frombuffer(to_millimetres(ranges_m, 0.1, 20.0), '<u2').tolist()


def test_ranges_are_rounded_towards_the_robot():
    assert decoded([1.0, 1.2349, 20.0]) == [1000, 1234, 20000]


def test_odd_ranges_are_coded_by_what_they_say():
    assert decoded([math.inf, 25.0, math.nan, 0.0, 0.05, -1.0, -math.inf]) == [
        65535,
        65535,
        0,
        0,
        0,
        0,
        1,
    ]


def test_ranges_without_valid_limits_are_no_measurements():
    assert np.frombuffer(to_millimetres([1.0], math.nan, math.nan), '<u2').tolist() == [0]


def test_ranges_beyond_sixteen_bits_are_as_far_as_can_be_said():
    assert np.frombuffer(to_millimetres([90.0], 0.1, 100.0), '<u2').tolist() == [65534]


def test_scan_keeps_its_geometry_and_knows_its_age():
    message = LaserScan(
        angle_min=-1.0,
        angle_increment=0.5,
        range_min=0.1,
        range_max=9.0,
        ranges=array.array('f', [1.0, 2.0]),
    )
    message.header.stamp.sec = WALL_NS // 10**9 - 1
    scan = to_scan(message, arrival())
    assert (scan.angle_min_rad, scan.angle_increment_rad) == (-1.0, 0.5)
    assert scan.arrival_ns == NOW_NS - 4_000_000
    assert scan.stamp_age_s == pytest.approx(0.996)


def test_message_that_waited_in_the_queue_is_that_much_older():
    late = Arrival(NOW_NS, WALL_NS, {'received_timestamp': WALL_NS - 3 * 10**9})
    assert late.ns == NOW_NS - 3 * 10**9


def test_middleware_without_arrival_times_means_now():
    assert Arrival(NOW_NS, WALL_NS, {'received_timestamp': 0}).ns == NOW_NS


def test_wall_clock_that_jumps_back_makes_nothing_younger_than_now():
    assert Arrival(NOW_NS, WALL_NS, {'received_timestamp': WALL_NS + 10**12}).ns == NOW_NS


def test_stamped_command_knows_its_age():
    message = TwistStamped()
    message.header.stamp.sec = WALL_NS // 10**9 - 2
    message.twist.linear.x, message.twist.angular.z = 0.3, -0.2
    command = to_command(message, arrival())
    assert (command.vx_mps, command.wz_radps) == (0.3, -0.2)
    assert command.stamp_age_s == pytest.approx(1.996)


def test_command_without_stamp_ages_by_arrival_alone():
    assert to_command(TwistStamped(), arrival()).stamp_age_s == 0.0
    assert to_command(Twist(), arrival()).stamp_age_s == 0.0


def test_command_that_is_no_number_on_an_unused_axis_is_spoilt():
    message = Twist()
    message.linear.x, message.angular.x = 0.3, math.nan
    assert math.isnan(to_command(message, arrival()).vx_mps)


def test_odometry_is_flattened():
    message = Odometry()
    message.pose.pose.orientation.z = math.sin(0.4)
    message.pose.pose.orientation.w = math.cos(0.4)
    message.twist.twist.linear.x = 0.7
    odom = to_odom(message, arrival())
    assert (odom.vx_mps, odom.yaw_rad) == (0.7, pytest.approx(0.8))


def test_odometry_without_a_rotation_has_no_yaw():
    message = Odometry()
    message.pose.pose.orientation.w = 0.0
    assert math.isnan(to_odom(message, arrival()).yaw_rad)


def test_state_names_all_causes_and_unknown_ages_are_infinite():
    outputs = Bench().tick(odom=None)
    state = to_state(outputs, wall_ns=WALL_NS, period_s=0.01, failure='')
    assert (state.action, state.cause) == (ReflexState.ACTION_STOP, 'odom_missing')
    assert state.odom_age_s == math.inf
    assert state.scan_age_s == 0.0


def test_state_of_a_passing_command_names_no_cause():
    state = to_state(Bench().drive(0.5), wall_ns=WALL_NS, period_s=0.01, failure='')
    assert (state.action, state.cause, list(state.causes)) == (ReflexState.ACTION_PASS, '', [])


def test_failure_of_the_shell_stands_before_all_causes():
    outputs = Bench().drive(0.5)
    state = to_state(outputs, wall_ns=WALL_NS, period_s=0.01, failure='recorder_failed')
    assert (state.action, state.cause) == (ReflexState.ACTION_STOP, 'recorder_failed')


def test_periods_know_their_quantiles_and_the_worst():
    periods = Periods()
    for _ in range(998):
        periods.add(10_010_000)
    periods.add(14_020_000)
    periods.add(900_000_000)
    assert periods.summary() == {
        'ticks': 1000,
        'period_p50_ms': 10.05,
        'period_p99_ms': 10.05,
        'period_p999_ms': 14.05,
        'period_worst_ms': 900.0,
    }


def test_no_periods_are_zero():
    assert Periods().summary()['period_p999_ms'] == 0.0


def test_change_of_action_is_news_once():
    changes, bench = Changes(), Bench()
    told = [changes.seen(bench.tick(0.0), bench.now_ns) for _ in range(10)]
    assert [data is not None for data in told] == [True] + [False] * 9
    data = changes.seen(bench.tick(math.nan), bench.now_ns)
    assert data is not None
    assert (data['action'], data['cause'], data['was_action']) == (
        'STOP',
        'command_invalid',
        'PASS',
    )
    assert data['clearance_m'] is None


def test_gaining_speed_gently_is_no_news():
    changes, bench = Changes(), Bench()
    changes.seen(bench.tick(0.0), bench.now_ns)
    assert all(changes.seen(bench.tick(0.5), bench.now_ns) is None for _ in range(30))


def test_flicker_is_told_a_few_times_a_second_and_counted():
    changes, bench = Changes(), Bench()
    told = [changes.seen(bench.tick(0.0 if k % 2 else math.nan), bench.now_ns) for k in range(102)]
    news = [data for data in told if data is not None]
    assert len(news) == MAX_PER_SECOND + 1
    assert sum(int(str(data['suppressed'])) for data in news) == 102 - len(news)


def test_state_turns_with_every_cause_that_comes_or_goes_and_not_with_gentle_gain():
    changes, bench = Changes(), Bench()
    assert not changes.turned(bench.tick(0.5))
    assert not changes.turned(bench.tick(0.5)), 'speed is gained'
    assert changes.turned(bench.tick(math.nan))
    assert not changes.turned(bench.tick(math.nan))
    assert changes.turned(bench.tick(math.nan, rivals=1)), 'a second cause'
    flicker = [changes.turned(bench.tick(0.0 if k % 2 else math.nan)) for k in range(50)]
    assert flicker[1:] == [True] * 49, 'no matter how often'


def test_last_state_after_flicker_is_told_when_there_is_room():
    changes, bench = Changes(), Bench()
    for k in range(11):
        changes.seen(bench.tick(0.0 if k % 2 else math.nan), bench.now_ns)
    told = [changes.seen(bench.tick(0.0), bench.now_ns) for _ in range(101)]
    news = [data for data in told if data is not None]
    assert [data['action'] for data in news] == ['PASS']


def defaults(type_: type) -> dict[str, object]:
    return {f.name: f.default for f in fields(type_) if f.default is not MISSING}


def test_parameter_file_lists_every_parameter_with_its_default():
    text = YAML.read_text(encoding='utf-8')
    listed = yaml.safe_load(text)['/**']['ros__parameters']
    expected = {**defaults(Settings), **defaults(Params), 'geofence': '', 'sandbox': ''}
    assert listed == expected
    assert {name: type(value) for name, value in listed.items()} == {
        name: type(value) for name, value in expected.items()
    }


def test_parameters_with_a_dimension_have_their_unit_in_the_file():
    lines = YAML.read_text(encoding='utf-8').splitlines()
    for line in lines:
        name = line.split(':')[0].strip()
        if name.endswith(('_s', '_m', '_mps', '_rad', '_hz')) and not line.lstrip().startswith(
            '#'
        ):
            assert '[' in line.split('#')[1], line


def test_every_default_lies_in_its_range():
    for type_ in (Params, Settings):
        for name, limits in ranges(type_).items():
            assert limits.least <= float(str(defaults(type_)[name])) <= limits.most


def test_every_number_has_a_range():
    numbers = {
        name
        for type_ in (Params, Settings)
        for name, value in defaults(type_).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    assert numbers == {*ranges(Params), *ranges(Settings)}


def test_parameters_are_frozen():
    with pytest.raises(AttributeError):
        Settings().rate_hz = 5.0  # type: ignore[misc]
    assert replace(Settings(), rate_hz=50.0).rate_hz == 50.0
