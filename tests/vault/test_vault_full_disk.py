# SPDX-License-Identifier: Apache-2.0
"""A full disk: the log ends for good, the robot does what its policy says, the gap is told."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from vault_disk import FailingDisk
from vault_world import CORE, CORES, PARAMS, inputs_at, log_file, parsed, record, signed_vault

from swarm_vault.errors import VaultError
from swarm_vault.last_words import LastWords
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.replay import replay_vault
from swarm_vault.verify import verify_vault

HERE = str(Path(__file__).parent)
PROGRAM = """
import json, resource, signal, sys, time
from pathlib import Path
from vault_world import CORE, PARAMS, inputs_at
from swarm_vault.errors import VaultError
from swarm_vault.recorder import Kind, Recorder
vault, finish_s, limit = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex', finish_s=finish_s)
state = recorder.start(CORE, PARAMS)
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
made, unrecorded, refused, number = 0, 0, '', 0
while not refused and unrecorded < 50:
    try:
        state, _ = recorder.decide(CORE, state, inputs_at(number), PARAMS)
        recorder.event(Kind.MESSAGE, 'test.said', {'text': 'x' * 2000})
        unrecorded += recorder.fault is not None
        made += 1
    except VaultError as error:
        refused = str(error)
    number += 1
    time.sleep(0.002)
try:
    recorder.event(Kind.MESSAGE, 'test.durable', {}, durable=True)
    durable = 'taken'
except VaultError:
    durable = 'refused'
recorder.close()
print(json.dumps([made, unrecorded, refused, durable, recorder.fault]))
"""


def outcome(vault: Path, finish_s: float, limit: int = 0) -> list[object]:
    import json

    done = subprocess.run(
        [sys.executable, '-c', PROGRAM, vault, str(finish_s), str(limit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {'PYTHONPATH': os.pathsep.join([HERE, os.environ.get('PYTHONPATH', '')])},
    )
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(('finish_s', 'goes_on'), [(0.0, False), (3600.0, True)])
def test_a_log_that_may_not_grow_ends_and_the_policy_decides(
    tmp_path: Path, finish_s: float, *, goes_on: bool
):
    vault = signed_vault(tmp_path)
    made, unrecorded, refused, durable, fault = outcome(vault, finish_s, limit=60_000)
    assert isinstance(made, int)
    assert made > 10
    assert 'mend the disk and restart' in str(fault)
    assert (unrecorded, refused == '') == ((50, True) if goes_on else (0, False))
    assert durable == 'refused', 'what must be durable is never done without a record'
    assert verify_vault(vault).exit_code == 3


def test_the_next_start_tells_why_the_record_ended_and_the_verdict_repeats_it(tmp_path: Path):
    vault = signed_vault(tmp_path)
    outcome(vault, 0.0, limit=60_000)
    record(vault, frames=3, events=0)
    told = [event for event in parsed(log_file(vault)) if event['type'] == 'ledger.faulted']
    assert len(told) == 1
    assert 'mend the disk' in told[0]['data']['reason']
    verdict = verify_vault(vault)
    assert verdict.exit_code == 3
    assert any('nothing could be recorded any more before seq' in loss for loss in verdict.losses)
    assert replay_vault(vault, cores=CORES).ok
    record(vault, frames=3, events=0)
    again = [event for event in parsed(log_file(vault)) if event['type'] == 'ledger.faulted']
    assert len(again) == 1


def test_no_time_to_finish_in_is_left_after_it_is_over(tmp_path: Path):
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='reflex', finish_s=1e9)
    state = recorder.start(CORE, PARAMS)
    assert not recorder.must_stop
    assert recorder.give_up(OSError(28, 'No space left on device'))
    assert 'No space left' in str(recorder.fault)
    state, outputs = recorder.decide(CORE, state, inputs_at(1), PARAMS)
    assert outputs.total == pytest.approx(0.05)
    recorder.event(Kind.MESSAGE, 'test.said', {})
    with pytest.raises(VaultError, match='No space left'):
        recorder.decide(CORE, state, inputs_at(2), PARAMS, durable=True)
    recorder._ends_s = 0.0
    assert recorder.must_stop
    with pytest.raises(VaultError, match='No space left'):
        recorder.decide(CORE, state, inputs_at(2), PARAMS)
    with pytest.raises(VaultError, match='No space left'):
        recorder.event(Kind.MESSAGE, 'test.said', {})
    recorder.close()


def test_words_that_were_torn_tell_at_least_that_the_disk_failed(tmp_path: Path):
    words = LastWords(tmp_path)
    assert words.read() is None
    words.say('the disk is full', seq=7, time_ns=9)
    assert LastWords(tmp_path).read() == {'reason': 'the disk is full', 'seq': 7, 'time_ns': 9}
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:20].ljust(1024))
    said = words.read()
    assert said is not None
    assert 'while its fault was being written' in str(said['reason'])
    words.forget()
    assert words.read() is None


def test_a_disk_that_takes_not_even_the_reason_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    recorder.event(Kind.MESSAGE, 'test.durable', {}, durable=True)
    with FailingDisk(at=1, how='EIO', for_ever=True):
        recorder.event(Kind.MESSAGE, 'test.said', {})
        recorder.close()
    assert 'does not even take why it ended' in capsys.readouterr().err
    assert verify_vault(tmp_path).exit_code == 3


def can_mount() -> bool:
    return os.geteuid() == 0 and all(
        shutil.which(tool) for tool in ('mount', 'umount', 'mkfs.ext4')
    )


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason='LOUD: a really full disk needs root and ext4')
@pytest.mark.parametrize('finish_s', [0.0, 3600.0])
def test_a_really_full_ext4_ends_the_log_and_keeps_the_reason(tmp_path: Path, finish_s: float):
    image, place = tmp_path / 'disk.img', tmp_path / 'mnt'
    place.mkdir()
    with image.open('wb') as file:
        file.truncate(1_500_000)
    subprocess.run(['mkfs.ext4', '-q', '-O', '^has_journal', image], check=True)
    subprocess.run(['mount', '-o', 'loop', image, place], check=True)
    try:
        vault = signed_vault(place / 'vault')
        _, unrecorded, refused, durable, fault = outcome(vault, finish_s)
        assert 'No space left on device' in str(fault)
        assert (unrecorded == 50, refused == '') == (bool(finish_s), bool(finish_s))
        assert durable == 'refused'
        assert verify_vault(vault).exit_code == 3
        said = LastWords(log_file(vault).parent.parent).read()
        assert said is not None
        assert 'No space left on device' in str(said['reason'])
    finally:
        subprocess.run(['umount', place], check=True)
