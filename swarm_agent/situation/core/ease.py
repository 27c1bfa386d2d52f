# SPDX-License-Identifier: Apache-2.0
"""Get out of the reflexes' margin: creep to where more room is, if possible towards the goal.

Reflexes let a robot that is too near to something turn in place, and creep only if that gains
clearance. Following the path on regardless would keep it standing there.
"""

import math
from dataclasses import dataclass

import numpy as np

from swarm_agent.situation.core.arrays import Floats
from swarm_agent.situation.core.follow import Drive, Speeds, ramped, turn_rate
from swarm_agent.situation.core.footing import STEP_M, Footing
from swarm_agent.situation.core.params import Body
from swarm_agent.situation.core.se2 import wrap
from swarm_vault.replacing import replace

NEAR_M = 0.085
"""Free space beside the body at which a robot that is held back begins to ease off [m]."""
FREE_M = 0.095
"""Free space at which it goes on as before [m]."""
TIGHT_M = 0.07
"""The reflexes' margin and a scanner's noise: while so much is left, a creep need not gain [m]."""
LEAST_GAIN_M = 0.012
"""Else the clearance that it must gain over that way to lead clearly out, where it can [m]."""
SHY_M = 0.005
"""Where nothing gains that much, a creep may gain so much less than the best one [m]."""
CREEP_MPS = 0.1
ALIGNED_RAD = 0.15
TURN_COST = 0.3
"""What a turn by one radian is worth against the cosine of the angle off the way [1/rad]."""
_HEADINGS = 36
_SECTOR = np.arange(_HEADINGS) * (math.tau / _HEADINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """What the scanner sees close to the body, in base_link."""

    x: Floats
    """Shape (points,) [m]."""
    y: Floats

    @property
    def away_m(self) -> float:
        """The nearest of it from the robot's centre [m]; inf without any."""
        return float(np.hypot(self.x, self.y).min(initial=math.inf))


def must_ease(drive: Drive, near: Near, body: Body, *, held_back: bool) -> bool:
    """Whether the robot has to leave a place that is too tight for the reflexes."""
    room_m = near.away_m - body.radius_m
    return room_m < FREE_M if drive.easing else held_back and room_m < NEAR_M


def ease(
    drive: Drive, near: Near, wanted_rad: float, body: Body, footing: Footing
) -> Drive | None:
    """Creep in the direction nearest to the wanted one that leads to more room.

    None where the law of the floor bars every such direction: then the planned way is all there
    is, as far as the reflexes let the robot follow it.

    Args:
        drive: What was commanded last.
        near: What is close to the body; not empty.
        wanted_rad: Bearing of the way ahead.
        body: Limits.
        footing: Where it stands under which law.
    """
    heading = _way_out(near, wanted_rad, near.away_m - body.radius_m, footing)
    if heading is None:
        return None
    ahead = abs(heading) <= math.pi / 2
    error = heading if ahead else wrap(heading + math.pi)
    if abs(error) > ALIGNED_RAD:
        wanted = Speeds(wz_radps=turn_rate(error, body))
    else:
        wanted = Speeds(vx_mps=CREEP_MPS if ahead else -CREEP_MPS)
    return replace(ramped(drive, wanted, body, turning=False), easing=True)


def _way_out(near: Near, wanted_rad: float, room_m: float, footing: Footing) -> float | None:
    """Bearing of the best creep: lawful, has room, leads to the goal, little turning [rad].

    Between two walls that are equally near none gains: then those along them are left. Where the
    law leaves only such as lose room, there is none.
    """
    least_m = TIGHT_M - room_m if room_m > TIGHT_M else LEAST_GAIN_M
    headings = np.append(_SECTOR, (wanted_rad, wanted_rad + math.pi, 0.0))
    tips = STEP_M * np.stack([np.cos(headings), np.sin(headings)])
    room = np.hypot(near.x[:, None] - tips[0], near.y[:, None] - tips[1]).min(axis=0)
    lawful = footing.allows(headings)
    gain = np.where(lawful, room - near.away_m, -math.inf)
    if not lawful.all() and gain.max() < -SHY_M:
        return None
    fits = gain >= min(least_m, float(gain.max()) - SHY_M)
    turn = np.abs(np.arctan2(np.sin(headings), np.cos(headings)))
    turn = np.minimum(turn, math.pi - turn)
    worth = np.cos(headings - wanted_rad) - TURN_COST * turn
    return wrap(float(headings[int(np.where(fits, worth, -math.inf).argmax())]))
