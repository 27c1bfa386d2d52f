# SPDX-License-Identifier: Apache-2.0
"""What a robot's sensors say about the true world: noise, drift and a battery that drains.

Each sensor draws from a generator of its own, so that one's rate does not change another's noise.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swarm_config.robots import Battery, Lidar, RobotModel

Array = npt.NDArray[np.float64]
WHEELS_DIFFER_SHARE = 0.25
"""How much the wheels' scales differ, as a share of the scale error that they have in common."""


class NoisyLidar:
    """Range noise and limits of one scanner."""

    def __init__(self, lidar: Lidar, rng: np.random.Generator) -> None:
        """Take the scanner's data and the source of its noise.

        Args:
            lidar: Noise and limits.
            rng: Its own generator.
        """
        self._lidar = lidar
        self._rng = rng

    def measure(self, true_m: Array) -> npt.NDArray[np.float32]:
        """Ranges [m] from true ones, shape (beams,); inf where nothing is within range_max.

        A return nearer than range_min keeps its value: whoever reads it must be on the safe side.
        """
        noisy = true_m + self._rng.normal(0.0, self._lidar.noise_m, true_m.shape)
        noisy[noisy > self._lidar.range_max_m] = np.inf
        return np.maximum(noisy, 0.0).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Odometry:
    """A pose in the odom frame, which starts at the robot's start, and a twist of the body."""

    x_m: float
    y_m: float
    yaw_rad: float
    speed_mps: float
    yaw_rate_radps: float


class Odometer:
    """Dead reckoning from wheel angles with scale errors and noise."""

    def __init__(self, model: RobotModel, rng: np.random.Generator) -> None:
        """Draw the wheels' systematic errors.

        Args:
            model: The robot's wheels and the size of its errors.
            rng: Its own generator.
        """
        self._model = model
        self._rng = rng
        error = model.odometry.scale_error
        common = rng.normal(0.0, error)
        self.scales = 1.0 + common + rng.normal(0.0, WHEELS_DIFFER_SHARE * error, 2)
        self._angles = np.zeros(2)
        self._at_s = 0.0
        self._odometry = Odometry(x_m=0.0, y_m=0.0, yaw_rad=0.0, speed_mps=0.0, yaw_rate_radps=0.0)

    def advance(self, now_s: float, angles_rad: Array) -> Odometry:
        """Count the wheels' turns since the last call.

        Args:
            now_s: Simulated time [s].
            angles_rad: Turned angles of the left and the right wheel [rad].
        """
        span = now_s - self._at_s
        if span <= 0.0:
            return self._odometry
        noise = 1.0 + self._rng.normal(0.0, self._model.odometry.noise, 2)
        turned = (angles_rad - self._angles) * self.scales * noise
        left, right = (float(part) * self._model.wheel_radius_m for part in turned)
        self._angles, self._at_s = angles_rad.copy(), now_s
        self._odometry = self._moved((left + right) / 2, self._turned(left, right), span)
        return self._odometry

    def _turned(self, left_m: float, right_m: float) -> float:
        return (right_m - left_m) / self._model.wheel_separation_m

    def _moved(self, way_m: float, turn_rad: float, span_s: float) -> Odometry:
        last = self._odometry
        heading = last.yaw_rad + turn_rad / 2
        return Odometry(
            x_m=last.x_m + way_m * math.cos(heading),
            y_m=last.y_m + way_m * math.sin(heading),
            yaw_rad=math.remainder(last.yaw_rad + turn_rad, math.tau),
            speed_mps=way_m / span_s,
            yaw_rate_radps=turn_rad / span_s,
        )


class DrainingBattery:
    """Charge of one battery."""

    def __init__(self, battery: Battery, top_speed_mps: float, share: float) -> None:
        """Start with a share of the capacity.

        Args:
            battery: Capacity and consumers.
            top_speed_mps: Speed at which the full drive power is drawn [m/s].
            share: Charge at the start, 0..1.
        """
        self._battery = battery
        self._top_speed_mps = top_speed_mps
        self._at_s = 0.0
        self.share = share
        self.power_w = battery.idle_w

    def advance(self, now_s: float, speed_mps: float) -> None:
        """Drain it since the last call, driven at this speed all the time."""
        driven = min(1.0, abs(speed_mps) / self._top_speed_mps)
        self.power_w = self._battery.idle_w + self._battery.drive_w * driven
        used_wh = self.power_w * (now_s - self._at_s) / 3600.0
        self.share = max(0.0, self.share - used_wh / self._battery.capacity_wh)
        self._at_s = now_s

    @property
    def voltage_v(self) -> float:
        """Terminal voltage: 85 % of the nominal one when empty, 105 % when full [V]."""
        return self._battery.voltage_v * (0.85 + 0.2 * self.share)


class SensorSet:
    """All sensors of one robot."""

    def __init__(self, model: RobotModel, seed: np.random.SeedSequence, battery: float) -> None:
        """Fit the sensors.

        Args:
            model: The robot's class.
            seed: This robot's part of the run's seed.
            battery: Charge at the start, 0..1.
        """
        lidar, odometer = (np.random.default_rng(part) for part in seed.spawn(2))
        self.lidar = NoisyLidar(model.lidar, lidar)
        self.odometer = Odometer(model, odometer)
        self.battery = DrainingBattery(model.battery, model.max_speed_mps, battery)


def sensors_of(models: tuple[RobotModel, ...], seed: int, battery: float) -> tuple[SensorSet, ...]:
    """Sensors for all robots of a run from one seed."""
    parts = np.random.SeedSequence(seed).spawn(len(models))
    return tuple(SensorSet(m, part, battery) for m, part in zip(models, parts, strict=True))
