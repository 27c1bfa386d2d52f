# SPDX-License-Identifier: Apache-2.0
"""The reflex's topics and services, polled from its own loop: no executor, no callbacks.

An executor that waits costs 12 % of a core at 100 Hz; taking what has come costs 2 us a topic.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import LaserScan
from std_msgs.msg import Bool, UInt8
from std_srvs.srv import SetBool, Trigger

from swarm_msgs.msg import Heartbeat, ReflexState, Situation, SwarmEvent
from swarm_reflex.core import Inputs, Outputs, Request
from swarm_reflex.messages import (
    Arrival,
    set_stamp,
    to_command,
    to_map_pose,
    to_odom,
    to_scan,
)
from swarm_reflex.parameters import RESET_PARAMETERS

Call = tuple[Any, Any, Request]
"""A service, the header of one call to it, and what the caller wants."""


_SLOW_NS = 100_000_000
_RIVALS_NS = 1_000_000_000


class Ports:
    """Everything that crosses the border between ROS and the loop."""

    def __init__(
        self, node: Node, *, stamped: bool, fenced: bool, restored: tuple[Request, ...] = ()
    ) -> None:
        twist = TwistStamped if stamped else Twist
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        beats, last_only = QoSProfile(depth=5), QoSProfile(depth=1)
        listen, sensor = node.create_subscription, qos_profile_sensor_data
        self._command = listen(twist, 'cmd_vel_raw', unused, 10)
        self._scan = listen(LaserScan, 'scan', unused, sensor)
        self._odom = listen(Odometry, 'odom', unused, sensor)
        # Only a fenced robot needs its place in the map; a situation is a large message.
        self._situation = listen(Situation, 'situation', unused, last_only) if fenced else None
        self._heartbeat = listen(Heartbeat, 'heartbeat', unused, beats)
        self._e_stop = node.create_service(Trigger, 'reflex/e_stop', unused)
        self._reset = node.create_service(Trigger, 'reflex/reset', unused)
        self._enable = node.create_service(SetBool, 'reflex/enable', unused)
        # A latched subscription does not hear publishers that latch nothing: listen as both.
        self._freezes = [
            listen(Bool, '/swarm/freeze', unused, qos) for qos in (latched, last_only)
        ]
        self._tiers = [listen(UInt8, 'reflex/tier', unused, qos) for qos in (latched, last_only)]
        self._node = node
        self._own_services = (self._e_stop, self._reset, self._enable)
        self._wait_set = rclpy_implementation.WaitSet(1, 0, 0, 0, 0, 0, node.context.handle)
        self._slow_due_ns = self._rivals_due_ns = 0
        self._rivals: set[str] = set()
        self._cmd_vel = node.create_publisher(twist, 'cmd_vel', 10)
        self._state = node.create_publisher(ReflexState, 'reflex/state', latched)
        self._events = node.create_publisher(SwarmEvent, 'events', 10)
        self._diagnostics = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._base_frame = f'{node.get_namespace().strip("/")}/base_link'.lstrip('/')
        self._out = twist()
        self._stamped = stamped
        self._sequences: dict[str, int] = {}
        self.restored = restored
        if stamped:
            self._out.header.frame_id = self._base_frame

    def collect(self, now_ns: int) -> tuple[Inputs, list[Call]]:
        """Take everything that has come since the last tick; of each topic the newest."""
        wall_ns = time.time_ns()
        calls, held = list(self._calls()), [*self.restored]
        self.restored = ()
        beats = self._beats(now_ns, wall_ns)
        command, odom = newest(self._command), newest(self._odom)
        scan = newest(self._scan)
        situation = newest(self._situation) if self._situation else None
        freezes = filter(None, map(newest, self._freezes))
        held += [Request.FREEZE if message.data else Request.UNFREEZE for message, _ in freezes]
        by, reason = self._reset_words() if _wants_reset(calls) else ('', '')
        inputs = Inputs(
            now_ns=now_ns,
            command=to_command(command[0], Arrival(now_ns, wall_ns, command[1]))
            if command
            else None,
            scan=to_scan(scan[0], Arrival(now_ns, wall_ns, scan[1])) if scan else None,
            odom=to_odom(odom[0], Arrival(now_ns, wall_ns, odom[1])) if odom else None,
            pose=to_map_pose(situation[0], Arrival(now_ns, wall_ns, situation[1]))
            if situation
            else None,
            situation_beat_ns=beats.get('situation'),
            planner_beat_ns=beats.get('planner'),
            requests=(*held, *(request for _, _, request in calls)),
            reset_by=by,
            reset_reason=reason,
            tier=self._new_tier(now_ns),
            rivals=self._new_rivals(now_ns),
        )
        return inputs, calls

    def collect_scan(self, now_ns: int) -> Inputs:
        """Take the newest scan and nothing else: what else has come waits for the tick."""
        scan = newest(self._scan)
        if scan is None:
            return Inputs(now_ns=now_ns)
        arrival = Arrival(now_ns, time.time_ns(), scan[1])
        return Inputs(now_ns=now_ns, scan=to_scan(scan[0], arrival))

    def scan_within(self, wait_ns: int) -> bool:
        """Wait for a scan, at most this long [ns]; whether one is there."""
        waiting = self._wait_set
        waiting.clear_entities()
        with self._scan.handle:
            index = waiting.add_subscription(self._scan.handle)
            waiting.wait(wait_ns)
            return bool(waiting.is_ready('subscription', index))

    def drive(self, vx_mps: float, wz_radps: float) -> None:
        """Publish the command of this tick."""
        twist = self._out
        if self._stamped:
            set_stamp(self._out, time.time_ns())
            twist = self._out.twist
        twist.linear.x, twist.angular.z = vx_mps, wz_radps
        self._cmd_vel.publish(self._out)

    def answer(self, calls: list[Call], outputs: Outputs, failure: str) -> None:
        """Tell the callers what the tick made of their requests."""
        for service, header, request in calls:
            response = service.srv_type.Response()
            response.success, response.message = _outcome(request, outputs, failure)
            service.send_response(response, header)

    def serve_parameters(self, now_ns: int) -> None:
        """Answer the parameter services, ten times a second."""
        if now_ns < self._slow_due_ns:
            return
        self._slow_due_ns = now_ns + _SLOW_NS
        for service in self._node.services:
            if service not in self._own_services:
                for request, header in requested(service):
                    response = service.callback(request, service.srv_type.Response())
                    service.send_response(response, header)

    def tell_state(self, state: ReflexState) -> None:
        """Publish the state."""
        state.header.frame_id = self._base_frame
        self._state.publish(state)

    def tell_event(
        self, agent: str, seq: int, kind: str, type_: str, data: dict[str, Any]
    ) -> None:
        """Publish an event that stands in the log under this sequence number."""
        event = SwarmEvent(agent=agent, writer='reflex', seq=seq, kind=kind, type=type_)
        event.data_json = json.dumps(data, allow_nan=False)
        set_stamp(event, time.time_ns())
        self._events.publish(event)

    def tell_diagnostics(self, level: bytes, message: str, values: dict[str, Any]) -> None:
        """Publish one /diagnostics status."""
        pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        name = f'{self._base_frame.rpartition("/")[0]}: reflex'
        status = DiagnosticStatus(level=level, name=name, message=message, values=pairs)
        array = DiagnosticArray(status=[status])
        set_stamp(array, time.time_ns())
        self._diagnostics.publish(array)

    def _reset_words(self) -> tuple[str, str]:
        """Who resets and why, used up by this reset."""
        by, reason = (self._node.get_parameter(name).value for name in RESET_PARAMETERS)
        self._node.set_parameters([Parameter(name, value='') for name in RESET_PARAMETERS])
        return by, reason

    def _new_tier(self, now_ns: int) -> int | None:
        if now_ns < self._slow_due_ns:
            return None
        heard = [int(found[0].data) for found in map(newest, self._tiers) if found]
        return min(heard, default=None)

    def _new_rivals(self, now_ns: int) -> int | None:
        """How many other nodes publish cmd_vel, or cmd_vel_raw beside the first; seen twice."""
        if now_ns < self._rivals_due_ns:
            return None
        self._rivals_due_ns = now_ns + _RIVALS_NS
        motors = self._publishers('cmd_vel') - {self._node.get_fully_qualified_name()}
        commanders = sorted(self._publishers('cmd_vel_raw'))[1:]
        seen = {f'cmd_vel {name}' for name in motors} | {f'raw {name}' for name in commanders}
        twice, self._rivals = len(seen & self._rivals), seen
        return twice

    def _publishers(self, topic: str) -> set[str]:
        """Full names of the nodes that publish a topic of ours."""
        full = self._node.resolve_topic_name(topic)
        return {
            f'{info.node_namespace.rstrip("/")}/{info.node_name}'
            for info in self._node.get_publishers_info_by_topic(full)
        }

    def _beats(self, now_ns: int, wall_ns: int) -> dict[str, int]:
        """Arrival of the newest heartbeat per source; a repeated sequence is no sign of life."""
        arrivals: dict[str, int] = {}
        for beat, info in taken(self._heartbeat):
            if self._sequences.get(beat.source) != beat.sequence:
                arrivals[beat.source] = Arrival(now_ns, wall_ns, info).ns
            if beat.source in {'planner', 'situation'}:
                self._sequences[beat.source] = beat.sequence
        return arrivals

    def _calls(self) -> Iterator[Call]:
        for service, request in ((self._e_stop, Request.E_STOP), (self._reset, Request.RESET)):
            for _, header in requested(service):
                yield service, header, request
        for call, header in requested(self._enable):
            yield self._enable, header, Request.ENABLE if call.data else Request.DISABLE


_STILL_LATCHED = (
    'still latched: set the parameters reset_by and reset_reason, send zero commands or none, '
    'be inside the geofence, then call reset again'
)


def unused(*_args: Any) -> None:
    """Stand as a callback where nothing calls back."""
    raise RuntimeError('the reflex polls: nothing may spin its node')


def taken(subscription: Any) -> Iterator[tuple[Any, Any]]:
    """All messages that wait, oldest first, with their info."""
    with subscription.handle:
        while found := subscription.handle.take_message(subscription.msg_type, subscription.raw):
            yield found


def newest(subscription: Any) -> tuple[Any, Any] | None:
    """The newest message that waits, with its info; older ones are dropped."""
    last = None
    for last in taken(subscription):  # noqa: B007 - the last one is the answer
        pass
    return last


def requested(service: Any) -> Iterator[tuple[Any, Any]]:
    """All calls that wait, with their headers."""
    while True:
        with service.handle:
            request, header = service.handle.service_take_request(service.srv_type.Request)
        if header is None:
            return
        yield request, header


def _wants_reset(calls: list[Call]) -> bool:
    return any(request is Request.RESET for _, _, request in calls)


def _outcome(request: Request, outputs: Outputs, failure: str) -> tuple[bool, str]:
    if failure:
        return request in {Request.E_STOP, Request.DISABLE}, f'standing for good: {failure}'
    if request is Request.E_STOP:
        return outputs.e_stop, 'latched; only reflex/reset releases it'
    if request is Request.RESET:
        held = outputs.e_stop or outputs.breached
        return not held, _STILL_LATCHED if held else 'released'
    return outputs.enabled == (request is Request.ENABLE), request.value
