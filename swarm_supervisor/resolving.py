# SPDX-License-Identifier: Apache-2.0
"""Take an operator's answer to what the supervisor could not settle by itself."""

from swarm.v1 import operator_pb2

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.wire import WireError, check_operator, check_text
from swarm_vault.laws.core.roles import Principal
from swarm_vault.recorder import Kind


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
