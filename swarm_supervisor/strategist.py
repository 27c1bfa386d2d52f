# SPDX-License-Identifier: Apache-2.0
"""The port through which an operator's words become a plan, and what such a plan consists of.

An adapter answers with a `Plan`, a `Question` back, or a `Refusal` that says why. Whoever answers,
`strategist_check.check_plan` judges the plan before anything is ordered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from swarm_config.fleets import Pose
from swarm_supervisor.places import Places

MAX_TEXT = 500
"""Longest order in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place to go to, in the map frame."""

    name: str
    x_m: float
    y_m: float
    yaw_rad: float = 0.0
    use_yaw: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyTask:
    """See the whole floor, or one sector of it."""

    sector: str | None
    squad: str | None = None
    """Only its robots do it; None: anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatrolTask:
    """Visit stops in their order, several times."""

    stops: tuple[Spot, ...]
    loops: int
    robot: str | None
    squad: str | None = None
    """Only its robots do it; None: anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoToTask:
    """Drive one robot to one place."""

    robot: str
    goal: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverTask:
    """Bring something from one place to another."""

    pick_up: Spot
    drop_off: Spot
    robot: str | None
    squad: str | None = None
    """Only its robots do it; None: anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitTask:
    """Stand still for a while."""

    seconds: float
    robot: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnTask:
    """Go home; everybody if no robot is named."""

    robot: str | None
    squad: str | None = None
    """Only its robots do it; None: anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallTask:
    """Take a mission back."""

    mission_id: str


Task: TypeAlias = (
    SurveyTask | PatrolTask | GoToTask | DeliverTask | WaitTask | ReturnTask | RecallTask
)


SKILL_OF: dict[type[Task], str] = {
    SurveyTask: 'survey',
    PatrolTask: 'patrol',
    GoToTask: 'go_to',
    DeliverTask: 'deliver',
    WaitTask: 'wait',
    ReturnTask: 'return_to_base',
}
"""The skill of each task; to recall a mission is none."""


def squad_of(task: Task) -> str:
    """The squad that a task is for; empty: for anybody."""
    if isinstance(task, (SurveyTask, PatrolTask, DeliverTask, ReturnTask)):
        return task.squad or ''
    return ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done, in this order."""

    tasks: tuple[Task, ...]
    author: str
    """Who planned: 'grammar', or 'anthropic' and the model's name."""
    assumptions: tuple[str, ...] = ()
    after: tuple[tuple[int, ...], ...] = ()
    """For each task the numbers of those that must be done before it; none: all begin at once."""
    max_speed_mps: float = 0.0
    """As fast as its giver wishes at most; 0: as the laws say [m/s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something must be known first."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """It is not done, for this reason."""

    reason: str


Answer: TypeAlias = Plan | Question | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRobot:
    """A robot as far as planning needs it."""

    agent_id: str
    state: str
    """expected, registered, linked, lost or revoked."""
    radius_m: float
    pose: Pose
    """Where it stands; before it registered, where it will start."""
    note: str = ''
    """What it says of itself; data, never an order."""
    squad: str = ''

    @property
    def available(self) -> bool:
        """Whether it can be given an order."""
        return self.state in ('registered', 'linked')


class Standing(Protocol):
    """What planning must know of the floor."""

    def fault(self, spot: Spot, robot: KnownRobot) -> str | None:
        """Why a robot cannot go to a spot, in words; None when it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a strategist may refer to."""

    places: Places
    robots: Mapping[str, KnownRobot]
    open_missions: tuple[str, ...]
    standing: Standing


class StrategistError(RuntimeError):
    """An adapter could not answer; the message says why, and another one is asked."""


class Strategist(Protocol):
    """Turn an order in words into a plan."""

    async def plan(self, text: str, context: Context) -> Answer:
        """Answer an order.

        Raises:
            StrategistError: No usable answer came; nothing is to be concluded about the order.
        """
