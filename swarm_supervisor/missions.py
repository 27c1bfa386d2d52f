# SPDX-License-Identifier: Apache-2.0
"""Missions and their orders: how they stand, and when a mission is done. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from swarm.v1 import mission_pb2

PENDING = mission_pb2.ACK_STATUS_UNSPECIFIED
ACCEPTED = mission_pb2.ACK_STATUS_ACCEPTED
REFUSED = mission_pb2.ACK_STATUS_REFUSED
COMPLETED = mission_pb2.ACK_STATUS_COMPLETED
FAILED = mission_pb2.ACK_STATUS_FAILED
RECALLED = mission_pb2.ACK_STATUS_RECALLED
DEFAULT_PRIORITY = 5
CLOSED = (REFUSED, COMPLETED, FAILED, RECALLED)


class MissionStatus(str, Enum):
    """How a mission stands; the values are those of MissionState.status."""

    PENDING = 'pending'
    """A human must approve it first; nothing has been ordered."""
    OPEN = 'open'
    COMPLETE = 'complete'
    FAILED = 'failed'
    RECALLED = 'recalled'


@dataclass(slots=True, kw_only=True)
class Order:
    """One robot's part of a mission."""

    order_id: str
    mission_id: str
    agent_id: str
    payload: bytes
    """The MissionOrder as it is signed and sent."""
    status: int = PENDING
    reason: str = ''
    stamp_ns: int = 0
    progress: float = 0.0
    sent: bool = False
    recall: str = ''
    """Why it is taken back; the robot may not know yet."""
    replaced: bool = False
    """Others have taken it over: it no longer counts for the mission."""

    @property
    def closed(self) -> bool:
        """Whether nothing more is expected of the robot."""
        return self.status in CLOSED

    def task(self) -> mission_pb2.MissionOrder:
        """The order as the robot reads it."""
        return mission_pb2.MissionOrder.FromString(self.payload)

    def take_back(self, reason: str) -> None:
        """Recall it; what was never sent is recalled at once."""
        if self.closed or self.recall:
            return
        self.recall = reason
        if not self.sent:
            self.end(RECALLED, reason)

    def end(self, status: int, reason: str) -> None:
        """Close it without waiting for the robot; an answer that still comes has no effect."""
        if not self.closed:
            self.status, self.reason = status, reason

    def apply(self, status: int, reason: str, stamp_ns: int) -> bool:
        """Take over a robot's acknowledgement; tells whether it changed anything.

        What is closed stays as it is: a late or repeated acknowledgement has no effect.
        """
        if self.closed or status in (PENDING, self.status):
            return False
        self.status, self.reason, self.stamp_ns = status, reason, stamp_ns
        if status == COMPLETED:
            self.progress = 1.0
        return True


@dataclass(slots=True, kw_only=True)
class Mission:
    """What an operator ordered."""

    mission_id: str
    text: str
    operator: str
    created_ns: int
    status: MissionStatus = MissionStatus.OPEN
    reason: str = ''
    closed_ns: int = 0
    approved_by: str = ''
    approval_id: str = ''
    planned_by: str = ''
    judged_by: str = ''
    """Version of the policy."""
    grants_tier: int = 0
    """Tier that its giver may and does grant for it."""
    barred: frozenset[str] = frozenset()
    """Robots that the judge does not let do it."""
    cause: str = ''
    """Id of the audit event of its submission."""
    priority: int = DEFAULT_PRIORITY
    """How urgent the orders are that are made of it now, 1 to 10."""
    stops: Counter[str] = field(default_factory=Counter)
    """How often each robot had been stopped when the order for it was given."""
    orders: list[Order] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether it still goes on."""
        return self.status is MissionStatus.OPEN

    @property
    def closed(self) -> bool:
        """Whether it is over; one that waits for a human is neither open nor closed."""
        return self.status not in (MissionStatus.OPEN, MissionStatus.PENDING)

    def close_if_done(self, now_ns: int) -> bool:
        """Close it when all orders that count are closed; tells whether it did."""
        counting = [order for order in self.orders if not order.replaced]
        if not self.open or not all(order.closed for order in counting):
            return False
        bad = [order for order in counting if order.status != COMPLETED]
        self.close(MissionStatus.FAILED if bad else MissionStatus.COMPLETE, now_ns)
        self.reason = '; '.join(f'{order.agent_id}: {order.reason}' for order in bad)
        return True

    def close(self, status: MissionStatus, now_ns: int) -> None:
        """Close it, whatever its orders say."""
        self.status, self.closed_ns = status, now_ns

    def next_order_id(self) -> str:
        """A name for one more order, never given twice."""
        return f'{self.mission_id}-{len(self.orders) + 1}'
