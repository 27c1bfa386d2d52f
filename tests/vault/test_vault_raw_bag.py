# SPDX-License-Identifier: Apache-2.0
"""What the sensors said is kept byte for byte: stock readers open it, a forged one shows."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mcap.reader import make_reader
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_typestore
from vault_world import CORE, CORES, PARAMS, inputs_at, log_file, parsed, signed_vault

from swarm_vault.errors import VaultError
from swarm_vault.frames import BagReader, bag_fault
from swarm_vault.log_check import LogWalk
from swarm_vault.raw_bag import RawBag, Topic
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.replay import replay_vault
from swarm_vault.retention import Policy, apply_policy
from swarm_vault.verify import verify_vault

TYPES = get_typestore(Stores.ROS2_JAZZY)
STRING = TYPES.types['std_msgs/msg/String']
TOPIC = Topic(name='/amr_1/said', type_='std_msgs/msg/String', definition='string data\n')
HERE = str(Path(__file__).parent)
PROGRAM = """
import os, sys, time
from pathlib import Path
from test_vault_raw_bag import TOPIC, message
from swarm_vault.recorder import Recorder
recorder = Recorder(vault_dir=Path(sys.argv[1]), agent_id='amr_1', writer='reflex')
recorder.start_raw([TOPIC])
for number in range(10**9):
    recorder.raw(TOPIC.name, message(number), time_ns=time.time_ns())
    if number % 50 == 0:
        os.write(1, b'%d\\n' % recorder._raw.flushed)
        time.sleep(0.01)
"""


def message(number: int) -> bytes:
    return bytes(TYPES.serialize_cdr(STRING(data=f'message {number}'), 'std_msgs/msg/String'))


def record_raw(vault: Path, count: int = 30) -> list[bytes]:
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    state = recorder.start(CORE, PARAMS)
    recorder.start_raw([TOPIC])
    given = [message(number) for number in range(count)]
    for number, data in enumerate(given):
        recorder.raw(TOPIC.name, data, time_ns=time.time_ns())
        state, _ = recorder.decide(CORE, state, inputs_at(number), PARAMS)
    recorder.event(Kind.MESSAGE, 'test.said', {'number': 7})
    recorder.close()
    return given


def raw_file(vault: Path) -> Path:
    (path,) = vault.glob('bags/amr_1/reflex/*.raw.mcap')
    return path


def by_rosbags(path: Path) -> list[bytes]:
    with Reader(path) as reader:
        assert [c.topic for c in reader.connections] == [TOPIC.name]
        return [bytes(data) for _, _, data in reader.messages()]


def by_mcap(path: Path) -> list[bytes]:
    with path.open('rb') as file:
        return [found.data for _, _, found in make_reader(file).iter_messages()]


def test_stock_readers_give_back_every_message_and_its_meaning(tmp_path: Path):
    vault = signed_vault(tmp_path)
    given = record_raw(vault)
    path = raw_file(vault)
    assert by_rosbags(path) == by_mcap(path) == given
    assert TYPES.deserialize_cdr(given[3], 'std_msgs/msg/String').data == 'message 3'
    with Reader(path) as reader:
        assert reader.connections[0].msgdef.data == TOPIC.definition
    assert verify_vault(vault).exit_code == 0
    report = replay_vault(vault, cores=CORES)
    assert (report.ok, report.decisions_reproduced) == (True, 30)


def test_an_event_says_behind_which_frame_of_each_bag_it_stands(tmp_path: Path):
    record_raw(tmp_path)
    said = next(event for event in parsed(log_file(tmp_path)) if event['type'] == 'test.said')
    assert said['data'] == {'number': 7, 'at_frame': {'toy': 30, 'raw': 30}}


def test_a_bag_of_a_killed_process_is_whole_for_stock_readers(tmp_path: Path):
    vault = signed_vault(tmp_path)
    child = subprocess.Popen(
        [sys.executable, '-c', PROGRAM, vault],
        stdout=subprocess.PIPE,
        env=os.environ | {'PYTHONPATH': os.pathsep.join([HERE, os.environ.get('PYTHONPATH', '')])},
    )
    assert child.stdout is not None
    flushed = 0
    while flushed < 100:
        assert select.select([child.stdout], [], [], 60.0)[0], 'the recorder did not start'
        flushed = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    path = raw_file(vault)
    kept = by_mcap(path)
    assert by_rosbags(path) == kept
    assert len(kept) >= flushed
    assert kept == [message(number) for number in range(len(kept))]
    assert verify_vault(vault).exit_code == 3


def test_a_bag_of_a_process_that_died_before_its_first_message_names_its_topics(tmp_path: Path):
    bag = RawBag(vault_dir=tmp_path, name='bags/amr_1/reflex/1.raw.mcap', topics=(TOPIC,))
    assert by_mcap(raw_file(tmp_path)) == by_rosbags(raw_file(tmp_path)) == []
    bag.close()


@pytest.mark.parametrize('how', ['edited', 'cut', 'longer', 'gone'])
def test_a_forged_bag_shows(tmp_path: Path, how: str):
    vault = signed_vault(tmp_path)
    record_raw(vault)
    path = raw_file(vault)
    content = path.read_bytes()
    if how == 'gone':
        path.unlink()
    else:
        forged = {
            'edited': content.replace(b'message 7\0', b'message 8\0'),
            'cut': content[:-100],
            'longer': content + b'x',
        }[how]
        assert forged != content
        path.write_bytes(forged)
    verdict = verify_vault(vault)
    assert verdict.exit_code == 1
    assert path.name in ' '.join(verdict.reasons)


def test_every_flipped_bit_of_a_raw_bag_shows(tmp_path: Path):
    record_raw(tmp_path, count=4)
    path = raw_file(tmp_path)
    check = LogWalk(log_file(tmp_path).parent.parent, None).check()
    log = next(log for log in check.bags.values() if log.raw)
    good = path.read_bytes()
    assert bag_fault(path, log) == ''
    for bit in range(len(good) * 8):
        content = bytearray(good)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        assert bag_fault(path, log) != '', bit


def test_a_file_torn_in_its_footer_gives_its_messages(tmp_path: Path):
    record_raw(tmp_path, count=5)
    path = raw_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    reader = BagReader(path)
    assert [bytes(data) for data in reader] == [message(number) for number in range(5)]
    assert reader.torn == 'the file ends in the middle'


def test_what_the_disk_does_not_take_is_left_out_and_told(tmp_path: Path, monkeypatch):
    monkeypatch.setattr('swarm_vault.raw_bag.MAX_WAITING_BYTES', 100)
    bag = RawBag(vault_dir=tmp_path, name='bags/a/b/1.raw.mcap', topics=(TOPIC,))
    for _ in range(10):
        bag.push(TOPIC.name, b'x' * 40, time_ns=5)
    event = bag.flush(final=True)
    bag.close()
    assert event is not None
    assert (event.data['frames'], event.data['left_out']) == (2, 8)
    with pytest.raises(VaultError, match="'/else' is not recorded"):
        bag.push('/else', b'', time_ns=5)


def test_an_old_raw_bag_goes_by_policy(tmp_path: Path):
    vault = signed_vault(tmp_path)
    record_raw(vault)
    later_ns = time.time_ns() + 40 * 86_400 * 10**9
    assert len(apply_policy(vault, Policy(bags_days=30), later_ns).bags) == 2
    assert verify_vault(vault).exit_code == 3
