# SPDX-License-Identifier: Apache-2.0
"""Heads that a person noted: the end of a log as one line to keep where no robot can write.

Somebody closes last, and nobody is left to countersign that end. A line on paper or in a mail
is a witness too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from swarm_vault.checkpoints import newest_note
from swarm_vault.errors import VaultError
from swarm_vault.listing import log_folders
from swarm_vault.log_check import MIRROR_MARK
from swarm_vault.notes import parse_note

_FORM = re.compile(
    r'([a-z][a-z0-9_]{0,31}/[a-z][a-z0-9_]{0,31}):([1-9][0-9]{0,17}):([0-9a-f]{64})'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedHead:
    """Where a log stood."""

    log: str
    """<agent>/<writer>."""
    size: int
    """Lines."""
    root: bytes
    """Of the Merkle tree over them."""

    def __str__(self) -> str:
        """The line to keep."""
        return f'{self.log}:{self.size}:{self.root.hex()}'


def parse_noted(text: str) -> NotedHead:
    """Read a line that was kept.

    Raises:
        VaultError: It is none.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise VaultError(
            f'{text[:120]!r} is no noted head; expected AGENT/WRITER:LINES:ROOT, the root in 64'
            ' hex digits, as `swarm audit heads` prints it'
        )
    log, size, root = found.groups()
    return NotedHead(log=log, size=int(size), root=bytes.fromhex(root))


def heads_to_note(vault_dir: Path) -> Iterator[NotedHead]:
    """The newest signed head of each log that is written here.

    Raises:
        VaultError: A log's checkpoints cannot be read.
    """
    for folder in log_folders(vault_dir):
        note = '' if (folder / MIRROR_MARK).exists() else newest_note(folder)
        if note:
            head = parse_note(note).checkpoint
            yield NotedHead(log=head.log, size=head.size, root=head.root)
