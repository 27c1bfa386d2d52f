# SPDX-License-Identifier: Apache-2.0
"""When a footprint that moves with a constant twist first holds n points: exact, not stepped.

Seen from the base, a still point runs backwards on a circle around the turning centre (or on a
line). It enters or leaves the footprint where that circle crosses the outline. So only at these
moments can the number of points inside reach n: look at them in order, and count. Rounding is
taken towards earlier: a point counts as inside from a hair outside the outline.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swarm_reflex.core.arc import Points
from swarm_reflex.monitor.core.types import Polygon, Velocity

HAIR_M = 1e-6
"""Width of the outline [m]: what is so close counts as inside."""
_STRAIGHT = 1e-6
"""Below this angle over the horizon [rad] a turn counts as none."""
_WIDEST_M = 1e4
"""Above this turning radius [m] an arc is taken as a line, its bend as width of the outline."""
_ROUNDING = 1e-7
"""Width of the outline per turning radius: what circles so wide lose in double precision."""
_SOON = 0.125
"""Share of the horizon that is looked at first."""
_MOMENTS = 64
"""Crossings that are counted one by one; after them the answer is early, never late."""

Flags = NDArray[np.bool_]
Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A polygon without edges of no length, or a circle around the base."""

    corners: Polygon = ()
    radius_m: float = 0.0

    @property
    def reach_m(self) -> float:
        """Distance from the base to the farthest part of it [m]."""
        return max((math.hypot(x, y) for x, y in self.corners), default=self.radius_m)

    def outline(self) -> Polygon:
        """Its corners; of a circle 32 on its rim."""
        bearings = [math.pi / 16.0 * i for i in range(32)]
        rim = ((self.radius_m * math.cos(b), self.radius_m * math.sin(b)) for b in bearings)
        return self.corners or tuple(rim)


def inside(points: Points, shape: Shape, hair_m: float = HAIR_M) -> Flags:
    """Which points lie in the shape; its outline belongs to it on every side. Shape (points,)."""
    x, y = points
    if not shape.corners:
        within: Flags = x * x + y * y <= (shape.radius_m + hair_m) ** 2
        return within
    found: Flags = np.zeros(x.size, dtype=bool)
    xs, ys = (np.array(axis) for axis in zip(*shape.corners, strict=True))
    near = (x >= xs.min() - hair_m) & (x <= xs.max() + hair_m)
    near &= (y >= ys.min() - hair_m) & (y <= ys.max() + hair_m)
    rows = np.flatnonzero(near)
    if rows.size:
        found[rows] = _in_polygon(x[rows], y[rows], shape.corners, hair_m)
    return found


def _in_polygon(x: Times, y: Times, corners: Polygon, hair_m: float) -> Flags:
    odd: Flags = np.zeros(x.size, dtype=bool)
    edge: Flags = np.zeros(x.size, dtype=bool)
    for i, (bx, by) in enumerate(corners):
        ax, ay = corners[i - 1]
        ex, ey = bx - ax, by - ay
        cross = ex * (y - ay) - ey * (x - ax)
        if ey != 0.0:
            odd ^= ((ay > y) != (by > y)) & ((cross > 0.0) == (ey > 0.0))
        length = math.hypot(ex, ey)
        along = ex * (x - ax) + ey * (y - ay)
        slack = hair_m * length
        edge |= (np.abs(cross) <= slack) & (along >= -slack) & (along <= length * length + slack)
    return odd | edge


def contact_time(
    points: Points, shape: Shape, velocity: Velocity, min_points: int, horizon_s: float
) -> float:
    """Time until `min_points` points are in the moving shape together [s].

    Args:
        points: Obstacles in the base frame of now [m], shape (2, points).
        shape: Footprint in the base frame.
        velocity: The twist that is kept.
        min_points: How many points make a contact, at least 1.
        horizon_s: How far to look [s].

    Returns:
        The time [s], never later than the truth; inf if not within the horizon.
    """
    # Near contacts are the common and the urgent ones, and few points come into question.
    soon_s = contact_within(points, shape, velocity, min_points, horizon_s * _SOON)
    if soon_s < math.inf:
        return soon_s
    return contact_within(points, shape, velocity, min_points, horizon_s)


def contact_within(
    points: Points, shape: Shape, velocity: Velocity, min_points: int, horizon_s: float
) -> float:
    """The same, looked for over the whole horizon at once."""
    speed = math.hypot(velocity.vx_mps, velocity.vy_mps)
    reach_m = shape.reach_m + speed * horizon_s + HAIR_M
    points = points[:, points[0] ** 2 + points[1] ** 2 <= reach_m * reach_m]
    if points.shape[1] < min_points:
        return math.inf
    hair_m = _hair(shape, velocity, horizon_s)
    already = int(inside(points, shape, hair_m).sum())
    if already >= min_points:
        return 0.0
    moments = _crossings(points, shape, velocity, horizon_s, hair_m)
    needed = min_points - already
    if moments.size < needed:
        return math.inf
    moments = np.sort(moments)[needed - 1 :]
    for time_s in moments[:_MOMENTS]:
        there = seen_after(points, velocity, float(time_s))
        if int(inside(there, shape, 2.0 * hair_m).sum()) >= min_points:
            return float(time_s)
    return math.inf if moments.size <= _MOMENTS else float(moments[_MOMENTS])


def _turns(velocity: Velocity, horizon_s: float) -> bool:
    """Whether the way is to be looked at as an arc."""
    speed, turn = math.hypot(velocity.vx_mps, velocity.vy_mps), abs(velocity.wz_radps)
    return turn * horizon_s > _STRAIGHT and speed < _WIDEST_M * turn


def _hair(shape: Shape, velocity: Velocity, horizon_s: float) -> float:
    """Width of the outline that covers rounding, or the bend of an arc taken as a line [m]."""
    speed, turn = math.hypot(velocity.vx_mps, velocity.vy_mps), abs(velocity.wz_radps)
    if _turns(velocity, horizon_s):
        return HAIR_M + _ROUNDING * speed / turn
    angle = turn * horizon_s
    return HAIR_M + angle * (0.5 * speed * horizon_s + shape.reach_m)


def seen_after(points: Points, velocity: Velocity, time_s: float) -> Points:
    """Still points as seen from the base after it kept a twist for a time. Shape (2, points)."""
    turn = velocity.wz_radps * time_s
    # sinc forms: right for every turn, also for none.
    along = time_s * float(np.sinc(turn / math.pi))
    half = 0.5 * turn
    across = time_s * math.sin(half) * float(np.sinc(half / math.pi))
    dx = points[0] - (velocity.vx_mps * along - velocity.vy_mps * across)
    dy = points[1] - (velocity.vx_mps * across + velocity.vy_mps * along)
    cosine, sine = math.cos(turn), math.sin(turn)
    return np.array((cosine * dx + sine * dy, cosine * dy - sine * dx))


def _crossings(
    points: Points, shape: Shape, velocity: Velocity, horizon_s: float, hair_m: float
) -> Times:
    """All moments within the horizon at which a point crosses the outline [s]."""
    find = _arc_crossings if _turns(velocity, horizon_s) else _line_crossings
    times = find(points, shape, velocity, hair_m)
    kept: Times = times[(times >= 0.0) & (times <= horizon_s)]
    return kept


def _line_crossings(points: Points, shape: Shape, velocity: Velocity, hair_m: float) -> Times:
    vx, vy = velocity.vx_mps, velocity.vy_mps
    speed2 = vx * vx + vy * vy
    if speed2 == 0.0:
        return np.empty(0)
    x, y = points
    if not shape.corners:
        middle = (x * vx + y * vy) / speed2
        offset2 = (x * vy - y * vx) ** 2 / speed2
        half2 = ((shape.radius_m + hair_m) ** 2 - offset2) / speed2
        hit = half2 >= 0.0
        half = np.sqrt(half2[hit])
        return np.concatenate((middle[hit] - half, middle[hit] + half))
    found = []
    for i, (bx, by) in enumerate(shape.corners):
        ax, ay = shape.corners[i - 1]
        ex, ey = bx - ax, by - ay
        slope = vx * ey - vy * ex
        length = math.hypot(ex, ey)
        if abs(slope) <= 1e-12 * length * math.sqrt(speed2):
            continue  # Along the edge: the edges beside it are crossed.
        dx, dy = x - ax, y - ay
        share = (dy * vx - dx * vy) / slope
        slack = hair_m / length
        on = (share >= -slack) & (share <= 1.0 + slack)
        found.append((dx[on] * ey - dy[on] * ex) / slope)
    return np.concatenate(found) if found else np.empty(0)


def _arc_crossings(points: Points, shape: Shape, velocity: Velocity, hair_m: float) -> Times:
    wz = velocity.wz_radps
    cx, cy = -velocity.vy_mps / wz, velocity.vx_mps / wz
    px, py = points[0] - cx, points[1] - cy
    square = px * px + py * py
    find = _edge_angles if shape.corners else _rim_angles
    rows, angles = find(square, shape, (cx, cy), hair_m)
    start = np.arctan2(py[rows], px[rows])
    turned = (start - angles) * math.copysign(1.0, wz)
    # A hair before the start is the start, not a full turn later.
    turned = np.where((turned < 0.0) & (turned > -1e-12), 0.0, turned)
    return np.mod(turned, 2.0 * math.pi) / abs(wz)


def _edge_angles(
    square: Times, shape: Shape, centre: tuple[float, float], hair_m: float
) -> tuple[NDArray[np.intp], Times]:
    """Where circles around the centre cross the edges: row of the circle, bearing [rad]."""
    rows, xs, ys = [], [], []
    corners = [(x - centre[0], y - centre[1]) for x, y in shape.corners]
    for i, (bx, by) in enumerate(corners):
        ax, ay = corners[i - 1]
        ex, ey = bx - ax, by - ay
        length2 = ex * ex + ey * ey
        foot = -(ax * ex + ay * ey) / length2
        offset2 = (ax * ey - ay * ex) ** 2 / length2
        slack = hair_m / math.sqrt(length2)
        far2 = max(ax * ax + ay * ay, bx * bx + by * by)
        margin2 = 2.0 * hair_m * math.sqrt(far2) + hair_m * hair_m
        near = np.flatnonzero((square >= offset2 - margin2) & (square <= far2 + margin2))
        half = np.sqrt(np.maximum(square[near] - offset2, 0.0) / length2)
        for share in (foot - half, foot + half):
            on = (share >= -slack) & (share <= 1.0 + slack)
            rows.append(near[on])
            xs.append(ax + share[on] * ex)
            ys.append(ay + share[on] * ey)
    return np.concatenate(rows), np.arctan2(np.concatenate(ys), np.concatenate(xs))


def _rim_angles(
    square: Times, shape: Shape, centre: tuple[float, float], hair_m: float
) -> tuple[NDArray[np.intp], Times]:
    """Where circles around the centre cross a circle around the base."""
    turn2 = centre[0] ** 2 + centre[1] ** 2
    radius = shape.radius_m + hair_m
    product = 2.0 * np.sqrt(square * turn2)
    with np.errstate(divide='ignore', invalid='ignore'):
        cosine = (square + turn2 - radius * radius) / product
    rows = np.flatnonzero(np.abs(cosine) <= 1.0)
    half = np.arccos(cosine[rows])
    base = math.atan2(-centre[1], -centre[0])
    return np.concatenate((rows, rows)), np.concatenate((base - half, base + half))
