# SPDX-License-Identifier: Apache-2.0
"""What the files in launch/ share: arguments, and the fleet plan's processes as launch actions.

`launch` belongs to a full ROS 2 installation and is none of the wheels; only launch files import
this module.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from launch.action import Action
from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration

from launch import LaunchContext, LaunchDescription
from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet, load_fleet
from swarm_supervisor.cli.places import config_dir
from swarm_supervisor.fleet_processes import FleetRun
from swarm_supervisor.processes import RESTART_PAUSE_S, ProcessSpec

ARGUMENTS = {
    'fleet': ('', 'fleet plan, a YAML file; the depot if not given'),
    'vault': ('vault', 'folder of logs, keys and bags'),
    'composed': ('false', 'situation and planner of a robot in one process'),
    'headless': ('true', 'no 3-D window'),
    'scenario': (
        '',
        "what the simulator's script does, a YAML file; the fleet plan's if not given",
    ),
    'seed': ('0', "seed of the simulator's noise and drift"),
    'slm': ('false', 'planners ask the local language model'),
    'insecure': ('false', 'gRPC in plain text'),
    'supervisor': ('', "host:port that the robots call; the fleet plan's if not given"),
    'robot': (None, 'id of a robot of the fleet plan'),
}
"""Name, default (None: must be given) and meaning of each launch argument."""
WORDS = {'true': True, 'false': False}


def description(
    names: Iterable[str], processes: Callable[[FleetRun, dict[str, str]], Iterable[ProcessSpec]]
) -> LaunchDescription:
    """A launch description that starts processes of a fleet plan.

    Args:
        names: The launch arguments that it takes.
        processes: Which processes, from the run and the arguments' values.
    """
    chosen = tuple(names)

    def start(context: LaunchContext) -> list[Action]:
        values = {name: LaunchConfiguration(name).perform(context) for name in chosen}
        return [action_of(spec) for spec in processes(fleet_run(values), values)]

    return LaunchDescription([*map(_declared, chosen), OpaqueFunction(function=start)])


def fleet_run(values: dict[str, str]) -> FleetRun:
    """The run that launch arguments ask for.

    Raises:
        ConfigError: The fleet plan or an argument cannot be used.
    """
    vault = Path(values.get('vault', 'vault')).resolve()
    return FleetRun(
        fleet=_fleet(values),
        vault_dir=vault / 'robots',
        supervisor_vault_dir=vault / 'supervisor',
        out_dir=vault / 'run',
        params_dir=config_dir() / 'params',
        composed=_yes(values, 'composed'),
        headless=_yes(values, 'headless'),
        seed=_whole(values, 'seed'),
        supervisor_target=values.get('supervisor') or None,
        slm=_yes(values, 'slm'),
        insecure=_yes(values, 'insecure'),
    )


def action_of(spec: ProcessSpec) -> ExecuteProcess:
    """A process as a launch action; the end of one that is not restarted ends the launch."""
    return ExecuteProcess(
        cmd=list(spec.argv),
        name=spec.name,
        output='both',
        additional_env=dict(spec.environment),
        respawn=spec.restart,
        respawn_delay=RESTART_PAUSE_S,
        on_exit=None if spec.restart else Shutdown(reason=f'{spec.name} ended'),
    )


def _declared(name: str) -> DeclareLaunchArgument:
    default, meaning = ARGUMENTS[name]
    return DeclareLaunchArgument(name, default_value=default, description=meaning)


def _fleet(values: dict[str, str]) -> Fleet:
    path = values.get('fleet') or str(config_dir() / 'fleets' / 'depot.yaml')
    fleet = load_fleet(Path(path).resolve())
    scenario = values.get('scenario')
    if not scenario:
        return fleet
    scenario_path = Path(scenario).resolve()
    if not scenario_path.is_file():
        raise ConfigError(f'launch argument scenario: no file {str(scenario_path)!r}')
    return replace(fleet, scenario_path=scenario_path)


def _yes(values: dict[str, str], name: str) -> bool:
    word = values.get(name, ARGUMENTS[name][0]) or ''
    if word.lower() not in WORDS:
        raise ConfigError(f'launch argument {name}: expected true or false, found {word!r}')
    return WORDS[word.lower()]


def _whole(values: dict[str, str], name: str) -> int:
    word = values.get(name, ARGUMENTS[name][0]) or ''
    if not word.isdecimal():
        raise ConfigError(f'launch argument {name}: expected a whole number, found {word!r}')
    return int(word)
