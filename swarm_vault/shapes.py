# SPDX-License-Identifier: Apache-2.0
"""Patterns of lines that look alike: one match proves that a line is in the pinned form. Pure.

Most lines of a long log are of few types, each with the same keys. From a line that was judged
closely a pattern is made: keys and punctuation as they stand there, and in place of each value all
values of its kind of which the pinned encoder has but one way to print. What a pattern takes is
pinned; what it does not take says nothing, and is judged closely.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from swarm_vault.lines import Kind, encode_json

LEARN_AFTER = 500
"""So many lines of a type that no pattern takes come before one is made: making it costs, too."""
_MOST_OF_A_TYPE, _MOST = 4, 64
_MAX_BYTES = 2000
"""Of a longer line no pattern is made."""

_TEXT = rb'"[ !#-\[\]-~]*"'
"""Printable ASCII without quotes and backslashes: all other text may be written in two ways."""
_WORD = rb'(?:true|false|null)'
_WHOLE = rb'(?:0|-?[1-9][0-9]{0,17})'
"""64 bits hold it."""
_TIME = rb'(?:0|[1-9][0-9]{0,17}|[1-8][0-9]{18})'
"""Below 2**63."""
_FLOAT = rb'-?(?:0|[1-9][0-9]{0,5})\.(?:0|(?!0000)[0-9]{0,8}[1-9])'
"""At most 15 digits, none of them in vain: a double tells so many apart, so this is the shortest
text for it. Below 1e-4 an exponent is printed."""
_KIND = b'(?:%b)' % b'|'.join(kind.value.encode() for kind in Kind)
_SCALARS = {str: _TEXT, bool: _WORD, type(None): _WORD, int: _WHOLE, float: _FLOAT}

Fits = Callable[[bytes], 're.Match[bytes] | None']
"""Matches a whole line; the groups are its number in `id`, its `prev` and its `seq`."""


class Shape(NamedTuple):
    """One pattern."""

    fits: Fits
    told: dict[str, Any] | None
    """What is told of such a line; None: what stands there."""


class Shapes:
    """The patterns of one log.

    Args:
        agent_id: Whose log.
        writer: Which of the agent's processes wrote it.
        telling: How the types begin whose events are wanted; of others the type is enough.
    """

    def __init__(self, agent_id: str, writer: str, telling: tuple[str, ...] = ('',)) -> None:
        self._name = f'{agent_id}/{writer}'
        self._telling = telling
        self._missed: dict[bytes, int] = {}
        self.known: dict[bytes, list[Shape]] = {}
        """Patterns by the end of the lines, from the type on."""

    def learn(self, end: bytes, line: bytes, event: dict[str, Any]) -> None:
        """Take note of a line that is pinned, and that no pattern has taken."""
        missed = self._missed[end] = self._missed.get(end, 0) + 1
        if missed % LEARN_AFTER or len(line) > _MAX_BYTES or type(event['type']) is not str:
            return
        alike = self.known.setdefault(end, [])
        if len(alike) < _MOST_OF_A_TYPE and sum(map(len, self.known.values())) < _MOST:
            told = None if event['type'].startswith(self._telling) else {'type': event['type']}
            fits = re.compile(_line_pattern(self._name, event)).fullmatch
            alike.append(Shape(fits, told))


def _line_pattern(name: str, event: dict[str, Any]) -> bytes:
    own = re.escape(name.encode())
    return (
        rb'\{"causes":%b,"data":%b' % (_pattern(event['causes']), _pattern(event['data']))
        + rb',"id":"%b/([0-9]+)","kind":"%b","prev":"([^"]*)","seq":([0-9]+)' % (own, _KIND)
        + rb',"source":"/agents/%b","specversion":"1\.0","time_ns":%b' % (own, _TIME)
        + rb',"type":%b\}' % re.escape(encode_json(event['type']))
    )


def _pattern(value: Any) -> bytes:
    """A pattern for all values that are built as this one is."""
    scalar = _SCALARS.get(type(value))
    if scalar is not None:
        return scalar
    if type(value) is dict:
        pairs = (
            re.escape(encode_json(key)) + b':' + _pattern(value[key]) for key in sorted(value)
        )
        return rb'\{' + b','.join(pairs) + rb'\}'
    items = [_pattern(item) for item in value]
    if items and set(items) <= {items[0]}:
        return rb'\[%b(?:,%b)*\]' % (items[0], items[0])
    return rb'\[' + b','.join(items) + rb'\]'
