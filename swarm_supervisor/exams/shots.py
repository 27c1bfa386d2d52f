# SPDX-License-Identifier: Apache-2.0
"""Questions to a model that ranks labels, each with the most similar examples in its prompt.

Examples come from one half of an exam (every second case, from the first on; the half that the
rules were written with), questions from the other. The nearest example's answer is the floor: what
no model is needed for.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCase:
    """One question."""

    prompt: str
    """Ends with the case, in quotes, and a colon."""
    labels: tuple[str, ...]
    right: str
    nearest: str
    """Answer of the most similar example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A case with its answer."""

    text: str
    words: frozenset[str]
    """By which it is found; names hidden where they would give it away."""
    label: str


def asked(
    question: str, cases: Sequence[Known], labels: tuple[str, ...], shots: int, most: int
) -> list[ModelCase]:
    """So many questions, spread over the held-out half."""
    shown, held_out = cases[::2], cases[1::2]
    step = max(1, len(held_out) // most)
    found = []
    for case in held_out[::step][:most]:
        near = alike(case.words, shown, shots)
        lines = ''.join(f'"{one.text}": {one.label}\n' for one in near)
        prompt = f'{question}\n{lines}"{case.text}":'
        right, nearest = case.label, near[-1].label
        found.append(ModelCase(prompt=prompt, labels=labels, right=right, nearest=nearest))
    return found


def alike(words: frozenset[str], others: Sequence[Known], most: int) -> list[Known]:
    """The most similar others, the most similar last (Jaccard; the first of equals)."""
    shares = [len(words & one.words) / max(1, len(words | one.words)) for one in others]
    ranked = sorted(range(len(others)), key=lambda n: (-shares[n], n))
    return [others[n] for n in ranked[:most]][::-1]
