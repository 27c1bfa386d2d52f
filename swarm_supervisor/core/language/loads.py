# SPDX-License-Identifier: Apache-2.0
"""From where to where one load is carried: 'take the box from the dock and put it at the gate'.

One load, taken up once and put down once. Two loads, a load for somebody, a thing looked for on
the way: there is no answer, and who asks must ask back.
"""

import re
from collections.abc import Collection, Sequence

from swarm_supervisor.core.language.orders import Act, Clause

_FROM = re.compile(r'\bfrom (?:the )?@(\d+)@')
_AT_FIRST = re.compile(r'^[^@]*\b(?:at|in|on|near) (?:the )?@(\d+)@')
_TO = re.compile(r'\b(?:to|into|onto) (?:the )?@(\d+)@')
_FOR_SOMEBODY = re.compile(r'\b(?:to|for) (?!(?:the |our |my |a )?@)|^(?:me|us|him|her)\b')
_IT = re.compile(r'(?:it|them)\b')


def carried(clauses: Sequence[Clause], points: Collection[str]) -> tuple[str, str] | None:
    """Where the load is taken up and where it is put down; None where that is not said."""
    at, taken, put = '', '', ''
    for clause in clauses:
        here = [name for name in clause.names if name in points]
        if put or len(here) < len(clause.names) or _FOR_SOMEBODY.search(clause.text):
            return None
        if clause.act in (Act.BRING, Act.PLACE) and len(here) == 2 and not taken:
            taken, put = _ends(clause)
            continue
        if len(here) > 1:
            return None
        at = here[0] if here else at
        if clause.act in (Act.FIND, Act.TAKE):
            if taken or not at:
                return None
            taken = at
        elif clause.act in (Act.BRING, Act.PLACE):
            if not taken or not _IT.match(clause.text):
                return None
            put = at
    return (taken, put) if put and put != taken else None


def _ends(clause: Clause) -> tuple[str, str]:
    """From where and to where one clause says; empty where it does not."""
    start = _FROM.search(clause.text) or _AT_FIRST.search(clause.text)
    goal = _TO.search(clause.text)
    numbers = re.findall(r'@(\d+)@', clause.text)
    if start is None or goal is None or {start[1], goal[1]} != set(numbers):
        return '', ''
    first, second = clause.names if start[1] == numbers[0] else clause.names[::-1]
    return first, second
