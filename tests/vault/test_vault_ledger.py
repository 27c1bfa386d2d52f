# SPDX-License-Identifier: Apache-2.0
"""The log keeps its order, its promises of durability, and says when it cannot."""

import errno
import hashlib
import json
import os
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from vault_world import log_file, log_lines, parsed, signed_vault

from swarm_vault.errors import VaultError
from swarm_vault.ledger import YIELD_S, Ledger
from swarm_vault.lines import GENESIS, Event, Kind
from swarm_vault.recorder import Recorder
from swarm_vault.segments import Segments, log_folder, segment_paths
from swarm_vault.verify import verify_vault
from swarm_vault.waiting import COMMIT_LINES

DAY_NS = 86_400 * 10**9
NOON_NS = 20_000 * DAY_NS + DAY_NS // 2


def said(number: int) -> Event:
    return Event(kind=Kind.MESSAGE, type_='test.said', data={'number': number})


@pytest.fixture
def ledger(tmp_path: Path):
    ledger = Ledger(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    yield ledger
    ledger.close()


def test_an_event_is_a_cloudevent_chained_to_the_line_before(tmp_path: Path):
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    seq = recorder.event(
        Kind.STATE_CHANGE, 'order.accepted', {'order': 'o1'}, causes=['supervisor/supervisor/7']
    )
    recorder.close()
    lines = log_lines(log_file(tmp_path))
    event = json.loads(lines[seq])
    assert event.pop('time_ns') > 0
    assert event == {
        'specversion': '1.0',
        'id': f'amr_1/reflex/{seq}',
        'source': '/agents/amr_1/reflex',
        'type': 'order.accepted',
        'kind': 'STATE_CHANGE',
        'seq': seq,
        'causes': ['supervisor/supervisor/7'],
        'data': {'order': 'o1'},
        'prev': hashlib.sha256(lines[seq - 1]).hexdigest(),
    }
    assert json.loads(lines[0])['prev'] == GENESIS


def test_sequence_numbers_go_on_after_a_restart(tmp_path: Path):
    for _ in range(3):
        ledger = Ledger(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
        ledger.append(said(1))
        ledger.close()
    events = parsed(log_file(tmp_path))
    assert [event['seq'] for event in events] == list(range(9))
    assert verify_vault(tmp_path).exit_code == 0


def test_a_new_day_begins_a_new_file_and_the_chain_goes_on(tmp_path: Path):
    times = iter([NOON_NS, NOON_NS, NOON_NS + DAY_NS, NOON_NS + DAY_NS, NOON_NS + 2 * DAY_NS])
    ledger = Ledger(vault_dir=tmp_path, agent_id='a', writer='w', clock=lambda: next(times))
    for number in range(3):
        ledger.append(said(number))
    ledger.close()
    paths = segment_paths(log_folder(tmp_path, 'a', 'w'))
    assert [path.stem for path in paths] == ['2024-10-04', '2024-10-05', '2024-10-06']
    assert [len(log_lines(path)) for path in paths] == [2, 2, 1]
    assert verify_vault(tmp_path).exit_code == 0


def test_a_clock_that_goes_back_a_day_does_not_break_the_order_of_the_files(tmp_path: Path):
    for now in (NOON_NS, NOON_NS - DAY_NS, NOON_NS + DAY_NS):
        ledger = Ledger(vault_dir=tmp_path, agent_id='a', writer='w', clock=lambda n=now: n)
        ledger.append(said(0))
        ledger.close()
    paths = segment_paths(log_folder(tmp_path, 'a', 'w'))
    assert [path.stem for path in paths] == ['2024-10-04', '2024-10-05']
    assert verify_vault(tmp_path).exit_code == 0


@pytest.mark.parametrize(
    'data',
    [{'x': float('nan')}, {'x': float('inf')}, {'x': object()}, {'x': b'1'}, {'x': '\ud800'}],
)
def test_data_that_is_no_json_is_refused_and_leaves_no_gap(
    ledger: Ledger, data: dict[str, object]
):
    before = ledger.lines
    with pytest.raises(VaultError, match='event data is no JSON'):
        ledger.append(Event(kind=Kind.MESSAGE, type_='t', data=data))
    assert ledger.append(said(1)) == before


def test_an_event_too_long_for_a_log_is_refused(ledger: Ledger):
    with pytest.raises(VaultError, match='put large data into a bag'):
        ledger.append(Event(kind=Kind.MESSAGE, type_='t', data={'x': 'y' * 2_000_001}))


def test_a_line_break_in_a_text_stays_inside_its_line(tmp_path: Path, ledger: Ledger):
    seq = ledger.append(
        Event(kind=Kind.MESSAGE, type_='t', data={'x': 'a\nb\r\u2028c'}), durable=True
    )
    assert (
        json.loads(log_file(tmp_path).read_bytes().split(b'\n')[seq])['data']['x']
        == 'a\nb\r\u2028c'
    )


@pytest.mark.parametrize('name', ['', '..', 'a/b', 'A', '1a', 'a' * 33, 'a\0'])
def test_a_name_that_is_no_folder_name_is_refused(tmp_path: Path, name: str):
    with pytest.raises(VaultError, match='names no log'):
        Ledger(vault_dir=tmp_path, agent_id=name, writer='w')
    assert not list(tmp_path.rglob('*.jsonl'))


def test_two_writers_of_one_log_are_refused(tmp_path: Path, ledger: Ledger, monkeypatch):
    monkeypatch.setattr('swarm_vault.files._LOCK_PATIENCE_S', 0.0)
    with pytest.raises(VaultError, match='held by another process'):
        Ledger(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')


def test_the_lock_is_free_again_after_a_refused_opening(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(Segments, '__init__', _raise_eio)
    with pytest.raises(VaultError, match='cannot be opened'):
        Ledger(vault_dir=tmp_path, agent_id='a', writer='w')
    monkeypatch.undo()
    Ledger(vault_dir=tmp_path, agent_id='a', writer='w').close()


def test_durable_returns_only_after_the_sync_that_covers_it(tmp_path: Path, monkeypatch):
    synced: list[int] = []
    true_sync = Segments.sync

    def sync(segments: Segments) -> None:
        true_sync(segments)
        synced.append(len(log_lines(log_file(tmp_path))))

    monkeypatch.setattr(Segments, 'sync', sync)
    ledger = Ledger(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    for number in range(20):
        seq = ledger.append(said(number), durable=True)
        assert synced[-1] > seq
    ledger.close()


def test_lines_are_synced_together_but_never_more_than_the_bound(tmp_path: Path, monkeypatch):
    sizes = [0]
    true_sync = Segments.sync

    def sync(segments: Segments) -> None:
        true_sync(segments)
        sizes.append(len(log_lines(log_file(tmp_path))))

    monkeypatch.setattr(Segments, 'sync', sync)
    ledger = Ledger(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    for number in range(3000):
        ledger.append(said(number))
    ledger.close()
    steps = [after - before for before, after in pairwise(sizes)]
    assert sum(steps) == 3002
    assert max(steps) < 2 * COMMIT_LINES
    assert len(steps) < 300


def test_many_threads_append_to_one_chain(tmp_path: Path, ledger: Ledger):
    seqs: list[int] = []

    def append_many() -> None:
        seqs.extend(ledger.append(said(number)) for number in range(200))

    threads = [threading.Thread(target=append_many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger.close()
    assert sorted(seqs) == list(range(1, 1601))
    assert verify_vault(tmp_path).exit_code == 0


@pytest.mark.parametrize('call', ['append', 'sync'])
def test_a_failed_write_or_sync_is_final_and_visible(tmp_path: Path, monkeypatch, call: str):
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    monkeypatch.setattr(Segments, call, _raise_eio)
    with pytest.raises(VaultError, match=r'recording ended .*mend the disk and restart'):
        recorder.event(Kind.MESSAGE, 'test.said', {}, durable=True)
    monkeypatch.undo()
    assert 'Input/output error' in str(recorder.fault)
    with pytest.raises(VaultError, match='recording ended'):
        recorder.event(Kind.MESSAGE, 'test.said', {})
    recorder.close()


def test_a_closed_log_refuses_events(tmp_path: Path):
    ledger = Ledger(vault_dir=tmp_path, agent_id='a', writer='w')
    ledger.close()
    ledger.close()
    with pytest.raises(VaultError, match='is closed'):
        ledger.append(said(1))


@pytest.mark.parametrize(
    'tail', [b'{"half":', b'\0' * 300, b'{"half":\n', b'x', b'\xff\xfe\n\xff\n', b'\n']
)
def test_a_torn_end_is_cut_off_kept_aside_and_told(tmp_path: Path, tail: bytes):
    Ledger(vault_dir=tmp_path, agent_id='amr_1', writer='reflex').close()
    path = log_file(tmp_path)
    whole = path.read_bytes()
    with path.open('ab') as file:
        file.write(tail)
    Ledger(vault_dir=tmp_path, agent_id='amr_1', writer='reflex').close()
    assert path.read_bytes().startswith(whole + b'{')
    assert path.with_suffix('.torn').read_bytes() == tail
    recovered = parsed(path)[2]
    assert recovered['type'] == 'ledger.recovered'
    assert recovered['data'] == {
        'file': path.name,
        'sidecar': path.with_suffix('.torn').name,
        'bytes': len(tail),
    }
    verdict = verify_vault(tmp_path)
    assert verdict.exit_code == 3
    assert verdict.losses == ('amr_1/reflex: a torn line was cut off before seq 2',)


def test_a_log_whose_only_line_is_torn_begins_anew(tmp_path: Path):
    folder = log_folder(tmp_path, 'amr_1', 'reflex') / '2024-10'
    folder.mkdir(parents=True)
    (folder / '2024-10-04.jsonl').write_bytes(b'{"seq":0')
    ledger = Ledger(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    assert ledger.lines == 2
    ledger.close()
    assert verify_vault(tmp_path).exit_code == 3


def test_an_empty_newest_file_does_not_restart_the_chain(tmp_path: Path):
    Ledger(vault_dir=tmp_path, agent_id='a', writer='w', clock=lambda: NOON_NS).close()
    later = log_folder(tmp_path, 'a', 'w') / '2024-10' / '2024-10-05.jsonl'
    later.touch()
    Ledger(vault_dir=tmp_path, agent_id='a', writer='w', clock=lambda: NOON_NS).close()
    assert [json.loads(line)['seq'] for line in log_lines(later)] == [2, 3]
    assert verify_vault(tmp_path).exit_code == 0


def test_checkpoints_are_written_while_the_log_grows_and_at_its_end(tmp_path: Path):
    vault = signed_vault(tmp_path)
    ledger = Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex')
    for number in range(2000):
        ledger.append(said(number))
    ledger.close()
    folder = log_folder(vault, 'amr_1', 'reflex')
    seqs = [json.loads(line)['seq'] for line in log_lines(folder / 'checkpoints.jsonl')]
    assert seqs == sorted(set(seqs))
    assert seqs[-1] == 2001
    assert len(seqs) >= 4
    (verdict,) = verify_vault(vault).writers
    assert (verdict.signed, verdict.covered, verdict.ok) == (True, 2002, True)


def _raise_eio(*_args: object, **_named: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_disk_that_does_not_keep_up_is_a_fault_not_a_growing_memory(ledger: Ledger, monkeypatch):
    monkeypatch.setattr('swarm_vault.ledger.MAX_WAITING_BYTES', 10)
    ledger.append(said(1))
    assert 'the disk is too slow' in str(ledger.fault)
    with pytest.raises(VaultError, match='the disk is too slow'):
        ledger.append(said(2))


def test_who_appends_leaves_the_interpreter_to_a_thread_that_is_behind(tmp_path, monkeypatch):
    """Else it gets a turn of 5 ms for 256 lines, and whoever writes at full pace outruns it."""
    free, true_sync = threading.Event(), Segments.sync
    monkeypatch.setattr(Segments, 'sync', lambda segments: free.wait(60.0) and true_sync(segments))
    monkeypatch.setattr('swarm_vault.ledger.YIELD_LINES', COMMIT_LINES)
    left: list[float] = []
    monkeypatch.setattr('swarm_vault.ledger.time.sleep', left.append)
    ledger = Ledger(vault_dir=tmp_path, agent_id='amr_1', writer='reflex')
    for number in range(COMMIT_LINES):
        ledger.append(said(number))
    assert left == []
    for number in range(2 * COMMIT_LINES):
        ledger.append(said(number))
    assert left
    assert set(left) == {YIELD_S}
    free.set()
    ledger.close()


def test_closing_does_not_wait_for_ever_for_a_stuck_disk(tmp_path: Path, monkeypatch):
    stuck, true_sync = threading.Event(), Segments.sync
    monkeypatch.setattr('swarm_vault.ledger.CLOSE_PATIENCE_S', 0.01)
    monkeypatch.setattr(Segments, 'sync', lambda segments: (stuck.wait(), true_sync(segments)))
    ledger = Ledger(vault_dir=tmp_path, agent_id='a', writer='w')
    ledger.close()
    assert 'the disk did not take all within' in str(ledger.fault)
    stuck.set()
