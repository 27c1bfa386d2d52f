# SPDX-License-Identifier: Apache-2.0
"""What the laws say of a way: floor that it must not cross, and floor where it must be slow.

The judge rules on where a robot wants to be; this is the same law for everything between. The
supervisor measures ways by it, and the robot's path planner takes it for walls.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from swarm_vault.laws.core.policy import Policy
from swarm_vault.laws.core.values import (
    Area,
    Point,
    Presence,
    Tier,
    Trust,
    Zone,
    ZoneKind,
)
from swarm_vault.laws.core.zones import inside

SKEW_NS = 60_000_000_000
"""A word may come from a clock that is so much ahead [ns]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Floor that the robot must not enter now."""

    name: str
    why: str
    """In words, to follow 'the zone NAME is closed: '."""
    corners: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowZone:
    """Floor on which a limit of its own holds."""

    name: str
    corners: tuple[Point, ...]
    max_speed_mps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """The law of the floor for one robot at one moment. The default bars nothing."""

    walls: tuple[Bar, ...] = ()
    only: tuple[Area, ...] = ()
    """The robot must not leave these; none: the whole map."""
    slow: tuple[SlowZone, ...] = ()
    keep: tuple[Area, ...] = ()
    """The scope of the order: other floor is used only where a way needs it; none: no matter."""
    stand: str = ''
    """Why the robot must not move at all, for nobody; empty where it may."""
    max_speed_mps: float | None = None
    """The fastest that tier and mandate allow on any way, aside for a peer too; None: no limit."""

    def and_walls(self, other: 'Bars') -> 'Bars':
        """These bars and the walls of others."""
        return replace(self, walls=tuple(dict.fromkeys((*self.walls, *other.walls))))

    def wall_at(self, point: Point) -> str:
        """Why a place is closed, in words; empty where it is open."""
        for wall in self.walls:
            if inside(point, wall.corners):
                return f'the zone {wall.name} is closed: {wall.why}'
        if self.only and not any(inside(point, area.corners) for area in self.only):
            names = ', '.join(area.name for area in self.only)
            return f'the robot must not leave {names}'
        return ''


def bars_of(
    policy: Policy,
    trust: Trust,
    *,
    wall_ns: int,
    people: Sequence[Presence] = (),
    approved: bool = False,
) -> Bars:
    """What bars the way of a robot, by the same rules as the judge's.

    Args:
        policy: The laws that hold for it.
        trust: Its tier and mandate.
        wall_ns: Now, since the epoch [ns].
        people: Words on who is where.
        approved: Whether a human approved the order in spite of not knowing who is there.
    """
    words = fresh_words(people, policy.people_s, wall_ns)
    walls = [bar for zone in policy.zones if (bar := _bar(zone, trust, words, approved=approved))]
    mandate = trust.mandate
    if mandate is not None:
        why = f'mandate {mandate.mandate_id} bars it'
        walls += [Bar(name=a.name, why=why, corners=a.corners) for a in mandate.blocked_zones]
    sandboxes = (z for z in policy.zones if z.kind is ZoneKind.SANDBOX)
    only = tuple(Area(name=z.name, corners=z.corners) for z in sandboxes)
    slow = (z for z in policy.zones if z.max_speed_mps > 0.0)
    return Bars(
        walls=tuple(walls),
        only=only if trust.tier == Tier.OPERATOR else (),
        slow=tuple(
            SlowZone(name=z.name, corners=z.corners, max_speed_mps=z.max_speed_mps) for z in slow
        ),
        max_speed_mps=top_speed(policy, trust),
    )


def top_speed(policy: Policy, trust: Trust) -> float:
    """The fastest that tier and mandate allow anywhere [m/s]."""
    tier = min(max(trust.tier, 0), len(policy.speeds_mps) - 1)
    limit = policy.speeds_mps[tier]
    return limit if trust.mandate is None else min(limit, trust.mandate.max_speed_mps)


def forbidden_of(policy: Policy) -> Bars:
    """What is closed to everybody at any time."""
    trust = Trust(tier=Tier.ARCHITECT)
    bars = bars_of(policy, trust, wall_ns=0, approved=True)
    return Bars(walls=bars.walls)


def fresh_words(people: Iterable[Presence], people_s: float, wall_ns: int) -> dict[str, Presence]:
    """The newest word on each zone that still holds."""
    oldest_ns = wall_ns - people_s * 1e9
    fresh = [word for word in people if oldest_ns < word.stamp_ns <= wall_ns + SKEW_NS]
    return {word.zone: word for word in sorted(fresh, key=lambda word: word.stamp_ns)}


def _bar(zone: Zone, trust: Trust, words: dict[str, Presence], *, approved: bool) -> Bar | None:
    why = _why(zone, trust, words.get(zone.name), approved=approved)
    return Bar(name=zone.name, why=why, corners=zone.corners) if why else None


def _why(zone: Zone, trust: Trust, word: Presence | None, *, approved: bool) -> str:
    """Why a zone is closed to a robot; empty when it is not."""
    if zone.kind is ZoneKind.FORBIDDEN:
        return 'it is forbidden'
    if zone.kind is ZoneKind.SHARED and trust.tier < Tier.EXECUTOR:
        return f'it needs tier {int(Tier.EXECUTOR)}, the robot has tier {trust.tier}'
    if zone.kind is not ZoneKind.PEOPLE:
        return ''
    if word is None:
        return '' if approved else 'nobody has said lately who is in it'
    return f'{word.count} people are in it' if word.count > 0 else ''
