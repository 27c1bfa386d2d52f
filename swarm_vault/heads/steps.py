# SPDX-License-Identifier: Apache-2.0
"""Prove from a log's files that it only grew since a witness signed it.

Only the lines since then are read, found by bisection, and the peaks of the tree that lie beside
each checkpoint. Who missed much is led up step by step, each to a checkpoint that is stored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from swarm_vault.begin import read_begin
from swarm_vault.checkpoints import FILE, Stored, parse_checkpoint
from swarm_vault.cold import SUFFIX
from swarm_vault.errors import VaultError
from swarm_vault.lines import parse_line
from swarm_vault.merkle import Tree, leaf_hash, step_proof
from swarm_vault.segments import segment_paths

MOST_LINES = 2048
"""A step leads over so many lines, so that it costs some milliseconds at most."""
MOST_GAP = 65536
"""Further from a stored checkpoint no proof is begun [lines]."""
_NEAR_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The way from what a witness holds to a newer checkpoint."""

    old_size: int
    checkpoint: str = ''
    """The note on which the step ends."""
    hashes: tuple[bytes, ...] = ()
    unable: str = ''
    """Why there is no proof."""


def step_from(folder: Path, old_size: int, *, up_to: int | None = None) -> Step | None:
    """The next step of a log for who holds a head of it; None where nothing newer is signed.

    Args:
        folder: The log's folder; other processes may write it.
        old_size: So many lines were countersigned, at least one.
        up_to: The step must not lead over more lines than these.
    """
    try:
        before, target = _ends(folder / FILE, old_size, up_to)
        if target is None:
            return None
        hashes = _proof(folder, before, old_size, target.checkpoint.size)
    except (OSError, VaultError) as error:
        return Step(old_size=old_size, unable=str(error)[:200])
    return Step(old_size=old_size, checkpoint=target.content, hashes=tuple(hashes))


def _ends(path: Path, old_size: int, up_to: int | None) -> tuple[Stored | None, Stored | None]:
    """The last checkpoint on at most the old lines, and the one to which the step leads."""
    if not path.exists():
        return None, None
    most = old_size + MOST_LINES if up_to is None else min(up_to, old_size + MOST_LINES)
    before = target = b''
    with path.open('rb') as file:
        for back in (0, MOST_LINES, old_size):
            before, target = _around(_lines_from(file, old_size - 1 - back), old_size, most)
            if before or not target:
                break
    found = parse_checkpoint(target) if target else None
    if found is not None and up_to is not None and found.checkpoint.size > up_to:
        found = None
    return parse_checkpoint(before) if before else None, found


def _around(lines: Iterator[bytes], old_size: int, most: int) -> tuple[bytes, bytes]:
    """The checkpoints before and behind the step; a gap is passed over in one."""
    before = target = b''
    for line in lines:
        size = parse_line(line)['seq'] + 1
        if size <= old_size:
            before = line
        elif not target or size <= most:
            target = line
        if size >= most:
            break
    return before, target


def _proof(folder: Path, before: Stored | None, old_size: int, new_size: int) -> list[bytes]:
    begin = read_begin(folder)
    tree = Tree(begin.link.seq, begin.peaks)
    if before is not None and before.checkpoint.size >= tree.size:
        tree = Tree(before.checkpoint.size, before.peaks)
    if tree.size > old_size:
        raise VaultError(f'lines before seq {tree.size} were removed by policy')
    if old_size - tree.size > MOST_GAP:
        raise VaultError(f'no checkpoint near {old_size} lines is stored')
    lines = _log_lines(folder, tree.size, new_size)
    known = old_size - tree.size
    tree.extend(lines[:known])
    return step_proof(old_size, tree.peaks, [leaf_hash(line) for line in lines[known:]])


def _log_lines(folder: Path, begin: int, end: int) -> list[bytes]:
    """The stored lines of a log from one number up to another, without it."""
    found: list[bytes] = []
    for path in _files_from(folder, begin):
        with path.open('rb') as file:
            for line in _lines_from(file, begin):
                if len(found) == end - begin:
                    return found
                found.append(line)
    if len(found) < end - begin or parse_line(found[0])['seq'] != begin:
        raise VaultError(f'the log does not hold seq {begin} to {end - 1} any more')
    return found


def _files_from(folder: Path, seq: int) -> list[Path]:
    """The files that may hold a line and those behind it."""
    paths = segment_paths(folder)
    for number in reversed(range(len(paths))):
        if paths[number].suffix == SUFFIX:
            raise VaultError(f'seq {seq} lies in an archived file; restore it')
        with paths[number].open('rb') as file:
            first = next(_lines_from(file, 0), b'')
        if first and parse_line(first)['seq'] <= seq:
            return paths[number:]
    return paths


def _lines_from(file: IO[bytes], seq: int) -> Iterator[bytes]:
    """Whole lines of a file whose `seq` rises, from a number on."""
    low, high = 0, file.seek(0, 2)
    while high - low > _NEAR_BYTES:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        start, line = file.tell(), file.readline()
        if start < high and line.endswith(b'\n') and parse_line(line[:-1])['seq'] < seq:
            low = start
        else:
            high = middle
    file.seek(low)
    for line in iter(file.readline, b''):
        if not line.endswith(b'\n'):
            return
        if parse_line(line[:-1])['seq'] >= seq:
            yield line[:-1]
            break
    yield from (line[:-1] for line in iter(file.readline, b'') if line.endswith(b'\n'))
