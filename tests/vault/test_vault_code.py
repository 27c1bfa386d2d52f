# SPDX-License-Identifier: Apache-2.0
"""The version of a core's code changes with its sources, and with nothing else."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from vault_world import CORE

from swarm_vault.code import code_version


@pytest.fixture
def room(tmp_path: Path, monkeypatch):
    """A room with a core package that has a package inside."""
    core = tmp_path / 'toy_room' / 'core'
    (core / 'skills').mkdir(parents=True)
    for name in ('__init__.py', 'skills/__init__.py', 'skills/wait.py'):
        (core / name).write_text('')
    (core / 'deciding.py').write_text('def decide(state, inputs, params):\n    return state, 1\n')
    monkeypatch.syspath_prepend(tmp_path)
    yield core
    for name in [name for name in sys.modules if name.startswith('toy_room')]:
        del sys.modules[name]


def source_of(core: Path) -> str:
    decide = importlib.import_module('toy_room.core.deciding').decide
    assert core.is_dir()
    return code_version(replace(CORE, decide=decide))['source']


def test_any_source_of_a_core_changes_its_version(room: Path):
    first = source_of(room)
    assert source_of(room) == first
    (room.parent / 'node.py').write_text('')
    assert source_of(room) == first
    (room / 'skills' / 'wait.py').write_text('WAIT_S = 1.0\n')
    second = source_of(room)
    assert second != first
    (room / 'skills' / 'wait.py').rename(room / 'skills' / 'pause.py')
    assert source_of(room) not in (first, second)


def test_code_without_a_file_has_no_digest():
    assert code_version(replace(CORE, decide=divmod))['source'] == ''


def test_the_version_names_python_and_numpy():
    version = code_version(CORE)
    assert version['python'] == sys.version.split()[0]
    assert set(version) == {'source', 'python', 'numpy'}
