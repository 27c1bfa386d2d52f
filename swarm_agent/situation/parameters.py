# SPDX-License-Identifier: Apache-2.0
"""ROS parameters to the core's Params, checked once: a bad one is refused with its name and range.

The fields of `Tuning` are the parameters; config/params/situation.yaml lists them all.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import rclpy.exceptions
from rclpy.node import Node

from swarm_agent.situation.core.params import Params, Tuning
from swarm_agent.situation.core.se2 import Pose
from swarm_agent.situation.fleet_params import body_of, core_params
from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet, Robot, load_fleet
from swarm_config.ranges import Range
from swarm_vault.fleet_rules import rules_of

__all__ = ['Setup', 'body_of', 'load_setup', 'params_of', 'ranges', 'tuning_of']


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything that a start of the node was told."""

    fleet: Fleet
    robot: Robot
    vault_dir: Path
    tuning: Tuning


def load_setup(node: Node) -> Setup:
    """Read all parameters and the fleet plan.

    Raises:
        ConfigError: One is missing, has the wrong type or lies outside its range.
    """
    agent_id, fleet_file, vault_dir = (
        _required(node, name) for name in ('agent_id', 'fleet_file', 'vault_dir')
    )
    fleet = load_fleet(Path(fleet_file))
    return Setup(
        fleet=fleet,
        robot=fleet.robot(agent_id),
        vault_dir=Path(vault_dir),
        tuning=tuning_of({f.name: _declare(node, f.name, f.default) for f in fields(Tuning)}),
    )


def params_of(setup: Setup, saved_map_odom: Pose | None) -> Params:
    """The core's parameters for a robot of a fleet.

    Raises:
        ConfigError: The map cannot be read.
    """
    rules = rules_of(setup.vault_dir, setup.robot.agent_id)
    return core_params(setup.fleet, setup.robot, setup.tuning, saved_map_odom, rules)


def tuning_of(values: dict[str, Any]) -> Tuning:
    """Check every value against its range.

    Raises:
        ConfigError: One lies outside.
    """
    for name, limits in ranges().items():
        if not limits.least <= values[name] <= limits.most:
            raise ConfigError(
                f'parameter {name}: {values[name]}; expected {limits.least} to {limits.most}'
            )
    return Tuning(**values)


def ranges() -> dict[str, Range]:
    """The range of each parameter."""
    hints = get_type_hints(Tuning, include_extras=True)
    return {
        name: extra
        for name, hint in hints.items()
        for extra in get_args(hint)[1:]
        if isinstance(extra, Range)
    }


def _declare(node: Node, name: str, default: Any) -> Any:
    try:
        return node.declare_parameter(name, default).value
    except rclpy.exceptions.InvalidParameterTypeException as error:
        kind = type(default).__name__
        raise ConfigError(f'parameter {name}: expected a {kind}, like {default!r}') from error


def _required(node: Node, name: str) -> str:
    value: str = _declare(node, name, '')
    if not value:
        raise ConfigError(f'parameter {name}: missing; start with --ros-args -p {name}:=...')
    return value
