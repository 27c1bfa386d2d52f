# SPDX-License-Identifier: Apache-2.0
"""The command lines of a fleet's processes."""

from swarm_config.fleets import load_fleet
from swarm_supervisor.cli.places import config_dir
from swarm_supervisor.fleet_processes import FleetRun, robot_specs, simulator_spec, supervisor_spec

PARAMS = config_dir() / 'params'


def run_of(tmp_path, **changes):
    return FleetRun(
        fleet=load_fleet(config_dir() / 'fleets' / 'depot.yaml'),
        vault_dir=tmp_path,
        supervisor_vault_dir=tmp_path,
        out_dir=tmp_path,
        params_dir=PARAMS,
        **changes,
    )


def files_of(tmp_path, node, **changes):
    run = run_of(tmp_path, **changes)
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


def ranks_of(run):
    robots = [robot.agent_id for robot in run.fleet.robots]
    return {name: {spec.stop_rank for spec in robot_specs(run, name)} for name in robots}


def test_the_supervisor_stops_last_and_sees_the_ends_of_all_logs(tmp_path):
    for run in (run_of(tmp_path), run_of(tmp_path, composed=True)):
        (rank,) = set.union(*ranks_of(run).values())
        assert rank < simulator_spec(run).stop_rank < supervisor_spec(run).stop_rank


def test_without_a_supervisor_robots_stop_one_after_the_other_in_the_circle(tmp_path):
    run = run_of(tmp_path, alone=True)
    ranks = ranks_of(run)
    assert [ranks[name] for name in sorted(ranks)] == [{number} for number in range(len(ranks))]
    assert max(map(max, ranks.values())) < simulator_spec(run).stop_rank
