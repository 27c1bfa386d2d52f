# SPDX-License-Identifier: Apache-2.0
"""The supervisor's copy: identical bytes, stored once, in order, and never a second story."""

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vault_world import log_file, log_lines, record

from swarm_vault.errors import VaultError
from swarm_vault.mirror import Mirror
from swarm_vault.segments import Segments
from swarm_vault.verify import verify_vault


@pytest.fixture
def lines(tmp_path: Path) -> list[bytes]:
    record(tmp_path / 'robot', frames=3, events=20)
    return log_lines(log_file(tmp_path / 'robot'))


@pytest.fixture
def mirror(tmp_path: Path):
    mirror = Mirror(tmp_path / 'base')
    yield mirror
    mirror.close()


def test_the_copy_has_the_bytes_of_the_robot(mirror: Mirror, lines: list[bytes], tmp_path: Path):
    assert mirror.head('amr_1', 'reflex') == -1
    assert mirror.store('amr_1', 'reflex', 0, lines[:10]) == 9
    assert mirror.store('amr_1', 'reflex', 10, lines[10:]) == len(lines) - 1
    robot, copy = log_file(tmp_path / 'robot'), log_file(tmp_path / 'base')
    assert copy.read_bytes() == robot.read_bytes()
    assert copy.relative_to(tmp_path / 'base') == robot.relative_to(tmp_path / 'robot')


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 23), st.integers(0, 24)), max_size=12))
def test_batches_in_any_order_and_number_never_store_a_line_twice_or_out_of_order(
    tmp_path_factory, lines: list[bytes], batches: list[tuple[int, int]]
):
    base = tmp_path_factory.mktemp('base')
    mirror = Mirror(base)
    head = -1
    for first, count in batches:
        batch = lines[first : first + count]
        expected = max(head, first + len(batch) - 1) if first <= head + 1 else head
        head = mirror.store('amr_1', 'reflex', first, batch)
        assert head == expected
    mirror.close()
    stored = log_lines(log_file(base)) if head >= 0 else []
    assert stored == lines[: head + 1]


def test_the_copy_goes_on_after_a_restart_of_the_supervisor(
    mirror: Mirror, lines: list[bytes], tmp_path: Path
):
    mirror.store('amr_1', 'reflex', 0, lines[:7])
    mirror.close()
    again = Mirror(tmp_path / 'base')
    assert again.head('amr_1', 'reflex') == 6
    assert again.store('amr_1', 'reflex', 5, lines[5:]) == len(lines) - 1
    again.close()
    verdict = verify_vault(tmp_path / 'base')
    assert (verdict.exit_code, verdict.writers[0].mirror) == (0, True)


def test_a_torn_copy_is_cut_and_the_robot_sends_the_line_again(
    mirror: Mirror, lines: list[bytes], tmp_path: Path
):
    mirror.store('amr_1', 'reflex', 0, lines[:7])
    mirror.close()
    path = log_file(tmp_path / 'base')
    path.write_bytes(path.read_bytes()[:-5])
    again = Mirror(tmp_path / 'base')
    assert again.head('amr_1', 'reflex') == 5
    assert again.store('amr_1', 'reflex', 6, lines[6:]) == len(lines) - 1
    again.close()
    assert log_lines(path) == lines


def test_lines_behind_a_gap_are_not_stored(mirror: Mirror, lines: list[bytes]):
    assert mirror.store('amr_1', 'reflex', 3, lines[3:]) == -1
    mirror.store('amr_1', 'reflex', 0, lines[:2])
    assert mirror.store('amr_1', 'reflex', 5, lines[5:]) == 1


def test_another_line_with_a_known_number_is_a_fork(mirror: Mirror, lines: list[bytes]):
    mirror.store('amr_1', 'reflex', 0, lines)
    forged = lines[4].replace(b'"number"', b'"digits"')
    with pytest.raises(VaultError, match=r'seq 4 differs .* the robot tells two stories'):
        mirror.store('amr_1', 'reflex', 3, [lines[3], forged])
    assert mirror.head('amr_1', 'reflex') == len(lines) - 1


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (lambda line: line.replace(b'"number":2', b'"number":9'), 'chained to something else'),
        (lambda _line: b'{"half":', 'line is no JSON'),
        (lambda _line: b'', 'line is no JSON'),
        (lambda line: line + b'\n' + line, 'holds a newline'),
        (lambda line: line.replace(b'"id":"amr_1', b'"id":"amr_2'), 'belongs to another log'),
    ],
)
def test_a_forged_line_is_refused_and_nothing_of_its_batch_is_stored(
    mirror: Mirror, lines: list[bytes], change, reason: str
):
    mirror.store('amr_1', 'reflex', 0, lines[:4])
    batch = [change(lines[4]), *lines[5:]]
    with pytest.raises(VaultError, match=reason):
        mirror.store('amr_1', 'reflex', 4, batch)
    assert mirror.head('amr_1', 'reflex') == 3


@pytest.mark.parametrize('time_ns', [None, 'noon', -1, 2**63, 1.5])
def test_a_line_without_a_usable_time_is_refused(mirror: Mirror, lines: list[bytes], time_ns):
    event = json.loads(lines[0]) | {'time_ns': time_ns}
    line = json.dumps(event, sort_keys=True, separators=(',', ':')).encode()
    with pytest.raises(VaultError, match='has a time_ns that is none of an event'):
        mirror.store('amr_1', 'reflex', 0, [line])


@pytest.mark.parametrize('name', ['..', '../x', 'a/b', '', 'A'])
def test_a_name_that_leads_elsewhere_is_refused(mirror: Mirror, lines: list[bytes], name: str):
    with pytest.raises(VaultError, match='names no log'):
        mirror.store(name, 'reflex', 0, lines)
    with pytest.raises(VaultError, match='names no log'):
        mirror.head('amr_1', name)


def test_a_robot_that_begins_anew_is_a_fork(mirror: Mirror, lines: list[bytes], tmp_path: Path):
    mirror.store('amr_1', 'reflex', 0, lines)
    record(tmp_path / 'wiped', frames=3)
    with pytest.raises(VaultError, match='seq 0 differs'):
        mirror.store('amr_1', 'reflex', 0, log_lines(log_file(tmp_path / 'wiped')))


def test_a_failed_disk_is_final_and_acknowledges_nothing(
    mirror: Mirror, lines: list[bytes], monkeypatch
):
    mirror.store('amr_1', 'reflex', 0, lines[:3])
    monkeypatch.setattr(Segments, 'sync', _raise_eio)
    with pytest.raises(VaultError, match='is not kept any more'):
        mirror.store('amr_1', 'reflex', 3, lines[3:])
    monkeypatch.undo()
    with pytest.raises(VaultError, match='is not kept any more'):
        mirror.store('amr_1', 'reflex', 3, lines[3:])
    assert mirror.head('amr_1', 'reflex') == 2


def _raise_eio(*_args: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_copy_that_cannot_be_opened_is_told_and_lets_its_lock_go(
    tmp_path: Path, lines: list[bytes], monkeypatch
):
    mirror = Mirror(tmp_path / 'base')
    monkeypatch.setattr(Segments, '__init__', _raise_eio)
    with pytest.raises(VaultError, match='cannot be opened'):
        mirror.store('amr_1', 'reflex', 0, lines)
    monkeypatch.undo()
    assert mirror.store('amr_1', 'reflex', 0, lines) == len(lines) - 1
    mirror.close()
