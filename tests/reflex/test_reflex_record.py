# SPDX-License-Identifier: Apache-2.0
"""What was decided can be decided again, to the byte, from what was recorded."""

import json
import math
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.reader import make_reader
from reflex_world import PARAMS, TICK_NS, command_of, odom_of, scan_of

from swarm_reflex.core import CORE, Inputs, MapPose, Outputs, Params, Request
from swarm_vault.codec import codec_of
from swarm_vault.recorder import Recorder
from swarm_vault.replay import replay_vault

FENCED = replace(PARAMS, geofence=(((-3.0, -3.0), (3.0, -3.0), (3.0, 3.0), (-3.0, 3.0)),))


def eventful_inputs(ticks: int) -> list[Inputs]:
    """A drive with everything in it: noise, faults, latches, a fence, a NaN."""
    rng = np.random.default_rng(3)
    inputs = []
    for k in range(1, ticks + 1):
        now = k * TICK_NS
        vx = math.nan if k % 97 == 0 else rng.uniform(-1.2, 1.2)
        pose = MapPose(x_m=0.004 * k, y_m=0.1, yaw_rad=0.2, arrival_ns=now, stamp_age_s=0.01)
        inputs.append(
            Inputs(
                now_ns=now,
                command=command_of(vx, float(rng.normal()), now, 0.02) if k % 10 == 1 else None,
                scan=scan_of(rng.uniform(0.3, 3.0, 360), now, 0.03) if k % 10 == 2 else None,
                odom=odom_of(now, 0.4, 0.1, (0.004 * k, 0.0, 0.1)) if k % 5 == 0 else None,
                pose=pose if k % 20 == 0 else None,
                situation_beat_ns=now if k % 10 == 3 else None,
                planner_beat_ns=now if k % 10 == 4 and k < 300 else None,
                requests=(Request.E_STOP,) if k == 200 else (),
            )
        )
    return inputs


def test_parameters_and_inputs_survive_their_record():
    assert codec_of(Params).decode(codec_of(Params).encode(FENCED)) == FENCED
    codec = codec_of(Inputs)
    for inputs in eventful_inputs(100):
        assert repr(codec.decode(codec.encode(inputs))) == repr(inputs)


@pytest.mark.parametrize(
    ('constant', 'value'),
    [
        ('dead_man._JUMP_M', -1.0),
        ('odometry._MAX_STAMP_AGE_S', 0.0),
        ('odometry._MAX_SPEED', 0.1),
        ('limits.MAX_STEP_S', 0.005),
        ('zones.ESCAPE_GAIN', -9.0),
    ],
)
def test_a_changed_constant_is_found_at_the_first_decision_that_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, constant: str, value: float
):
    inputs = eventful_inputs(400)
    before = recorded(tmp_path, inputs)
    monkeypatch.setattr(f'swarm_reflex.core.{constant}', value)
    after = decided(inputs)
    first = next(k for k, (a, b) in enumerate(zip(before, after, strict=True)) if a != b)
    report = replay_vault(tmp_path)
    (divergence,) = (bag.divergence for bag in report.bags)
    assert divergence is not None
    assert (divergence.frame, report.decisions_reproduced) == (first, first)
    assert divergence.recorded != divergence.recomputed


def decided(inputs: list[Inputs]) -> list[bytes]:
    """The outputs of a drive, encoded."""
    state, codec, said = CORE.initial(FENCED), codec_of(Outputs), []
    for one in inputs:
        state, outputs = CORE.decide(state, one, FENCED)
        said.append(codec.encode(outputs))
    return said


def recorded(vault: Path, inputs: list[Inputs]) -> list[bytes]:
    """The same, recorded into a vault."""
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    state, codec, said = recorder.start(CORE, FENCED), codec_of(Outputs), []
    for one in inputs:
        state, outputs = recorder.decide(CORE, state, one, FENCED)
        said.append(codec.encode(outputs))
    recorder.close()
    return said


def test_decisions_of_a_vault_are_reproduced_to_the_byte(tmp_path: Path) -> None:
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    state = recorder.start(CORE, FENCED)
    moved = 0
    for inputs in eventful_inputs(400):
        state, outputs = recorder.decide(CORE, state, inputs, FENCED)
        moved += outputs.vx_mps != 0.0
    recorder.close()
    report = replay_vault(tmp_path)
    assert report.reasons == ()
    assert (report.decisions_recorded, report.decisions_reproduced) == (400, 400)
    assert moved > 20


def test_ticks_go_on_while_the_disk_hangs_and_none_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Every sync waits until all ticks are decided: a tick that waited for one would hang here."""
    decided_all, hung = threading.Event(), threading.Event()
    sync = os.fdatasync

    def hang(descriptor: int) -> None:
        hung.set()
        assert decided_all.wait(60.0), 'a tick waited for the disk'
        sync(descriptor)

    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    monkeypatch.setattr(os, 'fdatasync', hang)
    state: Any = recorder.start(CORE, FENCED)
    assert hung.wait(60.0), 'the disk hangs'
    for inputs in eventful_inputs(400):
        state, _ = recorder.decide(CORE, state, inputs, FENCED)
    decided_all.set()
    recorder.close()
    report = replay_vault(tmp_path)
    assert (report.reasons, report.decisions_reproduced) == ((), 400)


def test_every_changed_tick_is_in_the_record_with_all_its_causes(tmp_path: Path):
    inputs = eventful_inputs(400)
    said = recorded(tmp_path, inputs)
    (bag,) = tmp_path.glob('bags/amr_1/reflex/*.mcap')
    with bag.open('rb') as file:
        frames = [json.loads(message.data) for *_, message in make_reader(file).iter_messages()]
    assert [frame['o'] for frame in frames] == [json.loads(outputs) for outputs in said]
    wish, found = None, 0
    for given, frame in zip(inputs, frames, strict=True):
        wish, got = given.command or wish, frame['o']
        if wish is not None and (got['vx_mps'], got['wz_radps']) != (wish.vx_mps, wish.wz_radps):
            found += 1
            assert got['causes'], 'a command that is changed says why'
    assert found > 300
    assert max(len(frame['o']['causes']) for frame in frames) > 2
