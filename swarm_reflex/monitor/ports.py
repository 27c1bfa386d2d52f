# SPDX-License-Identifier: Apache-2.0
"""The monitor's topics, polled from its own loop."""

import importlib
import math
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PolygonInstanceStamped, PolygonStamped, Twist, TwistStamped
from nav_msgs.msg import OccupancyGrid, Odometry
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import LaserScan, PointCloud2, Range
from std_msgs.msg import Float32

from swarm_reflex.messages import Arrival, set_stamp, yaw_of
from swarm_reflex.monitor.core.types import (
    BasePose,
    Command,
    Exclusion,
    MonitorInputs,
    MonitorOutputs,
    Observation,
    ShapeUpdate,
    Velocity,
)
from swarm_reflex.monitor.frames import Frames, Matrix
from swarm_reflex.monitor.masks import Masks
from swarm_reflex.monitor.messages import observe
from swarm_reflex.monitor.parameters import SourceWiring, Wiring, ZoneWiring
from swarm_reflex.monitor.pictures import Pictures
from swarm_reflex.ports import newest, taken, unused


def optional(module: str, name: str) -> Any:
    """A message type of a package that need not be installed; None without it."""
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError:
        return None


TYPES = {
    'scan': LaserScan,
    'pointcloud': PointCloud2,
    'range': Range,
    'polygon': PolygonInstanceStamped,
    'costmap': optional('nav2_msgs.msg', 'Costmap') or OccupancyGrid,
}


class MonitorPorts:
    """Everything between configure and cleanup that crosses the border to ROS."""

    def __init__(self, node: Node, wiring: Wiring, *, shifted: bool) -> None:
        self._node = node
        self._wiring = wiring
        self._sent: list[Any] = []
        self._heard: list[Any] = []
        twist = TwistStamped if wiring.stamped else Twist
        self._command = self._listen(twist, wiring.cmd_in, 10)
        self._sources = [
            (source, self._listen(TYPES[source.kind], source.topic, qos_profile_sensor_data))
            for source in wiring.sources
        ]
        self._odom = (
            self._listen(Odometry, wiring.odom_topic, qos_profile_sensor_data) if shifted else None
        )
        self._zones = [(zone, self._shape_topic(zone)) for zone in wiring.zones if zone.sub_topic]
        self._frames = Frames(wiring.transform_tolerance_s)
        self._transforms = self._transform_topics()
        self._instances: dict[str, dict[str, tuple[bytes, int]]] = {}
        self._out_type = twist
        self._out = self._send(twist, wiring.cmd_out, 10)
        state = optional('nav2_msgs.msg', 'CollisionMonitorState')
        self._state_type = state if wiring.state_topic else None
        self._state = self._send(state, wiring.state_topic, 10) if self._state_type else None
        self._diagnostics = self._send(DiagnosticArray, '/diagnostics', 10)
        self.show = Pictures(wiring, self._send).show
        self.exclusions: tuple[Exclusion, ...] = ()
        """Those of the newest setup: where their frames are is told when it changes."""
        self._masks = Masks(self._frames, wiring.base_frame)
        count = len(self._sources)
        self._wait_set = rclpy_implementation.WaitSet(count, 0, 0, 0, 0, 0, node.context.handle)

    def close(self) -> None:
        """Give everything back."""
        for subscription in self._heard:
            self._node.destroy_subscription(subscription)
        for publisher in self._sent:
            self._node.destroy_publisher(publisher)

    def source_within(self, wait_ns: int) -> bool:
        """Wait for a sensor message, at most this long [ns]; whether one is there."""
        waiting = self._wait_set
        waiting.clear_entities()
        handles = [subscription.handle for _, subscription in self._sources]
        indices = [waiting.add_subscription(handle) for handle in handles]
        waiting.wait(wait_ns)
        return any(waiting.is_ready('subscription', index) for index in indices)

    def collect(self, now_ns: int) -> MonitorInputs:
        """Take everything that has come since the last tick."""
        wall_ns = time.time_ns()
        self._take_transforms(now_ns)
        command = newest(self._command)
        odom = newest(self._odom) if self._odom else None
        return MonitorInputs(
            now_ns=now_ns,
            command=_to_command(command[0], Arrival(now_ns, wall_ns, command[1]))
            if command
            else None,
            observations=tuple(self._observations(now_ns, wall_ns)),
            odom=_to_base_pose(odom[0], Arrival(now_ns, wall_ns, odom[1])) if odom else None,
            shapes=tuple(self._shapes(now_ns)),
            masks=self._masks.changed(self.exclusions, now_ns),
        )

    def drive(self, velocity: Velocity) -> None:
        """Publish the command of this tick."""
        message = self._out_type()
        twist = message
        if self._wiring.stamped:
            message.header.frame_id = self._wiring.base_frame
            set_stamp(message, time.time_ns())
            twist = message.twist
        twist.linear.x, twist.linear.y = velocity.vx_mps, velocity.vy_mps
        twist.angular.z = velocity.wz_radps
        self._out.publish(message)

    def tell(self, outputs: MonitorOutputs, values: dict[str, Any]) -> None:
        """Publish the state and a diagnosis."""
        if self._state is not None and self._state_type is not None:
            self._state.publish(
                self._state_type(
                    action_type=int(outputs.action), polygon_name=outputs.polygon_name
                )
            )
        level = DiagnosticStatus.OK if not outputs.causes else DiagnosticStatus.WARN
        pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        status = DiagnosticStatus(
            level=level,
            name=self._node.get_fully_qualified_name(),
            message=', '.join(outputs.causes) or outputs.action.name.lower(),
            values=pairs,
        )
        array = DiagnosticArray(status=[status])
        set_stamp(array, time.time_ns())
        self._diagnostics.publish(array)

    def _listen(self, type_: Any, topic: str, qos: Any) -> Any:
        subscription = self._node.create_subscription(type_, topic, unused, qos)
        self._heard.append(subscription)
        return subscription

    def _send(self, type_: Any, topic: str, qos: Any) -> Any:
        publisher = self._node.create_publisher(type_, topic, qos)
        self._sent.append(publisher)
        return publisher

    def _shape_topic(self, zone: ZoneWiring) -> Any:
        durability = (
            DurabilityPolicy.TRANSIENT_LOCAL if zone.transient_local else DurabilityPolicy.VOLATILE
        )
        type_ = Float32 if zone.sub_is_circle else PolygonStamped
        return self._listen(type_, zone.sub_topic, QoSProfile(depth=1, durability=durability))

    def _transform_topics(self) -> list[tuple[Any, bool]]:
        """The topics of tf2, where its messages are installed, and whether each is static."""
        type_ = optional('tf2_msgs.msg', 'TFMessage')
        if type_ is None:
            return []
        latched = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        return [
            (self._listen(type_, '/tf_static', latched), True),
            (self._listen(type_, '/tf', 100), False),
        ]

    def _take_transforms(self, now_ns: int) -> None:
        for subscription, static in self._transforms:
            for message, _ in taken(subscription):
                for item in message.transforms:
                    put_transform(self._frames, item, None if static else now_ns)

    def _observations(self, now_ns: int, wall_ns: int) -> Iterator[Observation]:
        for source, subscription in self._sources:
            for message, info in _last(subscription, keep_all=source.kind == 'polygon'):
                arrival = Arrival(now_ns, wall_ns, info)
                yield self._observe(source, message, arrival, now_ns)

    def _observe(
        self, source: SourceWiring, message: Any, arrival: Arrival, now_ns: int
    ) -> Observation:
        frame = self._frames.find(self._wiring.base_frame, message.header.frame_id, now_ns)
        seen = observe(message, source, frame, arrival)
        return seen if source.kind != 'polygon' else self._with_others(source, message, seen)

    def _with_others(self, source: SourceWiring, message: Any, seen: Observation) -> Observation:
        """All polygons of a source that are not too old, as one observation."""
        known = self._instances.setdefault(source.name, {})
        kept = {
            key: old
            for key, old in known.items()
            if source.timeout_s == 0.0 or (seen.arrival_ns - old[1]) * 1e-9 <= source.timeout_s
        }
        key = f'{message.polygon.id}'
        if not seen.flaw:
            kept[key] = (seen.points, seen.arrival_ns)
        self._instances[source.name] = kept
        points = b''.join(old[0] for old in kept.values())
        return Observation(
            source=source.name,
            points=points,
            arrival_ns=seen.arrival_ns,
            stamp_age_s=seen.stamp_age_s,
            flaw=seen.flaw,
        )

    def _shapes(self, now_ns: int) -> Iterator[ShapeUpdate]:
        for zone, subscription in self._zones:
            message = newest(subscription)
            if message is not None:
                update = to_shape(zone, message[0], self._shape_frame(zone, message[0], now_ns))
                if update is not None:
                    yield update

    def _shape_frame(self, zone: ZoneWiring, message: Any, now_ns: int) -> Matrix | None:
        """The frame of a shape's message; a circle's has none."""
        if zone.sub_is_circle:
            return None
        return self._frames.find(self._wiring.base_frame, message.header.frame_id, now_ns)


def to_shape(zone: ZoneWiring, message: Any, frame: Matrix | None) -> ShapeUpdate | None:
    """A new shape in the base frame; one that is none, or in an unknown frame, is left out."""
    if zone.sub_is_circle:
        radius = float(message.data)
        good = math.isfinite(radius) and radius > 0.0
        return ShapeUpdate(zone=zone.name, radius_m=radius) if good else None
    corners = np.array([(p.x, p.y, p.z, 1.0) for p in message.polygon.points]).reshape(-1, 4)
    if frame is None or len(corners) < 3 or not np.isfinite(corners).all():
        return None
    flat = (corners @ frame.T)[:, :2]
    return ShapeUpdate(zone=zone.name, points=tuple((float(x), float(y)) for x, y in flat))


def put_transform(frames: Frames, item: Any, heard_ns: int | None) -> None:
    """Take in one TransformStamped."""
    shift, turn = item.transform.translation, item.transform.rotation
    frames.put(
        item.header.frame_id,
        item.child_frame_id,
        (shift.x, shift.y, shift.z),
        (turn.x, turn.y, turn.z, turn.w),
        heard_ns=heard_ns,
    )


def _last(subscription: Any, *, keep_all: bool) -> list[tuple[Any, Any]]:
    waiting = list(taken(subscription))
    return waiting if keep_all else waiting[-1:]


def _to_command(message: Any, arrival: Arrival) -> Command:
    """A planar command; a NaN on any axis spoils it. A zero stamp means: none."""
    stamped = isinstance(message, TwistStamped)
    twist = message.twist if stamped else message
    linear, angular = twist.linear, twist.angular
    axes = (linear.x, linear.y, linear.z, angular.x, angular.y, angular.z)
    if not all(map(math.isfinite, axes)):
        linear = angular = SimpleNamespace(x=math.nan, y=math.nan, z=math.nan)
    has_stamp = stamped and (message.header.stamp.sec or message.header.stamp.nanosec)
    return Command(
        velocity=Velocity(vx_mps=linear.x, vy_mps=linear.y, wz_radps=angular.z),
        arrival_ns=arrival.ns,
        stamp_age_s=arrival.stamp_age_s(message.header.stamp) if has_stamp else 0.0,
    )


def _to_base_pose(message: Any, arrival: Arrival) -> BasePose:
    pose, twist = message.pose.pose, message.twist.twist
    return BasePose(
        x_m=pose.position.x,
        y_m=pose.position.y,
        yaw_rad=yaw_of(pose.orientation),
        velocity=Velocity(vx_mps=twist.linear.x, vy_mps=twist.linear.y, wz_radps=twist.angular.z),
        arrival_ns=arrival.ns,
        stamp_age_s=arrival.stamp_age_s(message.header.stamp),
    )
