# SPDX-License-Identifier: Apache-2.0
"""Where the world contradicts the model: motion, objects on the path, reflexes.

Each finding is reported once. A broken promise of a peer is found by right of way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from swarm_agent.mesh.core import Hazard
from swarm_agent.situation.core.arrays import Floats
from swarm_agent.situation.core.route import Progress, Route
from swarm_agent.situation.core.se2 import Point, Pose, between, distance
from swarm_agent.situation.core.types import Reflex, ReflexAction
from swarm_vault.replacing import replace

AHEAD_M = 4.0
"""The path is compared with what is seen this far ahead [m]."""
BESIDE_M = 0.25
"""An object this near to the body's track is in the way [m]."""
NEARBY_M = 1.5
"""An object this near to the robot's centre is told of, wherever the path goes [m]."""
NEARBY_CELLS = 3
"""As few cells beside the path may be a shadow of the map."""
JOINED_M = 0.4
"""Obstacle cells this near to each other are one object [m]."""
SAME_M = 0.6
"""A find this near to a known object belongs to it [m]."""
WINDOW = 10
"""Decisions over which motion is compared, about 1 s."""
ZONES = ('zone_stop', 'geofence_stop')
"""Causes of the reflexes that speak of the place, not of a fault."""
ADVANCE_M = 0.25
"""A robot that is not this much farther on [m] ..."""
PATIENCE_NS = 8_000_000_000
"""... after so long makes no progress [ns]."""
SHUT_NS = 30_000_000_000
"""The place is avoided for so long, the second time for twice as long and so on [ns]."""
QUIET_NS = 5_000_000_000
"""After a motion or reflex violation the next one is not looked for during this time [ns]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object that is on no map: a disc around what was seen of it."""

    centre: Point
    radius_m: float
    cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One decision's motion."""

    told_m: float
    told_rad: float
    """What was commanded, over one period."""
    turned_m: float
    turned_rad: float
    """What the wheels say."""
    matched_m: float
    """What the scans say."""
    passed: bool
    """The reflexes let the command pass."""
    trusted: bool
    """The scan was well explained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """A place that looked free to the plan and not to the reflexes."""

    place: Point
    times: int
    until_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the checks remember."""

    steps: tuple[Step, ...] = ()
    quiet_until_ns: int = 0
    stopped_since_ns: int = -1
    """Since when the reflexes stop a free path; -1 if they do not."""
    anchor: Point = (0.0, 0.0)
    anchor_ns: int = -1
    """Where and since when the robot tries to get on; -1 if it does not."""
    failures: int = 0
    """Motion violations since the robot last moved as told."""
    known: tuple[Found, ...] = field(default=())
    shut: tuple[Shut, ...] = field(default=())
    """Places in which the reflexes did not let the robot go on."""


def watch_motion(watch: Watch, step: Step, now_ns: int) -> tuple[Watch, str]:
    """Compare commanded, turned and matched motion over the window.

    Returns:
        The watch, and what contradicts: 'motion', 'slip' or nothing.
    """
    watch = replace(watch, steps=(*watch.steps, step)[-WINDOW:])
    if len(watch.steps) < WINDOW or now_ns < watch.quiet_until_ns:
        return watch, ''
    kind = _contradiction(watch.steps)
    if kind:
        return _silenced(watch, now_ns), kind
    if _obeyed(watch.steps) and watch.failures:
        return replace(watch, failures=0), ''
    return watch, ''


def _silenced(watch: Watch, now_ns: int) -> Watch:
    return replace(watch, steps=(), quiet_until_ns=now_ns + QUIET_NS, failures=watch.failures + 1)


def _contradiction(steps: Sequence[Step]) -> str:
    if all(step.passed for step in steps):
        told_m = abs(sum(step.told_m for step in steps))
        told_rad = abs(sum(step.told_rad for step in steps))
        turned_m = abs(sum(step.turned_m for step in steps))
        turned_rad = abs(sum(step.turned_rad for step in steps))
        if told_m > 0.2 and turned_m < 0.25 * told_m:
            return 'motion'
        if told_rad > 0.5 and told_m < 0.05 and turned_rad < 0.25 * told_rad:
            return 'motion'
    turned_m = sum(step.turned_m for step in steps)
    matched_m = sum(step.matched_m for step in steps)
    if all(step.trusted for step in steps) and turned_m > 0.25 and matched_m < 0.4 * turned_m:
        return 'slip'
    return ''


def _obeyed(steps: Sequence[Step]) -> bool:
    told_m = abs(sum(step.told_m for step in steps))
    return told_m > 0.2 and abs(sum(step.turned_m for step in steps)) > 0.5 * told_m


def motion_step(
    told: tuple[float, float],
    odom: tuple[Pose, Pose],
    pose: tuple[Pose, Pose],
    *,
    passed: bool,
    trusted: bool,
) -> Step:
    """One decision's motion from the last command [m, rad] and poses before and after."""
    wheels, scans = between(*odom), between(*pose)
    return Step(
        told_m=told[0],
        told_rad=told[1],
        turned_m=wheels[0],
        turned_rad=wheels[2],
        matched_m=scans[0],
        passed=passed,
        trusted=trusted,
    )


def watch_reflex(
    watch: Watch, reflex: Reflex | None, now_ns: int, stuck_s: float, *, plan_is_free: bool
) -> tuple[Watch, bool]:
    """Whether the zones of the reflexes have stopped a path that the plan holds free for too long.

    Args:
        watch: What the checks remember.
        reflex: What the reflexes did last.
        now_ns: Steady clock [ns].
        stuck_s: How long is too long [s].
        plan_is_free: The robot wants to drive and no peer is near.
    """
    stopped = reflex is not None and reflex.action == ReflexAction.STOP
    zone = reflex is not None and reflex.cause in ZONES
    if not (stopped and zone and plan_is_free) or now_ns < watch.quiet_until_ns:
        return (
            watch if watch.stopped_since_ns < 0 else replace(watch, stopped_since_ns=-1)
        ), False
    if watch.stopped_since_ns < 0:
        return replace(watch, stopped_since_ns=now_ns), False
    if now_ns - watch.stopped_since_ns < stuck_s * 1e9:
        return watch, False
    quiet_ns = now_ns + QUIET_NS
    return replace(watch, stopped_since_ns=-1, quiet_until_ns=quiet_ns), True


def watch_progress(watch: Watch, place: Point, now_ns: int, *, tries: bool) -> tuple[Watch, bool]:
    """Whether the robot has tried to get on for long and is still at the same place."""
    fresh = watch.anchor_ns < 0 or distance(place, watch.anchor) > ADVANCE_M
    if fresh or not tries:
        return replace(watch, anchor=place, anchor_ns=now_ns if tries else -1), False
    if now_ns - watch.anchor_ns < PATIENCE_NS:
        return watch, False
    return replace(watch, anchor_ns=-1), True


def shut_place(watch: Watch, place: Point, now_ns: int) -> Watch:
    """Remember a place that the reflexes do not let the robot pass; each time for longer."""
    same = [each for each in watch.shut if distance(each.place, place) < SAME_M]
    others = tuple(each for each in watch.shut if each not in same and each.until_ns > now_ns)
    times = 1 + max((each.times for each in same), default=0)
    fresh = Shut(place=place, times=times, until_ns=now_ns + times * SHUT_NS)
    return replace(watch, shut=(*others, fresh))


def object_ahead(
    solid: tuple[Floats, Floats],
    route: Route,
    progress: Progress,
    radius_m: float,
    known: Sequence[Found],
    hazards: Sequence[Hazard],
) -> Found | None:
    """The first unmapped, unknown object on or beside the path's next metres."""
    x, y = solid
    if x.size == 0:
        return None
    ahead = [
        i for i in range(progress.index, len(route.s)) if route.s[i] <= progress.s_m + AHEAD_M
    ]
    if not ahead:
        return None
    px = np.array([route.x[i] for i in ahead])
    py = np.array([route.y[i] for i in ahead])
    near = (x[:, None] - px) ** 2 + (y[:, None] - py) ** 2 < (radius_m + BESIDE_M) ** 2
    for seed in np.flatnonzero(near.any(axis=1)).tolist():
        place = (float(x[seed]), float(y[seed]))
        if not is_known(place, known, hazards):
            return grown(solid, place)
    return None


def object_nearby(
    solid: tuple[Floats, Floats], pose: Pose, known: Sequence[Found], hazards: Sequence[Hazard]
) -> Found | None:
    """An unmapped, unknown object so near that it must be told of, though no path leads there."""
    x, y = solid
    away = (x - pose[0]) ** 2 + (y - pose[1]) ** 2
    for seed in np.flatnonzero(away < NEARBY_M * NEARBY_M).tolist():
        place = (float(x[seed]), float(y[seed]))
        found = None if is_known(place, known, hazards) else grown(solid, place)
        if found is not None and found.cells >= NEARBY_CELLS:
            return found
    return None


def is_known(place: Point, known: Sequence[Found], hazards: Sequence[Hazard]) -> bool:
    """Whether a find belongs to a known object or to a hazard that a peer reported."""
    return any(distance(place, each.centre) <= each.radius_m + SAME_M for each in known) or any(
        distance(place, hazard.position) <= hazard.radius_m + SAME_M for hazard in hazards
    )


def grown(solid: tuple[Floats, Floats], seed: Point) -> Found | None:
    """The object to which a place belongs: obstacle cells joined to it; None if there are none."""
    x, y = solid
    inside = (x - seed[0]) ** 2 + (y - seed[1]) ** 2 <= JOINED_M * JOINED_M
    while inside.any():
        near = (x[:, None] - x[inside]) ** 2 + (y[:, None] - y[inside]) ** 2
        joined = np.asarray((near <= JOINED_M * JOINED_M).any(axis=1))
        if int(joined.sum()) == int(inside.sum()):
            return _disc(x[inside], y[inside])
        inside = joined
    return None


def _disc(x: Floats, y: Floats) -> Found:
    centre = (float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2)
    reach = float(np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2).max())
    return Found(centre=centre, radius_m=max(0.1, reach + 0.05), cells=int(x.size))


def refreshed(
    known: Sequence[Found], solid: tuple[Floats, Floats], pose: Pose, range_m: float
) -> tuple[Found, ...]:
    """Known objects as they are seen now; one of which nothing is left in sight is forgotten."""
    kept = []
    for each in known:
        now = grown(solid, each.centre) or grown(solid, _toward(each, pose))
        if now is not None and distance(now.centre, each.centre) <= each.radius_m + SAME_M:
            kept.append(now if now.radius_m > each.radius_m else each)
        elif distance(pose, each.centre) > range_m - each.radius_m:
            kept.append(each)
    return tuple(kept)


def _toward(each: Found, pose: Pose) -> Point:
    """The point of an object's edge that faces a pose."""
    away = max(distance(pose, each.centre), 1e-6)
    share = min(1.0, each.radius_m / away)
    return (
        each.centre[0] + share * (pose[0] - each.centre[0]),
        each.centre[1] + share * (pose[1] - each.centre[1]),
    )
