# SPDX-License-Identifier: Apache-2.0
"""World, sensors, script and referee of one run, advanced together; knows no ROS and no clock."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from swarm_config.fleets import Fleet
from swarm_config.maps import GridMap, load_map
from swarm_config.robots import RobotModel
from swarm_config.scenarios import Scenario, load_scenario
from swarm_sim.coverage import coverage_of
from swarm_sim.params import Params
from swarm_sim.places import points_of
from swarm_sim.placing import Placing
from swarm_sim.referee import Referee
from swarm_sim.script import Script, check_scenario
from swarm_sim.sensors import DrainingBattery, Odometry, sensors_of
from swarm_sim.starts import check_starts
from swarm_sim.world import World

LOOK_HZ = 5.0
BATTERY_HZ = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What sensors have to say after one span; the robots' numbers are those of the fleet."""

    scans: list[tuple[int, npt.NDArray[np.float32]]]
    """Ranges [m], first beam to the rear."""
    odometry: list[tuple[int, Odometry]]
    batteries: list[tuple[int, DrainingBattery]]


class Metronome:
    """Says when something periodic is due."""

    def __init__(self, rate_hz: float, phase: float = 0.0) -> None:
        """Take rate and phase.

        Args:
            rate_hz: How often [Hz].
            phase: First beat as a share of the period.
        """
        self._period_s = 1.0 / rate_hz
        self._next_s = phase * self._period_s

    def beats(self, now_s: float) -> bool:
        """Whether it is time; counts on from the last beat, not from now."""
        if now_s < self._next_s - 1e-9:
            return False
        missed = int((now_s - self._next_s) / self._period_s)
        self._next_s += (missed + 1) * self._period_s
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Beats:
    """When one robot's sensors speak; the robots take turns."""

    scan: Metronome
    look: Metronome
    odometry: Metronome
    battery: Metronome


def beats_of(model: RobotModel, phase: float) -> Beats:
    """The rates of a robot's sensors."""
    return Beats(
        scan=Metronome(model.lidar.rate_hz, phase),
        look=Metronome(LOOK_HZ),
        odometry=Metronome(model.odometry.rate_hz, phase),
        battery=Metronome(BATTERY_HZ, phase),
    )


class Simulation:
    """One run of one fleet."""

    def __init__(
        self, *, fleet: Fleet, scenario: Scenario, params: Params, seed: int, out_dir: Path
    ) -> None:
        """Build everything.

        Args:
            fleet: The robots and their map.
            scenario: What the script does.
            params: How the world runs.
            seed: Of all noise and drift.
            out_dir: Where the referee writes.

        Raises:
            ConfigError: Map, starts or scenario cannot be used.
        """
        grid = load_map(fleet.map_path)
        check_starts(fleet, grid)
        self.fleet = fleet
        self.script = _script(fleet, grid, scenario, params.passage_margin_m)
        self.world = World(
            grid=grid,
            robots=fleet.robots,
            props=self.script.props,
            timestep_s=params.timestep_s,
            watchdog_s=params.watchdog_s,
        )
        self.sensors = sensors_of(
            tuple(robot.model for robot in fleet.robots), seed, params.battery_share
        )
        self.referee = Referee(
            world=self.world,
            fleet=fleet,
            coverage=coverage_of(grid, fleet),
            script=self.script,
            out_dir=out_dir,
        )
        count = len(fleet.robots)
        self._beats = [beats_of(robot.model, robot.index / count) for robot in fleet.robots]

    def start_script(self, stamp_ns: int) -> bool:
        """Let the script count from now; False when it does already."""
        if not self.script.start(self.world.time_s):
            return False
        self.referee.script_started_ns = stamp_ns
        return True

    def advance(self, span_s: float, stamp_ns: int) -> Readings:
        """Simulate a span.

        Args:
            span_s: How long, a multiple of the physics step [s].
            stamp_ns: Wall time of its end [ns since the epoch], for the referee's files.
        """
        dropped = self.script.play(self.world)
        touches = self.world.advance(span_s)
        readings = self._read()
        self.referee.watch(touches, dropped, stamp_ns)
        return readings

    def _read(self) -> Readings:
        now_s = self.world.time_s
        readings = Readings(scans=[], odometry=[], batteries=[])
        for robot, beats in enumerate(self._beats):
            if beats.scan.beats(now_s):
                readings.scans.append((robot, self._scan(robot, beats, now_s)))
            if beats.odometry.beats(now_s):
                readings.odometry.append((robot, self._count_wheels(robot, now_s)))
            if beats.battery.beats(now_s):
                readings.batteries.append((robot, self.sensors[robot].battery))
        return readings

    def _scan(self, robot: int, beats: Beats, now_s: float) -> npt.NDArray[np.float32]:
        rays = self.world.rays(robot)
        if beats.look.beats(now_s):
            self.referee.see(robot, rays)
        return self.sensors[robot].lidar.measure(rays)

    def _count_wheels(self, robot: int, now_s: float) -> Odometry:
        odometry = self.sensors[robot].odometer.advance(now_s, self.world.wheel_angles()[robot])
        self.sensors[robot].battery.advance(now_s, odometry.speed_mps)
        return odometry


def _script(fleet: Fleet, grid: GridMap, scenario: Scenario, margin_m: float) -> Script:
    where = str(fleet.scenario_path or 'scenario')
    check_scenario(scenario, fleet, grid, where)
    homes = [(robot.home[0], robot.home[1]) for robot in fleet.robots]
    radius = max(robot.model.radius_m for robot in fleet.robots)
    placing = Placing(grid, radius, margin_m, [*homes, *points_of(fleet)])
    return Script(scenario=scenario, fleet=fleet, placing=placing)


def scenario_of(fleet: Fleet, path: Path | None) -> Scenario:
    """The scenario of a file, else the fleet plan's, else an empty one.

    Raises:
        ConfigError: The file is missing or malformed.
    """
    chosen = path or fleet.scenario_path
    return load_scenario(chosen) if chosen is not None else Scenario()
