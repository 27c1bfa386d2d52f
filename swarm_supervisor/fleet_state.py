# SPDX-License-Identifier: Apache-2.0
"""The common picture as an operator gets it."""

from collections.abc import Iterator

from swarm.v1 import common_pb2, operator_pb2

from swarm_config.maps import Mask
from swarm_supervisor.core.cells import pack_cells
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import Mission, Order
from swarm_supervisor.roster import Member, Standing
from swarm_supervisor.world import SurveyGrid

SHOWN_MISSIONS = 20
SHOWN_HAZARDS = 10
SHOWN_VOTES = 5


def fleet_state(hq: Headquarters) -> operator_pb2.FleetState:
    """Everything that is known now."""
    now_ns = hq.clock()
    closed = [mission for mission in hq.missions if not mission.open][-SHOWN_MISSIONS:]
    shown = [mission for mission in hq.missions if mission.open or mission in closed]
    return operator_pb2.FleetState(
        stamp_ns=now_ns,
        robots=[_robot_state(member) for member in hq.roster],
        missions=[mission_state(mission) for mission in shown],
        coverage=hq.world.coverage(now_ns),
        seen=_cells(hq.world.seen(now_ns), hq.world.grid),
        events_stored=hq.events_stored,
        notices=list(_notices(hq, now_ns)),
        votes=hq.joint.newest(SHOWN_VOTES),
    )


def mission_state(mission: Mission) -> operator_pb2.MissionState:
    """A mission as an operator sees it."""
    return operator_pb2.MissionState(
        mission_id=mission.mission_id,
        text=mission.text,
        operator=mission.operator,
        status=mission.status.value,
        orders=[_order_state(order) for order in mission.orders],
        created_ns=mission.created_ns,
        closed_ns=mission.closed_ns,
    )


def _order_state(order: Order) -> operator_pb2.OrderState:
    reason = f'handed over; {order.reason}'.rstrip('; ') if order.replaced else order.reason
    state = operator_pb2.OrderState(
        order_id=order.order_id,
        agent_id=order.agent_id,
        reason=reason,
        progress=order.progress,
    )
    state.status = order.status  # type: ignore[assignment]  # a number that the enum knows
    return state


def _robot_state(member: Member) -> operator_pb2.RobotState:
    return operator_pb2.RobotState(
        agent_id=member.agent_id,
        model=member.robot.model.name,
        linked=member.linked,
        roster_state=member.standing.value,
        last_heard_ns=member.last_heard_ns,
        telemetry=member.telemetry,
        squad=member.robot.squad,
    )


def _cells(mask: Mask, grid: SurveyGrid) -> common_pb2.CellSet:
    rows, cols = grid.shape
    bits = pack_cells(mask)
    return common_pb2.CellSet(resolution_m=grid.cell_m, width=cols, height=rows, bits=bits)


def _notices(hq: Headquarters, now_ns: int) -> Iterator[str]:
    """What an operator should know without asking."""
    if hq.insecure:
        yield 'plain text link: --insecure is set, anybody may give orders'
    if hq.recorder.fault:
        yield f'the audit log is not kept: {hq.recorder.fault}'
    for member in hq.roster:
        yield from _member_notice(member, now_ns)
    waiting = [row for row in hq.store.pending() if row.status == 'open']
    if waiting:
        names = ', '.join(row.pending_id for row in waiting)
        yield f'{names} waits for a human: swarm pending'
    policy = hq.court.policy_of('')
    if policy.fault:
        yield f'nothing is allowed: {policy.fault}'
    yield from filter(None, (hq.register.fault, hq.register.notice))
    count = len(hq.store.open_escalations())
    if count:
        yield f'{count} escalations wait for an answer: swarm escalations'
    for hazard in hq.world.hazards(now_ns)[:SHOWN_HAZARDS]:
        who = ', '.join(hazard.reporters)
        ago_s = (now_ns - hazard.heard_ns) / 1e9
        where = f'({hazard.x_m:.1f}, {hazard.y_m:.1f})'
        yield f'hazard at {where} m, told by {who}, last {ago_s:.0f} s ago'


def _member_notice(member: Member, now_ns: int) -> Iterator[str]:
    name = member.agent_id
    if member.standing is Standing.LOST:
        yield f'{name} is lost: not heard for {(now_ns - member.last_heard_ns) / 1e9:.0f} s'
    if member.standing is Standing.REVOKED:
        yield f'{name} is revoked: {member.reason}'
    if member.stop and not member.stop_told:
        yield f'{name} was to stop and has not been reached yet: {member.stop}'
