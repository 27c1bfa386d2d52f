# SPDX-License-Identifier: Apache-2.0
"""Take a mission back: at an operator's word, or because a newer order says so."""

from swarm.v1 import operator_pb2

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.mission_files import finish
from swarm_supervisor.missions import MissionStatus
from swarm_supervisor.wire import WireError, check_operator, check_text
from swarm_vault.laws.core.roles import Principal
from swarm_vault.recorder import Kind


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
