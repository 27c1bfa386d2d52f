# SPDX-License-Identifier: Apache-2.0
"""Back to a moment, the story of a mission, what if, where two vaults differ."""

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from vault_world import CORES, bag_file, log_file, log_lines, record, run, signed_vault

from swarm_vault import cli, cli_time
from swarm_vault.errors import VaultError
from swarm_vault.fork import fork_vault
from swarm_vault.frames import BagReader
from swarm_vault.moment import moment_of, parse_time
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.replay import replay_bag
from swarm_vault.story import story_of


@pytest.fixture
def vault(tmp_path: Path, monkeypatch) -> Path:
    record(tmp_path, frames=40, events=2)
    monkeypatch.setattr(
        cli_time, 'fork_vault', lambda *args, **kw: fork_vault(*args, **kw | {'cores': CORES})
    )
    monkeypatch.setattr(cli, 'replay_bag', lambda path: replay_bag(path, cores=CORES))
    return tmp_path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def times_of(vault: Path) -> list[int]:
    reader = BagReader(bag_file(vault))
    return [reader.last_ns for _ in reader]


def test_what_a_core_knew_is_its_last_decision_up_to_the_moment(vault: Path):
    times = times_of(vault)
    (known,) = moment_of(vault, times[7]).known
    assert (known.core, known.time_ns) == ('toy', times[7])
    assert known.inputs['now_ns'] == known.frame * 10_000_000
    assert known.outputs['word'] == 'go'
    assert moment_of(vault, times[0] - 1).known == ()
    plain = json.loads(call('show', vault, '--at', times[7], '--json').stdout)
    assert plain['known'][0]['frame'] == known.frame
    text = call('show', vault, '--at', '+1000').stdout
    assert 'toy frame 39' in text
    assert 'knew speed: 3.9' in text


@pytest.mark.parametrize(
    ('text', 'expected_ns'),
    [
        ('1970-01-01T00:00:01', 10**9),
        ('1970-01-01T00:00:00.000002Z', 2000),
        ('1970-01-01T01:00:00+01:00', 0),
        ('17', 17),
    ],
)
def test_a_time_is_iso_or_nanoseconds(tmp_path: Path, text: str, expected_ns: int):
    assert parse_time(text, tmp_path) == expected_ns


def test_a_time_may_count_from_the_first_event(vault: Path):
    first = json.loads(log_lines(log_file(vault))[0])['time_ns']
    assert parse_time('+2.5', vault) == first + 2_500_000_000


@pytest.mark.parametrize('text', ['', 'soon', '+x', '+nan', '2026-13-01'])
def test_what_is_no_time_is_one_sentence(vault: Path, text: str):
    with pytest.raises(VaultError, match='is no time; expected'):
        parse_time(text, vault)


def mission(vault: Path) -> None:
    base = Recorder(vault_dir=vault, agent_id='supervisor', writer='supervisor')
    asked = base.event(Kind.MESSAGE, 'order.received', {'operator': 'ada', 'text': 'survey'})
    base.event(
        Kind.STATE_CHANGE,
        'mission.begun',
        {'mission_id': 'm-1', 'orders': {'m-1-1': 'amr_1'}},
        causes=[f'supervisor/supervisor/{asked}'],
    )
    base.close()
    robot = Recorder(vault_dir=vault, agent_id='amr_1', writer='planner')
    robot.event(Kind.STATE_CHANGE, 'order.accepted', {'order_id': 'm-1-1', 'why': ''})
    robot.event(Kind.STATE_CHANGE, 'order.begun', {'order_id': 'm-1-1', 'why': 'survey'})
    robot.close()
    reflex = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    reflex.event(Kind.STATE_CHANGE, 'reflex.action', {'cause': 'zone_stop'})
    reflex.close()


def test_the_story_goes_from_the_mission_to_the_reflex_with_who_and_why(tmp_path: Path):
    mission(tmp_path)
    asked, begun, accepted, started, stopped = story_of([tmp_path])
    assert [s.layer for s in (asked, begun, accepted, started, stopped)] == [
        'mission',
        'mission',
        'plan',
        'plan',
        'reflex',
    ]
    assert (asked.who, asked.why) == ('ada', 'survey')
    assert begun.causes == (asked.id_,)
    assert (accepted.causes, accepted.follows) == ((), (begun.id_,))
    assert started.follows == (accepted.id_,)
    assert (stopped.why, stopped.follows) == ('zone_stop', ())


def test_an_event_that_two_vaults_hold_is_told_once(tmp_path: Path):
    mission(tmp_path / 'a')
    shutil.copytree(tmp_path / 'a', tmp_path / 'b')
    assert len(story_of([tmp_path / 'a', tmp_path / 'b'])) == 5
    lines = call('timeline', tmp_path / 'a', '--with', tmp_path / 'b').stdout.splitlines()
    assert len(lines) == 5
    assert 'mission supervisor order.received [ada]: survey' in lines[0]
    assert '(because of supervisor/supervisor/1)' in lines[1]
    assert '(follows supervisor/supervisor/2)' in lines[2]
    robot = call('timeline', tmp_path / 'a', '--agent', 'amr_1', '--json').stdout.splitlines()
    assert [json.loads(line)['type_'] for line in robot] == [
        'order.accepted',
        'order.begun',
        'reflex.action',
    ]


def fork_cli(vault: Path, at: object, params: dict[str, object], *more: object) -> Result:
    path = vault / 'params.json'
    path.write_text(json.dumps(params))
    return call(
        'fork',
        vault,
        '--at',
        at,
        '--params',
        path,
        '--agent',
        'amr_1',
        '--writer',
        'reflex',
        *more,
    )


def test_a_fork_says_where_decisions_begin_to_differ_and_that_it_is_one(vault: Path):
    out = vault / 'other.jsonl'
    result = fork_cli(vault, '+0', {'limit': 1.0}, '--json', '--out', out)
    report = json.loads(result.stdout)
    (fork,) = report['forks']
    assert report['counterfactual'] is True
    assert (fork['frames'], fork['changed']) == (40, ['limit'])
    # The sum of 0.05 n passes 1.0 in frame 6 and 10.0 in frame 20.
    assert (fork['first_frame'], fork['differing']) == (6, 14)
    assert fork['first'] == {'field': 'word', 'recorded': "'go'", 'recomputed': "'stop'"}
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(lines) == fork['outputs']
    assert all(line['counterfactual'] for line in lines)


def test_a_fork_leaves_what_came_before_it_alone(vault: Path):
    result = fork_cli(vault, times_of(vault)[-1] + 1, {'limit': 1.0})
    assert 'counterfactual: amr_1/reflex toy with other limit from frame 40 on: 0 of 0' in (
        ' '.join(result.stdout.split())
    )


@pytest.mark.parametrize(
    ('params', 'reason'),
    [
        ({'nothing': 1}, 'toy.nothing: is no parameter; known are limit'),
        ({'limit': 'x'}, 'Params.limit'),
        ({}, 'holds no parameters'),
    ],
)
def test_a_fork_with_a_parameter_that_is_none_is_one_sentence(
    vault: Path, params: dict[str, object], reason: str
):
    assert reason in str(fork_cli(vault, '+0', params).exception)


def test_a_fork_of_nothing_is_one_sentence(tmp_path: Path):
    record(tmp_path)
    with pytest.raises(VaultError, match='holds no decisions of amr_9/reflex'):
        fork_vault(tmp_path, 0, {'limit': 1.0}, agent_id='amr_9', writer='reflex', cores=CORES)


def test_a_vault_and_its_copy_are_equal(vault: Path, tmp_path_factory):
    copy = tmp_path_factory.mktemp('copy') / 'v'
    shutil.copytree(vault, copy)
    result = call('diff', vault, copy, '--json')
    assert (result.exit_code, json.loads(result.stdout)['equal']) == (0, True)


def test_two_runs_differ_in_their_logs_and_agree_in_their_decisions(vault: Path, tmp_path_factory):
    other = tmp_path_factory.mktemp('other')
    record(other, frames=30, events=2)
    record(other, frames=5, events=1, agent='amr_2')
    result = call('diff', vault, other, '--json')
    found = {f'{c["kind"]} {c["name"]}': c for c in json.loads(result.stdout)['compared']}
    assert result.exit_code == 1
    assert found['log amr_1/reflex']['difference']['field'] == 'time_ns'
    decisions = found['decisions amr_1/reflex toy 0']
    assert (decisions['relation'], decisions['common']) == ('A goes on', 30)
    assert found['log amr_2/reflex']['relation'] == 'only in B'
    assert 'differs' in call('diff', vault, other).stdout


def test_a_decision_that_came_out_differently_is_found(vault: Path, tmp_path_factory, monkeypatch):
    other = tmp_path_factory.mktemp('other')
    monkeypatch.setattr('vault_world.GAIN', 0.75)
    record(other, frames=40, events=2)
    found = json.loads(call('diff', vault, other, '--json').stdout)['compared'][-1]
    assert (found['common'], found['difference']['field']) == (1, 'outputs.total')


def test_a_bag_alone_can_be_replayed(vault: Path, monkeypatch):
    result = call('replay', '--bag', bag_file(vault), '--json')
    report = json.loads(result.stdout)
    assert (result.exit_code, report['decisions_reproduced']) == (0, 40)
    monkeypatch.setattr('vault_world.GAIN', 0.75)
    assert call('replay', '--bag', bag_file(vault)).exit_code == 1
    assert call('replay').exit_code == 2
    assert 'is no rosbag2 recording' in str(call('replay', '--bag', log_file(vault)).exception)


def test_a_live_bag_of_a_killed_recorder_can_be_replayed(tmp_path: Path):
    child = os.fork()
    if child == 0:
        recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
        run(recorder, frames=30, events=0)
        (bag,) = recorder._bags.values()
        bag.flush(final=False)
        os._exit(0)
    os.waitpid(child, 0)
    assert replay_bag(bag_file(tmp_path), cores=CORES).decisions_reproduced == 30


def test_a_query_answers_from_the_logs_by_the_index(vault: Path):
    record(vault, frames=5, events=3, agent='amr_2')
    said = call('query', vault, '--type', 'test.', '--json').stdout.splitlines()
    assert [json.loads(line)['type'] for line in said] == ['test.said'] * 5
    assert call('query', vault, '--type', 'test.', '--agent', 'amr_2', '--count').stdout == '3\n'
    newest = json.loads(call('query', vault, '--newest', '--limit', 1, '--json').stdout)
    assert newest['type'] == 'ledger.closed'
    assert call('query', vault, '--until', '1970-01-02', '--count', '--json').stdout == (
        '{"count": 0}\n'
    )
    assert (
        call('query', vault, '--kind', 'system', '--writer', 'reflex', '--count').stdout == '6\n'
    )


def test_the_index_follows_what_is_written_and_can_be_made_anew(vault: Path):
    index = vault / 'nexus/index.sqlite'
    before = int(call('query', vault, '--count').stdout)
    record(vault, frames=5, events=3)
    after = int(call('query', vault, '--count').stdout)
    assert after == len(log_lines(log_file(vault))) > before
    index.unlink()
    assert int(call('query', vault, '--count').stdout) == after
    index.write_bytes(b'not a database at all, but long enough to look at' * 20)
    assert int(call('query', vault, '--count').stdout) == after
    assert int(call('query', vault, '--count', '--rebuild').stdout) == after


def test_a_changed_index_does_not_change_an_answer(vault: Path):
    import sqlite3

    call('query', vault, '--count')
    with sqlite3.connect(vault / 'nexus/index.sqlite') as base:
        base.execute("UPDATE blocks SET name = 'forged' WHERE name = 'test.said'")
    base.close()
    result = call('query', vault, '--type', 'forged')
    assert 'does not hold what the index says' in str(result.exception)
    assert call('query', vault, '--type', 'forged', '--rebuild').stdout == ''


def test_a_log_that_became_shorter_is_indexed_anew(vault: Path):
    call('query', vault, '--count')
    path = log_file(vault)
    path.write_bytes(path.read_bytes()[:-20])
    assert int(call('query', vault, '--count').stdout) == len(log_lines(path)) - 1


def test_an_exported_bag_is_read_by_stock_readers(vault: Path, tmp_path: Path):
    from mcap.reader import make_reader
    from rosbags.highlevel import AnyReader

    target = tmp_path / 'bag'
    result = call('export', vault, '--bag', target, '--json')
    lines = log_lines(log_file(vault))
    assert json.loads(result.stdout)['events'] == len(lines)
    with AnyReader([target]) as reader:
        texts = [
            reader.deserialize(data, link.msgtype).data.encode()
            for link, _, data in reader.messages()
        ]
        topics = {link.topic for link in reader.connections}
    assert (texts, topics) == (lines, {'/amr_1/audit/reflex'})
    with next(target.glob('*.mcap')).open('rb') as file:
        assert sum(1 for _ in make_reader(file).iter_messages()) == len(lines)
    assert 'exists already' in str(call('export', vault, '--bag', target).exception)
    assert 'nothing to export to' in str(call('export', vault).exception)


def test_our_reader_of_bags_agrees_with_the_library(vault: Path):
    from mcap.stream_reader import StreamReader

    signed_vault(vault)
    with bag_file(vault).open('rb') as file:
        theirs = [r.data for r in StreamReader(file).records if type(r).__name__ == 'Message']
    assert list(BagReader(bag_file(vault))) == theirs
