# SPDX-License-Identifier: Apache-2.0
"""The simulator as a ROS 2 node: `python -m swarm_sim.node --ros-args -p fleet_file:=FILE …`.

One process and one loop for all robots, in real time. The loop reads its subscriptions and
services directly instead of spinning an executor, which costs a tenth of a core at this rate.
"""

import gc
import json
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import FrameType

import rclpy
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import qos_profile_sensor_data
from rclpy.service import Service
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import BatteryState, LaserScan
from std_srvs.srv import Trigger

from swarm_config.errors import ConfigError
from swarm_config.fleets import Robot, load_fleet
from swarm_config.sockets import use_sockets
from swarm_sim.messages import RobotMessages
from swarm_sim.params import Params
from swarm_sim.simulation import Readings, Simulation, scenario_of
from swarm_sim.viewer import Viewer

SERVICE_PERIOD_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is simulated and where the referee writes."""

    fleet_file: str
    out_dir: str
    scenario_file: str
    """The fleet plan's when empty."""
    seed: int
    autostart: bool
    """Start the script at once instead of waiting for /sim/start_script."""
    headless: bool
    """No window."""


class RobotTopics:
    """The topics of one robot."""

    def __init__(self, node: Node, robot: Robot) -> None:
        """Open them.

        Args:
            node: Owner of the topics.
            robot: Whose they are.
        """
        name = f'/{robot.agent_id}'
        self.messages = RobotMessages(robot.agent_id, robot.model)
        self.scan: Publisher = node.create_publisher(
            LaserScan, f'{name}/scan', qos_profile_sensor_data
        )
        self.odom: Publisher = node.create_publisher(
            Odometry, f'{name}/odom', qos_profile_sensor_data
        )
        self.battery: Publisher = node.create_publisher(BatteryState, f'{name}/battery_state', 5)
        self._commands: Subscription = node.create_subscription(
            TwistStamped, f'{name}/cmd_vel', lambda _: None, 10
        )

    def newest_command(self) -> tuple[float, float] | None:
        """Speed [m/s] and yaw rate [rad/s] of the newest command since the last call."""
        newest, handle = None, self._commands.handle
        with handle:
            while (taken := handle.take_message(TwistStamped, False)) is not None:
                newest = taken[0].twist
        return None if newest is None else (newest.linear.x, newest.angular.z)


class SimulatorNode:
    """The loop around a simulation."""

    def __init__(self, node: Node, simulation: Simulation, params: Params, run: Run) -> None:
        """Open topics and services.

        Args:
            node: Owner of topics and services.
            simulation: What is advanced.
            params: Rates of the loop.
            run: Whether to show a window and to start the script.
        """
        self._simulation = simulation
        self._params = params
        self._autostart = run.autostart
        self._robots = [RobotTopics(node, robot) for robot in simulation.fleet.robots]
        self._start: Service = node.create_service(Trigger, '/sim/start_script', _unused)
        self._report: Service = node.create_service(Trigger, '/sim/referee', _unused)
        self._services_at_s = 0.0
        self._began_s = time.monotonic()
        self._viewer = None if run.headless else Viewer(simulation.world)
        self._stopped = False

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """End the loop after the present period; a signal handler."""
        self._stopped = True

    def run(self) -> None:
        """Simulate in real time until stopped, then write the last report."""
        period = self._params.period_s
        self._began_s = due = time.monotonic()
        if self._autostart:
            self._simulation.start_script(time.time_ns())
        while not self._stopped:
            self._period(period)
            due += period
            now = time.monotonic()
            due = max(due, now - self._params.catch_up_periods * period)
            time.sleep(max(0.0, due - now))
        self._simulation.referee.close(time.time_ns())

    def _period(self, period_s: float) -> None:
        world = self._simulation.world
        for index, robot in enumerate(self._robots):
            command = robot.newest_command()
            if command is not None:
                world.command(index, *command)
        stamp_ns = time.time_ns()
        elapsed = time.monotonic() - self._began_s
        self._simulation.referee.real_time_factor = (
            world.time_s / elapsed if elapsed > 1.0 else 1.0
        )
        self._publish(self._simulation.advance(period_s, stamp_ns), stamp_ns)
        if world.time_s >= self._services_at_s:
            self._services_at_s = world.time_s + SERVICE_PERIOD_S
            self._serve()
        if self._viewer is not None:
            self._stopped |= not self._viewer.show()

    def _publish(self, readings: Readings, stamp_ns: int) -> None:
        for index, ranges in readings.scans:
            robot = self._robots[index]
            robot.scan.publish(robot.messages.fill_scan(stamp_ns, ranges))
        for index, odometry in readings.odometry:
            robot = self._robots[index]
            robot.odom.publish(robot.messages.fill_odometry(stamp_ns, odometry))
        for index, battery in readings.batteries:
            robot = self._robots[index]
            robot.battery.publish(robot.messages.fill_battery(stamp_ns, battery))

    def _serve(self) -> None:
        for service, answer in ((self._start, self._start_script), (self._report, self._referee)):
            with service.handle:
                request, header = service.handle.service_take_request(Trigger.Request)
            if request is not None:
                service.send_response(answer(), header)

    def _start_script(self) -> Trigger.Response:
        started = self._simulation.start_script(time.time_ns())
        message = 'the script counts from now' if started else 'the script has been started before'
        return Trigger.Response(success=started, message=message)

    def _referee(self) -> Trigger.Response:
        report = self._simulation.referee.report(time.time_ns())
        return Trigger.Response(success=True, message=json.dumps(report))


def _unused(_request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
    """Services are answered in the loop; no executor calls this."""
    return response


def _declare_run(node: Node) -> Run:
    run = Run(
        fleet_file=node.declare_parameter('fleet_file', '').value,
        out_dir=node.declare_parameter('out_dir', '').value,
        scenario_file=node.declare_parameter('scenario_file', '').value,
        seed=node.declare_parameter('seed', 0).value,
        autostart=node.declare_parameter('autostart', False).value,
        headless=node.declare_parameter('headless', True).value,
    )
    for name in ('fleet_file', 'out_dir'):
        if not getattr(run, name):
            raise ConfigError(f'parameter {name} is missing; give --ros-args -p {name}:=PATH')
    if run.seed < 0:
        raise ConfigError(f'parameter seed: expected 0 or more, found {run.seed}')
    return run


def _declare_params(node: Node) -> Params:
    return Params(
        **{f.name: node.declare_parameter(f.name, f.default).value for f in fields(Params)}
    )


def _build(node: Node) -> SimulatorNode:
    run, params = _declare_run(node), _declare_params(node)
    fleet = load_fleet(Path(run.fleet_file))
    scenario_file = Path(run.scenario_file) if run.scenario_file else None
    simulation = Simulation(
        fleet=fleet,
        scenario=scenario_of(fleet, scenario_file),
        params=params,
        seed=run.seed,
        out_dir=Path(run.out_dir),
    )
    return SimulatorNode(node, simulation, params, run)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulator until SIGTERM or SIGINT.

    Returns:
        0, or 2 when a parameter or file cannot be used.
    """
    use_sockets()
    rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node('simulator', start_parameter_services=False, enable_rosout=False)
    try:
        simulator = _build(node)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, simulator.stop)
        gc.collect()
        gc.freeze()
        simulator.run()
    except (ConfigError, InvalidParameterTypeException) as error:
        sys.stderr.write(f'swarm_sim: {error}\n')
        return 2
    finally:
        node.destroy_node()
        rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
