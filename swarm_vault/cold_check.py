# SPDX-License-Identifier: Apache-2.0
"""Whether the cold files of a log are those that it archived.

Their digests stand in later events, so the files are looked at from the newest to the oldest, and
none is decoded before its digest fits.
"""

from collections.abc import Sequence
from pathlib import Path

from swarm_vault.cold import SUFFIX, cold_digest
from swarm_vault.errors import VaultError
from swarm_vault.lines import parse_line
from swarm_vault.segments import read_segment

ARCHIVED_EVENT = 'ledger.archived'
_MARK = f'"type":"{ARCHIVED_EVENT}"'.encode()


def cold_fault(paths: Sequence[Path]) -> tuple[str, str]:
    """The first file, from the newest, that is not as its log says, and why; empty if none.

    Args:
        paths: The log's files, oldest first.
    """
    said: dict[str, str] = {}
    unclear = {path.name for path in paths if path.suffix == SUFFIX}
    for path in reversed(paths):
        if path.suffix == SUFFIX:
            reason = _judge(path, said)
            if reason:
                return path.name, reason
            unclear.remove(path.name)
        if not unclear <= said.keys():
            said = _archived(path) | said
    return '', ''


def _judge(path: Path, said: dict[str, str]) -> str:
    if path.name not in said:
        return f'is cold, but no later {ARCHIVED_EVENT} event tells its digest'
    return '' if cold_digest(path) == said[path.name] else 'is not the file that was archived'


def _archived(path: Path) -> dict[str, str]:
    """The digests by file that a file's events tell; the last one counts."""
    try:
        lines = [line for line in read_segment(path).split(b'\n') if _MARK in line]
        told = [parse_line(line).get('data') for line in lines]
    except VaultError:
        return {}  # the walk through the lines says what is wrong with it
    return {
        str(data.get('file')): str(data.get('sha256')) for data in told if isinstance(data, dict)
    }
