# SPDX-License-Identifier: Apache-2.0
"""Between the protobuf messages of the vertical plane and the core's plain values."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from swarm.v1 import common_pb2, mission_pb2, packet_pb2

from swarm_agent.planner.core.orders import (
    Ack,
    AckStatus,
    CrewPart,
    LinkLoss,
    Order,
    Pose,
    Region,
    Task,
)
from swarm_agent.planner.core.types import Outputs
from swarm_agent.planner.crew_word import CrewWord, from_word
from swarm_vault.laws.core.policy import BudgetRule
from swarm_vault.laws.wire import areas_of

_DEFAULT_PRIORITY = 5
_HAZARD_CELL_M = 0.5
_MOST_HANDOFF = 1000
"""Characters of a handoff that are kept."""
_MOST_CREW = 64
"""Robots that share one survey; of more, nobody takes anything over by itself."""
_LINK_LOSS = {
    mission_pb2.LINK_LOSS_POLICY_CONTINUE: LinkLoss.CONTINUE,
    mission_pb2.LINK_LOSS_POLICY_FINISH_LEG: LinkLoss.FINISH_LEG,
    mission_pb2.LINK_LOSS_POLICY_HOLD: LinkLoss.HOLD,
    mission_pb2.LINK_LOSS_POLICY_RETURN_HOME: LinkLoss.RETURN_HOME,
    mission_pb2.LINK_LOSS_POLICY_LOCK_DOWN: LinkLoss.LOCK_DOWN,
}
_STATUS = {
    AckStatus.ACCEPTED: mission_pb2.ACK_STATUS_ACCEPTED,
    AckStatus.REFUSED: mission_pb2.ACK_STATUS_REFUSED,
    AckStatus.COMPLETED: mission_pb2.ACK_STATUS_COMPLETED,
    AckStatus.FAILED: mission_pb2.ACK_STATUS_FAILED,
    AckStatus.RECALLED: mission_pb2.ACK_STATUS_RECALLED,
}


def to_order(message: mission_pb2.MissionOrder, *, local: bool = False) -> Order:
    """An order as plain values; the core judges whether it makes sense.

    A link policy that is not given, or not known, is read as FINISH_LEG.
    """
    kind = message.WhichOneof('task')
    survey = message.survey
    return Order(
        order_id=message.order_id,
        mission_id=message.mission_id,
        agent_id=message.agent_id,
        task=Task.UNKNOWN if kind is None else Task(kind),
        expires_ns=message.expires_ns,
        not_before_ns=message.not_before_ns,
        priority=message.priority or _DEFAULT_PRIORITY,
        link_loss=_LINK_LOSS.get(message.link_loss, LinkLoss.FINISH_LEG),
        issued_by=message.issued_by,
        return_home=message.return_home,
        local=local,
        region=_region(survey.region) if kind == 'survey' and survey.HasField('region') else None,
        range_m=survey.range_m,
        crew=() if local else _crew(survey),
        stops=_stops(message, kind),
        use_yaw=message.go_to.use_yaw,
        loops=message.patrol.loops or 1,
        seconds=message.wait.seconds,
        mandate_id=message.warrant.mandate_id,
        approved=bool(message.warrant.approved_by) and not local,
        clear=() if local else tuple(message.warrant.clear_zones[:64]),
        clear_ns=message.warrant.clear_ns,
        forbidden=tuple(message.packet.forbidden[:64]),
        scope=areas_of(message.packet.areas),
        budget=_budget(message.packet) if message.HasField('packet') else None,
        lacks='' if local else _lacks(message.packet),
        max_speed_mps=message.max_speed_mps,
        handoff=_told(message.handoff) if message.HasField('handoff') and not local else '',
    )


def _lacks(packet: packet_pb2.Packet) -> str:
    """The parts without which a packet says nothing, that are not there."""
    parts = {
        'an objective': packet.objective,
        'deliverables': packet.deliverables,
        'required steps': packet.required_steps,
        'success criteria': packet.success_criteria,
        'escalation rules': packet.escalation_rules,
        'a giver': packet.created_for,
    }
    return ', '.join(name for name, value in parts.items() if not value)


def _told(handoff: packet_pb2.Handoff) -> str:
    """What a handoff says, on one line and no longer than the record needs."""
    parts = (
        f'{handoff.order_id} from {handoff.previous_agent_id}: {handoff.reason}',
        f'last {handoff.phase}, {handoff.step}, at {handoff.place}',
        f'tried {"; ".join(handoff.tried) or "nothing that failed"}',
        f'left {"; ".join(handoff.next_actions)}',
        '; '.join(handoff.constraints),
    )
    return ' '.join(' | '.join(parts).split())[:_MOST_HANDOFF]


def _budget(packet: packet_pb2.Packet) -> BudgetRule:
    return BudgetRule(
        total=packet.max_errors, repeats=packet.max_repeats, procedure=packet.max_procedure
    )


def _region(cells: common_pb2.CellSet) -> Region:
    return Region(
        resolution_m=cells.resolution_m, width=cells.width, height=cells.height, bits=cells.bits
    )


def _crew(survey: mission_pb2.Survey) -> tuple[CrewPart, ...]:
    """Who shares the survey; nobody where what is said of them does not fit the region."""
    parts = tuple(
        CrewPart(agent_id=part.agent_id, bits=part.bits, start=(part.start.x_m, part.start.y_m))
        for part in survey.crew
    )
    sound = all(
        len(part.bits) == len(survey.region.bits) and all(map(math.isfinite, part.start))
        for part in parts
    )
    alone = len({part.agent_id for part in parts}) < max(2, len(parts))
    return () if alone or not sound or len(parts) > _MOST_CREW else parts


def _stops(message: mission_pb2.MissionOrder, kind: str | None) -> tuple[Pose, ...]:
    poses: dict[str | None, Sequence[common_pb2.Pose2D]] = {
        'go_to': [message.go_to.goal],
        'patrol': message.patrol.stops,
        'deliver': [message.deliver.pick_up, message.deliver.drop_off],
    }
    return tuple((pose.x_m, pose.y_m, pose.yaw_rad) for pose in poses.get(kind, ()))


def from_ack(ack: Ack) -> mission_pb2.OrderAck:
    """An answer as it goes up."""
    return mission_pb2.OrderAck(
        order_id=ack.order_id,
        status=_STATUS[ack.status],
        reason=ack.reason,
        stamp_ns=ack.stamp_ns,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What telemetry tells of the situation node's last message."""

    pose: Pose | None = None
    """None before the situation node has told it."""
    speed_mps: float = 0.0
    distance_m: float = 0.0
    violations: int = 0
    negotiations: int = 0
    peers: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    seen: Region | None = None


def to_telemetry(
    report: Report,
    outputs: Outputs,
    *,
    stamp_ns: int,
    battery: float | None,
    with_seen: bool,
    crew: tuple[CrewWord, ...] = (),
) -> mission_pb2.Telemetry:
    """The robot's state as it goes up; what it has seen, and of its crew, only now and then.

    A pose or charge that is not known is left out: a zero would be taken for one.
    """
    telemetry = mission_pb2.Telemetry(
        stamp_ns=stamp_ns,
        pose=None if report.pose is None else to_pose(report.pose),
        speed_mps=report.speed_mps,
        battery=battery,
        phase=outputs.phase.value,
        skill=outputs.skill,
        order_id=outputs.order_id,
        progress=outputs.progress,
        distance_m=report.distance_m,
        violations=report.violations,
        negotiations=report.negotiations,
        tier=outputs.tier,
        peers=report.peers,
        hazards=[place for name in report.hazards if (place := _hazard_place(name)) is not None],
    )
    seen = report.seen
    if with_seen and seen is not None:
        telemetry.seen.resolution_m = seen.resolution_m
        telemetry.seen.width, telemetry.seen.height = seen.width, seen.height
        telemetry.seen.bits = seen.bits
        telemetry.crew.extend(from_word(word) for word in crew)
    return telemetry


def to_pose(pose: Pose) -> common_pb2.Pose2D:
    """A pose as it goes up."""
    x_m, y_m, yaw_rad = pose
    return common_pb2.Pose2D(x_m=x_m, y_m=y_m, yaw_rad=yaw_rad)


def _hazard_place(hazard_id: str) -> common_pb2.Point2D | None:
    """The middle of a hazard's cell: its id is '<kind>/<column>_<row>' of a 0.5 m grid."""
    column, _, row = hazard_id.rpartition('/')[2].partition('_')
    try:
        x_m, y_m = ((int(cell) + 0.5) * _HAZARD_CELL_M for cell in (column, row))
    except ValueError:
        return None
    return common_pb2.Point2D(x_m=x_m, y_m=y_m)
