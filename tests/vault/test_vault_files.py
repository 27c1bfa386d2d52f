# SPDX-License-Identifier: Apache-2.0
"""A file is the old one or the new one, never a half, whatever fails on the way."""

import errno
import os
import stat
from pathlib import Path

import pytest

from swarm_vault.errors import VaultError
from swarm_vault.files import is_locked, locked, write_all, write_atomic


def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path):
    path = tmp_path / 'deep' / 'file'
    write_atomic(path, b'old')
    write_atomic(path, b'new', mode=0o600)
    assert path.read_bytes() == b'new'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ['file']


@pytest.mark.parametrize('call', ['open', 'write', 'fsync', 'replace'])
def test_a_failure_at_any_step_leaves_the_old_file(tmp_path: Path, monkeypatch, call: str):
    path = tmp_path / 'file'
    write_atomic(path, b'old')
    monkeypatch.setattr(os, call, _raise_enospc)
    with pytest.raises(OSError, match='No space left'):
        write_atomic(path, b'new')
    monkeypatch.undo()
    assert path.read_bytes() == b'old'


def test_short_writes_are_completed(tmp_path: Path, monkeypatch):
    path = tmp_path / 'file'
    true_write = os.write
    monkeypatch.setattr(os, 'write', lambda fd, data: true_write(fd, bytes(data[:3])))
    write_atomic(path, b'a longer content')
    assert path.read_bytes() == b'a longer content'


def test_nothing_to_write_writes_nothing(tmp_path: Path):
    with (tmp_path / 'file').open('wb') as file:
        write_all(file.fileno(), b'')
    assert (tmp_path / 'file').read_bytes() == b''


def test_a_lock_is_held_by_one_and_seen_by_others(tmp_path: Path, monkeypatch):
    monkeypatch.setattr('swarm_vault.files._LOCK_PATIENCE_S', 0.0)
    path = tmp_path / 'lock'
    assert not is_locked(path)
    with locked(path, 'the thing'):
        assert is_locked(path)
        with (
            pytest.raises(VaultError, match='the thing is held by another process'),
            locked(path, 'the thing'),
        ):
            pytest.fail('the lock was given twice')
    assert not is_locked(path)


def _raise_enospc(*_args: object, **_kwargs: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
