# SPDX-License-Identifier: Apache-2.0
"""Where two vaults differ: log by log by their lines, decision by decision by their frames."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from swarm_vault.divergence import Difference, first_difference
from swarm_vault.errors import VaultError
from swarm_vault.frames import BagLog, BagReader, plain_frame
from swarm_vault.lines import parse_line
from swarm_vault.listing import log_folders
from swarm_vault.moment import bag_logs
from swarm_vault.segments import read_segment, segment_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One log, or the decisions of one core, in both vaults."""

    name: str
    kind: str
    """log or decisions"""
    relation: str
    """equal, only in A, only in B, A goes on, B goes on, or differs"""
    common: int
    """How many lines or frames are equal from the beginning."""
    difference: Difference | None = None


def compare_vaults(one: Path, other: Path) -> list[Compared]:
    """Compare all logs by their bytes, and all decisions by their inputs and outputs."""
    logs, others = _logs(one), _logs(other)
    found = [
        _compare(name, 'log', _lines(logs.get(name)), _lines(others.get(name)), whole=True)
        for name in sorted(logs | others)
    ]
    bags, other_bags = _bags(one), _bags(other)
    found += [
        _compare(name, 'decisions', bags.get(name), other_bags.get(name), whole=False)
        for name in sorted(bags | other_bags)
    ]
    return found


def _compare(
    name: str,
    kind: str,
    one: Iterator[bytes] | None,
    other: Iterator[bytes] | None,
    *,
    whole: bool,
) -> Compared:
    if one is None or other is None:
        where = 'only in B' if one is None else 'only in A'
        return Compared(name=name, kind=kind, relation=where, common=0)
    common = 0
    for ours, theirs in zip_longest(one, other):
        if ours == theirs:
            common += 1
        elif ours is None or theirs is None:
            relation = 'B goes on' if ours is None else 'A goes on'
            return Compared(name=name, kind=kind, relation=relation, common=common)
        else:
            difference = first_difference(_plain(ours, whole), _plain(theirs, whole))
            return Compared(
                name=name, kind=kind, relation='differs', common=common, difference=difference
            )
    return Compared(name=name, kind=kind, relation='equal', common=common)


def _plain(line: bytes, whole: bool) -> Any:  # noqa: FBT001 - one of two kinds of line
    if not whole:
        return _text_or(line, lambda: plain_frame(line, 'a frame'))
    return _text_or(line, lambda: parse_line(line))


def _text_or(line: bytes, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except VaultError:
        return line.decode(errors='replace')


def _logs(vault_dir: Path) -> dict[str, Path]:
    return {f'{f.parent.parent.name}/{f.name}': f for f in log_folders(vault_dir)}


def _lines(folder: Path | None) -> Iterator[bytes] | None:
    if folder is None:
        return None
    contents = (read_segment(path) for path in segment_paths(folder))
    return (line for content in contents for line in content.removesuffix(b'\n').split(b'\n'))


def _bags(vault_dir: Path) -> dict[str, Iterator[bytes]]:
    """The frames by '<agent>/<writer> <core> <how many times it was started before>'."""
    found: dict[str, Iterator[bytes]] = {}
    for check in bag_logs(vault_dir):
        starts: dict[str, int] = {}
        for log in check.decision_bags:
            core = str(log.start.get('core', ''))
            number = starts[core] = starts.get(core, -1) + 1
            found[f'{check.name} {core} {number}'] = _frames(vault_dir, log)
    return found


def _frames(vault_dir: Path, log: BagLog) -> Iterator[bytes]:
    return iter(BagReader(vault_dir / log.name))
