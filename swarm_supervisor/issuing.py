# SPDX-License-Identifier: Apache-2.0
"""Turn a plan that was judged into orders: prove them, put them on record, send them."""

from swarm.v1 import operator_pb2

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.mission_files import begin, equip, packet_for, ready
from swarm_supervisor.missions import DEFAULT_PRIORITY, Mission, MissionStatus, Order
from swarm_supervisor.proving import Proven, prove_orders
from swarm_supervisor.recalling import recall_mission
from swarm_supervisor.refusing import drop, refuse
from swarm_supervisor.strategist import Plan, RecallTask
from swarm_supervisor.tasking import CannotError, add_order
from swarm_supervisor.trusting import renew_token
from swarm_vault.laws.core.roles import Principal
from swarm_vault.recorder import Kind


async def carry_out(
    hq: Headquarters,
    plan: Plan,
    request: operator_pb2.SubmitRequest,
    mission: Mission,
    principal: Principal,
) -> operator_pb2.SubmitReply:
    """Turn a plan that was judged into orders, prove them, and send them."""
    waited = mission.status is MissionStatus.PENDING
    mission.priority = request.priority or DEFAULT_PRIORITY
    try:
        proven = await prove_orders(hq, plan, mission)
        _see_that_nobody_was_stopped(hq, mission, proven)
    except CannotError as error:
        if waited:
            drop(hq, mission, str(error))
        return refuse(hq, request, principal, str(error), keep=not waited)
    named = dict.fromkeys(task.mission_id for task in plan.tasks if isinstance(task, RecallTask))
    why = f'order {request.text!r}'
    faults = {name: recall_mission(hq, name, why, principal.name) for name in named}
    if proven.drafts:
        return _issue(hq, mission, proven, request, principal)
    return _told(hq, faults, request, principal)


def _told(
    hq: Headquarters,
    faults: dict[str, str],
    request: operator_pb2.SubmitRequest,
    principal: Principal,
) -> operator_pb2.SubmitReply:
    """What came of an order that only recalls: a mission may have ended while it was planned."""
    gone = [name for name, fault in faults.items() if not fault]
    said = '; '.join(fault for fault in faults.values() if fault)
    if not gone:
        return refuse(hq, request, principal, said)
    reason = f'recalled; {said}' if said else 'recalled'
    reply = operator_pb2.SubmitReply(accepted=True, mission_id=gone[0], reason=reason)
    hq.store.save_reply(principal, request.request_id, reply)
    return reply


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
    reply = operator_pb2.SubmitReply(
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
