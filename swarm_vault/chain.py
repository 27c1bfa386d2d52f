# SPDX-License-Identifier: Apache-2.0
"""Whether a line continues a chain. Pure; what verifies a log and what copies one agree on it."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from swarm_vault.errors import VaultError
from swarm_vault.lines import KEYS, Kind, Link, is_pinned, line_hash, parse_line, read_pinned
from swarm_vault.shapes import Shapes

_MOST_NS = 2**63
"""No recorder writes a later time [ns]."""
_KEYS = frozenset(KEYS)
_KINDS = frozenset(kind.value for kind in Kind)
_TYPE = b',"type":"'


class Step(NamedTuple):
    """A line judged: the event and the new end of the chain, or the reason against it."""

    event: dict[str, Any]
    link: Link
    reason: str = ''


def take_line(line: bytes, link: Link, *, agent_id: str, writer: str) -> Step:
    """Judge whether a stored line, without its newline, continues a chain."""
    try:
        event = parse_line(line)
    except VaultError as error:
        return Step({}, link, f'seq {link.seq} expected, but the {error}')
    seq, prev = link
    fits = event['seq'] == seq and event.get('prev') == prev
    if not fits or event.get('id') != f'{agent_id}/{writer}/{seq}':
        return Step(event, link, _fault(event, link, f'{agent_id}/{writer}'))
    if not is_pinned(line, event):
        return Step(event, link, f'seq {seq} is not in the pinned form')
    if len(event) != len(KEYS) or event.keys() != _KEYS:
        return Step(event, link, f'seq {seq} has other fields than an event')
    odd = _odd_field(event, f'/agents/{agent_id}/{writer}')
    if odd:
        return Step(event, link, f'seq {seq} has a {odd} that is none of an event')
    return Step(event, Link(seq + 1, line_hash(line)))


def _odd_field(event: dict[str, Any], source: str) -> str:
    """The first field beside the chain's own that holds what no recorder writes."""
    time_ns, causes = event['time_ns'], event['causes']
    if type(time_ns) is not int or not 0 <= time_ns < _MOST_NS:
        return 'time_ns'
    if type(causes) is not list or not all(type(cause) is str for cause in causes):
        return 'causes'
    for field, fits in (
        ('kind', event['kind'] in _KINDS if type(event['kind']) is str else False),
        ('type', type(event['type']) is str),
        ('data', type(event['data']) is dict),
        ('source', event['source'] == source),
        ('specversion', event['specversion'] == '1.0'),
    ):
        if not fits:
            return field
    return ''


def follow(
    lines: Iterable[bytes], link: Link, shapes: Shapes, *, agent_id: str, writer: str
) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Judge lines one after the other: yields event, hash and, for the last one, the fault.

    It judges as `take_line` does; one loop, because a verifier spends its time here.

    Args:
        lines: Stored lines without their newlines.
        link: The end of the chain before them.
        shapes: The log's patterns; where one takes a line, its event may be its type alone.
        agent_id: Whose log.
        writer: Which of the agent's processes wrote it.
    """
    seq, prev = link
    known = shapes.known.get
    for line in lines:
        end = line[line.rfind(_TYPE) :]
        event: dict[str, Any] | None = None
        for fits, told in known(end, ()):
            found = fits(line)
            if found is not None:
                number = b'%d' % seq
                if found.groups() == (number, prev.encode(), number):
                    event = told or orjson.loads(line)
                break
        if event is None:
            step = _look(line, Link(seq, prev), agent_id=agent_id, writer=writer)
            event = step.event
            if step.reason:
                yield event, prev, step.reason
                return
            shapes.learn(end, line, event)
        prev = line_hash(line)
        seq += 1
        yield event, prev, ''


def _look(line: bytes, link: Link, *, agent_id: str, writer: str) -> Step:
    """Judge a line, first by a quick look."""
    event = read_pinned(line)
    if (
        event is None
        or event.keys() != _KEYS
        or event['prev'] != link.prev
        or event['seq'] != link.seq
        or type(event['seq']) is not int
        or event['id'] != f'{agent_id}/{writer}/{link.seq}'
        or _odd_field(event, f'/agents/{agent_id}/{writer}')
    ):
        return take_line(line, link, agent_id=agent_id, writer=writer)
    return Step(event, link)


def _fault(event: dict[str, Any], link: Link, chain: str) -> str:
    seq = event['seq']
    if seq > link.seq:
        return f'seq {link.seq} to {seq - 1} missing'
    if seq < link.seq:
        return f'seq {link.seq} expected, found {seq} again'
    if event.get('id') != f'{chain}/{seq}':
        return f'seq {seq} belongs to another log, its id is {str(event.get("id"))[:80]!r}'
    before = f'seq {seq - 1}' if seq else 'nothing'
    return f'seq {seq} was chained to something else than {before} as it stands here'
