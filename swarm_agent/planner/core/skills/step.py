# SPDX-License-Identifier: Apache-2.0
"""What every skill takes and gives: the view of this moment, and the step it takes."""

from dataclasses import dataclass
from enum import Enum

from swarm_agent.planner.core.coverage import SurveyPlan
from swarm_agent.planner.core.ground import Ground
from swarm_agent.planner.core.lawful import Lawful
from swarm_agent.planner.core.orders import Pose
from swarm_agent.planner.core.types import (
    IntentKind,
    Nav,
    Params,
    Priority,
    SituationView,
    SkillMemory,
)
from swarm_vault.laws.core.bars import Bars

NOWHERE: Pose = (0.0, 0.0, 0.0)


class Status(Enum):
    """How a skill stands."""

    RUNNING = 0
    DONE = 1
    FAILED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """An intent without its number and order."""

    kind: IntentKind
    skill: str
    goal: Pose = NOWHERE
    use_yaw: bool = False
    tolerance_m: float = 0.2
    priority: Priority = Priority.MISSION
    speed_factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """This moment, as a skill sees it. The situation is fresh."""

    now_ns: int
    wall_ns: int
    step_ns: int
    """Time since this skill's last step; 0 when resumed."""
    resumed: bool
    """Whether this is the skill's first step, or its first after an interruption."""
    situation: SituationView
    acting: Want | None
    """The want that the situation node acts on; None until it has taken up the newest intent."""
    ground: Ground
    params: Params
    bars: Bars = Bars()
    """The law of the floor for the order; told to surveys only, which plan their ways ahead."""

    @property
    def nav(self) -> Nav:
        """How the situation node stands with what it acts on."""
        return Nav(self.situation.nav_state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A drive to one goal: since when it has not been going well. Monotonic times [ns]."""

    want: Want
    blocked_ns: int | None = None
    unreachable_ns: int | None = None
    beside_ns: int | None = None
    """Since when the robot is within the arrival radius."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """What a skill may forget at a restart."""

    leg: Leg | None = None
    plan: SurveyPlan | None = None
    law: Lawful | None = None
    """The floor under the law for which the plan was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a skill decided."""

    memory: SkillMemory
    scratch: Scratch
    want: Want
    status: Status = Status.RUNNING
    reason: str = ''
    progress: float = 0.0
    blocked_ns: int = 0
    """For how long the current leg has been blocked."""
    again: bool = False
    """Work is left: step again at once."""
    left_out: str = ''
    """What the law makes a survey leave out, in words, when its plan is ready."""


def hold(skill: str, priority: Priority = Priority.MISSION) -> Want:
    """Stand still, ready to go on."""
    return Want(kind=IntentKind.HOLD, skill=skill, priority=priority)


def too_early(view: View, not_before_ns: int) -> bool:
    """Whether the order says to wait still."""
    return view.wall_ns < not_before_ns
