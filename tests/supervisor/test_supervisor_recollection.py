# SPDX-License-Identifier: Apache-2.0
"""The supervisor finds notes by meaning once its model has read them; an order waits for none."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_sentence_model import write_model
from typer.testing import CliRunner

from swarm_config.errors import ConfigError
from swarm_supervisor.cli.app import app
from swarm_supervisor.debrief import read_notes, recalled
from swarm_supervisor.exams import recall as bench
from swarm_supervisor.recollection import Recollection
from swarm_vault.folders import agent_folder
from swarm_vault.memory import Front, NoteKind, Standing, write_memory_note

SAID = 'amr_1/gate (inferred): gate'


@pytest.fixture
def model(tmp_path: Path) -> str:
    pytest.importorskip('onnxruntime', reason='extra recall: ./swarm setup --recall')
    return str(write_model(tmp_path / 'model'))


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    standing, kind = Standing.INFERRED, NoteKind.LESSON
    front = Front(title='gate', standing=standing, since_ns=1, source='amr_1', kind=kind)
    write_memory_note(agent_folder(tmp_path, 'amr_1'), 'gate', front, 'box.')
    return tmp_path


def told(hq: SimpleNamespace, text: str) -> tuple[object, str]:
    found = recalled(hq, text)
    return found['recalled'], str(found['recalled_by'])


def fleet(vault: Path, choice: str) -> SimpleNamespace:
    roster = [SimpleNamespace(agent_id='amr_1'), SimpleNamespace(agent_id='amr_2')]
    recollection = Recollection(vault, choice)
    return SimpleNamespace(roster=roster, vault_dir=vault, recollection=recollection)


def test_an_order_in_other_words_finds_the_note_once_it_was_read(vault, model):
    hq = fleet(vault, model)
    assert told(hq, 'entrance door') == ([], 'words')
    asyncio.run(read_notes(hq))
    found, how = told(hq, 'entrance door')
    assert found == [SAID]
    assert how.startswith('words and model/model.onnx@')
    assert not hq.recollection.due
    hq.recollection.filed()
    assert hq.recollection.due


def test_without_a_model_words_decide_and_nothing_is_read(vault):
    hq = fleet(vault, 'none')
    asyncio.run(read_notes(hq))
    assert told(hq, 'entrance door') == ([], 'words')
    assert told(hq, 'the gate') == ([SAID], 'words')
    assert not (vault / 'nexus' / 'recall.sqlite3').exists()


def test_a_model_that_fails_leaves_the_words_and_says_why(vault, model):
    (Path(model) / 'model.onnx').write_bytes(b'spoilt')
    hq = fleet(vault, model)
    asyncio.run(read_notes(hq))
    assert told(hq, 'the gate') == ([SAID], 'words')
    assert 'no ONNX model' in hq.recollection.fault
    hq.recollection.filed()
    assert not hq.recollection.due, 'it is not tried again and again'


def test_a_folder_without_a_model_stops_the_start(tmp_path):
    with pytest.raises(ConfigError, match=r"recall_model: no file 'model\.onnx' in '.*/nowhere'"):
        Recollection(tmp_path, str(tmp_path / 'nowhere'))


def test_the_command_line_finds_by_meaning_too(vault, model):
    words = ['memory', 'recall', 'amr_1', 'entrance door', '--vault', str(vault), '--json']
    (found,) = json.loads(CliRunner().invoke(app, [*words, '--model', model]).output)
    assert found['name'] == 'gate'
    assert json.loads(CliRunner().invoke(app, [*words, '--model', 'none']).output) == []


def test_the_bench_beats_chance_by_words_and_has_rows_for_meaning(model):
    rows = {(r['notes'], r['order']): r for r in bench.measure(bench.DATA, model, most=40)}
    assert len(rows) == 8
    assert rows['all', 'words (FTS5)']['among'] > rows['all', 'chance']['among']
    assert len(bench.measure(bench.DATA, 'none', most=20)) == 4


def test_a_manual_is_named_in_the_plans_record_and_found_from_the_command_line(vault):
    (vault / 'manuals').mkdir()
    (vault / 'manuals' / 'spills.md').write_text('# Wet floor\n\nKeep clear until it is dry.\n')
    found = recalled(fleet(vault, 'none'), 'survey the wet hall')
    assert found['manuals'] == ['spills.md:3 Wet floor']
    words = ['memory', 'manual', 'wet floor', '--vault', str(vault), '--model', 'none']
    assert CliRunner().invoke(app, words).output == (
        'spills.md:3 Wet floor\n  Keep clear until it is dry.\n'
    )
    (passage,) = json.loads(CliRunner().invoke(app, [*words, '--json']).output)
    assert passage['place'] == 'spills.md:3'


def test_manuals_are_read_by_the_model_and_found_in_other_words(vault, model):
    (vault / 'manuals').mkdir()
    (vault / 'manuals' / 'spills.txt').write_text('wet.\n')
    hq = fleet(vault, model)
    asyncio.run(read_notes(hq))
    assert recalled(hq, 'slippery')['manuals'] == ['spills.txt:1']


def test_without_manuals_the_command_says_where_they_belong(vault):
    words = ['memory', 'manual', 'wet floor', '--vault', str(vault), '--model', 'none']
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1
    assert f'no .md or .txt in {vault}/manuals' in str(done.exception)
