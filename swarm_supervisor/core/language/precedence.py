# SPDX-License-Identifier: Apache-2.0
"""Which place comes before which: 'the gate, but only after the dock'.

Each 'after', 'before', 'until' and 'unless' must be understood; where one is not, or where they go
in a circle, there is no order, and who asks must ask back.
"""

import re

_P = r'@\d+@'
_LIST = rf'{_P}(?:,?(?: and| or)? {_P})*'
_ON_THE_WAY = (
    r'(?:(?:you|also|have|has|been|first|already|both|to|the|at)\s+)*'
    r'(?:(?:visit|reach|go|get|see|explor|arriv|be|head|mov|travel)\w*\s+)?'
    r'(?:(?:to|at|by|in)\s+)?'
)
_CUE = re.compile(
    rf'\b(?P<cue>after|before|until|till|unless)\b (?!that\b){_ON_THE_WAY}(?P<list>{_LIST})'
)
_ANY_CUE = re.compile(r'\b(?:after|before|until|till|unless|when)\b')
_NO_RELATION = re.compile(
    r'\b(?:after|before) (?:that|this|another|leaving|coming back|returning)\b'
    r'|\bone after\b(?: the)?(?: other)?|\bafter (?:the other|each other)\b'
)
_NOWHERE_ELSE = re.compile(r'\bwithout \w+(?: to)? any(?:where)? (?:other \w+|else)')
_NOT = re.compile(r"\b(?:not|no|never|don't|cannot|can't|avoid\w*|bypass\w*)\b|\baway from\b")
_BARRED = re.compile(rf'{_NOT.pattern}|\b(?:without|skip\w*)\b')
_DENIED = re.compile(r'\b(?:not|never) (?:right |just )?$')
_BEGINS = re.compile(r'^(?:only )?$|\b(?:but|and|then|that) $')


def visiting_order(text: str, count: int) -> tuple[int, ...] | None:
    """The numbers of the marks in the order in which they are to be visited.

    Args:
        text: The sentence; names stand as '@<number>@', numbered as they come.
        count: How many names there are.

    Returns:
        None: the words say something of the order that is not understood, or cannot be.
    """
    text = _NOWHERE_ELSE.sub(' ', text)
    plain = _NO_RELATION.sub(' ', re.sub(r'\bthe (?=@)', '', text))
    cues = list(_CUE.finditer(plain))
    if len(cues) < len(_ANY_CUE.findall(plain)):
        return None
    pairs: set[tuple[int, int]] = set()
    for cue in cues:
        found = _pairs(cue, plain)
        if found is None:
            return None
        pairs |= found
    return _sorted(count, pairs) if _wanted(plain, pairs) >= set(range(count)) else None


def _wanted(text: str, pairs: set[tuple[int, int]]) -> set[int]:
    """The places that are to be visited: named without a 'not', or allowed after another."""
    found, end = {later for _, later in pairs}, 0
    for places in re.finditer(_LIST, text):
        if not _BARRED.search(text, end, places.start()):
            found |= set(_marks(places[0]))
        end = places.end()
    return found


def _pairs(cue: re.Match[str], text: str) -> set[tuple[int, int]] | None:
    """What one cue says: (earlier, later)."""
    listed = _marks(cue['list'])
    before, behind = text[: cue.start()], text[cue.end() :]
    if _DENIED.search(before):
        return None
    subject = _subject(before)
    heads = _BEGINS.search(before) is not None or subject is None
    if heads or subject is None or set(subject[0]) & set(listed):
        ahead = re.search(_P, behind)
        if ahead is None:
            return None
        others, negated = _marks(ahead[0]), _NOT.search(behind[: ahead.start()]) is not None
    else:
        others, negated = subject
    return _related(cue['cue'], listed, others, negated=negated)


def _related(
    cue: str, listed: list[int], others: list[int], *, negated: bool
) -> set[tuple[int, int]] | None:
    if cue == 'after' and negated:
        return None
    if cue in ('until', 'till', 'unless') and not negated:
        return None
    first = cue == 'after' or negated
    return {
        (known, other) if first else (other, known)
        for known in listed
        for other in others
        if known != other
    }


def _subject(before: str) -> tuple[list[int], bool] | None:
    """The places right before a cue, and whether they are barred there."""
    lists = list(re.finditer(_LIST, before))
    if not lists:
        return None
    last = lists[-1]
    begins = lists[-2].end() if len(lists) > 1 else 0
    return _marks(last[0]), _NOT.search(before[begins : last.start()]) is not None


def _marks(words: str) -> list[int]:
    return [int(number) for number in re.findall(r'@(\d+)@', words)]


def _sorted(count: int, pairs: set[tuple[int, int]]) -> tuple[int, ...] | None:
    """The first that waits for none of the rest, again and again."""
    left, found = list(range(count)), list[int]()
    while left:
        free = (n for n in left if not any(b == n and a in left for a, b in pairs))
        chosen = next(free, None)
        if chosen is None:
            return None
        left.remove(chosen)
        found.append(chosen)
    return tuple(found)
