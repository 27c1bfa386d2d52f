# SPDX-License-Identifier: Apache-2.0
"""ROS parameters to the core's Params, checked once: a bad one is refused with its name and range.

The fields of `Tuning` are the parameters; config/params/situation.yaml lists them all.
"""

from dataclasses import dataclass
from pathlib import Path

from rclpy.node import Node

from swarm_agent.situation.core.params import Params, Tuning
from swarm_agent.situation.core.se2 import Pose
from swarm_agent.situation.fleet_params import core_params
from swarm_config.fleets import Fleet, Robot, load_fleet
from swarm_config.node_parameters import declared, required
from swarm_vault.fleet_rules import rules_of


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
        required(node, name) for name in ('agent_id', 'fleet_file', 'vault_dir')
    )
    fleet = load_fleet(Path(fleet_file))
    return Setup(
        fleet=fleet,
        robot=fleet.robot(agent_id),
        vault_dir=Path(vault_dir),
        tuning=Tuning(**declared(node, Tuning)),
    )


def params_of(setup: Setup, saved_map_odom: Pose | None) -> Params:
    """The core's parameters for a robot of a fleet.

    Raises:
        ConfigError: The map cannot be read.
    """
    rules = rules_of(setup.vault_dir, setup.robot.agent_id)
    return core_params(setup.fleet, setup.robot, setup.tuning, saved_map_odom, rules)
