# SPDX-License-Identifier: Apache-2.0
"""A peer's hazard seen with own eyes: still there, or gone. Either is told to all."""

import math
from collections.abc import Iterator

import numpy as np

from swarm_agent.mesh.core import Hazard
from swarm_agent.situation.core.objects import nearest_m, solid_points
from swarm_agent.situation.core.params import Params
from swarm_agent.situation.core.scan import Points, decode
from swarm_agent.situation.core.se2 import bearing, distance
from swarm_agent.situation.core.state import State
from swarm_agent.situation.core.types import Inputs
from swarm_vault.replacing import replace

LOOK_TICKS = 50
"""Between two looks [decisions]."""
LOOK_M = 3.0
"""How far a robot looks for what others reported [m]."""
AROUND_M = 0.3
"""An obstacle this near to a hazard's edge is that hazard [m]."""
BEHIND_M = 0.3
"""Beams must end this far behind a hazard to show that it is gone [m]."""


def looked(state: State, inputs: Inputs, params: Params) -> tuple[Hazard, ...]:
    """What to tell of the hazards nearby that peers report."""
    if state.ticks % LOOK_TICKS or not state.hazards or inputs.scan is None:
        return ()
    near = [one for one in state.hazards if distance(one.position, state.pose) <= LOOK_M]
    body = params.body
    scan = inputs.scan.ranges
    points = decode(scan, state.statics.beams, body.range_min_m, body.range_max_m)
    if not near or points is None:
        return ()
    return tuple(_words(state, points, near, inputs, params))


def _words(
    state: State, points: Points, near: list[Hazard], inputs: Inputs, params: Params
) -> Iterator[Hazard]:
    solid = solid_points(state.layer)
    for one in near:
        there = nearest_m(solid, one.position) <= one.radius_m + AROUND_M
        if there or _seen_through(state, points, one):
            yield replace(
                one,
                reporter=params.agent_id,
                heard_ns=inputs.now_ns,
                ttl_s=params.tuning.hazard_ttl_s,
                confirmed_by=(),
                age_s=0.0,
                gone=not there,
            )


def _seen_through(state: State, points: Points, hazard: Hazard) -> bool:
    """Whether all beams to a hazard end well behind it."""
    away = distance(hazard.position, state.pose)
    if away <= hazard.radius_m:
        return False
    half = math.asin(min(1.0, hazard.radius_m / away))
    centre = bearing(state.pose, hazard.position)
    angles = -math.pi + np.arange(points.ranges.size) * state.statics.beams.step_rad
    turned = np.remainder(angles - centre + math.pi, math.tau) - math.pi
    towards = points.ranges[np.abs(turned) <= max(half, state.statics.beams.step_rad)]
    return bool(towards.size) and float(towards.min()) > away + hazard.radius_m + BEHIND_M
