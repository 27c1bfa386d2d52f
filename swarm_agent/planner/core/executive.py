# SPDX-License-Identifier: Apache-2.0
"""The planner's decision: which order, which skill, and whether the robot may move at all."""

from dataclasses import dataclass

from swarm_agent.planner.core import doubts, energy, intake, laws, takeover
from swarm_agent.planner.core.cards import Precondition, card_of
from swarm_agent.planner.core.law_state import may_run
from swarm_agent.planner.core.orders import AckStatus, LinkLoss, Task
from swarm_agent.planner.core.question import (
    LONGEST_ASIDE_S,
    Facts,
    options_now,
    rule_choice,
)
from swarm_agent.planner.core.recent import CALLED, Word, in_words
from swarm_agent.planner.core.skills import SKILLS
from swarm_agent.planner.core.skills.go_to import towards
from swarm_agent.planner.core.skills.return_to_base import homeward, parked
from swarm_agent.planner.core.skills.step import Scratch, Status, Step, Want, hold
from swarm_agent.planner.core.state import (
    Aside,
    Job,
    State,
    checkpoint_of,
    current,
    must_save,
    with_job,
)
from swarm_agent.planner.core.turn import Turn
from swarm_agent.planner.core.types import (
    Checkpoint,
    Inputs,
    Intent,
    IntentKind,
    Nav,
    Outputs,
    Params,
    Phase,
    Priority,
    Question,
    SkillMemory,
)
from swarm_agent.planner.core.weighing import settle
from swarm_vault.replacing import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What the robot is about after this decision."""

    want: Want
    phase: Phase
    job: Job | None = None
    reason: str = ''


def decide(state: State, inputs: Inputs, params: Params) -> tuple[State, Outputs]:
    """Decide what the robot is about; see `Inputs` and `Outputs`."""
    turn = Turn(state=state, inputs=inputs, params=params)
    intake.restore(turn)
    intake.trust(turn)
    intake.orders(turn)
    intake.recalls(turn)
    intake.stops(turn)
    takeover.widen(turn)
    intake.expire(turn)
    intake.battery(turn)
    intake.link(turn)
    laws.reflex_stop(turn)
    _surprises(turn)
    _take_choice(turn)
    act = _lawful(turn, _act(turn))
    bars = laws.bars(turn, None if act.job is None or _homing(act) else act.job.order)
    intent = _intent(turn, act)
    checkpoint = _checkpoint(turn)
    return turn.state, replace(_outputs(turn, act, intent, checkpoint), bars=bars)


def _surprises(turn: Turn) -> None:
    """Remember that the world contradicted the situation node since the last decision."""
    if turn.inputs.situation is None:
        return
    before, now = turn.state.violations, turn.inputs.situation.violations
    if now == before:
        return
    if before is not None and now > before:
        turn.happened(Word.SURPRISED)
    turn.state = replace(turn.state, violations=now)


def _homing(act: Act) -> bool:
    return act.phase is Phase.RETURNING


def _lawful(turn: Turn, act: Act) -> Act:
    """What the judge leaves of a motion before it is asked for."""
    want, reason = laws.motion(turn, act.want, act.job)
    if not reason:
        return replace(act, want=want)
    open_ = act.job is not None and act.job in turn.state.jobs
    return _stand(turn, reason, act.job if open_ else None)


def _act(turn: Turn) -> Act:
    """The order of override: stops, then what cannot be known, then the link, then the mission."""
    state = turn.state
    if state.stopped:
        return _stand(turn, state.stopped, None)
    job = current(state.jobs)
    if job is None and not state.going_home:
        return _rest(turn)
    held = _unfit(turn, job)
    if held:
        return _stand(turn, held, job)
    if job is None:
        return _go_home(turn, 'done, going home', None)
    return _without_link(turn, job) or _work(turn, job)


def _unfit(turn: Turn, job: Job | None) -> str:
    """Why the robot must not move now; empty when it may."""
    if turn.inputs.e_stop:
        return 'the emergency stop is latched'
    if turn.situation is None:
        return 'no fresh situation: where the robot is is not known'
    if turn.battery is None:
        return 'no fresh battery state'
    task = Task.RETURN_TO_BASE if job is None else job.order.task
    card = card_of(turn.params.cards, task.value)
    if card is None or not may_run(card, turn.tier):
        return turn.no_motion
    return ''


def _stand(turn: Turn, reason: str, job: Job | None) -> Act:
    """Hold where the robot is; what was going on is interrupted, not forgotten."""
    _interrupt(turn, job)
    if reason != turn.state.held:
        turn.note('held', reason, kind='STATE_CHANGE')
        turn.happened(Word.HELD)
    turn.state = replace(turn.state, held=reason, aside=None, home_leg=None)
    skill = '' if job is None else job.order.task.value
    return Act(want=hold(skill, _rank(turn)), phase=Phase.STOPPED, job=job, reason=reason)


def _without_link(turn: Turn, job: Job) -> Act | None:
    """What the order's link-loss policy puts in the place of work; None where work goes on."""
    if not intake.link_lost(turn):
        return None
    policy = intake.policy_of(job.order)
    if policy is LinkLoss.RETURN_HOME:
        return _go_home(turn, 'the link is lost, going home', job)
    finished = policy is LinkLoss.FINISH_LEG and job.memory.leg != turn.state.link_leg
    return _wait_for_link(turn, job) if policy is LinkLoss.HOLD or finished else None


def _wait_for_link(turn: Turn, job: Job) -> Act:
    _interrupt(turn, job)
    reason = 'waiting for the link to the supervisor'
    want = hold(job.order.task.value, _rank(turn))
    return Act(want=want, phase=Phase.EXECUTING, job=job, reason=reason)


def _rest(turn: Turn) -> Act:
    """Nothing to do: parked at home, or idle where the robot is; without trust it stays put."""
    phase = Phase.HOME if turn.state.parked else Phase.IDLE
    turn.state = replace(turn.state, active='', held='')
    card = card_of(turn.params.cards, Task.RETURN_TO_BASE.value)
    if card is None or not may_run(card, turn.tier) or turn.inputs.e_stop:
        return Act(want=hold('', Priority.IDLE), phase=phase, reason=turn.no_motion)
    if turn.state.parked:
        return Act(want=parked(turn.params), phase=phase)
    return Act(want=Want(kind=IntentKind.IDLE, skill='', priority=Priority.IDLE), phase=phase)


def _go_home(turn: Turn, reason: str, job: Job | None) -> Act:
    """Drive home and park; where there is no way, pause and try again."""
    situation = turn.situation
    assert situation is not None
    _interrupt(turn, job)
    want = homeward(turn.params, max(Priority.RETURNING, _rank(turn)))
    waiting = Act(want=hold(want.skill, want.priority), phase=Phase.RETURNING, job=job)
    failed_ns = turn.state.home_failed_ns
    pause_ns = turn.params.tuning.retry_home_s * 1e9
    if failed_ns is not None and turn.inputs.now_ns - failed_ns < pause_ns:
        return replace(waiting, reason='no way home, trying again soon')
    scratch = Scratch(leg=turn.state.home_leg)
    taken = towards(want, SkillMemory(), scratch, turn.view(situation, None))
    turn.state = replace(turn.state, home_leg=taken.scratch.leg, home_failed_ns=None, held='')
    if taken.status is Status.FAILED:
        turn.note('home.unreachable', taken.reason)
        turn.state = replace(turn.state, home_failed_ns=turn.inputs.now_ns, home_leg=None)
        return replace(waiting, reason=taken.reason)
    if taken.status is Status.DONE and job is None:
        turn.note('home', 'arrived, parking', kind='STATE_CHANGE')
        turn.state = replace(turn.state, going_home=False, parked=True, home_leg=None)
        return _rest(turn)
    return Act(want=want, phase=Phase.RETURNING, job=job, reason=reason)


def _work(turn: Turn, job: Job) -> Act:
    """Take one step of the order's skill, or of what was put in before it."""
    situation = turn.situation
    assert situation is not None
    _activate(turn, job)
    turn.state = replace(turn.state, parked=False, held='', home_leg=None, home_failed_ns=None)
    job = energy.charged(turn, job)
    spent = energy.spent(turn, job)
    if spent:
        turn.close(job, AckStatus.FAILED, spent)
        return _act(turn)
    aside = _aside(turn)
    if aside is not None:
        turn.state = with_job(turn.state, replace(job, stepped_ns=None))
        return Act(want=aside.want, phase=Phase.EXECUTING, job=job)
    view = turn.view(situation, job.stepped_ns)
    if job.order.task is Task.SURVEY:
        view = replace(view, bars=laws.floor(turn, job.order))
    step = SKILLS[job.order.task](job.order, job.memory, job.scratch, view)
    done = _stepped(turn, job, step)
    if step.left_out:
        turn.note('survey.left_out', step.left_out, order_id=job.order.order_id)
    if step.status is not Status.RUNNING:
        fault = doubts.effect(turn, job, step) if step.status is Status.DONE else step.reason
        if turn.state.aside is not None:
            return Act(want=turn.state.aside.want, phase=Phase.EXECUTING, job=job)
        turn.close(done, AckStatus.FAILED if fault else AckStatus.COMPLETED, fault or step.reason)
        return _act(turn)
    if step.blocked_ns >= turn.params.tuning.blocked_ask_s * 1e9 and done.asked != step.want:
        done = replace(done, asked=step.want)
        turn.state = with_job(turn.state, done)
        _ask(turn, done, 'blocked', situation.reason)
        turn.happened(Word.BLOCKED)
    turn.again = turn.again or step.again
    want = replace(step.want, priority=max(step.want.priority, _rank(turn)))
    returning = job.order.task is Task.RETURN_TO_BASE
    phase = Phase.RETURNING if returning else Phase.EXECUTING
    return Act(want=want, phase=phase, job=done, reason=step.reason)


def _stepped(turn: Turn, job: Job, step: Step) -> Job:
    done = replace(
        job,
        memory=step.memory,
        scratch=step.scratch,
        stepped_ns=turn.inputs.now_ns,
        progress=step.progress,
    )
    turn.state = with_job(turn.state, done)
    return done


def _activate(turn: Turn, job: Job) -> None:
    """Begin or resume an order: say so, and ask whether something should come before it."""
    order_id = job.order.order_id
    if turn.state.active == order_id:
        return
    for other in turn.state.jobs:
        if other is not job:
            _interrupt(turn, other)
    begun = job.memory != SkillMemory()
    turn.note('order.resumed' if begun else 'order.begun', job.order.task.value, order_id=order_id)
    turn.state = replace(turn.state, active=order_id, aside=None)
    _ask(turn, job, 'start', '')
    turn.happened(Word.BEGUN)


def _interrupt(turn: Turn, job: Job | None) -> None:
    if job is not None and (job.stepped_ns is not None or job.charge is not None):
        scratch = replace(job.scratch, leg=None)
        idle = replace(job, stepped_ns=None, charge=None, scratch=scratch)
        turn.state = with_job(turn.state, idle)


def _rank(turn: Turn) -> Priority:
    """Right of way that does not depend on the skill: a load on board, a low battery."""
    if any(job.memory.carrying for job in turn.state.jobs):
        return Priority.PAYLOAD
    return Priority.LOW_BATTERY if turn.state.low_battery else Priority.IDLE


def _ask(turn: Turn, job: Job, occasion: str, trouble: str) -> None:
    """Put a question to the planner port where there is a choice at all."""
    facts = _facts(turn, occasion)
    ordered = job.order.task.value
    cards = tuple(c for c in turn.params.cards if c.name not in job.order.forbidden)
    options = options_now(cards, ordered, facts, turn.tier)
    if len(options) < 2 or options[0].skill != ordered:
        return
    number = turn.state.questions + 1
    turn.question = Question(
        question_id=number,
        occasion=occasion,
        order=ordered,
        state=_state_in_words(turn, trouble),
        options=options,
        peers=0 if turn.situation is None else len(turn.situation.peers),
        recent=in_words(turn.state.recent, turn.inputs.now_ns),
    )
    turn.state = replace(turn.state, questions=number, question=turn.question)
    turn.note('choice.asked', _question_in_words(turn.question), order_id=job.order.order_id)


def _question_in_words(question: Question) -> str:
    before = f'; the minute before: {question.recent}' if question.recent else ''
    return f'{question.occasion}: {question.state}{before}'


def _facts(turn: Turn, occasion: str) -> Facts:
    situation = turn.situation
    return {
        Precondition.LOCALISED: situation is not None,
        Precondition.BATTERY_ABOVE_RESERVE: not turn.state.low_battery,
        Precondition.HANDS_FREE: not any(job.memory.carrying for job in turn.state.jobs),
        Precondition.PEERS_NEAR: situation is not None and bool(situation.peers),
        Precondition.BLOCKED: occasion == 'blocked',
    }


def _state_in_words(turn: Turn, trouble: str) -> str:
    charge, situation = turn.battery, turn.situation
    peers = 0 if situation is None else len(situation.peers)
    share = 0.0 if charge is None else charge.share
    return f'battery {100 * share:.0f} %, {peers} peers' + (f', {trouble}' if trouble else '')


def _take_choice(turn: Turn) -> None:
    """Use an answer of the planner port, if it may be used."""
    choice, question = turn.inputs.choice, turn.state.question
    if choice is None:
        return
    choice = laws.of_choice(turn, choice)
    choice, fault, losers = settle(choice, question, turn.params.cards)
    if fault or question is None:
        turn.note('choice.refused', f'{choice.source}: {fault}')
        laws.refused_choice(turn, choice, question)
        return
    rule = rule_choice(question)
    turn.state = replace(turn.state, question=None)
    if choice.skill == rule.skill:
        if losers:
            turn.note('choice.kept', f'{choice.source}: {rule.skill}', rejected=losers)
        return
    seconds = dict(choice.parameters).get('seconds', LONGEST_ASIDE_S)
    turn.note(
        'choice.taken',
        f'{choice.source}: {choice.skill} for {seconds:g} s before {rule.skill}',
        rejected=losers,
    )
    kind = {'yield': IntentKind.YIELD, 'explore': IntentKind.EXPLORE}.get(
        choice.skill, IntentKind.HOLD
    )
    until_ns = turn.inputs.now_ns + round(seconds * 1e9)
    want = Want(kind=kind, skill=choice.skill, priority=max(Priority.MISSION, _rank(turn)))
    turn.state = replace(turn.state, aside=Aside(want=want, until_ns=until_ns))
    turn.happened(CALLED[choice.skill])


def _aside(turn: Turn) -> Aside | None:
    """What is still to be done before the order goes on."""
    aside, situation = turn.state.aside, turn.situation
    if aside is None or situation is None:
        return None
    acting = turn.view(situation, None).acting
    looked = aside.want.kind is IntentKind.EXPLORE and acting == aside.want
    over = turn.inputs.now_ns >= aside.until_ns or (
        looked and situation.nav_state == Nav.ARRIVED.value
    )
    if over:
        turn.state = replace(turn.state, aside=None)
    return None if over else aside


def _intent(turn: Turn, act: Act) -> Intent | None:
    """A new intent where something in it changed; its number rises over restarts, too."""
    order = None if act.job is None else act.job.order
    old, situation = turn.state.intent, turn.inputs.situation
    new = Intent(
        intent_id=turn.state.intent_id,
        kind=act.want.kind,
        mission_id='' if order is None else order.mission_id,
        order_id='' if order is None else order.order_id,
        skill=act.want.skill,
        goal=act.want.goal,
        use_yaw=act.want.use_yaw,
        tolerance_m=act.want.tolerance_m,
        priority=act.want.priority,
        speed_factor=act.want.speed_factor * turn.params.tuning.speed_share,
    )
    if new == old:
        return None
    heard = 0 if situation is None else situation.intent_id
    new = replace(new, intent_id=max(turn.state.intent_id, heard) + 1)
    turn.state = replace(turn.state, intent=new, want=act.want, intent_id=new.intent_id)
    return new


def _checkpoint(turn: Turn) -> Checkpoint | None:
    checkpoint = checkpoint_of(turn.state)
    save_ns = round(turn.params.tuning.save_s * 1e9)
    if not must_save(turn.state, checkpoint, turn.inputs.now_ns, save_ns):
        return None
    turn.state = replace(turn.state, saved=checkpoint, saved_ns=turn.inputs.now_ns)
    return checkpoint


def _outputs(
    turn: Turn, act: Act, intent: Intent | None, checkpoint: Checkpoint | None
) -> Outputs:
    return Outputs(
        intent=intent,
        acks=tuple(turn.acks),
        phase=act.phase,
        reason=act.reason,
        skill=act.want.skill,
        order_id='' if act.job is None else act.job.order.order_id,
        progress=0.0 if act.job is None else act.job.progress,
        tier=turn.tier,
        checkpoint=checkpoint,
        question=turn.question,
        notes=tuple(turn.notes),
        again=turn.again,
    )
