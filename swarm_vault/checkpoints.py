# SPDX-License-Identifier: Apache-2.0
"""Signed statements of where a chain stood: they lie beside the log, one a second while it grows.

Who cuts the end of a log off, or writes it anew from the middle, cannot sign the new end. Each
line of the file is JSON: the C2SP note, and the peaks of the Merkle tree from which the writer
goes on after a restart without reading the whole log again.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.files import open_append, sync_data, write_all
from swarm_vault.keys import Signer, load_signer, signing_key_path
from swarm_vault.lines import Link, encode_json, parse_line
from swarm_vault.merkle import Tree, root_of
from swarm_vault.notes import Checkpoint, Note, parse_note, signed_note
from swarm_vault.segments import cut_torn, last_line, lines_backwards, log_folder

FILE = 'checkpoints.jsonl'


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A line of the file."""

    note: Note
    content: str
    """The note with its signatures, as stored."""
    peaks: tuple[bytes, ...]

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says."""
        return self.note.checkpoint


def checkpoint_line(content: str, size: int, peaks: tuple[bytes, ...]) -> bytes:
    """The line of the file, without the newline."""
    plain = {'seq': size - 1, 'note': content, 'peaks': [peak.hex() for peak in peaks]}
    return encode_json(plain)


def parse_checkpoint(line: bytes) -> Stored:
    """Read a line of the file.

    Raises:
        VaultError: It is no checkpoint.
    """
    fields = parse_line(line)
    try:
        note = parse_note(str(fields['note']))
        peaks = tuple(bytes.fromhex(peak) for peak in fields['peaks'])
    except (KeyError, TypeError, ValueError) as error:
        raise VaultError(f'line is no checkpoint ({error!r})') from error
    stored = Stored(note=note, content=fields['note'], peaks=peaks)
    if checkpoint_line(stored.content, note.checkpoint.size, peaks) != line:
        raise VaultError('line is no checkpoint (it is not in the pinned form)')
    if len(peaks) != note.checkpoint.size.bit_count() or root_of(peaks) != note.checkpoint.root:
        raise VaultError('line is no checkpoint (its peaks do not make its root)')
    return stored


def newest_note(folder: Path, *, up_to: int | None = None) -> str:
    """The newest stored note of a log that covers at most so many lines; empty if there is none.

    Args:
        folder: The log's folder.
        up_to: How many lines it may cover; None: any number.
    """
    path = folder / FILE
    if not path.exists():
        return ''
    for _, line in lines_backwards(path):
        try:
            stored = parse_checkpoint(line)
        except VaultError:
            return ''
        if up_to is None or stored.checkpoint.size <= up_to:
            return stored.content
    return ''


class Checkpoints:
    """Append checkpoints; without a signing key, do nothing. Not thread-safe."""

    def __init__(self, vault_dir: Path, *, agent_id: str, writer: str) -> None:
        self._agent_id = agent_id
        self._writer = writer
        self._signer: Signer | None = None
        self._path = log_folder(vault_dir, agent_id, writer) / FILE
        self._descriptor = -1
        self._last: Stored | None = None
        self._taken: tuple[Link, Tree] | None = None
        """The end of the chain as it was written, and the tree over it."""
        self._sealed: tuple[Link, tuple[bytes, ...]] = (Link(), ())
        self.seq = 0
        """How many lines of the chain are covered."""
        if signing_key_path(vault_dir, agent_id).exists():
            self._signer = load_signer(vault_dir, agent_id)
            self._recover()

    @property
    def signed(self) -> bool:
        """Whether there is a key to sign with."""
        return self._signer is not None

    def begin(self, end: Link, lines_after: Callable[[int], list[bytes]]) -> None:
        """Take up the tree where the chain stands.

        Args:
            end: The end of the chain.
            lines_after: Reads the stored lines from a sequence number on.
        """
        if self._signer is None:
            return
        last = self._last
        usable = last is not None and last.checkpoint.size <= end.seq
        tree = Tree(last.checkpoint.size, last.peaks) if usable and last else Tree()
        tree.extend(lines_after(tree.size))
        self._taken = (end, tree)

    def take(self, end: Link, lines: Sequence[bytes]) -> None:
        """Follow the chain; call it with every line that was written.

        A signal's handler may end this with an exception: it can be called again with the same.

        Args:
            end: The end of the chain behind the lines.
            lines: Lines that were written; those that were taken before are left out.
        """
        if self._taken is not None:
            tree = self._taken[1].copy()
            tree.extend(lines[len(lines) - (end.seq - tree.size) :] if end.seq > tree.size else ())
            self._taken = (end, tree)

    def seal(self) -> None:
        """Note that everything taken so far is durable: what the next statement is about."""
        if self._taken is not None:
            end, tree = self._taken
            self._sealed = (end, tuple(tree.peaks))

    def write(self) -> None:
        """State where the durable chain ends, unless that was stated."""
        end, peaks = self._sealed
        if self._signer is None or end.seq <= self.seq:
            return
        checkpoint = Checkpoint(
            agent_id=self._agent_id,
            writer=self._writer,
            size=end.seq,
            root=root_of(peaks),
            head=end.prev,
            time_ns=time.time_ns(),
        )
        note = signed_note(checkpoint, self._signer)
        self._append(checkpoint_line(note, end.seq, peaks) + b'\n')
        self.seq = end.seq

    def sync(self) -> None:
        """Return after everything stated is durable."""
        if self._descriptor >= 0:
            sync_data(self._descriptor)

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _recover(self) -> None:
        if not self._path.exists():
            return
        cut_torn(self._path)
        line = last_line(self._path)
        if line:
            self._last = parse_checkpoint(line)
            self.seq = self._last.checkpoint.size

    def _append(self, line: bytes) -> None:
        if self._descriptor < 0:
            self._descriptor = open_append(self._path)
        write_all(self._descriptor, line)
