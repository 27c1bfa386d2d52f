# SPDX-License-Identifier: Apache-2.0
"""The collision monitor in a process of its own, configured by Nav2's file, driven over ROS."""

import array
import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not there: no collision monitor is started')

import rclpy
from geometry_msgs.msg import PolygonStamped, TwistStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from nav_msgs.msg import Odometry
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import LaserScan
from std_srvs.srv import SetBool

from swarm_vault.replay import replay_vault

pytestmark = [
    pytest.mark.ros,
    pytest.mark.filterwarnings(r'ignore:module .sre_\w+. is deprecated:DeprecationWarning'),
]

ROOT = Path(__file__).parents[2]
ZONES = """
/**:
  ros__parameters:
    base_frame_id: base_link
    cmd_vel_in_topic: cmd_vel_smoothed
    cmd_vel_out_topic: cmd_vel
    polygons: [Stop, Slow]
    Stop: {type: circle, radius: 0.5, action_type: stop, min_points: 3, visualize: true}
    Slow: {type: circle, radius: 1.0, action_type: slowdown, slowdown_ratio: 0.5, min_points: 3}
    observation_sources: [scan]
    scan: {type: scan, topic: scan, source_timeout: 1.0}
    escape_speed: 0.0
"""


class Stack:
    """The planner above, the sensors beside and the base below the monitor."""

    def __init__(self, node: Node, executor: SingleThreadedExecutor, name: str) -> None:
        self._executor = executor
        self._scan = node.create_publisher(LaserScan, 'scan', qos_profile_sensor_data)
        self._odom = node.create_publisher(Odometry, 'odom', qos_profile_sensor_data)
        self._command = node.create_publisher(TwistStamped, 'cmd_vel_smoothed', 10)
        node.create_subscription(TwistStamped, 'cmd_vel', self._on_motors, 10)
        node.create_subscription(PolygonStamped, 'Stop', self._on_shape, 1)
        self._change = node.create_client(ChangeState, f'{name}/change_state')
        self._state = node.create_client(GetState, f'{name}/get_state')
        self.parameters = node.create_client(SetParameters, f'{name}/set_parameters')
        self.toggle = node.create_client(SetBool, f'{name}/toggle')
        self.motors: list[float] = []
        self.shapes = 0
        self.range_m = 5.0
        self.silent: set[str] = set()
        self._last_s = 0.0

    def _on_motors(self, message: TwistStamped) -> None:
        self.motors.append(message.twist.linear.x)

    def _on_shape(self, _: PolygonStamped) -> None:
        self.shapes += 1

    def live(self) -> None:
        if time.monotonic() - self._last_s > 0.05:
            self._last_s = time.monotonic()
            self._say()
        self._executor.spin_once(timeout_sec=0.005)

    def _say(self) -> None:
        scan = LaserScan(angle_min=-math.pi, angle_increment=math.pi / 30)
        scan.range_min, scan.range_max = 0.05, 25.0
        scan.header.frame_id = 'base_link'
        scan.ranges = array.array('f', [self.range_m] * 60)
        command = TwistStamped()
        command.twist.linear.x = 0.4
        for name, publisher, message in (
            ('scan', self._scan, scan),
            ('odom', self._odom, Odometry()),
            ('command', self._command, command),
        ):
            stamp = message.header.stamp
            stamp.sec, stamp.nanosec = divmod(time.time_ns(), 10**9)
            if name not in self.silent:
                publisher.publish(message)

    def until(self, condition: Callable[[], bool], why: str) -> None:
        deadline = time.monotonic() + 60.0
        while not condition():
            assert time.monotonic() < deadline, f'{why}: {self.motors[-5:]}'
            self.live()

    def runs_at(self, speed: float) -> None:
        self.motors.clear()
        self.until(lambda: self.motors[-2:] == [speed, speed], f'the base gets {speed}')

    def call(self, client: Any, request: Any) -> Any:
        self.until(client.service_is_ready, 'the service is offered')
        future = client.call_async(request)
        self.until(future.done, 'the service answers')
        return future.result()

    def change(self, transition: int) -> bool:
        request = ChangeState.Request(transition=Transition(id=transition))
        return bool(self.call(self._change, request).success)

    def label(self) -> str:
        return str(self.call(self._state, GetState.Request()).current_state.label)

    def set(self, name: str, kind: int, **value: Any) -> Any:
        setting = Parameter(name=name, value=ParameterValue(type=kind, **value))
        return self.call(self.parameters, SetParameters.Request(parameters=[setting])).results[0]


def start(folder: Path, text: str, *extra: str) -> subprocess.Popen[str]:
    file = folder / 'nav2.yaml'
    file.write_text(text)
    command = [sys.executable, '-m', 'swarm_reflex.monitor.node', '--ros-args']
    command += ['-r', '__ns:=/mon_1', '--params-file', str(file), *extra]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)


@pytest.fixture(scope='module')
def vault_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('vault')


@pytest.fixture(scope='module')
def playing(vault_dir: Path) -> Iterator[tuple[Stack, subprocess.Popen[str]]]:
    context = Context()
    rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = Node('around', namespace='/mon_1', context=context, enable_rosout=False)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    process = start(vault_dir.parent, ZONES, '-p', f'vault_dir:={vault_dir}')
    try:
        yield Stack(node, executor, 'collision_monitor'), process
    finally:
        process.kill()
        process.communicate()
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)


def test_life_of_the_collision_monitor(
    playing: tuple[Stack, subprocess.Popen[str]], vault_dir: Path
) -> None:
    stack, process = playing
    assert stack.label() == 'unconfigured'
    assert stack.change(Transition.TRANSITION_CONFIGURE)
    stack.live()
    assert stack.motors == [], 'an inactive node publishes nothing'
    assert stack.change(Transition.TRANSITION_ACTIVATE)
    stack.runs_at(0.4)

    stack.range_m = 0.8
    stack.runs_at(0.2)
    stack.range_m = 0.4
    stack.runs_at(0.0)
    stack.until(lambda: stack.shapes > 0, 'the zone is shown')

    refused = stack.set('Stop.slowdown_ratio', ParameterType.PARAMETER_DOUBLE, double_value=2.0)
    assert (refused.successful, 'slowdown_ratio' in refused.reason) == (False, True)
    fixed = stack.set('cmd_vel_out_topic', ParameterType.PARAMETER_STRING, string_value='x')
    assert not fixed.successful
    assert stack.set('Stop.enabled', ParameterType.PARAMETER_BOOL, bool_value=False).successful
    stack.runs_at(0.2)
    assert stack.set('Stop.enabled', ParameterType.PARAMETER_BOOL, bool_value=True).successful
    stack.runs_at(0.0)

    off = stack.call(stack.toggle, SetBool.Request(data=False))
    assert off.success
    stack.runs_at(0.4)
    assert stack.call(stack.toggle, SetBool.Request(data=True)).success
    stack.runs_at(0.0)

    stack.range_m = 5.0
    stack.runs_at(0.4)
    for silent in ('scan', 'command', 'odom'):
        stack.silent.add(silent)
        stack.runs_at(0.0)
        stack.silent.clear()
        stack.runs_at(0.4)

    assert stack.change(Transition.TRANSITION_DEACTIVATE)
    stack.until(lambda: stack.motors[-1:] == [0.0], 'zeros are left')
    assert stack.change(Transition.TRANSITION_ACTIVATE)
    stack.runs_at(0.4)
    process.send_signal(signal.SIGTERM)
    stack.until(lambda: process.poll() is not None, 'the node ends')
    stack.until(lambda: stack.motors[-1:] == [0.0], 'zeros are left')
    assert process.returncode == 0
    report = replay_vault(vault_dir)
    assert report.reasons == ()
    assert report.decisions_reproduced == report.decisions_recorded > 100


def test_bad_parameter_file_is_refused_by_name(tmp_path: Path) -> None:
    text = ZONES.replace('radius: 0.5', 'radius: -0.5')
    process = start(tmp_path, text, '-p', 'autostart_node:=true')
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 2
    assert 'Stop.radius' in said
    assert 'Traceback' not in said
