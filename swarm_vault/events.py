# SPDX-License-Identifier: Apache-2.0
"""Read events of many logs as one story, in the order of their times."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from swarm_vault.errors import VaultError
from swarm_vault.lines import parse_line
from swarm_vault.listing import log_folders
from swarm_vault.segments import open_segment, segment_paths
from swarm_vault.tail import LogTail


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which events are wanted; an empty field wants all."""

    agent_id: str = ''
    writer: str = ''
    kind: str = ''
    type_: str = ''
    """What the type begins with."""
    since_ns: int = 0

    def wants_log(self, folder: Path) -> bool:
        """Whether events of this log may be wanted."""
        return self.agent_id in ('', folder.parent.parent.name) and self.writer in (
            '',
            folder.name,
        )

    def wants(self, event: Mapping[str, Any]) -> bool:
        """Whether this event is wanted."""
        return (
            self.kind in ('', event.get('kind'))
            and str(event.get('type')).startswith(self.type_)
            and time_of(event) >= self.since_ns
        )


def time_of(event: Mapping[str, Any]) -> int:
    """When it happened, nanoseconds since the epoch; 0 if it does not say so."""
    time_ns = event.get('time_ns')
    return time_ns if isinstance(time_ns, int) else 0


def causes_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The events that it names as its causes; none if it does not say so."""
    causes = event.get('causes')
    return tuple(str(cause) for cause in causes) if isinstance(causes, list) else ()


def clock_text(time_ns: int) -> str:
    """A time in UTC to the millisecond; the bare number where no calendar has it."""
    seconds, rest_ns = divmod(time_ns, 10**9)
    try:
        moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    except (OverflowError, ValueError, OSError):
        return f'{time_ns} ns'
    return f'{moment:%Y-%m-%dT%H:%M:%S}.{rest_ns // 10**6:03d}Z'


def read_events(vault_dir: Path, query: Query) -> Iterator[dict[str, Any]]:
    """Yield the wanted events by time. Lines that are no events are left to `verify`."""
    logs = [_read_log(f) for f in log_folders(vault_dir) if query.wants_log(f)]
    return (event for event in heapq.merge(*logs, key=time_of) if query.wants(event))


class Follower:
    """Yield events as they are written, from a moment on."""

    def __init__(self, vault_dir: Path, query: Query) -> None:
        self._vault_dir = vault_dir
        self._query = query
        self._tails: dict[Path, tuple[LogTail, int]] = {}
        for folder in self._folders():
            tail = self._tail(folder)
            self._tails[folder] = (tail, tail.count() - 1)

    def read(self) -> list[dict[str, Any]]:
        """The wanted events that came since the last call, by time.

        Raises:
            VaultError: A log is damaged.
        """
        events: list[dict[str, Any]] = []
        for folder in self._folders():
            tail, after = self._tails.get(folder) or (self._tail(folder), -1)
            lines = tail.read(after, limit=1000)
            self._tails[folder] = (tail, after + len(lines))
            events += [event for event in map(parse_line, lines) if self._query.wants(event)]
        return sorted(events, key=time_of)

    def _folders(self) -> list[Path]:
        return [f for f in log_folders(self._vault_dir) if self._query.wants_log(f)]

    def _tail(self, folder: Path) -> LogTail:
        return LogTail(self._vault_dir, folder.parent.parent.name, folder.name)


def _read_log(folder: Path) -> Iterator[dict[str, Any]]:
    for path in segment_paths(folder):
        with open_segment(path) as file:
            for line in file:
                event = _event_of(line)
                if event:
                    yield event


def _event_of(line: bytes) -> dict[str, Any]:
    try:
        return parse_line(line.rstrip(b'\n'))
    except VaultError:
        return {}
