# SPDX-License-Identifier: Apache-2.0
"""The laws on the robot: what comes from outside is judged, and so is every motion before it.

The judge is the same function as the supervisor's; what it needs is in the token, the policy that
lies on this robot, and the revocations that peers and supervisor brought.
"""

from collections.abc import Sequence

from swarm_agent.planner.core import packet
from swarm_agent.planner.core.law_state import is_revoked
from swarm_agent.planner.core.orders import AckStatus, Order, Task
from swarm_agent.planner.core.skills.step import Want, hold
from swarm_agent.planner.core.state import Job
from swarm_agent.planner.core.turn import Turn
from swarm_agent.planner.core.types import Choice, IntentKind, Priority, Question
from swarm_vault.laws.core.bars import Bars, bars_of
from swarm_vault.laws.core.budget import REFLEX_STOP, Fault, FaultKind, spend
from swarm_vault.laws.core.judge import Case, judge, speed_limit
from swarm_vault.laws.core.policy import Policy
from swarm_vault.laws.core.tiers import merged, standing_word
from swarm_vault.laws.core.values import Action, Judgement, Presence, Revocation, Verdict
from swarm_vault.replacing import replace

SPEED = 'speed_mps'
"""A choice may carry it besides the parameters of its skill [m/s]."""
_LEADS = (IntentKind.GO_TO, IntentKind.PARK)
_MOVES = (*_LEADS, IntentKind.EXPLORE, IntentKind.YIELD)
_ANYWHERE = ('policy.invalid', 'mandate.none', 'mandate.window', 'tier')
"""Rules that block every motion, wherever it leads."""
_PASSING = ('tier', 'tier.sandbox', 'mandate.none', 'mandate.window')
"""Rules that another token may satisfy later."""


def hear(turn: Turn, news: Sequence[Revocation] | None) -> None:
    """Take over revocations; a word on this robot takes effect at once."""
    if not news:
        return
    agent_id, laws = turn.params.agent_id, turn.state.laws
    before = standing_word(laws.revocations, agent_id)
    laws = replace(laws, revocations=merged(laws.revocations, news))
    after = standing_word(laws.revocations, agent_id)
    for entry in laws.revocations:
        if entry not in turn.state.laws.revocations:
            word = 'trusted again' if entry.lifted else 'revoked'
            text = f'{entry.agent_id} is {word} by {entry.by}: {entry.reason}'
            turn.note('revocation.heard', text, kind='STATE_CHANGE')
    turn.state = replace(turn.state, laws=laws)
    if after is not None and after != before:
        _obey(turn, after)


def told(turn: Turn, policy: Policy | None) -> None:
    """Remember other laws for the next order; until it comes, what is under way goes on."""
    if policy is None:
        return
    turn.state = replace(turn.state, told_policy=policy)
    turn.note('policy.told', f'{policy.version}; from the next order on', kind='STATE_CHANGE')


def adopt(turn: Turn) -> None:
    """Bring the laws into force that were told; an order is about to be judged."""
    policy = turn.state.told_policy
    if policy is None:
        return
    turn.state = replace(turn.state, policy=policy, told_policy=None)
    turn.note('policy.taken', policy.version or policy.fault, kind='STATE_CHANGE')


def _obey(turn: Turn, word: Revocation) -> None:
    """Stand, or be allowed to be trusted again."""
    if not word.lifted:
        turn.halt(f'revoked by {word.by}: {word.reason}')
    elif word.stamp_ns > turn.state.laws.breach_ns:
        laws = replace(turn.state.laws, breach='', breach_ns=0, spent=())
        turn.state = replace(turn.state, laws=laws)
        turn.note('trust.restored', f'by {word.by}: {word.reason}', kind='STATE_CHANGE')


def admitted(turn: Turn, order: Order) -> tuple[Order, str]:
    """Judge an order; returns it, amended where the judge said so, and why it is refused."""
    if order.local and not turn.policy.local_orders:
        return order, 'the policy lets no ROS client of this robot give orders'
    order = packet.compiled(order, turn.policy.budget)
    fault_ = packet.refusal(order, turn.trust, turn.state.ground)
    if fault_:
        return order, f'law packet: {fault_}'
    ruling = _judged(turn, _action_of(order), order)
    if ruling.verdict is Verdict.REVISE and ruling.amended is not None:
        turn.note('judge.revised', ruling.reason, order_id=order.order_id)
        amended = ruling.amended
        return replace(order, seconds=amended.seconds, loops=amended.loops), ''
    return order, '' if ruling.verdict is Verdict.ALLOW else f'law {ruling.rule}: {ruling.reason}'


def refused_by_law(turn: Turn, order: Order, reason: str) -> None:
    """Count a refused order of this robot's own clients against its budget."""
    if order.local:
        place = ', '.join(f'{x:.1f} {y:.1f}' for x, y, _ in order.stops)
        turn.note('command.refused', reason, order_id=order.order_id, kind='VIOLATION')
        fault(turn, FaultKind.REFUSED, f'{order.task.value} {place}'.strip())


def motion(turn: Turn, want: Want, job: Job | None) -> tuple[Want, str]:
    """Judge a motion before it is asked for.

    Returns:
        What may be asked for, slowed where the judge said so, and why nothing may. An order that
        could be gone on with later is only held up; any other has failed then.
    """
    if want.kind not in _MOVES or not want.skill:
        return want, ''
    left = '' if job is None else _left(turn, want, job)
    if left:
        return hold(want.skill, Priority.IDLE), left
    action = _action_of_want(turn, want, job)
    ruling = _judged(turn, action, None if job is None else job.order)
    if ruling.verdict is Verdict.ALLOW:
        return _slowed(turn, want, action.speed_mps), ''
    if ruling.verdict is Verdict.REVISE and ruling.amended is not None:
        return _slowed(turn, want, ruling.amended.speed_mps), ''
    reason = f'law {ruling.rule}: {ruling.reason}'
    if reason != turn.state.held:
        turn.note('judge.blocked', f'{want.skill}: {reason}', kind='VIOLATION')
    if job is not None and ruling.rule not in _PASSING:
        turn.close(job, AckStatus.FAILED, reason)
        turn.state = replace(turn.state, going_home=False)
        turn.again = True
    return hold(want.skill, Priority.IDLE), reason


def _left(turn: Turn, want: Want, job: Job) -> str:
    """Stop an order whose next motion leaves its packet or its authority; returns why."""
    text = packet.leaves(job.order, want, turn.params.survey_range_m)
    key = f'{want.skill} beyond the packet'
    if not text:
        text, key = _new_mandate(turn, job), ''
    if not text:
        return ''
    reason = f'law packet: {text}'
    turn.note('packet.left', text, order_id=job.order.order_id, kind='VIOLATION')
    if key:
        fault(turn, FaultKind.BOUNDS, key)
    for open_ in turn.state.jobs:
        if open_.order.order_id == job.order.order_id:
            turn.close(open_, AckStatus.FAILED, reason)
            turn.again = True
    return reason


def _new_mandate(turn: Turn, job: Job) -> str:
    """Judge an order once more when another mandate than the cited one came into force."""
    order, mandate = job.order, turn.trust.mandate
    if not order.mandate_id or mandate is None or mandate.mandate_id == order.mandate_id:
        return ''
    ruling = _judged(turn, _action_of(order), order)
    if ruling.verdict not in {Verdict.ALLOW, Verdict.REVISE}:
        return f'mandate {order.mandate_id} is replaced: {ruling.reason}'
    text = f'{order.mandate_id} by {mandate.mandate_id}, which covers the order, too'
    turn.note('mandate.replaced', text, order_id=order.order_id, kind='STATE_CHANGE')
    renewed = replace(order, mandate_id=mandate.mandate_id)
    jobs = tuple(replace(j, order=renewed) if j.order == order else j for j in turn.state.jobs)
    turn.state = replace(turn.state, jobs=jobs)
    return ''


def of_choice(turn: Turn, choice: Choice) -> Choice:
    """Take the speed out of a proposal: one over the limit is cut to it, and counts as a fault."""
    given = dict(choice.parameters)
    if SPEED not in given:
        return choice
    asked = given.pop(SPEED)
    case = _case(turn, Action(skill=choice.skill, agent_id=turn.params.agent_id))
    limit = min(speed_limit(case, turn.policy), turn.params.max_speed_mps)
    if not 0.0 < asked <= limit:
        text = f'{choice.source}: {asked:g} m/s proposed, {limit:g} m/s allowed'
        turn.note('judge.revised', text, order_id=turn.state.active)
        fault(turn, FaultKind.BOUNDS, f'speed of {choice.skill}')
        asked = limit
    pace = (turn.state.active, asked)
    turn.state = replace(turn.state, laws=replace(turn.state.laws, pace=pace))
    return replace(choice, parameters=tuple(sorted(given.items())))


def refused_choice(turn: Turn, choice: Choice, question: Question | None) -> None:
    """Count an answer that cannot be used; one that only came too late is no fault."""
    if question is not None and choice.question_id == question.question_id:
        fault(turn, FaultKind.REFUSED, f'choice of {choice.skill}')


def fault(turn: Turn, kind: FaultKind, key: str) -> None:
    """Enter a fault; a breach of the budget stops the robot until a human has trusted it again.

    Budgets belong to missions: outside of any, what is refused is refused, and that is all.
    """
    jobs = turn.state.jobs
    active = next((j.order for j in jobs if j.order.order_id == turn.state.active), None)
    if active is None or not active.mission_id:
        return
    agent_id, mission_id = turn.params.agent_id, active.mission_id
    entry = Fault(agent_id=agent_id, mission_id=mission_id, kind=kind, key=key)
    budget = packet.stricter(turn.policy.budget, active.budget)
    spent, breach = spend(turn.state.laws.spent, entry, budget)
    turn.state = replace(turn.state, laws=replace(turn.state.laws, spent=spent))
    turn.note(f'fault.{kind.value}', key, kind='VIOLATION')
    if not breach or turn.state.laws.breach:
        return
    text = f'error budget breached: {breach}'
    laws = replace(turn.state.laws, breach=text, breach_ns=turn.inputs.wall_ns)
    turn.state = replace(turn.state, laws=laws)
    turn.note('budget.breached', breach, order_id=active.order_id, kind='VIOLATION')
    asked = f'{text}; {active.issued_by or "the operator"} is asked, others take over'
    turn.note('escalation.raised', asked, order_id=active.order_id, kind='STATE_CHANGE')
    turn.halt(text)


def bars(turn: Turn, order: Order | None) -> Bars | None:
    """The law of the floor for the ways of an order; None while it is as it was."""
    new = floor(turn, order)
    new = replace(new, keep=() if order is None else order.scope, stand=_stands(turn))
    if new == turn.state.bars:
        return None
    turn.state = replace(turn.state, bars=new)
    names = ', '.join(f'{wall.name} ({wall.why})' for wall in new.walls)
    stands = f'; the robot stands: {new.stand}' if new.stand else ''
    turn.note('law.floor', f'closed: {names or "nothing"}{stands}', kind='STATE_CHANGE')
    return new


def _stands(turn: Turn) -> str:
    """Why the robot may not move anywhere, not even aside for a peer; empty when it may."""
    if turn.state.stopped:
        return turn.state.stopped
    if turn.trust.tier <= 0:
        return turn.no_motion
    home = Action(skill=Task.RETURN_TO_BASE.value, agent_id=turn.params.agent_id)
    ruling = judge(_case(turn, home), turn.policy)
    return f'law {ruling.rule}: {ruling.reason}' if ruling.rule in _ANYWHERE else ''


def floor(turn: Turn, order: Order | None) -> Bars:
    """What is closed to this robot now, with the words that the order brought."""
    return bars_of(
        turn.policy,
        turn.trust,
        wall_ns=turn.inputs.wall_ns,
        people=_words(order),
        approved=order is not None and order.approved,
    )


def _words(order: Order | None) -> tuple[Presence, ...]:
    """What the order brought of who is where."""
    if order is None:
        return ()
    return tuple(Presence(zone=name, count=0, stamp_ns=order.clear_ns) for name in order.clear)


def reflex_stop(turn: Turn) -> None:
    """Count a stop of the reflexes that the robot's own command brought about, once each."""
    cause = turn.inputs.reflex_stop
    if cause and cause != turn.state.reflex_stop:
        fault(turn, FaultKind.BOUNDS, f'{REFLEX_STOP}{cause}')
    turn.state = replace(turn.state, reflex_stop=cause)


def barred(turn: Turn) -> bool:
    """Whether only a human's word can bring the robot into motion again."""
    laws = turn.state.laws
    return bool(laws.breach) or is_revoked(laws, turn.params.agent_id)


def _judged(turn: Turn, action: Action, order: Order | None) -> Judgement:
    case = _case(turn, action)
    if order is not None:
        case = replace(case, approved=order.approved, people=_words(order))
    return judge(case, turn.policy)


def _case(turn: Turn, action: Action) -> Case:
    return Case(
        action=action,
        trust=turn.trust,
        wall_ns=turn.inputs.wall_ns,
        needs_mandate=turn.params.supervised,
    )


def _action_of(order: Order) -> Action:
    """An order as the judge sees it; a survey's stops are judged one by one on the way."""
    return Action(
        skill=order.task.value,
        agent_id=order.agent_id,
        goals=tuple((x, y) for x, y, _ in order.stops),
        seconds=order.seconds,
        loops=order.loops,
        given_by=order.issued_by,
    )


def _action_of_want(turn: Turn, want: Want, job: Job | None) -> Action:
    situation = turn.situation
    here = () if situation is None else (situation.pose[:2],)
    return Action(
        skill=want.skill,
        agent_id=turn.params.agent_id,
        goals=(want.goal[:2],) if want.kind in _LEADS else here,
        speed_mps=_wished(turn, want, job),
        given_by='' if job is None else job.order.issued_by,
    )


def _wished(turn: Turn, want: Want, job: Job | None) -> float:
    """How fast the robot would drive, by its skill, its order and its mind [m/s]."""
    speed_mps = want.speed_factor * turn.params.max_speed_mps
    order_id, pace_mps = turn.state.laws.pace
    if job is None:
        return speed_mps
    if job.order.max_speed_mps > 0.0:
        speed_mps = min(speed_mps, job.order.max_speed_mps)
    mind = order_id == job.order.order_id and pace_mps > 0.0
    return min(speed_mps, pace_mps) if mind else speed_mps


def _slowed(turn: Turn, want: Want, speed_mps: float) -> Want:
    factor = speed_mps / turn.params.max_speed_mps
    return want if factor >= want.speed_factor else replace(want, speed_factor=factor)
