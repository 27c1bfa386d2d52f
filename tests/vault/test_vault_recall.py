# SPDX-License-Identifier: Apache-2.0
"""Notes are found again; only a human's word makes a lesson a rule; a copied folder remembers."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from swarm_vault import recall as recall_module
from swarm_vault.errors import VaultError
from swarm_vault.memory import Front, NoteKind, Standing, read_memory_note, write_memory_note
from swarm_vault.recall import RULES, confirm, keep_lesson, recall
from swarm_vault.soul import Temperament, read_soul, soul_of


def front(title: str, standing: Standing = Standing.INFERRED) -> Front:
    return Front(
        title=title, standing=standing, since_ns=1, source='supervisor', kind=NoteKind.LESSON
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / 'agents' / 'amr_1'
    write_memory_note(place, 'gate', front('the east gate is often blocked'), 'Boxes at the gate.')
    write_memory_note(place, 'dock', front('the dock is narrow'), 'Take it slowly.')
    write_memory_note(place, 'lie', front('the gate is free', Standing.DISPUTED), 'gate gate gate')
    (place / 'SOUL.md').write_text('# Rules\n\n1. People first.\n')
    return place


def test_the_fitting_note_comes_first_and_disputed_ones_never(folder: Path) -> None:
    found = recall(folder, 'patrol the gate and the dock')
    assert {note.name for note in found} == {'gate', 'dock'}
    assert next(note.name for note in recall(folder, 'boxes at the east gate')) == 'gate'
    assert recall(folder, '"; DROP TABLE notes; --') == ()


def test_without_full_text_search_shared_words_decide(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(*_: object) -> list[str]:
        raise sqlite3.OperationalError('no such module: fts5')

    monkeypatch.setattr(recall_module, '_full_text', absent)
    assert next(note.name for note in recall(folder, 'boxes at the east gate')) == 'gate'


def test_only_a_named_operator_makes_a_lesson_a_rule_once(folder: Path) -> None:
    with pytest.raises(VaultError, match='names no operator'):
        confirm(folder, 'gate', '', 5)
    with pytest.raises(VaultError, match="no usable note 'moon'; there is dock, gate, lie"):
        confirm(folder, 'moon', 'ada', 5)
    rule = confirm(folder, 'gate', 'ada', 5)
    assert confirm(folder, 'gate', 'ada', 6)
    soul = (folder / 'SOUL.md').read_text()
    assert soul.count('(note gate, ') == 1
    assert RULES in soul
    assert 'confirmed by ada' in rule
    note = read_memory_note(folder / 'memory' / 'gate.md')
    assert note.front is not None
    assert note.front.standing is Standing.CONFIRMED


def test_a_machine_does_not_write_over_what_a_human_confirmed(folder: Path) -> None:
    confirm(folder, 'gate', 'ada', 5)
    keep_lesson(folder, 'gate', front('all is well'), 'forget it')
    assert read_memory_note(folder / 'memory' / 'gate.md').text == 'Boxes at the gate.'


def test_a_robot_swap_is_a_copy_of_the_folder(folder: Path, tmp_path: Path) -> None:
    confirm(folder, 'gate', 'ada', 5)
    other = tmp_path / 'other' / 'agents' / 'amr_9'
    shutil.copytree(folder, other)
    before, after = recall(folder, 'east gate'), recall(other, 'east gate')
    assert [note.title for note in before] == [note.title for note in after]
    assert after[0].agent_id == 'amr_9'


@pytest.mark.parametrize(
    ('text', 'temperament'),
    [
        ('', Temperament.STEADY),
        ('```yaml\ntemperament: bold\n```\n', Temperament.BOLD),
        ('```yaml\ntemperament: cautious  # careful\n```\n', Temperament.CAUTIOUS),
        ('```yaml\ntemperament: reckless\n```\n', Temperament.CAUTIOUS),
        ('```yaml\ntemperament: [bold]\n```\n', Temperament.CAUTIOUS),
        ('```yaml\ntemperament: bold\n```\n' * 2, Temperament.CAUTIOUS),
        ('```yaml\ntemperament: bold\ntemperament: steady\n```\n', Temperament.CAUTIOUS),
        ('```yaml\ntemperament: bold\n', Temperament.CAUTIOUS),
        ('```yaml\ntemperament: bold\nx: ' + '[' * 2000 + '\n```\n', Temperament.CAUTIOUS),
        ('```yaml\ntier: 2\n```\n\n```yaml\ntemperament: bold\n```\n', Temperament.BOLD),
        ('```yaml\ntier: 2\n```\n', Temperament.STEADY),
        ('```yaml\n{override: [a], temperament: bold}\n```\n', Temperament.BOLD),
    ],
)
def test_a_soul_that_cannot_be_read_is_cautious(text: str, temperament: Temperament) -> None:
    assert read_soul(f'# Rules\n\n{text}').temperament is temperament


def test_the_identity_kept_offline_counts_before_the_folder(folder: Path, tmp_path: Path) -> None:
    assert soul_of(tmp_path, 'amr_1').temperament is Temperament.STEADY
    kept = tmp_path / 'nexus' / 'identity' / 'amr_1.md'
    kept.parent.mkdir(parents=True)
    kept.write_text('# Identity\n\n```yaml\ntemperament: bold\n```\n')
    assert soul_of(tmp_path, 'amr_1').temperament is Temperament.BOLD
    kept.write_bytes(b'\xff')
    assert soul_of(tmp_path, 'amr_1').temperament is Temperament.CAUTIOUS
    assert soul_of(tmp_path, 'nobody').temperament is Temperament.STEADY
