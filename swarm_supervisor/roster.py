# SPDX-License-Identifier: Apache-2.0
"""Who belongs to the fleet, who is there, who is lost, who is trusted no more."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from swarm.v1 import mission_pb2

from swarm_config.fleets import Fleet, Pose, Robot


class Standing(str, Enum):
    """Where a robot stands with its supervisor."""

    EXPECTED = 'expected'
    """In the fleet plan, never heard."""
    REGISTERED = 'registered'
    """Heard before, not linked at the moment."""
    LINKED = 'linked'
    LOST = 'lost'
    """Not heard for too long; its survey cells are given away."""
    REVOKED = 'revoked'
    """Trusted no more, by an operator's word; it gets no orders and no token."""


@dataclass(slots=True, kw_only=True)
class Member:
    """A robot of the fleet plan and what is known of it."""

    robot: Robot
    standing: Standing = Standing.EXPECTED
    linked: bool = False
    last_heard_ns: int = 0
    reason: str = ''
    """Why it is revoked."""
    stop: str = ''
    """Reason of a stop of which it has not been seen yet that it obeys."""
    stop_told: bool = False
    """Whether that stop has left for it since this process began."""
    stopped: bool = False
    """Stopped by an operator and not given an order by one since."""
    telemetry: mission_pb2.Telemetry = field(default_factory=mission_pb2.Telemetry)
    pose: Pose
    """Where it was last."""
    token_issued_ns: int = 0
    token_ends_ns: int = 0
    token_mark: tuple[int, str] = (-1, '')
    """Tier and mandate of the newest token."""
    granted_by: str = ''

    @property
    def agent_id(self) -> str:
        """The robot's name."""
        return self.robot.agent_id

    @property
    def available(self) -> bool:
        """Whether it can be given orders."""
        return self.standing in (Standing.REGISTERED, Standing.LINKED)


class Roster:
    """All members, by the order of the fleet plan."""

    def __init__(self, fleet: Fleet) -> None:
        self._members = {
            robot.agent_id: Member(robot=robot, pose=robot.start) for robot in fleet.robots
        }

    def __iter__(self) -> Iterator[Member]:
        """All members."""
        return iter(self._members.values())

    def get(self, agent_id: str) -> Member | None:
        """The member of this id, None if there is none."""
        return self._members.get(agent_id)

    def __getitem__(self, agent_id: str) -> Member:
        """The member of this id, known to exist."""
        return self._members[agent_id]

    def available(self) -> tuple[Member, ...]:
        """Members that can be given orders."""
        return tuple(member for member in self if member.available)

    def outside(self, squad: str) -> frozenset[str]:
        """The robots that do not belong to a squad; none where no squad is named."""
        return frozenset(m.agent_id for m in self if squad not in ('', m.robot.squad))

    def heard(self, member: Member, now_ns: int) -> bool:
        """Note a sign of life; tells whether the robot had been lost."""
        was_lost = member.standing is Standing.LOST
        member.last_heard_ns = now_ns
        if member.standing is not Standing.REVOKED:
            member.standing = Standing.LINKED if member.linked else Standing.REGISTERED
        return was_lost

    def unlinked(self, member: Member) -> None:
        """Note that a robot's link has ended."""
        member.linked = False
        if member.standing is Standing.LINKED:
            member.standing = Standing.REGISTERED

    def newly_lost(self, now_ns: int, after_s: float, since_ns: int) -> tuple[Member, ...]:
        """Members not heard for too long, which are lost from now on.

        Args:
            now_ns: Now.
            after_s: How long is too long [s].
            since_ns: Since when this process listens: what was not heard before does not count.
        """
        for member in self:  # a clock that was set back makes nobody immortal
            member.last_heard_ns = min(member.last_heard_ns, now_ns)
        limit_ns = now_ns - int(after_s * 1e9)
        found = tuple(
            member
            for member in self
            if member.available and max(member.last_heard_ns, since_ns) < limit_ns
        )
        for member in found:
            member.standing = Standing.LOST
        return found

    def revoke(self, member: Member, reason: str) -> None:
        """Trust a robot no more; its token is replaced by one of tier 0 at the next look."""
        member.standing = Standing.REVOKED
        member.reason = reason
        member.token_ends_ns = 0

    def reinstate(self, member: Member) -> None:
        """Trust a robot again."""
        member.standing = Standing.LINKED if member.linked else Standing.REGISTERED
        member.reason, member.token_ends_ns = '', 0
