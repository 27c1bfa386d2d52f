# SPDX-License-Identifier: Apache-2.0
"""Whatever the disk does: no promise is lost, nothing looks tampered, no fault is silent.

The n-th call fails, for every n; and every disk that a power cut may leave is enumerated. Each has
a negative control that must lose data, else it would prove nothing.
"""

import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import pytest
from vault_disk import Crash, Disk, FailingDisk, RecordingDisk, legal_crashes, session
from vault_world import signed_vault

from swarm_vault.errors import VaultError
from swarm_vault.index import Index
from swarm_vault.ledger import Ledger
from swarm_vault.lines import Event, Kind
from swarm_vault.segments import log_folder, segment_paths
from swarm_vault.verify import verify_vault

EVENTS = 12
HERE = str(Path(__file__).parent)
HOWS = ('EIO', 'ENOSPC', 'short', 'kill')
SPARSE = pytest.param(5, id='some')
DENSE = pytest.param(1, id='all', marks=pytest.mark.slow)


@pytest.fixture(scope='module')
def keys(tmp_path_factory) -> Path:
    return signed_vault(tmp_path_factory.mktemp('keys'))


def fresh(keys: Path, vault: Path) -> Path:
    shutil.copytree(keys / 'nexus', vault / 'nexus')
    return vault


def stored(vault: Path) -> dict[int, int]:
    found: dict[int, int] = {}
    for path in segment_paths(log_folder(vault, 'amr_1', 'reflex')):
        for line in path.read_bytes().split(b'\n')[:-1]:
            event = json.loads(line)
            if event['type'] == 'test.said':
                found[event['seq']] = event['data']['number']
    return found


def lost(vault: Path, promised: dict[int, int]) -> dict[int, int]:
    """What of the promised is not there after the log was opened again."""
    Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex').close()
    found = stored(vault)
    return {seq: number for seq, number in promised.items() if found.get(seq) != number}


def index_fits(vault: Path) -> bool:
    """Whether the index knows as many events as the log has lines."""
    lines = segment_paths(log_folder(vault, 'amr_1', 'reflex'))
    index = Index(vault)
    try:
        return index.update() == sum(path.read_bytes().count(b'\n') for path in lines)
    finally:
        index.close()


def open_files(vault: Path) -> list[Path]:
    """What this process holds open in a vault; a disk that failed could not be unmounted."""
    links = list(Path('/proc/self/fd').iterdir())
    held = [link.readlink() for link in links if link.is_symlink()]
    return [path for path in held if path.is_relative_to(vault)]


def calls_of_a_session(keys: Path, folder: Path, *, events: int = EVENTS) -> int:
    with FailingDisk(0, 'EIO') as disk:
        session(fresh(keys, folder), events=events)
    return disk.calls


@pytest.mark.parametrize('how', HOWS[:3])
@pytest.mark.parametrize('step', [SPARSE, DENSE])
def test_the_nth_call_may_fail_for_every_n(keys: Path, tmp_path: Path, how: str, step: int):
    calls = calls_of_a_session(keys, tmp_path / 'whole')
    assert calls > 20
    for n in range(1, calls + 10, step):
        vault = fresh(keys, tmp_path / f'{n}')
        with FailingDisk(n, how) as disk:
            promised = session(vault, events=EVENTS)
        assert not disk.retried, f'call {n} was a sync that was tried again'
        assert open_files(vault) == [], f'call {n}, a {disk.failed}, left files open'
        assert lost(vault, promised) == {}, f'call {n}, a {disk.failed}'
        assert verify_vault(vault).exit_code in (0, 3), (n, verify_vault(vault).reasons)


@pytest.mark.parametrize('how', HOWS[:3])
@pytest.mark.parametrize(
    'step', [pytest.param(97, id='some'), pytest.param(13, id='more', marks=pytest.mark.slow)]
)
def test_a_second_call_may_fail_after_the_first(keys: Path, tmp_path: Path, how: str, step: int):
    """In the commits, in the last words, in the close, or when the log is opened again."""
    opened = calls_of_a_session(keys, tmp_path / 'opened', events=0)
    calls = calls_of_a_session(keys, tmp_path / 'whole')
    pairs = [(n, n + more) for n in range(1, calls) for more in range(1, opened)]
    twice = 0
    for pair in pairs[::step]:
        vault = fresh(keys, tmp_path / f'{pair}')
        with FailingDisk(pair, how) as disk:
            promised = session(vault, events=EVENTS)
            session(vault, events=0)
        twice += disk.failures == 2
        assert not disk.retried, f'calls {pair} were a sync that was tried again'
        assert open_files(vault) == [], f'calls {pair} left files open'
        assert lost(vault, promised) == {}, pair
        assert verify_vault(vault).exit_code in (0, 3), (pair, verify_vault(vault).reasons)
    assert twice > len(pairs[::step]) // 2


@pytest.mark.parametrize('step', [SPARSE, DENSE])
def test_the_process_may_die_in_the_nth_call_for_every_n(keys: Path, tmp_path: Path, step: int):
    calls = calls_of_a_session(keys, tmp_path / 'whole')
    for n in range(1, calls + 10, step):
        vault = fresh(keys, tmp_path / f'{n}')
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            with FailingDisk(n, 'kill'):
                os.write(writing, json.dumps(session(vault, events=EVENTS)).encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(writing)
        os.close(reading)
        assert lost(vault, {}) == {}
        assert verify_vault(vault).exit_code in (0, 3), (n, verify_vault(vault).reasons)


def test_after_a_failure_that_lasts_the_log_says_so_and_takes_nothing(keys: Path, tmp_path: Path):
    vault = fresh(keys, tmp_path / 'v')
    ledger = Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex')
    event = Event(kind=Kind.MESSAGE, type_='test.said', data={'number': 1})
    ledger.append(event, durable=True)
    with FailingDisk(1, 'ENOSPC', for_ever=True):
        with pytest.raises(VaultError, match='No space left on device'):
            ledger.append(event, durable=True)
        assert 'mend the disk and restart' in str(ledger.fault)
        with pytest.raises(VaultError, match='No space left'):
            ledger.append(event)
        ledger.close()


def disk_after(crash: Crash, recorded: Path, keys: Path, target: Path) -> Path:
    if target.exists():
        shutil.rmtree(target)
    target.mkdir()
    (target / 'nexus').symlink_to(keys / 'nexus')
    for path, content in sorted(crash.files.items()):
        place = target / path.relative_to(recorded)
        if content is None:
            place.mkdir(parents=True, exist_ok=True)
        elif 'nexus' not in place.parts:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return target


def recorded_crashes(keys: Path, vault: Path, *, lying: bool, every: int) -> list[Crash]:
    fresh(keys, vault)
    with RecordingDisk(vault, lying=lying) as disk:
        session(vault, events=EVENTS, disk=disk)
        session(vault, events=EVENTS // 2, disk=disk)
    return list(legal_crashes(disk.steps, every=every))


@pytest.mark.parametrize('every', [pytest.param(2, id='some'), DENSE])
def test_no_disk_that_a_power_cut_may_leave_has_lost_a_promise(
    keys: Path, tmp_path: Path, every: int
):
    crashes = recorded_crashes(keys, tmp_path / 'v', lying=False, every=every)
    assert len(crashes) > 40
    for crash in crashes:
        vault = disk_after(crash, tmp_path / 'v', keys, tmp_path / 'after')
        assert lost(vault, crash.promised) == {}, crash.step
        verdict = verify_vault(vault)
        assert verdict.exit_code in (0, 3), (crash.step, verdict.reasons)


def test_negative_control_a_disk_that_does_not_sync_loses_promises(keys: Path, tmp_path: Path):
    crashes = recorded_crashes(keys, tmp_path / 'v', lying=True, every=9)
    bare = [crash for crash in crashes if not any(crash.files.values())]
    vault = disk_after(bare[-1], tmp_path / 'v', keys, tmp_path / 'after')
    assert len(lost(vault, bare[-1].promised)) > 0


def test_a_real_limit_of_the_file_size_is_a_fault_that_shows(keys: Path, tmp_path: Path):
    vault = fresh(keys, tmp_path / 'v')
    program = (
        'import resource, signal, sys; from pathlib import Path; from vault_disk import session;'
        'signal.signal(signal.SIGXFSZ, signal.SIG_IGN);'
        'resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000));'
        'print(len(session(Path(sys.argv[1]), events=30)))'
    )
    done = python(program, vault)
    assert 0 < int(done) < 10
    assert lost(vault, {}) == {}
    assert verify_vault(vault).exit_code == 3


@pytest.mark.slow
@pytest.mark.skipif(shutil.which('strace') is None, reason='there is no strace to inject faults')
@pytest.mark.parametrize('call', ['fdatasync', 'write', 'fsync'])
@pytest.mark.parametrize('how', ['error=EIO', 'error=ENOSPC', 'signal=KILL'])
def test_the_kernel_itself_may_fail_a_call(keys: Path, tmp_path: Path, call: str, how: str):
    for n in (2, 5):
        vault = fresh(keys, tmp_path / f'{n}')
        out = tmp_path / f'{n}.promises'
        program = (
            'import sys, json; from pathlib import Path; from vault_disk import session;'
            'promised = session(Path(sys.argv[1]), events=30);'
            'Path(sys.argv[2]).write_text(json.dumps(sorted(promised.items())))'
        )
        inject = f'inject={call}:{how}:when={n}'
        watched = [arg for path in log_paths(vault) for arg in ('-P', str(path))]
        strace = ['strace', '-f', '-qq', '-o', '/dev/null', *watched, '-e', inject]
        python(program, vault, out, before=strace)
        promised = dict(json.loads(out.read_text())) if out.exists() else {}
        # strace counts for each of the two threads that sync: ten promises are five of one
        assert call != 'fdatasync' or len(promised) < 10, 'the fault did not happen'
        assert lost(vault, promised) == {}, (call, how, n)
        assert verify_vault(vault).exit_code in (0, 3)


def log_paths(vault: Path) -> list[Path]:
    """The files of the log as today names them: only calls on these are to fail."""
    day = datetime.now(tz=timezone.utc).strftime('%Y-%m-%d')
    folder = log_folder(vault, 'amr_1', 'reflex')
    stems = [day, f'{day}_0001', f'{day}_0002']
    return [folder / day[:7] / f'{stem}.jsonl' for stem in stems]


def can_mount() -> bool:
    tools = all(shutil.which(tool) for tool in ('mkfs.ext4', 'mount', 'umount'))
    return tools and os.geteuid() == 0 and Path('/dev/loop-control').exists()


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason='a real power cut needs root, loop devices and ext4')
@pytest.mark.parametrize('lying', [False, True], ids=['honest', 'negative control'])
def test_a_real_power_cut_on_ext4_takes_nothing_that_was_promised(
    keys: Path, tmp_path: Path, *, lying: bool
):
    image, place = tmp_path / 'disk.img', tmp_path / 'mnt'
    place.mkdir()
    with image.open('wb') as file:
        file.truncate(16_000_000)
    subprocess.run(['mkfs.ext4', '-q', image], check=True)
    taken = 0
    for cut in range(6 if lying else 40):
        subprocess.run(['mount', '-o', 'loop', image, place], check=True)
        vault = place / f'{cut}'
        try:
            fresh(keys, vault)
            os.sync()
            promised = cut_session(vault, cut, lying=lying)
        finally:
            subprocess.run(['umount', place], check=True)
        subprocess.run(['mount', '-o', 'loop', image, place], check=True)
        try:
            taken += len(lost(vault, promised))
            assert verify_vault(vault).exit_code in (0, 3) or lying, verify_vault(vault).reasons
            assert index_fits(vault)
            shutil.rmtree(vault)
        finally:
            subprocess.run(['umount', place], check=True)
    assert (taken > 0) == lying


EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2


def cut_session(vault: Path, cut: int, *, lying: bool) -> dict[int, int]:
    """Record, index, then shut the file system down without its journal: the power is gone."""
    promised: dict[int, int] = {}
    true_sync, true_fsync = os.fdatasync, os.fsync
    if lying:
        os.fdatasync = os.fsync = lambda _descriptor: None
    try:
        ledger = Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex', segment_bytes=3000)
        for number in range(3 + cut % 11):
            event = Event(kind=Kind.MESSAGE, type_='test.said', data={'number': number})
            promised[ledger.append(event, durable=True)] = number
        for number in range(cut % 4):
            ledger.append(Event(kind=Kind.MESSAGE, type_='test.lost', data={'number': number}))
        index_fits(vault)
        descriptor = os.open(vault, os.O_RDONLY)
        fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack('I', NO_LOG_FLUSH))
        os.close(descriptor)
        ledger.close()
    finally:
        os.fdatasync, os.fsync = true_sync, true_fsync
    return promised


def python(program: str, *arguments: object, before: Sequence[str] = ()) -> str:
    done = subprocess.run(
        [*before, sys.executable, '-c', program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {'PYTHONPATH': os.pathsep.join([HERE, os.environ.get('PYTHONPATH', '')])},
    )
    return done.stdout


def test_a_disk_that_does_nothing_strange_is_passed_through(tmp_path: Path):
    with Disk():
        assert len(session(tmp_path, events=3)) == 1
    assert verify_vault(tmp_path).exit_code == 0
