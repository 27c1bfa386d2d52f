# SPDX-License-Identifier: Apache-2.0
"""What an operator can do: give and recall orders, stop and revoke robots, settle escalations."""

import secrets
from dataclasses import asdict

from swarm.v1 import operator_pb2

from swarm_supervisor.debrief import recalled
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.mission_files import begin, equip, finish, ready
from swarm_supervisor.missions import PENDING, RECALLED, Mission, MissionStatus, Order
from swarm_supervisor.roster import Member, Standing
from swarm_supervisor.strategist import Answer, Plan, Question, RecallTask
from swarm_supervisor.strategist_check import check_plan
from swarm_supervisor.tasking import CannotError, Draft, add_order, draft_orders
from swarm_supervisor.wire import WireError, check_operator, check_submit, check_text
from swarm_vault.recorder import Kind

SubmitReply = operator_pb2.SubmitReply


async def submit(
    hq: Headquarters, request: operator_pb2.SubmitRequest, caller: str
) -> operator_pb2.SubmitReply:
    """Take an order in words; the same request id again gets the first answer.

    Args:
        hq: The headquarters.
        request: The order.
        caller: Whose certificate it came with.
    """
    try:
        check_submit(request)
    except WireError as error:
        return _refuse(hq, request, caller, str(error), keep=False)
    known = hq.store.reply_to(request.request_id)
    if known is not None:
        return known
    answer = await hq.strategist.plan(request.text, hq.context())
    async with hq.turn:
        return await _answer(hq, answer, request, caller)


async def _answer(
    hq: Headquarters, answer: Answer, request: operator_pb2.SubmitRequest, caller: str
) -> operator_pb2.SubmitReply:
    """Act on a strategist's answer; the fleet may have changed while it thought."""
    known = hq.store.reply_to(request.request_id)
    if known is not None:
        return known
    if isinstance(answer, Plan):
        refusal = check_plan(answer, hq.context())
        if refusal is None:
            return await _carry_out(hq, answer, request, caller)
        answer = refusal
    reason = answer.text if isinstance(answer, Question) else answer.reason
    return _refuse(hq, request, caller, reason)


def _refuse(
    hq: Headquarters,
    request: operator_pb2.SubmitRequest,
    caller: str,
    reason: str,
    *,
    keep: bool = True,
) -> operator_pb2.SubmitReply:
    data = {**_said(request, caller), 'reason': reason}
    hq.note(Kind.MESSAGE, 'mission.refused', data, durable=True)
    reply = SubmitReply(accepted=False, reason=reason)
    if keep:
        hq.store.save_reply(request.request_id, reply)
    return reply


def _said(request: operator_pb2.SubmitRequest, caller: str) -> dict[str, str]:
    return {
        'text': request.text[:1000],
        'operator': request.operator[:100],
        'caller': caller,
        'request_id': request.request_id[:200],
    }


async def _carry_out(
    hq: Headquarters, plan: Plan, request: operator_pb2.SubmitRequest, caller: str
) -> operator_pb2.SubmitReply:
    mission = Mission(
        mission_id=f'm-{secrets.token_hex(4)}',
        text=request.text,
        operator=request.operator,
        created_ns=hq.clock(),
    )
    mission.cause = _note_plan(hq, plan, request, caller, mission)
    try:
        drafts = await draft_orders(hq, plan, mission)
    except CannotError as error:
        return _refuse(hq, request, caller, str(error))
    recalls = [task.mission_id for task in plan.tasks if isinstance(task, RecallTask)]
    for mission_id in recalls:
        recall_mission(hq, mission_id, f'order {request.text!r}', request.operator)
    if not drafts:
        reply = SubmitReply(accepted=True, mission_id=recalls[0], reason='recalled')
        hq.store.save_reply(request.request_id, reply)
        return reply
    return _issue(hq, mission, drafts, request, plan)


def _note_plan(
    hq: Headquarters,
    plan: Plan,
    request: operator_pb2.SubmitRequest,
    caller: str,
    mission: Mission,
) -> str:
    said = hq.note(Kind.MESSAGE, 'mission.submitted', _said(request, caller))
    tasks = [{'task': type(task).__name__, **asdict(task)} for task in plan.tasks]
    data = {
        'mission_id': mission.mission_id,
        'author': plan.author,
        'assumptions': list(plan.assumptions),
        'tasks': tasks,
        'recalled': recalled(hq, request.text),
    }
    return hq.note(Kind.DECISION, 'mission.planned', data, causes=(said,))


def _issue(
    hq: Headquarters,
    mission: Mission,
    drafts: list[Draft],
    request: operator_pb2.SubmitRequest,
    plan: Plan,
) -> operator_pb2.SubmitReply:
    orders = [add_order(hq, mission, draft, request) for draft in drafts]
    equip(mission, plan, [draft.number for draft in drafts])
    begin(hq, mission, plan)
    names = ', '.join(dict.fromkeys(order.agent_id for order in orders))
    assumed = f'; assumed: {"; ".join(plan.assumptions)}' if plan.assumptions else ''
    reply = SubmitReply(
        accepted=True,
        mission_id=mission.mission_id,
        reason=f'{len(orders)} orders to {names}{assumed}'[:2000],
        order_ids=[order.order_id for order in orders],
    )
    hq.note(
        Kind.STATE_CHANGE,
        'mission.ordered',
        {
            'mission_id': mission.mission_id,
            'operator': mission.operator,
            'orders': {order.order_id: order.agent_id for order in orders},
        },
        causes=(mission.cause,),
        durable=True,
    )
    with hq.store.together():
        hq.store.save_mission(mission)
        hq.store.save_reply(request.request_id, reply)
    hq.add_mission(mission)
    for order in orders:
        if ready(mission, order):
            _set_off(hq, order)
    return reply


def _set_off(hq: Headquarters, order: Order) -> None:
    """Send an operator's order; it ends an earlier stop of the robot."""
    member = hq.roster[order.agent_id]
    if member.stopped:
        member.stopped, member.stop = False, ''
        hq.store.save_member(member)
    hq.send_order(order)


def recall_mission(hq: Headquarters, mission_id: str, reason: str, operator: str) -> str:
    """Take a mission back; returns why that is not possible, empty when it is done."""
    mission = hq.mission(mission_id)
    if mission is None:
        return f'there is no mission {mission_id[:64]!r}; `swarm mission list` shows all'
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
        hq.take_back(order, reason)
    hq.store.save_mission(mission)
    finish(hq, mission)
    return ''


def recall(hq: Headquarters, request: operator_pb2.RecallRequest) -> operator_pb2.RecallReply:
    """Take a mission back at an operator's word."""
    try:
        check_operator(request.operator)
        reason = check_text('reason', request.reason, longest=500, empty=True)
    except WireError as error:
        return operator_pb2.RecallReply(done=False, reason=str(error))
    fault = recall_mission(
        hq, request.mission_id, reason or 'recalled by the operator', request.operator
    )
    return operator_pb2.RecallReply(done=not fault, reason=fault)


def stop(hq: Headquarters, request: operator_pb2.StopRequest, caller: str) -> list[str]:
    """Stop one robot or all; returns those that were told now, the others hear it when they link.

    A stop is never refused for a formality: an odd name or reason is cut, not argued about.

    Raises:
        WireError: There is no such robot.
    """
    members = [member for member in hq.roster if request.agent_id in ('', member.agent_id)]
    if not members:
        known = ', '.join(member.agent_id for member in hq.roster)
        raise WireError(f'agent_id: no robot {request.agent_id[:64]!r}; there is {known}')
    reason = request.reason[:200] or 'stopped by the operator'
    hq.note(
        Kind.MESSAGE,
        'stop.ordered',
        {
            'agents': [member.agent_id for member in members],
            'reason': reason,
            'operator': request.operator[:64],
            'caller': caller,
        },
        durable=True,
    )
    return [member.agent_id for member in members if _stop(hq, member, reason)]


def _stop(hq: Headquarters, member: Member, reason: str) -> bool:
    """Stop a robot; an order that it has not answered yet must not set it in motion afterwards."""
    for order in hq.orders_of(member.agent_id):
        if order.status == PENDING:
            order.end(RECALLED, f'stopped: {reason}')
            hq.store.save_order(order)
    told = hq.post.stop(member.agent_id, reason)
    member.stop, member.stopped = '' if told else reason, True
    hq.store.save_member(member)
    hq.wake.set()
    return told


def revoke(hq: Headquarters, request: operator_pb2.RevokeRequest) -> operator_pb2.RevokeReply:
    """Trust a robot no more: it stops, gets no orders and no token; others take over its cells."""
    member = hq.roster.get(request.agent_id)
    try:
        check_operator(request.operator)
        reason = check_text('reason', request.reason, longest=500, empty=True)
    except WireError as error:
        return operator_pb2.RevokeReply(done=False, reason=str(error))
    if member is None:
        known = ', '.join(member.agent_id for member in hq.roster)
        fault = f'there is no robot {request.agent_id[:64]!r}; there is {known}'
        return operator_pb2.RevokeReply(done=False, reason=fault)
    if member.standing is Standing.REVOKED:
        fault = f'{member.agent_id!r} is revoked already: {member.reason}'
        return operator_pb2.RevokeReply(done=False, reason=fault)
    _revoke(hq, member, reason or 'revoked by the operator', request.operator)
    return operator_pb2.RevokeReply(done=True)


def _revoke(hq: Headquarters, member: Member, reason: str, operator: str) -> None:
    hq.roster.revoke(member, reason)
    data = {'agent': member.agent_id, 'reason': reason, 'operator': operator}
    hq.note(Kind.STATE_CHANGE, 'robot.revoked', data, durable=True)
    _stop(hq, member, f'revoked: {reason}')


def resolve(hq: Headquarters, request: operator_pb2.ResolveRequest) -> operator_pb2.ResolveReply:
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
        'operator': request.operator,
    }
    hq.note(Kind.STATE_CHANGE, 'escalation.resolved', data, durable=True)
    hq.store.answer_escalation(request.escalation_id, answer)
    return operator_pb2.ResolveReply(done=True)
