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
    hits = 0
    for index, own in enumerate(words):
        best, label = -1.0, ''
        for other, theirs in enumerate(words):
            if other == index:
                continue
            alike = len(own & theirs) / max(1, len(own | theirs))
            if alike > best:
                best, label = alike, labels[other]
        hits += label == labels[index]
    return hits / max(1, len(words))


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
