# SPDX-License-Identifier: Apache-2.0
"""Make old files of the logs cold, and hot again: Parquet in place of text.

The log says so, with the digest of the Parquet file, before the text goes. The newest file of a
log stays hot, logs that a process writes are passed over, and so are copies of other machines'
logs: who owns a log archives it.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from swarm_vault.cold import SUFFIX, cold_digest, read_cold, write_cold
from swarm_vault.cold_check import ARCHIVED_EVENT
from swarm_vault.errors import VaultError
from swarm_vault.files import remove, write_atomic
from swarm_vault.ledger import Ledger
from swarm_vault.lines import Event, JsonValue, Kind, parse_line
from swarm_vault.listing import log_folders
from swarm_vault.log_check import LogCheck, LogWalk
from swarm_vault.segments import day_of, log_folder, segment_paths

_DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """One file that changed its form."""

    log: str
    file: str
    """Its name now."""
    lines: int
    bytes_before: int
    bytes_after: int
    event: str = ''
    """The event that says so; a restored file needs none."""


def archive_logs(vault_dir: Path, *, days: int, now_ns: int, agent_id: str = '') -> list[Archived]:
    """Make the files cold whose day is so many days ago, or more.

    Args:
        vault_dir: The vault.
        days: How many; 0: every file but a log's newest.
        now_ns: Nanoseconds since the epoch.
        agent_id: Only this agent's; empty: all.

    Raises:
        VaultError: A log does not verify: evidence of tampering is left as it is.
    """
    last_day = day_of(now_ns - days * _DAY_NS)
    found: list[Archived] = []
    for check in _closed_logs(vault_dir, agent_id):
        folder = log_folder(vault_dir, check.agent_id, check.writer)
        hot = [path for path in segment_paths(folder)[:-1] if path.suffix != SUFFIX]
        old = [path for path in hot if path.stem[:10] <= last_day]
        if old:
            found += _archive(vault_dir, check, old)
    return found


def restore_logs(vault_dir: Path, *, agent_id: str = '') -> list[Archived]:
    """Make all cold files hot again, byte for byte as they were.

    Raises:
        VaultError: A log does not verify.
    """
    found = []
    for check in _closed_logs(vault_dir, agent_id):
        folder = log_folder(vault_dir, check.agent_id, check.writer)
        cold = [path for path in segment_paths(folder) if path.suffix == SUFFIX]
        found += [_restore(check.name, path) for path in cold]
    return found


def _closed_logs(vault_dir: Path, agent_id: str) -> Iterator[LogCheck]:
    for folder in log_folders(vault_dir):
        if agent_id in ('', folder.parent.parent.name):
            check = LogWalk(folder, trust=None).check()
            if check.mirror or check.open:
                continue
            if check.fault:
                raise VaultError(
                    f'{check.name}: {check.fault}; its files are left alone, verify the vault'
                )
            yield check


def _archive(vault_dir: Path, check: LogCheck, old: list[Path]) -> list[Archived]:
    ledger = Ledger(vault_dir=vault_dir, agent_id=check.agent_id, writer=check.writer)
    with closing(ledger):
        return [_make_cold(ledger, check.name, path) for path in old]


def _make_cold(ledger: Ledger, log: str, hot: Path) -> Archived:
    content, cold = hot.read_bytes(), hot.with_suffix(SUFFIX)
    lines = content.removesuffix(b'\n').split(b'\n')
    write_cold(lines, cold)
    if read_cold(cold) != content:
        raise VaultError(f'{cold}: does not give back the lines of {hot.name}, which is kept')
    data: dict[str, JsonValue] = {
        'file': cold.name,
        'sha256': cold_digest(cold),
        'first': parse_line(lines[0])['seq'],
        'lines': len(lines),
        'head': sha256(lines[-1]).hexdigest(),
        'text_sha256': sha256(content).hexdigest(),
    }
    seq = ledger.append(Event(kind=Kind.SYSTEM, type_=ARCHIVED_EVENT, data=data), durable=True)
    remove(hot)
    return Archived(
        log=log,
        file=cold.name,
        lines=len(lines),
        bytes_before=len(content),
        bytes_after=cold.stat().st_size,
        event=f'{log}/{seq}',
    )


def _restore(log: str, cold: Path) -> Archived:
    content, hot, size = read_cold(cold), cold.with_suffix('.jsonl'), cold.stat().st_size
    write_atomic(hot, content)
    remove(cold)
    return Archived(
        log=log,
        file=hot.name,
        lines=content.count(b'\n'),
        bytes_before=size,
        bytes_after=len(content),
    )
