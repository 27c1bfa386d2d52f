# SPDX-License-Identifier: Apache-2.0
"""Workers are copies of a process only where nothing else runs in it."""

import subprocess
import sys
import threading
from pathlib import Path

from swarm_vault.worker_start import worker_context

ALONE = """
from swarm_vault.worker_start import worker_context
print(worker_context().get_start_method())
"""


def test_a_process_alone_is_copied():
    said = subprocess.run([sys.executable, '-c', ALONE], capture_output=True, check=True)
    assert said.stdout == (b'fork\n' if sys.platform == 'linux' else b'spawn\n')


def test_a_process_in_which_another_thread_runs_is_never_copied():
    ends = threading.Event()
    other = threading.Thread(target=ends.wait)
    other.start()
    try:
        assert worker_context().get_start_method() == 'spawn'
    finally:
        ends.set()
        other.join()


def test_a_process_that_cannot_tell_is_never_copied(monkeypatch):
    def refuses(_path: Path) -> list[Path]:
        raise FileNotFoundError

    monkeypatch.setattr(Path, 'iterdir', refuses)
    assert worker_context().get_start_method() == 'spawn'
