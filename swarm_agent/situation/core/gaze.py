# SPDX-License-Identifier: Apache-2.0
"""What a look asks of the body: turn where it stands, once around or towards a peer."""

import math

import numpy as np

from swarm_agent.mesh.core import Peer
from swarm_agent.situation.core.ease import Near
from swarm_agent.situation.core.follow import Drive, face, look_around, stand
from swarm_agent.situation.core.inquiry import Watched
from swarm_agent.situation.core.mission import will
from swarm_agent.situation.core.params import Params
from swarm_agent.situation.core.scan import decode
from swarm_agent.situation.core.se2 import bearing, distance
from swarm_agent.situation.core.state import State
from swarm_agent.situation.core.types import Inputs

AROUND_RADPS = 0.45
"""A full turn takes 14 s of the 15 s that a look at the map lasts."""
TOUCHING_M = 0.03
"""With something nearer to the body than this it does not turn [m]."""
BESIDE_M = 0.4
"""A scan's end so near to where a peer says its body is belongs to that peer [m]."""


def gaze(state: State, hold: str, forbidden: str, unfit: str) -> tuple[str, Watched | None]:
    """Which look turns the robot now, in words; none while something else holds it.

    Args:
        state: With the looks under way.
        hold: Why safety holds the robot; empty if it does not.
        forbidden: Why it must not move at all; empty if it may.
        unfit: The hold that a look at the map may turn under.
    """
    for one in state.inquiry.open:
        if one.kind == 'map' and hold == unfit and not forbidden:
            return 'turns around to see where the scans fit the map', one
        if one.kind == 'promise' and not hold and will(state.mission).moves:
            return f'looks at {one.peer}, which broke its promise', one
    return '', None


def turn_to(
    one: Watched | None, drive: Drive, state: State, near: Near, inputs: Inputs, params: Params
) -> Drive:
    """Turn for a look; who is lost stops first, and with something at the body nobody turns."""
    body = params.body
    if one is not None and one.kind == 'map' and drive.last.vx_mps != 0.0:
        return Drive()
    if one is None or near.away_m - body.radius_m < TOUCHING_M:
        return stand(drive, body)
    if one.kind == 'map':
        return look_around(drive, AROUND_RADPS, body)
    peer = _peer(inputs, one.peer)
    if peer is None:
        return stand(drive, body)
    return face(drive, bearing(state.pose, peer.pose[:2]), body)


def sighted(state: State, inputs: Inputs, params: Params) -> tuple[tuple[str, bool], ...]:
    """For each peer under a look that is in sight: whether it is where it says it is."""
    looks = [one.peer for one in state.inquiry.open if one.kind == 'promise']
    if not looks or inputs.scan is None:
        return ()
    told = [peer for name in looks if (peer := _peer(inputs, name)) is not None]
    seen = [(peer.agent_id, _is_there(state, inputs, params, peer)) for peer in told]
    return tuple((name, there) for name, there in seen if there is not None)


def _is_there(state: State, inputs: Inputs, params: Params, peer: Peer) -> bool | None:
    """Whether the beams towards a peer end at its body; None where something is in between."""
    assert inputs.scan is not None
    body, away_m = params.body, distance(state.pose, peer.pose)
    beams = state.statics.beams
    points = decode(inputs.scan.ranges, beams, body.range_min_m, body.range_max_m)
    if points is None or not peer.radius_m < away_m <= params.tuning.object_range_m:
        return None
    angles = -math.pi + np.arange(points.ranges.size) * beams.step_rad
    off = np.remainder(angles - bearing(state.pose, peer.pose[:2]) + math.pi, math.tau) - math.pi
    half = max(math.asin(peer.radius_m / away_m), beams.step_rad)
    towards = points.ranges[np.abs(off) <= half]
    if towards.size == 0:
        return None
    reach_m = peer.radius_m + BESIDE_M
    if bool((np.abs(towards - away_m) <= reach_m).any()):
        return True
    return False if float(towards.min()) > away_m + reach_m else None


def _peer(inputs: Inputs, name: str) -> Peer | None:
    return next((peer for peer in inputs.peers if peer.agent_id == name), None)
