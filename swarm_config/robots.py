# SPDX-License-Identifier: Apache-2.0
"""Robot classes: dimensions, limits and sensors, read from config/robots/*.yaml."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from swarm_config.validation import STRICT, read_model

Positive = Annotated[float, Field(gt=0.0)]


class Lidar(BaseModel):
    """A planar 360 degree laser scanner."""

    model_config = STRICT

    beams: int = Field(ge=8, le=4096)
    range_min_m: Positive
    range_max_m: Positive
    rate_hz: Positive
    noise_m: float = Field(ge=0.0)
    """Standard deviation of a range [m]."""
    height_m: Positive


class Odometry(BaseModel):
    """Wheel odometry and its drift."""

    model_config = STRICT

    rate_hz: Positive
    scale_error: float = Field(ge=0.0, le=0.2)
    """Standard deviation of the systematic wheel scale error, drawn once per run (share)."""
    noise: float = Field(ge=0.0, le=0.5)
    """Standard deviation of the random error of a wheel's increment (share)."""


class Battery(BaseModel):
    """A battery that drains with time and motion."""

    model_config = STRICT

    capacity_wh: Positive
    idle_w: Positive
    drive_w: Positive
    """Additional power at top speed [W]."""
    voltage_v: Positive


class RobotModel(BaseModel):
    """A class of differential-drive robots, round in plan."""

    model_config = STRICT

    name: str
    description: str
    radius_m: Positive
    height_m: Positive
    mass_kg: Positive
    wheel_radius_m: Positive
    wheel_separation_m: Positive
    max_speed_mps: Positive
    max_yaw_rate_radps: Positive
    max_accel_mps2: Positive
    max_decel_mps2: Positive
    max_yaw_accel_radps2: Positive
    lidar: Lidar
    odometry: Odometry
    battery: Battery


def load_robot(path: Path) -> RobotModel:
    """Read a robot class.

    Raises:
        ConfigError: The file is missing or malformed.
    """
    return read_model(path, RobotModel)
