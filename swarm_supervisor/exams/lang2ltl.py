# SPDX-License-Identifier: Apache-2.0
"""Navigation missions in words: the kind exactly, the landmarks by F1."""

import ast
import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from swarm_supervisor.core.language.names import mark_names
from swarm_supervisor.core.language.patterns import Pattern, read_pattern
from swarm_supervisor.exams.score import (
    Score,
    f1,
    majority,
    nearest,
    turned,
)
from swarm_supervisor.exams.shots import Known, ModelCase, asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One sentence."""

    text: str
    kind: str
    in_order: tuple[str, ...]
    """The landmarks as the formula has them."""
    times: int
    """How many visits the formula of a mission that counts asks for."""

    @property
    def landmarks(self) -> frozenset[str]:
        """The landmarks."""
        return frozenset(self.in_order)


def load(folder: Path) -> list[Case]:
    """Read the sentences."""
    with (folder / 'lang2ltl' / 'boston.csv').open(encoding='utf-8', newline='') as file:
        return [
            Case(
                text=row['utterance'],
                kind=row['pattern_type'],
                in_order=ast.literal_eval(row['landmarks']),
                times=_visits(row['symbolic_ltl']),
            )
            for row in csv.DictReader(file)
        ]


def _visits(formula: str) -> int:
    """Of 'F & a U a & ! a U ! a F a' two, of 'M & a F & ! a F a | …' (exactly) two."""
    return formula.count('F') // 2 + 1 if formula.startswith('M') else formula.count('F')


def names_of(cases: list[Case]) -> frozenset[str]:
    """The names of the city, as a places file would hold them."""
    return frozenset().union(*(case.landmarks for case in cases))


def score(folder: Path) -> list[Score]:
    """The written rules on all cases."""
    cases = load(folder)
    names = names_of(cases)
    readings = [read_pattern(case.text, names) for case in cases]
    right = [
        reading is not None and reading.pattern.value == case.kind
        for case, reading in zip(cases, readings, strict=True)
    ]
    pairs = [
        (_items(case.landmarks), _items(reading.places if reading else ()))
        for case, reading in zip(cases, readings, strict=True)
    ]
    blind = [(a, b) for (a, _), b in zip(pairs, turned([b for _, b in pairs]), strict=True)]
    kinds = [case.kind for case in cases]
    wrong = [
        reading is not None and reading.pattern.value == kind
        for reading, kind in zip(readings, turned(kinds), strict=True)
    ]
    words = [frozenset(case.text.lower().split()) for case in cases]
    bare = [masked(case.text, names) for case in cases]
    return [
        Score(
            exam='lang2ltl',
            who='deterministic',
            measure='kind exact',
            value=sum(right) / len(cases),
            cases=len(cases),
            floor=nearest(words, kinds),
            floor_name='nearest neighbour',
            control=sum(wrong) / len(cases),
            control_name="another case's answer",
        ),
        Score(
            exam='lang2ltl',
            who='deterministic',
            measure='landmark F1',
            value=f1(pairs),
            cases=len(cases),
            control=f1(blind),
            control_name="another case's answer",
        ),
        Score(
            exam='lang2ltl',
            who='nearest neighbour, names hidden',
            measure='kind exact',
            value=nearest(bare, kinds),
            cases=len(cases),
        ),
        Score(
            exam='lang2ltl',
            who='majority',
            measure='kind exact',
            value=majority(kinds),
            cases=len(cases),
        ),
    ]


def masked(text: str, names: frozenset[str]) -> frozenset[str]:
    """The words of a sentence without its names, for the nearest neighbour."""
    return frozenset(mark_names(text, names).text.replace(',', ' ').split())


def _items(names: object) -> Counter[tuple[str, ...]]:
    assert isinstance(names, (frozenset, tuple))
    return Counter((name,) for name in names)


SHOTS = 8
"""Examples in a prompt."""
_WORDS = {
    Pattern.VISIT: 'any', Pattern.SEQUENCED_VISIT: 'sequence', Pattern.ORDERED_VISIT: 'before',
    Pattern.STRICTLY_ORDERED_VISIT: 'strict', Pattern.PATROLLING: 'repeat',
    Pattern.GLOBAL_AVOIDANCE: 'avoid', Pattern.AT_MOST: 'maximum', Pattern.AT_LEAST: 'minimum',
    Pattern.EXACTLY: 'exact', Pattern.WAIT: 'stay', Pattern.FUTURE_AVOIDANCE: 'forbid',
    Pattern.PAST_AVOIDANCE: 'until', Pattern.DELAYED_REACTION: 'eventually',
    Pattern.PROMPT_REACTION: 'immediately', Pattern.BOUND_DELAY: 'exclusive',
}  # fmt: skip


def model_cases(folder: Path, most: int) -> list[ModelCase]:
    """Questions about the kind of an order."""
    cases = load(folder)
    names = names_of(cases)
    known = [
        Known(
            text=_short(case.text, names),
            words=masked(case.text, names),
            label=_WORDS[Pattern(case.kind)],
        )
        for case in cases
    ]
    question = 'What kind of mission is each order?'
    return asked(question, known, tuple(_WORDS.values()), SHOTS, most)


def _short(text: str, names: frozenset[str]) -> str:
    marked = mark_names(text, names)
    words = marked.text
    for number in range(len(marked.names)):
        words = words.replace(f'@{number}@', 'ABCDEFGH'[number % 8])
    return words[:200].replace('"', "'")
