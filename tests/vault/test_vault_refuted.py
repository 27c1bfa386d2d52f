# SPDX-License-Identifier: Apache-2.0
"""A witness that lies accuses nobody: the log answers, with its own signatures and lines."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner
from vault_forgery import signed_line
from vault_world import log_file, log_lines, parsed, pinned, put_lines, rechained, record
from vault_world import signed_vault as signed

from swarm_vault import cli
from swarm_vault.checkpoints import FILE
from swarm_vault.heads.accusation import REFUSED_EVENT
from swarm_vault.keys import load_signer, load_trust
from swarm_vault.lines import Kind
from swarm_vault.mirror import Mirror
from swarm_vault.notes import cosigned_note, parse_note
from swarm_vault.recorder import Recorder
from swarm_vault.segments import log_folder
from swarm_vault.verify import VaultVerdict, verify_vault
from swarm_vault.witness import book_path

LOG = 'amr_1/reflex'
LIAR = 'amr_2'


@pytest.fixture(scope='module')
def original(tmp_path_factory) -> Path:
    vault = signed(tmp_path_factory.mktemp('original'), ('amr_1', LIAR))
    record(vault, frames=3, events=8)
    return vault


@pytest.fixture
def vault(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / 'vault')


def head(vault: Path, lines: int) -> str:
    """What the honest log signed of its first lines."""
    return json.loads(signed_line(vault, log_lines(log_file(vault))[:lines]))['note']


def lie(head: str) -> str:
    """Another root under the same size."""
    note = parse_note(head)
    root = note.text.split('\n')[2]
    return head.replace(root, 43 * 'A' + '=', 1)


def accuse(vault: Path, why: str, held: str, note: str, proof: tuple[str, ...] = ()) -> None:
    """The liar tells in its log that it refused a head."""
    recorder = Recorder(vault_dir=vault, agent_id=LIAR, writer='situation')
    data = {'log': LOG, 'why': why, 'reason': f'{LOG}: {why}', 'held': held, 'note': note}
    recorder.event(Kind.VIOLATION, REFUSED_EVENT, data | {'proof': list(proof)})
    recorder.close()


def state(vault: Path, note: str) -> None:
    """The liar countersigns a head, whoever signed it before, and keeps that."""
    content = cosigned_note(parse_note(note), load_signer(vault, LIAR), 7)
    path = book_path(vault, LIAR, 'situation')
    path.parent.mkdir(parents=True, exist_ok=True)
    size = parse_note(note).checkpoint.size
    put_lines(path, [pinned({'note': content, 'seq': size - 1})])


def refuted(verdict: VaultVerdict, why: str) -> None:
    """The accused stands clean, and the accuser is named."""
    assert (verdict.exit_code, verdict.witnesses.reasons) == (3, ())
    assert verdict.witnesses.word != 'contradicted'
    (said,) = verdict.witnesses.refuted
    assert why in said
    assert LIAR in said


def test_two_honest_heads_and_a_proof_that_was_made_up_accuse_nobody(vault: Path):
    accuse(vault, 'forked', head(vault, 4), head(vault, 9), ('ab' * 32,))
    refuted(verify_vault(vault), 'that log is whole and holds both heads')


def test_an_old_head_that_is_brought_late_does_not_make_a_whole_log_rolled_back(vault: Path):
    accuse(vault, 'rolled back', head(vault, 9), head(vault, 4))
    refuted(verify_vault(vault), 'that log is whole and holds both heads')


@pytest.mark.parametrize('why', ['forked', 'two stories', 'rolled back'])
@pytest.mark.parametrize('which', [0, 1])
def test_a_head_that_the_accused_has_not_signed_accuses_nobody(vault: Path, why: str, which: int):
    heads = [head(vault, 9), head(vault, 9)]
    heads[which] = lie(heads[which])
    accuse(vault, why, *heads)
    refuted(verify_vault(vault), 'its evidence cannot be used')


def without_signature(vault: Path) -> str:
    return lie(head(vault, 9)).partition('\n\n')[0] + '\n\n'


def with_a_signature_that_does_not_fit(vault: Path) -> str:
    return lie(head(vault, 9))


@pytest.mark.parametrize('forge', [without_signature, with_a_signature_that_does_not_fit])
@pytest.mark.parametrize('size', [9, 900])
def test_a_head_that_only_its_witness_signed_is_refuted(
    vault: Path, forge: Callable[[Path], str], size: int
):
    state(vault, forge(vault).replace('\n9\n', f'\n{size}\n', 1))
    refuted(verify_vault(vault), f'{LIAR} countersigned {size} lines')


def test_a_statement_without_the_signature_of_its_log_confirms_nothing(vault: Path):
    state(vault, head(vault, 9).partition('\n\n')[0] + '\n\n')
    verdict = verify_vault(vault)
    assert (verdict.exit_code, verdict.witnesses.word) == (3, 'silent')
    assert 'confirms nothing' in verdict.losses[0]


def test_nothing_is_refuted_by_a_log_that_is_not_whole(vault: Path):
    state(vault, without_signature(vault))
    put_lines(log_file(vault), log_lines(log_file(vault))[:-1])
    verdict = verify_vault(vault)
    assert (verdict.exit_code, verdict.witnesses.refuted) == (1, ())


@pytest.mark.parametrize('told', ['book', 'event'])
def test_a_new_key_disowns_nothing_unless_the_keys_are_sure(
    vault: Path, tmp_path: Path, told: str
):
    old, new = head(vault, 9), signed(tmp_path / 'new', ('amr_1',))
    if told == 'book':
        state(vault, old)
    else:
        accuse(vault, 'forked', old, old)
    events = parsed(log_file(vault))
    events[2]['data'] = {'forged': True}
    put_lines(log_file(vault), rechained(events))
    for name in ('nexus/keys/amr_1.key', 'nexus/trust/amr_1.pub'):
        shutil.copy(new / name, vault / name)
    sign_all(vault)
    assert verify_vault(vault).witnesses.word == 'contradicted'
    assert verify_vault(vault, trust=load_trust(vault)).witnesses.refuted


def sign_all(vault: Path) -> None:
    lines = log_lines(log_file(vault))
    put_lines(log_folder(vault, 'amr_1', 'reflex') / FILE, [signed_line(vault, lines)])


def test_a_fork_is_not_refuted_by_putting_the_honest_log_back(vault: Path):
    """What was shown is signed by the log, and the log that stands there does not hold it."""
    accuse(vault, 'forked', head(vault, 4), other_head(vault, 9), ('ab' * 32,))
    verdict = verify_vault(vault)
    assert (verdict.exit_code, verdict.witnesses.word) == (1, 'contradicted')
    assert 'it signed 9 lines that it does not hold' in verdict.witnesses.reasons[0]


def other_head(vault: Path, lines: int) -> str:
    """What the log signed of another past."""
    events = parsed(log_file(vault))[:lines]
    events[2]['data'] = {'another': True}
    return json.loads(signed_line(vault, rechained(events)))['note']


def test_two_stories_need_no_log(vault: Path):
    accuse(vault, 'two stories', head(vault, 9), other_head(vault, 9))
    shutil.rmtree(vault / 'agents/amr_1')
    shutil.rmtree(vault / 'bags/amr_1')
    assert verify_vault(vault).witnesses.word == 'contradicted'


@pytest.mark.parametrize(('why', 'code'), [('forked', 1), ('rolled back', 3)])
def test_a_log_that_is_kept_away_does_not_refute(vault: Path, tmp_path: Path, why: str, code: int):
    heads = [head(vault, 4), head(vault, 9)]
    accuse(vault, why, *(heads if why == 'forked' else heads[::-1]), ('ab' * 32,))
    elsewhere = tmp_path / 'elsewhere'
    for name in ('agents/amr_1', 'bags/amr_1'):
        shutil.move(vault / name, elsewhere / name)
    verdict = verify_vault(vault)
    assert (verdict.exit_code, verdict.witnesses.refuted) == (code, ())
    assert 'bring that log' in (verdict.witnesses.reasons or verdict.losses)[0]
    refuted(verify_vault(vault, witnesses=[elsewhere]), 'that log is whole and holds both heads')


@pytest.mark.parametrize(('copied', 'found'), [(12, 'holds both heads'), (6, '')])
def test_a_copy_of_the_accused_log_answers_as_far_as_it_goes(
    vault: Path, tmp_path: Path, copied: int, found: str
):
    accuse(vault, 'forked', head(vault, 4), head(vault, 9), ('ab' * 32,))
    base = tmp_path / 'base'
    shutil.copytree(vault / 'nexus/trust', base / 'nexus/trust')
    mirror = Mirror(base)
    mirror.store('amr_1', 'reflex', 0, log_lines(log_file(vault))[:copied])
    mirror.store(LIAR, 'situation', 0, log_lines(log_file(vault, LIAR, 'situation')))
    mirror.close()
    verdict = verify_vault(base)
    assert verdict.exit_code == (3 if found else 1)
    assert [found in said for said in verdict.witnesses.refuted] == ([True] if found else [])


def test_the_command_names_the_refuted_accuser(vault: Path):
    accuse(vault, 'forked', head(vault, 4), head(vault, 9), ('ab' * 32,))
    told = CliRunner().invoke(cli.app, ['verify', str(vault), '--no-replay'])
    assert told.exit_code == 3
    assert 'refuted: amr_2/situation: seq 1 accuses amr_1/reflex, but' in told.stdout
    as_json = CliRunner().invoke(cli.app, ['verify', str(vault), '--no-replay', '--json'])
    assert len(json.loads(as_json.stdout)['witnesses']['refuted']) == 1
