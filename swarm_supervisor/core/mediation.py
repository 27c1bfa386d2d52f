# SPDX-License-Identifier: Apache-2.0
"""The mediator's decision as a core: who gives way when robots cannot settle it themselves.

It is called for four reasons (features, line 112): a robot STUCK for 30 s, 3 CONFLICTs of passage
between two robots that no agreement ended, a plan of COMPLEXITY above 0.8, and the final check of
a mission that says it is complete. What can be done is a short list that follows from both
sides' facts; rules rank it by the time that it costs, and a language model may prefer another
entry of the same list. What is chosen becomes an order like any other: judged, proved, and carried
out or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from math import dist

from pydantic import BaseModel, ConfigDict, ValidationError

from swarm_config.validation import first_fault
from swarm_vault.core import Core

NEAR_M = 2.5
"""A robot this near to a stuck one is a party to it [m]."""
SLOW_MPS = 0.5
"""Speed by which the cost of a way is estimated [m/s]."""
SHARED_M = 1.0
"""Two tasks whose places are nearer than this share them [m]."""
HALF_LOAD = 4.0
"""Complexity is load / (load + this): 0.8 at a load of 16."""


class Trigger(str, Enum):
    """Why the mediator is called."""

    STUCK = 'stuck'
    CONFLICT = 'conflict'
    COMPLEXITY = 'complexity'
    FINAL = 'final'


class Way(str, Enum):
    """What it can do."""

    SEND_HOME = 'send_home'
    """A robot without work that stands in the way goes home."""
    STEP_BACK = 'step_back'
    """The robot of lower rank goes home first and comes back to its order then."""
    HAND_OVER = 'hand_over'
    """The order goes to others."""
    SEQUENCE = 'sequence'
    """Tasks that share places are done one after the other."""
    ACCEPT = 'accept'
    """It is as it should be."""
    ASK = 'ask'
    """A human is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What is known of one party."""

    agent_id: str
    pose: tuple[float, float]
    home: tuple[float, float]
    order_id: str = ''
    """Empty: it has no work."""
    skill: str = ''
    priority: int = 0
    progress: float = 0.0
    still_s: float = 0.0
    """How long it has neither moved nor got on."""
    said: str = ''
    """The reason that its situation node gave last. Data, never an order."""
    heirs: tuple[str, ...] = ()
    """Who could take its order over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFact:
    """A task of a plan, as far as it can be in another's way."""

    number: int
    places: tuple[tuple[float, float], ...]
    after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """Everything that the decision depends on."""

    trigger: Trigger
    mission_id: str = ''
    sides: tuple[Side, ...] = ()
    """The party that cannot get on first."""
    conflicts: int = 0
    tasks: tuple[TaskFact, ...] = ()
    met: float = 1.0
    """Share of the success criteria that was seen to be met."""
    unmet: str = ''
    """What was not, in words."""
    tried: tuple[str, ...] = ()
    """Keys of what was done about this mission before."""
    model_said: str = ''
    """What a model preferred, as it said it; empty: none was asked or none answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediationParams:
    """When the mediator is called, and how often it may try."""

    stuck_s: float = 30.0
    """A robot that stood so long on a mission is stuck [s]."""
    conflicts: int = 3
    """So often two robots decline each other before it is called."""
    complexity: float = 0.8
    """Load of a plan above which it is looked at before it starts, 0 to 1."""
    success: float = 1.0
    """Share of the success criteria that must be met at the end, 0 to 1."""
    most: int = 3
    """Attempts in one mission; then a human is asked."""
    model: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing that could be done."""

    way: Way
    agent_id: str = ''
    cost_s: float = 0.0
    why: str = ''
    after: tuple[tuple[int, ...], ...] = ()
    """Of SEQUENCE: what each task waits for."""

    @property
    def key(self) -> str:
        """The same for the same remedy tried again."""
        return f'{self.way.value} {self.agent_id}'.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mediation:
    """What was decided."""

    spawned: bool
    reason: str
    """Why it was called, or why it was not."""
    options: tuple[Option, ...] = ()
    """All that could be done, the cheapest first."""
    chosen: Option | None = None
    author: str = 'rules'
    model_fault: str = ''
    """Why the model's preference was not followed."""


class _Preference(BaseModel):
    """What a model answers."""

    model_config = ConfigDict(extra='forbid', strict=True)

    option: int
    reason: str


PREFERENCE_SCHEMA = _Preference.model_json_schema()


def decide_mediation(
    state: None, dispute: Dispute, params: MediationParams
) -> tuple[None, Mediation]:
    """Settle one dispute."""
    due, reason = called_for(dispute, params)
    if not due:
        return state, Mediation(spawned=False, reason=reason)
    options = options_of(dispute, params)
    picked, author, fault = _picked(dispute, options, params)
    return state, Mediation(
        spawned=True,
        reason=reason,
        options=options,
        chosen=picked,
        author=author,
        model_fault=fault,
    )


def called_for(dispute: Dispute, params: MediationParams) -> tuple[bool, str]:
    """Whether one of the four numbers is reached, and what it is."""
    if dispute.trigger is Trigger.STUCK:
        still_s = dispute.sides[0].still_s if dispute.sides else 0.0
        return still_s >= params.stuck_s, f'STUCK: {still_s:.0f} s without getting on'
    if dispute.trigger is Trigger.CONFLICT:
        count = dispute.conflicts
        return count >= params.conflicts, f'CONFLICT: {count} that no agreement ended'
    if dispute.trigger is Trigger.COMPLEXITY:
        load = complexity_of(dispute.tasks)
        return load > params.complexity, f'COMPLEXITY: {load:.2f}'
    return True, f'final check: {dispute.met:.2f} of the success criteria are met'


def complexity_of(tasks: tuple[TaskFact, ...]) -> float:
    """How likely the tasks are to get into each other's way, 0 to 1.

    Load is one for each further task, two for each pair that shares a place, one for each task
    that another waits for.
    """
    waits = sum(len(task.after) for task in tasks)
    load = max(0, len(tasks) - 1) + 2 * len(list(_sharing(tasks))) + waits
    return load / (load + HALF_LOAD)


def options_of(dispute: Dispute, params: MediationParams) -> tuple[Option, ...]:
    """All that can be done and was not tried, the cheapest first; a human can always be asked."""
    ask = Option(way=Way.ASK, cost_s=1e6, why=_question(dispute))
    if len(dispute.tried) >= params.most:
        return (replace(ask, why=f'{ask.why}; {len(dispute.tried)} attempts were in vain'),)
    found = [o for o in _remedies(dispute, params) if o.key not in dispute.tried]
    return tuple(sorted((*found, ask), key=lambda one: (one.cost_s, one.key)))


def _remedies(dispute: Dispute, params: MediationParams) -> Iterator[Option]:
    if dispute.trigger is Trigger.FINAL:
        if dispute.met >= params.success:
            yield Option(way=Way.ACCEPT, why='what was ordered was seen to be done')
    elif dispute.trigger is Trigger.COMPLEXITY:
        yield _sequence(dispute.tasks)
    elif dispute.sides:
        yield from _between(dispute)


def _between(dispute: Dispute) -> Iterator[Option]:
    """What either side could do; who works and ranks higher goes first."""
    first, others = dispute.sides[0], dispute.sides[1:]
    close = dispute.trigger is Trigger.CONFLICT
    near = [o for o in others if close or dist(first.pose, o.pose) <= NEAR_M]
    for other in near:
        if not other.order_id:
            why = f'{other.agent_id} has no work and stands beside {first.agent_id}'
            yield _moving(Way.SEND_HOME, other, why, 5.0)
    busy = [side for side in (first, *near) if side.order_id]
    if len(busy) > 1:
        low = min(busy, key=_rank)
        why = f'{low.agent_id} ranks lowest of {", ".join(side.agent_id for side in busy)}'
        yield _moving(Way.STEP_BACK, low, why, 20.0)
    if first.heirs and first.order_id:
        why = f'{", ".join(first.heirs)} can take over {first.skill}'
        yield Option(way=Way.HAND_OVER, agent_id=first.agent_id, cost_s=90.0, why=why)


def _moving(way: Way, side: Side, why: str, extra_s: float) -> Option:
    cost_s = extra_s + dist(side.pose, side.home) / SLOW_MPS
    return Option(way=way, agent_id=side.agent_id, cost_s=round(cost_s, 1), why=why)


def _rank(side: Side) -> tuple[int, float, str]:
    """Who goes first has the greater: urgency, how far it is, and the name, so that none tie."""
    return side.priority, side.progress, side.agent_id


def _sequence(tasks: tuple[TaskFact, ...]) -> Option:
    """Let each task wait for the last one before it that shares a place with it."""
    waits = {task.number: set(task.after) for task in tasks}
    for early, late in _sharing(tasks):
        if not _leads(waits, early, late):
            waits[late].add(early)
    after = tuple(tuple(sorted(waits[task.number])) for task in tasks)
    return Option(way=Way.SEQUENCE, why='tasks that share places go one by one', after=after)


def _sharing(tasks: tuple[TaskFact, ...]) -> Iterator[tuple[int, int]]:
    for index, late in enumerate(tasks):
        for early in tasks[:index]:
            if any(dist(a, b) < SHARED_M for a in early.places for b in late.places):
                yield early.number, late.number


def _leads(waits: dict[int, set[int]], early: int, late: int) -> bool:
    """Whether the earlier task waits for the later one: then the other way would be a circle."""
    open_, seen = [early], set[int]()
    while open_:
        at = open_.pop()
        if at == late:
            return True
        if at not in seen:
            seen.add(at)
            open_ += waits.get(at, ())
    return False


def _question(dispute: Dispute) -> str:
    """What a human is told: the facts of both sides."""
    if dispute.trigger is Trigger.FINAL:
        return f'the mission says it is complete, and {dispute.unmet or "it was not seen"}'
    told = (_told(side) for side in dispute.sides)
    return '; '.join(told) or 'the plan is complex'


def _told(side: Side) -> str:
    place = f'({side.pose[0]:.1f}, {side.pose[1]:.1f})'
    work = f'{side.skill or "no work"} {100 * side.progress:.0f} %'
    said = f': {side.said}' if side.said else ''
    return f'{side.agent_id} at {place}, {work}, still for {side.still_s:.0f} s{said}'


def _picked(
    dispute: Dispute, options: tuple[Option, ...], params: MediationParams
) -> tuple[Option, str, str]:
    """The cheapest, unless a model prefers another one of the same list."""
    if not dispute.model_said:
        return options[0], 'rules', ''
    try:
        said = _Preference.model_validate_json(dispute.model_said)
    except ValidationError as error:
        return options[0], 'rules', f'it answered nonsense: {first_fault(error)}'
    if not 0 <= said.option < len(options):
        return options[0], 'rules', f'there is no option {said.option}'
    return options[said.option], f'model {params.model}', ''


def _nothing(_params: MediationParams) -> None:
    """There is no state."""


MEDIATION: Core[MediationParams, None, Dispute, Mediation] = Core(
    name='mediation',
    version=1,
    params=MediationParams,
    inputs=Dispute,
    outputs=Mediation,
    initial=_nothing,
    decide=decide_mediation,
)
