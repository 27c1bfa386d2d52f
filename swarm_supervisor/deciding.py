# SPDX-License-Identifier: Apache-2.0
"""Take answers to questions, from gRPC and from files, and do what follows from them."""

from swarm.v1 import laws_pb2

from swarm_supervisor import approvals
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.operations import go_on
from swarm_supervisor.refusing import drop
from swarm_supervisor.store import PendingRow
from swarm_supervisor.wire import WireError, check_operator, check_text
from swarm_vault.keys import OPERATOR
from swarm_vault.laws.core.approval import Answer, Settlement
from swarm_vault.laws.core.roles import Principal, Right
from swarm_vault.recorder import Kind


async def decide(
    hq: Headquarters, request: laws_pb2.DecideRequest, principal: Principal
) -> laws_pb2.DecideReply:
    """Take an operator's answer over gRPC."""
    try:
        check_text('pending_id', request.pending_id, longest=64)
        check_operator(request.operator)
        reason = check_text('reason', request.reason, longest=500, empty=True)
    except WireError as error:
        return laws_pb2.DecideReply(done=False, reason=str(error))
    row = next((r for r in hq.store.pending() if r.pending_id == request.pending_id), None)
    if row is None or row.status != 'open':
        fault = f'{request.pending_id!r} does not wait for an answer: swarm pending'
        if row is not None:
            fault = f'{row.pending_id} is {row.status}: {row.reason}'
        return laws_pb2.DecideReply(done=False, reason=fault)
    settlement = approvals.settle(
        hq,
        row,
        principal,
        approves=request.approve,
        reason=reason,
        digest=request.digest,
        via='grpc',
    )
    fault = await _follow(hq, row, settlement, principal)
    wished = Answer.APPROVED if request.approve else Answer.DENIED
    done = settlement.answer is wished and not fault
    return laws_pb2.DecideReply(
        done=done, reason=fault or settlement.reason, mission_id=row.mission_id
    )


async def look_at_pending(hq: Headquarters) -> None:
    """Block what nobody answered in time, and read what was answered in an editor."""
    for row in approvals.expire(hq):
        _drop(hq, row, 'nobody answered in time')
    for row in approvals.open_rows(hq):
        await _look(hq, row)


async def _look(hq: Headquarters, row: PendingRow) -> None:
    path = approvals.path_of(hq, row.pending_id)
    if row not in approvals.open_rows(hq):
        return  # it was answered otherwise meanwhile
    spoken = approvals.read_file(path) if path.exists() else None
    if spoken is None:
        return
    if isinstance(spoken, str):
        _put_aside(hq, row, spoken)
        return
    principal = hq.register.principal(OPERATOR, spoken.by)
    refusal = hq.register.refusal(principal, Right.APPROVE)
    if refusal:
        _put_aside(hq, row, refusal)
        return
    changed = approvals.amend(hq, row, spoken) if spoken.changes else row
    if isinstance(changed, str):
        _put_aside(hq, row, changed)
        return
    row = changed
    settlement = approvals.settle(
        hq,
        row,
        principal,
        approves=spoken.approves,
        reason=spoken.reason,
        digest=spoken.digest,
        via='file',
    )
    await _follow(hq, row, settlement, principal)


def _put_aside(hq: Headquarters, row: PendingRow, reason: str) -> None:
    """An answer that counts for nothing is kept beside, so that another can be given."""
    path = approvals.path_of(hq, row.pending_id)
    path.replace(path.with_suffix('.refused'))
    data = {'pending_id': row.pending_id, 'via': 'file', 'reason': reason}
    hq.note(Kind.VIOLATION, 'approval.refused', data, durable=True)


async def _follow(
    hq: Headquarters, row: PendingRow, settlement: Settlement, principal: Principal
) -> str:
    """Order what was approved; returns why that was not possible."""
    if settlement.answer is Answer.APPROVED:
        return await go_on(hq, row, principal.name)
    if principal.may(Right.APPROVE):
        _drop(hq, row, settlement.reason)
    return ''


def _drop(hq: Headquarters, row: PendingRow, reason: str) -> None:
    mission = hq.mission(row.mission_id)
    if mission is not None and mission.status.value == 'pending':
        drop(hq, mission, reason)
