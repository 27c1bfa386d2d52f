# SPDX-License-Identifier: Apache-2.0
"""Points in polygons, and whether two polygons share floor; without numerics that may differ."""

from collections.abc import Sequence
from itertools import pairwise

from swarm_vault.laws.core.values import Area, Point, Zone


def inside(point: Point, corners: Sequence[Point]) -> bool:
    """Whether a point lies in a polygon: crossings of a ray to the right (even-odd rule)."""
    x, y = point
    odd = False
    for (x1, y1), (x2, y2) in _edges(corners):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


def overlap(a: Sequence[Point], b: Sequence[Point]) -> bool:
    """Whether two polygons share floor; touching along an edge does not count as such."""
    if any(_cross(p, q, r, s) for p, q in _edges(a) for r, s in _edges(b)):
        return True
    return inside(_middle(a), b) or inside(_middle(b), a) or _holds_one(a, b) or _holds_one(b, a)


def crosses(way: Sequence[Point], corners: Sequence[Point]) -> bool:
    """Whether a way from point to point leads through a polygon."""
    return any(inside(point, corners) for point in way) or any(
        _cross(p, q, r, s) for p, q in pairwise(way) for r, s in _edges(corners)
    )


def within(inner: Sequence[Point], outers: Sequence[Area]) -> bool:
    """Whether a polygon lies in one of several: all its corners do, and no edge leaves it."""
    return any(
        all(_in_or_on(corner, outer.corners) for corner in inner)
        and not any(_cross(p, q, r, s) for p, q in _edges(inner) for r, s in _edges(outer.corners))
        for outer in outers
    )


def zones_at(point: Point, zones: Sequence[Zone]) -> tuple[Zone, ...]:
    """The zones in which a point lies."""
    return tuple(zone for zone in zones if inside(point, zone.corners))


def _edges(corners: Sequence[Point]) -> list[tuple[Point, Point]]:
    return list(zip(corners, (*corners[1:], corners[0]), strict=True)) if corners else []


def _cross(p: Point, q: Point, r: Point, s: Point) -> bool:
    """Whether two segments cross in their middles."""
    d1, d2 = _side(r, s, p), _side(r, s, q)
    d3, d4 = _side(p, q, r), _side(p, q, s)
    return d1 * d2 < 0.0 and d3 * d4 < 0.0


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _middle(corners: Sequence[Point]) -> Point:
    count = max(len(corners), 1)
    return sum(x for x, _ in corners) / count, sum(y for _, y in corners) / count


def _holds_one(a: Sequence[Point], b: Sequence[Point]) -> bool:
    return any(inside(corner, a) and not _on_edge(corner, a) for corner in b)


def _in_or_on(point: Point, corners: Sequence[Point]) -> bool:
    return inside(point, corners) or _on_edge(point, corners)


def _on_edge(point: Point, corners: Sequence[Point]) -> bool:
    return any(
        abs(_side(a, b, point)) < 1e-9
        and min(a[0], b[0]) - 1e-9 <= point[0] <= max(a[0], b[0]) + 1e-9
        and min(a[1], b[1]) - 1e-9 <= point[1] <= max(a[1], b[1]) + 1e-9
        for a, b in _edges(corners)
    )
