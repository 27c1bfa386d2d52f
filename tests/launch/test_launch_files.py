# SPDX-License-Identifier: Apache-2.0
"""The files in launch/ start what `swarm up` starts; checked where ROS 2's launch is installed."""

import importlib.util
import warnings
from pathlib import Path

import pytest

from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_supervisor.cli.places import config_dir
from swarm_supervisor.fleet_processes import (
    FleetRun,
    robot_specs,
    simulator_spec,
    supervisor_spec,
)

try:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # those of launch's own libraries
        from launch.actions import DeclareLaunchArgument, OpaqueFunction
        from launch.launch_context import LaunchContext
except ImportError as error:
    pytest.skip(
        f'THE LAUNCH FILES ARE NOT TESTED: {error}. The ROS 2 wheels bring no launch; source a '
        'full ROS 2 installation (ros-jazzy-ros-base) to test them.',
        allow_module_level=True,
    )

LAUNCH = Path(__file__).resolve().parents[2] / 'launch'
DEPOT = config_dir() / 'fleets' / 'depot.yaml'


def entities(name):
    spec = importlib.util.spec_from_file_location(f'{name}_launch', LAUNCH / f'{name}.launch.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate_launch_description().entities


def actions(name, **values):
    context = LaunchContext()
    context.launch_configurations.update({key: str(value) for key, value in values.items()})
    found = entities(name)
    for entity in found:
        assert isinstance(entity, DeclareLaunchArgument | OpaqueFunction)
    (start,) = (entity for entity in found if isinstance(entity, OpaqueFunction))
    return context, start.execute(context)


def commands(name, **values):
    context, started = actions(name, **values)
    return [
        tuple(''.join(part.perform(context) for part in word) for word in action.cmd)
        for action in started
    ]


def run_in(vault, **changes):
    return FleetRun(
        fleet=load_fleet(DEPOT),
        vault_dir=vault / 'robots',
        supervisor_vault_dir=vault / 'supervisor',
        out_dir=vault / 'run',
        params_dir=config_dir() / 'params',
        **changes,
    )


@pytest.fixture
def defaults(tmp_path):
    """Values for the arguments without a default, and the vault."""
    return {
        'fleet': DEPOT,
        'vault': tmp_path,
        'composed': 'false',
        'headless': 'true',
        'scenario': '',
        'seed': 0,
        'slm': 'false',
        'insecure': 'false',
    }


def test_the_fleet_is_started_as_swarm_up_starts_it(defaults, tmp_path):
    run = run_in(tmp_path, simulated=True)
    robots = [spec for r in run.fleet.robots for spec in robot_specs(run, r.agent_id)]
    wanted = [spec.argv for spec in (supervisor_spec(run), simulator_spec(run), *robots)]
    assert commands('swarm', **defaults) == wanted
    assert (tmp_path / 'supervisor' / 'nexus' / 'tls' / 'ca.pem').is_file()
    assert (tmp_path / 'robots' / 'nexus' / 'keys' / 'amr_1.key').is_file()


def test_a_composed_fleet_has_two_processes_a_robot(defaults):
    assert len(commands('swarm', **{**defaults, 'composed': 'true'})) == 2 + 3 * 2


def test_a_robot_is_started_alone(defaults, tmp_path):
    values = {k: v for k, v in defaults.items() if k not in ('headless', 'scenario', 'seed')}
    found = commands('robot', **values, robot='tb4_1', supervisor='10.0.0.9:50551')
    run = run_in(tmp_path, supervisor_target='10.0.0.9:50551')
    assert found == [spec.argv for spec in robot_specs(run, 'tb4_1')]


def test_the_simulation_plays_the_scenario_that_is_asked_for(defaults):
    scenario = config_dir() / 'scenarios' / 'default.yaml'
    (command,) = commands('simulation', **{**defaults, 'scenario': scenario, 'seed': 7})
    assert f'scenario_file:={scenario}' in command
    assert 'seed:=7' in command


@pytest.mark.parametrize(
    ('argument', 'value', 'fault'),
    [
        ('composed', 'perhaps', 'launch argument composed: expected true or false'),
        ('seed', '-1', 'launch argument seed: expected a whole number'),
        ('scenario', '/none.yaml', 'launch argument scenario: no file'),
        ('fleet', '/none.yaml', '/none.yaml: cannot be read'),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_starts(defaults, argument, value, fault):
    with pytest.raises(ConfigError, match=fault):
        commands('swarm', **{**defaults, argument: value})


def test_an_unknown_robot_is_refused(defaults):
    with pytest.raises(ConfigError, match="no robot 'amr_9'"):
        commands('robot', **defaults, robot='amr_9', supervisor='')


def test_only_processes_that_are_not_restarted_end_the_launch(defaults):
    _, started = actions('swarm', **defaults)
    respawning = [action.name for action in started if action._ExecuteLocal__respawn]
    assert len(respawning) == len(started) - 1
    assert 'sim' not in respawning
