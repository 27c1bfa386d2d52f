# SPDX-License-Identifier: Apache-2.0
"""The nouns of governance as plain values, so that they can stand in a record.

Times are nanoseconds since the epoch, positions metres in the map frame, speeds metres a second.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum

Point = tuple[float, float]
"""x [m], y [m] in the map frame."""


class Tier(IntEnum):
    """How far a robot is trusted."""

    OBSERVER = 0
    """Senses and plans only."""
    OPERATOR = 1
    """Creeps in a sandbox zone."""
    BUILDER = 2
    """Ordinary missions."""
    EXECUTOR = 3
    """Shared zones and payload; a human grants it."""
    ARCHITECT = 4
    """Policy; only a human grants it, and it moves no more than an executor."""


class SkillClass(str, Enum):
    """What a skill can do to the world."""

    SENSE = 'sense'
    MOVE_IN_ZONE = 'move_in_zone'
    CONTACT_OR_PAYLOAD = 'contact_or_payload'
    IRREVERSIBLE = 'irreversible'


class Verdict(str, Enum):
    """What the judge says; `strictness` puts them in order."""

    ALLOW = 'allow'
    REVISE = 'revise'
    """Allowed with the amended parameters, which were judged again."""
    ESCALATE = 'escalate'
    """A human must answer first."""
    BLOCK = 'block'


class ZoneKind(str, Enum):
    """What a part of the floor asks for."""

    SANDBOX = 'sandbox'
    """Tier 1 may creep here, and only here."""
    SHARED = 'shared'
    """People work here: tier 3."""
    PEOPLE = 'people'
    """Who is in it decides, by somebody's fresh word: nobody known asks, people there block."""
    FORBIDDEN = 'forbidden'
    SLOW = 'slow'
    """Asks for nothing but its speed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A part of the floor with rules of its own."""

    name: str
    kind: ZoneKind
    corners: tuple[Point, ...]
    """Around it, without crossing."""
    max_speed_mps: float = 0.0
    """0: no limit of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Somebody's word on how many people are in a zone."""

    zone: str
    count: int
    stamp_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of the floor by name."""

    name: str
    corners: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """Durable, revocable, scoped authority; every plan cites one."""

    mandate_id: str
    agent_id: str
    tier: int
    """No token gets above it."""
    max_speed_mps: float
    zones: tuple[Area, ...] = ()
    """Where goals may lie; none: the whole map."""
    blocked_zones: tuple[Area, ...] = ()
    skills: tuple[str, ...] = ()
    """None: all that the policy knows."""
    energy_wh: float = 0.0
    """Most that one order may use [Wh]; 0: no limit."""
    charge_share: float = 0.0
    """Most of the battery's charge that one order may use, 0 to 1; 0: no limit."""
    total_wh: float = 0.0
    """Most that all orders under it may be expected to use together [Wh]; 0: no limit."""
    not_before_ns: int = 0
    not_after_ns: int = 0
    """0: no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A tier token whose signature was verified."""

    token_id: str
    agent_id: str
    tier: int
    issued_ns: int
    expires_ns: int
    granted_by: str = ''
    """The human behind tier 3 and 4."""
    mandate: Mandate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """Trust that was taken back, or given back; its signature was verified."""

    agent_id: str
    stamp_ns: int
    """The later word counts."""
    lifted: bool
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How far a robot is trusted at this moment, and why not further."""

    tier: int
    reason: str = ''
    """Why the tier is 0 though there is or was a token; empty otherwise."""
    mandate: Mandate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is about to be done, as the judge sees it. All of it is bound by an approval."""

    skill: str
    agent_id: str
    """Who is to do it; empty: whoever is chosen."""
    goals: tuple[Point, ...] = ()
    """Every place where it leads."""
    way: tuple[Point, ...] = ()
    """The shortest way there from where the robot is; none: not known, the goals count."""
    areas: tuple[Area, ...] = ()
    """Every area that it sweeps."""
    everywhere: bool = False
    """It sweeps the whole floor."""
    speed_mps: float = 0.0
    """Fastest that it would drive; 0: as fast as it may."""
    seconds: float = 0.0
    loops: int = 1
    energy_wh: float = 0.0
    """Estimate; 0: not estimated."""
    given_by: str = ''
    """The human behind it."""
    planned_by: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the judge decided."""

    verdict: Verdict
    rule: str
    """Name of the rule that decided, e.g. 'zone.forbidden'; empty for a plain ALLOW."""
    reason: str
    amended: Action | None = None
    """Only with REVISE: what may be done instead."""
    law: str = ''
    """Version of the policy that was applied."""
