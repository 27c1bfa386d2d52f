# SPDX-License-Identifier: Apache-2.0
"""The motor-side watchdog for real bases: relays cmd_vel, zeroes the base when it falls silent.

Runs beside the base driver, in a process (better: on a computer) of its own, because it is there
for the day on which the reflex node is dead or stopped. It has no state on any disk.

    python -m swarm_reflex.watchdog --ros-args -r __ns:=/amr_1 -r cmd_vel_motor:=base/cmd_vel
"""

import signal
import sys
import time
from typing import Any

import rclpy
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from swarm_config.errors import ConfigError
from swarm_config.sockets import use_sockets
from swarm_reflex.core.watchdog import Axes, Heard, due_ns, motors
from swarm_reflex.realtime import Garbage, claim_realtime

_LAST_ZEROS = 3
_RANGE_S = (0.02, 2.0)
_PRIORITY = 60
"""Above the gate's: who watches must run also when the gate runs wild."""
_PRIORITIES = (0, 90)


class Watchdog:
    """One subscription, one publisher, one deadline."""

    def __init__(
        self, node: Node, *, timeout_s: float, stamped_in: bool, stamped_out: bool
    ) -> None:
        self._type_out = TwistStamped if stamped_out else Twist
        self._commands = node.create_subscription(
            TwistStamped if stamped_in else Twist, 'cmd_vel', _unused, 10
        )
        self._raw = self._commands.raw
        self._motors = node.create_publisher(self._type_out, 'cmd_vel_motor', 10)
        self._wait_set = rclpy_implementation.WaitSet(1, 0, 0, 0, 0, 0, node.context.handle)
        self._timeout_s = timeout_s
        self._heard: Heard | None = None
        self._frame = f'{node.get_namespace().strip("/")}/base_link'.lstrip('/')
        self.stopping = False

    def run(self) -> None:
        """Relay until told to stop, then leave zeros."""
        while not self.stopping:
            now_ns = time.monotonic_ns()
            self._drive(motors(self._heard, now_ns, self._timeout_s))
            self._listen(due_ns(self._heard, now_ns, self._timeout_s))
        for _ in range(_LAST_ZEROS):
            self._drive((0.0,) * 6)
            time.sleep(0.01)

    def _listen(self, until_ns: int) -> None:
        """Take the newest command, or return when it is time to look again."""
        waiting, handle = self._wait_set, self._commands.handle
        while not self.stopping and (wait_ns := until_ns - time.monotonic_ns()) > 0:
            waiting.clear_entities()
            with handle:
                index = waiting.add_subscription(handle)
                waiting.wait(wait_ns)
                if waiting.is_ready('subscription', index) and self._take():
                    return

    def _take(self) -> bool:
        """Whether there was a command; of those that wait the newest counts."""
        taken = None
        while fresh := self._commands.handle.take_message(self._commands.msg_type, self._raw):
            taken = fresh
        if taken is not None:
            self._heard = _heard(*taken)
        return taken is not None

    def _drive(self, axes: Axes) -> None:
        message = self._type_out()
        twist = message
        if self._type_out is TwistStamped:
            message.header.frame_id = self._frame
            stamp = message.header.stamp
            stamp.sec, stamp.nanosec = divmod(time.time_ns(), 1_000_000_000)
            twist = message.twist
        twist.linear.x, twist.linear.y, twist.linear.z = axes[:3]
        twist.angular.x, twist.angular.y, twist.angular.z = axes[3:]
        self._motors.publish(message)


def _heard(message: Any, info: Any) -> Heard:
    now_ns, wall_ns = time.monotonic_ns(), time.time_ns()
    received_ns = info['received_timestamp'] or wall_ns
    stamped = isinstance(message, TwistStamped)
    twist = message.twist if stamped else message
    age_s = 0.0
    if stamped and (message.header.stamp.sec or message.header.stamp.nanosec):
        stamp = message.header.stamp
        age_s = (received_ns - stamp.sec * 1_000_000_000 - stamp.nanosec) * 1e-9
    linear, angular = twist.linear, twist.angular
    return Heard(
        axes=(linear.x, linear.y, linear.z, angular.x, angular.y, angular.z),
        arrival_ns=now_ns - max(0, wall_ns - received_ns),
        stamp_age_s=age_s,
    )


def _unused(*_args: Any) -> None:
    raise RuntimeError('the watchdog polls: nothing may spin its node')


def _timeout(value: float) -> float:
    if not _RANGE_S[0] <= value <= _RANGE_S[1]:
        raise ConfigError(
            f'parameter timeout_s: {value}; expected {_RANGE_S[0]} to {_RANGE_S[1]} s'
        )
    return value


def _priority(value: int) -> int:
    if not _PRIORITIES[0] <= value <= _PRIORITIES[1]:
        least, most = _PRIORITIES
        raise ConfigError(
            f'parameter realtime_priority: {value}; expected {least} (ordinary) to {most}'
        )
    return value


def main() -> int:
    """Run the node until SIGTERM or SIGINT; 2 means that it was set up wrongly."""
    use_sockets()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = Node('watchdog', start_parameter_services=False, enable_rosout=False)
    try:
        watchdog = Watchdog(
            node,
            timeout_s=_timeout(node.declare_parameter('timeout_s', 0.1).value),
            stamped_in=node.declare_parameter('stamped_in', True).value,
            stamped_out=node.declare_parameter('stamped_out', True).value,
        )
        priority = _priority(node.declare_parameter('realtime_priority', _PRIORITY).value)
    except (ConfigError, rclpy.exceptions.InvalidParameterTypeException) as error:
        sys.stderr.write(f'watchdog: {error}\n')
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(watchdog, 'stopping', True))
    Garbage(time.monotonic_ns())
    claim_realtime(priority)
    watchdog.run()
    node.destroy_node()
    rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
