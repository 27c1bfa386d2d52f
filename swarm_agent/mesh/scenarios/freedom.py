# SPDX-License-Identifier: Apache-2.0
"""Whether a robot that stands could drive: nobody is in its way, and nobody is using its way.

Standing is no starvation while others drive over the place one waits for. So that both are told
apart, the referee looks at bodies and at the ways that moving peers have announced, not at what
the protocol says of itself.
"""

from collections.abc import Iterable

import numpy as np

from swarm_agent.mesh.core.types import Peer
from swarm_agent.mesh.scenarios.arena import Floats

AHEAD_M = 1.0
"""A body within so much of the way bars it [m]."""
MARGIN_M = 0.15
"""Ways that come nearer than both bodies and this are not driven at the same time [m]."""
MOVES_MPS = 0.05


def way_is_free(way: Floats, bodies: Floats, peers: Iterable[Peer], radius_m: float) -> bool:
    """Whether a robot could set off along its way now; without a way it could not.

    Args:
        way: What it has announced, from its own position on, shape (points, 2) [m].
        bodies: Where the others are, shape (robots, 2) [m].
        peers: What it heard of them.
        radius_m: Of each body.
    """
    if len(way) < 2:
        return False
    steps = np.hypot(*np.diff(way, axis=0).T)
    near = way[np.concatenate(([0.0], np.cumsum(steps))) <= AHEAD_M]
    if _apart(near, bodies) <= 2.0 * radius_m:
        return False
    moving = (peer for peer in peers if abs(peer.speed_mps) > MOVES_MPS)
    uses = (_until_barred(np.array(peer.path), way[:1], radius_m) for peer in moving)
    return all(_apart(way, used) > 2.0 * radius_m + MARGIN_M for used in uses)


def _until_barred(path: Floats, body: Floats, radius_m: float) -> Floats:
    """What a peer drives before it comes to the standing robot itself: one behind uses nothing."""
    if not len(path):
        return np.zeros((0, 2))
    gaps = np.hypot(*(path - body).T)
    barred = np.flatnonzero(gaps <= 2.0 * radius_m + MARGIN_M)
    return path[: barred[0]] if len(barred) else path


def _apart(first: Floats, second: Floats) -> float:
    """The smallest distance between two sets of points [m]; inf where one is empty."""
    if not len(first) or not len(second):
        return float('inf')
    return float(np.hypot(*(first[:, None] - second[None]).transpose(2, 0, 1)).min())
