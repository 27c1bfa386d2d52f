# SPDX-License-Identifier: Apache-2.0
"""Every way to tamper with a record ends in its own verdict; no clean record raises an alarm."""

import json
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from vault_world import (
    CORE,
    PARAMS,
    bag_file,
    inputs_at,
    log_file,
    log_lines,
    pinned,
    put_lines,
    rechained,
    record,
    run,
    signed_vault,
)

from swarm_vault.checkpoints import FILE
from swarm_vault.frames import seal_fault
from swarm_vault.keys import ensure_authority, load_trust
from swarm_vault.log_check import LogWalk
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.segments import log_folder
from swarm_vault.verify import Verdict, verify_vault

# Lines of a record with 5 events: 0 opened, 1 core.start, 2..6 said, 7 sealed, 8 closed.
LINES = 9


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record with one checkpoint, at its end, however slow the machine is."""
    monkeypatch.setattr('swarm_vault.ledger.CHECKPOINT_S', 60.0)
    record(signed_vault(tmp_path, ('amr_1', 'amr_2')), frames=20, events=5)
    return tmp_path


def verdict_of(vault: Path, agent: str = 'amr_1') -> Verdict:
    verdict = verify_vault(vault)
    assert verdict.exit_code == 1
    assert not verdict.ok
    return next(v for v in verdict.writers if v.writer.startswith(agent))


def change_line(vault: Path, number: int, change: Callable[[dict[str, object]], None]) -> None:
    path = log_file(vault)
    lines = log_lines(path)
    event = json.loads(lines[number])
    change(event)
    lines[number] = pinned(event)
    put_lines(path, lines)


def rechain(lines: list[bytes]) -> list[bytes]:
    return rechained([json.loads(line) for line in lines])


def test_an_untouched_record_is_clean(vault: Path):
    verdict = verify_vault(vault)
    assert (verdict.exit_code, verdict.reasons, verdict.losses) == (0, (), ())
    (writer,) = verdict.writers
    assert (writer.writer, writer.seq, writer.covered) == ('amr_1/reflex', LINES, LINES)
    assert writer.frames == 20


@pytest.mark.parametrize('number', range(LINES - 1))
def test_an_edited_line_shows_at_the_line_that_follows(vault: Path, number: int):
    change_line(vault, number, lambda event: event.update(time_ns=5))
    verdict = verdict_of(vault)
    assert verdict.seq == number + 1
    assert verdict.line == number + 2
    assert (
        f'seq {number + 1} was chained to something else than seq {number} as it stands here'
        in verdict.reason
    )


def test_an_edited_last_line_shows_by_its_checkpoint(vault: Path):
    change_line(vault, LINES - 1, lambda event: event.update(data={'forged': True}))
    verdict = verdict_of(vault)
    assert verdict.seq == LINES - 1
    assert verdict.reason.endswith(f':9: seq {LINES - 1} is not the one that a checkpoint signed')
    assert (verdict.file, verdict.line) == (log_file(vault).name, LINES)


def test_a_deleted_line_shows_as_missing(vault: Path):
    lines = log_lines(log_file(vault))
    put_lines(log_file(vault), lines[:3] + lines[4:])
    verdict = verdict_of(vault)
    assert (verdict.seq, verdict.line) == (3, 4)
    assert verdict.reason == f'{log_file(vault).name}:4: seq 3 to 3 missing'


def test_a_deleted_beginning_shows_as_missing(vault: Path):
    put_lines(log_file(vault), log_lines(log_file(vault))[2:])
    assert verdict_of(vault).reason.endswith(':1: seq 0 to 1 missing')


def test_swapped_lines_show(vault: Path):
    lines = log_lines(log_file(vault))
    lines[4], lines[5] = lines[5], lines[4]
    put_lines(log_file(vault), lines)
    assert verdict_of(vault).reason.endswith(':5: seq 4 to 4 missing')


def test_a_doubled_line_shows(vault: Path):
    lines = log_lines(log_file(vault))
    put_lines(log_file(vault), [*lines[:4], lines[3], *lines[4:]])
    assert verdict_of(vault).reason.endswith(':5: seq 4 expected, found 3 again')


@pytest.mark.parametrize('kept', range(LINES))
def test_a_cut_tail_shows_by_its_checkpoint(vault: Path, kept: int):
    put_lines(log_file(vault), log_lines(log_file(vault))[:kept])
    verdict = verdict_of(vault)
    assert verdict.seq == kept
    assert verdict.reason == f'the tail is cut off: signed up to seq {LINES - 1}'


def test_a_removed_log_file_shows_by_its_checkpoint(vault: Path):
    log_file(vault).unlink()
    assert 'the tail is cut off' in verdict_of(vault).reason


@pytest.mark.parametrize('insert', [0, 3, LINES])
def test_a_forged_line_with_a_new_chain_shows_by_its_checkpoint(vault: Path, insert: int):
    lines = log_lines(log_file(vault))
    forged = lines[2].replace(b'test.said', b'test.fake')
    put_lines(log_file(vault), rechain([*lines[:insert], forged, *lines[insert:]]))
    verdict = verify_vault(vault)
    if insert < LINES:
        (reason,) = verdict.reasons
        assert reason.endswith(f': seq {LINES - 1} is not the one that a checkpoint signed')
    else:
        # Behind the last signed line anybody may append: it is told, and counts as unsigned.
        assert verdict.exit_code == 3
        assert 'the writer died before seq 10' in verdict.losses[0]


def test_an_edit_with_a_new_chain_shows_by_its_checkpoint(vault: Path):
    lines = log_lines(log_file(vault))
    lines[3] = lines[3].replace(b'"number":1', b'"number":7')
    put_lines(log_file(vault), rechain(lines))
    assert 'is not the one that a checkpoint signed' in verdict_of(vault).reason


def test_many_lines_without_a_checkpoint_show(vault: Path):
    lines = log_lines(log_file(vault))
    put_lines(log_file(vault), rechain([*lines[:2], *[lines[3]] * 1100, *lines[2:]]))
    (log_folder(vault, 'amr_1', 'reflex') / FILE).unlink()
    verdict = verdict_of(vault)
    assert verdict.seq == 0
    assert '1109 lines behind seq -1 are not signed' in verdict.reason


def test_a_few_lines_without_a_checkpoint_are_a_stated_loss(vault: Path):
    (log_folder(vault, 'amr_1', 'reflex') / FILE).unlink()
    verdict = verify_vault(vault)
    assert verdict.exit_code == 3
    assert verdict.losses == (f'amr_1/reflex: the last {LINES} lines are not signed',)


def test_swapped_logs_of_two_robots_show_in_both(vault: Path):
    record(vault, frames=20, events=5, agent='amr_2')
    one, other = log_file(vault), log_file(vault, 'amr_2')
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    assert "seq 0 belongs to another log, its id is 'amr_2/reflex/0'" in verdict_of(vault).reason
    assert "its id is 'amr_1/reflex/0'" in verdict_of(vault, 'amr_2').reason


def test_checkpoints_of_another_log_show(vault: Path):
    record(vault, frames=20, events=5, agent='amr_2')
    one, other = (log_folder(vault, a, 'reflex') / FILE for a in ('amr_1', 'amr_2'))
    shutil.copy(other, one)
    assert verdict_of(vault).reason == f'{FILE}:1: checkpoint 1: is one of amr_2/reflex'


@pytest.mark.parametrize(
    ('old', 'new', 'reason'),
    [
        ('head ', 'head 0', "signature of 'amr_1' does not fit"),
        ('time_ns 1', 'time_ns 2', "signature of 'amr_1' does not fit"),
        ('\n9\n', '\n10\n', 'it is not in the pinned form'),
        ('/reflex ', '/reflex *', 'is no base64'),
        ('/reflex ', '/planner ', "'amr_1' has not signed it"),
    ],
)
def test_a_changed_checkpoint_shows(vault: Path, old: str, new: str, reason: str):
    path = log_folder(vault, 'amr_1', 'reflex') / FILE
    checkpoint = json.loads(log_lines(path)[-1])
    changed = checkpoint['note'].replace(old, new)
    assert changed != checkpoint['note']
    put_lines(path, [pinned(checkpoint | {'note': changed})])
    assert reason in verdict_of(vault).reason


@pytest.mark.parametrize('change', [{'seq': 3}, {'peaks': []}, {'peaks': ['00'] * 2}, {'x': 1}])
def test_a_checkpoint_whose_other_fields_changed_shows(vault: Path, change: dict[str, object]):
    path = log_folder(vault, 'amr_1', 'reflex') / FILE
    checkpoint = json.loads(log_lines(path)[-1])
    put_lines(path, [pinned(checkpoint | change)])
    assert 'line is no checkpoint' in verdict_of(vault).reason


@pytest.mark.parametrize(
    'line', [b'', b'nonsense', b'[]', b'{"seq":1}', b'{"seq":0,"agent_id":1}', b'\xff']
)
def test_a_line_that_is_no_checkpoint_shows(vault: Path, line: bytes):
    path = log_folder(vault, 'amr_1', 'reflex') / FILE
    put_lines(path, [line, *log_lines(path)])
    assert f'{FILE}:1: checkpoint 1:' in verdict_of(vault).reason


def test_repeated_checkpoints_show(vault: Path):
    path = log_folder(vault, 'amr_1', 'reflex') / FILE
    put_lines(path, [*log_lines(path), log_lines(path)[-1]])
    assert f'seq {LINES - 1} does not rise above {LINES - 1}' in verdict_of(vault).reason


def test_a_record_signed_with_another_key_shows_to_who_brings_the_right_one(
    vault: Path, tmp_path_factory
):
    other = tmp_path_factory.mktemp('other')
    ensure_authority(other, ['amr_1'])
    verdict = verify_vault(vault, trust=load_trust(other))
    assert "'amr_1' has not signed it" in verdict.reasons[0]


def test_a_missing_public_key_is_not_passed_over(vault: Path):
    (vault / 'nexus/trust/amr_1.pub').unlink()
    assert "author 'amr_1' is no member" in verdict_of(vault).reason


@pytest.mark.parametrize(
    'line', [b'', b'{}', b'[1]', b'nonsense', b'{"seq":2}', b'\xff\xfe', b'NaN']
)
def test_a_line_in_the_middle_that_is_no_event_is_tampering_not_a_crash(vault: Path, line: bytes):
    lines = log_lines(log_file(vault))
    put_lines(log_file(vault), [*lines[:2], line, *lines[3:]])
    verdict = verdict_of(vault)
    assert (verdict.seq, verdict.line) == (2, 3)


def test_carriage_returns_show(vault: Path):
    path = log_file(vault)
    path.write_bytes(path.read_bytes().replace(b'\n', b'\r\n'))
    assert verdict_of(vault).reason.endswith(':1: seq 0 is not in the pinned form')


def test_an_inner_file_without_its_last_newline_shows(tmp_path: Path):
    record(tmp_path, frames=1, events=1)
    first = log_file(tmp_path)
    second = first.with_name('2999-01-01.jsonl')
    lines = log_lines(first)
    first.write_bytes(b'\n'.join(lines[:3]))
    put_lines(second, lines[3:])
    assert 'does not end with a whole line' in verdict_of(tmp_path).reason


def test_every_changed_byte_of_a_bag_shows(vault: Path):
    bag = bag_file(vault)
    whole = bag.read_bytes()
    (log,) = LogWalk(log_folder(vault, 'amr_1', 'reflex'), None).check().bags.values()
    assert seal_fault(BytesIO(whole), log) == ''
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1 << position % 8
        reason = seal_fault(BytesIO(changed), log)
        assert reason.endswith('are not those that seq 7 sealed'), position
    bag.write_bytes(changed)
    assert 'are not those that seq 7 sealed' in verdict_of(vault).reason


def test_a_removed_bag_shows(vault: Path):
    bag = bag_file(vault)
    bag.unlink()
    assert '20 frames were sealed, but No such file' in verdict_of(vault).reason


def test_a_cut_bag_shows(vault: Path):
    bag = bag_file(vault)
    size = bag.stat().st_size
    bag.write_bytes(bag.read_bytes()[:-1])
    assert f'seq 7 sealed {size} bytes, {size - 1} are there' in verdict_of(vault).reason


def test_a_bag_that_goes_on_behind_its_end_shows(vault: Path):
    with bag_file(vault).open('ab') as file:
        file.write(b'x')
    assert 'bytes stand behind the final seal' in verdict_of(vault).reason


def test_swapped_bags_show(vault: Path):
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    recorder.decide(CORE, recorder.start(CORE, PARAMS), inputs_at(5), PARAMS)
    recorder.close()
    one, other = sorted((vault / 'bags/amr_1/reflex').iterdir())
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    assert 'sealed' in verdict_of(vault).reason


def test_a_planted_bag_shows(vault: Path):
    shutil.copy(bag_file(vault), vault / 'bags/amr_1/reflex/5.mcap')
    verdict = verify_vault(vault)
    assert verdict.reasons == ('bags/amr_1/reflex/5.mcap: holds decisions of which no log speaks',)


def test_a_removed_log_shows_by_its_bags(vault: Path):
    shutil.rmtree(vault / 'agents/amr_1')
    record(vault, agent='amr_2')
    assert 'of which no log speaks' in verify_vault(vault).reasons[0]


@pytest.mark.parametrize(
    'data',
    [
        None,
        [],
        'text',
        {},
        {'bag': 5},
        {'bag': '../../etc/passwd'},
        {'bag': 'bags/amr_2/reflex/1.mcap'},
        {'bag': 'bags/amr_1/reflex/../x.mcap'},
        {'bag': 'bags/amr_1/reflex/1.mcap', 'frames': 'many'},
        {'bag': 'bags/amr_1/reflex/1.mcap', 'frames': 1, 'bytes': -5, 'inexact': ''},
    ],
)
@pytest.mark.parametrize('number', [1, 7])
def test_an_event_with_hostile_data_is_a_verdict_not_a_crash(
    tmp_path: Path, data: object, number: int
):
    record(tmp_path, frames=3)
    lines = log_lines(log_file(tmp_path))
    lines[number] = pinned(json.loads(lines[number]) | {'data': data})
    put_lines(log_file(tmp_path), rechain(lines))
    assert not verify_vault(tmp_path).ok


def test_an_empty_folder_is_no_clean_vault(tmp_path: Path):
    verdict = verify_vault(tmp_path)
    assert verdict.exit_code == 1
    assert 'there is no log under agents/' in verdict.reasons[0]


@pytest.mark.parametrize('cut', [1, 5, 60])
def test_a_torn_last_line_is_a_loss_not_tampering(tmp_path: Path, cut: int):
    record(tmp_path, frames=5)
    path = log_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    verdict = verify_vault(tmp_path)
    assert verdict.exit_code == 3
    assert 'bytes of a torn line behind seq 7' in verdict.losses[0]


def test_a_killed_writer_is_a_stated_loss(vault: Path):
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    run(recorder, frames=5, events=5)
    recorder.event(Kind.SYSTEM, 'test.last', {}, durable=True)
    copy = vault / 'copy'
    shutil.copytree(vault / 'agents', copy / 'agents')
    shutil.copytree(vault / 'bags', copy / 'bags')
    shutil.copytree(vault / 'nexus', copy / 'nexus')
    recorder.close()
    verdict = verify_vault(copy)
    assert verdict.exit_code == 3
    assert any(
        'the writer died before seq 17: at most 0.1 s or 256 lines' in loss
        for loss in verdict.losses
    )
    after = Recorder(vault_dir=copy, agent_id='amr_1', writer='reflex')
    after.close()
    assert any('the writer died before seq 17' in loss for loss in verify_vault(copy).losses)


def test_a_living_writer_raises_no_alarm(vault: Path):
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    run(recorder, frames=5, events=5)
    recorder.event(Kind.SYSTEM, 'test.last', {}, durable=True)
    verdict = verify_vault(vault)
    recorder.close()
    assert (verdict.exit_code, verdict.writers[0].open) == (0, True)


def test_a_record_without_keys_is_clean_and_says_that_it_is_not_signed(tmp_path: Path):
    record(tmp_path)
    verdict = verify_vault(tmp_path)
    assert (verdict.exit_code, verdict.writers[0].signed) == (0, False)


def test_a_flipped_bit_anywhere_in_a_small_log_is_found(tmp_path: Path):
    vault = signed_vault(tmp_path)
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    recorder.event(Kind.MESSAGE, 'test.said', {'number': 1})
    recorder.close()
    trust = load_trust(vault)
    path = log_file(vault)
    whole = path.read_bytes()
    for bit in range(0, 8 * len(whole), 7):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        assert verify_vault(vault, trust=trust).exit_code == 1, bit
    path.write_bytes(whole)
    assert verify_vault(vault, trust=trust).exit_code == 0


def test_a_torn_checkpoint_is_a_loss_not_tampering(vault: Path):
    with (log_folder(vault, 'amr_1', 'reflex') / FILE).open('ab') as file:
        file.write(b'{"agent_id":"am')
    verdict = verify_vault(vault)
    assert verdict.exit_code == 3
    assert verdict.losses == ('amr_1/reflex: the last checkpoint is torn',)
    Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex').close()
    assert verify_vault(vault).exit_code == 0


def test_a_seal_without_a_start_shows(tmp_path: Path):
    record(tmp_path, frames=3)
    lines = log_lines(log_file(tmp_path))
    put_lines(log_file(tmp_path), rechain([lines[0], *lines[2:]]))
    assert 'is sealed but was never started' in verify_vault(tmp_path).reasons[0]


def test_seals_that_go_back_show(tmp_path: Path):
    record(tmp_path, frames=3, events=0)
    lines = log_lines(log_file(tmp_path))
    seal = json.loads(lines[2])
    shorter = pinned(seal | {'data': seal['data'] | {'bytes': 5}})
    put_lines(log_file(tmp_path), rechain([*lines[:3], shorter, lines[3]]))
    assert 'seq 3 seals fewer bytes than the seal before it' in verify_vault(tmp_path).reasons[0]
