# SPDX-License-Identifier: Apache-2.0
"""Hostile ROS messages of every type that the gates read: no crash, and what is odd is blind."""

import array
import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not there: no message is fuzzed')

from geometry_msgs.msg import Point32, PolygonInstanceStamped, Twist, TwistStamped
from nav_msgs.msg import OccupancyGrid, Odometry
from reflex_world import SCALE
from sensor_msgs.msg import LaserScan, PointCloud2, PointField, Range

from swarm_msgs.msg import Situation
from swarm_reflex.messages import Arrival, to_command, to_map_pose, to_odom, to_scan
from swarm_reflex.monitor.core import CORE, MonitorInputs, MonitorParams
from swarm_reflex.monitor.core.types import Command, Effect, Setup, Source, Velocity, Zone
from swarm_reflex.monitor.messages import READERS, observe
from swarm_reflex.monitor.parameters import SourceWiring

NASTY = (math.nan, math.inf, -math.inf, 0.0, -1.0, 1e-30, 3e38, -3e38, 1.0, 0.3)
EYE = np.eye(4)
SQUARE = ((1.0, 1.0), (1.0, -1.0), (-1.0, -1.0), (-1.0, 1.0))


def odd(rng: Any) -> float:
    return float(rng.choice(NASTY)) if rng.random() < 0.5 else float(np.float32(rng.normal()))


def stamped(rng: Any, message: Any) -> Any:
    message.header.stamp.sec = int(rng.choice([0, 2, -(2**31), 2**31 - 1]))
    message.header.stamp.nanosec = int(rng.choice([0, 2**32 - 1]))
    return message


def a_scan(rng: Any) -> LaserScan:
    names = ('angle_min', 'angle_max', 'angle_increment', 'range_min', 'range_max', 'scan_time')
    ranges = [odd(rng) for _ in range(int(rng.choice([0, 1, 40])))]
    return LaserScan(ranges=array.array('f', ranges), **{name: odd(rng) for name in names})


def a_range(rng: Any) -> Range:
    names = ('range', 'min_range', 'max_range', 'field_of_view')
    return Range(**{name: odd(rng) for name in names})


def a_cloud(rng: Any) -> PointCloud2:
    fields = [
        PointField(
            name=name,
            offset=int(rng.choice([0, 4, 8, 2**32 - 1])),
            datatype=int(rng.choice([7, 7, 8, 1])),
            count=1,
        )
        for name in ('x', 'y', 'z', 'height')[: int(rng.integers(0, 5))]
    ]
    size = int(rng.choice([0, 3, 120, 480]))
    return PointCloud2(
        fields=fields,
        width=int(rng.choice([0, 1, 10, 2**32 - 1])),
        height=int(rng.choice([0, 1, 2**32 - 1])),
        point_step=int(rng.choice([0, 12, 16, 2**32 - 1])),
        row_step=int(rng.choice([0, 120, 160, 2**32 - 1])),
        is_bigendian=bool(rng.random() < 0.5),
        data=rng.integers(0, 256, size).astype(np.uint8).tobytes(),
    )


def a_polygon(rng: Any) -> PolygonInstanceStamped:
    message = PolygonInstanceStamped()
    count = int(rng.choice([0, 2, 3, 5]))
    message.polygon.polygon.points = [Point32(x=odd(rng), y=odd(rng)) for _ in range(count)]
    return message


def a_grid(rng: Any) -> OccupancyGrid:
    cells = rng.integers(-128, 128, int(rng.choice([0, 4, 16]))).astype(np.int8)
    message = OccupancyGrid(data=array.array('b', cells.tolist()))
    message.info.width = int(rng.choice([0, 4, 2**32 - 1]))
    message.info.height = int(rng.choice([0, 1, 4, 2**32 - 1]))
    message.info.resolution = odd(rng)
    message.info.origin.position.x = odd(rng)
    return message


MAKERS = {
    'scan': a_scan,
    'range': a_range,
    'pointcloud': a_cloud,
    'polygon': a_polygon,
    'costmap': a_grid,
}


@pytest.mark.slow
def test_fuzzed_sensor_messages_crash_nothing_and_speed_nothing_up():
    rng = np.random.default_rng(21)
    zones = (
        Zone(name='A', effect=Effect.APPROACH, points=SQUARE, min_points=1),
        Zone(name='S', effect=Effect.STOP, radius_m=0.5, min_points=1),
    )
    sources = tuple(Source(name=kind) for kind in READERS)
    setup = Setup(zones=zones, sources=sources)
    params = MonitorParams(setup=setup, base_shift_correction=False)
    state = CORE.initial(params)
    for k in range(1, 1_000 * SCALE + 1):
        now_ns = k * 10_000_000
        arrival = Arrival(now_ns, 2 * 10**9, {'received_timestamp': 2 * 10**9})
        seen = tuple(
            observe(
                stamped(rng, make(rng)),
                SourceWiring(name=kind, kind=kind, topic=kind, min_returns=0),
                EYE,
                arrival,
            )
            for kind, make in MAKERS.items()
        )
        wish = Velocity(vx_mps=odd(rng), vy_mps=odd(rng), wz_radps=odd(rng))
        command = Command(velocity=wish, arrival_ns=now_ns)
        inputs = MonitorInputs(now_ns=now_ns, command=command, observations=seen)
        state, outputs = CORE.decide(state, inputs, params)
        out = outputs.velocity
        assert all(map(math.isfinite, (out.vx_mps, out.vy_mps, out.wz_radps)))
        if math.isfinite(wish.vx_mps):
            assert abs(out.vx_mps) <= abs(wish.vx_mps)


@pytest.mark.slow
def test_fuzzed_messages_of_the_reflex_are_converted_without_a_crash():
    rng = np.random.default_rng(22)
    arrival = Arrival(10**9, 2 * 10**9, {'received_timestamp': 2 * 10**9})
    for _ in range(1_000 * SCALE):
        to_scan(stamped(rng, a_scan(rng)), arrival)
        odometry = stamped(rng, Odometry())
        odometry.pose.pose.position.x = odd(rng)
        odometry.pose.pose.orientation.w = odd(rng)
        odometry.pose.pose.orientation.z = odd(rng)
        odometry.twist.twist.linear.x = odd(rng)
        to_odom(odometry, arrival)
        situation = stamped(rng, Situation())
        situation.pose_map_base.x, situation.pose_map_base.theta = odd(rng), odd(rng)
        to_map_pose(situation, arrival)
        for message in (Twist(), stamped(rng, TwistStamped())):
            twist = message if isinstance(message, Twist) else message.twist
            twist.linear.x, twist.angular.z, twist.linear.z = odd(rng), odd(rng), odd(rng)
            command = to_command(message, arrival)
            finite = all(map(math.isfinite, (twist.linear.x, twist.angular.z, twist.linear.z)))
            assert math.isfinite(command.vx_mps) is finite
