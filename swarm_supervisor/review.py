# SPDX-License-Identifier: Apache-2.0
"""A plan before the judge: what each task does, for each robot that could do it."""

from dataclasses import dataclass, replace

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.judges import JudgeQuestion
from swarm_supervisor.roster import Member
from swarm_supervisor.strategist import (
    DeliverTask,
    GoToTask,
    PatrolTask,
    Plan,
    RecallTask,
    ReturnTask,
    Spot,
    SurveyTask,
    Task,
    WaitTask,
    squad_of,
)
from swarm_supervisor.task_ways import way_of
from swarm_supervisor.trusting import trust_to_give
from swarm_vault.laws.core.judge import STRICTNESS, Case, Opinion, needed_tier
from swarm_vault.laws.core.roles import Principal, Right
from swarm_vault.laws.core.values import Action, Area, Judgement, Tier, Trust, Verdict
from swarm_vault.recorder import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the judge says of a whole plan."""

    judgement: Judgement
    """The strictest of all tasks, for the best robot of each."""
    plan: Plan
    """As amended."""
    actions: tuple[Action, ...]
    barred: frozenset[str]
    """Robots that must not be chosen."""
    grants_tier: int
    """Tier that the giver grants for the orders of this plan; 0: none."""


async def review(
    hq: Headquarters,
    plan: Plan,
    principal: Principal,
    *,
    text: str,
    approved: bool = False,
    cause: str = '',
) -> Ruling:
    """Let the judge rule on a plan; the ruling is recorded.

    Args:
        hq: The headquarters.
        plan: A plan that passed the check.
        principal: Who gave the order.
        text: The order in words.
        approved: Whether a human approved exactly this plan.
        cause: Audit event that led here.
    """
    opinion = await _second_opinion(hq, plan, text)
    rulings = [
        _task(hq, task, principal, plan.author, approved=approved, opinion=opinion)
        for task in plan.tasks
        if not isinstance(task, RecallTask)
    ]
    ruling = _whole(plan, rulings, principal)
    _note(hq, ruling, opinion, text, cause)
    return ruling


async def _second_opinion(hq: Headquarters, plan: Plan, text: str) -> Opinion | None:
    if hq.second_judge is None:
        return None
    actions = tuple(a for task in plan.tasks if (a := action_of(hq, task, '', plan.author)))
    question = JudgeQuestion(order=text, actions=actions, policy=hq.court.policy_of(''))
    return await hq.second_judge.opinion(question)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TaskRuling:
    task: Task
    action: Action
    judgement: Judgement
    allowed: frozenset[str]
    barred: frozenset[str]
    """Robots that could do it, if the judge let them."""
    needed: int
    """Tier that the task asks of those who may do it."""


def _task(
    hq: Headquarters,
    task: Task,
    principal: Principal,
    author: str,
    *,
    approved: bool,
    opinion: Opinion | None,
) -> _TaskRuling:
    """Judge a task for everybody who could do it; the mildest ruling is that of the task."""
    action = action_of(hq, task, principal.name, author)
    assert action is not None
    members = _candidates(hq, task)
    actions = [_for(hq, action, member) for member in members]
    cases = [
        Case(
            action=own,
            trust=_trust(hq, member, principal),
            wall_ns=hq.clock(),
            may_order=_may(hq, own, principal),
            approved=approved,
            opinion=opinion,
            people=hq.people.words(),
        )
        for own, member in zip(actions, members, strict=True)
    ]
    outputs = hq.court.judge(cases)
    found = list(zip(members, outputs.judgements, strict=True))
    best = min(outputs.judgements, key=lambda one: STRICTNESS.index(one.verdict), default=None)
    allowed = frozenset(m.agent_id for m, j in found if j.verdict is not Verdict.BLOCK)
    policy = hq.court.policy_of('')
    needed = [needed_tier(o, policy) for o in actions if o.agent_id in allowed]
    return _TaskRuling(
        task=task,
        action=action,
        judgement=best or _NOBODY,
        allowed=allowed,
        barred=frozenset(m.agent_id for m in members) - allowed,
        needed=max(needed, default=0),
    )


_NOBODY = Judgement(verdict=Verdict.BLOCK, rule='nobody', reason='no robot can be given orders')


def asked_first(ruling: Ruling, ask: str) -> Ruling:
    """A ruling under the wish that a human confirms first what the judge would let pass.

    Args:
        ruling: The judge's.
        ask: Why a human is asked; empty for no wish.
    """
    if not ask or ruling.judgement.verdict not in {Verdict.ALLOW, Verdict.REVISE}:
        return ruling
    asked = replace(ruling.judgement, verdict=Verdict.ESCALATE, rule='wish', reason=ask)
    return replace(ruling, judgement=asked)


def _candidates(hq: Headquarters, task: Task) -> tuple[Member, ...]:
    named = getattr(task, 'robot', None)
    out = hq.roster.outside(squad_of(task))
    there = (m for m in hq.roster.available() if m.agent_id not in out)
    return tuple(m for m in there if named in (None, m.agent_id))


def _for(hq: Headquarters, action: Action, member: Member) -> Action:
    """An action as it is for one robot: with its home where that is the goal, and its way."""
    goals = action.goals or _home(action, member)
    own = replace(action, agent_id=member.agent_id, goals=goals)
    return replace(own, way=way_of(hq, own, member))


def _home(action: Action, member: Member) -> tuple[tuple[float, float], ...]:
    return (member.robot.home[:2],) if action.skill == 'return_to_base' else ()


def _trust(hq: Headquarters, member: Member, principal: Principal) -> Trust:
    """What the robot's token would say if this order were given."""
    trust, _ = trust_to_give(hq, member)
    grants = principal.may(Right.ORDER_PAYLOAD) and trust.tier >= Tier.BUILDER
    if trust.mandate is None or not grants:
        return trust
    tier = max(trust.tier, min(int(Tier.EXECUTOR), trust.mandate.tier))
    return Trust(tier=tier, mandate=trust.mandate)


def _may(hq: Headquarters, action: Action, principal: Principal) -> bool:
    """Whether the giver's role covers what the action asks for."""
    needed = needed_tier(action, hq.court.policy_of(''))
    return principal.may(Right.ORDER_PAYLOAD if needed >= Tier.EXECUTOR else Right.ORDER)


def _whole(plan: Plan, rulings: list[_TaskRuling], principal: Principal) -> Ruling:
    worst = max(
        (r.judgement for r in rulings),
        key=lambda one: STRICTNESS.index(one.verdict),
        default=Judgement(verdict=Verdict.ALLOW, rule='', reason='nothing moves'),
    )
    barred = frozenset().union(
        *(r.barred for r in rulings if getattr(r.task, 'robot', None) is None)
    )
    needed = max((r.needed for r in rulings), default=0)
    grants = needed >= Tier.EXECUTOR and principal.may(Right.ORDER_PAYLOAD)
    return Ruling(
        judgement=worst,
        plan=_amended(plan, rulings),
        actions=tuple(r.action for r in rulings),
        barred=barred,
        grants_tier=int(Tier.EXECUTOR) if grants else 0,
    )


def _amended(plan: Plan, rulings: list[_TaskRuling]) -> Plan:
    """The plan with what the judge cut down; an amended task was judged again."""
    changed = {id(r.task): _amended_task(r) for r in rulings}
    tasks = tuple(changed.get(id(task), task) for task in plan.tasks)
    return replace(plan, tasks=tasks)


def _amended_task(ruling: _TaskRuling) -> Task:
    task, amended = ruling.task, ruling.judgement.amended
    if amended is None:
        return task
    if isinstance(task, WaitTask):
        return replace(task, seconds=amended.seconds)
    if isinstance(task, PatrolTask):
        return replace(task, loops=amended.loops)
    return task


def action_of(hq: Headquarters, task: Task, given_by: str, planned_by: str) -> Action | None:
    """A task as the judge sees it; None for one that moves nothing."""
    if isinstance(task, RecallTask):
        return None
    skill, goals, areas = _places(hq, task)
    return Action(
        skill=skill,
        agent_id=getattr(task, 'robot', None) or '',
        goals=goals,
        areas=areas,
        everywhere=isinstance(task, SurveyTask) and task.sector is None,
        seconds=task.seconds if isinstance(task, WaitTask) else 0.0,
        loops=task.loops if isinstance(task, PatrolTask) else 1,
        given_by=given_by,
        planned_by=planned_by,
    )


def _places(
    hq: Headquarters, task: Task
) -> tuple[str, tuple[tuple[float, float], ...], tuple[Area, ...]]:
    if isinstance(task, SurveyTask):
        sector = task.sector
        corners = () if sector is None else tuple(hq.places.sectors.get(sector, ()))
        return 'survey', (), (Area(name=sector, corners=corners),) if sector else ()
    if isinstance(task, PatrolTask):
        return 'patrol', _points(task.stops), ()
    if isinstance(task, GoToTask):
        return 'go_to', _points((task.goal,)), ()
    if isinstance(task, DeliverTask):
        return 'deliver', _points((task.pick_up, task.drop_off)), ()
    if isinstance(task, ReturnTask):
        return 'return_to_base', (), ()
    return 'wait' if isinstance(task, WaitTask) else 'unknown', (), ()


def _points(spots: tuple[Spot, ...]) -> tuple[tuple[float, float], ...]:
    return tuple((spot.x_m, spot.y_m) for spot in spots)


def _note(
    hq: Headquarters, ruling: Ruling, opinion: Opinion | None, text: str, cause: str
) -> None:
    judgement = ruling.judgement
    data = {
        'order': text[:1000],
        'verdict': judgement.verdict.value,
        'rule': judgement.rule,
        'reason': judgement.reason,
        'law': judgement.law,
        'skills': [action.skill for action in ruling.actions],
        'barred': sorted(ruling.barred),
        'grants_tier': ruling.grants_tier,
        'second_judge': '' if opinion is None else f'{opinion.author}: {opinion.verdict.value}',
    }
    hq.note(Kind.DECISION, 'law.ruled', data, causes=(cause,))
