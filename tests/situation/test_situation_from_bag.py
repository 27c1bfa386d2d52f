# SPDX-License-Identifier: Apache-2.0
"""A recording of sensors alone is fed to the cores: what they would decide, what is missing."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from situation_fleet import START, fleet_of
from situation_rooms import rays_of
from situation_world import BEAMS, arc
from typer.testing import CliRunner

from swarm_agent.situation import from_bag
from swarm_config.fleets import load_fleet
from swarm_reflex import from_bag as reflex_from_bag
from swarm_reflex.core import CORE as REFLEX
from swarm_vault.cli import app
from swarm_vault.errors import VaultError
from swarm_vault.raw_bag import Topic
from swarm_vault.recorder import Recorder
from swarm_vault.what_if import Outcome, feed_cores

STORE = get_typestore(Stores.ROS2_JAZZY)
STORE.register(
    get_types_from_msg(
        'std_msgs/Header header\nstring source\nuint64 sequence\n', 'swarm_msgs/msg/Heartbeat'
    )
)
T = STORE.types
SCAN, ODOM = 'sensor_msgs/msg/LaserScan', 'nav_msgs/msg/Odometry'
TWIST, STAMPED = 'geometry_msgs/msg/Twist', 'geometry_msgs/msg/TwistStamped'
BEAT = 'swarm_msgs/msg/Heartbeat'
BEGIN_NS = 1_700_000_000_000_000_000
SPEED_MPS = 0.8
DRIVE_S = 8.5
Message = tuple[str, str, int, Any]


def header(time_ns: int, frame: str) -> Any:
    sec, nanosec = divmod(time_ns, 10**9)
    stamp = T['builtin_interfaces/msg/Time'](sec=sec, nanosec=nanosec)
    return T['std_msgs/msg/Header'](stamp=stamp, frame_id=frame)


def twist(vx: float) -> Any:
    vector = T['geometry_msgs/msg/Vector3']
    nothing = vector(x=0.0, y=0.0, z=0.0)
    return T[TWIST](linear=vector(x=vx, y=0.0, z=0.0), angular=nothing)


def odometry(time_ns: int, x: float) -> Any:
    pose = T['geometry_msgs/msg/Pose'](
        position=T['geometry_msgs/msg/Point'](x=x, y=0.0, z=0.0),
        orientation=T['geometry_msgs/msg/Quaternion'](x=0.0, y=0.0, z=0.0, w=1.0),
    )
    none = np.zeros(36)
    return T[ODOM](
        header=header(time_ns, 'odom'),
        child_frame_id='base_link',
        pose=T['geometry_msgs/msg/PoseWithCovariance'](pose=pose, covariance=none),
        twist=T['geometry_msgs/msg/TwistWithCovariance'](twist=twist(SPEED_MPS), covariance=none),
    )


@cache
def ranges_at(place: tuple[float, float, float]) -> Any:
    return rays_of().ranges(place).astype(np.float32)


def scan(time_ns: int, x: float) -> Any:
    place = (START[0] + x, START[1], START[2])
    return T[SCAN](
        header=header(time_ns, 'lidar'),
        angle_min=-math.pi,
        angle_max=math.pi,
        angle_increment=math.tau / BEAMS,
        time_increment=0.0,
        scan_time=0.1,
        range_min=0.05,
        range_max=25.0,
        ranges=ranges_at(place),
        intensities=np.zeros(0, np.float32),
    )


def drive(robot: str = '', *, commands: str = '', beats: bool = False) -> list[Message]:
    """A robot that drives straight towards the wall for some seconds, 5 m ahead."""
    prefix = f'/{robot}' if robot else ''
    found: list[Message] = []
    for tick in range(round(DRIVE_S / 0.05)):
        time_ns, x = BEGIN_NS + tick * 50_000_000, SPEED_MPS * tick * 0.05
        x = arc((0.0, 0.0, 0.0), x, 0.0)[0]
        found.append((f'{prefix}/odom', ODOM, time_ns, odometry(time_ns, x)))
        if tick % 2 == 0:
            found.append((f'{prefix}/scan', SCAN, time_ns + 1000, scan(time_ns, x)))
        if commands == TWIST:
            found.append((f'{prefix}/cmd_vel_raw', TWIST, time_ns + 2000, twist(SPEED_MPS)))
        if commands == STAMPED:
            stamped = T[STAMPED](header=header(time_ns, 'base_link'), twist=twist(SPEED_MPS))
            found.append((f'{prefix}/cmd_vel_raw', STAMPED, time_ns + 2000, stamped))
        if beats:
            for source in ('situation', 'planner', 'stranger'):
                beat = T[BEAT](header=header(time_ns, ''), source=source, sequence=tick)
                found.append((f'{prefix}/heartbeat', BEAT, time_ns + 3000, beat))
    return found


def write(path: Path, messages: list[Message], plugin: StoragePlugin = StoragePlugin.MCAP) -> Path:
    with Writer(path, version=9, storage_plugin=plugin) as bag:
        topics: dict[str, Any] = {}
        for topic, type_, time_ns, message in messages:
            if topic not in topics:
                topics[topic] = bag.add_connection(topic, type_, typestore=STORE)
            bag.write(topics[topic], time_ns, STORE.serialize_cdr(message, type_))
    return path


def fed(path: Path, folder: Path, agent: str = 'amr_1') -> tuple[Outcome, Outcome]:
    fleet = load_fleet(fleet_of(folder, ['amr_1', 'amr_2']))
    reflex, situation = feed_cores(path, agent_id=agent, fleet=fleet)
    return reflex, situation


@pytest.mark.parametrize(
    'plugin',
    [StoragePlugin.MCAP, pytest.param(StoragePlugin.SQLITE3, marks=pytest.mark.slow)],
)
def test_the_cores_stop_before_the_wall_and_know_where_they_are(
    tmp_path: Path, plugin: StoragePlugin
):
    messages = drive('amr_1', commands=STAMPED, beats=True)
    reflex, situation = fed(write(tmp_path / 'bag', messages, plugin), tmp_path)
    assert (reflex.assumed, reflex.not_run) == ((), '')
    assert 840 <= reflex.decisions <= 852
    whats = [change.what for change in reflex.changes]
    assert any(what.startswith('SLOW zone_slow') for what in whats)
    stop = next(c for c in reflex.changes if c.what.startswith('STOP zone_stop'))
    assert 4.0 < stop.after_s < DRIVE_S
    assert situation.decisions == 85
    assert situation.figures is not None
    assert situation.figures['match quality, median'] > 0.8
    assert situation.figures['ends at x [m]'] == pytest.approx(START[0] + 6.8, abs=0.15)
    assert situation.changes[0].what.startswith('IDLE')


@pytest.mark.slow
def test_the_same_bag_gives_the_same_outcome(tmp_path: Path):
    path = write(tmp_path / 'bag', drive('amr_1', commands=TWIST))
    assert fed(path, tmp_path) == fed(path, tmp_path)


def test_what_a_bag_lacks_is_assumed_in_words_or_the_core_is_not_run(tmp_path: Path):
    reflex, situation = fed(write(tmp_path / 'bag', drive('amr_1')), tmp_path)
    assert [text.partition(':')[0] for text in reflex.assumed] == [
        'no cmd_vel_raw',
        'no heartbeats',
    ]
    assert any(change.what.startswith('STOP zone_stop') for change in reflex.changes)
    assert 'no peers and no planner' in situation.assumed[0]
    no_odom = [message for message in drive('amr_1') if message[1] != ODOM]
    for outcome in fed(write(tmp_path / 'blind', no_odom), tmp_path):
        assert outcome.not_run == (
            'blind holds no nav_msgs/msg/Odometry; it has /amr_1/scan (sensor_msgs/msg/LaserScan)'
        )


@pytest.mark.slow
def test_silent_heartbeats_stop_the_robot(tmp_path: Path):
    messages = [
        one
        for one in drive('amr_1', commands=TWIST, beats=True)
        if one[1] != BEAT or one[2] < BEGIN_NS + 2 * 10**9
    ]
    reflex, _ = fed(write(tmp_path / 'bag', messages), tmp_path)
    lost = next(change for change in reflex.changes if 'situation_lost' in change.what)
    assert 2.0 < lost.after_s < 3.0


def test_of_several_robots_one_is_to_be_named(tmp_path: Path):
    path = write(tmp_path / 'bag', drive('amr_1') + drive('amr_2'))
    with pytest.raises(VaultError, match=r'any of /amr_1/scan, /amr_2/scan; .* with --agent'):
        fed(path, tmp_path, agent='')
    assert fed(path, tmp_path, agent='amr_2')[0].decisions > 800
    assert 'holds no sensor_msgs/msg/LaserScan' in fed(path, tmp_path, agent='x')[0].not_run


def in_vault(folder: Path) -> Path:
    """A raw bag in a vault whose logs say with which parameters the cores ran."""
    fleet = load_fleet(fleet_of(folder, ['amr_1']))
    vault = folder / 'vault'
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    recorder.start(REFLEX, reflex_from_bag.defaults(fleet, 'amr_1'))
    recorder.close()
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='situation')
    recorder.start(from_bag.CORE, from_bag.defaults(fleet, 'amr_1'))
    messages = drive('amr_1', commands=STAMPED)
    kinds = sorted({(topic, type_) for topic, type_, _, _ in messages})
    recorder.start_raw(
        [Topic(name=n, type_=t, definition=STORE.generate_msgdef(t)[0]) for n, t in kinds]
    )
    for topic, type_, time_ns, message in messages:
        recorder.raw(topic, bytes(STORE.serialize_cdr(message, type_)), time_ns=time_ns)
    recorder.close()
    (path,) = vault.glob('bags/amr_1/situation/*.raw.mcap')
    return path


def test_a_bag_in_its_vault_needs_no_plan(tmp_path: Path):
    path = in_vault(tmp_path)
    result = CliRunner().invoke(app, ['replay', '--bag', str(path)])
    assert result.exit_code == 0, result.output
    assert 'from a raw bag: no peers, no planner' in result.output
    assert 'STOP zone_stop' in result.output
    result = CliRunner().invoke(app, ['replay', '--bag', str(path), '--json'])
    reflex, situation = json.loads(result.stdout)['cores']
    assert (reflex['core'], situation['core']) == ('reflex', 'situation')
    elsewhere = tmp_path / 'a.mcap'
    elsewhere.write_bytes(path.read_bytes())
    failed = CliRunner().invoke(app, ['replay', '--bag', str(elsewhere)])
    assert 'give --fleet FILE and --agent ID' in str(failed.exception)


@pytest.mark.parametrize('content', [b'', b'x' * 100, b'\x89MCAP0\r\n' + bytes(40)])
def test_what_is_no_recording_is_one_sentence(tmp_path: Path, content: bytes):
    for name in ('a.mcap', 'a.db3'):
        path = tmp_path / name
        path.write_bytes(content)
        failed = CliRunner().invoke(app, ['replay', '--bag', str(path)])
        assert isinstance(failed.exception, VaultError), failed.exception
        assert '\n' not in str(failed.exception)
    failed = CliRunner().invoke(app, ['replay', '--bag', str(tmp_path)])
    assert 'is no rosbag2 recording' in str(failed.exception)
