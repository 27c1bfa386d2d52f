# SPDX-License-Identifier: Apache-2.0
"""Lessons are shared with the fleet after a human's review, and only then."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from swarm_supervisor.cli.app import app
from swarm_supervisor.debrief import recalled
from swarm_supervisor.recollection import Recollection
from swarm_vault.fleet_rules import kept_rules
from swarm_vault.folders import agent_folder
from swarm_vault.keys import ensure_authority
from swarm_vault.laws.core.roles import Role
from swarm_vault.laws.operators import add_operator
from swarm_vault.lessons import proposed_of, shelf_of
from swarm_vault.memory import Front, NoteKind, Standing, read_memory, write_memory_note
from swarm_vault.verify import verify_vault

TEXT = 'The east gate is shut in the evening.'
NAME = 'amr-1-gate'


def front_of(standing: Standing) -> Front:
    return Front(
        title='east gate', standing=standing, since_ns=1, source='amr_1', kind=NoteKind.LESSON
    )


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    write_memory_note(agent_folder(tmp_path, 'amr_1'), 'gate', front_of(Standing.INFERRED), TEXT)
    add_operator(tmp_path, 'vic', Role.VIEWER)
    add_operator(tmp_path, 'olga', Role.OPERATOR)
    return tmp_path


def memory(vault: Path, *words: str, operator: str = 'ada'):
    who = [] if words[0] in {'proposals', 'recall', 'rules'} else ['--operator', operator]
    return CliRunner().invoke(app, ['memory', *words, *who, '--vault', str(vault)])


def events(vault: Path) -> list[dict]:
    folder = vault / 'agents' / 'supervisor' / 'log' / 'review'
    lines = [line for path in folder.glob('*/*.jsonl') for line in path.read_text().splitlines()]
    return [e for e in map(json.loads, lines) if str(e.get('type')).startswith('lesson.')]


def told(vault: Path) -> list[str]:
    roster, recollection = [SimpleNamespace(agent_id='amr_2')], Recollection(vault, 'none')
    hq = SimpleNamespace(roster=roster, vault_dir=vault, recollection=recollection)
    found = recalled(hq, 'patrol the east gate')['recalled']
    assert isinstance(found, list)
    return found


def test_a_lesson_reaches_others_after_its_review_and_not_before(vault: Path) -> None:
    done = memory(vault, 'propose', 'amr_1', 'gate')
    assert done.exit_code == 0, done.output
    (waiting,) = json.loads(memory(vault, 'proposals', '--json').output)
    assert (waiting['name'], waiting['source'], waiting['text']) == (NAME, 'amr_1', TEXT)
    assert told(vault) == []
    assert memory(vault, 'accept', NAME).exit_code == 0
    assert told(vault) == [f'fleet/{NAME} (inferred): east gate']
    assert f'fleet/{NAME} (inferred)' in memory(vault, 'recall', 'amr_2', 'east gate').output
    (note,) = read_memory(shelf_of(vault))
    assert note.front == front_of(Standing.INFERRED)
    assert f'{TEXT}\n\nShared by ada, ' in note.text
    assert memory(vault, 'proposals').output == 'no lesson waits\n'


def test_who_proposed_and_who_accepted_stands_in_a_record_that_verifies(vault: Path) -> None:
    ensure_authority(vault, ['amr_1'])
    memory(vault, 'propose', 'amr_1', 'gate', operator='olga')
    memory(vault, 'accept', NAME)
    proposed, accepted = events(vault)
    assert (proposed['type'], proposed['data']['operator']) == ('lesson.proposed', 'olga')
    assert (accepted['type'], accepted['data']['operator']) == ('lesson.accepted', 'ada')
    assert proposed['data']['from'] == 'amr_1/gate'
    assert {len(event['data']['sha256']) for event in (proposed, accepted)} == {64}
    assert verify_vault(vault).ok


def test_a_rejected_lesson_is_put_aside_with_the_reason_and_told_to_nobody(vault: Path) -> None:
    memory(vault, 'propose', 'amr_1', 'gate')
    assert memory(vault, 'reject', NAME, '--reason', 'only that\nday').exit_code == 0
    assert told(vault) == []
    (note,) = read_memory(shelf_of(vault) / 'rejected')
    assert note.text.endswith('ns: only that day')
    assert events(vault)[-1]['data']['reason'] == 'only that day'


@pytest.mark.parametrize(
    ('words', 'operator', 'why'),
    [
        (('propose', 'amr_1', 'gate'), 'vic', "'vic' is viewer, order needs: "),
        (('accept', NAME), 'olga', "'olga' is operator, approve needs: "),
        (('reject', NAME), 'olga', "'olga' is operator, approve needs: "),
        (('accept', NAME), 'Ada\n', 'expected a small letter'),
        (('accept', 'moon'), 'ada', f"no lesson 'moon' waits; there is {NAME}"),
        (('propose', 'amr_1', 'moon'), 'ada', "amr_1 has no usable note 'moon'; there is gate"),
        (('propose', 'amr_1', 'gate'), 'ada', f'{NAME} is proposed already'),
    ],
)
def test_what_may_not_be_is_refused_in_a_sentence_and_changes_nothing(
    vault: Path, words: tuple[str, ...], operator: str, why: str
) -> None:
    memory(vault, 'propose', 'amr_1', 'gate')
    refused = memory(vault, *words, operator=operator)
    assert refused.exit_code == 1
    assert why in str(refused.exception)
    assert [note.name for note in read_memory(proposed_of(vault))] == [NAME]
    assert len(events(vault)) == 1
    assert told(vault) == []


def test_a_disputed_note_cannot_be_proposed(vault: Path) -> None:
    write_memory_note(agent_folder(vault, 'amr_1'), 'gate', front_of(Standing.DISPUTED), TEXT)
    refused = memory(vault, 'propose', 'amr_1', 'gate')
    assert "no usable note 'gate'; there is none" in str(refused.exception)


def test_a_review_that_was_cut_off_before_it_was_tidied_up_can_be_given_again(vault: Path) -> None:
    memory(vault, 'propose', 'amr_1', 'gate')
    waiting = (proposed_of(vault) / 'memory' / f'{NAME}.md').read_bytes()
    memory(vault, 'accept', NAME)
    (proposed_of(vault) / 'memory' / f'{NAME}.md').write_bytes(waiting)
    assert memory(vault, 'accept', NAME).exit_code == 0
    assert len(read_memory(shelf_of(vault))) == 1
    assert read_memory(proposed_of(vault)) == ()


def test_a_lesson_with_an_effect_becomes_a_rule_until_it_is_revoked(vault: Path) -> None:
    memory(vault, 'propose', 'amr_1', 'gate')
    done = memory(vault, 'accept', NAME, '--slow', 'racks=0.3')
    assert done.exit_code == 0, done.output
    assert 'a rule: racks: at most 0.3 m/s; it counts from the next order on' in done.output
    assert events(vault)[-1]['data']['effect'] == 'racks: at most 0.3 m/s'
    (rule,) = kept_rules(vault).rules
    assert (rule.name, rule.by, rule.max_speed_mps) == (NAME, 'ada', 0.3)
    assert memory(vault, 'rules').output == f'{NAME} (by ada): racks: at most 0.3 m/s\n'
    assert memory(vault, 'revoke', NAME, operator='olga').exit_code == 1
    assert memory(vault, 'revoke', NAME, '--reason', 'mended').exit_code == 0
    assert (kept_rules(vault).rules, told(vault)) == ((), [])
    assert (events(vault)[-1]['type'], events(vault)[-1]['data']['reason']) == (
        'lesson.revoked',
        'mended',
    )


@pytest.mark.parametrize(
    ('effect', 'why'),
    [
        (('--slow', 'racks'), '--slow'),
        (('--slow', 'racks=-1'), 'max_speed_mps'),
        (('--slow', 'racks=fast'), '--slow'),
        (('--avoid', 'moon'), "there is no sector 'moon'"),
        (('--avoid', 'racks', '--wait', '5'), 'expected one of'),
        (('--wait', '-5'), 'max_seconds'),
    ],
)
def test_an_effect_that_is_not_understood_is_refused_and_the_lesson_waits(
    vault: Path, effect: tuple[str, ...], why: str
) -> None:
    memory(vault, 'propose', 'amr_1', 'gate')
    refused = memory(vault, 'accept', NAME, *effect)
    assert refused.exit_code == 1
    assert why in str(refused.exception)
    assert [note.name for note in read_memory(proposed_of(vault))] == [NAME]
    assert kept_rules(vault).rules == ()
