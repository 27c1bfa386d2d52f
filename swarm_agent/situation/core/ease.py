# SPDX-License-Identifier: Apache-2.0
"""Get out of the reflexes' margin: creep away from the nearest thing, if possible to the goal.

Reflexes let a robot that is too near to something turn in place, and creep only if that gains
clearance. Following the path on regardless would keep it standing there.
"""

import math
from dataclasses import dataclass, replace

from swarm_agent.situation.core.follow import Drive, Speeds, ramped, turn_rate
from swarm_agent.situation.core.params import Body
from swarm_agent.situation.core.se2 import wrap

NEAR_M = 0.085
"""Free space beside the body at which a robot that is held back begins to ease off [m]."""
FREE_M = 0.11
"""Free space at which it goes on as before [m]."""
LEAVING_RAD = 1.8
"""Angle between the way and the nearest thing at which the way leads clearly away from it."""
CREEP_MPS = 0.1
ALIGNED_RAD = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The nearest thing that the scanner sees."""

    away_m: float
    """From the robot's centre [m]."""
    bearing_rad: float


def must_ease(drive: Drive, nearest: Nearest, body: Body, *, held_back: bool) -> bool:
    """Whether the robot has to leave a place that is too tight for the reflexes."""
    room_m = nearest.away_m - body.radius_m
    return room_m < FREE_M if drive.easing else held_back and room_m < NEAR_M


def ease(drive: Drive, nearest: Nearest, wanted_rad: float, body: Body) -> Drive:
    """Creep in the direction nearest to the wanted one that leads away from the nearest thing.

    Args:
        drive: What was commanded last.
        nearest: The nearest thing.
        wanted_rad: Bearing of the way ahead.
        body: Limits.
    """
    off = wrap(wanted_rad - nearest.bearing_rad)
    heading = wanted_rad
    if abs(off) < LEAVING_RAD:
        heading = wrap(nearest.bearing_rad + math.copysign(LEAVING_RAD, off))
    ahead = abs(heading) <= math.pi / 2
    error = heading if ahead else wrap(heading + math.pi)
    if abs(error) > ALIGNED_RAD:
        wanted = Speeds(wz_radps=turn_rate(error, body))
    else:
        wanted = Speeds(vx_mps=CREEP_MPS if ahead else -CREEP_MPS)
    return replace(ramped(drive, wanted, body, turning=False), easing=True)
