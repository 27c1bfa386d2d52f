# SPDX-License-Identifier: Apache-2.0
"""The simulator as a real process on a ROS domain of its own."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sim_rooms import MakeFleet, room_of

rclpy = pytest.importorskip('rclpy', reason='rclpy is not installed: the simulator is not tested')

DEADLINE_S = 30.0
DOMAIN = str(20 + os.getpid() % 70)
pytestmark = [
    pytest.mark.ros,
    pytest.mark.filterwarnings("ignore:module 'sre_:DeprecationWarning"),  # lark, under rclpy
]


class Ear:
    """A ROS node that hears and commands one robot."""

    def __init__(self, robot: str) -> None:
        from geometry_msgs.msg import TwistStamped
        from nav_msgs.msg import Odometry
        from rclpy.qos import qos_profile_sensor_data
        from sensor_msgs.msg import BatteryState, LaserScan
        from std_srvs.srv import Trigger

        self.newest: dict[str, Any] = {}
        self.node = rclpy.create_node('ear')
        for topic, kind in (
            ('scan', LaserScan),
            ('odom', Odometry),
            ('battery_state', BatteryState),
        ):
            self.node.create_subscription(
                kind, f'/{robot}/{topic}', self._keeper(topic), qos_profile_sensor_data
            )
        self._twist = TwistStamped
        self._commands = self.node.create_publisher(TwistStamped, f'/{robot}/cmd_vel', 10)
        self._trigger = Trigger
        self._services = {
            name: self.node.create_client(Trigger, name)
            for name in ('/sim/start_script', '/sim/referee')
        }

    def _keeper(self, topic: str) -> Callable[[Any], None]:
        return lambda message: self.newest.__setitem__(topic, message)

    def until(self, ready: Callable[[], bool], speed_mps: float | None = None) -> None:
        """Spin, and command a speed every 20 ms if one is given, until something is true."""
        deadline = time.monotonic() + DEADLINE_S
        while not ready():
            assert time.monotonic() < deadline, f'heard only {sorted(self.newest)}'
            if speed_mps is not None:
                twist = self._twist()
                twist.twist.linear.x = speed_mps
                self._commands.publish(twist)
            rclpy.spin_once(self.node, timeout_sec=0.02)

    def call(self, name: str) -> Any:
        client = self._services[name]
        assert client.wait_for_service(DEADLINE_S)
        future = client.call_async(self._trigger.Request())
        rclpy.spin_until_future_complete(self.node, future, timeout_sec=DEADLINE_S)
        return future.result()

    @property
    def speed_mps(self) -> float:
        return float(self.newest['odom'].twist.twist.linear.x)


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv('ROS_DOMAIN_ID', DOMAIN)
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    rclpy.init()
    yield
    rclpy.shutdown()


@pytest.fixture
def process(
    local: None, make_fleet: MakeFleet, tmp_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    fleet = make_fleet(room_of(width_m=8.0, height_m=4.0), ('amr', 1.0, 2.0, 0.0))
    started = subprocess.Popen(command(fleet_file=fleet.path, out_dir=tmp_path, seed=3))
    yield started
    started.kill()
    started.wait()


@pytest.fixture
def ear(local: None) -> Iterator[Ear]:
    made = Ear('amr_0')
    yield made
    made.node.destroy_node()


def command(**parameters: object) -> list[str]:
    pairs = [part for key, value in parameters.items() for part in ('-p', f'{key}:={value}')]
    return [sys.executable, '-m', 'swarm_sim.node', '--ros-args', *pairs]


def test_a_robot_speaks_and_moves_and_stops_when_commands_cease(
    process: subprocess.Popen[bytes], ear: Ear, tmp_path: Path
):
    ear.until(lambda: {'scan', 'odom', 'battery_state'} <= set(ear.newest))
    scan, odom = ear.newest['scan'], ear.newest['odom']

    assert (scan.header.frame_id, odom.header.frame_id) == ('amr_0/base_scan', 'amr_0/odom')
    assert odom.child_frame_id == 'amr_0/base_link'
    assert (len(scan.ranges), scan.angle_min) == (360, pytest.approx(-math.pi))
    assert scan.ranges[180] == pytest.approx(6.95, abs=0.1)
    assert odom.pose.pose.position.x == 0.0
    assert ear.newest['battery_state'].percentage == pytest.approx(1.0, abs=0.01)

    ear.until(lambda: ear.speed_mps > 0.3, speed_mps=0.5)
    ear.until(lambda: abs(ear.speed_mps) < 0.001)
    report = json.loads(ear.call('/sim/referee').message)

    assert report['contacts'] == []
    assert report['robots']['amr_0']['distance_m'] > 0.05
    assert ear.call('/sim/start_script').success
    assert not ear.call('/sim/start_script').success

    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE_S) == 0
    assert json.loads((tmp_path / 'referee.json').read_text())['script_started_s'] > 0.0


@pytest.mark.parametrize(
    ('parameters', 'words'),
    [
        ({}, 'fleet_file is missing'),
        ({'fleet_file': '/no/such.yaml', 'out_dir': '.'}, '/no/such.yaml'),
        ({'fleet_file': 'x', 'out_dir': '.', 'seed': -1}, 'seed: expected 0 or more'),
        ({'fleet_file': 'x', 'out_dir': '.', 'watchdog_s': 9.0}, 'watchdog_s: expected'),
        ({'fleet_file': 'x', 'out_dir': '.', 'seed': 'soon'}, 'seed'),
    ],
)
def test_a_faulty_parameter_gets_one_sentence(
    local: None, parameters: dict[str, object], words: str
):
    done = subprocess.run(
        command(**parameters), capture_output=True, text=True, check=False, timeout=DEADLINE_S
    )

    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_without_a_display_the_window_is_refused_in_one_sentence(
    local: None, make_fleet: MakeFleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    fleet = make_fleet(room_of(width_m=8.0, height_m=4.0), ('amr', 1.0, 2.0, 0.0))
    argv = command(fleet_file=fleet.path, out_dir=tmp_path, headless='false')
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=DEADLINE_S)

    assert done.returncode == 2
    assert 'needs a display' in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_script_is_started_from_the_command_line(
    process: subprocess.Popen[bytes], tmp_path: Path
):
    argv = [sys.executable, '-m', 'swarm_sim.start_script', '--within', str(DEADLINE_S)]
    first, second = (
        subprocess.run(argv, capture_output=True, text=True, check=False) for _ in range(2)
    )

    assert (first.returncode, second.returncode) == (0, 1)
    assert second.stderr == 'the script has been started before\n'
