# SPDX-License-Identifier: Apache-2.0
"""ROS parameters to the core's Params, checked once: a bad one is refused with its name and range.

The fields of `Tuning` and `Settings` are the parameters; config/params/planner.yaml lists them.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from rclpy.node import Node

from swarm_agent.planner.core.temper import tempered
from swarm_agent.planner.core.types import Params, Tuning
from swarm_agent.planner.skill_cards import load_cards
from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet, Robot, load_fleet
from swarm_config.maps import load_map, pack_map
from swarm_config.node_parameters import declared, required
from swarm_config.ranges import Range
from swarm_vault.fleet_rules import Rules, careful, rules_of
from swarm_vault.laws.core.policy import Policy
from swarm_vault.laws.policy_file import policies_of
from swarm_vault.soul import Soul, Temperament, soul_of

NO_SUPERVISOR = 'none'


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the shell needs and the core does not, or what is given to it in another form."""

    rate_hz: Annotated[float, Range(5, 100)] = 20.0
    """Looks at the inbox a second [Hz]."""
    decide_hz: Annotated[float, Range(0.5, 20)] = 2.0
    """Decisions a second when nothing happens [Hz]."""
    supervisor_target: str = ''
    """host:port of the supervisor; empty: as in the fleet plan; 'none': there is none."""
    insecure: bool = False
    """Plain text instead of mutual TLS."""
    local_tier: Annotated[int, Range(0, 4)] = 2
    """Tier of trust where there is no supervisor."""
    planner: str = 'deterministic'
    """'deterministic' or 'slm'."""
    slm_model: str = ''
    """GGUF file; empty: the small Gemma of the extra slm."""
    slm_mode: str = 'rank'
    """'rank' the feasible skills, or 'generate' one under a grammar."""
    slm_timeout_s: Annotated[float, Range(0.1, 60)] = 3.0
    """How long a model may think about one question [s]."""
    drill: str = ''
    """File with a script of misbehaviour, to see that the laws hold; empty: none."""
    skills_dir: str = ''
    """Folder of the skill cards; empty: beside the robots' folder of the fleet plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything that a start of the node was told."""

    fleet: Fleet
    robot: Robot
    vault_dir: Path
    target: str
    """host:port of the supervisor; empty for none."""
    settings: Settings
    params: Params
    soul: Soul = Soul(temperament=Temperament.STEADY)
    rules: Rules = Rules()
    """The standing rules of the fleet that its identity brought."""
    laws: Policy | None = None
    """The policy without these rules."""


def load_setup(node: Node) -> Setup:
    """Read all parameters, the fleet plan, the map and the skill cards.

    Raises:
        ConfigError: One is missing, has the wrong type or lies outside its range.
    """
    agent_id, fleet_file, vault_dir = (
        required(node, name) for name in ('agent_id', 'fleet_file', 'vault_dir')
    )
    settings = Settings(**declared(node, Settings))
    if settings.planner not in {'deterministic', 'slm'}:
        raise ConfigError(
            f"parameter planner: {settings.planner!r}; expected 'deterministic' or 'slm'"
        )
    if settings.slm_mode not in {'rank', 'generate'}:
        raise ConfigError(
            f"parameter slm_mode: {settings.slm_mode!r}; expected 'rank' or 'generate'"
        )
    fleet = load_fleet(Path(fleet_file))
    robot, target = fleet.robot(agent_id), _target(settings, fleet)
    soul, rules = soul_of(Path(vault_dir), agent_id), rules_of(Path(vault_dir), agent_id)
    params = params_of(fleet, robot, settings, Tuning(**declared(node, Tuning)), target)
    laws = params.policy
    params = replace(params, policy=careful(laws, rules))
    return Setup(
        fleet=fleet,
        robot=robot,
        vault_dir=Path(vault_dir),
        target=target,
        settings=settings,
        params=tempered(params, soul.temperament),
        soul=soul,
        rules=rules,
        laws=laws,
    )


def params_of(
    fleet: Fleet, robot: Robot, settings: Settings, tuning: Tuning, target: str
) -> Params:
    """The core's parameters of one robot of a fleet plan."""
    return Params(
        agent_id=robot.agent_id,
        home=robot.home,
        radius_m=robot.model.radius_m,
        max_speed_mps=robot.model.max_speed_mps,
        max_yaw_rate_radps=robot.model.max_yaw_rate_radps,
        map=pack_map(load_map(fleet.map_path)),
        survey_cell_m=fleet.file.survey_cell_m,
        survey_range_m=fleet.file.survey_range_m,
        min_battery=fleet.file.min_battery,
        supervised=bool(target),
        local_tier=settings.local_tier,
        cards=load_cards(_skills_dir(settings, fleet)),
        policy=policies_of(fleet).of(robot.agent_id),
        capacity_wh=robot.model.battery.capacity_wh,
        tuning=tuning,
    )


def _skills_dir(settings: Settings, fleet: Fleet) -> Path:
    if settings.skills_dir:
        return Path(settings.skills_dir)
    return (fleet.path.parent / fleet.file.robots_dir).resolve().parent / 'skills'


def _target(settings: Settings, fleet: Fleet) -> str:
    if settings.supervisor_target == NO_SUPERVISOR:
        return ''
    supervisor = fleet.file.supervisor
    return settings.supervisor_target or f'{supervisor.host}:{supervisor.port}'
