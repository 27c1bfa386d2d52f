# SPDX-License-Identifier: Apache-2.0
"""A newer head is countersigned only with the proof that it continues the one that is known."""

import itertools
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vault_forgery import signed_line
from vault_world import log_file, log_lines, parsed, put_lines, rechained, record, signed_vault

from swarm_vault.archive import archive_logs
from swarm_vault.checkpoints import FILE, newest_note, parse_checkpoint
from swarm_vault.heads.core import (
    CORE,
    PATIENCE_NS,
    Answer,
    Inputs,
    Params,
    Proof,
    Shown,
    Word,
)
from swarm_vault.heads.steps import MOST_LINES, Step, step_from
from swarm_vault.heads.witness import REFUSED_EVENT, Brought, Witness
from swarm_vault.keys import load_signer, load_trust
from swarm_vault.ledger import Ledger
from swarm_vault.lines import Event
from swarm_vault.merkle import Tree, consistency_proof, leaf_hash, root_of, step_proof
from swarm_vault.notes import parse_note
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.replay import replay_vault
from swarm_vault.segments import log_folder
from swarm_vault.verify import verify_vault
from swarm_vault.witness import WitnessBook

LOG = 'amr_1/reflex'
PARAMS = Params(agent_id='amr_2')
LINES = [b'line %d' % number for number in range(70)]


def shown(lines: list[bytes], old: int = 0, **more) -> Shown:
    """The head of a log with these lines, and the proof from the first of them."""
    leaves = [leaf_hash(line) for line in lines]
    tree = Tree()
    tree.extend(lines)
    proof = Proof(old_size=old, hashes=tuple(consistency_proof(leaves, old))) if old else None
    head = sha256(lines[-1]).hexdigest() if lines else ''
    given = {'log': LOG, 'size': len(lines), 'root': tree.root(), 'head': head, 'proof': proof}
    return Shown(**(given | more))


def judged(*heads: Shown, state=None, now_ns: int = 0) -> list[Answer]:
    state = CORE.initial(PARAMS) if state is None else state
    return list(CORE.decide(state, Inputs(now_ns=now_ns, shown=heads), PARAMS)[1].answers)


def words(*heads: Shown) -> list[Word]:
    return [answer.word for answer in judged(*heads)]


@given(st.integers(1, 69), st.integers(1, 69))
def test_whatever_a_log_appends_is_countersigned_and_whatever_it_changes_is_not(
    one: int, two: int
):
    old, new = min(one, two), max(one, two) + 1
    first = shown(LINES[:old])
    assert words(first, shown(LINES[:new], old)) == [Word.COUNTERSIGN, Word.COUNTERSIGN]
    forged = [*LINES[: old - 1], b'another', *LINES[old:new]]
    assert words(first, shown(forged, old)) == [Word.COUNTERSIGN, Word.FORKED]


@given(st.integers(1, 300), st.integers(1, 300))
def test_a_step_from_the_peaks_is_the_proof_over_all_leaves(old: int, fresh: int):
    leaves = [leaf_hash(b'%d' % number) for number in range(old + fresh)]
    tree = Tree()
    tree.extend([b'%d' % number for number in range(old)])
    assert step_proof(old, tree.peaks, leaves[old:]) == consistency_proof(leaves, old)
    assert root_of(tree.peaks) == tree.root()


def test_an_old_head_may_come_late_but_a_log_that_stays_behind_was_rolled_back():
    first, old = shown(LINES[:9]), shown(LINES[:8])
    assert words(first, old, first) == [Word.COUNTERSIGN, Word.BEHIND, Word.KNOWN]
    for between, word in ((first, Word.BEHIND), (old, Word.ROLLED_BACK)):
        state = CORE.initial(PARAMS)
        for heads in ((first, old), (between,)):
            state, _ = CORE.decide(state, Inputs(now_ns=0, shown=heads), PARAMS)
        assert judged(old, state=state, now_ns=PATIENCE_NS)[0].word is Word.BEHIND
        assert judged(old, state=state, now_ns=PATIENCE_NS + 1)[0].word is word


def test_a_log_that_tells_two_stories_is_refused():
    first = shown(LINES[:9])
    assert words(first, shown([*LINES[:8], b'x']), shown(LINES[:9])) == [
        Word.COUNTERSIGN,
        Word.TWO_STORIES,
        Word.KNOWN,
    ]


def test_a_refusal_is_fresh_once_until_the_log_is_honest_again():
    lie, next_lie = shown([*LINES[:8], b'x']), shown([*LINES[:11], b'x'])
    answers = judged(shown(LINES[:9]), lie, lie, shown(LINES[:12], 9), next_lie)
    assert [answer.fresh for answer in answers] == [False, True, False, False, True]


def test_a_proof_that_is_missing_is_asked_for_and_after_a_while_told_of():
    state = CORE.initial(PARAMS)
    state, _ = CORE.decide(state, Inputs(now_ns=0, shown=(shown(LINES[:5]),)), PARAMS)
    late = shown(LINES[:9])
    state, out = CORE.decide(state, Inputs(now_ns=5, shown=(late,)), PARAMS)
    assert (out.answers[0].word, out.answers[0].held) == (Word.WANTED, 5)
    assert judged(late, state=state, now_ns=PATIENCE_NS)[0].word is Word.WANTED
    told = judged(late, shown(LINES[:9], 5), late, state=state, now_ns=PATIENCE_NS + 6)
    assert [one.word for one in told] == [Word.UNPROVED, Word.COUNTERSIGN, Word.KNOWN]


def test_a_step_for_another_witness_is_passed_over_and_one_that_cannot_be_made_says_why():
    first = shown(LINES[:9])
    assert words(first, shown(LINES[:12], 5, step=True)) == [Word.COUNTERSIGN, Word.PASSED]
    assert words(first, shown(LINES[:7], 5, step=True)) == [Word.COUNTERSIGN, Word.PASSED]
    unable = shown(LINES[:12], proof=Proof(old_size=9, unable='archived'))
    assert 'archived' in judged(first, unable)[1].reason


@pytest.mark.parametrize('how', ['short', 'long', 'swapped', 'cut', 'empty', 'other'])
def test_a_torn_proof_proves_nothing(how: str):
    good = shown(LINES[:60], 37)
    assert good.proof is not None
    hashes = good.proof.hashes
    torn = {
        'short': hashes[:-1],
        'long': (*hashes, hashes[0]),
        'swapped': (hashes[1], hashes[0], *hashes[2:]),
        'cut': (hashes[0][:31], hashes[1] + hashes[0][31:], *hashes[2:]),
        'empty': (),
        'other': (bytes(32), *hashes[1:]),
    }[how]
    bad = replace(good, proof=Proof(old_size=37, hashes=torn))
    assert words(shown(LINES[:37]), bad) == [Word.COUNTERSIGN, Word.FORKED]


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(0, 2**63))
def test_hostile_bytes_never_make_a_signature(hashes: list[bytes], size: int):
    head = Shown(
        log=LOG, size=size, root=b'x', head='', proof=Proof(old_size=9, hashes=tuple(hashes))
    )
    assert words(shown(LINES[:9]), head)[1] is not Word.COUNTERSIGN


def test_nobody_is_the_witness_of_itself_or_of_what_is_not_signed():
    answers = judged(
        shown(LINES[:3], log='amr_2/reflex'), shown(LINES[:3], fault='is forged'), shown([])
    )
    assert [answer.word for answer in answers] == [Word.UNSIGNED] * 3
    assert answers[1].reason == 'amr_1/reflex: is forged'


# From here on with real logs.


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    signed_vault(tmp_path, ('amr_1', 'amr_2'))
    record(tmp_path, frames=2, events=3)
    return tmp_path


def witness_of(vault: Path, clock=lambda: 0) -> tuple[Witness, Recorder]:
    recorder = Recorder(vault_dir=vault, agent_id='amr_2', writer='situation')
    trust = load_trust(vault)
    book = WitnessBook(
        vault_dir=vault, signer=load_signer(vault, 'amr_2'), trust=trust, writer='situation'
    )
    recorder.attach(book)
    return Witness(book, recorder, trust, 'amr_2', clock=clock), recorder


def newest(vault: Path) -> str:
    return newest_note(log_folder(vault, 'amr_1', 'reflex'))


def brought(note: str, step: Step | None = None) -> Brought:
    proof = None if step is None else Proof(old_size=step.old_size, hashes=step.hashes)
    return Brought(log=LOG, note=note, proof=proof)


def grow(vault: Path, lines: int = 3) -> None:
    ledger = Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex')
    for number in range(lines):
        ledger.append(Event(kind=Kind.MESSAGE, type_='test.said', data={'number': number}))
    ledger.close()


def test_honest_growth_is_proved_from_the_files_alone(vault: Path):
    witness, recorder = witness_of(vault)
    (first,) = witness.judge([brought(newest(vault))])
    assert first.answer.word is Word.COUNTERSIGN
    folder = log_folder(vault, 'amr_1', 'reflex')
    for lines in (1, 5, 300):
        held = witness.held(LOG)
        grow(vault, lines)
        while witness.held(LOG) < parse_note(newest(vault)).checkpoint.size:
            step = step_from(folder, witness.held(LOG))
            assert step is not None
            (answer,) = witness.judge([brought(step.checkpoint, step)])
            assert answer.answer.word is Word.COUNTERSIGN, answer
        assert witness.held(LOG) > held
    assert step_from(folder, witness.held(LOG)) is None
    recorder.close()
    assert verify_vault(vault).exit_code == 0
    assert (
        replay_vault(vault, cores={'witness': 'swarm_vault.heads.core:CORE'}).bags[-1].reproduced
    )


def test_who_missed_much_is_led_up_step_by_step(vault: Path):
    start = parse_note(newest(vault)).checkpoint.size
    grow(vault, 3 * MOST_LINES)
    folder = log_folder(vault, 'amr_1', 'reflex')
    sizes = [start]
    while (step := step_from(folder, sizes[-1])) is not None:
        assert step.unable == ''
        sizes.append(parse_note(step.checkpoint).checkpoint.size)
    assert sizes[-1] == parse_note(newest(vault)).checkpoint.size
    assert max(b - a for a, b in itertools.pairwise(sizes)) <= MOST_LINES
    up_to = sizes[1] - 1
    step = step_from(folder, start, up_to=up_to)
    assert step is not None
    assert parse_note(step.checkpoint).checkpoint.size <= up_to


def test_a_step_begins_where_no_checkpoint_is_stored(vault: Path):
    grow(vault, 40)
    folder = log_folder(vault, 'amr_1', 'reflex')
    lines = log_lines(log_file(vault))
    put_lines(folder / FILE, [log_lines(folder / FILE)[0], signed_line(vault, lines)])
    known = json.loads(signed_line(vault, lines[:20]))['note']
    witness, recorder = witness_of(vault)
    witness.judge([brought(known)])
    step = step_from(folder, 20)
    assert step is not None
    assert witness.judge([brought(step.checkpoint, step)])[0].answer.word is Word.COUNTERSIGN
    recorder.close()


@pytest.mark.parametrize(
    ('how', 'reason'), [('archived', 'lies in an archived file'), ('lost', 'does not hold seq')]
)
def test_who_cannot_prove_says_why(vault: Path, how: str, reason: str):
    size = parse_note(newest(vault)).checkpoint.size
    grow(vault)
    if how == 'archived':
        ledger = Ledger(vault_dir=vault, agent_id='amr_1', writer='reflex', segment_bytes=900)
        ledger.close()
        assert archive_logs(vault, days=1, now_ns=2**62)
    else:
        log_file(vault).unlink()
    step = step_from(log_folder(vault, 'amr_1', 'reflex'), size)
    assert step is not None
    assert reason in step.unable


def forked(vault: Path, at: int, lines: int) -> None:
    """Change a line, chain and sign everything anew, then go on."""
    events = parsed(log_file(vault))
    events[at]['data'] = {'forged': True}
    put_lines(log_file(vault), rechained(events))
    folder = log_folder(vault, 'amr_1', 'reflex')
    sizes = [parse_checkpoint(line).checkpoint.size for line in log_lines(folder / FILE)]
    stored = log_lines(log_file(vault))
    put_lines(folder / FILE, [signed_line(vault, stored[:size]) for size in sizes])
    grow(vault, lines)


def test_a_log_that_was_written_anew_from_the_middle_is_refused_and_the_verdict_says_so(
    vault: Path,
):
    witness, recorder = witness_of(vault)
    witness.judge([brought(newest(vault))])
    forked(vault, at=3, lines=4)
    step = step_from(log_folder(vault, 'amr_1', 'reflex'), witness.held(LOG))
    assert step is not None
    for fresh in (True, False):
        (answer,) = witness.judge([brought(step.checkpoint, step)])
        assert (answer.answer.word, answer.refused) == (Word.FORKED, fresh)
    assert 'do not continue the' in answer.answer.reason
    recorder.event(Kind.VIOLATION, REFUSED_EVENT, answer.data)
    recorder.close()
    verdict = verify_vault(vault)
    assert (verdict.exit_code, verdict.witnesses.word) == (1, 'contradicted')
    assert any('it was written anew (amr_2/situation seq' in r for r in verdict.reasons)


def refusal(vault: Path) -> dict:
    """What a witness says after a roll-back that nobody can see in the log any more."""
    old = log_lines(log_file(vault)), log_lines(log_folder(vault, 'amr_1', 'reflex') / FILE)
    grow(vault)
    now_ns = itertools.count(0, PATIENCE_NS + 1)
    witness, recorder = witness_of(vault, clock=now_ns.__next__)
    witness.judge([brought(newest(vault))])
    put_lines(log_file(vault), old[0])
    put_lines(log_folder(vault, 'amr_1', 'reflex') / FILE, old[1])
    witness.judge([brought(newest(vault))])
    (answer,) = witness.judge([brought(newest(vault))])
    assert answer.answer.word is Word.ROLLED_BACK
    recorder.close()
    return answer.data


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({}, 'amr_1/reflex: had 12 lines when'),
        ({'why': 'unproved'}, 'it signed 12 lines that it does not hold'),
        ({'why': 'forked'}, 'it signed 12 lines that it does not hold'),
        ({'note': 'x'}, 'it signed 12 lines that it does not hold'),
        ({'log': 'amr_3/reflex'}, 'but its evidence is of another log'),
        ({'log': []}, 'but its evidence is of another log'),
        ({'held': None}, 'but its evidence cannot be used'),
        ({'proof': 7, 'held': None}, 'but its evidence cannot be used'),
    ],
)
def test_an_accusation_counts_with_its_evidence_only(vault: Path, change: dict, reason: str):
    data = refusal(vault) | change
    recorder = Recorder(vault_dir=vault, agent_id='amr_2', writer='planner')
    recorder.event(Kind.VIOLATION, REFUSED_EVENT, data)
    recorder.close()
    book = vault / 'agents/amr_2/witness/situation.jsonl'
    book.unlink()  # so that nothing but the event tells of it
    verdict = verify_vault(vault)
    if reason.startswith('but'):
        assert (verdict.exit_code, verdict.witnesses.reasons) == (3, ())
        assert reason in verdict.witnesses.refuted[0]
        assert verdict.witnesses.refuted[0].startswith('amr_2/planner: seq 1 accuses')
    else:
        assert (verdict.exit_code, verdict.witnesses.refuted) == (1, ())
        assert reason in verdict.witnesses.reasons[0]


def test_a_witness_without_a_record_signs_nothing(vault: Path):
    witness, recorder = witness_of(vault)
    recorder.close()
    assert witness.judge([brought(newest(vault))]) == []


def test_what_is_known_at_the_start_is_recorded_and_holds(vault: Path):
    witness, recorder = witness_of(vault)
    witness.judge([brought(newest(vault))])
    recorder.close()
    grow(vault)
    again, recorder = witness_of(vault)
    assert again.held(LOG) == witness.held(LOG) > 0
    assert again.judge([brought(newest(vault))])[0].answer.word is Word.WANTED
    recorder.close()
    report = replay_vault(vault, cores={'witness': 'swarm_vault.heads.core:CORE'})
    assert [bag.reason for bag in report.bags if bag.core == 'witness'] == ['', '']
