# SPDX-License-Identifier: Apache-2.0
"""The ROS messages of one robot, made once and filled again for every publication."""

import array
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from nav_msgs.msg import Odometry as OdometryMessage
from sensor_msgs.msg import BatteryState, LaserScan

from swarm_config.robots import RobotModel
from swarm_sim.sensors import DrainingBattery, Odometry

POSE_VARIANCE = 0.01
TWIST_VARIANCE = 0.001


class RobotMessages:
    """Scan, odometry and battery state of one robot."""

    def __init__(self, name: str, model: RobotModel) -> None:
        """Fill in what never changes.

        Args:
            name: Prefix of the robot's frames.
            model: Its sensors.
        """
        self.scan = _scan(name, model)
        self._ranges = np.frombuffer(self.scan.ranges, dtype=np.float32)
        self.odometry = _odometry(name)
        self.battery = _battery(name, model)

    def fill_scan(self, stamp_ns: int, ranges_m: npt.NDArray[np.float32]) -> LaserScan:
        """The scan message with these ranges [m]."""
        _stamp(self.scan, stamp_ns)
        self._ranges[:] = ranges_m
        return self.scan

    def fill_odometry(self, stamp_ns: int, odometry: Odometry) -> OdometryMessage:
        """The odometry message with this pose and twist."""
        message = self.odometry
        _stamp(message, stamp_ns)
        pose = message.pose.pose
        pose.position.x, pose.position.y = odometry.x_m, odometry.y_m
        pose.orientation.z = math.sin(odometry.yaw_rad / 2)
        pose.orientation.w = math.cos(odometry.yaw_rad / 2)
        message.twist.twist.linear.x = odometry.speed_mps
        message.twist.twist.angular.z = odometry.yaw_rate_radps
        return message

    def fill_battery(self, stamp_ns: int, battery: DrainingBattery) -> BatteryState:
        """The battery message with this charge."""
        message = self.battery
        _stamp(message, stamp_ns)
        message.percentage = battery.share
        message.voltage = battery.voltage_v
        message.current = -battery.power_w / battery.voltage_v
        message.charge = battery.share * message.capacity
        return message


def _stamp(message: Any, stamp_ns: int) -> None:
    stamp = message.header.stamp
    stamp.sec, stamp.nanosec = divmod(stamp_ns, 1_000_000_000)


def _scan(name: str, model: RobotModel) -> LaserScan:
    lidar = model.lidar
    message = LaserScan()
    message.header.frame_id = f'{name}/base_scan'
    message.angle_min = -math.pi
    message.angle_increment = 2 * math.pi / lidar.beams
    message.angle_max = -math.pi + (lidar.beams - 1) * message.angle_increment
    message.scan_time = 1.0 / lidar.rate_hz
    message.range_min, message.range_max = lidar.range_min_m, lidar.range_max_m
    message.ranges = array.array('f', bytes(4 * lidar.beams))
    return message


def _odometry(name: str) -> OdometryMessage:
    message = OdometryMessage()
    message.header.frame_id, message.child_frame_id = f'{name}/odom', f'{name}/base_link'
    for place in (0, 7, 35):
        message.pose.covariance[place] = POSE_VARIANCE
        message.twist.covariance[place] = TWIST_VARIANCE
    return message


def _battery(name: str, model: RobotModel) -> BatteryState:
    message = BatteryState()
    message.header.frame_id = f'{name}/base_link'
    message.present = True
    message.temperature = math.nan
    message.capacity = model.battery.capacity_wh / model.battery.voltage_v
    message.design_capacity = message.capacity
    message.power_supply_status = BatteryState.POWER_SUPPLY_STATUS_DISCHARGING
    message.power_supply_health = BatteryState.POWER_SUPPLY_HEALTH_GOOD
    message.power_supply_technology = BatteryState.POWER_SUPPLY_TECHNOLOGY_LION
    return message
