# SPDX-License-Identifier: Apache-2.0
"""Objects that were the body of a peer that was not heard.

While a peer is not heard its body is an object like any other, and one out of sight is remembered
for long. When the peer is heard again, what it may have been is forgotten where nobody looks: else
every way may seem closed by bodies that have long driven on. What does stand there is entered anew
when it is seen.
"""

from collections.abc import Sequence

import numpy as np

from swarm_agent.mesh.core import Peer
from swarm_agent.situation.core.arrays import Mask
from swarm_agent.situation.core.objects import Layer, kept_of
from swarm_agent.situation.core.params import Params

NS = 1_000_000_000
IN_SIGHT_NS = NS
"""What was hit within this time is seen, and is no memory [ns]."""
LastHeard = tuple[tuple[str, int], ...]
"""Peers, and when each was heard last [ns]; who was heard before objects fade is left out."""


def heard_after(
    before: LastHeard, peers: Sequence[Peer], now_ns: int, params: Params
) -> LastHeard:
    """When each peer was heard last, as far back as an object is remembered."""
    heard = dict(before) | {peer.agent_id: peer.heard_ns for peer in peers}
    oldest_ns = now_ns - round(params.tuning.object_ttl_s * NS)
    return tuple(sorted((name, ns) for name, ns in heard.items() if ns >= oldest_ns))


def without_bodies(
    layer: Layer, before: LastHeard, peers: Sequence[Peer], now_ns: int, params: Params
) -> Layer:
    """The layer without what peers that are heard again may have been meanwhile.

    Args:
        layer: What was seen and no map explains.
        before: When each peer had been heard last, before this decision.
        peers: What is heard of them now.
        now_ns: Steady clock [ns].
        params: How long a silence makes a body an object, and how fast peers get.
    """
    silence_ns = round(params.tuning.peer_silence_s * NS)
    last = dict(before)
    kept = np.ones(layer.cell.size, np.bool_)
    for peer in peers if layer.cell.size else ():
        since_ns = last.get(peer.agent_id, -silence_ns) + silence_ns
        if now_ns - peer.heard_ns <= silence_ns and peer.heard_ns > since_ns:
            kept &= ~_may_have_been(layer, peer, since_ns, now_ns, params)
    return kept_of(layer, kept, params.tuning.object_hits)


def _may_have_been(layer: Layer, peer: Peer, since_ns: int, now_ns: int, params: Params) -> Mask:
    """Which cells are out of sight and were hit where the peer, then unheard, can have been."""
    age_ns = now_ns - layer.last_ns
    body_m = peer.radius_m + params.tuning.peer_margin_m
    reach_m = body_m + params.right_of_way.top_mps * (age_ns / NS)
    away_m = np.hypot(layer.x - peer.pose[0], layer.y - peer.pose[1])
    unheard = layer.last_ns > since_ns
    return np.asarray(unheard & (age_ns > IN_SIGHT_NS) & (away_m <= reach_m))
