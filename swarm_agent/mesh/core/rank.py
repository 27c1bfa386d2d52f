# SPDX-License-Identifier: Apache-2.0
"""Who outranks whom: class of priority, then time waited, then id."""

from dataclasses import dataclass

from swarm_agent.mesh.core.types import Peer, PeerState


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a robot's rank is made of, as announced to the others."""

    agent_id: str
    priority: int
    waited_ms: int

    def merit(self, aging_s: float) -> tuple[int, int]:
        """Class and waiting time, the latter so coarse that both sides see the same value."""
        return self.priority, int(self.waited_ms // (aging_s * 1e3))

    def outranks(self, other: 'Standing', aging_s: float) -> bool:
        """Whether this robot goes first; of two different robots exactly one does."""
        mine, its = self.merit(aging_s), other.merit(aging_s)
        return mine > its or (mine == its and self.agent_id < other.agent_id)


def standing_of(peer: Peer, peers: tuple[Peer, ...], me: Standing) -> Standing:
    """A peer's standing towards this robot.

    One that moves aside for a third robot does it with the third one's priority, so that a lower
    robot behind it has to move on too (priority inheritance).
    """
    priority = peer.priority
    if peer.state == PeerState.YIELDING and peer.path and peer.yields_to != me.agent_id:
        patrons = [other.priority for other in peers if other.agent_id == peer.yields_to]
        priority = max([priority, *patrons])
    return Standing(agent_id=peer.agent_id, priority=priority, waited_ms=peer.waited_ms)
