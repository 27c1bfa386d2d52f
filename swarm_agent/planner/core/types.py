# SPDX-License-Identifier: Apache-2.0
"""What the planner's core takes in and gives out. Plain values only: they stand in the record."""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Annotated

from swarm_agent.planner.core.cards import SkillCard
from swarm_agent.planner.core.law_state import LawState
from swarm_agent.planner.core.orders import Ack, Order, Pose, Recall, Token
from swarm_config.maps import PackedMap
from swarm_config.ranges import Range
from swarm_vault.laws.core.bars import Bars
from swarm_vault.laws.core.policy import Policy
from swarm_vault.laws.core.values import Revocation


class Phase(str, Enum):
    """What the robot is about, in one word."""

    IDLE = 'idle'
    EXECUTING = 'executing'
    RETURNING = 'returning'
    HOME = 'home'
    STOPPED = 'stopped'


class IntentKind(IntEnum):
    """The numbers of swarm_msgs/Intent."""

    IDLE = 0
    GO_TO = 1
    YIELD = 2
    EXPLORE = 3
    HOLD = 4
    PARK = 5


class Priority(IntEnum):
    """The numbers of swarm.v1.PriorityClass."""

    IDLE = 1
    RETURNING = 2
    MISSION = 3
    LOW_BATTERY = 4
    PAYLOAD = 5
    EMERGENCY = 6


class Nav(IntEnum):
    """The numbers of swarm_msgs/Situation.nav_state."""

    IDLE = 0
    MOVING = 1
    ARRIVED = 2
    BLOCKED = 3
    YIELDING = 4
    EXPLORING = 5
    UNREACHABLE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What may be tuned without a change of meaning; each field is a ROS parameter of the node."""

    link_lost_s: Annotated[float, Range(0.5, 60)] = 2.0
    """Silence of the supervisor after which the link-loss policy applies [s]."""
    situation_timeout_s: Annotated[float, Range(0.5, 60)] = 3.0
    """Age of the situation at which the robot is held [s]."""
    battery_timeout_s: Annotated[float, Range(1, 600)] = 30.0
    """Age of the battery state at which the robot is held [s]."""
    leg_tolerance_m: Annotated[float, Range(0.1, 2)] = 0.5
    """Arrival radius of a survey stop [m]."""
    goal_tolerance_m: Annotated[float, Range(0.05, 1)] = 0.2
    """Arrival radius of an ordered goal [m]."""
    goal_snap_m: Annotated[float, Range(0, 1)] = 0.3
    """How far a goal may lie off the floor where the robot can stand [m]."""
    blocked_skip_s: Annotated[float, Range(1, 120)] = 6.0
    """Blocked for this long, a survey stop is skipped [s]."""
    blocked_fail_s: Annotated[float, Range(5, 600)] = 45.0
    """Blocked for this long, an ordered goal is given up [s]."""
    blocked_ask_s: Annotated[float, Range(0.5, 60)] = 4.0
    """Blocked for this long, the planner looks for something better to do [s]."""
    unreachable_s: Annotated[float, Range(0, 60)] = 1.0
    """Unreachable for this long, a goal counts as such [s]."""
    retry_home_s: Annotated[float, Range(1, 600)] = 5.0
    """Pause before the way home is tried again [s]."""
    survey_reach: Annotated[float, Range(0.5, 1)] = 0.95
    """Share of the survey range that is planned with."""
    survey_done: Annotated[float, Range(0.5, 1)] = 0.98
    """Share of the coverable cells at which a survey is done."""
    survey_least: Annotated[float, Range(0, 1)] = 0.9
    """Share below which a survey that can go no further has failed."""
    survey_gain_cells: Annotated[int, Range(1, 100)] = 3
    """A stop with fewer unseen cells is not visited."""
    handling_s: Annotated[float, Range(0, 600)] = 2.0
    """Time to take up or put down a load [s]."""
    save_s: Annotated[float, Range(1, 60)] = 5.0
    """Progress of a survey is saved at most this often [s]."""
    speed_share: Annotated[float, Range(0.1, 1)] = 1.0
    """Share of its top speed that the robot uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What does not change while the node runs."""

    agent_id: str
    home: Pose
    radius_m: float
    max_speed_mps: float
    max_yaw_rate_radps: float
    map: PackedMap
    survey_cell_m: float
    survey_range_m: float
    min_battery: float
    """Share of charge at which the robot goes home."""
    supervised: bool
    """Whether a supervisor gives orders and trust; without one `local_tier` holds."""
    local_tier: int
    cards: tuple[SkillCard, ...]
    policy: Policy
    """The laws that hold for this robot, until others come down to it."""
    capacity_wh: float = 0.0
    """Of the battery; 0: not known, then caps in Wh are left to the supervisor."""
    tuning: Tuning


@dataclass(frozen=True, slots=True, kw_only=True)
class SituationView:
    """What the situation node said last."""

    heard_ns: int
    """Monotonic."""
    pose: Pose
    intent_id: int
    nav_state: int
    reason: str
    match_quality: float
    violations: int
    peers: tuple[str, ...]
    seen: bytes
    """np.packbits of the mask of the survey grid that this robot has seen, row-major."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryView:
    """What the battery said last."""

    heard_ns: int
    """Monotonic."""
    share: float
    """0 to 1."""

    @property
    def known(self) -> bool:
        """Whether it is a share of charge: a driver may say nothing (NaN), or percent."""
        return 0.0 <= self.share <= 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Something the robot could do now."""

    skill: str
    parameters: tuple[tuple[str, float, float], ...]
    """Name, minimum and maximum of each."""
    cost_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the planner port is asked. The first option is what the rules do meanwhile."""

    question_id: int
    occasion: str
    """'start' of an order or 'blocked'."""
    order: str
    """The order's task, in words."""
    state: str
    """The state, in words."""
    options: tuple[Option, ...]
    peers: int = 0
    """How many peers are near."""
    recent: str = ''
    """What happened to the robot in the last minute, in words of recent.py."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One of several proposals."""

    skill: str
    parameters: tuple[tuple[str, float], ...] = ()
    score: float = 0.0
    """What the model gave it, a log probability against its own habit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An answer of the planner port; the core checks it before use."""

    question_id: int
    skill: str
    parameters: tuple[tuple[str, float], ...]
    source: str
    """'deterministic', 'slm' or 'fallback: <why>'."""
    others: tuple[Candidate, ...] = ()
    """What else was proposed; checker and cost decide among all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillMemory:
    """What a skill must remember over a restart."""

    leg: int = 0
    """Legs finished so far."""
    elapsed_ns: int = 0
    """Time waited so far."""
    carrying: bool = False
    used_share: float = 0.0
    """Charge that the order has taken so far, as a share of the battery."""
    seen: bytes = b''
    """Of a survey: packed mask of what was seen under this order."""
    before: bytes = b''
    """Of a survey: packed mask of what the robot had seen before it began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedJob:
    """An open order and how far it is."""

    order: Order
    arrival: int
    memory: SkillMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What was said about an order: at first, and at last once it is closed."""

    first: Ack
    last: Ack | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a restarted planner needs to go on."""

    jobs: tuple[SavedJob, ...]
    answered: tuple[Answered, ...]
    arrivals: int
    token: Token | None
    intent_id: int
    going_home: bool
    parked: bool
    low_battery: bool
    stopped: str
    """Why the robot was stopped by an operator or locked down; empty when it was not."""
    laws: LawState = LawState()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was found on the disk at the start."""

    checkpoint: Checkpoint | None
    fault: str
    """Why a file that was there could not be used; empty when it could or there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Widened:
    """What a shared survey has grown to, as a peer was lost while there is no supervisor."""

    order: Order
    """As it was given to this robot."""
    bits: bytes
    """Its own cells and those that it took over, packed as those of its region."""
    lost: tuple[str, ...]
    """Whose they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Cells of a shared survey that a peer took over from another, as it said lately."""

    mission_id: str
    agent_id: str
    bits: bytes
    """Cells of the survey grid, packed as those of a region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """One moment. Everything that is not a function of time and state is named here."""

    now_ns: int
    """Monotonic."""
    wall_ns: int
    """Since the epoch."""
    situation: SituationView | None = None
    battery: BatteryView | None = None
    e_stop: bool = False
    linked: bool = False
    orders: tuple[Order, ...] = ()
    recalls: tuple[Recall, ...] = ()
    stops: tuple[str, ...] = ()
    """Reasons of stop requests."""
    token: Token | None = None
    revocations: tuple[Revocation, ...] | None = None
    """Everything that is known of them, when there was news."""
    choice: Choice | None = None
    restored: Restored | None = None
    reflex_stop: str = ''
    """Why the reflexes stop the robot now, where its own command is the cause."""
    widened: Widened | None = None
    taken: tuple[Taken, ...] = ()
    """What peers took over, where there are new orders to be held against it."""
    policy: Policy | None = None
    """The laws with the fleet's standing rules, where these changed; for the orders to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What the situation node is asked for; see swarm_msgs/Intent."""

    intent_id: int
    kind: IntentKind
    mission_id: str
    order_id: str
    skill: str
    goal: Pose
    use_yaw: bool
    tolerance_m: float
    priority: Priority
    speed_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A line for the log: what was decided, why, and what was rejected."""

    kind: str
    """A kind of the audit log: DECISION, STATE_CHANGE, MESSAGE, VIOLATION or SYSTEM."""
    type: str
    why: str
    order_id: str = ''
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What was decided."""

    intent: Intent | None
    """Only when it changed."""
    acks: tuple[Ack, ...]
    phase: Phase
    reason: str
    """Why the robot stands, where it does."""
    skill: str
    order_id: str
    progress: float
    """0 to 1 of the current order."""
    tier: int
    checkpoint: Checkpoint | None
    """Only when it must be written; before the acks leave."""
    question: Question | None
    notes: tuple[Note, ...]
    again: bool
    """Work is left: decide again at once."""
    bars: Bars | None = None
    """The law of the floor for the robot's ways, only when it changed."""
