# SPDX-License-Identifier: Apache-2.0
"""`audit` answers people and machines, and its exit code is the verdict."""

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from vault_world import CORES, bag_file, log_file, log_lines, put_lines, record, signed_vault

from swarm_vault import cli
from swarm_vault.audit import audit_vaults
from swarm_vault.events import Follower, Query
from swarm_vault.mirror import Mirror
from swarm_vault.replay import replay_vault


@pytest.fixture
def vault(tmp_path: Path, monkeypatch) -> Path:
    signed_vault(tmp_path, ('amr_1', 'amr_2'))
    record(tmp_path, frames=10, events=4)
    record(tmp_path, frames=10, events=4, agent='amr_2', writer='planner')
    monkeypatch.setattr(
        cli, 'replay_vault', lambda *args, **kwargs: replay_vault(*args, **kwargs, cores=CORES)
    )
    monkeypatch.setattr(
        cli, 'audit_vaults', lambda *args, **kwargs: audit_vaults(*args, **kwargs, cores=CORES)
    )
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def test_a_clean_vault_verifies_with_exit_code_0(vault: Path):
    result = run('verify', vault)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-3:] == [
        'chain: clean, 16 lines',
        'witnesses: silent, 0 of 16 lines',
        're-execution: reproduced, 20 of 20 decisions',
    ]
    assert 'amr_2/planner' in result.stdout


def test_a_torn_vault_verifies_with_exit_code_3(vault: Path):
    path = log_file(vault)
    with path.open('ab') as file:
        file.write(b'{"half')
    result = run('verify', vault)
    assert result.exit_code == 3
    assert 'lost: amr_1/reflex: 6 bytes of a torn line behind seq 7' in result.stdout


def test_a_tampered_vault_verifies_with_exit_code_1(vault: Path):
    path = log_file(vault)
    put_lines(path, log_lines(path)[:-1])
    result = run('verify', vault)
    assert result.exit_code == 1
    assert (
        'not trustworthy: amr_1/reflex: the tail is cut off: signed up to seq 7' in result.stdout
    )


def test_verify_tells_machines_file_line_seq_and_reason(vault: Path):
    path = log_file(vault)
    lines = log_lines(path)
    put_lines(path, lines[:3] + lines[4:])
    result = run('verify', vault, '--json')
    report = json.loads(result.stdout)
    (bad,) = (writer for writer in report['writers'] if not writer['ok'])
    assert (result.exit_code, report['exit_code'], report['ok']) == (1, 1, False)
    assert (bad['writer'], bad['file'], bad['line'], bad['seq']) == (
        'amr_1/reflex',
        path.name,
        4,
        3,
    )
    assert 'seq 3 to 3 missing' in bad['reason']


def test_verify_believes_the_keys_that_it_is_given(vault: Path, tmp_path_factory):
    other = signed_vault(tmp_path_factory.mktemp('other'), ('amr_1', 'amr_2'))
    assert run('verify', vault, '--trust', vault).exit_code == 0
    assert run('verify', vault, '--trust', other).exit_code == 1


def test_a_decision_that_diverges_is_the_third_verdict(vault: Path, monkeypatch):
    monkeypatch.setattr('vault_world.GAIN', 0.75)
    result = run('verify', vault, '--json')
    report = json.loads(result.stdout)
    assert (result.exit_code, report['chain']['verdict']) == (1, 'clean')
    assert report['re_execution']['verdict'] == 'diverged'
    assert run('verify', vault, '--no-replay').exit_code == 0


@pytest.mark.parametrize('command', ['verify', 'show', 'replay'])
def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path, command: str):
    assert run(command, tmp_path / 'nothing').exit_code == 2


def test_all_decisions_reproduced_is_exit_code_0(vault: Path):
    result = run('replay', vault)
    assert result.exit_code == 0
    assert '20 of 20 decisions reproduced, 0 missing' in result.stdout


def test_replay_tells_machines_the_figures(vault: Path):
    result = run('replay', vault, '--json', '--agent', 'amr_2')
    report = json.loads(result.stdout)
    assert (result.exit_code, report['ok']) == (0, True)
    assert report['decisions_recorded'] == report['decisions_reproduced'] == 10
    assert [bag['agent_id'] for bag in report['bags']] == ['amr_2']


def test_a_decision_that_comes_out_differently_is_exit_code_1(vault: Path, monkeypatch):
    monkeypatch.setattr('vault_world.GAIN', 0.75)
    result = run('replay', vault)
    assert result.exit_code == 1
    assert 'frame 1: outputs.total was 0.05, comes out as 0.075' in result.stdout.replace(
        '\n', ' '
    )
    divergence = json.loads(run('replay', vault, '--json').stdout)['bags'][0]['divergence']
    assert (divergence['frame'], divergence['field']) == (1, 'outputs.total')


def test_a_lost_bag_is_exit_code_1(vault: Path):
    bag_file(vault).unlink()
    assert run('replay', vault).exit_code == 1


def test_show_tells_the_story_of_all_logs_in_the_order_of_time(vault: Path):
    events = [json.loads(line) for line in run('show', vault, '--json').stdout.splitlines()]
    assert len(events) == 16
    times = [event['time_ns'] for event in events]
    assert times == sorted(times)
    assert {event['id'].split('/')[0] for event in events} == {'amr_1', 'amr_2'}


@pytest.mark.parametrize(
    ('options', 'count'),
    [
        (['--agent', 'amr_1'], 8),
        (['--writer', 'planner'], 8),
        (['--agent', 'amr_1', '--writer', 'planner'], 0),
        (['--kind', 'message'], 8),
        (['--type', 'core.'], 4),
        (['--type', 'test.said', '--agent', 'amr_2'], 4),
        (['--limit', '3'], 3),
        (['--limit', '0'], 16),
        (['--since', '1h'], 16),
        (['--since', '2999-01-01'], 0),
        (['--since', '2020-01-01T00:00:00Z'], 16),
    ],
)
def test_show_selects(vault: Path, options: list[str], count: int):
    result = run('show', vault, '--json', *options)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == count


def test_show_writes_one_line_per_event_for_people(vault: Path):
    lines = run('show', vault, '--agent', 'amr_1', '--type', 'test').stdout.splitlines()
    assert len(lines) == 4
    told = 'amr_1/reflex/2  MESSAGE  test.said  {"at_frame": {"toy": 10}, "number": 0}'
    assert lines[0].endswith(told)


@pytest.mark.parametrize('since', ['yesterday', 'xm', '2026-99-01', 'nan', '1e400d'])
def test_a_time_that_is_none_is_a_usage_error(vault: Path, since: str):
    assert run('show', vault, '--since', since).exit_code == 2


def test_show_passes_over_what_is_no_event(vault: Path):
    path = log_file(vault)
    put_lines(path, [b'nonsense', *log_lines(path)])
    assert len(run('show', vault, '--json', '--agent', 'amr_1').stdout.splitlines()) == 8


def test_a_follower_sees_what_comes_in_old_and_new_logs(vault: Path):
    follower = Follower(vault, Query(type_='test.'))
    assert follower.read() == []
    record(vault, frames=1, events=2)
    record(vault, frames=1, events=3, agent='amr_3')
    assert len(follower.read()) == 5
    assert follower.read() == []


def test_show_follows_until_it_is_stopped(vault: Path, monkeypatch):
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 1:
            monkeypatch.setattr(time, 'sleep', true_sleep)
            record(vault, frames=1, events=2, agent='amr_3')
            monkeypatch.setattr(time, 'sleep', nap)
        else:
            raise KeyboardInterrupt

    true_sleep = time.sleep
    monkeypatch.setattr(time, 'sleep', nap)
    result = run('show', vault, '--follow', '--json', '--type', 'test.', '--limit', '1')
    agents = [json.loads(line)['id'].split('/')[0] for line in result.stdout.splitlines()]
    assert agents == ['amr_2', 'amr_3', 'amr_3']


def test_remarks_tell_copies_open_logs_and_missing_signatures(tmp_path: Path):
    record(tmp_path / 'robot', frames=1, events=1)
    assert 'not signed' in run('verify', tmp_path / 'robot').stdout
    mirror = Mirror(tmp_path / 'base')
    mirror.store('amr_1', 'reflex', 0, log_lines(log_file(tmp_path / 'robot')))
    words = ' '.join(run('verify', tmp_path / 'base').stdout.split())
    assert 'copy' in words
    assert 'being' in words
    mirror.close()
