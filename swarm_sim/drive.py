# SPDX-License-Identifier: Apache-2.0
"""The base's own controller: from a commanded twist to wheel speeds, with its watchdog.

Like the firmware of a real base it limits speed and acceleration, and stops when commands cease.
"""

import math

from swarm_config.robots import RobotModel


class Drive:
    """Speed ramps of one robot; times are simulated seconds."""

    def __init__(self, model: RobotModel, watchdog_s: float) -> None:
        """Start at rest.

        Args:
            model: The robot's limits.
            watchdog_s: Commands older than this count as zero [s].
        """
        self._model = model
        self._watchdog_s = watchdog_s
        self._wanted = (0.0, 0.0)
        self._heard_s = -math.inf
        self.speed_mps = 0.0
        self.yaw_rate_radps = 0.0

    def command(self, now_s: float, speed_mps: float, yaw_rate_radps: float) -> None:
        """Take a twist; one that is not finite counts as zero."""
        finite = math.isfinite(speed_mps) and math.isfinite(yaw_rate_radps)
        self._wanted = (speed_mps, yaw_rate_radps) if finite else (0.0, 0.0)
        self._heard_s = now_s

    def advance(self, now_s: float, step_s: float) -> tuple[float, float]:
        """Move the set speeds towards the command for one step.

        Returns:
            Angular speeds of the left and the right wheel [rad/s].
        """
        m = self._model
        fresh = now_s - self._heard_s <= self._watchdog_s
        speed, yaw_rate = self._wanted if fresh else (0.0, 0.0)
        self.speed_mps = _ramp(
            self.speed_mps,
            _clip(speed, m.max_speed_mps),
            m.max_accel_mps2 * step_s,
            m.max_decel_mps2 * step_s,
        )
        turn = m.max_yaw_accel_radps2 * step_s
        self.yaw_rate_radps = _ramp(
            self.yaw_rate_radps, _clip(yaw_rate, m.max_yaw_rate_radps), turn, turn
        )
        half = self.yaw_rate_radps * m.wheel_separation_m / 2
        return (
            (self.speed_mps - half) / m.wheel_radius_m,
            (self.speed_mps + half) / m.wheel_radius_m,
        )


def _clip(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


def _ramp(value: float, wanted: float, faster: float, slower: float) -> float:
    """One step towards `wanted`: at most `slower` towards zero, at most `faster` away from it."""
    if value * wanted < 0.0:
        wanted = 0.0
    step = faster if abs(wanted) > abs(value) else slower
    return value + _clip(wanted - value, step)
