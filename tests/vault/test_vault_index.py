# SPDX-License-Identifier: Apache-2.0
"""The index answers what a reader of every line would, whatever crash or stranger came before."""

import os
import random
import sqlite3
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner
from vault_world import log_file, log_lines, record

from swarm_vault import cli, index
from swarm_vault.errors import VaultError
from swarm_vault.events import time_of
from swarm_vault.index import Index, Question
from swarm_vault.ledger import Ledger
from swarm_vault.lines import Event, Kind, Link, encode_line, line_hash, parse_line
from swarm_vault.looks import _look, _look_closely, events_in, tally
from swarm_vault.segments import log_folder

KINDS = (Kind.MESSAGE, Kind.SYSTEM)
ALL = Question()


def written(vault: Path, *, writer: str = 'reflex', lines: int = 60, seed: int = 0) -> Path:
    """A log whose clock goes back now and then, in small steps with many equal times."""
    chance, link, end_ns = random.Random(seed), Link(), 10**18
    path = log_folder(vault, 'amr_1', writer) / '2001-09' / '2001-09-09.jsonl'
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('wb') as file:
        for number in range(lines):
            end_ns += chance.choice((-3, 0, 0, 1, 5))
            event = Event(
                kind=KINDS[number % 2], type_=f'test.{number % 3}', data={'number': number}
            )
            line = encode_line(event, link, agent_id='amr_1', writer=writer, time_ns=end_ns)
            link = Link(link.seq + 1, line_hash(line))
            file.write(line + b'\n')
    return path


def known(vault: Path) -> int:
    base = Index(vault)
    try:
        return base.update()
    finally:
        base.close()


def asked(vault: Path, question: Question = ALL, limit: int = 0) -> list[str]:
    base = Index(vault)
    try:
        base.update()
        found = [event.get('id') for event in base.ask(question, limit)]
        assert limit or base.count(question) == len(found)
        return found
    finally:
        base.close()


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, '_BLOCK_BYTES', 1000)


@pytest.mark.usefixtures('small_blocks')
@pytest.mark.parametrize('newest_first', [False, True])
def test_it_answers_what_a_reader_of_every_line_would(tmp_path: Path, *, newest_first: bool):
    paths = [written(tmp_path, writer=writer, seed=seed) for seed, writer in enumerate(('a', 'b'))]
    events = [parse_line(line) for path in paths for line in path.read_bytes().split(b'\n')[:-1]]
    times = sorted(map(time_of, events))
    events.sort(key=time_of)
    for question in (
        Question(newest_first=newest_first),
        Question(type_='test.1', newest_first=newest_first),
        Question(type_='test.', kind='SYSTEM', writer='b', newest_first=newest_first),
        Question(since_ns=times[20], until_ns=times[90], newest_first=newest_first),
        Question(agent_id='amr_2', newest_first=newest_first),
    ):
        wanted = [
            event
            for event in (events[::-1] if newest_first else events)
            if question.wants(event['kind'], event['type'], time_of(event))
            and question.writer in ('', event['id'].split('/')[1])
            and question.agent_id in ('', 'amr_1')
        ]
        assert asked(tmp_path, question) == [event['id'] for event in wanted]
        assert asked(tmp_path, question, 7) == [event['id'] for event in wanted][:7]


@pytest.mark.usefixtures('small_blocks')
@pytest.mark.parametrize('newest_first', [False, True])
def test_a_few_events_are_read_from_few_blocks_though_all_times_are_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, newest_first: bool
):
    monkeypatch.setattr(random.Random, 'choice', lambda *_: 0)
    written(tmp_path, lines=300)
    read: list[object] = []
    look = index.events_in
    monkeypatch.setattr(index, 'events_in', lambda block: read.append(block) or look(block))
    numbers = range(300)[::-1] if newest_first else range(300)
    asked_for = asked(tmp_path, Question(newest_first=newest_first), 5)
    assert asked_for == [f'amr_1/reflex/{number}' for number in numbers[:5]]
    assert len(read) <= 3


def test_a_quick_look_sees_what_a_close_one_sees(tmp_path: Path):
    record(tmp_path, frames=2, events=2)
    lines = log_lines(log_file(tmp_path))
    assert _look(b'\n'.join(lines) + b'\n') == [_look_closely(line) for line in lines]


@pytest.mark.parametrize(
    ('line', 'seen'),
    [
        (b'x', None),
        (b'{"seq":1}', (b'None', b'0', b'None')),
        (b'{"seq":1,"kind":"K","time_ns":9e9,"type":"t"}', (b'K', b'0', b't')),
        (b'{"seq":1,"kind":"K","time_ns":99999999999999999999,"type":"t"}', (b'K', b'0', b't')),
        (b'{"seq":1,"kind":"K","time_ns":-5,"type":"\\u00e9"}', (b'K', b'-5', 'é'.encode())),
        (b'{"seq":1,"kind":3,"time_ns":true,"type":["t"]}', (b'3', b'1', b"['t']")),
    ],
)
def test_lines_of_no_recorder_are_looked_at_closely(tmp_path: Path, line: bytes, seen: object):
    good = written(tmp_path, lines=2).read_bytes()
    assert _look(good + line + b'\n' + good)[2] == seen
    assert len(list(events_in(good + line + b'\n'))) == 2 + (seen is not None)
    assert sum(events for events, _, _ in tally(line + b'\n').values()) == (seen is not None)


@pytest.mark.usefixtures('small_blocks')
def test_it_follows_a_log_line_by_line(tmp_path: Path):
    path = written(tmp_path, lines=40)
    content = path.read_bytes()
    for end in range(0, len(content), 431):
        path.write_bytes(content[:end])
        assert known(tmp_path) == content[:end].count(b'\n')
    path.write_bytes(content)
    assert asked(tmp_path) == asked(tmp_path, Question(type_='test.'))
    with sqlite3.connect(tmp_path / 'nexus/index.sqlite') as base:
        lengths = [row[0] for row in base.execute('SELECT DISTINCT offset FROM blocks')]
    base.close()
    assert len(lengths) < len(content) / 500, 'small steps must not leave small blocks behind'


def test_what_did_not_change_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    written(tmp_path)
    before = known(tmp_path)
    monkeypatch.setattr(index, 'open_segment', None)
    assert known(tmp_path) == before == 60


@pytest.mark.usefixtures('small_blocks')
@pytest.mark.parametrize('kept', [0, 1, 20, 39])
def test_lines_that_a_power_cut_took_after_they_were_indexed_are_forgotten(
    tmp_path: Path, kept: int
):
    """A line may be indexed before it is synced; the log then grows over its place."""
    path = written(tmp_path, lines=40)
    assert known(tmp_path) == 40
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b''.join(lines[:kept]))
    clock = count(10**18 + 50).__next__
    ledger = Ledger(vault_dir=tmp_path, agent_id='amr_1', writer='reflex', clock=clock)
    for number in range(50):
        ledger.append(Event(kind=Kind.MESSAGE, type_='test.later', data={'number': number}))
    ledger.close()
    assert path.stat().st_size > len(b''.join(lines))
    assert known(tmp_path) == kept + 52
    assert len(asked(tmp_path, Question(type_='test.later'))) == 50
    assert len(asked(tmp_path)) == kept + 52


def die_after(calls: int) -> None:
    steps, insert = iter(range(calls)), Index._insert

    def insert_or_die(*given: object) -> None:
        return insert(*given) if next(steps, None) is not None else os._exit(9)

    Index._insert = insert_or_die


def test_a_process_killed_while_it_indexes_leaves_an_index_that_goes_on(tmp_path: Path):
    for number, writer in enumerate('abcd'):
        written(tmp_path, writer=writer, seed=number)
    for calls in range(4):
        child = os.fork()
        if child == 0:
            die_after(calls)
            known(tmp_path)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 9 << 8
    assert len(asked(tmp_path)) == known(tmp_path) == 240


@pytest.mark.usefixtures('small_blocks')
@pytest.mark.parametrize('damage', [b'\0', b'\xff'])
def test_a_damaged_index_is_made_anew(tmp_path: Path, damage: bytes):
    path = written(tmp_path, lines=300)
    expected = asked(tmp_path)
    file = tmp_path / 'nexus/index.sqlite'
    good = file.read_bytes()
    pages = range(0, len(good), 4096)
    assert len(pages) > 3
    for page in pages:
        file.write_bytes(good[:page] + damage * 4096 + good[page + 4096 :])
        with path.open('ab') as log:
            log.write(b'{"seq":300}\n')
        assert len(asked(tmp_path)) == len(expected) + 1
        path.write_bytes(b''.join(path.read_bytes().splitlines(keepends=True)[:300]))


def test_a_file_that_is_no_index_is_not_written_over(tmp_path: Path):
    path = written(tmp_path / 'vault')
    other = tmp_path / 'other.sqlite'
    with sqlite3.connect(other) as base:
        base.execute('CREATE TABLE of_somebody (a)')
    base.close()
    for stranger in (path, other):
        before = stranger.read_bytes()
        asking = ['query', str(tmp_path / 'vault'), '--index', str(stranger)]
        said = CliRunner().invoke(cli.app, asking).exception
        assert isinstance(said, VaultError)
        assert 'no index; name another file' in str(said)
        assert stranger.read_bytes() == before


def test_a_line_changed_in_its_place_is_told_and_not_answered(tmp_path: Path):
    path = written(tmp_path)
    known(tmp_path)
    stat = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"type":"test.2"', b'"type":"test.9"'))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(VaultError, match='does not hold what the index says'):
        asked(tmp_path, Question(type_='test.2'))
