# SPDX-License-Identifier: Apache-2.0
"""Whether a line continues a chain. Pure; what verifies a log and what copies one agree on it."""

from dataclasses import dataclass
from typing import Any

from swarm_vault.errors import VaultError
from swarm_vault.lines import Link, line_hash, parse_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line judged: the event and the new end of the chain, or the reason against it."""

    event: dict[str, Any]
    link: Link
    reason: str = ''


def take_line(line: bytes, link: Link, *, agent_id: str, writer: str) -> Step:
    """Judge whether a stored line, without its newline, continues a chain."""
    try:
        event = parse_line(line)
    except VaultError as error:
        return Step(event={}, link=link, reason=f'seq {link.seq} expected, but the {error}')
    reason = _fault(event, link, f'{agent_id}/{writer}')
    if reason:
        return Step(event=event, link=link, reason=reason)
    return Step(event=event, link=Link(seq=link.seq + 1, prev=line_hash(line)))


def _fault(event: dict[str, Any], link: Link, chain: str) -> str:
    seq = event['seq']
    if seq > link.seq:
        return f'seq {link.seq} to {seq - 1} missing'
    if seq < link.seq:
        return f'seq {link.seq} expected, found {seq} again'
    if event.get('id') != f'{chain}/{seq}':
        return f'seq {seq} belongs to another log, its id is {str(event.get("id"))[:80]!r}'
    if event.get('prev') != link.prev:
        before = f'seq {seq - 1}' if seq else 'nothing'
        return f'seq {seq} was chained to something else than {before} as it stands here'
    return ''
