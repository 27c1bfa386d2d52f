# SPDX-License-Identifier: Apache-2.0
"""The motor-side watchdog: no fresh command, no motion."""

import contextlib
import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from swarm_reflex.core.watchdog import ZERO, Axes, Heard, due_ns, motors

AXES: Axes = (0.4, 0.0, 0.0, 0.0, 0.0, -0.2)
MS = 1_000_000


def heard_of(axes: Axes = AXES, arrival_ns: int = 0, stamp_age_s: float = 0.0) -> Heard:
    return Heard(axes=axes, arrival_ns=arrival_ns, stamp_age_s=stamp_age_s)


def test_fresh_command_passes_unchanged():
    assert motors(heard_of(), 99 * MS, 0.1) == AXES


def test_nothing_heard_is_zero():
    assert motors(None, 0, 0.1) == ZERO


@pytest.mark.parametrize('now_ms', [100, 101, 10_000, -1])
def test_silence_and_a_clock_that_runs_backwards_are_zero(now_ms: int) -> None:
    assert motors(heard_of(), now_ms * MS, 0.1) == ZERO


@pytest.mark.parametrize('stamp_age_s', [0.1, 5.0, -0.2, -1e9, math.nan, math.inf])
def test_stamp_that_is_old_or_from_the_future_or_no_number_is_zero(stamp_age_s: float) -> None:
    assert motors(heard_of(stamp_age_s=stamp_age_s), MS, 0.1) == ZERO


@pytest.mark.parametrize('axis', range(6))
@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf])
def test_any_axis_that_is_no_number_is_zero_on_all(axis: int, bad: float) -> None:
    axes = tuple(bad if i == axis else value for i, value in enumerate(AXES))
    assert motors(heard_of(axes), MS, 0.1) == ZERO


def test_next_look_is_when_the_command_ends():
    assert due_ns(heard_of(), 60 * MS, 0.1) == 100 * MS
    assert due_ns(heard_of(stamp_age_s=0.03), 60 * MS, 0.1) == 70 * MS


def test_zeros_are_repeated_twice_a_timeout():
    assert due_ns(None, 7 * MS, 0.1) == 57 * MS
    assert due_ns(heard_of(), 500 * MS, 0.1) == 550 * MS
    assert due_ns(heard_of(), 10 * MS, 0.1) == 60 * MS


class Base:
    """The reflex above the watchdog and the base below it, played by this process."""

    def __init__(self, node: object, executor: object) -> None:
        from geometry_msgs.msg import TwistStamped

        self._executor = executor
        self._type = TwistStamped
        self._reflex = node.create_publisher(TwistStamped, 'cmd_vel', 10)
        node.create_subscription(TwistStamped, 'cmd_vel_motor', self._on_motor, 10)
        self.motor: list[float] = []
        self.said = 0

    def _on_motor(self, message: object) -> None:
        self.motor.append(message.twist.linear.x)

    def say(self, vx: float) -> None:
        message = self._type()
        stamp = message.header.stamp
        stamp.sec, stamp.nanosec = divmod(time.time_ns(), 10**9)
        message.twist.linear.x = vx
        self._reflex.publish(message)

    def until(self, condition: Callable[[], bool], vx: float | None = None) -> None:
        deadline = time.monotonic() + 60.0
        while not condition():
            assert time.monotonic() < deadline, self.motor[-5:]
            if vx is not None:
                self.say(vx)
            self._executor.spin_once(timeout_sec=0.01)

    def drive(self) -> None:
        self.until(lambda: self.motor[-1:] == [0.4], vx=0.4)


@pytest.fixture
def base() -> Iterator[tuple[Base, subprocess.Popen[str]]]:
    rclpy = pytest.importorskip('rclpy', reason='ROS 2 is not there: no watchdog is started')
    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node
    from rclpy.signals import SignalHandlerOptions

    context = Context()
    rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = Node('around', namespace='/dog_1', context=context, enable_rosout=False)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    with start('-r', '__ns:=/dog_1') as process:
        yield Base(node, executor), process
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown(context=context)


@contextlib.contextmanager
def start(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, '-m', 'swarm_reflex.watchdog', '--ros-args', *arguments]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=root)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.ros
@pytest.mark.filterwarnings(r'ignore:module .sre_\w+. is deprecated:DeprecationWarning')
def test_real_node_relays_and_zeroes_on_silence_and_at_its_end(
    base: tuple[Base, subprocess.Popen[str]],
) -> None:
    played, process = base
    played.drive()
    played.until(lambda: played.motor[-3:] == [0.0, 0.0, 0.0])
    played.drive()
    played.until(lambda: played.motor[-1:] == [0.0], vx=math.nan)
    played.drive()
    process.send_signal(signal.SIGTERM)
    played.until(lambda: process.poll() is not None, vx=0.4)
    played.until(lambda: played.motor[-1:] == [0.0])
    assert process.returncode == 0


@pytest.mark.ros
@pytest.mark.parametrize('bad', ['timeout_s:=9.0', 'realtime_priority:=99'])
def test_parameter_out_of_range_is_refused_by_name(bad: str) -> None:
    with start('-p', bad) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert bad.partition(':')[0] in said
    assert 'Traceback' not in said
