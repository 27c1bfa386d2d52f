# SPDX-License-Identifier: Apache-2.0
"""Old files of a log become Parquet or go: the chain goes on, and what is forged shows."""

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner
from vault_world import CORES, pinned, record, signed_vault

from swarm_vault import cli
from swarm_vault.archive import archive_logs, restore_logs
from swarm_vault.begin import FILE as BEGIN_FILE
from swarm_vault.begin import read_begin
from swarm_vault.cold import read_cold
from swarm_vault.errors import VaultError
from swarm_vault.events import Query, read_events
from swarm_vault.files import remove
from swarm_vault.index import Index, Question
from swarm_vault.keys import load_trust
from swarm_vault.ledger import Ledger
from swarm_vault.lines import Event, Kind, parse_line
from swarm_vault.proof import check_proof, prove_event
from swarm_vault.replay import replay_vault
from swarm_vault.retention import Policy, apply_policy
from swarm_vault.segments import lines_after, log_folder, segment_paths
from swarm_vault.tail import LogTail
from swarm_vault.verify import VaultVerdict, verify_vault

DAY_NS = 86_400 * 10**9
LOG = 'amr_1/reflex'


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two old days of events and a recording of today."""
    vault = signed_vault(tmp_path_factory.mktemp('made'))
    for days in (40, 20):
        now_ns = time.time_ns() - days * DAY_NS
        clock = iter(range(now_ns, now_ns + 1000)).__next__
        ledger = Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex', clock=clock)
        for number in range(20):
            ledger.append(Event(kind=Kind.MESSAGE, type_='test.said', data={'number': number}))
        ledger.close()
    record(vault, frames=10, events=3)
    return vault


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Path:
    target = tmp_path / 'vault'
    copy_tree(made, target)
    return target


def copy_tree(source: Path, target: Path) -> None:
    for path in source.rglob('*'):
        if path.is_file():
            there = target / path.relative_to(source)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(path.read_bytes())
            there.chmod(path.stat().st_mode)


def folder_of(vault: Path) -> Path:
    return log_folder(vault, 'amr_1', 'reflex')


def contents(vault: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in segment_paths(folder_of(vault))}


def archive(vault: Path, days: int = 0) -> list[Path]:
    archive_logs(vault, days=days, now_ns=time.time_ns())
    return sorted(folder_of(vault).glob('*/*.parquet'))


def judged(vault: Path) -> tuple[int, str]:
    verdict: VaultVerdict = verify_vault(vault)
    return verdict.exit_code, ' '.join(verdict.reasons + verdict.losses)


def test_a_cold_file_gives_back_every_byte_and_everything_reads_on(vault: Path):
    before, lines = contents(vault), lines_after(folder_of(vault), 0)
    index = Index(vault)
    index.update()
    cold = archive(vault)
    assert [path.stem for path in cold] == [Path(name).stem for name in sorted(before)[:2]]
    assert [read_cold(path) for path in cold] == [before[f'{path.stem}.jsonl'] for path in cold]
    assert len(contents(vault)) == 3
    assert lines_after(folder_of(vault), 0)[: len(lines)] == lines
    assert list(LogTail(vault, 'amr_1', 'reflex').read(-1, limit=len(lines))) == lines
    events = list(read_events(vault, Query(type_='test.said')))
    assert [event['id'] for event in events] == [
        event['id']
        for event in (parse_line(line) for line in lines)
        if event['type'] == 'test.said'
    ]
    assert index.update() == len(lines_after(folder_of(vault), 0))
    assert list(index.ask(Question(type_='test.said'), 0)) == events
    index.forget()
    index.update()
    assert list(index.ask(Question(type_='test.said'), 0)) == events
    index.close()


def test_all_three_verdicts_hold_over_cold_files(vault: Path):
    archive(vault)
    assert judged(vault) == (0, '')
    report = replay_vault(vault, cores=CORES)
    assert (report.ok, report.decisions_reproduced) == (True, 10)
    proof = prove_event(vault, f'{LOG}/3')
    assert check_proof(proof, load_trust(vault)).ok
    record(vault, frames=2, events=1)
    assert judged(vault) == (0, '')


def test_the_bytes_come_back_as_they_were(vault: Path):
    before = contents(vault)
    archive(vault)
    assert len(restore_logs(vault)) == 2
    after = contents(vault)
    assert {name: after[name] for name in list(before)[:2]} == dict(list(before.items())[:2])
    assert judged(vault)[0] == 0
    assert len(archive(vault)) == 2
    assert judged(vault) == (0, '')


def test_only_old_files_of_closed_logs_become_cold(vault: Path):
    assert len(archive(vault, days=30)) == 1
    ledger = Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex')
    assert len(archive(vault)) == 1
    ledger.close()


def test_an_edited_line_in_a_cold_file_shows_even_with_the_digest_made_to_fit(vault: Path):
    first = sorted(folder_of(vault).glob('*/*.jsonl'))[0]
    lines = first.read_bytes().splitlines()
    event = json.loads(lines[5])
    event['data']['number'] = 77
    lines[5] = pinned(event)
    first.write_bytes(b''.join(line + b'\n' for line in lines))
    with pytest.raises(VaultError, match='its files are left alone'):
        archive(vault)


@pytest.mark.parametrize('where', [0.1, 0.5, 0.9])
def test_a_changed_cold_file_is_named_and_not_decoded(vault: Path, where: float):
    cold = archive(vault)[0]
    content = bytearray(cold.read_bytes())
    content[int(where * len(content))] ^= 1
    cold.write_bytes(content)
    assert judged(vault) == (
        1,
        f'{LOG}: {cold.name}:0: {cold.name} is not the file that was archived',
    )


def test_every_flipped_bit_of_a_cold_file_shows(vault: Path):
    from swarm_vault.cold_check import cold_fault

    cold = archive(vault)[0]
    paths, good = segment_paths(folder_of(vault)), cold.read_bytes()
    assert cold_fault(paths) == ('', '')
    for bit in range(0, len(good) * 8, 97):
        content = bytearray(good)
        content[bit // 8] ^= 1 << bit % 8
        cold.write_bytes(content)
        assert cold_fault(paths)[0] == cold.name


def test_a_cold_file_that_is_gone_is_a_gap(vault: Path):
    remove(archive(vault)[1])
    code, reason = judged(vault)
    assert code == 1
    assert 'missing' in reason


def test_a_cold_file_that_no_event_speaks_of_is_not_believed(vault: Path):
    cold = archive(vault)[0]
    text = read_cold(cold)
    rest = vault / 'rest'
    rest.write_bytes(cold.read_bytes())
    restore_logs(vault)
    for path in segment_paths(folder_of(vault))[2:]:
        path.write_bytes(path.read_bytes().replace(b'ledger.archived', b'ledger.archivex'))
    remove(cold.with_suffix('.jsonl'))
    cold.write_bytes(rest.read_bytes())
    assert read_cold(cold) == text
    assert 'no later ledger.archived event tells its digest' in judged(vault)[1]


def test_what_is_no_parquet_is_one_sentence(tmp_path: Path):
    path = tmp_path / '2026-01-01.parquet'
    path.write_bytes(b'PAR1 is not all of it PAR1')
    with pytest.raises(VaultError, match=r'2026-01-01\.parquet cannot be decoded as Parquet'):
        read_cold(path)


def test_a_crash_between_the_event_and_the_removal_leaves_both_and_is_mended(vault: Path):
    before = sorted(folder_of(vault).glob('*/*.jsonl'))[0]
    content = before.read_bytes()
    archive(vault)
    before.write_bytes(content)
    assert judged(vault) == (0, '')
    archive(vault)
    assert not before.exists()
    assert judged(vault) == (0, '')


def prune(vault: Path, days: int = 30) -> None:
    apply_policy(vault, Policy(logs_days=days), time.time_ns())


def test_a_policy_removes_the_oldest_lines_and_keeps_their_head(vault: Path):
    archive(vault)
    (pruned,) = apply_policy(vault, Policy(logs_days=30), time.time_ns()).pruned
    assert (len(pruned.files), pruned.lines) == (1, 22)
    code, told = judged(vault)
    assert (code, told) == (
        3,
        f'{LOG}: seq 0 to 21 were removed by policy, seq {pruned.event.rpartition("/")[2]} says',
    )
    assert read_begin(folder_of(vault)).link.seq == 22
    record(vault, frames=3, events=1)
    assert judged(vault)[0] == 3
    assert replay_vault(vault, cores=CORES).decisions_reproduced == 13
    with pytest.raises(VaultError, match='removed by policy'):
        prove_event(vault, f'{LOG}/30')


def test_a_removed_file_is_still_proved_by_the_head_that_stayed(vault: Path, tmp_path: Path):
    archive(vault)
    kept = tmp_path / 'kept.parquet'
    kept.write_bytes(sorted(folder_of(vault).glob('*/*.parquet'))[0].read_bytes())
    prune(vault)
    lines = read_cold(kept).splitlines()
    begin = read_begin(folder_of(vault))
    from swarm_vault.lines import line_hash
    from swarm_vault.merkle import Tree

    tree = Tree()
    tree.extend(lines)
    assert (line_hash(lines[-1]), tuple(tree.peaks)) == (begin.link.prev, begin.peaks)


def test_lines_that_no_policy_removed_are_missing(vault: Path):
    prune(vault)
    folder = folder_of(vault)
    first = segment_paths(folder)[0]
    begin = read_begin(folder)
    remove(folder / BEGIN_FILE)
    assert judged(vault)[0] == 1
    forged = begin.plain() | {'seq': 44, 'peaks': ['0' * 64] * 3}
    (folder / BEGIN_FILE).write_bytes(pinned(forged))
    assert judged(vault)[0] == 1
    assert first.exists()


def test_a_begin_that_no_event_confirms_is_not_believed(vault: Path):
    folder = folder_of(vault)
    prune(vault)
    remove(segment_paths(folder)[0])
    begin = read_begin(folder)
    (line,) = [
        line for line in lines_after(folder, 0) if b'ledger.opened' in line and b'"seq":44' in line
    ]
    forged = begin.plain() | {'seq': 44, 'prev': parse_line(line)['prev'], 'peaks': ['0' * 64] * 3}
    forged['stem'] = segment_paths(folder)[0].stem
    (folder / BEGIN_FILE).write_bytes(pinned(forged))
    code, reason = judged(vault)
    assert code == 1
    assert 'no event says that a policy removed them' in reason


def test_what_tells_of_a_kept_bag_is_kept(vault: Path):
    later_ns = time.time_ns() + 100 * DAY_NS
    ledger = Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex', clock=lambda: later_ns)
    ledger.close()
    (pruned,) = apply_policy(vault, Policy(logs_days=30), later_ns).pruned
    assert len(pruned.files) == 2
    apply_policy(vault, Policy(bags_days=30), later_ns)
    (pruned,) = apply_policy(vault, Policy(logs_days=30), later_ns).pruned
    assert len(pruned.files) == 1
    assert verify_vault(vault).exit_code == 3


def test_the_commands_archive_restore_and_retain(vault: Path, tmp_path: Path):
    run = CliRunner().invoke
    result = run(cli.app, ['archive', str(vault), '--days', '30'])
    assert result.stdout.endswith('1 files archived\n')
    assert 'says so' in result.stdout
    result = run(cli.app, ['archive', str(vault), '--restore', '--json'])
    assert [each['lines'] for each in json.loads(result.stdout)] == [22]
    policy = tmp_path / 'policy.yaml'
    policy.write_text('archive_days: 10\nlogs_days: 30\n')
    result = run(cli.app, ['retain', str(vault), '--policy', str(policy)])
    assert result.stdout.endswith('0 bags removed, 2 files archived, 1 logs cut at the start\n')
    assert verify_vault(vault).exit_code == 3
