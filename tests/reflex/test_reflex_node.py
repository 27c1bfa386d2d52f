# SPDX-License-Identifier: Apache-2.0
"""The real node in a process of its own, driven over ROS by this one."""

import array
import contextlib
import json
import math
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not there: the reflex node is not started')

import rclpy
from geometry_msgs.msg import TwistStamped
from mcap.reader import make_reader
from nav_msgs.msg import Odometry
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import LaserScan
from std_msgs.msg import Bool, UInt8
from std_srvs.srv import SetBool, Trigger

from swarm_msgs.msg import Heartbeat, ReflexState
from swarm_vault.replay import replay_vault

pytestmark = [
    pytest.mark.ros,
    # rclpy's type support imports a lark that imports these.
    pytest.mark.filterwarnings(r'ignore:module .sre_\w+. is deprecated:DeprecationWarning'),
]

ROOT = Path(__file__).parents[2]
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
PATIENCE_S = 60.0
BEATS_S = {'scan': 0.1, 'odom': 0.05, 'command': 0.1, 'situation': 0.1, 'planner': 0.1}


class Robot:
    """Everything around the reflex node: sensors, commander, heartbeats, motors."""

    def __init__(self, node: Node, executor: SingleThreadedExecutor) -> None:
        self.executor = executor
        self.node, self.context = node, node.context
        sensor = qos_profile_sensor_data
        self.scan = node.create_publisher(LaserScan, 'scan', sensor)
        self.odom = node.create_publisher(Odometry, 'odom', sensor)
        self.command = node.create_publisher(TwistStamped, 'cmd_vel_raw', 10)
        self.heartbeat = node.create_publisher(Heartbeat, 'heartbeat', QoSProfile(depth=5))
        node.create_subscription(TwistStamped, 'cmd_vel', self._on_motors, 10)
        node.create_subscription(ReflexState, 'reflex/state', self._on_state, LATCHED)
        self.e_stop = node.create_client(Trigger, 'reflex/e_stop')
        self.reset = node.create_client(Trigger, 'reflex/reset')
        self.enable = node.create_client(SetBool, 'reflex/enable')
        self.parameters = node.create_client(SetParameters, 'reflex/set_parameters')
        self.freezes = {
            'latched': node.create_publisher(Bool, '/swarm/freeze', LATCHED),
            'volatile': node.create_publisher(Bool, '/swarm/freeze', 10),
        }
        self.tier = node.create_publisher(UInt8, 'reflex/tier', LATCHED)
        self.silent: set[str] = set()
        self.range_m = 5.0
        self.speed_mps = 0.3
        self.motors: list[tuple[float, float]] = []
        self.state: ReflexState | None = None
        self._last = dict.fromkeys(BEATS_S, 0.0)
        self._count = 0

    def live_until(self, condition: Callable[[], bool], why: str) -> None:
        """Play the robot until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f'{why}: {self.state}, motors {self.motors[-3:]}'
            self.live()

    def live_for(self, seconds: float) -> None:
        """Play the robot for a while."""
        end = time.monotonic() + seconds
        self.live_until(lambda: time.monotonic() > end, 'time passes')

    def live(self) -> None:
        now = time.monotonic()
        for name, period_s in BEATS_S.items():
            if name not in self.silent and now - self._last[name] >= period_s:
                self._last[name] = now
                self._say(name)
        self.executor.spin_once(timeout_sec=0.005)

    def call(self, client: Any, request: Any) -> Any:
        """Call a service while life goes on."""
        self.live_until(client.service_is_ready, 'the service is offered')
        future = client.call_async(request)
        self.live_until(future.done, 'the service answers')
        return future.result()

    def name_reset(self, by: str, reason: str) -> None:
        """Set the two parameters that the next reset uses up."""
        words = [('reset_by', by), ('reset_reason', reason)]
        kind = ParameterType.PARAMETER_STRING
        values = [
            Parameter(name=name, value=ParameterValue(type=kind, string_value=word))
            for name, word in words
        ]
        answer = self.call(self.parameters, SetParameters.Request(parameters=values))
        assert [result.successful for result in answer.results] == [True, True]

    def caused_by(self, cause: str) -> Callable[[], bool]:
        return lambda: self.state is not None and self.state.cause == cause

    def moves(self) -> bool:
        return bool(self.motors) and self.motors[-1][0] == self.speed_mps

    def stands(self) -> bool:
        return self.motors[-1] == (0.0, 0.0)

    def _say(self, name: str) -> None:
        self._count += 1
        if name == 'scan':
            jitter = 0.001 * (self._count % 5)
            ranges = array.array('f', [self.range_m + jitter] * 360)
            scan = LaserScan(
                angle_min=-math.pi,
                angle_increment=math.pi / 180.0,
                range_min=0.05,
                range_max=25.0,
                ranges=ranges,
            )
            self._stamp(scan)
            self.scan.publish(scan)
        elif name == 'odom':
            odom = Odometry()
            self._stamp(odom)
            self.odom.publish(odom)
        elif name == 'command':
            command = TwistStamped()
            command.twist.linear.x = self.speed_mps
            self._stamp(command)
            self.command.publish(command)
        else:
            self.heartbeat.publish(Heartbeat(source=name, sequence=self._count))

    def _stamp(self, message: Any) -> None:
        stamp = message.header.stamp
        stamp.sec, stamp.nanosec = divmod(time.time_ns(), 10**9)

    def _on_motors(self, message: TwistStamped) -> None:
        self.motors.append((message.twist.linear.x, message.twist.angular.z))

    def _on_state(self, message: ReflexState) -> None:
        self.state = message


def start_reflex(vault_dir: Path, *extra: str, agent_id: str = 'amr_1') -> subprocess.Popen[str]:
    arguments = [
        *('-r', f'__ns:=/{agent_id}', '-p', f'agent_id:={agent_id}'),
        *('-p', f'vault_dir:={vault_dir}', '-p', f'fleet_file:={ROOT}/config/fleets/depot.yaml'),
        *extra,
    ]
    command = [sys.executable, '-m', 'swarm_reflex.node', '--ros-args', *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)


@contextlib.contextmanager
def playing(agent_id: str, vault_dir: Path) -> Iterator[tuple[Robot, subprocess.Popen[str]]]:
    """A reflex node in its process and everything around it in this one."""
    context = Context()
    rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = Node('around', namespace=f'/{agent_id}', context=context, enable_rosout=False)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    params = ('--params-file', f'{ROOT}/config/params/reflex.yaml')
    process = start_reflex(vault_dir, *params, agent_id=agent_id)
    try:
        yield Robot(node, executor), process
    finally:
        process.kill()
        process.communicate()
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)


@pytest.fixture(scope='module')
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Robot]:
    with playing('amr_1', tmp_path_factory.mktemp('vault')) as (robot, _):
        yield robot


@pytest.fixture
def robot(around: Robot) -> Robot:
    """A robot that drives, everything in order."""
    around.silent.clear()
    around.range_m, around.speed_mps = 5.0, 0.3
    around.live_until(around.moves, 'the robot drives')
    return around


def test_obstacle_in_the_scan_zeroes_the_motors(robot: Robot) -> None:
    robot.range_m = 0.3
    robot.live_until(robot.stands, 'the motors are zeroed')
    robot.live_until(robot.caused_by('zone_stop'), 'the state says why')
    assert robot.state is not None
    assert robot.state.zone == 'stop'
    assert robot.state.clearance_m < 0.03


@pytest.mark.parametrize(
    ('silent', 'cause'),
    [
        ('scan', 'scan_stale'),
        ('odom', 'odom_stale'),
        ('command', 'command_stale'),
        ('situation', 'situation_lost'),
        ('planner', 'planner_lost'),
    ],
)
def test_silence_zeroes_the_motors(robot: Robot, silent: str, cause: str) -> None:
    robot.silent.add(silent)
    robot.live_until(robot.stands, 'the motors are zeroed')
    robot.live_until(robot.caused_by(cause), 'the state says why')


def test_zeros_are_published_while_nobody_commands(robot: Robot) -> None:
    robot.silent.add('command')
    robot.live_until(robot.stands, 'the motors are zeroed')
    count = len(robot.motors)
    robot.live_until(lambda: len(robot.motors) > count + 100, 'zeros go on')
    assert set(robot.motors[count:]) == {(0.0, 0.0)}


def test_command_that_is_no_number_zeroes_the_motors(robot: Robot) -> None:
    robot.speed_mps = math.nan
    robot.live_until(robot.stands, 'the motors are zeroed')
    robot.live_until(robot.caused_by('command_invalid'), 'the state says why')


def test_e_stop_is_latched_and_reset_only_with_a_zero_command(robot: Robot) -> None:
    assert robot.call(robot.e_stop, Trigger.Request()).success
    robot.live_until(robot.stands, 'the motors are zeroed')
    robot.name_reset('mara', 'a test')
    refused = robot.call(robot.reset, Trigger.Request())
    assert not refused.success
    assert 'zero' in refused.message
    assert robot.stands()
    robot.speed_mps = 0.0
    robot.live_for(0.3)
    nameless = robot.call(robot.reset, Trigger.Request())
    assert not nameless.success, 'the refused reset used the words up'
    robot.name_reset('mara', 'a test')
    assert robot.call(robot.reset, Trigger.Request()).success
    robot.speed_mps = 0.3
    robot.live_until(robot.moves, 'the robot drives again')


def test_disabling_stops_and_enabling_lets_go(robot: Robot) -> None:
    assert robot.call(robot.enable, SetBool.Request(data=False)).success
    robot.live_until(robot.stands, 'the motors are zeroed')
    robot.live_until(robot.caused_by('disabled'), 'the state says why')
    assert robot.call(robot.enable, SetBool.Request(data=True)).success
    robot.live_until(robot.moves, 'the robot drives again')


@pytest.mark.parametrize('kind', ['latched', 'volatile'])
def test_fleet_wide_freeze_stops_and_its_end_lets_go(robot: Robot, kind: str) -> None:
    freeze = robot.freezes[kind]
    freeze.publish(Bool(data=True))
    robot.live_until(robot.stands, 'the motors are zeroed')
    robot.live_until(robot.caused_by('freeze'), 'the state says why')
    freeze.publish(Bool(data=False))
    robot.live_until(robot.moves, 'the robot drives again')


def order_freeze(folder: Path, *words: str, name: str = 'amr_1') -> subprocess.Popen[str]:
    """`swarm freeze` for a fleet of one."""
    fleet = folder / 'fleet.yaml'
    home = f'{{id: {name}, model: amr, home: [12.5, 6.0, 0.0]}}'
    config = ROOT / 'config'
    fleet.write_text(
        f'fleet: one\nmap: {config}/maps/nav2_depot.yaml\n'
        f'robots_dir: {config}/robots\nrobots: [{home}]\n'
    )
    given = ['--by', 'mara', '--why', 'a spill', '--fleet', str(fleet), '--vault', str(folder)]
    command = [sys.executable, '-m', 'swarm_reflex.freeze', *words, *given]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )


def test_ordered_freeze_is_acknowledged_recorded_and_taken_back(
    robot: Robot, tmp_path: Path
) -> None:
    ordered = order_freeze(tmp_path, 'on', '--patience-s', '60')
    robot.live_until(lambda: ordered.poll() is not None, 'the fleet acknowledges')
    assert ordered.communicate() == ('frozen: amr_1\n', '')
    robot.live_until(robot.stands, 'the motors are zeroed')
    released = order_freeze(tmp_path, 'off', '--json', '--patience-s', '60')
    robot.live_until(lambda: released.poll() is not None, 'the fleet acknowledges')
    said = json.loads(released.communicate()[0])
    assert said == {'released': ['amr_1'], 'not_reached': [], 'fault': ''}
    robot.live_until(robot.moves, 'the robot drives again')
    logs = sorted(tmp_path.glob('agents/operator/log/freeze/*/*.jsonl'))
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    orders = [line['data'] for line in lines if line['type'] == 'fleet.freeze']
    assert [(order['on'], order['by'], order['why']) for order in orders] == [
        (True, 'mara', 'a spill'),
        (False, 'mara', 'a spill'),
    ]


def test_freeze_that_a_robot_does_not_answer_names_it_and_fails(
    robot: Robot, tmp_path: Path
) -> None:
    (tmp_path / 'agents').write_text('a file in the way of the record')
    ordered = order_freeze(tmp_path, 'on', '--patience-s', '0.1', name='absent')
    robot.live_until(lambda: ordered.poll() is not None, 'the command gives up')
    _, said = ordered.communicate()
    assert ordered.returncode == 1
    assert 'not recorded' in said
    assert 'not reached within 0.1 s: absent' in said
    refused = order_freeze(tmp_path, 'off', name='absent')
    robot.live_until(lambda: refused.poll() is not None, 'the command is refused')
    assert refused.returncode == 2
    assert 'only on record' in refused.communicate()[1]
    robot.freezes['latched'].publish(Bool(data=False))
    robot.live_until(robot.moves, 'the robot drives again')


def test_tier_of_trust_stops_and_frees(robot: Robot) -> None:
    robot.tier.publish(UInt8(data=0))
    robot.live_until(robot.caused_by('tier_zero'), 'the state says why')
    robot.live_until(robot.stands, 'the motors are zeroed')
    robot.tier.publish(UInt8(data=3))
    robot.live_until(robot.moves, 'the robot drives again')


def test_second_publisher_on_the_motors_topic_stops(robot: Robot) -> None:
    node = Node('rival', namespace='/amr_1', context=robot.context, enable_rosout=False)
    node.create_publisher(TwistStamped, 'cmd_vel', 10)
    robot.live_until(robot.caused_by('rival'), 'the state says why')
    node.destroy_node()
    robot.live_until(robot.moves, 'the robot drives again')


def test_commander_whose_quality_of_service_does_not_fit_is_not_heard(robot: Robot) -> None:
    """Best effort offered, reliable asked for: no command arrives, and silence is a stop."""
    robot.node.destroy_publisher(robot.command)
    robot.command = robot.node.create_publisher(
        TwistStamped, 'cmd_vel_raw', qos_profile_sensor_data
    )
    robot.live_until(robot.stands, 'the motors are zeroed')
    robot.live_until(robot.caused_by('command_stale'), 'the state says why')
    count = len(robot.motors)
    robot.live_until(lambda: len(robot.motors) > count + 50, 'zeros go on')
    assert set(robot.motors[count:]) == {(0.0, 0.0)}
    robot.node.destroy_publisher(robot.command)
    robot.command = robot.node.create_publisher(TwistStamped, 'cmd_vel_raw', 10)
    robot.live_until(robot.moves, 'the robot drives again')


def test_parameters_of_the_gate_do_not_change_while_it_runs(robot: Robot) -> None:
    kind = ParameterType.PARAMETER_DOUBLE
    value = ParameterValue(type=kind, double_value=2.0)
    request = SetParameters.Request(parameters=[Parameter(name='scan_timeout_s', value=value)])
    result = robot.call(robot.parameters, request).results[0]
    assert not result.successful


def test_e_stop_outlives_a_killed_node(tmp_path: Path) -> None:
    with playing('amr_2', tmp_path) as (robot, _):
        robot.live_until(robot.moves, 'the robot drives')
        assert robot.call(robot.e_stop, Trigger.Request()).success
    with playing('amr_2', tmp_path) as (robot, _):
        robot.live_until(robot.caused_by('e_stop'), 'the state says why')
        robot.speed_mps = 0.0
        robot.live_for(0.5)
        robot.name_reset('mara', 'a test')
        assert robot.call(robot.reset, Trigger.Request()).success
        robot.speed_mps = 0.3
        robot.live_until(robot.moves, 'the robot drives again')
    logs = tmp_path.glob('agents/amr_2/log/reflex/*/*.jsonl')
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    resets = [line['data'] for line in lines if line['type'] == 'reflex.reset']
    assert [(said['by'], said['reason'], said['released']) for said in resets] == [
        ('mara', 'a test', True)
    ]


def test_loop_that_is_held_up_again_and_again_ends_motion_and_records_each_time(
    tmp_path: Path,
) -> None:
    with playing('amr_2', tmp_path) as (robot, process):
        robot.live_until(robot.moves, 'the robot drives')

        def is_overrun() -> bool:
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.03)
            process.send_signal(signal.SIGCONT)
            robot.live_for(0.05)
            return robot.state is not None and 'overrun' in robot.state.causes

        robot.live_until(is_overrun, 'the state says why')
        robot.live_until(robot.stands, 'the robot comes to rest')
        robot.live_until(robot.moves, 'punctual again, it drives')
        process.send_signal(signal.SIGTERM)
        robot.live_until(lambda: process.poll() is not None, 'the node ends')
    (bag,) = tmp_path.glob('bags/amr_2/reflex/*.mcap')
    with bag.open('rb') as file:
        frames = [json.loads(message.data) for *_, message in make_reader(file).iter_messages()]
    times = [frame['i']['now_ns'] for frame in frames]
    first = next(k for k, frame in enumerate(frames) if 'overrun' in frame['o']['causes'])
    late = [b for a, b in pairwise(times[: first + 1]) if b - a > 20_000_000]
    assert len(late) >= 5, 'every late tick can be seen in the record'
    assert times[first] - late[-5] < 10**9


def test_sigterm_leaves_zeros_and_a_complete_record(tmp_path: Path) -> None:
    with playing('amr_2', tmp_path) as (robot, process):
        robot.live_until(robot.moves, 'the robot drives')
        robot.live_for(2.0)
        process.send_signal(signal.SIGTERM)
        robot.live_until(lambda: process.poll() is not None, 'the node ends')
        robot.live_for(0.1)
        assert process.returncode == 0
        assert robot.stands()
    report = replay_vault(tmp_path)
    assert report.reasons == ()
    assert report.decisions_reproduced == report.decisions_recorded > 50
    logs = tmp_path.glob('agents/amr_2/log/reflex/*/*.jsonl')
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    data = {line['type']: line['data'] for line in lines}
    assert {'reflex.start', 'reflex.action', 'reflex.stop'} <= set(data)
    assert data['reflex.stats']['ticks'] > 50
    assert data['reflex.stats']['interventions'] > 0


def test_node_whose_disk_is_full_stands_and_says_so(tmp_path: Path) -> None:
    with playing('amr_2', tmp_path) as (robot, process):
        robot.live_until(robot.moves, 'the robot drives')
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, 1))
        robot.live_until(robot.stands, 'the motors are zeroed')
        robot.live_until(robot.caused_by('recorder_failed'), 'the state says why')
        count = len(robot.motors)
        robot.live_until(lambda: len(robot.motors) > count + 50, 'zeros go on')
        assert set(robot.motors[count:]) == {(0.0, 0.0)}
        assert not robot.call(robot.reset, Trigger.Request()).success


def refusal(vault_dir: Path, *extra: str) -> tuple[int, str]:
    """Exit code and last words of a node that should not start."""
    process = start_reflex(vault_dir, *extra)
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, said


def test_node_whose_record_cannot_be_opened_says_so_and_does_not_start(tmp_path: Path) -> None:
    blocked = tmp_path / 'vault'
    blocked.write_text('a file where a folder should be')
    code, said = refusal(blocked)
    assert code == 2
    assert 'reflex' in said
    assert 'Traceback' not in said


@pytest.mark.parametrize(
    ('extra', 'named'),
    [
        (('-p', 'command_timeout_s:=99.0'), 'command_timeout_s'),
        (('-p', 'command_timeout_s:=fast'), 'command_timeout_s'),
        (('-p', 'geofence:="[[[0, 0], [1, 1]]]"'), 'geofence'),
        (('-p', 'agent_id:=nobody'), 'nobody'),
    ],
)
def test_bad_parameter_is_refused_by_name(
    tmp_path: Path, extra: tuple[str, ...], named: str
) -> None:
    code, said = refusal(tmp_path, *extra)
    assert code == 2
    assert named in said
    assert 'Traceback' not in said
