# SPDX-License-Identifier: Apache-2.0
"""Scan bytes to end points in the robot's frame."""

import math
from dataclasses import dataclass

import numpy as np

from swarm_agent.situation.core.arrays import Floats

NO_RETURN = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Beams:
    """Directions of the scanner's beams, shape (beams,)."""

    cos: Floats
    sin: Floats
    step_rad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A decoded scan in base_link."""

    ranges: Floats
    """Free way per beam [m], shape (beams,); inf without return, 0 where invalid."""
    x: Floats
    """End points of the beams that hit something [m], shape (hits,)."""
    y: Floats
    reach: Floats
    """Their ranges [m], shape (hits,)."""


def make_beams(count: int) -> Beams:
    """Directions from -pi upwards, all around."""
    angles = [-math.pi + k * math.tau / count for k in range(count)]
    return Beams(
        cos=np.array([math.cos(a) for a in angles]),
        sin=np.array([math.sin(a) for a in angles]),
        step_rad=math.tau / count,
    )


def decode(ranges: bytes, beams: Beams, range_min_m: float, range_max_m: float) -> Points | None:
    """Decode a scan; None when its length does not fit the scanner."""
    if len(ranges) != 2 * beams.cos.size:
        return None
    raw = np.frombuffer(ranges, dtype='<u2')
    metres = raw * 0.001
    hits = np.flatnonzero((metres >= range_min_m) & (metres <= range_max_m))
    reach = metres[hits]
    free = metres.copy()
    free[raw == NO_RETURN] = np.inf
    return Points(ranges=free, x=reach * beams.cos[hits], y=reach * beams.sin[hits], reach=reach)
