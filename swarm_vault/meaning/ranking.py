# SPDX-License-Identifier: Apache-2.0
"""Who is near, and one order made of several. Pure."""

from collections.abc import Mapping, Sequence

from swarm_vault.meaning.port import Vector

NEAR = 0.3
"""Cosine below which two texts have nothing to do with each other."""


def nearest(question: Vector, held: Mapping[str, Vector], most: int) -> list[str]:
    """The names whose vectors are nearest to the question's, the nearest first."""
    alike = {name: vector for name, vector in held.items() if vector.shape == question.shape}
    near = {name: float(question @ vector) for name, vector in alike.items()}
    names = sorted(near, key=lambda name: (-near[name], name))
    return [name for name in names if near[name] >= NEAR][:most]


def filled(by_words: Sequence[str], by_meaning: Sequence[str], most: int) -> list[str]:
    """One order: the better half by words, then by meaning, then what is left by words.

    Half by words, because for orders to robots the words alone are better than the meaning alone,
    and each finds what the other does not: `swarm bench recall`.
    """
    order = [*by_words[: (most + 1) // 2], *by_meaning, *by_words]
    return list(dict.fromkeys(order))[:most]
