# SPDX-License-Identifier: Apache-2.0
"""The nouns of a mission: orders, their parts and their acknowledgements, as plain values."""

from dataclasses import dataclass
from enum import Enum

from swarm_vault.laws.core.policy import BudgetRule
from swarm_vault.laws.core.values import Area, Token

__all__ = [
    'Ack',
    'AckStatus',
    'CrewPart',
    'LinkLoss',
    'Order',
    'Pose',
    'Recall',
    'Region',
    'Task',
    'Token',
]

Pose = tuple[float, float, float]
"""x [m], y [m], yaw [rad] in the map frame."""


class Task(str, Enum):
    """What an order asks for; each is the name of the skill that does it."""

    UNKNOWN = ''
    SURVEY = 'survey'
    GO_TO = 'go_to'
    PATROL = 'patrol'
    DELIVER = 'deliver'
    WAIT = 'wait'
    RETURN_TO_BASE = 'return_to_base'
    EXPLORE = 'explore'


class LinkLoss(str, Enum):
    """What a robot does with an order once the supervisor is out of reach."""

    CONTINUE = 'continue'
    FINISH_LEG = 'finish_leg'
    HOLD = 'hold'
    RETURN_HOME = 'return_home'
    LOCK_DOWN = 'lock_down'


class AckStatus(str, Enum):
    """What became of an order."""

    ACCEPTED = 'accepted'
    REFUSED = 'refused'
    COMPLETED = 'completed'
    FAILED = 'failed'
    RECALLED = 'recalled'


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A set of cells of the survey grid."""

    resolution_m: float
    width: int
    height: int
    bits: bytes
    """np.packbits of the row-major mask, row 0 at y min."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewPart:
    """One robot's part of a survey that several share."""

    agent_id: str
    bits: bytes
    """Cells of the survey grid, packed as those of a region."""
    start: tuple[float, float]
    """Where the robot was when the parts were made, map frame [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One mission order for one robot; `admission.refusal` says whether it can be accepted."""

    order_id: str
    mission_id: str
    agent_id: str
    task: Task
    expires_ns: int = 0
    """Since the epoch; 0: never."""
    not_before_ns: int = 0
    """Since the epoch; at the first stop it waits for this time. 0: at once."""
    priority: int = 5
    """1 to 10, 10 most urgent."""
    link_loss: LinkLoss = LinkLoss.FINISH_LEG
    issued_by: str = ''
    return_home: bool = False
    local: bool = False
    """Given by a ROS client of this robot; no link policy applies."""
    region: Region | None = None
    """Of SURVEY."""
    range_m: float = 0.0
    """Of SURVEY: how far the floor is inspected [m]; 0: as the fleet's plan says."""
    crew: tuple[CrewPart, ...] = ()
    """Of SURVEY: who surveys what at the same time, this robot among them; none: it is alone."""
    stops: tuple[Pose, ...] = ()
    """Of GO_TO (one), PATROL (all), DELIVER (pick up, drop off)."""
    use_yaw: bool = False
    """Of GO_TO: whether the yaw matters."""
    loops: int = 1
    """Of PATROL."""
    seconds: float = 0.0
    """Of WAIT and EXPLORE [s]."""
    mandate_id: str = ''
    """The authority that it cites."""
    approved: bool = False
    """A human approved it; the supervisor's signature says so."""
    clear: tuple[str, ...] = ()
    """Zones of people in which nobody was, by the word that the supervisor had."""
    clear_ns: int = 0
    """When that word was given, since the epoch."""
    forbidden: tuple[str, ...] = ()
    """Skills that its packet rules out."""
    scope: tuple[Area, ...] = ()
    """The floor that its packet leaves it; none: the whole map."""
    budget: BudgetRule | None = None
    """What its packet lets go wrong; of this and the policy's the stricter holds. None: it has no
    packet, and only a robot's own client may give such an order."""
    lacks: str = ''
    """What its packet lacks, in words; empty when it is complete."""
    max_speed_mps: float = 0.0
    """As fast as its giver wishes at most; 0: as fast as the laws let it [m/s]."""
    handoff: str = ''
    """What is known of who had it before, in words; it decides nothing. Empty: nobody had it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """An order that is taken back."""

    order_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """What the robot says about an order."""

    order_id: str
    status: AckStatus
    reason: str
    stamp_ns: int
    """Since the epoch."""
