# SPDX-License-Identifier: Apache-2.0
"""Parameters of the simulator, from which the node's ROS parameters are declared."""

from dataclasses import dataclass

from swarm_config.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """How the world runs; `config/params/sim.yaml` holds the same names and defaults."""

    timestep_s: float = 0.005
    """Physics step [s], 0.001..0.01."""
    period_s: float = 0.02
    """The loop wakes up so often and simulates as much at once [s], 0.005..0.1."""
    catch_up_periods: int = 5
    """When late by more periods than this, the rest is left out and time falls behind, 1..100."""
    watchdog_s: float = 0.1
    """Motors stop when no command came for so long [s], 0.02..2."""
    battery_share: float = 1.0
    """Charge of all robots at the start, 0.01..1."""
    passage_margin_m: float = 0.1
    """Room that a dropped object leaves on both sides of the largest robot [m], 0..1."""

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ConfigError: A value lies outside its range.
        """
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(
                    f'parameter {name}: expected {low:g} to {high:g}, found {value!r}; '
                    'see config/params/sim.yaml'
                )
        if abs(self.period_s / self.timestep_s - round(self.period_s / self.timestep_s)) > 1e-6:
            raise ConfigError(
                f'parameter period_s: expected a multiple of timestep_s ({self.timestep_s:g} s), '
                f'found {self.period_s!r}; see config/params/sim.yaml'
            )


RANGES = {
    'timestep_s': (0.001, 0.01),
    'period_s': (0.005, 0.1),
    'catch_up_periods': (1, 100),
    'watchdog_s': (0.02, 2.0),
    'battery_share': (0.01, 1.0),
    'passage_margin_m': (0.0, 1.0),
}
