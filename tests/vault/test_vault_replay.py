# SPDX-License-Identifier: Apache-2.0
"""Every recorded decision comes out again to the byte, and what does not is found at its place."""

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest
import vault_world
from vault_world import (
    CORE,
    CORES,
    PARAMS,
    bag_file,
    inputs_at,
    log_file,
    log_lines,
    put_lines,
    rechained,
    record,
    run,
    signed_vault,
)

from swarm_vault.divergence import first_difference
from swarm_vault.errors import VaultError
from swarm_vault.mirror import Mirror
from swarm_vault.recorder import Recorder
from swarm_vault.replay import CORES as TABLE
from swarm_vault.replay import replay_vault
from swarm_vault.rerun import load_core
from swarm_vault.verify import verify_vault


def test_all_decisions_are_reproduced(tmp_path: Path):
    record(tmp_path, frames=40)
    record(tmp_path, frames=25, writer='planner')
    record(tmp_path, frames=10, agent='amr_2')
    report = replay_vault(tmp_path, cores=CORES)
    assert report.ok
    assert report.reasons == ()
    assert report.decisions_recorded == report.decisions_reproduced == 75
    assert report.decisions_missing == 0


def test_only_the_named_agents_are_replayed(tmp_path: Path):
    record(tmp_path, frames=4)
    record(tmp_path, frames=3, agent='amr_2')
    assert replay_vault(tmp_path, {'amr_2'}, cores=CORES).decisions_reproduced == 3
    report = replay_vault(tmp_path, {'amr_9'}, cores=CORES)
    assert not report.ok
    assert 'there is no such log' in report.reasons[0]


def test_a_changed_constant_is_found_at_the_first_decision_that_it_changes(
    tmp_path: Path, monkeypatch
):
    record(tmp_path, frames=20)
    monkeypatch.setattr(vault_world, 'GAIN', 0.5000000000000001)
    report = replay_vault(tmp_path, cores=CORES)
    (bag,) = report.bags
    assert not report.ok
    assert bag.divergence is not None
    # The first speed is 0; the second gives 0.05 with either gain, for lack of digits.
    assert bag.reproduced == bag.divergence.frame
    assert 0 < bag.divergence.frame < 6
    assert bag.divergence.field == 'outputs.total'
    assert float(bag.divergence.recorded) != float(bag.divergence.recomputed)
    assert 'the code is the same' in str(bag.divergence)
    assert (bag.agent_id, bag.writer) == ('amr_1', 'reflex')


def test_a_divergence_tells_of_inputs_that_were_not_what_they_were_declared(
    tmp_path: Path, monkeypatch
):
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    state = recorder.start(CORE, PARAMS)
    recorder.decide(CORE, state, replace(inputs_at(1), speed=3), PARAMS)
    recorder.close()
    monkeypatch.setattr(vault_world, 'GAIN', 0.75)
    (reason,) = replay_vault(tmp_path, cores=CORES).reasons
    assert reason.endswith('note that speed is int 3, recorded as float 3.0')


@pytest.mark.parametrize('way', ['fork', 'spawn'])
def test_several_bags_are_replayed_in_processes_with_the_same_result(
    tmp_path: Path, monkeypatch, way: str
):
    for agent in ('amr_1', 'amr_2', 'amr_3'):
        record(tmp_path, frames=15, agent=agent)
    monkeypatch.setattr('swarm_vault.replay._WORTH_A_PROCESS_BYTES', 0)
    monkeypatch.setattr('swarm_vault.replay.WORKERS', 2)
    context = multiprocessing.get_context(way)
    monkeypatch.setattr('swarm_vault.replay.worker_context', lambda: context)
    steps: list[tuple[int, int]] = []
    report = replay_vault(tmp_path, cores=CORES, progress=lambda *step: steps.append(step))
    assert (report.ok, report.decisions_reproduced) == (True, 45)
    assert [steps[0][0], len(steps)] == [0, 4]
    assert steps[-1][0] == steps[-1][1] > 0
    monkeypatch.setenv('VAULT_WORLD_GAIN', '0.25')
    monkeypatch.setattr(vault_world, 'GAIN', 0.25)
    other = replay_vault(tmp_path, cores=CORES)
    assert [bag.divergence.frame for bag in other.bags if bag.divergence] == [1, 1, 1]


def test_a_core_that_is_not_in_the_table_is_never_imported(tmp_path: Path):
    record(tmp_path, frames=3)
    report = replay_vault(tmp_path)
    assert report.decisions_reproduced == 0
    assert report.decisions_recorded == 3
    assert "core 'toy' is not in the table of allowed cores" in report.reasons[0]


def test_the_table_names_the_cores_of_the_rooms():
    assert set(TABLE) == {
        'reflex',
        'monitor',
        'situation',
        'planner',
        'joint',
        'sweep_crew',
        'allocation',
        'plan_check',
        'strategy',
        'laws',
        'mediation',
        'witness',
        'spare',
        'giving',
        'wishes',
    }
    assert all('.core' in target for target in TABLE.values())


@pytest.mark.parametrize(
    ('target', 'reason'),
    [
        ('no_such_module:CORE', 'cannot be imported'),
        ('vault_world:NOTHING', 'cannot be imported'),
        ('vault_world:PARAMS', 'is no core but a Params'),
    ],
)
def test_what_is_no_core_is_refused(target: str, reason: str):
    with pytest.raises(VaultError, match=reason):
        load_core(target)


def test_another_version_of_the_core_is_not_run(tmp_path: Path):
    record(tmp_path, frames=3)
    report = replay_vault(tmp_path, cores={'toy': 'vault_world:NEWER_CORE'})
    assert report.decisions_reproduced == 0
    assert 'recorded by version 1 of the core, here is version 2' in report.reasons[0]


def test_decisions_that_the_bag_lost_are_counted_as_missing(tmp_path: Path):
    record(tmp_path, frames=20)
    bag = bag_file(tmp_path)
    bag.write_bytes(bag.read_bytes()[: bag.stat().st_size // 2])
    report = replay_vault(tmp_path, cores=CORES)
    assert report.decisions_recorded == 20
    assert 0 < report.decisions_reproduced < 20
    assert report.decisions_missing == 20 - report.decisions_reproduced
    assert 'sealed' in report.reasons[0]


def test_a_bag_that_is_gone_is_missing(tmp_path: Path):
    record(tmp_path, frames=20)
    bag_file(tmp_path).unlink()
    report = replay_vault(tmp_path, cores=CORES)
    assert (report.ok, report.decisions_missing) == (False, 20)


def test_a_log_that_breaks_off_is_told(tmp_path: Path):
    record(tmp_path, frames=5)
    path = log_file(tmp_path)
    put_lines(path, log_lines(path)[1:])
    report = replay_vault(tmp_path, cores=CORES)
    assert not report.ok
    assert report.reasons == ('amr_1/reflex: seq 0 to 0 missing',)


def test_a_core_that_raised_goes_on_and_is_replayed(tmp_path: Path):
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    state = recorder.start(CORE, PARAMS)
    state, _ = recorder.decide(CORE, state, inputs_at(1), PARAMS)
    with pytest.raises(ValueError, match='asked to'):
        recorder.decide(CORE, state, replace(inputs_at(2), note='raise'), PARAMS)
    state, _ = recorder.decide(CORE, state, inputs_at(3), PARAMS)
    recorder.close()
    report = replay_vault(tmp_path, cores=CORES)
    assert (report.ok, report.decisions_reproduced) == (True, 2)


def test_a_core_that_raises_in_the_replay_only_is_a_fault(tmp_path: Path, monkeypatch):
    record(tmp_path, frames=3)
    monkeypatch.setattr(vault_world, 'GAIN', 'text')
    (reason,) = replay_vault(tmp_path, cores=CORES).reasons
    assert 'frame 0: the core raised TypeError' in reason


def test_copies_of_other_machines_logs_are_passed_over(tmp_path: Path):
    record(tmp_path / 'robot', frames=3)
    mirror = Mirror(tmp_path / 'base')
    mirror.store('amr_1', 'reflex', 0, log_lines(log_file(tmp_path / 'robot')))
    mirror.close()
    record(tmp_path / 'base', frames=6, agent='supervisor', writer='supervisor')
    assert replay_vault(tmp_path / 'base', cores=CORES).decisions_reproduced == 6


def test_a_killed_recorders_frames_are_replayed_as_far_as_they_are_whole(tmp_path: Path):
    vault = signed_vault(tmp_path)
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    run(recorder, frames=10, events=0)
    recorder.close()
    path, bag = log_file(vault), bag_file(vault)
    put_lines(path, log_lines(path)[:-2])
    (path.parent.parent / 'checkpoints.jsonl').unlink()
    bag.write_bytes(bag.read_bytes()[:-600])
    report = replay_vault(vault, cores=CORES)
    assert report.ok
    assert 0 < report.decisions_reproduced == report.decisions_recorded <= 10
    assert any('no seal covers the last' in loss for loss in verify_vault(vault).losses)


@pytest.mark.parametrize(
    ('recorded', 'recomputed', 'field'),
    [
        ({'a': 1, 'b': [1, {'c': 2}]}, {'a': 1, 'b': [1, {'c': 3}]}, 'b.1.c'),
        ({'a': 0.0}, {'a': -0.0}, 'a'),
        ({'a': 1}, {'a': True}, 'a'),
        ({'a': [1]}, {'a': [1, 2]}, 'a.1'),
        ({'a': 1}, {'a': 1, 'z': 2}, 'z'),
        ({'a': {'b': 1}}, {'a': 5}, 'a'),
    ],
)
def test_the_first_difference_is_named_by_its_path(recorded, recomputed, field: str):
    found = first_difference(recorded, recomputed)
    assert found is not None
    assert found.field == field


def test_equal_values_have_no_difference():
    value = json.loads('{"a": [1, 2.5, null, "x", {"b": -0.0}]}')
    assert first_difference(value, json.loads(json.dumps(value))) is None


def test_a_record_in_another_form_of_json_does_not_pass(tmp_path: Path):
    record(tmp_path, frames=1)
    bag = bag_file(tmp_path)
    content = bag.read_bytes()
    at = content.index(b'"now_ns":0,"speed":0.0')
    changed = content[:at] + b'"speed":0.0,"now_ns":0' + content[at + 22 :]
    bag.write_bytes(changed)
    (replayed,) = replay_vault(tmp_path, cores=CORES).bags
    assert replayed.divergence is not None
    assert replayed.divergence.field == 'the JSON text'


def test_a_bag_that_the_log_never_started_is_not_run(tmp_path: Path):
    record(tmp_path, frames=3)
    lines = [json.loads(line) for line in log_lines(log_file(tmp_path))]
    del lines[1]
    put_lines(log_file(tmp_path), rechained(lines))
    (reason,) = replay_vault(tmp_path, cores=CORES).reasons
    assert reason.endswith('no core.start event speaks of it')


def test_a_start_that_names_no_code_is_run_and_says_so(tmp_path: Path, monkeypatch):
    record(tmp_path, frames=3)
    lines = [json.loads(line) for line in log_lines(log_file(tmp_path))]
    del lines[1]['data']['code']
    put_lines(log_file(tmp_path), rechained(lines))
    monkeypatch.setattr(vault_world, 'GAIN', 0.75)
    assert 'recorded by unknown code' in replay_vault(tmp_path, cores=CORES).reasons[0]
