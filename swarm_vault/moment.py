# SPDX-License-Identifier: Apache-2.0
"""What every core of a vault knew and decided at one moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from swarm_vault.errors import VaultError
from swarm_vault.events import Query, read_events, time_of
from swarm_vault.frames import BagLog, BagReader, plain_frame
from swarm_vault.listing import log_folders
from swarm_vault.log_check import LogCheck, LogWalk


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The last decision of one core up to a moment."""

    agent_id: str
    writer: str
    core: str
    bag: str
    frame: int
    time_ns: int
    inputs: Any
    outputs: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Everything decided and told up to a moment."""

    time_ns: int
    known: tuple[Known, ...]
    events: tuple[dict[str, Any], ...]
    """The last events before it, by time."""


def parse_time(text: str, vault_dir: Path) -> int:
    """Nanoseconds since the epoch of an ISO time, of `+12.5` after the first event, or of itself.

    Raises:
        VaultError: It is no time.
    """
    try:
        if text.startswith('+'):
            return _first_ns(vault_dir) + int(float(text[1:]) * 1e9)
        if text.isascii() and text.isdigit():
            return int(text)
        moment = datetime.fromisoformat(text.replace('Z', '+00:00'))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return int(moment.timestamp()) * 10**9 + moment.microsecond * 1000
    except (ValueError, OverflowError) as error:
        raise VaultError(
            f'{text!r} is no time; expected e.g. 2026-01-31T12:00:00, +12.5 (seconds after the'
            ' first event) or nanoseconds since 1970'
        ) from error


def moment_of(
    vault_dir: Path, time_ns: int, *, agent_id: str = '', writer: str = '', events: int = 10
) -> Moment:
    """Look up what was known at a time; `events` is how many of the last ones are given."""
    query = Query(agent_id=agent_id, writer=writer)
    known = []
    for check in bag_logs(vault_dir, agent_id, writer):
        for log in check.decision_bags:
            found = _last_before(vault_dir, check, log, time_ns)
            if found is not None:
                known.append(found)
    newest = {(k.agent_id, k.writer, k.core): k for k in sorted(known, key=lambda k: k.time_ns)}
    told = [e for e in read_events(vault_dir, query) if time_of(e) <= time_ns]
    return Moment(
        time_ns=time_ns,
        known=tuple(newest[key] for key in sorted(newest)),
        events=tuple(told[-events:] if events else ()),
    )


def bag_logs(vault_dir: Path, agent_id: str = '', writer: str = '') -> Iterator[LogCheck]:
    """Walk the original logs of an agent and writer, empty names: of all."""
    query = Query(agent_id=agent_id, writer=writer)
    for folder in log_folders(vault_dir):
        if query.wants_log(folder):
            check = LogWalk(folder, trust=None).check()
            if not check.mirror:
                yield check


def _last_before(vault_dir: Path, check: LogCheck, log: BagLog, time_ns: int) -> Known | None:
    reader = BagReader(vault_dir / log.name)
    last, frame, stamp_ns = b'', -1, 0
    for data in reader:
        if reader.last_ns > time_ns:
            break
        last, frame, stamp_ns = data, frame + 1, reader.last_ns
    if not last:
        return None
    plain = plain_frame(last, f'{log.name}: frame {frame}')
    return Known(
        agent_id=check.agent_id,
        writer=check.writer,
        core=str(log.start.get('core', '')),
        bag=log.name,
        frame=frame,
        time_ns=stamp_ns,
        inputs=plain['inputs'],
        outputs=plain['outputs'],
    )


def _first_ns(vault_dir: Path) -> int:
    first = next(iter(read_events(vault_dir, Query())), None)
    if first is None:
        raise VaultError(f'{vault_dir}: holds no event; name the folder of a vault')
    return time_of(first)
