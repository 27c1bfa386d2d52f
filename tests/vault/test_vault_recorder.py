# SPDX-License-Identifier: Apache-2.0
"""Decisions go into a bag that every MCAP reader reads, and their digest into the log."""

import errno
import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from mcap.reader import NonSeekingReader, make_reader
from vault_world import (
    CORE,
    CORES,
    PARAMS,
    Beam,
    Inputs,
    bag_file,
    inputs_at,
    log_file,
    parsed,
    record,
    run,
)

from swarm_vault.bag import Bag
from swarm_vault.codec import codec_of
from swarm_vault.errors import VaultError
from swarm_vault.frames import BagReader
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.replay import replay_vault
from swarm_vault.verify import verify_vault


def recorder_at(vault: Path) -> Recorder:
    return Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')


def test_a_stock_reader_reads_every_frame_with_its_schema(tmp_path: Path):
    record(tmp_path, frames=12)
    with bag_file(tmp_path).open('rb') as file:
        messages = list(make_reader(file).iter_messages())
    assert len(messages) == 12
    schema, channel, message = messages[3]
    assert schema is not None
    assert (schema.name, schema.encoding) == ('toy.v1', 'jsonschema')
    assert (channel.topic, channel.message_encoding) == ('toy/frames', 'json')
    assert message.sequence == 3
    frame = json.loads(message.data)
    assert codec_of(Inputs).decode_plain(frame['i']) == inputs_at(3)
    assert frame['o']['word'] == 'go'
    assert 'speed' in json.dumps(json.loads(schema.data))


def test_frames_can_be_read_while_the_recorder_runs(tmp_path: Path):
    recorder = recorder_at(tmp_path)
    run(recorder, frames=25, events=0)
    deadline = time.monotonic() + 20.0
    while sum(1 for _ in BagReader(bag_file(tmp_path))) < 25:
        assert time.monotonic() < deadline, 'the bag was not flushed'
        time.sleep(0.01)
    with bag_file(tmp_path).open('rb') as file:
        messages = NonSeekingReader(file).iter_messages(log_time_order=False)
        assert [next(messages)[2].sequence for _ in range(25)] == list(range(25))
    recorder.close()


def test_the_log_tells_parameters_code_and_digest(tmp_path: Path):
    record(tmp_path, frames=12)
    events = {event['type']: event for event in parsed(log_file(tmp_path))}
    start, seal = events['core.start'], events['core.frames']
    bag = bag_file(tmp_path).relative_to(tmp_path).as_posix()
    assert start['data']['core'] == 'toy'
    assert start['data']['params'] == {'limit': 10.0}
    assert start['data']['bag'] == seal['data']['bag'] == bag
    assert len(start['data']['code']['source']) == 16
    assert (seal['kind'], seal['data']['frames'], seal['data']['final']) == ('DECISION', 12, True)
    assert seal['data']['inexact'] == ''


def test_a_seal_comes_about_once_a_second_not_with_every_flush(tmp_path: Path):
    now_s = time.monotonic()
    bag = Bag(CORE, vault_dir=tmp_path, name='bags/a/w/1.mcap')
    bag.push(inputs_at(0), CORE.decide(0.0, inputs_at(0), PARAMS)[1], time_ns=1)
    early = bag.flush(final=False)
    assert early is None or time.monotonic() - now_s > 1.0
    assert bag.flush(final=True) is not None
    bag.close()
    assert bag.flush(final=True) is None


def test_every_start_has_a_bag_of_its_own(tmp_path: Path):
    recorder = recorder_at(tmp_path)
    for _ in range(3):
        run(recorder, frames=4, events=0)
    recorder.close()
    bags = sorted((tmp_path / 'bags/amr_1/reflex').iterdir())
    assert [sum(1 for _ in BagReader(bag)) for bag in bags] == [4, 4, 4]
    assert verify_vault(tmp_path).exit_code == 0


def test_what_a_core_raises_is_recorded_and_raised(tmp_path: Path):
    recorder = recorder_at(tmp_path)
    state = recorder.start(CORE, PARAMS)
    with pytest.raises(ValueError, match='the core was asked to'):
        recorder.decide(CORE, state, replace(inputs_at(1), note='raise'), PARAMS)
    raised = parsed(log_file(tmp_path))[-1]
    assert raised['type'] == 'core.raised'
    assert raised['data']['error'] == "ValueError('the core was asked to')"
    assert raised['data']['inputs']['note'] == 'raise'
    recorder.close()


def test_a_core_that_was_not_started_is_refused(tmp_path: Path):
    recorder = recorder_at(tmp_path)
    with pytest.raises(VaultError, match="core 'toy' was not started"):
        recorder.decide(CORE, 0.0, inputs_at(0), PARAMS)
    recorder.close()


def test_an_input_of_another_type_than_declared_is_told(tmp_path: Path):
    recorder = recorder_at(tmp_path)
    state = recorder.start(CORE, PARAMS)
    recorder.decide(CORE, state, replace(inputs_at(1), speed=2), PARAMS)
    recorder.close()
    seal = next(e for e in parsed(log_file(tmp_path)) if e['type'] == 'core.frames')
    assert seal['data']['inexact'] == 'speed is int 2, recorded as float 2.0'


def test_a_bag_that_cannot_be_written_is_final_and_visible(tmp_path: Path, monkeypatch):
    recorder = recorder_at(tmp_path)
    state = recorder.start(CORE, PARAMS)
    monkeypatch.setattr(Bag, '_write_waiting', _raise_enospc)
    recorder.decide(CORE, state, inputs_at(0), PARAMS)
    deadline = time.monotonic() + 20.0
    while recorder.fault is None:
        assert time.monotonic() < deadline, 'the fault did not show'
        time.sleep(0.01)
    assert 'No space left on device' in recorder.fault
    with pytest.raises(VaultError, match='No space left'):
        recorder.decide(CORE, state, inputs_at(1), PARAMS)
    recorder.close()


def test_a_bag_that_the_disk_does_not_take_does_not_eat_all_memory(tmp_path: Path, monkeypatch):
    monkeypatch.setattr('swarm_vault.bag.MAX_WAITING_FRAMES', 5)
    bag = Bag(CORE, vault_dir=tmp_path, name='bags/a/w/1.mcap')
    outputs = CORE.decide(0.0, inputs_at(0), PARAMS)[1]
    for number in range(5):
        bag.push(inputs_at(number), outputs, time_ns=number)
    with pytest.raises(VaultError, match='5 frames wait for the disk'):
        bag.push(inputs_at(5), outputs, time_ns=5)
    bag.flush(final=True)
    bag.close()


def test_lines_counts_the_events_of_all_starts(tmp_path: Path):
    record(tmp_path, frames=1, events=3)
    recorder = recorder_at(tmp_path)
    assert recorder.lines == 8
    recorder.event(Kind.SYSTEM, 'test.said', {})
    assert recorder.lines == 9
    recorder.close()


def _raise_enospc(*_args: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_input_that_cannot_be_read_back_is_told_not_raised(tmp_path: Path):
    recorder = recorder_at(tmp_path)
    state = recorder.start(CORE, PARAMS)
    beams = (Beam(range_m=None),)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        recorder.decide(CORE, state, replace(inputs_at(1), beams=beams), PARAMS)
    bag = Bag(CORE, vault_dir=tmp_path, name='bags/a/w/1.mcap')
    outputs = CORE.decide(0.0, inputs_at(0), PARAMS)[1]
    bag.push(replace(inputs_at(1), beams=beams), outputs, time_ns=1)
    assert 'range_m' in bag.inexact
    bag.push(inputs_at(2), outputs, time_ns=2)
    assert 'range_m' in bag.inexact
    bag.close()
    recorder.close()


def test_a_bag_that_cannot_be_made_is_told(tmp_path: Path):
    recorder = recorder_at(tmp_path)
    (tmp_path / 'bags').write_bytes(b'no folder')
    with pytest.raises(VaultError, match=r'bags/amr_1/reflex/.*mcap: cannot be opened'):
        recorder.start(CORE, PARAMS)
    recorder.close()


def test_a_durable_decision_is_on_the_disk_with_its_digest_when_it_returns(tmp_path: Path):
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    state = recorder.start(CORE, PARAMS)
    for number in range(3):
        state, _ = recorder.decide(CORE, state, inputs_at(number), PARAMS, durable=True)
        copy = tmp_path / f'copy_{number}'
        for name in ('agents', 'bags'):
            shutil.copytree(tmp_path / name, copy / name)
        report = replay_vault(copy, cores=CORES)
        assert (report.decisions_reproduced, report.ok) == (number + 1, True)
        assert verify_vault(copy).writers[0].frames == number + 1
    recorder.close()
    assert verify_vault(tmp_path).exit_code == 0
