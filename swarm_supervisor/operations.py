# SPDX-License-Identifier: Apache-2.0
"""What an operator can do: give and recall orders, stop robots, settle escalations."""

import secrets
from collections import Counter
from dataclasses import asdict
from typing import Any

from swarm.v1 import operator_pb2

from swarm_supervisor import approvals
from swarm_supervisor.debrief import recalled
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.identities import tell_rules
from swarm_supervisor.mediated_plan import sequenced
from swarm_supervisor.mission_files import begin, equip, finish, packet_for, ready
from swarm_supervisor.missions import PENDING, RECALLED, Mission, MissionStatus, Order
from swarm_supervisor.proving import Proven, prove_orders
from swarm_supervisor.review import Ruling, asked_first, review
from swarm_supervisor.roster import Member, Standing
from swarm_supervisor.store import PendingRow
from swarm_supervisor.strategist import Answer, Plan, Question, RecallTask
from swarm_supervisor.strategist_check import check_plan
from swarm_supervisor.tasking import CannotError, add_order
from swarm_supervisor.trusting import renew_token
from swarm_supervisor.wire import WireError, check_operator, check_submit, check_text
from swarm_vault.codec import codec_of
from swarm_vault.keys import OPERATOR
from swarm_vault.laws.core.roles import Principal
from swarm_vault.laws.core.values import Verdict
from swarm_vault.recorder import Kind

SubmitReply = operator_pb2.SubmitReply
MOST_QUESTIONS = 50
"""So many may wait for a human at once."""


async def submit(
    hq: Headquarters, request: operator_pb2.SubmitRequest, principal: Principal
) -> operator_pb2.SubmitReply:
    """Take an order in words; the same operator's request id again gets the first answer.

    Args:
        hq: The headquarters.
        request: The order.
        principal: Who gives it.
    """
    try:
        check_submit(request, hq.clock())
    except WireError as error:
        return _refuse(hq, request, principal, str(error), keep=False)
    known = hq.store.reply_to(principal, request.request_id)
    if known is not None:
        return known
    stops = hq.stops.copy()
    answer = await hq.strategist.plan(request.text, hq.context())
    ask = ''
    if isinstance(answer, Plan):
        wished = hq.wishes.grant(answer, request, principal.name)
        answer, request, ask = wished.plan, wished.request, wished.ask
    async with hq.turn:
        return await _answer(hq, answer, request, principal, stops, ask)


async def give(
    hq: Headquarters,
    plan: Plan,
    request: operator_pb2.SubmitRequest,
    principal: Principal,
) -> operator_pb2.SubmitReply:
    """Give an order that was planned here, unasked; it is checked, judged, proved like any other.

    It sets no robot in motion that an operator has stopped: only an operator ends that.
    """
    still = {member.agent_id: -1 for member in hq.roster if member.stopped}
    stops = Counter({**hq.stops, **still})
    async with hq.turn:
        return await _answer(hq, plan, request, principal, stops)


async def _answer(
    hq: Headquarters,
    answer: Answer,
    request: operator_pb2.SubmitRequest,
    principal: Principal,
    stops: Counter[str],
    ask: str = '',
) -> operator_pb2.SubmitReply:
    """Act on a strategist's answer; the fleet may have changed while it thought."""
    tell_rules(hq)
    known = hq.store.reply_to(principal, request.request_id)
    if known is not None:
        return known
    if isinstance(answer, Plan):
        refusal = check_plan(answer, hq.context())
        if refusal is None:
            plan = await sequenced(hq, answer)
            return await _before_the_judge(hq, plan, request, principal, stops, ask)
        answer = refusal
    reason = answer.text if isinstance(answer, Question) else answer.reason
    return _refuse(hq, request, principal, reason)


def _refuse(
    hq: Headquarters,
    request: operator_pb2.SubmitRequest,
    principal: Principal,
    reason: str,
    *,
    keep: bool = True,
) -> operator_pb2.SubmitReply:
    data = {**_said(request, principal), 'reason': reason}
    hq.note(Kind.MESSAGE, 'mission.refused', data, durable=True)
    reply = SubmitReply(accepted=False, reason=reason)
    if keep:
        hq.store.save_reply(principal, request.request_id, reply)
    return reply


def _said(request: operator_pb2.SubmitRequest, principal: Principal) -> dict[str, Any]:
    return {
        'text': request.text[:1000],
        'operator': principal.name[:100],
        'role': '' if principal.role is None else principal.role.value,
        'verified': principal.verified,
        'request_id': request.request_id[:200],
    }


async def _before_the_judge(
    hq: Headquarters,
    plan: Plan,
    request: operator_pb2.SubmitRequest,
    principal: Principal,
    stops: Counter[str],
    ask: str,
) -> operator_pb2.SubmitReply:
    """Let the judge rule; what is allowed is ordered, what needs a human waits for one.

    One that the operator wishes to confirm (`ask` says why) waits, too, where the judge allows it.
    """
    mission = Mission(
        mission_id=f'm-{secrets.token_hex(4)}',
        text=request.text,
        operator=principal.name,
        created_ns=hq.world.begin(hq.clock()),
        planned_by=plan.author,
        stops=stops,
    )
    mission.cause = _note_plan(hq, plan, request, principal, mission)
    ruling = await review(hq, plan, principal, text=request.text, cause=mission.cause)
    ruling = asked_first(ruling, ask)
    _take_over(mission, ruling)
    if ruling.judgement.verdict is Verdict.BLOCK:
        return _refuse(hq, request, principal, _law(ruling))
    if ruling.judgement.verdict is Verdict.ESCALATE:
        return _ask(hq, mission, ruling, request, principal)
    return await carry_out(hq, ruling.plan, request, mission, principal)


def _take_over(mission: Mission, ruling: Ruling) -> None:
    mission.judged_by, mission.barred = ruling.judgement.law, ruling.barred
    mission.grants_tier = ruling.grants_tier


def _law(ruling: Ruling) -> str:
    judgement = ruling.judgement
    return f'law {judgement.rule} ({judgement.law}): {judgement.reason}'


def _ask(
    hq: Headquarters,
    mission: Mission,
    ruling: Ruling,
    request: operator_pb2.SubmitRequest,
    principal: Principal,
) -> operator_pb2.SubmitReply:
    waiting = len(approvals.open_rows(hq))
    if waiting >= MOST_QUESTIONS:
        text = f'{waiting} questions wait for a human already; answer some first: swarm pending'
        return _refuse(hq, request, principal, text, keep=False)
    mission.status = MissionStatus.PENDING
    with hq.store.together():
        row = approvals.ask(hq, mission, ruling, request, principal)
        mission.reason = f'waits for a human: swarm approve {row.pending_id}'
        reply = SubmitReply(
            accepted=True,
            mission_id=mission.mission_id,
            reason=f'{row.reason}; {mission.reason},'
            f' or edit {approvals.path_of(hq, row.pending_id)}',
        )
        hq.store.save_mission(mission)
        hq.store.save_reply(principal, request.request_id, reply)
    hq.add_mission(mission)
    approvals.show(hq, row, principal)
    return reply


async def go_on(hq: Headquarters, row: PendingRow, approved_by: str) -> str:
    """Order what a human has approved, judged once more in the world of now.

    Returns:
        Why it is not ordered after all; empty when it is.
    """
    mission = hq.mission(row.mission_id)
    if mission is None:
        return f'mission {row.mission_id!r} does not wait any more'
    mission.stops = hq.stops.copy()
    request = operator_pb2.SubmitRequest.FromString(row.request)
    plan = codec_of(Plan).decode(row.plan)
    giver = hq.register.principal(OPERATOR, row.caller)
    mission.planned_by = plan.author
    async with hq.turn:
        if mission.status is not MissionStatus.PENDING:
            return f'mission {row.mission_id!r} does not wait any more'
        refusal = check_plan(plan, hq.context())
        ruling = await review(
            hq, plan, giver, text=mission.text, approved=True, cause=mission.cause
        )
        _take_over(mission, ruling)
        mission.approved_by, mission.approval_id = approved_by, row.pending_id
        if refusal is None and ruling.judgement.verdict in {Verdict.ALLOW, Verdict.REVISE}:
            reply = await carry_out(hq, ruling.plan, request, mission, giver)
            return '' if reply.accepted else reply.reason
    reason = _law(ruling) if refusal is None else refusal.reason
    drop(hq, mission, reason)
    return reason


def drop(hq: Headquarters, mission: Mission, reason: str) -> None:
    """Close a mission that waited for a human and does not take place."""
    mission.close(MissionStatus.FAILED, hq.clock())
    mission.reason = reason
    data = {'mission_id': mission.mission_id, 'reason': reason}
    hq.note(Kind.STATE_CHANGE, 'mission.dropped', data, causes=(mission.cause,), durable=True)
    hq.store.save_mission(mission)


async def carry_out(
    hq: Headquarters,
    plan: Plan,
    request: operator_pb2.SubmitRequest,
    mission: Mission,
    principal: Principal,
) -> operator_pb2.SubmitReply:
    """Turn a plan that was judged into orders, prove them, and send them."""
    waited = mission.status is MissionStatus.PENDING
    try:
        proven = await prove_orders(hq, plan, mission)
        _see_that_nobody_was_stopped(hq, mission, proven)
    except CannotError as error:
        if waited:
            drop(hq, mission, str(error))
        return _refuse(hq, request, principal, str(error), keep=not waited)
    recalls = [task.mission_id for task in plan.tasks if isinstance(task, RecallTask)]
    for mission_id in recalls:
        recall_mission(hq, mission_id, f'order {request.text!r}', principal.name)
    if not proven.drafts:
        reply = SubmitReply(accepted=True, mission_id=recalls[0], reason='recalled')
        if not waited:
            hq.store.save_reply(principal, request.request_id, reply)
        return reply
    return _issue(hq, mission, proven, request, principal)


def _see_that_nobody_was_stopped(hq: Headquarters, mission: Mission, proven: Proven) -> None:
    """An order must not set off a robot that was stopped while it was being planned.

    Raises:
        CannotError: One was stopped, or is not to be had any more.
    """
    for name in dict.fromkeys(draft.agent_id for draft in proven.drafts):
        if not hq.roster[name].available:
            raise CannotError(f'{name} is {hq.roster[name].standing.value} since')
        if hq.stops[name] != mission.stops[name]:
            since = 'while the order was planned' if mission.stops[name] >= 0 else 'by an operator'
            raise CannotError(f'{name} was stopped {since}; an operator gives it a new order')


def _note_plan(
    hq: Headquarters,
    plan: Plan,
    request: operator_pb2.SubmitRequest,
    principal: Principal,
    mission: Mission,
) -> str:
    said = hq.note(Kind.MESSAGE, 'mission.submitted', _said(request, principal))
    tasks = [{'task': type(task).__name__, **asdict(task)} for task in plan.tasks]
    data = {
        'mission_id': mission.mission_id,
        'author': plan.author,
        'assumptions': list(plan.assumptions),
        'tasks': tasks,
        'mandates': mandates_in_force(hq),
        **recalled(hq, request.text),
    }
    return hq.note(Kind.DECISION, 'mission.planned', data, causes=(said,))


def mandates_in_force(hq: Headquarters) -> dict[str, str]:
    """The authority that a plan cites, by robot."""
    found = {m.agent_id: hq.mandates.of(m.agent_id)[0] for m in hq.roster.available()}
    return {name: mandate.mandate_id for name, mandate in found.items() if mandate is not None}


def _issue(
    hq: Headquarters,
    mission: Mission,
    proven: Proven,
    request: operator_pb2.SubmitRequest,
    principal: Principal,
) -> operator_pb2.SubmitReply:
    drafts, plan = proven.drafts, proven.plan
    waited = mission.status is MissionStatus.PENDING
    mission.status, mission.reason = MissionStatus.OPEN, ''
    orders = [add_order(hq, mission, draft, request) for draft in drafts]
    numbers = [draft.number for draft in drafts]
    equip(mission, plan, numbers, packet_for(hq, plan, mission))
    begin(hq, mission, plan)
    names = ', '.join(dict.fromkeys(order.agent_id for order in orders))
    assumed = f'; assumed: {"; ".join(plan.assumptions)}' if plan.assumptions else ''
    learned = '; '.join(dict.fromkeys(draft.remark for draft in drafts if draft.remark))
    recalls = f'; from the notes: {learned}' if learned else ''
    reply = SubmitReply(
        accepted=True,
        mission_id=mission.mission_id,
        reason=f'{len(orders)} orders to {names}{assumed}{recalls}'[:2000],
        order_ids=[order.order_id for order in orders],
    )
    _note_orders(hq, mission, orders)
    with hq.store.together():
        hq.store.save_mission(mission)
        if not waited:
            hq.store.save_reply(principal, request.request_id, reply)
    if not waited:
        hq.add_mission(mission)
    for order in orders:
        if ready(mission, order):
            _set_off(hq, order)
    return reply


def _note_orders(hq: Headquarters, mission: Mission, orders: list[Order]) -> None:
    """One line with the names of all who stand behind the orders."""
    data = {
        'mission_id': mission.mission_id,
        'operator': mission.operator,
        'orders': {order.order_id: order.agent_id for order in orders},
        'intended_by': mission.operator,
        'planned_by': mission.planned_by,
        'judged_by': mission.judged_by,
        'approved_by': mission.approved_by,
    }
    causes = (mission.cause,)
    hq.note(Kind.STATE_CHANGE, 'mission.ordered', data, causes=causes, durable=True)


def _set_off(hq: Headquarters, order: Order) -> None:
    """Send an operator's order; it ends an earlier stop of the robot."""
    member = hq.roster[order.agent_id]
    if member.stopped:
        member.stopped, member.stop, member.stop_told = False, '', False
        hq.store.save_member(member)
    renew_token(hq, member)
    hq.send_order(order)


def recall_mission(hq: Headquarters, mission_id: str, reason: str, operator: str) -> str:
    """Take a mission back; returns why that is not possible, empty when it is done."""
    mission = hq.mission(mission_id)
    if mission is None:
        return f'there is no mission {mission_id[:64]!r}; `swarm mission list` shows all'
    if mission.status is MissionStatus.PENDING:
        return f'mission {mission_id!r} {mission.reason}; deny it there: nothing is ordered yet'
    if not mission.open:
        return f'mission {mission_id!r} is {mission.status.value} already'
    mission.close(MissionStatus.RECALLED, hq.clock())
    mission.reason = reason
    hq.note(
        Kind.STATE_CHANGE,
        'mission.recalled',
        {'mission_id': mission_id, 'reason': reason, 'operator': operator},
        causes=(mission.cause,),
        durable=True,
    )
    for order in mission.orders:
        order.take_back(reason)
    hq.store.save_mission(mission)
    hq.send_recalls(mission.orders)
    finish(hq, mission)
    hq.crews.forget(order.order_id for order in mission.orders)
    return ''


def recall(
    hq: Headquarters, request: operator_pb2.RecallRequest, principal: Principal
) -> operator_pb2.RecallReply:
    """Take a mission back at an operator's word."""
    try:
        check_operator(request.operator)
        reason = check_text('reason', request.reason, longest=500, empty=True)
    except WireError as error:
        return operator_pb2.RecallReply(done=False, reason=str(error))
    fault = recall_mission(
        hq, request.mission_id, reason or 'recalled by the operator', principal.name
    )
    return operator_pb2.RecallReply(done=not fault, reason=fault)


def stop(hq: Headquarters, request: operator_pb2.StopRequest, principal: Principal) -> list[str]:
    """Stop one robot or all; returns those that were told now, the others hear it when they link.

    A stop is never refused for a formality: an odd name or reason is cut, not argued about.

    Raises:
        WireError: There is no such robot.
    """
    members = [member for member in hq.roster if request.agent_id in ('', member.agent_id)]
    if not members:
        known = ', '.join(member.agent_id for member in hq.roster)
        raise WireError(f'agent_id: no robot {request.agent_id[:64]!r}; there is {known}')
    said = ''.join(c if c.isprintable() else ' ' for c in request.reason[:200])
    reason = said.strip() or 'stopped by the operator'
    hq.note(
        Kind.MESSAGE,
        'stop.ordered',
        {
            'agents': [member.agent_id for member in members],
            'reason': reason,
            'operator': principal.name[:64],
            'role': '' if principal.role is None else principal.role.value,
        },
        durable=True,
    )
    return [member.agent_id for member in members if stop_robot(hq, member, reason)]


def stop_robot(hq: Headquarters, member: Member, reason: str) -> bool:
    """Stop a robot; an order that it has not answered yet must not set it in motion afterwards.

    Of one that is trusted no more others take such an order over: it gets it no more.
    """
    member.stop, member.stopped = reason, True
    hq.stops[member.agent_id] += 1
    with hq.store.together():
        hq.store.save_member(member)
        for order in hq.orders_of(member.agent_id):
            if order.status == PENDING and member.standing is not Standing.REVOKED:
                order.end(RECALLED, f'stopped: {reason}')
                hq.store.save_order(order)
    member.stop_told = hq.post.stop(member.agent_id, reason)
    hq.wake.set()
    return member.stop_told


def resolve(
    hq: Headquarters, request: operator_pb2.ResolveRequest, principal: Principal
) -> operator_pb2.ResolveReply:
    """Answer an escalation."""
    try:
        check_operator(request.operator)
        answer = check_text('answer', request.answer, longest=500)
    except WireError as error:
        return operator_pb2.ResolveReply(done=False, reason=str(error))
    found = [e for e in hq.store.open_escalations() if e.escalation_id == request.escalation_id]
    if not found:
        fault = f'there is no open escalation {request.escalation_id[:64]!r}'
        return operator_pb2.ResolveReply(done=False, reason=fault)
    data = {
        'escalation_id': request.escalation_id,
        'answer': answer,
        'operator': principal.name,
    }
    hq.note(Kind.STATE_CHANGE, 'escalation.resolved', data, durable=True)
    hq.store.answer_escalation(request.escalation_id, answer)
    return operator_pb2.ResolveReply(done=True)
