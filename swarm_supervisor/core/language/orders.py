# SPDX-License-Identifier: Apache-2.0
"""Orders of several clauses: what is to be done with which names, one clause after another.

'Go to the desk, find the apple, and bring it to me' is three clauses. Which sense a verb has is
told by what it is said of: who takes a person somewhere guides.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from swarm_supervisor.core.language.names import mark_names


class Act(str, Enum):
    """What a clause asks for."""

    GO = 'go'
    FIND = 'find'
    BRING = 'bring'
    TAKE = 'take'
    PLACE = 'place'
    GUIDE = 'guide'
    FOLLOW = 'follow'
    TELL = 'tell'
    MEET = 'meet'
    SERVE = 'serve'
    INTRODUCE = 'introduce'
    ASK = 'ask'
    TAKE_OUT = 'take_out'
    COUNT = 'count'
    OPERATE = 'operate'
    """Open or close something."""


class NameKind(str, Enum):
    """What a known name is of."""

    PLACE = 'place'
    OBJECT = 'object'
    CATEGORY = 'category'
    PERSON = 'person'


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One thing to be done."""

    act: Act
    names: tuple[str, ...]
    """Known names in it, in the order in which they come."""
    text: str
    """Its words; a name stands as '@<number>@'."""


_VERBS: Mapping[str, Act] = {
    **dict.fromkeys(('go', 'navigate', 'enter', 'drive', 'move'), Act.GO),
    **dict.fromkeys(('find', 'locate', 'look for', 'spot', 'pinpoint', 'search'), Act.FIND),
    **dict.fromkeys(('bring', 'give', 'deliver', 'hand', 'carry', 'transport'), Act.BRING),
    **dict.fromkeys(('get', 'grasp', 'take', 'pick up', 'retrieve', 'fetch'), Act.TAKE),
    **dict.fromkeys(('put', 'place', 'set', 'leave', 'drop'), Act.PLACE),
    **dict.fromkeys(('guide', 'escort', 'lead', 'accompany', 'conduct'), Act.GUIDE),
    **dict.fromkeys(('follow', 'go after', 'go behind', 'come after', 'come behind'), Act.FOLLOW),
    **dict.fromkeys(('tell', 'say', 'answer', 'speak', 'describe', 'inform', 'report'), Act.TELL),
    **dict.fromkeys(('meet', 'contact', 'face', 'greet', 'salute', 'handshake'), Act.MEET),
    **dict.fromkeys(('get to know', 'get acquainted with', 'say hello to'), Act.MEET),
    'introduce yourself to': Act.MEET,
    **dict.fromkeys(('serve', 'arrange', 'distribute', 'provide', 'offer', 'pour'), Act.SERVE),
    'introduce': Act.INTRODUCE,
    'ask': Act.ASK,
    **dict.fromkeys(('take out', 'dump'), Act.TAKE_OUT),
    'count': Act.COUNT,
    **dict.fromkeys(('open', 'close'), Act.OPERATE),
}
_LOAD = re.compile(r'(?:the|a|an|this|that|my|our) (?!@)')
_SEEK = frozenset(verb for verb, act in _VERBS.items() if act is Act.FIND)
_HIM = re.compile(r'(?:him|her|them)\b')
_WORDS = '|'.join(sorted(_VERBS, key=len, reverse=True))
_HEAD = re.compile(rf'(?:^|,\s*(?:and\s+)?|\band\s+|\bthen\s+|\bplease\s+)({_WORDS})\b')
_POLITE = re.compile(
    r'^(?:robot,?\s+)?(?:(?:could|can|would) you\s+)?(?:please,?\s+)?', re.IGNORECASE
)
_DOOR = re.compile(r'\b(?:front|back|main|rear) (?:entrance|door)\b', re.IGNORECASE)
"""A door of the building, not the place that may be called entrance."""
_GUEST = (
    r'(?:him|her|them|it)\b'
    r'|(?:the |a |an )?(?:\w+est )?(?:person|people|man|woman|child|guest|visitor)\b'
)


def read_orders(sentence: str, known: Mapping[str, NameKind]) -> tuple[Clause, ...]:
    """Read an order clause by clause; empty where it begins with no known verb."""
    plain = _DOOR.sub('door', _POLITE.sub('', sentence.strip(' .')))
    marked = mark_names(plain, known)
    heads = list(_HEAD.finditer(marked.text))
    if not heads or heads[0].start() > 0:
        return ()
    ends = [*(head.start() for head in heads[1:]), len(marked.text)]
    kinds = tuple(known[name] for name in marked.names)
    clauses = []
    for head, end in zip(heads, ends, strict=True):
        text = marked.text[head.end() : end].strip(' ,')
        numbers = [int(number) for number in re.findall(r'@(\d+)@', text)]
        names = tuple(marked.names[number] for number in numbers)
        clauses.append(Clause(act=_sense(head[1], text, kinds), names=names, text=text))
    return tuple(clauses)


def _sense(verb: str, text: str, kinds: tuple[NameKind, ...]) -> Act:
    first = re.match(r'(?:the |a |an |some |my )?@(\d+)@', text)
    of = kinds[int(first[1])] if first else None
    guest = of is NameKind.PERSON or re.match(_GUEST, text) is not None
    away = re.search(r'\b(?:to|me)\b', text) is not None
    rules = (
        (Act.GUIDE, verb == 'take' and guest and not text.startswith('it ')),
        (Act.FOLLOW, verb == 'accompany' and not away and _HIM.match(text) is None),
        (Act.GO, verb == 'leave' and re.search(r'\b(?:on|in|to|at)\b', text) is None),
        (Act.TAKE_OUT, verb == 'take' and text.startswith('out ')),
        (Act.BRING, verb in ('take', 'fetch') and away),
        (Act.BRING, verb == 'move' and _LOAD.match(text) is not None),
        (
            Act.SERVE,
            of is NameKind.CATEGORY and re.search(r'\bto (?:everyone|all)\b', text) is not None,
        ),
        (Act.MEET, verb in _SEEK and (of is NameKind.PERSON or _HIM.match(text) is not None)),
    )
    return next((act for act, holds in rules if holds), _VERBS[verb])
