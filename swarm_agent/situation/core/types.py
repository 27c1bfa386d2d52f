# SPDX-License-Identifier: Apache-2.0
"""What one decision of the situation core depends on, and what it concludes.

Positions are in the map frame unless named otherwise; times are nanoseconds of the steady clock.
"""

from dataclasses import dataclass
from enum import IntEnum

from swarm_agent.mesh.core import Claim, Hazard, Peer, Settlement, Word
from swarm_agent.situation.core.se2 import Point, Pose
from swarm_vault.laws.core.bars import Bars


class IntentKind(IntEnum):
    """Numbers of swarm_msgs/Intent."""

    IDLE = 0
    GO_TO = 1
    YIELD = 2
    EXPLORE = 3
    HOLD = 4
    PARK = 5


class NavState(IntEnum):
    """Numbers of swarm_msgs/Situation."""

    IDLE = 0
    MOVING = 1
    ARRIVED = 2
    BLOCKED = 3
    YIELDING = 4
    EXPLORING = 5
    UNREACHABLE = 6


class ReflexAction(IntEnum):
    """Numbers of swarm_msgs/ReflexState."""

    PASS = 0
    LIMIT = 1
    SLOW = 2
    STOP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Odom:
    """Wheel odometry: pose in the odom frame, speeds of the body."""

    pose: Pose
    vx_mps: float
    wz_radps: float
    age_ns: int
    """Age when the decision is made [ns]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scan: uint16 little endian millimetres per beam from -pi; 0 invalid, 65535 no return."""

    ranges: bytes
    pose_odom: Pose
    """Pose of the robot in the odom frame when the scan was taken."""
    age_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The planner's intent."""

    intent_id: int
    kind: int
    skill: str
    goal: Pose
    use_yaw: bool
    tolerance_m: float
    priority: int
    speed_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflex:
    """What the reflex node did last."""

    action: int
    cause: str
    clearance_m: float
    """Free way along the commanded arc [m], at most 1e3."""
    e_stop: bool
    enabled: bool
    age_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything one decision depends on."""

    now_ns: int
    odom: Odom | None
    """The newest; None before the first."""
    scan: Scan | None
    """The newest since the last decision; None when none came."""
    intent: Wish | None
    """A new intent; None while the last one holds."""
    reflex: Reflex | None
    peers: tuple[Peer, ...]
    claims: tuple[Claim, ...]
    """Claims addressed to this robot since the last decision."""
    hazards: tuple[Hazard, ...]
    """All living hazards that peers report."""
    bars: Bars | None = None
    """A new law of the floor; None while the last one holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """The world contradicts the model."""

    kind: str
    """motion, slip, object, reflex, map or promise."""
    where: Point
    expected: str
    actual: str
    violation_class: str = ''
    """motion, map, object or promise; what a skill brings about the planner checks."""
    hypotheses: tuple[str, ...] = ()
    """What it may mean."""
    look: str = ''
    """The look-action that tells these apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How the exploration after a violation ended."""

    kind: str
    where: Point
    outcome: str
    hypothesis: str = ''
    """What the look has shown."""
    escalated: bool = False
    """A human is to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNote:
    """That a path was planned, why, and how it came out."""

    why: str
    found: bool
    length_m: float
    tightest_m: float
    """Smallest free space beside the body along it [m]."""
    reason: str
    """Why none was found, empty if one was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """All that one decision concludes."""

    vx_mps: float
    wz_radps: float
    pose_map: Pose
    map_odom: Pose
    """Pose of the odom frame in the map."""
    match_quality: float
    nav_state: int
    reason: str
    intent_id: int
    skill: str
    priority: int
    speed_mps: float
    path: tuple[Point, ...]
    """Where the robot goes next, 0.25 m apart, at most 6 m, from its own position."""
    peer_state: int
    yields_to: str
    cannot_yield: bool
    waited_ms: int
    claims: tuple[Claim, ...]
    word: Word
    """What to announce of claims and promises."""
    hazards: tuple[Hazard, ...]
    """To be published."""
    hazards_known: tuple[str, ...]
    violations: tuple[Violation, ...]
    resolutions: tuple[Resolution, ...]
    settlements: tuple[Settlement, ...]
    plans: tuple[PlanNote, ...]
    seen_new: int
    """Survey cells seen for the first time in this decision."""
    seen_bits: bytes
    """Packed survey mask on every second decision, else empty."""
    distance_m: float
    """Driven since the start [m]."""
