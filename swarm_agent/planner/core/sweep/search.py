# SPDX-License-Identifier: Apache-2.0
"""Search for the order of the robots along a ring, and for the place where the first begins.

Hill climbing over neighbouring orders, then again from a shaken copy of the best. The shaking
follows a fixed sequence of numbers, so equal questions have equal answers on every robot.
"""

from collections.abc import Iterator

import numpy as np

from swarm_agent.planner.core.sweep.cut import Cut, Track, cut_ring

Order = tuple[int, ...]
_SHAKES = 3
"""So many swaps make a shaken order."""


def best_cut(track: Track, tries: int) -> Cut:
    """The best cut found within about so many tries; deterministic."""
    best, spent = _climb(track, _nearest_order(track), 0, tries)
    numbers = _numbers(len(best.order))
    while spent < tries and len(best.order) > 1:
        order = best.order
        for _ in range(_SHAKES):
            order = _swapped(order, next(numbers), next(numbers))
        first = (best.starts[0] + next(numbers)) % track.length
        found, used = _climb(track, order, first, tries - spent)
        spent += used
        best = min(best, found, key=lambda cut: cut.longest)
    return best


def _climb(track: Track, order: Order, first: int, tries: int) -> tuple[Cut, int]:
    """The best of the neighbours' neighbours, and how many tries that took."""
    best = cut_ring(track, order, first, float('inf'))
    assert best is not None
    spent, improved = 1, True
    while improved:
        improved = False
        for other, begin in _neighbours(track, best):
            spent += 1
            found = cut_ring(track, other, begin, best.longest)
            if found is not None:
                best, improved = found, True
            if improved or spent >= tries:
                break
    return best, spent


def _nearest_order(track: Track) -> Order:
    """Robots by the place of the ring that is nearest to their home."""
    nearest = [int(np.argmin(out)) for out in track.out]
    return tuple(sorted(range(len(nearest)), key=lambda robot: (nearest[robot], robot)))


def _neighbours(track: Track, cut: Cut) -> Iterator[tuple[Order, int]]:
    """Other beginnings, then other orders: swaps of two, the near ones first, then moves."""
    order, count = cut.order, len(cut.order)
    first = cut.starts[0]
    stride = max(1, track.length // (8 * count))
    for shift in range(1, 8):
        for sign in (1, -1):
            yield order, (first + sign * shift * stride) % track.length
    yield order[1:] + order[:1], cut.starts[1 % count] % track.length
    yield order[-1:] + order[:-1], first
    for gap in range(1, 1 + count // 2):
        for a in range(count):
            yield _swapped(order, a, (a + gap) % count), first
    for a in range(count):
        for b in range(count):
            if abs(a - b) > 1:
                yield _moved(order, a, b), first


def _swapped(order: Order, a: int, b: int) -> Order:
    changed = list(order)
    changed[a], changed[b] = changed[b], changed[a]
    return tuple(changed)


def _moved(order: Order, a: int, b: int) -> Order:
    changed = list(order)
    changed.insert(b, changed.pop(a))
    return tuple(changed)


def _numbers(below: int) -> Iterator[int]:
    """A fixed sequence that looks unordered (a linear congruential generator, Knuth's MMIX)."""
    value = 1
    while True:
        value = (6364136223846793005 * value + 1442695040888963407) % 2**64
        yield (value >> 33) % below
