# SPDX-License-Identifier: Apache-2.0
"""The real node in a process of its own; this one plays the robot around it."""

import array
import contextlib
import json
import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from situation_fleet import START, fleet_of
from situation_rooms import rays_of
from situation_world import BEAMS, arc

pytest.importorskip('rclpy', reason='ROS 2 is not there: the situation node is not started')

import rclpy
from geometry_msgs.msg import Pose2D, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import LaserScan
from swarm.v1 import mesh_pb2

from swarm_agent.mesh.session import MeshSession
from swarm_config.fleets import load_fleet
from swarm_msgs.msg import Heartbeat, Intent, ReflexState, Situation, SwarmEvent
from swarm_vault.keys import ensure_authority
from swarm_vault.replay import replay_vault

pytestmark = [
    pytest.mark.ros,
    # rclpy's type support imports a lark that imports these.
    pytest.mark.filterwarnings(r'ignore:module .sre_\w+. is deprecated:DeprecationWarning'),
]

ROOT = Path(__file__).parents[2]
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
PATIENCE_S = 60.0
TEAM = ('amr_1',)
ODOM_PERIOD_S, SCAN_PERIOD_S = 0.05, 0.1


class Robot:
    """Wheels and scanner in a room, an intent, and what the node says."""

    def __init__(self, node: Node, executor: SingleThreadedExecutor) -> None:
        self.executor = executor
        self._odom = node.create_publisher(Odometry, 'odom', qos_profile_sensor_data)
        self._scan = node.create_publisher(LaserScan, 'scan', qos_profile_sensor_data)
        self._intent = node.create_publisher(Intent, 'intent', LATCHED)
        self._reflex = node.create_publisher(ReflexState, 'reflex/state', LATCHED)
        node.create_subscription(TwistStamped, 'cmd_vel_raw', self._on_command, 10)
        node.create_subscription(Situation, 'situation', self._on_situation, 1)
        node.create_subscription(Heartbeat, 'heartbeat', self._on_beat, 5)
        node.create_subscription(SwarmEvent, 'events', self._on_event, 10)
        self.sensing: set[str] = set()
        self.wheels = (0.0, 0.0, 0.0)
        self.commands: list[tuple[float, float]] = []
        self.beats: list[int] = []
        self.events: list[str] = []
        self.situation: Situation | None = None
        self._due = {'odom': 0.0, 'scan': 0.0}

    def live_until(self, condition: Callable[[], bool], why: str) -> None:
        """Play the robot until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f'{why}: {self.situation} {self.commands[-3:]}'
            self.live()

    def live(self) -> None:
        now = time.monotonic()
        for name, period_s in (('odom', ODOM_PERIOD_S), ('scan', SCAN_PERIOD_S)):
            if name in self.sensing and now >= self._due[name]:
                self._due[name] = now + period_s
                self._move() if name == 'odom' else self._look()
        self.executor.spin_once(timeout_sec=0.005)

    def go_to(self, x: float, y: float, intent_id: int) -> None:
        intent = Intent(intent_id=intent_id, kind=Intent.GO_TO, skill='go_to', priority=3)
        intent.goal_map = Pose2D(x=x, y=y, theta=0.0)
        intent.tolerance_m, intent.speed_factor = 0.2, 1.0
        self._intent.publish(intent)

    def says(self, nav_state: int, reason: str = '') -> Callable[[], bool]:
        return lambda: (
            self.situation is not None
            and (self.situation.nav_state, self.situation.reason) == (nav_state, reason)
        )

    def stands(self) -> bool:
        return bool(self.commands) and self.commands[-1] == (0.0, 0.0)

    def place(self) -> tuple[float, float, float]:
        x, y, yaw = self.wheels
        return START[0] + x, START[1] + y, START[2] + yaw

    def _move(self) -> None:
        vx, wz = self.commands[-1] if self.commands else (0.0, 0.0)
        self.wheels = arc(self.wheels, vx * ODOM_PERIOD_S, wz * ODOM_PERIOD_S)
        message = Odometry()
        message.pose.pose.position.x, message.pose.pose.position.y = self.wheels[:2]
        message.pose.pose.orientation.z = math.sin(self.wheels[2] / 2)
        message.pose.pose.orientation.w = math.cos(self.wheels[2] / 2)
        message.twist.twist.linear.x, message.twist.twist.angular.z = vx, wz
        self._publish(self._odom, message)
        state = ReflexState(action=0, enabled=True, clearance_m=5.0)
        self._publish(self._reflex, state)

    def _look(self) -> None:
        message = LaserScan(
            angle_min=-math.pi,
            angle_increment=math.tau / BEAMS,
            range_min=0.05,
            range_max=25.0,
            ranges=array.array('f', rays_of().ranges(self.place()).tolist()),
        )
        self._publish(self._scan, message)

    def _publish(self, publisher: Any, message: Any) -> None:
        stamp = message.header.stamp
        stamp.sec, stamp.nanosec = divmod(time.time_ns(), 10**9)
        publisher.publish(message)

    def _on_command(self, message: TwistStamped) -> None:
        self.commands.append((message.twist.linear.x, message.twist.angular.z))

    def _on_situation(self, message: Situation) -> None:
        self.situation = message

    def _on_beat(self, message: Heartbeat) -> None:
        assert message.source == 'situation'
        self.beats.append(message.sequence)

    def _on_event(self, message: SwarmEvent) -> None:
        assert json.loads(message.data_json) is not None
        self.events.append(message.type)


def start(folder: Path, *extra: str, team: Sequence[str] = TEAM) -> subprocess.Popen[str]:
    vault = folder / 'vault'
    arguments = [
        *('--params-file', f'{ROOT}/config/params/situation.yaml'),
        *('-r', '__ns:=/amr_1', '-p', 'agent_id:=amr_1'),
        *('-p', f'vault_dir:={vault}', '-p', f'fleet_file:={fleet_of(folder, team)}'),
        *extra,
    ]
    command = [sys.executable, '-m', 'swarm_agent.situation.node', '--ros-args', *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)


@contextlib.contextmanager
def around(
    folder: Path, team: Sequence[str] = TEAM
) -> Iterator[tuple[Robot, subprocess.Popen[str]]]:
    """A situation node in its process and the robot in this one."""
    ensure_authority(folder / 'vault', team)
    context = Context()
    rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = Node('around', namespace='/amr_1', context=context, enable_rosout=False)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    process = start(folder, team=team)
    try:
        yield Robot(node, executor), process
    finally:
        process.kill()
        process.communicate()
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)


def logged(folder: Path) -> list[dict[str, Any]]:
    logs = sorted((folder / 'vault').glob('agents/amr_1/log/situation/*/*.jsonl'))
    return [json.loads(line) for log in logs for line in log.read_text().splitlines()]


def test_the_node_stands_blind_drives_seeing_stops_in_doubt_and_leaves_a_complete_record(
    tmp_path: Path,
) -> None:
    with around(tmp_path) as (robot, process):
        robot.live_until(robot.says(Situation.NAV_BLOCKED, 'no odometry yet'), 'it is blind')
        assert set(robot.commands) <= {(0.0, 0.0)}
        assert (robot.situation.seen_width, robot.situation.seen_height) == (32, 24)
        robot.sensing = {'odom', 'scan'}
        robot.live_until(robot.says(Situation.NAV_IDLE), 'it sees and has nothing to do')
        robot.go_to(4.0, 1.5, intent_id=7)
        robot.live_until(lambda: bool(robot.commands) and robot.commands[-1][0] > 0.2, 'it drives')
        robot.live_until(robot.says(Situation.NAV_ARRIVED), 'it arrives')
        robot.live_until(robot.stands, 'it stands at its goal')
        assert math.dist(robot.place()[:2], (4.0, 1.5)) < 0.3
        pose = robot.situation.pose_map_base
        assert math.dist((pose.x, pose.y), robot.place()[:2]) < 0.15
        assert (robot.situation.intent_id, robot.situation.peers) == (7, [])
        assert robot.situation.match_quality > 0.8
        assert np.unpackbits(np.array(robot.situation.seen_bits, np.uint8)).sum() > 50

        robot.go_to(math.nan, 1.5, intent_id=8)
        robot.live_until(
            robot.says(
                Situation.NAV_BLOCKED, 'the intent holds a number that cannot be computed with'
            ),
            'it refuses a goal that is no number',
        )
        robot.go_to(1.5, 1.5, intent_id=9)
        robot.live_until(robot.says(Situation.NAV_MOVING), 'it drives again')
        robot.sensing = {'odom'}
        robot.live_until(
            robot.says(Situation.NAV_BLOCKED, 'the newest scan is too old'), 'it misses scans'
        )
        robot.live_until(robot.stands, 'it stands')
        robot.sensing = {'odom', 'scan'}
        robot.live_until(robot.says(Situation.NAV_MOVING), 'it goes on')

        beats = robot.beats[:]
        assert beats == list(range(beats[0], beats[0] + len(beats)))
        process.send_signal(signal.SIGTERM)
        robot.live_until(lambda: process.poll() is not None, 'the node ends')
        robot.live_until(robot.stands, 'its last command is zero')
        assert process.returncode == 0
        assert process.stderr.read() == ''
    report = replay_vault(tmp_path / 'vault')
    assert report.reasons == ()
    assert report.decisions_reproduced == report.decisions_recorded > 10
    lines = logged(tmp_path)
    types = {line['type'] for line in lines}
    assert {'core.start', 'nav_state', 'plan.path'} <= types
    assert [line['seq'] for line in lines] == list(range(len(lines)))
    assert set(robot.events) <= types
    saved = json.loads((tmp_path / 'vault/nexus/situation/amr_1.json').read_text())
    assert math.dist(saved['map_odom'][:2], START[:2]) < 0.2


def test_a_robot_that_is_too_far_to_be_heard_is_told_as_there_until_it_has_left(
    tmp_path: Path,
) -> None:
    with around(tmp_path, ('amr_1', 'amr_2')) as (robot, _):
        robot.sensing = {'odom', 'scan'}
        fleet = load_fleet(tmp_path / 'fleet.yaml')
        other = MeshSession('amr_2', fleet, tmp_path / 'vault')

        def tells(*there: str) -> bool:
            far = mesh_pb2.PeerIntent(agent_id='amr_2', stamp_ns=time.time_ns(), radius_m=0.3)
            far.pose.x_m = 500.0
            if there:
                other.publish_intent(far)
                other.drain()
            told = robot.situation
            return told is not None and told.nav_state == 0 and told.peers == [*there]

        robot.live_until(lambda: tells('amr_2'), 'amr_2 is there')
        other.close()
        robot.live_until(tells, 'amr_2 has left')


@pytest.mark.parametrize(
    ('extra', 'named'),
    [
        (('-p', 'stale_scan_s:=99.0'), 'parameter stale_scan_s: 99.0; expected 0.1 to 5'),
        (('-p', 'stale_scan_s:=soon'), 'parameter stale_scan_s: expected a float'),
        (('-p', 'agent_id:=nobody'), 'nobody'),
    ],
)
def test_a_bad_parameter_is_one_sentence_and_exit_code_2(
    tmp_path: Path, extra: tuple[str, ...], named: str
) -> None:
    process = start(tmp_path, *extra)
    try:
        _, said = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 2
    assert named in said
    assert 'Traceback' not in said


def test_a_robot_without_a_key_does_not_start_and_says_so(tmp_path: Path) -> None:
    process = start(tmp_path)
    try:
        _, said = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 2
    assert said.startswith('situation: ')
    assert 'Traceback' not in said
