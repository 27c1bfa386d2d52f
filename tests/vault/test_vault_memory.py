# SPDX-License-Identifier: Apache-2.0
"""Notes say whence they are known; the journal says what the events say."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from swarm_vault import cli
from swarm_vault.diary import write_journal
from swarm_vault.errors import VaultError
from swarm_vault.memory import (
    Front,
    NoteState,
    Standing,
    read_memory,
    read_memory_note,
    write_memory_note,
)
from swarm_vault.recorder import Kind, Recorder

FRONT = Front(
    title='The door of the dock is shut at night',
    standing=Standing.OBSERVED,
    since_ns=5,
    source='amr_1',
    evidence=('amr_1/situation/17',),
)
GOOD = '---\ntitle: a\nstanding: inferred\nsince_ns: 1\nsource: ada\n---\ntext\n'


def test_a_note_comes_back_as_it_was_written_and_stands_in_the_index(tmp_path: Path):
    write_memory_note(tmp_path, 'dock-door', FRONT, 'Shut from 20:00 on.')
    (note,) = read_memory(tmp_path)
    assert (note.state, note.front, note.text) == (NoteState.VALID, FRONT, 'Shut from 20:00 on.')
    assert (
        '[The door of the dock is shut at night](dock-door.md), observed, from amr_1'
        in (tmp_path / 'memory/INDEX.md').read_text()
    )


@pytest.mark.parametrize('name', ['', '../x', 'A', 'a b', 'INDEX', '-a', 'a' * 65])
def test_a_name_that_may_not_become_a_file_is_refused(tmp_path: Path, name: str):
    with pytest.raises(VaultError, match='names no note'):
        write_memory_note(tmp_path, name, FRONT, '')


@pytest.mark.parametrize(
    ('content', 'state', 'reason'),
    [
        (None, 'ABSENT', 'is not there'),
        (GOOD.encode(), 'VALID', ''),
        (b'# just text\n', 'NO_BLOCK', 'has no front matter'),
        (b'---\ntitle: a\n', 'NO_BLOCK', 'has no front matter'),
        (b'\xff\xfe', 'UNREADABLE', 'cannot be read'),
        (b'x' * 70_000, 'UNREADABLE', 'has over 65536 bytes'),
        (GOOD.replace('inferred', 'sure').encode(), 'INVALID', 'standing: Input should be'),
        (GOOD.replace('source: ada', 'x: 1').encode(), 'INVALID', 'source: Field required'),
        (GOOD.replace('text', '').replace('a\n', ': :\n', 1).encode(), 'INVALID', 'not YAML'),
        (b'---\n- 1\n---\n', 'INVALID', 'front matter: Input should be'),
        (b'---\n' + b'a' * 2001 + b'\n---\n', 'INVALID', 'longer than 2000 characters'),
        (b'---\n' + b'[' * 1900 + b'\n---\n', 'INVALID', 'not YAML'),
    ],
)
def test_a_note_is_in_one_of_five_states(
    tmp_path: Path, content: bytes | None, state: str, reason: str
):
    path = tmp_path / 'note.md'
    if content is not None:
        path.write_bytes(content)
    reading = read_memory_note(path)
    assert reading.state == state
    assert reason in reading.reason
    assert (reading.front is None) == (state != 'VALID')


def test_a_note_that_cannot_be_used_is_named_in_the_index(tmp_path: Path):
    (tmp_path / 'memory').mkdir()
    (tmp_path / 'memory/broken.md').write_bytes(b'nonsense')
    write_memory_note(tmp_path, 'good', FRONT, 'x')
    index = (tmp_path / 'memory/INDEX.md').read_text()
    assert '## Not usable\n\n- broken: NO_BLOCK, has no front matter' in index


def test_the_journal_is_written_from_the_events_and_names_them(tmp_path: Path):
    recorder = Recorder(vault_dir=tmp_path, agent_id='amr_1', writer='planner')
    recorder.event(Kind.STATE_CHANGE, 'order.begun', {'order_id': 'm-1', 'why': 'survey'})
    recorder.event(Kind.MESSAGE, 'negotiation.settled', {'peer': 'amr_2'})
    recorder.close()
    (page,) = write_journal(tmp_path, 'amr_1')
    text = page.read_text()
    assert 'plan order.begun: survey (amr_1/planner/1)' in text
    assert 'plan negotiation.settled with amr_2 (amr_1/planner/2)' in text
    assert page.parent.parent == tmp_path / 'agents/amr_1/journal'
    result = CliRunner().invoke(cli.app, ['journal', str(tmp_path), 'amr_1', '--json'])
    assert str(page) in result.stdout
    assert page.read_text() == text
    with pytest.raises(VaultError, match="tell nothing of 'amr_9'"):
        write_journal(tmp_path, 'amr_9')
