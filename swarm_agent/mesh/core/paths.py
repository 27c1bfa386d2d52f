# SPDX-License-Identifier: Apache-2.0
"""Where two paths are in each other's way: the coordination diagram of two robots.

Both paths are cut into steps. Cell (i, j) of the diagram is blocked when the one robot at step i
of its path and the other at step j of its own would come too close. Driving on moves up or right
through the diagram, so the diagram shows who can still go first: a blocked region on the axis
j = 0 holds the peer's body, one on i = 0 the own body, one that touches neither is open to both.
A cell from which each of the two can only run into the other is blocked too (O'Donnell and
Lozano-Perez 1989); if that reaches (0, 0), driving on cannot help and one has to make way.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from swarm_agent.mesh.core.types import Point, Polyline

Points: TypeAlias = NDArray[np.float64]
"""Points in the map frame [m], shape (steps, 2)."""
Blocked: TypeAlias = NDArray[np.bool_]
"""A coordination diagram, shape (own steps, peer's steps)."""

STEP_M = 0.25
HORIZON_M = 6.0
CLOSE_M = 0.05
"""Bodies that are nearer than this, by whatever error, may do nothing but part [m]."""
WAYS = 256
"""So many ways are kept: in one decision, and from one to the next, most are asked for again."""
NEARS = -0.1
"""Cosine between a step and the way from the other body, below which the step leads to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A path cut into steps, starting at the body's own position."""

    points: Points
    arcs_m: NDArray[np.float64]
    """Distance along the path at each point [m], shape (steps,)."""

    @property
    def leads_away(self) -> bool:
        """Whether there is a path at all, not only a body."""
        return len(self.points) > 1

    def before(self, step: int) -> float:
        """How far one may drive so as to stay one step short of this one [m]."""
        return float(self.arcs_m[max(step - 1, 0)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What the diagram of two ways says, from the side of the first."""

    head_on: bool = False
    """Neither gets past the other by driving on."""
    shared_m: float = math.inf
    """Where the first zone begins that is open to both [m along the own way]."""
    taken_m: float = math.inf
    """Where the first zone begins in which the peer's body is [m along the own way]."""
    in_its_way: bool = False
    """The own body is in the peer's way."""

    @property
    def contested(self) -> bool:
        """Whether rank has to decide."""
        return self.head_on or self.shared_m < math.inf


def way_of(position: Point, path: Polyline) -> Way:
    """Cut a path into steps of STEP_M, from the body's position, HORIZON_M long at most."""
    return _cut(position, path)


@lru_cache(maxsize=WAYS)
def _cut(position: Point, path: Polyline) -> Way:
    """The same way for the same path: its arrays are not to be written, nor is -0.0 kept."""
    corners = np.array((position, *path), dtype=np.float64) + 0.0
    way = _steps_of(corners) if path else Way(points=corners, arcs_m=np.zeros(1))
    way.points.setflags(write=False)
    way.arcs_m.setflags(write=False)
    return way


def _steps_of(corners: Points) -> Way:
    delta = corners[1:] - corners[:-1]
    lengths = np.hypot(delta[:, 0], delta[:, 1])
    keep, arcs = np.ones(len(corners), dtype=bool), np.zeros(len(corners))
    np.greater(lengths, 1e-6, out=keep[1:])
    corners, arcs = corners[keep], arcs[keep]
    np.cumsum(lengths[keep[1:]], out=arcs[1:])
    end = min(float(arcs[-1]), HORIZON_M)
    steps = _even(end, max(1, math.ceil(end / STEP_M))) if end > 0.0 else arcs[:1]
    points = np.empty((len(steps), 2))
    for axis in (0, 1):
        points[:, axis] = np.interp(steps, arcs, corners[:, axis])
    return Way(points=points, arcs_m=steps)


def _even(end: float, count: int) -> NDArray[np.float64]:
    """`np.linspace(0.0, end, count + 1)`, to the bit and three times faster."""
    steps = np.arange(count + 1, dtype=np.float64) * (end / count)
    steps[-1] = end
    return steps


def meet(mine: Way, its: Way, clearance_m: float, least_m: float) -> Meeting:
    """Read the coordination diagram of the own way and a peer's.

    Args:
        mine: The own way.
        its: The peer's way.
        clearance_m: Distance between the centres that keeps the bodies and the margin apart [m].
        least_m: Sum of the radii [m]; robots that stand closer than the clearance already keep
            what they have, not less than this.
    """
    distance = distances(mine.points, its.points)
    here_m = float(distance[0, 0])
    near = distance < _allowed(here_m, clearance_m, least_m)
    if here_m < least_m + CLOSE_M:
        near[1:2, 0] |= _nears(mine, its.points[0])
        near[0, 1:2] |= _nears(its, mine.points[0])
    if not near.any():
        return Meeting()
    blocked = _closed(near)
    regions = _regions(blocked)
    shared = [first for first, at_peer in regions if first and not at_peer]
    taken = [first for first, at_peer in regions if at_peer]
    return Meeting(
        head_on=bool(blocked[0, 0]),
        shared_m=mine.before(min(shared)) if shared else math.inf,
        taken_m=mine.before(min(taken)) if taken else math.inf,
        in_its_way=bool(blocked[0].any()),
    )


def distances(mine: Points, its: Points) -> NDArray[np.float64]:
    """Distance of every point of one set to every point of the other [m], shape (mine, its)."""
    delta = mine[:, None, :] - its[None, :, :]
    return np.asarray(np.hypot(delta[..., 0], delta[..., 1]), dtype=np.float64)


def room_before(way: Way, bodies: Points, clearance_m: float, least_m: float) -> float:
    """How far one may drive before a body at any of these points comes too close [m].

    Args:
        way: The own way.
        bodies: Where the other's centre is, and then where it soon may be, shape (points, 2) in
            the map frame [m]. One that is about to drive over the own place may be left, but its
            body counts all the same.
        clearance_m: Distance between the centres to be kept [m].
        least_m: Sum of the radii [m]; see meet.
    """
    each = distances(way.points, bodies)
    soon_m = _room_off(way, bodies, each, clearance_m, least_m)
    return min(soon_m, _room_off(way, bodies[:1], each[:, :1], clearance_m, least_m))


def _room_off(
    way: Way, bodies: Points, each: NDArray[np.float64], clearance_m: float, least_m: float
) -> float:
    distance = each.min(axis=1)
    here_m = float(distance[0])
    if here_m < least_m + CLOSE_M and _nears(way, bodies[int(each[0].argmin())]):
        return 0.0
    near = np.flatnonzero(distance < _allowed(here_m, clearance_m, least_m))
    return way.before(int(near[0])) if len(near) else math.inf


def nearest_step(way: Way, point: Point) -> int:
    """The step of a way nearest to a point."""
    return int(np.argmin(distances(way.points, np.asarray([point]))[:, 0]))


def gap(way: Way, point: Point) -> float:
    """Distance of a point from a way [m]."""
    return float(np.min(distances(way.points, np.asarray([point]))))


def _allowed(distance_m: float, clearance_m: float, least_m: float) -> float:
    """How near two may get that stand so far apart now [m]; who is too near gets no nearer."""
    close_m = least_m + CLOSE_M
    if distance_m < close_m:
        return distance_m
    return max(close_m, min(clearance_m, distance_m - 0.03))


def _nears(way: Way, point: Point | Points) -> bool:
    """Whether the first step of a way leads nearer to a point, between its ends, too."""
    if not way.leads_away:
        return False
    step, apart = way.points[1] - way.points[0], way.points[0] - np.asarray(point)
    return float(step @ apart) < NEARS * float(np.linalg.norm(step) * np.linalg.norm(apart))


def _closed(near: Blocked) -> Blocked:
    """Block the cells from which both neighbours further on are blocked: all lie between such."""
    closed, (own, its) = near.copy(), np.nonzero(near)
    part = closed[own[0] : own[-1] + 1, its.min() : its.max() + 1]
    rows: list[list[bool]] = part.tolist()
    above = [False] * len(rows[0])
    for row in reversed(rows):
        for j in range(len(row) - 2, -1, -1):
            if above[j] and row[j + 1]:
                row[j] = True
        above = row
    part[:] = rows
    return closed


def _regions(blocked: Blocked) -> list[tuple[int, bool]]:
    """The connected regions: first step of the own way, and whether the peer's body is in it."""
    labels, count = label(blocked, structure=np.ones((3, 3)))
    steps, _ = np.nonzero(labels)
    first = np.full(count + 1, len(blocked))
    np.minimum.at(first, labels[labels > 0], steps)
    at_peer = np.zeros(count + 1, dtype=bool)
    at_peer[labels[:, 0]] = True
    return [(int(first[k]), bool(at_peer[k])) for k in range(1, count + 1)]
