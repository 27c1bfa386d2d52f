# SPDX-License-Identifier: Apache-2.0
"""Cut a text into the word pieces of uncased BERT models. Pure.

Devlin et al., "BERT" (2019), and its `BasicTokenizer`: control characters go, CJK characters stand
alone, accents and case go, punctuation stands alone; each word then takes its longest known
beginning, and the rest as pieces that begin with `##`.
"""

import unicodedata
from collections.abc import Iterator, Sequence

from swarm_vault.errors import VaultError

UNKNOWN, FIRST, LAST = '[UNK]', '[CLS]', '[SEP]'
_LONGEST_WORD = 100
"""A longer word is unknown as a whole [characters]."""
_LONGEST_TEXT = 4000
"""So much of a text is looked at [characters]."""
_CJK = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class WordPieces:
    """A vocabulary."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """Take the pieces in the order of their numbers.

        Raises:
            VaultError: The marks that every text needs are not among them.
        """
        self._numbers = {piece: number for number, piece in enumerate(pieces)}
        for mark in (UNKNOWN, FIRST, LAST):
            if mark not in self._numbers:
                raise VaultError(f'vocabulary without {mark}; expected one of a BERT model')

    def numbers(self, text: str, most: int) -> list[int]:
        """The numbers of a text's pieces between the two marks, at most so many in all."""
        own: list[int] = []
        for word in words_of(text[:_LONGEST_TEXT]):
            own += self._cut(word)
            if len(own) >= most - 2:
                break
        return [self._numbers[FIRST], *own[: most - 2], self._numbers[LAST]]

    def _cut(self, word: str) -> list[int]:
        pieces: list[int] = []
        start = 0
        while start < len(word) <= _LONGEST_WORD:
            mark = '##' if start else ''
            ends = range(len(word), start, -1)
            end = next((e for e in ends if mark + word[start:e] in self._numbers), None)
            if end is None:
                return [self._numbers[UNKNOWN]]
            pieces.append(self._numbers[mark + word[start:end]])
            start = end
        return pieces or [self._numbers[UNKNOWN]]


def words_of(text: str) -> Iterator[str]:
    """Words and single signs, without case and accents."""
    spaced = ''.join(_spaced(character) for character in text)
    plain = unicodedata.normalize('NFD', spaced)
    plain = ''.join(c for c in plain if unicodedata.category(c) != 'Mn').lower()
    for word in plain.split():
        yield from _split_at_signs(word)


def _spaced(character: str) -> str:
    if character in '\t\n\r' or unicodedata.category(character) == 'Zs':
        return ' '
    if character == '\ufffd' or unicodedata.category(character) in {'Cc', 'Cf', 'Co'}:
        return ''
    code = ord(character)
    return f' {character} ' if any(low <= code <= high for low, high in _CJK) else character


def _split_at_signs(word: str) -> Iterator[str]:
    start = 0
    for place, character in enumerate(word):
        if _is_sign(character):
            yield from (part for part in (word[start:place], character) if part)
            start = place + 1
    if word[start:]:
        yield word[start:]


def _is_sign(character: str) -> bool:
    ascii_sign = character.isascii() and character.isprintable() and not character.isalnum()
    return ascii_sign or unicodedata.category(character).startswith('P')
