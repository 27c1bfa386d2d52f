# SPDX-License-Identifier: Apache-2.0
"""How processes that help this one begin: as its copies where that is safe, else from nothing.

A copy knows all code that was read already; one from nothing reads it again, the whole command
included, which takes longer than it has to work. But a copy has the calling thread alone: a lock
that another thread held would stay locked in it for ever.
"""

import multiprocessing
from multiprocessing.context import BaseContext
from pathlib import Path


def worker_context() -> BaseContext:
    """Copies where no other thread runs in this process, native ones included; else spawned."""
    return multiprocessing.get_context('fork' if _is_alone() else 'spawn')


def _is_alone() -> bool:
    try:
        return len(list(Path('/proc/self/task').iterdir())) == 1
    except OSError:  # no Linux: not known is no
        return False
