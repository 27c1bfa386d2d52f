# SPDX-License-Identifier: Apache-2.0
"""A score with what it is read beside: floor, number of cases, negative control."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar('T')


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One row."""

    exam: str
    who: str
    """'deterministic', 'slm', or a control."""
    measure: str
    value: float
    cases: int
    floor: float | None = None
    floor_name: str = ''
    control: float | None = None
    control_name: str = ''


def nearest(words: Sequence[frozenset[str]], labels: Sequence[str]) -> float:
    """Share of cases whose most similar other case has the same label (Jaccard, leave one out)."""
    near = nearest_item(words)
    return sum(labels[n] == own for n, own in zip(near, labels, strict=True)) / max(1, len(words))


def nearest_item(
    words: Sequence[frozenset[str]], kin: Sequence[object] | None = None
) -> list[int]:
    """For each case the number of the most similar other one, the first of equals.

    Args:
        words: Of each case.
        kin: Cases with the same value are not looked at for each other; each its own by default.
    """
    own_kind = range(len(words)) if kin is None else kin
    return [
        max(
            (other for other in range(len(words)) if own_kind[other] != own_kind[index]),
            key=lambda other: len(own & words[other]) / max(1, len(own | words[other])),
        )
        for index, own in enumerate(words)
    ]


def majority(labels: Sequence[str]) -> float:
    """Share of the most frequent label."""
    return max(Counter(labels).values()) / max(1, len(labels))


def f1(pairs: Iterable[tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]]) -> float:
    """F1 over all items of all cases; each pair is what is right and what was answered."""
    hit = missed = wrong = 0
    for right, said in pairs:
        hit += sum((right & said).values())
        missed += sum((right - said).values())
        wrong += sum((said - right).values())
    return 2 * hit / max(1, 2 * hit + missed + wrong)


def turned(items: Sequence[T]) -> list[T]:
    """The items of other cases, half the set away: what a blind answer would score."""
    half = len(items) // 2
    return [*items[half:], *items[:half]]
