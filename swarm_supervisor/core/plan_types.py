# SPDX-License-Identifier: Apache-2.0
"""What the plan checker takes and gives: plain values, so that they stand in the record."""

from dataclasses import dataclass

from swarm_config.cards import Fact, Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """A fact and whence it is known."""

    fact: Fact
    holds: bool = True
    provenance: Provenance = Provenance.OBSERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotStart:
    """A robot before the plan's first step."""

    agent_id: str
    tier: int
    battery: float | None
    """Share of charge, 0 to 1; None: not known."""
    capacity_wh: float
    idle_w: float
    drive_w: float
    """Additional power at top speed [W]."""
    speed_mps: float
    """Speed that the plan may count on [m/s]."""
    top_speed_mps: float
    home_m: float = 0.0
    """Way home from where it stands [m]."""
    beliefs: tuple[Belief, ...] = ()
    unheard: bool = False
    """It has not told yet where it is and its charge: it proves them itself before it moves."""
    creeps: bool = False
    """At tier 1 it may move in a sandbox zone; the judge has said where."""
    busy_s: float = 0.0
    """How long it still drives on earlier orders [s]."""
    order_wh: float = 0.0
    """Most that its mandate lets one order use [Wh]; 0: no limit."""
    left_wh: float | None = None
    """What is left of its mandate for all orders together [Wh]; None: no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A place or an area that a step leads to."""

    name: str
    known: bool = True
    touches: tuple[str, ...] = ()
    """Sectors that hold some of it."""
    within: tuple[str, ...] = ()
    """Sectors that hold all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One skill of a plan, with what the map says of its way."""

    step_id: str
    agent_id: str
    skill: str
    numbers: tuple[tuple[str, float], ...] = ()
    places: tuple[tuple[str, tuple[Stop, ...]], ...] = ()
    """Parameter and the places given for it."""
    after: tuple[str, ...] = ()
    travel_m: float | None = 0.0
    """Way from where the step before ends [m]; None: there is none."""
    home_m: float = 0.0
    """Way home from where it ends [m]."""
    crosses: tuple[str, ...] = ()
    """Named parts of the floor that its shortest way leads through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the mandate and the order leave room for."""

    allowed: tuple[str, ...] = ()
    """Sectors that the plan must stay in; none: the whole floor."""
    forbidden: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    """None: all."""
    deadline_s: float = 0.0
    """0: none [s]."""
    reserve: float = 0.2
    """Share of charge that must be left at home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInputs:
    """One plan to be proved."""

    name: str
    robots: tuple[RobotStart, ...]
    steps: tuple[PlanStep, ...]
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProof:
    """What is expected of one step."""

    step_id: str
    start_s: float
    end_s: float
    battery: float
    """Share of charge at its end."""
    used_wh: float
    """Energy that it takes, waiting for others included [Wh]."""
    facts: tuple[str, ...]
    """What holds at its end."""
    rests_on: tuple[str, ...] = ()
    """The facts that must hold when it begins, each with whence that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVerdict:
    """Whether a plan may be carried out."""

    ok: bool
    faults: tuple[str, ...]
    """Every reason why not, each naming its step."""
    proof: tuple[StepProof, ...]
    seconds: float
    """When the last robot is done [s]."""
