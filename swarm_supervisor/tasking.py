# SPDX-License-Identifier: Apache-2.0
"""From a checked plan to orders: which robot does what, and what exactly it is told."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from swarm.v1 import common_pb2, laws_pb2, mission_pb2, operator_pb2

from swarm_config.maps import Mask
from swarm_supervisor.agenda import Agenda, agenda_of, done_in_s
from swarm_supervisor.allocator import robot_input
from swarm_supervisor.core.cells import pack_cells
from swarm_supervisor.core.giving import Given
from swarm_supervisor.core.problem import Outputs, RobotInput
from swarm_supervisor.experience import remark, remark_on_parts, survey_key
from swarm_supervisor.headquarters import Headquarters, known_robot
from swarm_supervisor.missions import DEFAULT_PRIORITY, Mission, Order
from swarm_supervisor.places import sector_cells
from swarm_supervisor.roster import Member
from swarm_supervisor.strategist import (
    DeliverTask,
    GoToTask,
    PatrolTask,
    Plan,
    RecallTask,
    ReturnTask,
    Spot,
    SurveyTask,
    WaitTask,
    squad_of,
)
from swarm_supervisor.task_ways import lawful_cells
from swarm_supervisor.world import SurveyGrid
from swarm_vault.recorder import Kind

LINK_LOSS = {
    'continue': mission_pb2.LINK_LOSS_POLICY_CONTINUE,
    'finish_leg': mission_pb2.LINK_LOSS_POLICY_FINISH_LEG,
    'hold': mission_pb2.LINK_LOSS_POLICY_HOLD,
    'return_home': mission_pb2.LINK_LOSS_POLICY_RETURN_HOME,
    'lock_down': mission_pb2.LINK_LOSS_POLICY_LOCK_DOWN,
}
"""Policies by their names in a fleet plan."""


class CannotError(RuntimeError):
    """A plan that passed the check still cannot be ordered; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A task for one robot, before it becomes an order."""

    agent_id: str
    task: mission_pb2.MissionOrder
    """Only the task itself and what follows from it."""
    number: int = 0
    """Which task of the plan it carries out."""
    expected_wh: float = 0.0
    """What the plan checker expects it to take [Wh]."""
    remark: str = ''
    """What earlier tries say of it, for the operator."""


async def draft_orders(
    hq: Headquarters, plan: Plan, mission: Mission, unfit: frozenset[str] = frozenset()
) -> list[Draft]:
    """Choose robots and areas for all tasks of a plan.

    Args:
        hq: The headquarters.
        plan: A plan that was judged.
        mission: Its mission.
        unfit: Robots that are chosen only where the plan names them.

    Raises:
        CannotError: Nobody can do a task.
    """
    drafts: list[Draft] = []
    for number, task in enumerate(plan.tasks):
        found: list[Draft] = []
        out = unfit | hq.roster.outside(squad_of(task))
        if isinstance(task, SurveyTask):
            found = await _survey(hq, task, mission, out)
        elif not isinstance(task, RecallTask):
            found = _others(hq, task, mission, out)
        for draft in found:
            draft.task.squad = squad_of(task)
            draft.task.priority = mission.priority
            draft.task.max_speed_mps = plan.max_speed_mps
        drafts += [replace(draft, number=number) for draft in found]
    return drafts


def add_order(
    hq: Headquarters,
    mission: Mission,
    draft: Draft,
    request: operator_pb2.SubmitRequest | mission_pb2.MissionOrder,
) -> Order:
    """Make an order of a draft; what holds for the whole mission comes from the request."""
    task = mission_pb2.MissionOrder()
    task.CopyFrom(draft.task)
    task.order_id = mission.next_order_id()
    task.mission_id = mission.mission_id
    task.agent_id = draft.agent_id
    task.created_ns = hq.clock()
    task.not_before_ns = request.not_before_ns
    task.priority = request.priority or DEFAULT_PRIORITY
    task.link_loss = request.link_loss or LINK_LOSS[hq.fleet.file.link_loss]
    task.issued_by = mission.operator
    task.warrant.CopyFrom(_warrant(hq, mission, draft.agent_id))
    task.warrant.expected_wh = draft.expected_wh
    order = Order(
        order_id=task.order_id,
        mission_id=mission.mission_id,
        agent_id=draft.agent_id,
        payload=task.SerializeToString(),
        stamp_ns=task.created_ns,
    )
    mission.orders.append(order)
    return order


def _warrant(hq: Headquarters, mission: Mission, agent_id: str) -> laws_pb2.Warrant:
    """Who stands behind an order, and the authority that it cites."""
    mandate, _ = hq.mandates.of(agent_id)
    oldest_ns = hq.clock() - int(hq.court.policy_of(agent_id).people_s * 1e9)
    words = hq.people.words()
    clear = [word for word in words if word.count == 0 and word.stamp_ns > oldest_ns]
    return laws_pb2.Warrant(
        intended_by=mission.operator,
        planned_by=mission.planned_by,
        judged_by=mission.judged_by,
        approved_by=mission.approved_by,
        approval_id=mission.approval_id,
        mandate_id='' if mandate is None else mandate.mandate_id,
        grants_tier=mission.grants_tier,
        clear_zones=[word.zone for word in clear],
        clear_ns=min((word.stamp_ns for word in clear), default=0),
    )


def available(
    hq: Headquarters, mission: Mission, unfit: frozenset[str] = frozenset()
) -> tuple[Member, ...]:
    """Robots that can be given orders of a mission: the judge has not barred them."""
    out = mission.barred | unfit
    return tuple(m for m in hq.roster.available() if m.agent_id not in out)


async def split_area(
    hq: Headquarters,
    mission: Mission,
    members: tuple[Member, ...],
    area: Mask | None,
    reason: str,
    sector: str,
) -> tuple[list[Draft], Outputs]:
    """Split an area between robots; those with nothing to do get no draft.

    Args:
        hq: The headquarters.
        mission: The mission of the survey.
        members: Who can be given a part; the law and earlier failures decide between them.
        area: Survey cells; None for the whole floor.
        reason: Why it is split, for the reader of the record.
        sector: What the order is to survey, empty for the whole floor.
    """
    urgency = mission.priority
    agendas = {m.agent_id: agenda_of(hq, m, priority=urgency) for m in members}
    free_s = {name: agenda.busy_s for name, agenda in agendas.items()}
    given = hq.experience.give_key(mission.mission_id, survey_key(sector), free_s, hq.clock())
    outputs = await hq.allocator.split(
        now_ns=hq.clock(),
        reason=reason,
        mission_id=mission.mission_id,
        robots=await _robots(hq, members, agendas, given),
        area=area,
        seen=hq.world.seen_since(mission.created_ns),
    )
    _note_split(hq, mission, outputs, given, reason)
    crew = _crew(members, outputs)
    said = remark_on_parts(given, {part.agent_id for part in crew})
    grid, range_m = hq.world.grid, hq.fleet.file.survey_range_m
    drafts = [
        Draft(
            agent_id=part.agent_id,
            task=_survey_task(part, crew, grid, range_m, sector),
            remark=said,
        )
        for part in crew
    ]
    return drafts, outputs


def _note_split(
    hq: Headquarters, mission: Mission, outputs: Outputs, given: Given, reason: str
) -> None:
    data = {
        'mission_id': mission.mission_id,
        'reason': reason,
        'cells': {share.agent_id: share.cells for share in outputs.shares},
        'finish_s': {share.agent_id: round(share.finish_s, 1) for share in outputs.shares},
        'balance': round(outputs.balance, 3),
        'unreached_cells': outputs.unreached_cells,
        'not_on_the_map': list(outputs.lost),
        'held_back': {one.agent_id: list(one.notes) for one in given.held_back},
    }
    hq.note(Kind.DECISION, 'allocation.decided', data, causes=(mission.cause,))


def _crew(members: tuple[Member, ...], outputs: Outputs) -> list[mission_pb2.CrewPart]:
    """Those who got something, with where they stand."""
    at = {member.agent_id: member.pose for member in members}
    return [
        mission_pb2.CrewPart(
            agent_id=share.agent_id,
            bits=share.bits,
            start=common_pb2.Point2D(x_m=at[share.agent_id][0], y_m=at[share.agent_id][1]),
        )
        for share in outputs.shares
        if share.cells
    ]


async def _robots(
    hq: Headquarters, members: tuple[Member, ...], agendas: Mapping[str, Agenda], given: Given
) -> tuple[RobotInput, ...]:
    """The robots as the split sees them; what the law leaves each is drawn beside the loop."""
    failed = {one.agent_id for one in given.held_back}
    laws = [lawful_cells(hq, member) for member in members]
    cells = await asyncio.to_thread(lambda: [law() for law in laws])
    return tuple(
        robot_input(
            member,
            agendas[member.agent_id].pose,
            agendas[member.agent_id].busy_s,
            None if own.all() else pack_cells(own),
            held_back=member.agent_id in failed,
        )
        for member, own in zip(members, cells, strict=True)
    )


async def _survey(
    hq: Headquarters, task: SurveyTask, mission: Mission, unfit: frozenset[str]
) -> list[Draft]:
    area = None
    if task.sector is not None:
        factor = round(hq.world.grid.cell_m / hq.grid.resolution_m)
        area = sector_cells(hq.places.sectors[task.sector], hq.grid, factor)
    members = available(hq, mission, unfit)
    sector = task.sector or ''
    reason = f'order {mission.text!r}'
    drafts, outputs = await split_area(hq, mission, members, area, reason, sector)
    if not drafts:
        where = f'sector {task.sector!r}' if task.sector else 'the floor'
        raise CannotError(
            f'{where}: no unseen floor there that a robot can reach'
            f' ({outputs.target_cells} cells, {outputs.unreached_cells} of them out of reach)'
        )
    return drafts


def _survey_task(
    part: mission_pb2.CrewPart,
    crew: Sequence[mission_pb2.CrewPart],
    grid: SurveyGrid,
    range_m: float,
    sector: str,
) -> mission_pb2.MissionOrder:
    """One robot's part of a survey; each is told of all, where several share it."""
    rows, cols = grid.shape
    region = common_pb2.CellSet(resolution_m=grid.cell_m, width=cols, height=rows, bits=part.bits)
    together = crew if crew[1:] else ()
    survey = mission_pb2.Survey(region=region, range_m=range_m, crew=together, sector=sector)
    return mission_pb2.MissionOrder(survey=survey, return_home=True)


def _others(
    hq: Headquarters,
    task: PatrolTask | GoToTask | DeliverTask | WaitTask | ReturnTask,
    mission: Mission,
    unfit: frozenset[str],
) -> list[Draft]:
    order = mission_pb2.MissionOrder(priority=mission.priority)
    if isinstance(task, ReturnTask):
        order.return_to_base.SetInParent()
        names = [task.robot] if task.robot else [m.agent_id for m in available(hq, mission, unfit)]
        if not names:
            raise CannotError('no robot is there any more that could be sent home')
        return [Draft(agent_id=name, task=order) for name in names]
    if isinstance(task, GoToTask):
        order.go_to.CopyFrom(mission_pb2.GoTo(goal=_pose(task.goal), use_yaw=task.goal.use_yaw))
        return [_given(hq, mission, (task.robot, unfit), (task.goal,), order, goes_home=False)]
    if isinstance(task, PatrolTask):
        order.patrol.loops = task.loops
        order.patrol.stops.extend(_pose(stop) for stop in task.stops)
        return [_given(hq, mission, (task.robot, unfit), task.stops, order, goes_home=True)]
    if isinstance(task, DeliverTask):
        order.deliver.pick_up.CopyFrom(_pose(task.pick_up))
        order.deliver.drop_off.CopyFrom(_pose(task.drop_off))
        spots = (task.pick_up, task.drop_off)
        return [_given(hq, mission, (task.robot, unfit), spots, order, goes_home=True)]
    order.wait.seconds = task.seconds
    return [_given(hq, mission, (task.robot, unfit), (), order, goes_home=False)]


def _given(
    hq: Headquarters,
    mission: Mission,
    choice: tuple[str | None, frozenset[str]],
    spots: tuple[Spot, ...],
    order: mission_pb2.MissionOrder,
    *,
    goes_home: bool,
) -> Draft:
    """Give a task to the named robot or to the one that is done first and is not unfit.

    One that failed there again and again comes after the others.

    A robot that has other work goes home after that, not in between.
    """
    robot, unfit = choice
    done_s = {robot: 0.0} if robot else _done(hq, mission, spots, order, unfit)
    given = hq.experience.give(mission.mission_id, order, done_s, hq.clock())
    if not given.chosen:
        raise CannotError('no available robot can reach the places of this order')
    if robot is None:
        note_choice(hq, mission, given, done_s)
    order.return_home = goes_home and not hq.orders_of(given.chosen)
    return Draft(agent_id=given.chosen, task=order, remark=remark(given))


def _done(
    hq: Headquarters,
    mission: Mission,
    spots: tuple[Spot, ...],
    order: mission_pb2.MissionOrder,
    unfit: frozenset[str],
) -> dict[str, float]:
    """In how long each robot would be done that may and can go there [s]; inf: no way."""
    return {
        member.agent_id: done_in_s(hq, member, order)
        for member in available(hq, mission, unfit)
        if not any(hq.allocator.fault(spot, known_robot(member)) for spot in spots)
    }


def note_choice(
    hq: Headquarters, mission: Mission, given: Given, done_s: dict[str, float]
) -> None:
    """Note which robot got a task, and by when each would have been done with it."""
    data = {
        'mission_id': mission.mission_id,
        'chosen': given.chosen,
        'done_in_s': {name: round(s, 1) for name, s in done_s.items() if s < 1e9},
        'passed_over': list(given.passed_over),
        'notes': list(given.notes),
    }
    hq.note(Kind.DECISION, 'order.given_to', data, causes=(mission.cause,))


def _pose(spot: Spot) -> common_pb2.Pose2D:
    return common_pb2.Pose2D(x_m=spot.x_m, y_m=spot.y_m, yaw_rad=spot.yaw_rad)
