# SPDX-License-Identifier: Apache-2.0
"""Processes that do not stay up, however often they are started."""

from collections.abc import Collection
from pathlib import Path


def fallen(dead: Collection[str], lost: Collection[str], log_dir: Path) -> str:
    """A sentence on a process that is gone for good though nobody killed it so; empty if none is.

    Args:
        dead: Names of the processes that ended and are not started again.
        lost: Robots whose processes were to be killed for good.
        log_dir: Where each process writes `<name>.log`.
    """
    for name in sorted(dead):
        if name.split('.')[0] not in lost:
            return f'{name} does not stay up: {_last_line(log_dir / f"{name}.log")}'
    return ''


def _last_line(log: Path) -> str:
    lines = log.read_text(errors='replace').splitlines() if log.exists() else []
    return next((line for line in reversed(lines) if line.strip()), 'it said nothing')
