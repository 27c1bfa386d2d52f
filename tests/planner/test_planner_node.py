# SPDX-License-Identifier: Apache-2.0
"""The real planner process, with a simulated situation node around it."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

rclpy = pytest.importorskip(
    'rclpy', reason='LOUD: ROS 2 is missing, the planner node is NOT tested'
)

from action_msgs.msg import GoalStatus  # noqa: E402
from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from rclpy.action import ActionClient  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data  # noqa: E402
from sensor_msgs.msg import BatteryState  # noqa: E402
from std_msgs.msg import UInt8  # noqa: E402

from swarm_agent.planner.core.types import Checkpoint  # noqa: E402
from swarm_msgs.action import ExecuteMission  # noqa: E402
from swarm_msgs.msg import Heartbeat, Intent, Situation  # noqa: E402
from swarm_vault.codec import codec_of  # noqa: E402
from swarm_vault.verify import verify_vault  # noqa: E402

pytestmark = [
    pytest.mark.ros,
    # lark, which rosidl_parser loads, still imports a deprecated module.
    pytest.mark.filterwarnings('ignore:module .sre_:DeprecationWarning'),
]

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
FLEET = f"""
fleet: test
map: {ROOT}/config/maps/nav2_depot.yaml
robots_dir: {ROOT}/config/robots
robots:
  - {{id: amr_1, model: amr, home: [12.5, 6.0, 0.0]}}
"""


class Surroundings:
    """A situation node and a battery that do as they are told, and a client of the action."""

    def __init__(self, domain_id: int) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self.node = Node('surroundings', namespace='/amr_1', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.intents: list[Intent] = []
        self.beats: list[Heartbeat] = []
        self.tiers: list[int] = []
        self.pose = (12.5, 6.0, 0.0)
        self.nav_state = Situation.NAV_IDLE
        self.node.create_subscription(Intent, 'intent', self._take_intent, latched)
        self.node.create_subscription(Heartbeat, 'heartbeat', self.beats.append, 5)
        self.node.create_subscription(
            UInt8, 'reflex/tier', lambda tier: self.tiers.append(tier.data), latched
        )
        self._situation = self.node.create_publisher(Situation, 'situation', 1)
        self._battery = self.node.create_publisher(
            BatteryState, 'battery_state', qos_profile_sensor_data
        )
        self.client = ActionClient(self.node, ExecuteMission, 'execute_mission')
        self.node.create_timer(0.1, self._tell)
        self._heard = self._quiet = 0

    def _take_intent(self, intent: Intent) -> None:
        self.intents.append(intent)
        self.nav_state = Situation.NAV_MOVING

    def _tell(self) -> None:
        message = Situation(nav_state=self.nav_state, match_quality=0.9)
        message.pose_map_base.x, message.pose_map_base.y, message.pose_map_base.theta = self.pose
        message.intent_id = self.intents[-1].intent_id if self.intents else 0
        self._situation.publish(message)
        self._battery.publish(BatteryState(percentage=0.8))

    def spin_until(self, holds: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, f'{what}: did not happen within {PATIENCE_S} s'
            self.executor.spin_once(timeout_sec=0.1)

    def quiet_polls(self, beats: int) -> int:
        """Spins of 0.1 s in a row without a new heartbeat after the first `beats`."""
        grown = len(self.beats) > max(beats, self._heard)
        self._heard, self._quiet = len(self.beats), 0 if grown else self._quiet + 1
        return self._quiet

    def send(self, text: str) -> Any:
        """Send a goal and return its handle."""
        self.spin_until(self.client.server_is_ready, 'action server')
        sent = self.client.send_goal_async(ExecuteMission.Goal(order_text=text))
        self.spin_until(sent.done, 'answer to the goal')
        return sent.result()

    def result_of(self, goal: Any) -> Any:
        asked = goal.get_result_async()
        self.spin_until(asked.done, 'result')
        return asked.result()

    def arrive(self) -> None:
        goal = self.intents[-1].goal_map
        self.pose = (goal.x, goal.y, goal.theta)
        self.nav_state = Situation.NAV_ARRIVED

    def close(self) -> None:
        self.client.destroy()
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture
def domain_id() -> int:
    return int(os.environ.get('ROS_DOMAIN_ID', '0'))


@pytest.fixture
def around(domain_id: int) -> Iterator[Surroundings]:
    surroundings = Surroundings(domain_id)
    yield surroundings
    surroundings.close()


def start(folder: Path, plan: str = FLEET, **parameters: str) -> subprocess.Popen[str]:
    fleet = folder / 'fleet.yaml'
    fleet.write_text(plan)
    given = {
        'agent_id': 'amr_1',
        'fleet_file': str(fleet),
        'vault_dir': str(folder / 'vault'),
        'supervisor_target': 'none',
        **parameters,
    }
    pairs = [part for key, value in given.items() for part in ('-p', f'{key}:={value}')]
    command = [sys.executable, '-m', 'swarm_agent.planner.node', '--ros-args']
    command += ['-r', '__ns:=/amr_1', *pairs]
    command += ['--params-file', str(ROOT / 'config' / 'params' / 'planner.yaml')]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def planner(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(tmp_path)
    yield process
    process.kill()
    process.communicate()


def test_an_action_goal_becomes_an_intent_and_its_arrival_the_result(
    planner: subprocess.Popen[str], around: Surroundings
) -> None:
    goal = around.send('go to 15 13.5')
    assert goal.accepted
    around.spin_until(lambda: _kinds(around)[-1:] == [Intent.GO_TO], 'intent')
    intent = around.intents[-1]
    assert (intent.goal_map.x, intent.goal_map.y, intent.skill) == (15.0, 13.5, 'go_to')
    around.arrive()
    answer = around.result_of(goal)
    assert answer.status == GoalStatus.STATUS_SUCCEEDED
    assert answer.result.success
    around.spin_until(lambda: len(around.beats) > 10, 'heartbeat')
    assert {beat.source for beat in around.beats} == {'planner'}
    assert around.tiers == [2], 'the reflex knows how far a robot without a supervisor is trusted'
    planner.send_signal(signal.SIGTERM)
    assert planner.wait(PATIENCE_S) == 0
    around.spin_until(lambda: _kinds(around)[-1] == Intent.HOLD, 'hold at the end')


def test_a_goal_that_makes_no_sense_is_refused_with_its_reason(
    planner: subprocess.Popen[str], around: Surroundings
) -> None:
    answer = around.result_of(around.send('please dance'))
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert 'expected' in answer.result.reason
    answer = around.result_of(around.send('go to 900 900'))
    assert 'outside the map' in answer.result.reason
    assert planner.poll() is None


def test_a_cancelled_goal_is_recalled(
    planner: subprocess.Popen[str], around: Surroundings
) -> None:
    goal = around.send('go to 15 13.5')
    around.spin_until(lambda: _kinds(around)[-1:] == [Intent.GO_TO], 'intent')
    around.spin_until(goal.cancel_goal_async().done, 'cancel')
    answer = around.result_of(goal)
    assert answer.status == GoalStatus.STATUS_CANCELED
    assert answer.result.reason == 'recalled: cancelled by the client'
    assert planner.poll() is None


def test_a_killed_planner_resumes_its_order_after_its_restart(
    tmp_path: Path, around: Surroundings
) -> None:
    first = start(tmp_path)
    around.send('go to 15 13.5')
    around.spin_until(lambda: _kinds(around)[-1:] == [Intent.GO_TO], 'intent')
    before = around.intents[-1].intent_id
    first.kill()
    first.communicate()
    second = start(tmp_path)
    around.spin_until(
        lambda: around.intents[-1].intent_id > before and _kinds(around)[-1] == Intent.GO_TO,
        'resumed intent',
    )
    around.arrive()
    around.spin_until(lambda: _kinds(around)[-1] == Intent.IDLE, 'end of the order')
    second.send_signal(signal.SIGINT)
    assert second.wait(PATIENCE_S) == 0
    second.communicate()
    saved = (tmp_path / 'vault' / 'nexus' / 'planner' / 'amr_1.json').read_bytes()
    entry = codec_of(Checkpoint).decode(saved).answered[0]
    assert entry.last is not None
    assert entry.last.status.value == 'completed'


def test_a_planner_that_cannot_save_asks_for_hold_and_falls_silent(
    tmp_path: Path, around: Surroundings
) -> None:
    (tmp_path / 'vault' / 'nexus').mkdir(parents=True)
    (tmp_path / 'vault' / 'nexus' / 'planner').write_text('a file in the way')
    process = start(tmp_path)
    around.spin_until(lambda: len(around.beats) > 3, 'heartbeat')
    around.send('go to 15 13.5')
    around.spin_until(lambda: _kinds(around)[-1:] == [Intent.HOLD], 'hold')
    last = len(around.beats)
    around.spin_until(lambda: around.quiet_polls(last) > 20, 'silence')
    assert around.tiers[-1] == 0
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    _, said = process.communicate()
    assert 'planner of amr_1: ' in said
    assert said.rstrip().endswith('; standing')
    assert Intent.GO_TO not in _kinds(around)


@pytest.mark.parametrize('policy', ['stop', 'finish_leg'])
def test_a_full_disk_ends_the_leg_or_stops_at_once_as_the_fleet_plan_says(
    tmp_path: Path, around: Surroundings, policy: str
) -> None:
    process = start(tmp_path, FLEET + f'record_loss: {policy}\nrecord_loss_s: 600\n')
    said: list[str] = []
    around.node.create_subscription(
        DiagnosticArray, '/diagnostics', lambda m: said.extend(s.message for s in m.status), 5
    )
    try:
        around.send('go to 15 13.5')
        around.spin_until(lambda: _kinds(around)[-1:] == [Intent.GO_TO], 'intent')
        begun = len(around.beats)
        around.spin_until(lambda: len(around.beats) > begun + 10, 'the robot under way')
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (5000, 5000))
        if policy == 'finish_leg':
            around.spin_until(lambda: any('unrecorded' in text for text in said), 'diagnostics')
            beats = len(around.beats)
            around.spin_until(lambda: len(around.beats) > beats + 20, 'heartbeat on the leg')
            assert _kinds(around)[-1] == Intent.GO_TO
            around.arrive()
        around.spin_until(lambda: _kinds(around)[-1] == Intent.HOLD, 'hold')
        around.spin_until(lambda: around.quiet_polls(0) > 10, 'the heartbeat to end')
    finally:
        process.kill()
        _, error = process.communicate()
    assert 'recording ended' in error
    verdict = verify_vault(tmp_path / 'vault')
    assert verdict.exit_code == 3, verdict.reasons


def test_a_wrong_parameter_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    process = start(tmp_path, planner='oracle')
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert "planner: parameter planner: 'oracle'; expected 'deterministic' or 'slm'" in said


def _kinds(around: Surroundings) -> list[int]:
    return [intent.kind for intent in around.intents]
