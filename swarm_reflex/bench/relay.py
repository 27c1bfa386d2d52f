# SPDX-License-Identifier: Apache-2.0
"""The control of the latency bench: a node that does nothing but zero the base on a near scan.

An ordinary rclpy executor, no checks, no record: what transport and Python cost by themselves.
"""

import sys

import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import LaserScan

from swarm_reflex.realtime import claim_realtime

_NEAR_M = 0.5
_PRIORITY = 50
"""That of the gate."""


def main() -> int:
    """Run until killed."""
    rclpy.init()
    node = Node('relay', start_parameter_services=False, enable_rosout=False)
    publisher = node.create_publisher(TwistStamped, 'cmd_vel', 10)

    def on_scan(scan: LaserScan) -> None:
        message = TwistStamped()
        message.twist.linear.x = 0.0 if min(scan.ranges) < _NEAR_M else 0.5
        publisher.publish(message)

    node.create_subscription(LaserScan, 'scan', on_scan, qos_profile_sensor_data)
    claim_realtime(_PRIORITY)
    rclpy.spin(node)
    return 0


if __name__ == '__main__':
    sys.exit(main())
