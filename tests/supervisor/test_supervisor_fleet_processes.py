# SPDX-License-Identifier: Apache-2.0
"""The command lines of a fleet's processes."""

from swarm_config.fleets import load_fleet
from swarm_supervisor.cli.places import config_dir
from swarm_supervisor.fleet_processes import FleetRun, robot_specs

PARAMS = config_dir() / 'params'


def files_of(tmp_path, node, **changes):
    run = FleetRun(
        fleet=load_fleet(config_dir() / 'fleets' / 'depot.yaml'),
        vault_dir=tmp_path,
        supervisor_vault_dir=tmp_path,
        out_dir=tmp_path,
        params_dir=PARAMS,
        **changes,
    )
    (spec,) = (spec for spec in robot_specs(run, 'amr_1') if spec.name == f'amr_1.{node}')
    words = list(spec.argv)
    return [words[at + 1] for at, word in enumerate(words) if word == '--params-file']


def test_a_robot_has_the_parameters_of_a_real_one(tmp_path):
    assert files_of(tmp_path, 'reflex') == [str(PARAMS / 'reflex.yaml')]


def test_where_all_share_one_machine_the_reflex_bears_what_its_host_takes(tmp_path):
    assert files_of(tmp_path, 'reflex', simulated=True) == [
        str(PARAMS / 'reflex.yaml'),
        str(PARAMS / 'reflex_simulated.yaml'),
    ]
