# SPDX-License-Identifier: Apache-2.0
"""`swarm doctor` finds what is wrong and says how to mend it."""

import json
import os
import shutil
import socket
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from swarm_config.fleets import load_fleet
from swarm_supervisor.cli import doctor_machine, doctor_project
from swarm_supervisor.cli.doctor import doctor
from swarm_supervisor.cli.doctor_checks import CHECKS, examine
from swarm_supervisor.cli.doctor_finding import Subject
from swarm_supervisor.cli.places import config_dir
from swarm_vault.keys import ensure_authority

DEPOT = config_dir() / 'fleets' / 'depot.yaml'


@pytest.fixture
def plan(tmp_path):
    """A copy of the depot's fleet plan, on ports that are free now."""
    config = Path(shutil.copytree(config_dir(), tmp_path / 'config'))
    path = config / 'fleets' / 'depot.yaml'
    content = yaml.safe_load(path.read_text(encoding='utf-8'))
    content['supervisor']['port'] = free_port()
    content['mesh']['base_port'] = free_port()
    path.write_text(yaml.safe_dump(content), encoding='utf-8')
    return path


@pytest.fixture
def subject(plan, tmp_path):
    return Subject(
        environment={'PATH': '/usr/bin:/bin', 'ROS_DISTRO': 'jazzy'},
        vault_dir=tmp_path / 'vault',
        fleet_path=plan,
        fleet=load_fleet(plan),
    )


def free_port() -> int:
    with socket.create_server(('127.0.0.1', 0)) as server:
        return server.getsockname()[1]


def respelled(subject, change):
    content = yaml.safe_load(subject.fleet_path.read_text(encoding='utf-8'))
    change(content)
    subject.fleet_path.write_text(yaml.safe_dump(content), encoding='utf-8')
    return replace(subject, fleet=load_fleet(subject.fleet_path))


def test_whatever_is_not_well_comes_with_its_mending(subject):
    findings = examine(subject)
    assert list(findings) == list(CHECKS)
    assert all(finding.text for finding in findings.values())
    assert all(bool(f.mend) == (f.level != 'ok') for f in findings.values())


def test_a_missing_compiler_is_only_a_warning(subject, tmp_path):
    found = doctor_machine.compiler(replace(subject, environment={'PATH': str(tmp_path)}))
    assert (found.level, found.mend) == ('warn', 'sudo apt install g++')


def test_an_old_ros_fails(subject):
    found = doctor_project.ros(replace(subject, environment={'ROS_DISTRO': 'humble'}))
    assert found.level == 'fail'


def test_changed_interfaces_are_named(tmp_path):
    for side in ('source', 'built'):
        (tmp_path / side / 'msg').mkdir(parents=True)
        (tmp_path / side / 'msg' / 'One.msg').write_text('uint8 a\n')
    source, built = tmp_path / 'source', tmp_path / 'built'
    assert doctor_project.stale_interfaces(source, built) == ()
    (source / 'msg' / 'One.msg').write_text('uint8 b\n')
    (source / 'msg' / 'Two.msg').write_text('uint8 c\n')
    assert doctor_project.stale_interfaces(source, built) == ('One.msg', 'Two.msg')
    assert doctor_project.stale_interfaces(tmp_path / 'none', built) == ()


@pytest.mark.parametrize(
    ('environment', 'level'),
    [
        ({}, 'warn'),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}, 'warn'),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}, 'ok'),
        ({'ROS_LOCALHOST_ONLY': '1'}, 'ok'),
    ],
)
def test_topics_that_others_can_reach_are_reported(subject, environment, level):
    assert doctor_project.discovery(replace(subject, environment=environment)).level == level


def test_a_fleet_plan_that_cannot_be_read_fails_with_its_sentence(subject):
    found = doctor_project.fleet_plan(replace(subject, fleet=None, fleet_error='x: y: z'))
    assert (found.level, found.text) == ('fail', 'x: y: z')


def test_a_home_in_a_wall_or_off_the_map_fails(subject):
    assert doctor_project.fleet_plan(subject).level == 'ok'

    def move(content):
        content['robots'][0]['home'] = [-5.0, 2.0, 0.0]
        content['robots'][2]['start'] = [0.01, 0.01, 0.0]

    found = doctor_project.fleet_plan(respelled(subject, move))
    assert found.level == 'fail'
    assert 'amr_1, tb4_1: home or start is not on free floor' in found.text


def test_plain_text_is_flagged(subject):
    assert doctor_project.plain_text(subject).level == 'ok'
    open_plan = respelled(subject, lambda content: content['supervisor'].update(insecure=True))
    assert doctor_project.plain_text(open_plan).text.startswith('PLAIN TEXT')


def test_a_port_in_use_by_a_stranger_fails_with_its_name(subject):
    assert doctor_project.ports(subject).level == 'ok'
    port = subject.fleet.file.supervisor.port
    with socket.create_server(('127.0.0.1', port)):
        found = doctor_project.ports(subject)
    assert found.level == 'fail'
    assert found.text.startswith(f'in use: {port} (')


def test_a_port_in_use_by_the_fleet_is_well():
    assert doctor_project._is_ours('12: python -m swarm_supervisor.server --fleet x')
    assert not doctor_project._is_ours('12: nginx')


def test_a_vault_that_cannot_be_written_fails(subject, tmp_path):
    assert doctor_machine.disk(subject).level == 'ok'
    (tmp_path / 'file').touch()
    assert doctor_machine.disk(replace(subject, vault_dir=tmp_path / 'file')).level == 'fail'


def test_a_clock_before_the_fleet_plan_fails(subject):
    later = datetime.now(timezone.utc) + timedelta(days=1)

    os.utime(subject.fleet_path, (later.timestamp(), later.timestamp()))
    found = doctor_machine.clock(subject)
    assert (found.level, found.mend) == (
        'fail',
        'set the clock: certificates and logs depend on it',
    )


def test_keys_that_others_can_read_fail(subject):
    assert doctor_project.keys(subject).text.startswith('none yet')
    ensure_authority(subject.vault_dir / 'supervisor', ['amr_1'])
    assert doctor_project.keys(subject).level == 'ok'
    key = subject.vault_dir / 'supervisor' / 'nexus' / 'keys' / 'amr_1.key'
    key.chmod(0o644)
    found = doctor_project.keys(subject)
    assert (found.level, found.text) == ('fail', f'others may read {key}')


def test_certificates_are_judged_by_their_time(subject):
    ensure_authority(subject.vault_dir, ['amr_1'])
    paths = sorted(subject.vault_dir.glob('nexus/tls/*.pem'))
    now = datetime.now(timezone.utc)
    level_after = {
        days: doctor_project.judge_certificates(paths, now + timedelta(days=days)).level
        for days in (-1, 1, 350, 400)
    }
    assert level_after == {-1: 'fail', 1: 'ok', 350: 'warn', 400: 'fail'}
    paths[0].write_text('no certificate')
    assert 'cannot be read' in doctor_project.judge_certificates(paths, now).text


def run(*arguments):
    app = typer.Typer()
    app.command()(doctor)
    return CliRunner().invoke(app, arguments)


def test_the_doctor_answers_machines(plan, tmp_path):
    result = run('--fleet', str(plan), '--vault', str(tmp_path / 'vault'), '--json')
    answer = json.loads(result.stdout)
    assert [row['check'] for row in answer['findings']] == list(CHECKS)
    assert answer['ok'] == all(row['level'] != 'fail' for row in answer['findings'])
    assert result.exit_code == (0 if answer['ok'] else 1)


def test_a_failed_check_ends_in_exit_code_1(tmp_path):
    result = run('--fleet', str(tmp_path / 'none.yaml'), '--vault', str(tmp_path))
    assert result.exit_code == 1
    assert 'mend the file' in result.stdout
