# SPDX-License-Identifier: Apache-2.0
"""What the planner remembers from moment to moment, and what of it survives a restart."""

from dataclasses import dataclass, field
from typing import Any

from swarm_agent.planner.core.ground import Ground, make_ground
from swarm_agent.planner.core.law_state import LawState
from swarm_agent.planner.core.orders import Ack, Order, Token
from swarm_agent.planner.core.recent import Event
from swarm_agent.planner.core.repeats import Failure
from swarm_agent.planner.core.skills.step import Leg, Scratch, Want
from swarm_agent.planner.core.types import (
    Answered,
    Checkpoint,
    Intent,
    Params,
    Question,
    SavedJob,
    SkillMemory,
)
from swarm_vault.laws.core.bars import Bars
from swarm_vault.laws.core.policy import Policy
from swarm_vault.replacing import replace

_REMEMBERED = 500
"""So many orders keep their answer; older ones would be expired long since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An accepted order and how far it is."""

    order: Order
    arrival: int
    memory: SkillMemory = field(default_factory=SkillMemory)
    scratch: Scratch = field(default_factory=Scratch)
    stepped_ns: int | None = None
    """When its skill took its last step; None after an interruption."""
    asked: Want | None = None
    """The leg for which the planner port was asked what to do while blocked."""
    progress: float = 0.0
    charge: float | None = None
    """Share of charge at the last decision in which it was worked on; None otherwise."""
    doubted: bool = False
    """An effect of its skill did not come about, and the robot has looked why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Something bounded that is done before the order goes on."""

    want: Want
    until_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything between two decisions."""

    ground: Ground
    jobs: tuple[Job, ...] = ()
    answered: tuple[Answered, ...] = ()
    """What was said about each order, the oldest first."""
    arrivals: int = 0
    token: Token | None = None
    intent: Intent | None = None
    want: Want | None = None
    """What the newest intent asks for."""
    intent_id: int = 0
    active: str = ''
    """Order that is worked on."""
    going_home: bool = False
    parked: bool = False
    low_battery: bool = False
    stopped: str = ''
    home_leg: Leg | None = None
    home_failed_ns: int | None = None
    unlinked_ns: int | None = None
    link_leg: int | None = None
    """Legs that the active order had finished when the link was lost."""
    question: Question | None = None
    questions: int = 0
    aside: Aside | None = None
    laws: LawState = field(default_factory=LawState)
    policy: Policy | None = None
    """The policy in force; None for that of the parameters."""
    told_policy: Policy | None = None
    """One that comes into force with the next order."""
    reflex_stop: str = ''
    """Why the reflexes stopped the robot at the last decision, as in `Inputs`."""
    bars: Bars | None = None
    """The law of the floor as it was told last."""
    held: str = ''
    """Why the robot was held at the last decision."""
    saved: Checkpoint | None = None
    saved_ns: int = 0
    failures: tuple[Failure, ...] = ()
    """What was tried in vain."""
    recent: tuple[Event, ...] = ()
    """What happened of late, the oldest first; it does not outlive a restart."""
    violations: int | None = None
    """How many the situation node had counted at the last decision; None before the first."""


def initial(params: Params) -> State:
    """The state before the first decision."""
    return State(
        ground=make_ground(
            params.map,
            radius_m=params.radius_m,
            home=params.home[:2],
            survey_cell_m=params.survey_cell_m,
        )
    )


def current(jobs: tuple[Job, ...]) -> Job | None:
    """The most urgent job; among equals the one that came first."""
    return min(jobs, key=lambda job: (-job.order.priority, job.arrival), default=None)


def with_job(state: State, job: Job) -> State:
    """Put a job's new form in the place of the old one."""
    same = job.order.order_id
    return replace(
        state, jobs=tuple(job if old.order.order_id == same else old for old in state.jobs)
    )


def remember(answered: tuple[Answered, ...], ack: Ack) -> tuple[Answered, ...]:
    """Remember an answer: the first about its order, or else its last."""
    known = any(entry.first.order_id == ack.order_id for entry in answered)
    if not known:
        return (*answered, Answered(first=ack, last=None))[-_REMEMBERED:]
    return tuple(
        replace(entry, last=ack) if entry.first.order_id == ack.order_id else entry
        for entry in answered
    )


def checkpoint_of(state: State) -> Checkpoint:
    """What of the state is to survive a restart."""
    return Checkpoint(
        jobs=tuple(
            SavedJob(order=job.order, arrival=job.arrival, memory=job.memory) for job in state.jobs
        ),
        answered=state.answered,
        arrivals=state.arrivals,
        token=state.token,
        intent_id=state.intent_id,
        going_home=state.going_home,
        parked=state.parked,
        low_battery=state.low_battery,
        stopped=state.stopped,
        laws=state.laws,
    )


def resume(state: State, saved: Checkpoint) -> State:
    """Take up what a checkpoint holds."""
    return replace(
        state,
        jobs=tuple(
            Job(order=job.order, arrival=job.arrival, memory=job.memory) for job in saved.jobs
        ),
        answered=saved.answered,
        arrivals=saved.arrivals,
        token=saved.token,
        intent_id=saved.intent_id,
        going_home=saved.going_home,
        parked=saved.parked,
        low_battery=saved.low_battery,
        stopped=saved.stopped,
        laws=saved.laws,
        saved=saved,
    )


def must_save(state: State, checkpoint: Checkpoint, now_ns: int, save_ns: int) -> bool:
    """Whether the checkpoint says something new; what was seen meanwhile may wait a little."""
    if state.saved is None:
        return bool(checkpoint.jobs or checkpoint.answered or checkpoint.token)
    if _lasting(checkpoint) != _lasting(state.saved):
        return True
    stale = now_ns - state.saved_ns >= save_ns
    return stale and [job.memory for job in checkpoint.jobs] != [
        job.memory for job in state.saved.jobs
    ]


_PASSING: dict[str, Any] = {'elapsed_ns': 0, 'used_share': 0.0, 'seen': b'', 'before': b''}
"""What changes all the time; it is saved now and then."""


def _lasting(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint without what changes all the time."""
    still = tuple(replace(job, memory=replace(job.memory, **_PASSING)) for job in checkpoint.jobs)
    return replace(checkpoint, jobs=still, intent_id=0)
