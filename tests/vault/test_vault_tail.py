# SPDX-License-Identifier: Apache-2.0
"""What the outbox reads: whole lines, in order, across days, while the log is written."""

import errno
import os
from pathlib import Path

import pytest

from swarm_vault.errors import VaultError
from swarm_vault.ledger import Ledger
from swarm_vault.lines import Event, Kind, parse_line
from swarm_vault.segments import log_folder, segment_paths
from swarm_vault.tail import LogTail

DAY_NS = 86_400 * 10**9


def write(vault: Path, *, day: int, lines: int) -> None:
    """Append lines on a day; opening and closing the log make two more."""
    ledger = Ledger(vault_dir=vault, agent_id='a', writer='w', clock=lambda: (day + 1) * DAY_NS)
    for number in range(lines):
        ledger.append(Event(kind=Kind.MESSAGE, type_='test.said', data={'number': number}))
    ledger.close()


def seqs(lines: tuple[bytes, ...]) -> list[int]:
    return [parse_line(line)['seq'] for line in lines]


def test_lines_come_in_order_across_the_files_of_days(tmp_path: Path):
    for day in range(3):
        write(tmp_path, day=day, lines=4)
    tail = LogTail(tmp_path, 'a', 'w')
    after, found = -1, []
    while lines := tail.read(after, limit=5):
        assert len(lines) <= 5
        found += seqs(lines)
        after = found[-1]
    assert found == list(range(18))
    assert tail.count() == 18


def test_the_lines_are_the_bytes_of_the_file(tmp_path: Path):
    write(tmp_path, day=0, lines=4)
    (path,) = segment_paths(log_folder(tmp_path, 'a', 'w'))
    assert list(LogTail(tmp_path, 'a', 'w').read(-1)) == path.read_bytes().splitlines()


@pytest.mark.parametrize('after', range(-1, 17))
def test_reading_begins_after_any_line(tmp_path: Path, after: int):
    for day in range(3):
        write(tmp_path, day=day, lines=4)
    assert seqs(LogTail(tmp_path, 'a', 'w').read(after)) == list(range(after + 1, 18))


def test_going_back_reads_again(tmp_path: Path):
    for day in range(2):
        write(tmp_path, day=day, lines=4)
    tail = LogTail(tmp_path, 'a', 'w')
    tail.read(-1, limit=9)
    assert seqs(tail.read(2, limit=3)) == [3, 4, 5]


def test_a_half_line_is_not_given_out_before_it_is_whole(tmp_path: Path):
    write(tmp_path, day=0, lines=1)
    (path,) = segment_paths(log_folder(tmp_path, 'a', 'w'))
    whole = path.read_bytes()
    tail = LogTail(tmp_path, 'a', 'w')
    path.write_bytes(whole[:-1])
    assert seqs(tail.read(-1)) == [0, 1]
    assert tail.read(1) == ()
    assert tail.count() == 2
    path.write_bytes(whole)
    assert seqs(tail.read(1)) == [2]


def test_a_log_that_does_not_exist_yet_is_empty_until_it_does(tmp_path: Path):
    tail = LogTail(tmp_path, 'a', 'w')
    assert (tail.read(-1), tail.count()) == ((), 0)
    write(tmp_path, day=0, lines=1)
    assert seqs(tail.read(-1)) == [0, 1, 2]


def test_an_empty_file_of_a_new_day_is_waited_for(tmp_path: Path):
    write(tmp_path, day=0, lines=1)
    tail = LogTail(tmp_path, 'a', 'w')
    tail.read(-1)
    (log_folder(tmp_path, 'a', 'w') / '1970-01' / '1970-01-05.jsonl').touch()
    assert tail.read(2) == ()
    assert tail.count() == 3
    write(tmp_path, day=4, lines=1)
    assert seqs(tail.read(2)) == [3, 4, 5]
    assert seqs(LogTail(tmp_path, 'a', 'w').read(2)) == [3, 4, 5]


def test_a_position_behind_the_end_is_another_log(tmp_path: Path):
    write(tmp_path, day=0, lines=1)
    with pytest.raises(VaultError, match='seq 8 is wanted, the log ends before seq 3'):
        LogTail(tmp_path, 'a', 'w').read(7)


def test_lines_are_synced_before_they_are_given_out(tmp_path: Path, monkeypatch):
    write(tmp_path, day=0, lines=3)
    synced: list[int] = []
    monkeypatch.setattr(os, 'fdatasync', synced.append)
    tail = LogTail(tmp_path, 'a', 'w')
    assert len(tail.read(-1)) == 5
    assert len(synced) == 1
    assert tail.read(4) == ()
    assert len(synced) == 1


def test_a_log_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch):
    write(tmp_path, day=0, lines=1)
    monkeypatch.setattr('swarm_vault.segments.open_regular', _raise_eio)
    with pytest.raises(VaultError, match='cannot be read'):
        LogTail(tmp_path, 'a', 'w').read(-1)


def _raise_eio(*_args: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))
