# SPDX-License-Identifier: Apache-2.0
"""What `swarm up` starts, and whose keys it makes or leaves alone."""

import shutil
import sys

import pytest

from swarm_config.fleets import load_fleet
from swarm_supervisor import server
from swarm_supervisor.cli import app, up
from swarm_supervisor.cli.places import config_dir
from swarm_supervisor.fleet_processes import FleetRun, supervisor_spec
from swarm_vault.keys import load_signer, load_trust

BROUGHT = ('tls/ca.pem', 'tls/amr_1.pem', 'tls/amr_1.key', 'keys/amr_1.key', 'trust')


@pytest.fixture
def started(monkeypatch):
    """Calls the command line; the processes that it would run are collected instead."""
    specs = []
    monkeypatch.setattr(up, '_run', lambda _run, chosen: specs.extend(chosen))

    def call(vault, *words):
        specs.clear()
        monkeypatch.setattr(sys, 'argv', ['swarm', 'up', '--vault', str(vault), *words])
        try:
            code = app.main()
        except SystemExit as ended:
            code = ended.code
        return code, [spec.name for spec in specs]

    return call


@pytest.fixture
def workstation(started, tmp_path):
    assert started(tmp_path / 'work', '--no-robots', '--no-sim') == (0, ['supervisor'])
    return tmp_path / 'work'


def bring(source, target):
    """What docs/real-robot.md says is copied to the robot amr_1."""
    for name in BROUGHT:
        place = target / 'robots' / 'nexus' / name
        place.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if name == 'trust' else shutil.copy
        copy(source / 'robots' / 'nexus' / name, place)


def content(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob('*') if p.is_file()}


def test_a_robot_of_its_own_keeps_the_keys_that_were_brought(started, workstation, tmp_path):
    bring(workstation, tmp_path / 'on_robot')
    before = content(tmp_path / 'on_robot')
    code, names = started(tmp_path / 'on_robot', '--robot', 'amr_1')
    assert (code, names) == (0, ['amr_1.reflex', 'amr_1.situation', 'amr_1.planner'])
    assert content(tmp_path / 'on_robot') == before
    signed = load_signer(tmp_path / 'on_robot' / 'robots', 'amr_1').sign('d', 1, b'x')
    assert load_trust(workstation / 'supervisor').verify(signed, domain='d').ok


def test_a_robot_without_its_keys_is_not_started_and_makes_none(started, tmp_path, capsys):
    code, names = started(tmp_path, '--robot', 'amr_1')
    assert (code, names, content(tmp_path)) == (2, [], {})
    said = capsys.readouterr().err
    assert said.startswith(f'swarm: {tmp_path}/robots/nexus: no tls/ca.pem, tls/amr_1.pem, ')
    assert 'docs/real-robot.md' in said


def test_robots_whose_supervisor_runs_elsewhere_keep_their_keys(started, workstation, tmp_path):
    shutil.copytree(workstation / 'robots', tmp_path / 'depot' / 'robots')
    before = content(tmp_path / 'depot')
    code, names = started(tmp_path / 'depot', '--no-supervisor', '--no-sim')
    assert (code, len(names), content(tmp_path / 'depot')) == (0, 9, before)


def test_nothing_to_start_is_told(started, tmp_path, capsys):
    code, names = started(tmp_path, '--no-robots', '--no-sim', '--no-supervisor')
    assert (code, names) == (2, [])
    assert 'leave one of them to be started' in capsys.readouterr().err


def test_the_supervisor_is_started_with_the_parameter_file(tmp_path):
    params = tmp_path / 'params'
    shutil.copytree(config_dir() / 'params', params)
    file = params / 'supervisor.yaml'
    file.write_text(file.read_text().replace('lost_after_s: 120.0', 'lost_after_s: 33.0'))
    run = FleetRun(
        fleet=load_fleet(config_dir() / 'fleets' / 'depot.yaml'),
        vault_dir=tmp_path,
        supervisor_vault_dir=tmp_path,
        out_dir=tmp_path,
        params_dir=params,
    )
    _, _, module, *words = supervisor_spec(run).argv
    assert module == 'swarm_supervisor.server'
    assert server._settings(server._parser().parse_args(words)).lost_after_s == 33.0
