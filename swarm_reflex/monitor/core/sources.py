# SPDX-License-Identifier: Apache-2.0
"""What a source showed, whether it may be believed, and which of its points count."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swarm_reflex.core.arc import Points, between, compose, seen_from
from swarm_reflex.core.odometry import Pose, moment_ns
from swarm_reflex.monitor.core.contact import Shape, inside
from swarm_reflex.monitor.core.types import (
    BasePose,
    Exclusion,
    MonitorParams,
    Observation,
    Setup,
    Source,
)

_BASE: Pose = (0.0, 0.0, 0.0)
_LEVER_M = 0.3
"""Turning counts as the travel of a point so far from the base [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The newest observation of a source, ready to be looked at."""

    observation: Observation
    points: Points
    """Outside all exclusion zones, in the base frame of the moment of measuring [m]."""
    heights_m: NDArray[np.float64]
    """Of the points over the base [m], shape (points,)."""
    anchor: Pose | None
    """Pose in the odom frame at that moment; None without odometry."""
    repeats: int = 0
    """How many observations in a row had these very points, the first not counted."""
    first_anchor: Pose | None = None
    """The anchor when they came for the first time."""


def take_in_observation(
    observation: Observation,
    odom: BasePose | None,
    setup: Setup,
    masks: Mapping[str, Pose],
    previous: Seen | None,
) -> Seen:
    """Read the points of an observation and mask what is to be left out."""
    raw = np.frombuffer(observation.points, dtype='<f4').reshape(-1, 3).T.astype(np.float64)
    finite = np.isfinite(raw[0] + raw[1] + raw[2])
    raw = raw if finite.all() else raw[:, finite]
    names = next((s.exclusions for s in setup.sources if s.name == observation.source), ())
    for zone in setup.exclusions:
        if zone.enabled and zone.name in names and raw.size:
            raw = raw[:, ~_masked(raw, zone, masks.get(zone.name) if zone.frame_id else _BASE)]
    measured_ns = moment_ns(observation.arrival_ns, observation.stamp_age_s)
    anchor = base_at(odom, measured_ns) if odom and is_sound(odom) else None
    same = previous is not None and _same_points(previous.observation, observation)
    return Seen(
        observation=observation,
        points=raw[:2],
        heights_m=raw[2],
        anchor=anchor,
        repeats=previous.repeats + 1 if previous and same else 0,
        first_anchor=previous.first_anchor if previous and same else anchor,
    )


def _same_points(one: Observation, other: Observation) -> bool:
    """Whether two observations show the same to the last bit; nothing is not the same."""
    return bool(one.points) and one.points == other.points


def _is_frozen(seen: Seen, source: Source) -> bool:
    """Whether the base moved while the points, noise and all, stayed the same."""
    first, now = seen.first_anchor, seen.anchor
    if source.frozen_travel_m <= 0.0 or seen.repeats < 2 or first is None or now is None:
        return False
    dx, dy, turn = between(first, now)
    return math.hypot(dx, dy) + _LEVER_M * abs(turn) > source.frozen_travel_m


def _masked(raw: Points, zone: Exclusion, place: Pose | None) -> NDArray[np.bool_]:
    """Which points a zone leaves out; none where nobody knows where it is."""
    if place is None:
        return np.zeros(raw.shape[1], dtype=bool)
    there = seen_from(raw[:2], place)
    masked = inside(there, Shape(corners=zone.points, radius_m=zone.radius_m))
    return masked & (raw[2] >= zone.min_height_m) & (raw[2] <= zone.max_height_m)


def is_sound(odom: BasePose) -> bool:
    """Whether an odometry's numbers can be computed with."""
    velocity = odom.velocity
    places = (odom.x_m, odom.y_m, odom.yaw_rad)
    speeds = (velocity.vx_mps, velocity.vy_mps, velocity.wz_radps)
    return all(abs(p) <= 1e7 for p in places) and all(abs(s) <= 100.0 for s in speeds)


def base_at(odom: BasePose, now_ns: int) -> Pose:
    """Pose in the odom frame at a steady-clock moment [ns], by the twist of a sound odometry."""
    elapsed_s = (now_ns - moment_ns(odom.arrival_ns, odom.stamp_age_s)) * 1e-9
    turn = odom.velocity.wz_radps * elapsed_s
    dx, dy = odom.velocity.vx_mps * elapsed_s, odom.velocity.vy_mps * elapsed_s
    cosine, sine = math.cos(0.5 * turn), math.sin(0.5 * turn)
    step = (cosine * dx - sine * dy, sine * dx + cosine * dy, turn)
    return compose((odom.x_m, odom.y_m, odom.yaw_rad), step)


def place_of(odom: BasePose | None, now_ns: int, params: MonitorParams) -> Pose | None:
    """Where the base is now in the odom frame; None without fresh and sound odometry."""
    if odom is None or not is_sound(odom):
        return None
    waited_s = (now_ns - odom.arrival_ns) * 1e-9
    fresh = 0.0 <= waited_s + max(0.0, odom.stamp_age_s) <= params.odom_timeout_s
    timely = fresh and odom.stamp_age_s >= -params.future_tolerance_s
    return base_at(odom, now_ns) if timely else None


def fault_of(
    seen: Seen | None, source: Source, here: Pose | None, now_ns: int, params: MonitorParams
) -> str:
    """Why a source cannot be believed now; '' if it can."""
    if seen is None:
        return 'nothing heard'
    observation = seen.observation
    if observation.flaw:
        return observation.flaw
    waited_s = (now_ns - observation.arrival_ns) * 1e-9
    if waited_s < 0.0 or not observation.stamp_age_s >= -params.future_tolerance_s:
        return 'from the future'
    if 0.0 < source.source_timeout_s < waited_s + max(0.0, observation.stamp_age_s):
        return 'too old'
    if _is_frozen(seen, source):
        return 'frozen'
    is_lost = params.base_shift_correction and (here is None or seen.anchor is None)
    return 'no odometry' if is_lost else ''
