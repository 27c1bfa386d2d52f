# SPDX-License-Identifier: Apache-2.0
"""Find the names of a map in a sentence."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

MARK = '@'
"""Stands for a name once it is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A sentence in small letters, each known name replaced by `@<number>@`."""

    text: str
    names: tuple[str, ...]
    """Distinct names in the order in which they come; the number is the place in here."""


def mark_names(sentence: str, known: Iterable[str]) -> Marked:
    """Replace known names, the longest first; upper and lower case are the same."""
    spelled = {_plain(name): name for name in known}
    longest = sorted(filter(None, spelled), key=len, reverse=True)
    text = _plain(sentence.replace(MARK, ' at '))
    if not longest:
        return Marked(text=text, names=())
    pattern = re.compile(r'(?<![\w])(?:' + '|'.join(map(re.escape, longest)) + r')(?![\w])')
    found: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f'{MARK}{found.setdefault(spelled[match[0]], len(found))}{MARK}'

    return Marked(text=pattern.sub(number, text), names=tuple(found))


def _plain(words: str) -> str:
    return ' '.join(words.replace('_', ' ').replace(MARK, ' at ').lower().split())
