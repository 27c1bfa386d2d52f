# SPDX-License-Identifier: Apache-2.0
"""What was decided can be decided again, to the byte, from what was recorded."""

from dataclasses import replace
from pathlib import Path

import pytest
from situation_drive import eventful_drive

from swarm_agent.situation.core import CORE, Inputs, Outputs, Params
from swarm_vault.codec import codec_of
from swarm_vault.recorder import Recorder
from swarm_vault.replay import replay_vault


@pytest.fixture(scope='module')
def drive():
    return eventful_drive()


def test_the_drive_is_worth_recording(drive):
    _, _, outputs = drive
    assert any(out.violations for out in outputs)
    assert any(out.plans for out in outputs)
    assert any(out.seen_bits for out in outputs)
    assert any(out.claims or out.yields_to for out in outputs)
    assert sum(out.vx_mps != 0.0 for out in outputs) > 40


def test_parameters_and_inputs_survive_their_record(drive):
    params, inputs, _ = drive
    assert codec_of(Params).decode(codec_of(Params).encode(params)) == params
    codec = codec_of(Inputs)
    assert [codec.decode(codec.encode(one)) for one in inputs] == inputs


def test_the_same_inputs_decided_again_give_the_same_outputs_to_the_byte(drive):
    params, inputs, outputs = drive
    state, codec = CORE.initial(params), codec_of(Outputs)
    for given, told in zip(inputs, outputs, strict=True):
        state, again = CORE.decide(state, given, params)
        assert codec.encode(again) == codec.encode(told)


def test_other_inputs_give_other_outputs(drive):
    params, inputs, outputs = drive
    state, codec, differs = CORE.initial(params), codec_of(Outputs), 0
    for given, told in zip(inputs, outputs, strict=True):
        other = replace(given, peers=())
        state, again = CORE.decide(state, other, params)
        differs += codec.encode(again) != codec.encode(told)
    assert differs > 0


def test_decisions_of_a_vault_are_reproduced_to_the_byte(drive, tmp_path: Path):
    params, inputs, outputs = drive
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='situation')
    state = recorder.start(CORE, params)
    for given, told in zip(inputs, outputs, strict=True):
        state, out = recorder.decide(CORE, state, given, params)
        assert out == told
    recorder.close()
    report = replay_vault(tmp_path)
    assert report.reasons == ()
    assert report.decisions_recorded == report.decisions_reproduced == len(inputs)


def test_a_bad_moment_is_recorded_and_reproduced_as_well(drive, tmp_path: Path):
    params, inputs, _ = drive
    bad = [
        replace(inputs[0], odom=replace(inputs[0].odom, pose=(float('nan'), 0.0, 0.0))),
        replace(inputs[1], scan=replace(inputs[1].scan, ranges=b'\x01')),
        replace(inputs[2], intent=replace(inputs[0].intent, goal=(float('inf'), 0.0, 0.0))),
    ]
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='situation')
    state = recorder.start(CORE, params)
    for given in bad:
        state, out = recorder.decide(CORE, state, given, params)
        assert out.vx_mps == 0.0
    recorder.close()
    assert replay_vault(tmp_path).reasons == ()
