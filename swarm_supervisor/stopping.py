# SPDX-License-Identifier: Apache-2.0
"""Stop one robot or all, at an operator's word or because a robot is trusted no more."""

from swarm.v1 import operator_pb2

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import PENDING, RECALLED
from swarm_supervisor.roster import Member, Standing
from swarm_supervisor.wire import WireError
from swarm_vault.laws.core.roles import Principal
from swarm_vault.recorder import Kind


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
