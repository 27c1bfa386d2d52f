# SPDX-License-Identifier: Apache-2.0
"""Everything around a gate, as a process of its own: sensor, odometry, commander, heartbeats.

python -m swarm_reflex.bench.feeder --names r1,r2 --roles scan,odom,command,planner,situation
"""

import argparse
import array
import math
import random
import sys
import time
from typing import Any

import rclpy
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import LaserScan

from swarm_msgs.msg import Heartbeat
from swarm_reflex.messages import set_stamp
from swarm_reflex.realtime import claim_realtime

PERIODS_S = {'scan': 0.1, 'odom': 0.05, 'command': 0.1, 'planner': 0.1, 'situation': 0.1}
_FREE_M, _NEAR_M = 5.0, 0.3
_FREE_SCANS, _SCAN_PERIOD_S = 3, 0.01
STOP_S = (_FREE_SCANS + 1) * _SCAN_PERIOD_S + 0.005
"""What one stop takes on the average [s]."""
_WARM_S = 4.0
_PRIORITY = 40
"""A sensor's driver is no ordinary process where the gate is none; SCHED_FIFO if permitted."""


class Feeder:
    """The publishers of one robot."""

    def __init__(self, node: Node, name: str, roles: set[str]) -> None:
        self.roles = roles
        sensor = qos_profile_sensor_data
        make = node.create_publisher
        self._publishers = {
            'scan': (LaserScan, 'scan', sensor),
            'odom': (Odometry, 'odom', sensor),
            'command': (TwistStamped, 'cmd_vel_raw', 10),
            'heartbeat': (Heartbeat, 'heartbeat', QoSProfile(depth=5)),
        }
        used = {role if role in self._publishers else 'heartbeat' for role in roles}
        self._publish = {
            key: make(type_, f'/{name}/{topic}', qos).publish
            for key, (type_, topic, qos) in self._publishers.items()
            if key in used
        }
        self._count = time.time_ns() & 0xFFFFFF  # Not that of a process before this one.

    def say(self, role: str, range_m: float = _FREE_M) -> None:
        """Publish one message of a role."""
        self._count += 1
        if role in {'planner', 'situation'}:
            self._publish['heartbeat'](Heartbeat(source=role, sequence=self._count))
            return
        message: Any = self._scan(range_m) if role == 'scan' else Odometry()
        if role == 'command':
            message = TwistStamped()
            message.twist.linear.x = 0.5
        set_stamp(message, time.time_ns())
        self._publish[role](message)

    def _scan(self, range_m: float) -> LaserScan:
        jitter = 0.001 * (self._count % 7)
        return LaserScan(
            angle_min=-math.pi,
            angle_increment=math.pi / 180.0,
            range_min=0.05,
            range_max=25.0,
            ranges=array.array('f', [range_m + jitter] * 360),
        )


def play(feeders: list[Feeder], scan_period_s: float) -> None:
    """Publish every role at its rate until the process ends."""
    due = dict.fromkeys(PERIODS_S, 0.0)
    periods = {**PERIODS_S, 'scan': scan_period_s}
    while True:
        now = time.monotonic()
        for role, period_s in periods.items():
            if now >= due[role]:
                due[role] = now + period_s
                for feeder in feeders:
                    if role in feeder.roles:
                        feeder.say(role)
        time.sleep(0.002)


def play_stops(feeder: Feeder, stops: int) -> None:
    """Show an obstacle again and again; print when each was published, steady clock [ns]."""
    for _ in range(stops):
        for k in range(_FREE_SCANS):
            for role in ('odom', 'command', 'planner', 'situation') if k % 2 == 0 else ():
                feeder.say(role)
            feeder.say('scan')
            time.sleep(_SCAN_PERIOD_S)
        time.sleep(random.uniform(0.0, 0.01))  # noqa: S311 - out of step with the tick
        shown_ns = time.monotonic_ns()
        feeder.say('scan', _NEAR_M)
        sys.stdout.write(f'{shown_ns}\n')
        time.sleep(_SCAN_PERIOD_S)
    sys.stdout.flush()


def main() -> int:
    """Run until killed, or until the stops are over."""
    parser = argparse.ArgumentParser(description='Play what is around a gate.')
    parser.add_argument('--names', required=True, help='robots, comma separated')
    parser.add_argument('--roles', default=','.join(PERIODS_S), help='what to play')
    parser.add_argument('--scan-period', type=float, default=0.1, help='[s]')
    parser.add_argument('--stops', type=int, default=0, help='show so many obstacles, then end')
    chosen = parser.parse_args()
    rclpy.init()
    node = Node('feeder', start_parameter_services=False, enable_rosout=False)
    claim_realtime(_PRIORITY)
    roles = set(chosen.roles.split(','))
    feeders = [Feeder(node, name, roles) for name in chosen.names.split(',')]
    if chosen.stops:
        warm_until = time.monotonic() + _WARM_S
        while time.monotonic() < warm_until:
            for role in PERIODS_S:
                feeders[0].say(role)
            time.sleep(0.05)
        play_stops(feeders[0], chosen.stops)
    else:
        play(feeders, chosen.scan_period)
    return 0


if __name__ == '__main__':
    sys.exit(main())
