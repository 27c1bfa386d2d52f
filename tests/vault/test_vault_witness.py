# SPDX-License-Identifier: Apache-2.0
"""A witness signs what it can stand for, remembers it, and returns what the log may keep."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from vault_forgery import signed_line
from vault_world import log_file, log_lines, put_lines, record, signed_vault

from swarm_vault import cli
from swarm_vault import witness as witness_module
from swarm_vault.checkpoints import newest_note, parse_checkpoint
from swarm_vault.errors import VaultError
from swarm_vault.keys import load_signer, load_trust
from swarm_vault.notes import cosigned_note, parse_note, verify_log_signature, witnesses_of
from swarm_vault.segments import log_folder
from swarm_vault.verify import verify_vault
from swarm_vault.witness import WitnessBook, book_path, read_testimony


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    signed_vault(tmp_path, ('amr_1', 'amr_2', 'amr_3'))
    record(tmp_path, frames=3, events=2)
    return tmp_path


def book_of(vault: Path, agent: str = 'amr_2') -> WitnessBook:
    return WitnessBook(
        vault_dir=vault,
        signer=load_signer(vault, agent),
        trust=load_trust(vault),
        writer='situation',
        clock=lambda: 7 * 10**9,
    )


def note_of(vault: Path, lines: int | None = None) -> str:
    """A note on the first lines of amr_1's log; None: the newest that it wrote."""
    if lines is None:
        return newest_note(log_folder(vault, 'amr_1', 'reflex'))
    return json.loads(signed_line(vault, log_lines(log_file(vault))[:lines]))['note']


def test_a_note_is_a_c2sp_checkpoint_with_the_signatures_of_log_and_witness(vault: Path):
    note = note_of(vault)
    origin, size, root, head, time_ns, gap, signature, end = note.split('\n')
    assert (origin, size, gap, end) == ('hybrid_swarm/amr_1/reflex', '6', '', '')
    assert len(root) == 44
    assert head.startswith('head ')
    assert time_ns.startswith('time_ns ')
    assert signature.startswith(f'— {origin} ')
    cosigned = book_of(vault).countersign(note)
    assert cosigned.startswith(note)
    assert cosigned.splitlines()[-1].startswith('— amr_2 ')
    trust = load_trust(vault)
    assert verify_log_signature(parse_note(cosigned), trust).ok
    assert witnesses_of(parse_note(cosigned), trust) == {'amr_2': 7}


def test_what_is_countersigned_is_evidence_for_every_vault_that_holds_it(vault: Path):
    book = book_of(vault)
    book.countersign(note_of(vault))
    book.flush(final=False)
    book.close()
    (found,) = read_testimony([vault], load_trust(vault)).evidence
    assert (found.witness, found.checkpoint.size, found.time_s) == ('amr_2', 6, 7)
    verdict = verify_vault(vault)
    assert verdict.witnesses.word == 'confirmed'
    assert verdict.witnesses.logs[0].bare == 0


def test_a_log_that_was_rolled_back_is_not_countersigned_again(vault: Path):
    book = book_of(vault)
    book.countersign(note_of(vault, 5))
    with pytest.raises(VaultError, match='had 5 lines when it was countersigned, now says 4'):
        book.countersign(note_of(vault, 4))


def test_two_stories_of_the_same_length_are_not_both_countersigned(vault: Path):
    book = book_of(vault)
    book.countersign(note_of(vault, 5))
    put_lines(log_file(vault), [*log_lines(log_file(vault))[:4], b'{"seq":4}'])
    with pytest.raises(VaultError, match='tells two stories of its 5 lines'):
        book.countersign(note_of(vault, 5))


def test_a_witness_remembers_over_restarts(vault: Path):
    book = book_of(vault)
    book.countersign(note_of(vault, 5))
    book.flush(final=True)
    book.close()
    with pytest.raises(VaultError, match='it was rolled back'):
        book_of(vault).countersign(note_of(vault, 3))


def test_nobody_witnesses_its_own_log_or_for_a_stranger(vault: Path):
    with pytest.raises(VaultError, match='nobody is the witness of its own log'):
        book_of(vault, 'amr_1').countersign(note_of(vault))
    stranger = note_of(vault).replace('/amr_1/', '/amr_9/')
    with pytest.raises(VaultError, match="author 'amr_9' is no member"):
        book_of(vault).countersign(stranger)
    forged = note_of(vault).replace('time_ns 1', 'time_ns 2')
    with pytest.raises(VaultError, match="signature of 'amr_1' does not fit"):
        book_of(vault).countersign(forged)


@pytest.mark.parametrize(
    'content', ['', 'x', '\n\n', 'a\n1\nAA==\nhead x\ntime_ns 1\n\n', 'x' * 9000, '— a b\n']
)
def test_what_is_no_note_is_refused(vault: Path, content: str):
    with pytest.raises(VaultError, match='note'):
        book_of(vault).countersign(content)


def test_a_log_keeps_what_a_witness_returned(vault: Path):
    cosigned = book_of(vault).countersign(note_of(vault))
    own = book_of(vault, 'amr_1')
    own.keep(cosigned, 'amr_2')
    own.keep(cosigned, 'amr_2')
    own.flush(final=True)
    own.close()
    assert len(log_lines(book_path(vault, 'amr_1', 'situation'))) == 1
    assert verify_vault(vault).witnesses.word == 'confirmed'
    with pytest.raises(VaultError, match="'amr_3' has not countersigned it"):
        own.keep(cosigned, 'amr_3')
    with pytest.raises(VaultError, match='is no log of ours'):
        book_of(vault, 'amr_3').keep(cosigned, 'amr_2')


def test_a_long_book_is_written_anew_with_the_newest_statements(vault: Path, monkeypatch):
    monkeypatch.setattr(witness_module, 'MAX_BOOK_BYTES', 1000)
    book = book_of(vault)
    for lines in range(1, 7):
        book.countersign(note_of(vault, lines))
        book.flush(final=False)
    book.close()
    path = book_path(vault, 'amr_2', 'situation')
    assert 1 <= len(log_lines(path)) <= 4
    assert json.loads(log_lines(path)[-1])['seq'] == 5
    assert verify_vault(vault).witnesses.word == 'confirmed'


def test_a_statement_with_a_strange_signature_more_is_no_evidence(vault: Path):
    note = parse_note(note_of(vault))
    cosigned = cosigned_note(note, load_signer(vault, 'amr_2'), 7)
    path = book_path(vault, 'amr_2', 'situation')
    path.parent.mkdir(parents=True)
    content = cosigned + cosigned.splitlines()[-1].replace('amr_2', 'amr_3') + '\n'
    line = json.dumps({'note': content, 'seq': 5}, ensure_ascii=False, separators=(',', ':'))
    path.write_bytes(line.encode() + b'\n')
    verdict = verify_vault(vault)
    assert verdict.exit_code == 1
    assert 'the signature of a witness does not fit' in verdict.witnesses.reasons[0]


def test_the_newest_note_that_covers_at_most_so_many_lines_is_found(vault: Path):
    record(vault, frames=1, events=0)
    folder = log_folder(vault, 'amr_1', 'reflex')
    sizes = [parse_checkpoint(c).checkpoint.size for c in log_lines(folder / 'checkpoints.jsonl')]
    assert len(sizes) > 1
    assert parse_note(newest_note(folder, up_to=sizes[-1] - 1)).checkpoint.size == sizes[-2]
    assert parse_note(newest_note(folder)).checkpoint.size == sizes[-1] == 10
    assert newest_note(folder, up_to=sizes[0] - 1) == ''


def test_an_event_is_proved_without_its_log_and_says_who_countersigned(
    vault: Path, tmp_path_factory
):
    book = book_of(vault)
    book.countersign(note_of(vault))
    book.flush(final=True)
    book.close()
    folder = tmp_path_factory.mktemp('proof')
    for seq, line in enumerate(log_lines(log_file(vault))):
        out = folder / f'{seq}.json'
        call('prove', vault, f'amr_1/reflex/{seq}', '--out', out)
        assert out.read_bytes() == line + b'\n'
        result = call('check', out, '--trust', vault)
        assert (result.exit_code, result.stdout) == (0, 'proved: countersigned by amr_2\n')
    text = (folder / '3.tlog-proof').read_text()
    assert text.startswith('c2sp.org/tlog-proof@v1\nindex 3\n')
    (folder / '2.tlog-proof').write_text(text)
    assert 'is no proof of this event' in call('check', folder / '2.json', '--trust', vault).stdout
    (folder / '3.json').write_bytes(log_lines(log_file(vault))[3].replace(b'1', b'2'))
    assert call('check', folder / '3.json', '--trust', vault).exit_code == 1


@pytest.mark.parametrize(
    ('event', 'reason'),
    [
        ('amr_1', 'names no event'),
        ('amr_1/reflex/x', 'names no event'),
        ('amr_1/reflex/6', 'no checkpoint of the log covers it'),
        ('amr_1/planner/0', 'no checkpoint of the log covers it'),
    ],
)
def test_an_event_that_cannot_be_proved_is_one_sentence(vault: Path, event: str, reason: str):
    assert reason in str(call('prove', vault, event, '--out', vault / 'x').exception)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
