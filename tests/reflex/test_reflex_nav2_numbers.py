# SPDX-License-Identifier: Apache-2.0
"""The scenes of Nav2's own collision monitor tests, from its parameters and real messages on.

Zones, sources, obstacles, commands, expected numbers and tolerances are those of
nav2_collision_monitor's collision_monitor_node_test; each test names its scene there.
"""

import array
import math
import struct
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not there: no messages to read')

from geometry_msgs.msg import Point32, PolygonInstanceStamped
from sensor_msgs.msg import LaserScan, PointCloud2, PointField, Range

from swarm_reflex.messages import Arrival
from swarm_reflex.monitor.core import CORE, MonitorInputs
from swarm_reflex.monitor.core.types import BasePose, Command, ShapeUpdate, Velocity
from swarm_reflex.monitor.messages import observe
from swarm_reflex.monitor.parameters import read_all, read_setup

EPSILON = 1e-5
STEP_S, HORIZON_S = 0.01, 1.0
RATIO = min(0.4 / math.hypot(0.5, 0.2), 0.09 / 0.1)
"""What the limit zone leaves of (0.5, 0.2, 0.1): linear_limit 0.4, angular_limit 0.09."""
TICK_NS = 10_000_000


def corners(half_m: float) -> tuple[tuple[float, float], ...]:
    return ((half_m, half_m), (half_m, -half_m), (-half_m, -half_m), (-half_m, half_m))


def text(half_m: float) -> str:
    return str([list(corner) for corner in corners(half_m)])


def polygon(half_m: float, action: str, **more: Any) -> dict[str, Any]:
    return {'type': 'polygon', 'points': text(half_m), 'action_type': action, **more}


def circle(radius_m: float, action: str) -> dict[str, Any]:
    return {'type': 'circle', 'radius': radius_m, 'action_type': action}


FOOTPRINT = {'type': 'polygon', 'footprint_topic': 'footprint', 'action_type': 'approach'}
VELOCITY_ZONE = {
    'type': 'velocity_polygon',
    'action_type': 'stop',
    'holonomic': False,
    'velocity_polygons': ['Forward', 'Backward'],
    'Forward.points': text(4.0),
    'Forward.linear_min': 0.0,
    'Forward.linear_max': 0.5,
    'Forward.theta_min': 0.0,
    'Forward.theta_max': 1.0,
    'Backward.points': text(2.0),
    'Backward.linear_min': -0.5,
    'Backward.linear_max': 0.0,
    'Backward.theta_min': 0.0,
    'Backward.theta_max': 1.0,
}
SOURCES: dict[str, dict[str, Any]] = {
    'Scan': {'type': 'scan'},
    'PointCloud': {'type': 'pointcloud', 'min_height': 0.1, 'max_height': 1.0},
    'Range': {'type': 'range', 'obstacles_angle': math.pi / 200},
    'Polygon': {'type': 'polygon', 'sampling_distance': 0.1},
}


class Monitor:
    """The monitor between messages and a command, one tick at a time."""

    def __init__(self, zones: dict[str, Any], sources: tuple[str, ...], **changes: Any) -> None:
        self.values: dict[str, Any] = {
            'polygons': list(zones),
            'observation_sources': list(sources),
            'source_timeout': 5.0,
            **changes,
        }
        for name, fields in zones.items():
            common = {'min_points': 2, 'slowdown_ratio': 0.7, 'linear_limit': 0.4}
            common |= {'angular_limit': 0.09, 'time_before_collision': HORIZON_S}
            common |= {'simulation_time_step': STEP_S}
            self._set(name, common | fields)
        for name in sources:
            self._set(name, SOURCES[name] | {'topic': name})
        self.params, wiring = read_all(self.values.get)
        self.wiring = {source.name: source for source in wiring.sources}
        self.state = CORE.initial(self.params)
        self.now_ns = 10**9

    def _set(self, name: str, fields: dict[str, Any]) -> None:
        for key, value in fields.items():
            self.values.setdefault(f'{name}.{key}', value)

    def sees(self, **messages: Any) -> None:
        """A message of each named source, newly arrived; nothing is commanded meanwhile."""
        arrival = Arrival(self.now_ns, 10**9, {'received_timestamp': 10**9})
        observations = []
        for name, message in messages.items():
            message.header.stamp.sec = 1
            observations.append(observe(message, self.wiring[name], np.eye(4), arrival))
        self._tick(observations=tuple(observations))

    def set(self, name: str, value: Any) -> None:
        self.values[name] = value
        self._tick(setup=read_setup(self.values.get))

    def footprint(self, half_m: float) -> None:
        self._tick(shapes=(ShapeUpdate(zone='Approach', points=corners(half_m)),))

    def drives(self, x: float, y: float, turn: float) -> Any:
        """What the monitor makes of a command."""
        wish = Velocity(vx_mps=x, vy_mps=y, wz_radps=turn)
        return self._tick(command=Command(velocity=wish, arrival_ns=self.now_ns + TICK_NS))

    def _tick(self, **news: Any) -> Any:
        self.now_ns += TICK_NS
        here = {'x_m': 0.0, 'y_m': 0.0, 'yaw_rad': 0.0, 'velocity': Velocity()}
        odom = BasePose(arrival_ns=self.now_ns, **here)
        inputs = MonitorInputs(now_ns=self.now_ns, odom=odom, **news)
        self.state, outputs = CORE.decide(self.state, inputs, self.params)
        return outputs


def scan(distance_m: float) -> LaserScan:
    message = LaserScan(angle_increment=math.pi / 180, range_min=0.1, range_max=distance_m + 1.0)
    message.angle_max = 2.0 * math.pi
    message.ranges = array.array('f', [distance_m] * 360)
    return message


def cloud(distance_m: float, height_m: float | None = None) -> PointCloud2:
    """Two points ahead at z = 0.2, with a height of their own if that is given."""
    names = ('x', 'y', 'z') if height_m is None else ('x', 'y', 'z', 'height')
    fields = [
        PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1)
        for i, name in enumerate(names)
    ]
    rows = [(distance_m, side, 0.2, height_m or 0.0)[: len(names)] for side in (0.01, -0.01)]
    data = b''.join(struct.pack(f'<{len(names)}f', *row) for row in rows)
    step = 4 * len(names)
    return PointCloud2(
        fields=fields,
        height=1,
        width=2,
        point_step=step,
        row_step=2 * step,
        data=array.array('B', data),
    )


def sonar(distance_m: float) -> Range:
    return Range(
        field_of_view=math.pi / 10, min_range=0.1, max_range=distance_m + 0.1, range=distance_m
    )


def box(distance_m: float) -> PolygonInstanceStamped:
    message = PolygonInstanceStamped()
    sides = ((1.0, 0.0), (-1.0, 0.0), (-1.0, 1.0), (1.0, 1.0))
    message.polygon.polygon.points = [Point32(x=x, y=distance_m + more) for x, more in sides]
    return message


def says(outputs: Any, velocity: Any, action: str, name: str, within: Any = EPSILON) -> None:
    got = outputs.velocity
    slack = within if isinstance(within, tuple) else (within,) * 3
    parts = zip((got.vx_mps, got.vy_mps, got.wz_radps), velocity, slack, strict=True)
    for part, wanted, most in parts:
        assert part == pytest.approx(wanted, abs=most)
    assert (outputs.action.name, outputs.polygon_name) == (action, name)


def scaled(ratio: float) -> tuple[float, float, float]:
    return 0.5 * ratio, 0.2 * ratio, 0.1 * ratio


THREE_ZONES = {
    'Limit': polygon(3.0, 'limit'),
    'SlowDown': polygon(2.0, 'slowdown'),
    'Stop': polygon(1.0, 'stop'),
}


@pytest.mark.parametrize(('source', 'message'), [('Scan', scan), ('Polygon', box)])
def test_process_stop_slowdown_limit_and_polygon_source(source: str, message: Any) -> None:
    monitor = Monitor(THREE_ZONES, (source,))
    for distance_m, ratio, action, name in (
        (4.5, 1.0, 'DO_NOTHING', ''),
        (3.0, RATIO, 'LIMIT', 'Limit'),
        (1.5, 0.7, 'SLOWDOWN', 'SlowDown'),
        (0.5, 0.0, 'STOP', 'Stop'),
        (4.5, 1.0, 'DO_NOTHING', ''),
    ):
        monitor.sees(**{source: message(distance_m)})
        says(monitor.drives(0.5, 0.2, 0.1), scaled(ratio), action, name)


def test_process_approach():
    monitor = Monitor({'Approach': circle(1.0, 'approach')}, ('Scan',))
    monitor.sees(Scan=scan(3.0))
    says(monitor.drives(0.5, 0.2, 0.0), (0.5, 0.2, 0.0), 'DO_NOTHING', '')
    monitor.sees(Scan=scan(1.2))
    share = (0.2 / math.hypot(0.5, 0.2)) / HORIZON_S
    within = (0.5 * STEP_S / HORIZON_S, 0.2 * STEP_S / HORIZON_S, EPSILON)
    wanted = (0.5 * share, 0.2 * share, 0.0)
    says(monitor.drives(0.5, 0.2, 0.0), wanted, 'APPROACH', 'Approach', within)
    monitor.sees(Scan=scan(0.5))
    says(monitor.drives(0.5, 0.2, 0.0), (0.0, 0.0, 0.0), 'APPROACH', 'Approach')
    impossible = monitor.drives(1e9, 0.2, 0.0).velocity
    assert impossible == Velocity()
    monitor.sees(Scan=scan(3.0))
    says(monitor.drives(0.5, 0.2, 0.0), (0.5, 0.2, 0.0), 'DO_NOTHING', '')


def test_process_approach_rotation():
    monitor = Monitor({'Approach': FOOTPRINT}, ('Range',))
    monitor.footprint(1.0)
    turn = math.pi / 4
    monitor.sees(Range=sonar(2.0))
    says(monitor.drives(0.0, 0.0, turn), (0.0, 0.0, turn), 'DO_NOTHING', '')
    monitor.sees(Range=sonar(1.4))
    within = (EPSILON, EPSILON, turn * STEP_S / HORIZON_S)
    wanted = (0.0, 0.0, math.pi / 5)
    says(monitor.drives(0.0, 0.0, turn), wanted, 'APPROACH', 'Approach', within)
    monitor.sees(Range=sonar(0.5))
    says(monitor.drives(0.0, 0.0, turn), (0.0, 0.0, 0.0), 'APPROACH', 'Approach')
    monitor.sees(Range=sonar(2.5))
    says(monitor.drives(0.0, 0.0, turn), (0.0, 0.0, turn), 'DO_NOTHING', '')


CROSSED = {'SlowDown': polygon(2.0, 'slowdown'), 'Approach': circle(1.0, 'approach')}


def approaches(monitor: Monitor, speed: float, distance_m: float) -> None:
    """The circle of 1 m is slowed down for what lies so far ahead of the base."""
    wanted = speed * ((distance_m - 1.0) / speed) / HORIZON_S
    within = (speed * STEP_S / HORIZON_S, EPSILON, EPSILON)
    says(monitor.drives(speed, 0.0, 0.0), (wanted, 0.0, 0.0), 'APPROACH', 'Approach', within)


def test_cross_over():
    monitor = Monitor(CROSSED, ('PointCloud', 'Range'))
    monitor.sees(PointCloud=cloud(2.5), Range=sonar(2.5))
    approaches(monitor, 3.0, 2.5)
    monitor.sees(Range=sonar(1.5))
    says(monitor.drives(0.1, 0.0, 0.0), (0.07, 0.0, 0.0), 'SLOWDOWN', 'SlowDown')
    approaches(monitor, 1.0, 1.5)


def test_source_timeout():
    monitor = Monitor(CROSSED, ('PointCloud', 'Range'))
    monitor.sees(PointCloud=cloud(2.5))
    says(monitor.drives(3.0, 3.0, 3.0), (0.0, 0.0, 0.0), 'STOP', 'invalid source')


def test_source_timeout_override():
    monitor = Monitor(CROSSED, ('PointCloud', 'Range'), source_timeout=0.0)
    monitor.sees(PointCloud=cloud(2.5))
    approaches(monitor, 3.0, 2.5)


def test_zeros_go_on_where_nav2_ceases_to_publish():
    zones = {'Stop': polygon(1.0, 'stop'), 'Approach': circle(2.0, 'approach')}
    monitor = Monitor(zones, ('Scan',), stop_pub_timeout=0.1)
    monitor.sees(Scan=scan(1.5))
    for _ in range(30):
        says(monitor.drives(0.5, 0.2, 0.1), (0.0, 0.0, 0.0), 'APPROACH', 'Approach')
    monitor.sees(Scan=scan(3.0))
    says(monitor.drives(0.5, 0.2, 0.1), (0.5, 0.2, 0.1), 'DO_NOTHING', '')
    monitor.sees(Scan=scan(0.5))
    says(monitor.drives(0.5, 0.2, 0.1), (0.0, 0.0, 0.0), 'STOP', 'Stop')


@pytest.mark.parametrize('switch', ['Stop.enabled', 'Scan.enabled'])
def test_polygon_and_source_not_enabled(switch: str) -> None:
    monitor = Monitor({'Stop': polygon(1.0, 'stop')}, ('Scan',))
    monitor.sees(Scan=scan(0.5))
    says(monitor.drives(0.5, 0.2, 0.1), (0.0, 0.0, 0.0), 'STOP', 'Stop')
    monitor.set(switch, value=False)
    says(monitor.drives(0.5, 0.2, 0.1), (0.5, 0.2, 0.1), 'DO_NOTHING', '')


def test_velocity_polygon_stop():
    monitor = Monitor({'Velocity': VELOCITY_ZONE}, ('PointCloud',))
    monitor.sees(PointCloud=cloud(4.5))
    says(monitor.drives(0.4, 0.0, 0.1), (0.4, 0.0, 0.1), 'DO_NOTHING', '')
    monitor.sees(PointCloud=cloud(3.0))
    says(monitor.drives(0.4, 0.0, 0.1), (0.0, 0.0, 0.0), 'STOP', 'Velocity')
    says(monitor.drives(-0.4, 0.0, 0.1), (-0.4, 0.0, 0.1), 'DO_NOTHING', '')
    monitor.sees(PointCloud=cloud(-1.5))
    says(monitor.drives(-0.4, 0.0, 0.1), (0.0, 0.0, 0.0), 'STOP', 'Velocity')


def test_velocity_polygon_stop_global_height():
    heights = {'PointCloud.use_global_height': True, 'PointCloud.min_height': 0.5}
    monitor = Monitor({'Velocity': VELOCITY_ZONE}, ('PointCloud',), **heights)
    monitor.sees(PointCloud=cloud(3.0, 0.4))
    says(monitor.drives(0.4, 0.0, 0.1), (0.4, 0.0, 0.1), 'DO_NOTHING', '')
    monitor.sees(PointCloud=cloud(3.0, 0.6))
    says(monitor.drives(0.4, 0.0, 0.1), (0.0, 0.0, 0.0), 'STOP', 'Velocity')
    monitor.sees(PointCloud=cloud(2.5))
    says(monitor.drives(3.0, 3.0, 3.0), (0.0, 0.0, 0.0), 'STOP', 'invalid source')


def test_source_associated_to_polygon():
    zones = {
        'StopOnRangeSource': polygon(1.0, 'stop', sources_names=['Range']),
        'SlowdownOnAllSources': polygon(1.0, 'slowdown'),
    }
    monitor = Monitor(zones, ('Scan', 'Range'))
    monitor.sees(Scan=scan(0.5), Range=sonar(4.5))
    wanted = (0.5 * 0.7, 0.0, 0.0)
    says(monitor.drives(0.5, 0.0, 0.0), wanted, 'SLOWDOWN', 'SlowdownOnAllSources')
