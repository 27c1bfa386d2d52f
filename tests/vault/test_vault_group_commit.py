# SPDX-License-Identifier: Apache-2.0
"""Who waits for the disk goes there itself, one at a time, and takes the others along."""

import contextlib
import errno
import json
import os
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from vault_disk import Disk
from vault_world import log_file, log_lines, signed_vault

from swarm_vault.errors import VaultError
from swarm_vault.ledger import Ledger
from swarm_vault.lines import Event, Kind
from swarm_vault.segments import Segments, log_folder, segment_paths
from swarm_vault.verify import verify_vault
from swarm_vault.waiting import COMMIT_LINES

PATIENCE_S = 30.0


def said(number: int) -> Event:
    return Event(kind=Kind.MESSAGE, type_='test.said', data={'number': number})


def opened(vault: Path) -> Ledger:
    return Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex')


def numbers_in(vault: Path) -> list[int]:
    events = map(json.loads, log_lines(log_file(vault)))
    return [event['data']['number'] for event in events if event['type'] == 'test.said']


class Gate:
    """Lets syncs through one by one, and knows which threads made them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.came, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.by: list[str] = []
        self.failure: OSError | None = None
        true_sync = Segments.sync

        def sync(segments: Segments) -> None:
            self.by.append(threading.current_thread().name)
            self.came.release()
            assert self.go.acquire(timeout=PATIENCE_S)
            if self.failure is not None:
                raise self.failure
            true_sync(segments)

        monkeypatch.setattr(Segments, 'sync', sync)

    def wait(self) -> None:
        assert self.came.acquire(timeout=PATIENCE_S)

    def open(self) -> None:
        self.go.release(1000)


@pytest.fixture
def gate(monkeypatch) -> Gate:
    return Gate(monkeypatch)


@contextlib.contextmanager
def threads(count: int, act: Callable[[int], object]) -> Iterator[list[threading.Thread]]:
    """Run as threads, and wait at the end until all are done."""
    started = [
        threading.Thread(target=act, args=(number,), name=f'caller-{number}')
        for number in range(count)
    ]
    for thread in started:
        thread.start()
    yield started
    for thread in started:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_who_waits_for_the_sync_makes_it(tmp_path: Path, gate: Gate):
    gate.open()
    ledger = opened(tmp_path)
    for number in range(5):
        ledger.append(said(number), durable=True)
    assert gate.by[-4:] == [threading.current_thread().name] * 4
    ledger.close()


def test_who_comes_meanwhile_is_taken_along_by_one_of_them(tmp_path: Path, gate: Gate):
    ledger = opened(tmp_path)
    seqs: list[int] = []
    with threads(8, lambda number: seqs.append(ledger.append(said(number), durable=True))):
        gate.wait()
        while ledger.lines < 9:
            pass
        before = len(gate.by)
        gate.open()
    assert len(gate.by) <= before + 1
    assert sorted(seqs) == list(range(1, 9))
    ledger.close()
    assert verify_vault(tmp_path).exit_code == 0
    assert sorted(numbers_in(tmp_path)) == list(range(8))


def test_a_failed_sync_fails_all_who_wait_for_it_and_is_not_tried_again(tmp_path, gate: Gate):
    ledger = opened(tmp_path)
    gate.failure = OSError(errno.EIO, os.strerror(errno.EIO))
    told: list[str] = []

    def append(number: int) -> None:
        with pytest.raises(VaultError, match='Input/output error') as failed:
            ledger.append(said(number), durable=True)
        told.append(str(failed.value))

    with threads(8, append):
        gate.wait()
        while ledger.lines < 9:
            pass
        gate.open()
    assert len(told) == 8
    ledger.close()
    assert len(gate.by) == 1
    assert ledger.durable == 0


def test_what_a_caller_saw_fail_is_told_at_the_next_start(tmp_path: Path, gate: Gate):
    gate.open()
    ledger = opened(tmp_path)
    ledger.append(said(0), durable=True)
    gate.failure = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(VaultError, match='No space left'):
        ledger.append(said(1), durable=True)
    ledger.close()
    gate.failure = None
    opened(tmp_path).close()
    types = [json.loads(line)['type'] for line in log_lines(log_file(tmp_path))]
    assert 'ledger.faulted' in types


class Side:
    """A file beside the log that is flushed again and again."""

    def __init__(self) -> None:
        self.flushed = threading.Semaphore(0)

    def flush(self, *, final: bool) -> None:
        self.flushed.release()

    def close(self) -> None:
        pass


class NotedLock:
    """A lock that tells whether the ledger's own thread waits for it."""

    def __init__(self) -> None:
        self._lock, self.wanted = threading.Lock(), threading.Event()

    def __enter__(self) -> None:
        own = threading.current_thread().name.startswith('vault-')
        if own:
            self.wanted.set()
        self._lock.acquire()
        if own:
            self.wanted.clear()

    def __exit__(self, *_error: object) -> None:
        self._lock.release()


def test_a_durable_decision_does_not_wait_for_a_thread_that_waits_for_its_bag(
    tmp_path: Path, monkeypatch
):
    monkeypatch.setattr('swarm_vault.ledger.SIDE_FLUSH_S', 0.0)
    ledger = opened(tmp_path)
    lock = ledger._side_lock = NotedLock()
    side = Side()
    ledger.attach(side)
    assert side.flushed.acquire(timeout=PATIENCE_S)

    def seal() -> Event:
        assert lock.wanted.wait(PATIENCE_S)
        return said(1)

    with threads(1, lambda _: ledger.commit(seal)):
        pass
    assert ledger.durable > 1
    ledger.detach(side)
    ledger.close()


class InterruptedDisk(Disk):
    """Ctrl-C comes before or after the n-th call of the main thread."""

    def __init__(self, at: int, *, before: bool) -> None:
        self.at, self.before, self.calls = at, before, 0

    def call(self, name, real, args, kw):
        if threading.current_thread() is not threading.main_thread():
            return real(*args, **kw)
        self.calls += 1
        if self.calls != self.at:
            return real(*args, **kw)
        made = None if self.before else real(*args, **kw)
        if name == 'open' and made is not None:
            os.close(made)
        raise KeyboardInterrupt


@pytest.mark.parametrize('before', [True, False], ids=['before', 'behind'])
@pytest.mark.parametrize(
    'step', [pytest.param(7, id='some'), pytest.param(1, id='all', marks=pytest.mark.slow)]
)
def test_ctrl_c_in_a_call_ends_an_append_and_not_the_log(
    tmp_path: Path, step: int, *, before: bool
):
    for at in range(1, 36, step):
        vault = signed_vault(tmp_path / f'{at}')
        ledger = Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex', segment_bytes=1500)
        promised = []
        with InterruptedDisk(at, before=before) as disk:
            for number in range(12):
                with contextlib.suppress(KeyboardInterrupt):
                    ledger.append(said(number), durable=True)
                    promised.append(number)
        ledger.close()
        assert disk.calls > 20
        assert len(promised) == 12 - (at <= disk.calls)
        assert ledger.fault is None
        numbers = [
            json.loads(line)['data'].get('number')
            for path in segment_paths(log_folder(vault, 'amr_1', 'reflex'))
            for line in log_lines(path)
        ]
        assert [number for number in numbers if number is not None] == list(range(12)), at
        assert verify_vault(vault).exit_code == 0, (at, verify_vault(vault).reasons)


def test_who_is_always_at_the_disk_does_not_keep_the_log_from_being_signed(tmp_path: Path):
    vault = signed_vault(tmp_path)
    ledger = opened(vault)
    for number in range(600):
        ledger.append(said(number), durable=True)
    ledger.close()
    folder = log_folder(vault, 'amr_1', 'reflex')
    signed = [json.loads(line)['seq'] for line in log_lines(folder / 'checkpoints.jsonl')]
    assert max(after - before for before, after in pairwise([0, *signed])) <= 2 * COMMIT_LINES
