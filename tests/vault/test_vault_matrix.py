# SPDX-License-Identifier: Apache-2.0
"""The tamper matrix: every case ends in exactly these three verdicts.

Chain, witnesses, re-execution are judged apart. Where all three are content, the case is one that
no verdict can see without the supervisor's vault: the stretch behind the last witnessed head.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from vault_forgery import (
    SESSION,
    Place,
    forge,
    forge_bag,
    rewrite,
    sign_again,
    signed_line,
    witness,
    witnessed_place,
)
from vault_world import CORES, log_file, log_lines, pinned, put_lines, record, signed_vault

from swarm_vault.cli import replay_word
from swarm_vault.keys import load_trust
from swarm_vault.lines import line_hash
from swarm_vault.recorder import Recorder
from swarm_vault.replay import replay_vault
from swarm_vault.segments import log_folder
from swarm_vault.verify import VaultVerdict, verify_vault

CLEAN, RECOVERED, BAD = 'clean', 'recovered', 'not trustworthy'
CONFIRMED, DENIED, SILENT = 'confirmed', 'contradicted', 'silent'
SAME, OTHER = 'reproduced', 'diverged'


@pytest.fixture(scope='module')
def original(tmp_path_factory) -> Place:
    return witnessed_place(tmp_path_factory.mktemp('original'))


@pytest.fixture
def place(original: Place, tmp_path: Path) -> Place:
    return original.copied(tmp_path)


def edit(number: int, **fields: object) -> Callable[[Place], None]:
    def change(place: Place) -> None:
        lines = place.lines()
        lines[number] = pinned(json.loads(lines[number]) | fields)
        put_lines(place.log, lines)

    return change


def raw(number: int, old: bytes, new: bytes) -> Callable[[Place], None]:
    """Change the text of a line, chained and signed again behind it."""

    def change(place: Place) -> None:
        lines = place.lines()
        assert old in lines[number]
        lines[number] = lines[number].replace(old, new, 1)
        for later in range(number + 1, len(lines)):
            before = json.loads(lines[later])
            lines[later] = pinned(before | {'prev': line_hash(lines[later - 1])})
        put_lines(place.log, lines)
        sign_again(place, lines)

    return change


def reorder(*order: int) -> Callable[[Place], None]:
    def change(place: Place) -> None:
        lines = place.lines()
        put_lines(place.log, [lines[n] for n in order])

    return change


def owner(change: Callable[[list], None]) -> Callable[[Place], None]:
    return lambda place: forge(place, change)


def say(number: int, value: object) -> Callable[[list], None]:
    return lambda events: events[number]['data'].update(number=value)


def roll_back(place: Place) -> None:
    place.log.write_bytes(place.old)
    place.checkpoints.write_bytes(place.old_checkpoints)
    place.bag(1).unlink()


def cut(lines: int, bag: int | None = None) -> Callable[[Place], None]:
    """Cut the log after so many lines, sign the new end, remove what nobody speaks of."""

    def change(place: Place) -> None:
        kept = place.lines()[:lines]
        put_lines(place.log, kept)
        content = [c for c in log_lines(place.checkpoints) if json.loads(c)['seq'] < lines - 1]
        put_lines(place.checkpoints, [*content, signed_line(place.robots, kept)])
        if bag is not None:
            place.bag(bag).unlink()

    return change


def tear(path: str, count: int) -> Callable[[Place], None]:
    def change(place: Place) -> None:
        file = getattr(place, path)
        file.write_bytes(file.read_bytes()[:-count])

    return change


def append(path: str, content: bytes) -> Callable[[Place], None]:
    def change(place: Place) -> None:
        with getattr(place, path).open('ab') as file:
            file.write(content)

    return change


def foreign_log(place: Place) -> None:
    record(place.robots, frames=20, events=2, agent='amr_2')
    place.log.write_bytes(log_file(place.robots, 'amr_2').read_bytes())


def other_key(place: Place) -> None:
    """The owner makes a new key, and signs everything with it."""
    other = signed_vault(place.base / 'other', ('amr_1',))
    for name in ('nexus/keys/amr_1.key', 'nexus/trust/amr_1.pub'):
        shutil.copy(other / name, place.robots / name)
    sign_again(place, place.lines())


def checkpoint_of_another_vault(place: Place) -> None:
    other = signed_vault(place.base / 'other', ('amr_1',))
    record(other, frames=20, events=2)
    shutil.copy(log_folder(other, 'amr_1', 'reflex') / 'checkpoints.jsonl', place.checkpoints)


def two_stories(place: Place) -> None:
    """Another run is passed off as this one, everything signed."""
    other = place.base / 'other'
    shutil.copytree(place.robots / 'nexus', other / 'nexus')
    record(other, frames=20, events=3)
    for name in ('agents/amr_1', 'bags/amr_1'):
        shutil.rmtree(place.robots / name)
        shutil.copytree(other / name, place.robots / name)


def double_key(place: Place) -> None:
    raw(2, b'"number":0', b'"number":7,"number":0')(place)


def forged_statement(place: Place) -> None:
    """amr_1 makes up what amr_2 has countersigned."""
    line = json.loads(place.book.read_bytes())
    put_lines(place.book, [pinned(line | {'note': line['note'].replace('time_ns ', 'time_ns 9')})])


def drop_book(place: Place) -> None:
    place.book.unlink()


def lengthen_copy(place: Place) -> None:
    """The supervisor's copy is whole, and who keeps it has made up a line more."""
    lines = place.lines()
    more = json.loads(lines[-1]) | {'seq': 12, 'id': 'amr_1/reflex/12'}
    put_lines(place.copy, [*lines, pinned(more | {'prev': line_hash(lines[-1])})])


def change_copy(place: Place) -> None:
    lines = log_lines(place.copy)
    put_lines(place.copy, [*lines[:-1], pinned(json.loads(lines[-1]) | {'time_ns': 7})])


def drop_log(place: Place) -> None:
    place.log.unlink()
    place.checkpoints.unlink()
    shutil.rmtree(place.robots / 'bags/amr_1')


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    do: Callable[[Place], None]
    chain: str = CLEAN
    witnesses: str = CONFIRMED
    replay: str = SAME
    reason: str = ''
    loss: str = ''
    with_copy: bool = False
    """The supervisor's vault is asked too."""


LAST = 2 * SESSION - 1
CASES = (
    Case(name='nothing', do=lambda _place: None),
    Case(name='nothing, with the copy', do=lambda _place: None, with_copy=True),
    # Without touching what follows: the chain sees all of it.
    Case(name='edit the first line', do=edit(0, time_ns=5), chain=BAD, replay=OTHER,
         witnesses=SILENT, reason='seq 1 was chained to something else than seq 0'),
    Case(name='edit a middle line', do=edit(3, data={'number': 9}), chain=BAD, replay=OTHER,
         witnesses=SILENT, reason='seq 4 was chained to something else than seq 3'),
    Case(name='edit a line behind the witnessed head', do=edit(8, kind='SYSTEM'), chain=BAD,
         replay=OTHER, reason='seq 9 was chained to something else than seq 8'),
    Case(name='edit the last line', do=edit(LAST, data={'x': 1}), chain=BAD,
         reason='seq 11 is not the one that a checkpoint signed'),
    Case(name='another field', do=edit(LAST, more=1), chain=BAD, replay=OTHER,
         reason='seq 11 has other fields than an event'),
    Case(name='another type of seq', do=edit(LAST, seq=11.0), chain=BAD, replay=OTHER,
         reason='expected an object with an integer seq'),
    Case(name='swap two lines', do=reorder(0, 1, 3, 2, *range(4, 12)), chain=BAD, replay=OTHER,
         witnesses=SILENT, reason='seq 2 to 2 missing'),
    Case(name='delete the first line', do=reorder(*range(1, 12)), chain=BAD, replay=OTHER,
         witnesses=SILENT, reason='seq 0 to 0 missing'),
    Case(name='delete a middle line', do=reorder(*range(7), *range(8, 12)), chain=BAD,
         replay=OTHER, reason='seq 7 to 7 missing'),
    Case(name='double a line', do=reorder(0, 1, 2, 2, *range(3, 12)), chain=BAD, replay=OTHER,
         witnesses=SILENT, reason='seq 3 expected, found 2 again'),
    Case(name='cut the tail', do=reorder(*range(11)), chain=BAD,
         reason='the tail is cut off: signed up to seq 11'),
    Case(name='cut the tail below the witnessed head', do=reorder(*range(5)), chain=BAD,
         witnesses=DENIED, reason='seq 5: was cut off or rolled back, amr_2 saw 6 lines'),
    Case(name="another robot's log", do=foreign_log, chain=BAD, witnesses=SILENT, replay=OTHER,
         reason="seq 0 belongs to another log, its id is 'amr_2/reflex/0'"),
    Case(name='carriage returns', do=lambda p: p.log.write_bytes(
         p.log.read_bytes().replace(b'\n', b'\r\n')), chain=BAD, witnesses=SILENT, replay=OTHER,
         reason='seq 0 is not in the pinned form'),
    Case(name='the log file removed', do=lambda p: p.log.unlink(), chain=BAD, witnesses=DENIED,
         replay='nothing recorded', reason='the tail is cut off'),
    # Chained and signed again by who owns the disk and the key.
    Case(name='whitespace', do=raw(2, b'"data":{', b'"data": {'), chain=BAD, witnesses=SILENT,
         replay=OTHER, reason='seq 2 is not in the pinned form'),
    Case(name='order of keys', do=raw(0, b'"causes":[],"data":{"signed":true}',
         b'"data":{"signed":true},"causes":[]'), chain=BAD, witnesses=SILENT, replay=OTHER,
         reason='seq 0 is not in the pinned form'),
    Case(name='a key twice', do=double_key, chain=BAD, witnesses=SILENT, replay=OTHER,
         reason='seq 2 is not in the pinned form'),
    Case(name='NaN', do=raw(8, b'"number":0', b'"number":NaN'), chain=BAD, replay=OTHER,
         reason='line is no JSON'),
    Case(name='not UTF-8', do=lambda p: put_lines(p.log, [*p.lines()[:8], b'\xff\xfe']),
         chain=BAD, replay=OTHER, reason='line is no JSON'),
    Case(name='edit a witnessed event', do=owner(say(2, 5)), witnesses=DENIED,
         reason='seq 5 is not the one that amr_2 saw'),
    Case(name='edit a time stamp', do=owner(lambda e: e[2].update(time_ns=7)),
         witnesses=DENIED, reason='seq 5 is not the one that amr_2 saw'),
    Case(name='insert a line', do=owner(lambda e: e.insert(3, e[2])), witnesses=DENIED,
         reason='seq 5 is not the one that amr_2 saw'),
    Case(name='delete a line', do=owner(lambda e: e.pop(3)), witnesses=DENIED,
         reason='seq 5 is not the one that amr_2 saw'),
    Case(name='roll back to an older copy of before the head', do=cut(3, bag=1), witnesses=DENIED,
         chain=RECOVERED, reason='seq 3: was cut off or rolled back, amr_2 saw 6 lines, 3 are'),
    Case(name='another run passed off as this one', do=two_stories, witnesses=DENIED,
         reason='seq 5 is not the one that amr_2 saw'),
    Case(name='the whole log removed', do=drop_log, witnesses=DENIED, replay='nothing recorded',
         reason='seq 0: was cut off or rolled back, amr_2 saw 6 lines, 0 are here'),
    Case(name='a new key', do=other_key, chain=CLEAN, witnesses=DENIED,
         reason="'amr_1' has not signed it"),
    Case(name='checkpoints of another vault', do=checkpoint_of_another_vault, chain=BAD,
         reason="'amr_1' has not signed it"),
    Case(name='a statement made up', do=forged_statement, witnesses=DENIED,
         reason='signature of'),
    Case(name='the witness is silenced', do=drop_book, witnesses=SILENT),
    Case(name='the witness is silenced, the supervisor is not',
         do=lambda p: (witness(p.robots, 'supervisor', 'desk', book_in=p.base), drop_book(p),
                       forge(p, say(8, 5))), witnesses=DENIED, with_copy=True,
         reason='seq 11 is not the one that supervisor saw'),
    # A copy alone is the word of its keeper: which of the two was changed, nothing shows.
    Case(name='another than the unsigned copy', do=lambda p: (drop_book(p), forge(p, say(2, 5))),
         witnesses=SILENT, with_copy=True, loss='seq 5 is not the one that a copy saw'),
    Case(name='shorter than the unsigned copy', do=lambda p: (drop_book(p), cut(3, bag=1)(p)),
         witnesses=SILENT, with_copy=True, chain=RECOVERED, loss='a copy saw 6 lines, 3 are here'),
    Case(name='a copy with a tail made up', do=lengthen_copy, with_copy=True,
         loss='a copy saw 13 lines, 12 are here; its keeper alone says so'),
    Case(name='a copy whose last line is made up', do=change_copy, with_copy=True,
         loss='seq 5 is not the one that a copy saw; it was written anew at or before it;'),
    Case(name='a copy with a tail that is no log', with_copy=True,
         do=lambda p: p.copy.write_bytes(p.copy.read_bytes() + b'{"seq":99}\n'),
         loss='a copy saw 100 lines'),
    # Outputs and inputs.
    Case(name='forge an output that was witnessed', do=lambda p: forge_bag(
         p, 0, b'"total":0.05,', b'"total":0.06,'), witnesses=DENIED, replay=OTHER,
         reason='outputs.total was 0.06, comes out as 0.05'),
    Case(name='forge an output behind the witnessed head', do=lambda p: forge_bag(
         p, 1, b'"total":0.05,', b'"total":0.06,'), replay=OTHER,
         reason='outputs.total was 0.06, comes out as 0.05'),
    Case(name='forge an input behind the witnessed head', do=lambda p: forge_bag(
         p, 1, b'"now_ns":10000000,"speed":0.1,', b'"now_ns":10000000,"speed":0.2,'),
         replay=OTHER, reason='outputs.total was 0.05, comes out as 0.1'),
    Case(name='change a bag only', do=lambda p: p.bag(1).write_bytes(
         p.bag(1).read_bytes().replace(b'"total":0.05,', b'"total":0.06,')), chain=BAD,
         replay=OTHER, reason='are not those that seq 10 sealed'),
    Case(name='remove a bag', do=lambda p: p.bag(1).unlink(), chain=BAD, replay=OTHER,
         reason='20 frames were sealed, but No such file'),
    Case(name='cut a bag', do=lambda p: p.bag(1).write_bytes(p.bag(1).read_bytes()[:-400]),
         chain=BAD, replay=OTHER, reason='bytes, '),
    Case(name='plant a bag', do=lambda p: shutil.copy(p.bag(1), p.bag(1).with_name('5.mcap')),
         chain=BAD, reason='holds decisions of which no log speaks'),
    # A crash is no attack.
    Case(name='a torn last line', do=lambda p: (tear('log', 20)(p), put_lines(
         p.checkpoints, log_lines(p.checkpoints)[:1])), chain=RECOVERED),
    Case(name='a torn line behind the end', do=append('log', b'{"causes":[],"da'),
         chain=RECOVERED),
    Case(name='a torn checkpoint', do=append('checkpoints', b'{"no'), chain=RECOVERED),
    Case(name='a torn statement', do=append('book', b'{"no'), chain=CLEAN),
    # What is left: without the supervisor's vault nobody has seen the last stretch.
    Case(name='cut behind the witnessed head', do=cut(SESSION, bag=1)),
    Case(name='edit behind the witnessed head', do=owner(say(8, 5))),
    Case(name='roll back to an older copy of after the head', do=roll_back),
)  # fmt: skip


def judge(place: Place, case: Case, trust) -> tuple[VaultVerdict, str, tuple[str, ...]]:
    others = [place.base] if case.with_copy else []
    verdict = verify_vault(place.robots, trust=trust, witnesses=others)
    report = replay_vault(place.robots, cores=CORES)
    return verdict, replay_word(report), report.reasons


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.name)
def test_every_case_ends_in_its_three_verdicts(place: Place, case: Case):
    case.do(place)
    verdict, word, diverged = judge(place, case, None)
    found = (verdict.chain_word, verdict.witnesses.word, word)
    assert found == (case.chain, case.witnesses, case.replay), verdict.reasons + diverged
    assert any(case.reason in reason for reason in ('', *verdict.reasons, *diverged))
    assert any(case.loss in loss for loss in ('', *verdict.losses)), verdict.losses
    bad = BAD in found or DENIED in found
    assert verdict.exit_code == (1 if bad else 3 if verdict.losses else 0)


@pytest.mark.parametrize(
    'step', [pytest.param(29, id='some'), pytest.param(1, id='all', marks=pytest.mark.slow)]
)
def test_every_flipped_bit_of_a_small_vault_is_found(tmp_path: Path, step: int):
    vault = signed_vault(tmp_path, ('amr_1', 'amr_2'))
    Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex').close()
    witness(vault, 'amr_2', 'situation')
    trust = load_trust(vault)
    folder = log_folder(vault, 'amr_1', 'reflex')
    book = vault / 'agents/amr_2/witness/situation.jsonl'
    for path in (log_file(vault), folder / 'checkpoints.jsonl', book):
        whole = path.read_bytes()
        for bit in range(0, 8 * len(whole), step):
            changed = bytearray(whole)
            changed[bit // 8] ^= 1 << bit % 8
            path.write_bytes(changed)
            verdict = verify_vault(vault, trust=trust)
            # A last newline that is none any more reads as torn: a stated loss, not a clean log.
            torn = bit // 8 == len(whole) - 1
            assert verdict.exit_code == 1 or (torn and verdict.exit_code == 3), (path.name, bit)
        path.write_bytes(whole)
    assert verify_vault(vault, trust=trust).exit_code == 0


def test_there_are_enough_cases():
    assert len(CASES) >= 40


def test_the_last_stretch_is_bounded_once_a_witness_has_seen_the_end(place: Place):
    witness(place.robots, 'amr_2', 'situation')
    (log,) = verify_vault(place.robots).witnesses.logs
    assert (log.bare, log.witnesses) == (0, ('amr_2',))
    cut(SESSION, bag=1)(place)
    assert verify_vault(place.robots).witnesses.word == DENIED


def test_the_right_key_elsewhere_shows_a_new_key(place: Place):
    trust = load_trust(place.robots)
    other_key(place)
    assert verify_vault(place.robots, trust=trust).chain_word == BAD


def test_a_clean_rewrite_of_the_same_events_is_the_same_log(place: Place):
    before = place.log.read_bytes()
    rewrite(place, [json.loads(line) for line in place.lines()])
    assert place.log.read_bytes() == before
