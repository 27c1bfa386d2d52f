# SPDX-License-Identifier: Apache-2.0
"""The situation node's topics, polled from its own loop: no executor, no callbacks."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import TransformStamped, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import LaserScan

from swarm_agent.situation.core.se2 import Pose
from swarm_agent.situation.messages import set_stamp
from swarm_agent.situation.raw_topics import topic_of
from swarm_msgs.msg import Heartbeat, Intent, ReflexState, Situation, SwarmEvent
from swarm_vault.raw_bag import Topic

Keep = Callable[[str, bytes, int], None]
"""Takes a topic's name, a message as it came, and when [ns since the epoch]."""


class Ports:
    """Everything that crosses the border between ROS and the loop."""

    def __init__(self, node: Node, agent_id: str) -> None:
        """Open the topics.

        Args:
            node: Owner of the topics, in the robot's namespace.
            agent_id: Prefix of the robot's frames.
        """
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        listen, speak = node.create_subscription, node.create_publisher
        self._agent_id = agent_id
        self._scan = listen(LaserScan, 'scan', _unused, qos_profile_sensor_data)
        self._odom = listen(Odometry, 'odom', _unused, qos_profile_sensor_data)
        self._intent = listen(Intent, 'intent', _unused, latched)
        self._floor_law = listen(SwarmEvent, 'floor_law', _unused, latched)
        self._reflex = listen(ReflexState, 'reflex/state', _unused, latched)
        self._joint = listen(SwarmEvent, 'joint', _unused, 10)
        self._command = speak(TwistStamped, 'cmd_vel_raw', 10)
        self._situation = speak(Situation, 'situation', QoSProfile(depth=1))
        self._heartbeat = speak(Heartbeat, 'heartbeat', QoSProfile(depth=5))
        self._events = speak(SwarmEvent, 'events', 10)
        self._diagnostics = speak(DiagnosticArray, '/diagnostics', 10)
        self._transform = _transform_publisher(node)
        self._twist = TwistStamped()
        self._twist.header.frame_id = f'{agent_id}/base_link'
        self._beat = Heartbeat(source='situation')

    def sensors(self) -> tuple[Topic, ...]:
        """The topics that are kept as they come and go."""
        heard = (topic_of(s.topic_name, s.msg_type) for s in (self._scan, self._odom))
        return (*heard, topic_of(self._command.topic_name, TwistStamped))

    def scan(self, keep: Keep) -> Any:
        """The newest scan since the last call, or None; `keep` gets all as they came."""
        newest = None
        for raw in _taken_raw(self._scan, keep):
            newest = raw
        return None if newest is None else deserialize_message(newest, LaserScan)

    def odometry(self, keep: Keep) -> Iterator[Any]:
        """All odometry since the last call, the oldest first; `keep` gets it as it came."""
        return (deserialize_message(raw, Odometry) for raw in _taken_raw(self._odom, keep))

    def intent(self) -> Any:
        """The newest intent since the last call, or None."""
        return _newest(self._intent)

    def floor_law(self) -> Any:
        """The newest law of the floor since the last call, or None."""
        return _newest(self._floor_law)

    def reflex(self) -> Any:
        """The newest reflex state since the last call, or None."""
        return _newest(self._reflex)

    def joint(self) -> Iterator[Any]:
        """All wishes for joint decisions since the last call."""
        return _taken(self._joint)

    def drive(self, vx_mps: float, wz_radps: float, keep: Keep | None = None) -> None:
        """Publish a command; `keep` gets it as it goes out."""
        time_ns = time.time_ns()
        set_stamp(self._twist, time_ns)
        self._twist.twist.linear.x, self._twist.twist.angular.z = vx_mps, wz_radps
        data = serialize_message(self._twist)
        self._command.publish(data)
        if keep is not None:
            keep(self._command.topic_name, data, time_ns)

    def beat(self) -> None:
        """Publish a sign of life."""
        set_stamp(self._beat, time.time_ns())
        self._beat.sequence += 1
        self._heartbeat.publish(self._beat)

    def tell_situation(self, situation: Situation) -> None:
        """Publish the summary."""
        set_stamp(situation, time.time_ns())
        self._situation.publish(situation)

    def tell_event(self, seq: int, kind: str, type_: str, data: Mapping[str, Any]) -> None:
        """Publish an event that stands in the log under this sequence number."""
        event = SwarmEvent(
            agent=self._agent_id, writer='situation', seq=seq, kind=kind, type=type_
        )
        event.data_json = json.dumps(data, allow_nan=False)
        set_stamp(event, time.time_ns())
        self._events.publish(event)

    def tell_frame(self, map_odom: Pose, stamp_ns: int) -> None:
        """Publish where the odom frame lies in the map, where tf2_msgs is installed."""
        if self._transform is not None:
            publisher, message_type = self._transform
            publisher.publish(message_type(transforms=[self._frame(map_odom, stamp_ns)]))

    def _frame(self, map_odom: Pose, stamp_ns: int) -> TransformStamped:
        message = TransformStamped()
        set_stamp(message, stamp_ns)
        message.header.frame_id, message.child_frame_id = 'map', f'{self._agent_id}/odom'
        message.transform.translation.x, message.transform.translation.y = map_odom[:2]
        message.transform.rotation.z = math.sin(map_odom[2] / 2)
        message.transform.rotation.w = math.cos(map_odom[2] / 2)
        return message

    def tell_diagnostics(self, level: bytes, text: str, values: Mapping[str, Any]) -> None:
        """Publish one /diagnostics status."""
        pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        name = f'{self._agent_id}: situation'
        status = DiagnosticStatus(level=level, name=name, message=text, values=pairs)
        array = DiagnosticArray(status=[status])
        set_stamp(array, time.time_ns())
        self._diagnostics.publish(array)


def _unused(*_args: Any) -> None:
    raise RuntimeError('the situation node polls: nothing may spin it')


def _taken(subscription: Any) -> Iterator[Any]:
    with subscription.handle:
        while taken := subscription.handle.take_message(subscription.msg_type, subscription.raw):
            yield taken[0]


def _taken_raw(subscription: Any, keep: Keep) -> Iterator[bytes]:
    name = subscription.topic_name
    with subscription.handle:
        while taken := subscription.handle.take_message(subscription.msg_type, True):
            keep(name, taken[0], time.time_ns())
            yield taken[0]


def _newest(subscription: Any) -> Any:
    newest = None
    for message in _taken(subscription):
        newest = message
    return newest


def _transform_publisher(node: Node) -> tuple[Any, Any] | None:
    """Publisher and type of /tf; tf2_msgs is part of a full ROS 2 installation only."""
    try:
        from tf2_msgs.msg import TFMessage
    except ImportError:
        return None
    return node.create_publisher(TFMessage, '/tf', QoSProfile(depth=100)), TFMessage
