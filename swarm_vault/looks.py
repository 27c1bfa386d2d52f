# SPDX-License-Identifier: Apache-2.0
"""Kind, type and time of the lines of a block, told without parsing them. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

from swarm_vault.errors import VaultError
from swarm_vault.lines import parse_line

Tally: TypeAlias = dict[tuple[str, str], tuple[int, int, int]]
"""By kind and type: how many events, the time of the first and of the last [ns]."""
_Look: TypeAlias = tuple[bytes, bytes, bytes]
"""Kind, time [ns] and type, as they stand in a line."""

_MOST_NS = 2**63
"""SQLite holds no larger number."""
_PINNED = re.compile(
    rb',"id":"[^"]*","kind":"([^"\\]*)","prev":"[^"]*","seq":[0-9]+,"source":"[^"]*",'
    rb'"specversion":"1\.0","time_ns":([0-9]{1,18}|[1-8][0-9]{18}),"type":"([^"\\]*)"}\n'
)
"""The end of a pinned line. It holds a newline, so each line has at most one."""


def tally(block: bytes) -> Tally:
    """Count the events of whole lines."""
    times: defaultdict[tuple[bytes, bytes], list[int]] = defaultdict(list)
    for kind, time_ns, name in filter(None, _look(block)):
        times[kind, name].append(int(time_ns))
    return {
        (kind.decode(errors='replace'), name.decode(errors='replace')): (len(ns), min(ns), max(ns))
        for (kind, name), ns in times.items()
    }


def events_in(block: bytes) -> Iterator[tuple[int, str, str, int, bytes]]:
    """Yield number, kind, type, time [ns] and content of the lines that are events."""
    for number, (look, line) in enumerate(zip(_look(block), block.split(b'\n'), strict=False)):
        if look is not None:
            kind, time_ns, name = look
            words = (kind.decode(errors='replace'), name.decode(errors='replace'))
            yield number, *words, int(time_ns), line


def _look(block: bytes) -> list[_Look | None]:
    found: list[_Look | None] = _PINNED.findall(block)
    if len(found) == block.count(b'\n'):
        return found
    return [_look_closely(line) for line in block.split(b'\n')[:-1]]


def _look_closely(line: bytes) -> _Look | None:
    """Look at a line that may be none of a recorder; None if it is no event."""
    try:
        event = parse_line(line)
    except VaultError:
        return None
    kind, name = (str(event.get(field)).encode(errors='replace') for field in ('kind', 'type'))
    time_ns = event.get('time_ns')
    if not isinstance(time_ns, int) or abs(time_ns) >= _MOST_NS:
        time_ns = 0
    return kind, b'%d' % time_ns, name
