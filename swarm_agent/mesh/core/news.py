# SPDX-License-Identifier: Apache-2.0
"""A new way is driven only when the peer has said that it knows it.

Two that change their way at once, each while the news of the other is under way, would both take
for free what neither had told. Of each two robots the one with the larger id therefore goes by
what its way has in common with all that it told since the intent that the other says it heard
last: so that other one always knows of more than may be driven over. docs/protocol.md has the
argument.
"""

import math

import numpy as np

from swarm_agent.mesh.core.bonds import MOST_TOLD, apart, followed_m, told_way
from swarm_agent.mesh.core.encounter import NS, SOON_S, Scene
from swarm_agent.mesh.core.params import RightOfWayParams
from swarm_agent.mesh.core.paths import HORIZON_M, Way, distances, nearest_step
from swarm_agent.mesh.core.types import Heard, Peer, Polyline, RightOfWayInputs

AHEAD_M = 3.0
"""What is farther ahead can wait until the robot is nearer [m]."""
SAME_M = 0.02
"""This near to each other are points of the same way, cut into steps elsewhere [m]."""
Told = tuple[tuple[int, Polyline], ...]
"""What ways intents told, and since when [ns of the own clock], the oldest first."""


def told_after(
    told: Told, said_ns: int, inputs: RightOfWayInputs, params: RightOfWayParams
) -> Told:
    """What was told, with the last intent, as far back as some peer may know no better.

    Args:
        told: The same before the last intent.
        said_ns: When the last intent was said [ns of the own clock]; negative before the first.
        inputs: What was heard since.
        params: How long a peer is waited for.
    """
    if said_ns < 0:
        return told
    if not told or _leaves_out(told[-1][1], inputs.me.told):
        told = (*told, (said_ns, inputs.me.told))
    own_id = inputs.me.agent_id
    waits_for = (peer for peer in inputs.peers if peer.agent_id < own_id)
    known = [_known_ns(own_id, peer, inputs.now_ns, params) for peer in waits_for]
    return told[_newest(told, min(known, default=said_ns)) :]


def _leaves_out(before: Polyline, now: Polyline) -> bool:
    """Whether what is told now says less or other than what was told before, or soon might."""
    if now == before or not (now and before):
        return now != before
    told = told_way(before)
    step = nearest_step(told, now[0])
    short = told.arcs_m[-1] - told.arcs_m[step] < AHEAD_M
    if short and math.dist(before[-1], now[-1]) > SAME_M:
        return True
    ahead = told.points[step + 2 :]
    return bool((apart(ahead, now) > SAME_M).any())


def room_told(scene: Scene, way: Way, told: Told) -> float:
    """How far one may drive before the peer would have to know more than it is sure to [m].

    Where the peer cannot be before it has heard of it, it need not know.

    Args:
        scene: This robot and the peer.
        way: Where this robot drives now.
        told: What it told of its ways.
    """
    if scene.quiet or scene.me.agent_id < scene.peer.agent_id:
        return math.inf
    known_ns = _known_ns(scene.me.agent_id, scene.peer, scene.now_ns, scene.params)
    top_mps = max(scene.params.top_mps, abs(scene.peer.speed_mps))
    reach_m = scene.clearance_m + top_mps * ((scene.now_ns - known_ns) / NS + SOON_S)
    reached = distances(way.points, np.asarray([scene.peer_at]))[:, 0] < reach_m
    soon = reached & (way.arcs_m <= AHEAD_M)
    if not soon[1:].any():
        return math.inf
    news = np.flatnonzero(soon & (way.arcs_m > _common_m(way, told, known_ns)))
    return way.before(int(news[0])) if len(news) else math.inf


def hearing(inputs: RightOfWayInputs, scenes: list[Scene]) -> tuple[Heard, ...]:
    """Whom to tell that it is heard: those near that wait for it."""
    said = {peer.agent_id: peer.word.said_ns for peer in inputs.peers}
    waiting = [scene.peer.agent_id for scene in scenes if not scene.quiet and _waits(scene)]
    return tuple(Heard(agent_id=peer, said_ns=said[peer]) for peer in waiting[:MOST_TOLD])


def _waits(scene: Scene) -> bool:
    """Whether the peer needs to know what this robot heard of it."""
    near = math.dist(scene.at, scene.peer_at) <= HORIZON_M
    return near and scene.me.agent_id < scene.peer.agent_id


def _common_m(way: Way, told: Told, since_ns: int) -> float:
    """How far the way follows all that was told since then [m]."""
    if not told or told[0][0] > since_ns:
        return 0.0
    routes = {route for _, route in told[_newest(told, since_ns) :]}
    return min(followed_m(way, route) for route in routes)


def _known_ns(agent_id: str, peer: Peer, now_ns: int, params: RightOfWayParams) -> int:
    """Until when the peer knows what was said [ns]; one that is not heard to hear may not."""
    heard = (one.said_ns for one in peer.word.heard if one.agent_id == agent_id)
    echoed_ns = max((ns for ns in heard if ns <= now_ns), default=0)
    return max(echoed_ns, now_ns - round(params.lease_s * NS))


def _newest(told: Told, at_ns: int) -> int:
    """The index of the newest that was said by then; 0 if none was."""
    return max((k for k, (said_ns, _) in enumerate(told) if said_ns <= at_ns), default=0)
