# SPDX-License-Identifier: Apache-2.0
"""The core's parameters from a fleet plan."""

from dataclasses import replace

from swarm_agent.situation.core.params import Body, Params, Tuning
from swarm_agent.situation.core.se2 import Pose
from swarm_config.fleets import Fleet, Robot
from swarm_config.maps import load_map, pack_map
from swarm_config.robots import RobotModel
from swarm_vault.fleet_rules import Rules, careful
from swarm_vault.laws.core.bars import Bars, bars_of, forbidden_of
from swarm_vault.laws.core.policy import Policy
from swarm_vault.laws.core.values import Tier, Trust
from swarm_vault.laws.policy_file import policies_of


def core_params(
    fleet: Fleet,
    robot: Robot,
    tuning: Tuning,
    saved_map_odom: Pose | None,
    rules: Rules | None = None,
) -> Params:
    """The core's parameters for a robot of a fleet, under the standing rules that it was given.

    Rules bind from the start, and as the planner says from then on: they may be revoked meanwhile.

    Raises:
        ConfigError: The map cannot be read.
    """
    policy = policies_of(fleet).of(robot.agent_id)
    return Params(
        agent_id=robot.agent_id,
        map=pack_map(load_map(fleet.map_path)),
        body=body_of(robot.model),
        start=robot.start,
        saved_map_odom=saved_map_odom,
        survey_range_m=fleet.file.survey_range_m,
        bars=_unheard(careful(policy, rules or Rules())),
        always=forbidden_of(policy),
        survey_cell_m=fleet.file.survey_cell_m,
        tuning=tuning,
    )


def _unheard(policy: Policy) -> Bars:
    """Until the planner has spoken: whatever could be closed is; how fast its intents say."""
    bars = bars_of(policy, Trust(tier=Tier.OBSERVER), wall_ns=0)
    return replace(bars, max_speed_mps=None)


def body_of(model: RobotModel) -> Body:
    """The part of a robot class that moves and sees."""
    return Body(
        radius_m=model.radius_m,
        max_speed_mps=model.max_speed_mps,
        max_yaw_rate_radps=model.max_yaw_rate_radps,
        max_accel_mps2=model.max_accel_mps2,
        max_decel_mps2=model.max_decel_mps2,
        max_yaw_accel_radps2=model.max_yaw_accel_radps2,
        beams=model.lidar.beams,
        range_min_m=model.lidar.range_min_m,
        range_max_m=model.lidar.range_max_m,
    )
