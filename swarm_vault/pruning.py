# SPDX-License-Identifier: Apache-2.0
"""Remove the oldest files of a log and keep the head that they end in.

What stays is a chain that begins at a stated place: the next signed checkpoint still covers the
removed lines, so whoever kept a removed file can prove it against this log.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from swarm_vault.begin import Begin, read_begin, write_begin
from swarm_vault.errors import VaultError
from swarm_vault.files import remove
from swarm_vault.frames import BagLog, note_bag
from swarm_vault.ledger import Ledger
from swarm_vault.lines import Event, JsonValue, Kind, Link, line_hash, parse_line
from swarm_vault.log_check import REMOVED_EVENT, LogCheck
from swarm_vault.merkle import Tree
from swarm_vault.segments import day_of, log_folder, read_segment, segment_paths

_DAY_NS = 86_400 * 10**9
_MARKS = (b'"type":"core.', b'"type":"bag.')


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """The files of one log that are gone, and the event that says so."""

    log: str
    files: tuple[str, ...]
    lines: int
    bytes_: int
    event: str


class _Old(NamedTuple):
    path: Path
    tree: Tree
    """Over all lines up to the file's end."""
    head: str


def prune_log(vault_dir: Path, check: LogCheck, *, days: int, now_ns: int) -> Pruned | None:
    """Remove the files whose day is more than so many days ago; None if there are none.

    The newest file stays, and so does what no checkpoint covers, and what tells of a bag that is
    still kept.

    Args:
        vault_dir: The vault.
        check: A walk through the log that found no fault.
        days: How many.
        now_ns: Nanoseconds since the epoch.
    """
    folder = log_folder(vault_dir, check.agent_id, check.writer)
    last_day = day_of(now_ns - days * _DAY_NS)
    paths = segment_paths(folder)
    old: list[_Old] = []
    before = read_begin(folder)
    tree = Tree(before.link.seq, before.peaks)
    for path in paths[:-1]:
        lines = read_segment(path).removesuffix(b'\n').split(b'\n')
        tree = Tree(tree.size, tree.peaks)
        tree.extend(lines)
        kept = _speaks_of_kept(vault_dir, lines, check.bags)
        if path.stem[:10] >= last_day or tree.size > check.covered or kept:
            break
        old.append(_Old(path, tree, line_hash(lines[-1])))
    return _remove(vault_dir, check, old, paths[len(old)].stem, days) if old else None


def _speaks_of_kept(vault_dir: Path, lines: list[bytes], bags: dict[str, BagLog]) -> bool:
    spoken: dict[str, BagLog] = {}
    for line in lines:
        if any(mark in line for mark in _MARKS):
            note_bag(spoken, parse_line(line))
    return any(bags[name].removed is None or (vault_dir / name).exists() for name in spoken)


def _remove(vault_dir: Path, check: LogCheck, old: list[_Old], stem: str, days: int) -> Pruned:
    last = old[-1]
    begin = Begin(link=Link(last.tree.size, last.head), peaks=tuple(last.tree.peaks), stem=stem)
    data: dict[str, JsonValue] = {
        'begin': begin.plain(),
        'files': [each.path.name for each in old],
        'policy_days': days,
    }
    size = sum(each.path.stat().st_size for each in old)
    ledger = Ledger(vault_dir=vault_dir, agent_id=check.agent_id, writer=check.writer)
    with closing(ledger):
        seq = ledger.append(Event(kind=Kind.SYSTEM, type_=REMOVED_EVENT, data=data), durable=True)
        write_begin(log_folder(vault_dir, check.agent_id, check.writer), begin)
    for each in old:
        remove(each.path)
    return Pruned(
        log=check.name,
        files=tuple(each.path.name for each in old),
        lines=begin.link.seq - check.begin,
        bytes_=size,
        event=f'{check.name}/{seq}',
    )


def refuse_faulty(check: LogCheck) -> None:
    """Refuse to touch a log that does not verify.

    Raises:
        VaultError: It does not: evidence of tampering is left as it is.
    """
    if check.fault:
        raise VaultError(f'{check.name}: {check.fault}; it is left alone, verify the vault')
