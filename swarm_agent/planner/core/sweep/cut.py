# SPDX-License-Identifier: Apache-2.0
"""Cut one ring between robots so that the last to come home comes home as early as can be.

A robot drives to its piece, along it, and home. Within a limit its piece can only grow: how far
it gets from a given place is found by bisection, because the way along the ring and then home
never gets shorter with a longer piece (triangle inequality). So a limit is tried by letting the
robots, in some order, take as much as they can; the smallest limit that suffices is bisected.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from swarm_agent.planner.core.ground import Floats, Ints
from swarm_agent.planner.core.sweep.travel import Roads, Route, Way, headings_of, quarters

_CLOSE = 1e-6
_HALVINGS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A ring, two times round, priced for some robots; lists because single items are read."""

    cells: list[int]
    """Shape (2 * length,)."""
    headings: list[int]
    """Heading of the step from each place to the next, shape (2 * length,)."""
    length: int
    """Places of the ring; a cell may have several."""
    ready: list[float]
    """Cost from the first place to each, its turn at that place included, shape (2 * length,)."""
    arrived: list[float]
    """The same without that turn."""
    out: tuple[list[float], ...]
    """Cost of each robot to each place, ready to go on along the ring, shape (length,)."""
    until: tuple[list[float], ...]
    """`arrived` and from there home, for each robot; never falls, shape (2 * length,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Who takes which places: robot order[i] takes those from starts[i] to ends[i], both in."""

    order: tuple[int, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    """Before its start where a robot gets nothing."""
    longest: float


def make_track(roads: Roads, ring: Route, homes: Sequence[Way]) -> Track:
    """Price a ring of at least two cells for robots that start and end at their homes."""
    length = len(ring)
    cells = np.array(ring * 2)
    headings = np.tile(headings_of(roads.board, (*ring, ring[0])), 2)
    ready, arrived = _along(roads, cells, headings)
    ahead, behind = 4 * cells + headings, 4 * cells + np.roll(headings, 1)
    return Track(
        cells=cells.tolist(),
        headings=headings.tolist(),
        length=length,
        ready=ready.tolist(),
        arrived=arrived.tolist(),
        out=tuple(way.out[ahead[:length]].tolist() for way in homes),
        until=tuple(_rising(arrived + way.back[behind]) for way in homes),
    )


def lone_track(ring: Ints, out: Floats, home: Floats) -> Track:
    """Price a ring in bare steps.

    Args:
        ring: The cells, shape (length,).
        out: What it costs each robot to get to each place, shape (robots, length).
        home: Steps home from each place, shape (robots, length).
    """
    steps = np.arange(2.0 * len(ring))
    return Track(
        cells=[int(cell) for cell in ring] * 2,
        headings=[],
        length=len(ring),
        ready=steps.tolist(),
        arrived=steps.tolist(),
        out=tuple(out.tolist()),
        until=tuple(_rising(steps + np.tile(way, 2)) for way in home),
    )


def _along(roads: Roads, cells: Ints, headings: Ints) -> tuple[Floats, Floats]:
    """Cost from the first place to each, with and without the turn there."""
    steps = roads.board.cost[cells, headings]
    turns = np.concatenate([[0.0], roads.turn * quarters(headings[:-1], headings[1:])])
    ready = np.concatenate([[0.0], np.cumsum(steps[:-1] + turns[1:])])
    return ready, ready - turns


def _rising(values: Floats) -> list[float]:
    """Rid of rounding, so that bisection may trust the order."""
    rising: list[float] = np.maximum.accumulate(values).tolist()
    return rising


def cut_ring(track: Track, order: tuple[int, ...], first: int, below: float) -> Cut | None:
    """The best cut for robots in this order from this place; None if none is below a limit."""
    best = _try(track, order, first, below - _CLOSE)
    if best is None:
        return None
    low, high = 0.0, best.longest
    for _ in range(_HALVINGS):
        if high - low <= 0.25:
            break
        tried = _try(track, order, first, 0.5 * (low + high))
        if tried is None:
            low = 0.5 * (low + high)
        else:
            best, high = tried, tried.longest
    return best


def _try(track: Track, order: tuple[int, ...], first: int, limit: float) -> Cut | None:
    """Let each robot take as much as it can within a limit; None if something is left over."""
    starts, ends, longest = [], [], 0.0
    place, last = first, first + track.length - 1
    for robot in order:
        starts.append(place)
        end = place - 1
        if place <= last:
            end, spent = _reach(track, robot, place, last, limit)
            longest = max(longest, spent)
        ends.append(end)
        place = end + 1
    if place <= last:
        return None
    return Cut(order=order, starts=tuple(starts), ends=tuple(ends), longest=longest)


def _reach(track: Track, robot: int, place: int, last: int, limit: float) -> tuple[int, float]:
    """How far a robot gets from a place within a limit, and what that costs it."""
    before = track.out[robot][place % track.length] - track.ready[place]
    until = track.until[robot]
    end = min(bisect_right(until, limit - before, lo=place) - 1, last)
    return (end, before + until[end]) if end >= place else (place - 1, 0.0)
