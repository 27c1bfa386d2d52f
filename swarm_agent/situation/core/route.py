# SPDX-License-Identifier: Apache-2.0
"""A path to drive: points at an even distance, and where along it the robot is."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from swarm_agent.situation.core.se2 import Point, Pose

SPACING_M = 0.1
TOLD_SPACING_M = 0.25
TOLD_LENGTH_M = 6.0
"""What peers are told of a route [m]."""
TOLD_POINTS = 1 + math.floor(TOLD_LENGTH_M / TOLD_SPACING_M)
"""So many points of a longer telling are what the short one says."""
LONG_TOLD_M = 12.0
"""What one that has to make way is told [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Points from start to goal; parallel tuples."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    s: tuple[float, ...]
    """Way from the start to each point [m]."""
    margin: tuple[float, ...]
    """Free space beside the body at each point [m]."""

    @property
    def length_m(self) -> float:
        """From start to goal [m]."""
        return self.s[-1]

    @property
    def goal(self) -> Point:
        """The last point."""
        return self.x[-1], self.y[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where along a route the robot is."""

    s_m: float
    """Way from the start to the route's point nearest to the robot [m]."""
    index: int
    """The first point of the route that is not behind it."""
    off_m: float
    """Distance of the robot from the route [m]."""


def resampled(points: Sequence[Point]) -> tuple[list[float], list[float], list[float]]:
    """x, y and way of points SPACING_M apart along a polyline [m]."""
    xs, ys = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    way = np.concatenate(([0.0], np.cumsum(np.sqrt(np.diff(xs) ** 2 + np.diff(ys) ** 2))))
    length = float(way[-1])
    s = np.linspace(0.0, length, max(2, math.ceil(length / SPACING_M) + 1))
    return np.interp(s, way, xs).tolist(), np.interp(s, way, ys).tolist(), s.tolist()


def locate(route: Route, place: Point | Pose, near_s_m: float, window_m: float = 1.5) -> Progress:
    """The nearest point of a route, looked for around where the robot was last."""
    first = max(0, bisect_left(route.s, near_s_m - window_m) - 1)
    last = min(len(route.s) - 1, bisect_left(route.s, near_s_m + window_m) + 1)
    best_s, best_index, best2 = route.s[first], first, math.inf
    for i in range(first, max(first + 1, last)):
        ax, ay, bx, by = route.x[i], route.y[i], route.x[i + 1], route.y[i + 1]
        ux, uy = bx - ax, by - ay
        long2 = ux * ux + uy * uy
        share = ((place[0] - ax) * ux + (place[1] - ay) * uy) / long2 if long2 > 0.0 else 0.0
        share = min(1.0, max(0.0, share))
        off2 = (ax + share * ux - place[0]) ** 2 + (ay + share * uy - place[1]) ** 2
        if off2 < best2:
            best_s, best_index, best2 = (
                route.s[i] + share * (route.s[i + 1] - route.s[i]),
                i + 1,
                off2,
            )
    return Progress(s_m=best_s, index=best_index, off_m=math.sqrt(best2))


def point_at(route: Route, s_m: float) -> Point:
    """The point of a route at a way from its start [m]; its end beyond that."""
    if s_m >= route.s[-1]:
        return route.goal
    i = max(1, bisect_left(route.s, s_m))
    span = route.s[i] - route.s[i - 1]
    share = (s_m - route.s[i - 1]) / span if span > 0.0 else 0.0
    return (
        route.x[i - 1] + share * (route.x[i] - route.x[i - 1]),
        route.y[i - 1] + share * (route.y[i] - route.y[i - 1]),
    )


def points_at(route: Route, ways_m: Sequence[float]) -> list[Point]:
    """What `point_at` gives for several ways, each at least as long as the one before."""
    x, y, s, i = route.x, route.y, route.s, 1
    points = []
    for way in ways_m:
        if way >= s[-1]:
            points.append(route.goal)
            continue
        i = max(1, bisect_left(s, way, i))
        span, before = s[i] - s[i - 1], i - 1
        share = (way - s[before]) / span if span > 0.0 else 0.0
        points.append(
            (x[before] + share * (x[i] - x[before]), y[before] + share * (y[i] - y[before]))
        )
    return points


def told(
    route: Route, progress: Progress, place: Pose, length_m: float = TOLD_LENGTH_M
) -> tuple[Point, ...]:
    """What is said of a route: from the robot on, 0.25 m apart, in whole millimetres."""
    left = min(length_m, route.length_m - progress.s_m)
    count = max(0, math.floor(left / TOLD_SPACING_M + 1e-6))
    ways = [progress.s_m + (k + 1) * TOLD_SPACING_M for k in range(count)]
    if left - count * TOLD_SPACING_M > 0.05:
        ways.append(progress.s_m + left)
    points = [(place[0], place[1]), *points_at(route, ways)]
    return tuple([(round(x, 3), round(y, 3)) for x, y in points])
