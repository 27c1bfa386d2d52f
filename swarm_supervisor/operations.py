# SPDX-License-Identifier: Apache-2.0
"""Take an order in words: plan it, let the judge rule, order it or ask a human."""

import secrets
from collections import Counter
from dataclasses import asdict

from swarm.v1 import operator_pb2

from swarm_supervisor import approvals
from swarm_supervisor.debrief import recalled
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.identities import tell_rules
from swarm_supervisor.issuing import carry_out
from swarm_supervisor.mediated_plan import sequenced
from swarm_supervisor.missions import Mission, MissionStatus
from swarm_supervisor.refusing import drop, refuse, said
from swarm_supervisor.review import Ruling, asked_first, review
from swarm_supervisor.store import PendingRow
from swarm_supervisor.strategist import Answer, Plan, Question
from swarm_supervisor.strategist_check import check_plan
from swarm_supervisor.wire import WireError, check_submit
from swarm_vault.codec import codec_of
from swarm_vault.keys import OPERATOR
from swarm_vault.laws.core.roles import Principal
from swarm_vault.laws.core.values import Verdict
from swarm_vault.recorder import Kind

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
        return refuse(hq, request, principal, str(error), keep=False)
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
    return refuse(hq, request, principal, reason)


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
        return refuse(hq, request, principal, _law(ruling))
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
        return refuse(hq, request, principal, text, keep=False)
    mission.status = MissionStatus.PENDING
    with hq.store.together():
        row = approvals.ask(hq, mission, ruling, request, principal)
        mission.reason = f'waits for a human: swarm approve {row.pending_id}'
        reply = operator_pb2.SubmitReply(
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


def _note_plan(
    hq: Headquarters,
    plan: Plan,
    request: operator_pb2.SubmitRequest,
    principal: Principal,
    mission: Mission,
) -> str:
    submitted = hq.note(Kind.MESSAGE, 'mission.submitted', said(request, principal))
    tasks = [{'task': type(task).__name__, **asdict(task)} for task in plan.tasks]
    data = {
        'mission_id': mission.mission_id,
        'author': plan.author,
        'assumptions': list(plan.assumptions),
        'tasks': tasks,
        'mandates': _mandates_in_force(hq),
        **recalled(hq, request.text),
    }
    return hq.note(Kind.DECISION, 'mission.planned', data, causes=(submitted,))


def _mandates_in_force(hq: Headquarters) -> dict[str, str]:
    """The authority that a plan cites, by robot."""
    found = {m.agent_id: hq.mandates.of(m.agent_id)[0] for m in hq.roster.available()}
    return {name: mandate.mandate_id for name, mandate in found.items() if mandate is not None}
