# SPDX-License-Identifier: Apache-2.0
"""A short tour from which, on the way as well as at its stops, every wanted cell is seen.

The search is greedy insertion (gain for detour), then local moves: leave a stop out, turn a piece
round, shift a stop, cut a piece out and fill up again. A move is kept when the tour gets shorter
and still sees enough. Everything is deterministic: no randomness, ties go to the first.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from swarm_agent.planner.core.ground import Floats, Ground, Ints
from swarm_config.maps import Mask

Tour = tuple[int, ...]
"""Lattice nodes to visit, in order, without start and home."""
Bits = npt.NDArray[np.uint8]

_DETOUR_FLOOR_M = 5.0
"""Added to a detour when it is weighed against its gain: small gains on the way come last [m]."""
_NEIGHBOUR_M = 1.6
"""How far a stop is shifted in the search for a shorter tour [m]."""
_CUT = 4
"""How many stops are cut out at once."""
_BETTER_M = 1e-6
_KEPT = 10_000
"""What is seen along so many legs is kept; up to 1 kB each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sights:
    """Which cells are seen from which lattice nodes."""

    nodes: Ints
    """Shape (eyes,): lattice nodes from which something is seen and where one may stop."""
    seen: Mask
    """Shape (eyes, cells)."""
    row_of: dict[int, int]
    """Row in `seen` of a lattice node."""
    packed: Bits
    """`seen` as bits, shape (eyes, ceil(cells / 8))."""
    legs: dict[tuple[int, int], Bits] = field(default_factory=dict)
    """Memory of what is seen along a leg; only spares time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """Where a tour begins and ends and what its length is measured in."""

    start: int
    yaw_rad: float
    home: int | None
    """None: the tour ends where it ends."""
    turn_m: float
    """Metres that the robot could drive in the time of a turn by one radian [m/rad]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a tour is sought for."""

    ground: Ground
    sights: Sights
    trip: Trip
    wanted: Mask
    """Shape (cells,)."""
    spare: int
    """How many wanted cells may stay unseen."""


def make_sights(nodes: Ints, seen: Mask) -> Sights:
    """Index what is seen, shape (eyes, cells), by lattice node."""
    return Sights(
        nodes=nodes,
        seen=seen,
        row_of={int(node): row for row, node in enumerate(nodes)},
        packed=np.packbits(seen, axis=1),
    )


def length_of(search: Search, tour: Tour) -> float:
    """Length with turns counted as distance [m]; inf where a stop cannot be reached."""
    return float(_lengths(search, tour, [tour])[0])


def unseen_by(search: Search, tour: Tour) -> Mask:
    """Which wanted cells stay unseen along the whole tour, the way home not counted."""
    stops = (search.trip.start, *tour)
    bits = np.zeros(search.sights.packed.shape[1], dtype=np.uint8)
    for a, b in pairwise(stops):
        bits |= _leg_bits(search, a, b)
    seen = np.unpackbits(bits, count=len(search.wanted)).astype(bool)
    return search.wanted & ~seen


def extend(search: Search, tour: Tour, most: int) -> tuple[Tour, bool]:
    """Insert up to `most` stops, best gain for detour first; whether nothing is left to insert."""
    for _ in range(most):
        left = unseen_by(search, tour)
        if int(left.sum()) <= search.spare:
            return tour, True
        longer = _insert_best(search, tour, left)
        if longer is None:
            return tour, True
        tour = longer
    return tour, False


def tidy(search: Search, tour: Tour) -> Tour:
    """Leave out one stop or turn one piece round, whichever shortens the tour most."""
    size = len(tour)
    without = [tour[:i] + tour[i + 1 :] for i in range(size)]
    turned = [_reversed(tour, i, j) for i in range(size) for j in range(i + 2, size + 1)]
    return _shortest(search, tour, without + turned)


def shift(search: Search, tour: Tour, index: int) -> Tour:
    """Move one stop to the neighbouring node that shortens the tour most."""
    nodes = search.sights.nodes
    away = search.ground.distances_from(tour[index])[0][nodes]
    near = nodes[(away <= _NEIGHBOUR_M) & (away > 0.0)]
    return _shortest(
        search, tour, [(*tour[:index], int(node), *tour[index + 1 :]) for node in near]
    )


def recreate(search: Search, tour: Tour, index: int) -> Tour:
    """Cut some stops out and fill up again; the old tour stays where that is no shorter."""
    filled = tour[:index] + tour[index + _CUT :]
    filled, _ = extend(search, filled, 2 * _CUT)
    filled = tidy(search, filled)
    if length_of(search, filled) >= length_of(search, tour) - _BETTER_M:
        return tour
    return filled if _sees_enough(search, filled, tour) else tour


def _shortest(search: Search, tour: Tour, options: list[Tour]) -> Tour:
    """The shortest option that is shorter than the tour and sees enough, else the tour."""
    if not options:
        return tour
    lengths = _lengths(search, tour, options)
    limit = length_of(search, tour) - _BETTER_M
    for best in np.argsort(lengths, kind='stable'):
        if lengths[best] >= limit:
            break
        if _sees_enough(search, options[best], tour):
            return options[best]
    return tour


def _sees_enough(search: Search, option: Tour, tour: Tour) -> bool:
    left = int(unseen_by(search, option).sum())
    return left <= search.spare or left <= int(unseen_by(search, tour).sum())


def _insert_best(search: Search, tour: Tour, left: Mask) -> Tour | None:
    gain = search.sights.seen[:, left].sum(axis=1).astype(np.float64)
    if not gain.any():
        return None
    detour, place = _detours(search, tour)
    worth = np.where(np.isfinite(detour), gain / (np.maximum(detour, 0.0) + _DETOUR_FLOOR_M), 0.0)
    best = int(worth.argmax())
    if worth[best] <= 0.0:
        return None
    at = int(place[best])
    return (*tour[:at], int(search.sights.nodes[best]), *tour[at:])


def _detours(search: Search, tour: Tour) -> tuple[Floats, Ints]:
    """For each eye the least detour [m] and where in the tour it would stand."""
    stops = _stops(search.trip, tour)
    reach = np.stack([search.ground.distances_from(stop)[0] for stop in stops])
    to_eyes = reach[:, search.sights.nodes]
    direct = np.array([reach[i, stops[i + 1]] for i in range(len(stops) - 1)])
    costs = to_eyes[:-1] + to_eyes[1:] - direct[:, None]
    if search.trip.home is None:
        costs = np.concatenate([costs, to_eyes[-1:]])
    return costs.min(axis=0), costs.argmin(axis=0).astype(np.int64)


def _lengths(search: Search, tour: Tour, options: list[Tour]) -> Floats:
    """Lengths [m] of tours that differ from one known tour by at most one stop in a row."""
    anchors = sorted(set(_stops(search.trip, tour)))
    row_of = np.full(len(search.ground.nodes), -1, dtype=np.int64)
    row_of[anchors] = np.arange(len(anchors))
    rows = np.stack([search.ground.distances_from(anchor)[0] for anchor in anchors])
    lengths = np.empty(len(options))
    for size in sorted({len(option) for option in options}):
        which = [k for k, option in enumerate(options) if len(option) == size]
        stops = np.array([_stops(search.trip, options[k]) for k in which])
        a, b = stops[:, :-1], stops[:, 1:]
        known = row_of[a] >= 0
        legs = rows[np.where(known, row_of[a], row_of[b]), np.where(known, b, a)]
        lengths[which] = legs.sum(axis=1) + search.trip.turn_m * _turning(search, stops)
    return lengths


def _turning(search: Search, stops: Ints) -> Floats:
    """Sum of the turns between the straight lines from stop to stop [rad], shape (tours,)."""
    steps = np.diff(search.ground.nodes[stops], axis=1)
    headings = np.arctan2(steps[..., 1], steps[..., 0])
    first = np.full((len(stops), 1), search.trip.yaw_rad)
    turns = np.abs(np.diff(np.concatenate([first, headings], axis=1), axis=1))
    turns = np.minimum(turns, np.abs(2.0 * math.pi - turns))
    return np.asarray((turns * (np.abs(steps).sum(axis=2) > 1e-6)).sum(axis=1))


def _leg_bits(search: Search, start: int, end: int) -> Bits:
    """What is seen from the eyes along a leg; the same both ways."""
    leg = (min(start, end), max(start, end))
    sights = search.sights
    if leg not in sights.legs:
        if len(sights.legs) >= _KEPT:
            sights.legs.clear()
        rows = [sights.row_of[node] for node in search.ground.road(*leg) if node in sights.row_of]
        sights.legs[leg] = np.bitwise_or.reduce(sights.packed[rows], axis=0, initial=0)
    return sights.legs[leg]


def _stops(trip: Trip, tour: Tour) -> Tour:
    return (trip.start, *tour) if trip.home is None else (trip.start, *tour, trip.home)


def _reversed(tour: Tour, start: int, stop: int) -> Tour:
    return tour[:start] + tour[start:stop][::-1] + tour[stop:]
