# SPDX-License-Identifier: Apache-2.0
"""Call the mediator when it is due, and carry out what it decides like any other order."""

from dataclasses import replace

from swarm.v1 import operator_pb2

from swarm_supervisor.core.mediation import (
    Dispute,
    Option,
    Side,
    Trigger,
    Way,
)
from swarm_supervisor.core.standstill import Sight, conflicts, still_s
from swarm_supervisor.handover import heirs_of
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.mediation_records import AUTHOR, QUIET_NS, ask_operator, leave_record
from swarm_supervisor.missions import ACCEPTED, FAILED, Order
from swarm_supervisor.operations import give
from swarm_supervisor.roster import Member
from swarm_supervisor.strategist import GoToTask, Plan, ReturnTask, Spot
from swarm_vault.keys import OPERATOR

AT_WORK = ('executing', 'returning')
FRESH_NS = 5_000_000_000


async def mediate(hq: Headquarters) -> None:
    """Look once whether anybody needs a mediator."""
    now_ns = hq.clock()
    working = [(m, o) for m in hq.roster if (o := _at_work(hq, m, now_ns)) is not None]
    hq.disputes.look([_sight(member, order) for member, order in working], now_ns)
    for dispute in [*_stuck(hq, working, now_ns), *_in_conflict(hq, now_ns)]:
        await _settle(hq, dispute)


def _at_work(hq: Headquarters, member: Member, now_ns: int) -> Order | None:
    """The order on which a robot that is linked says it is at work; waiting is no work."""
    told = member.telemetry
    if not member.linked or now_ns - told.stamp_ns > FRESH_NS or told.phase not in AT_WORK:
        return None
    found = hq.order(told.order_id)
    order = None if found is None else found[1]
    if order is None or order.agent_id != member.agent_id or order.status != ACCEPTED:
        return None
    return None if order.task().HasField('wait') or order.recall else order


def _sight(member: Member, order: Order) -> Sight:
    pose = member.pose[:2]
    return Sight(
        agent_id=member.agent_id, order_id=order.order_id, pose=pose, progress=order.progress
    )


def _stuck(hq: Headquarters, working: list[tuple[Member, Order]], now_ns: int) -> list[Dispute]:
    """A robot that has not got on for too long, with everybody else as possible parties."""
    found = []
    for member, order in working:
        still = still_s(hq.disputes.memory, member.agent_id, now_ns)
        if still < hq.mediation.params.stuck_s or not hq.disputes.due(member.agent_id, now_ns):
            continue
        others = [side_of(hq, m, now_ns) for m in hq.roster.available() if m is not member]
        sides = (side_of(hq, member, now_ns), *others)
        found.append(_dispute(hq, Trigger.STUCK, order.mission_id, sides))
    return found


def _in_conflict(hq: Headquarters, now_ns: int) -> list[Dispute]:
    found = []
    for pair, count in conflicts(hq.disputes.memory).items():
        members = [m for name in pair if (m := hq.roster.get(name)) is not None]
        due = all(hq.disputes.due(name, now_ns) for name in pair)
        if count < hq.mediation.params.conflicts or len(members) < 2 or not due:
            continue
        sides = tuple(side_of(hq, member, now_ns) for member in members)
        sides = tuple(sorted(sides, key=lambda side: not side.order_id))
        mission_id = _mission_of(hq, sides[0].order_id)
        dispute = _dispute(hq, Trigger.CONFLICT, mission_id, sides)
        found.append(replace(dispute, conflicts=count))
    return found


def _dispute(
    hq: Headquarters, trigger: Trigger, mission_id: str, sides: tuple[Side, ...]
) -> Dispute:
    tried = hq.disputes.tried.get(mission_id, ())
    return Dispute(trigger=trigger, mission_id=mission_id, sides=sides, tried=tried)


def side_of(hq: Headquarters, member: Member, now_ns: int) -> Side:
    """A party as the mediator sees it."""
    order = _order_now(hq, member)
    plain = Side(
        agent_id=member.agent_id,
        pose=(member.pose[0], member.pose[1]),
        home=member.robot.home[:2],
        still_s=round(still_s(hq.disputes.memory, member.agent_id, now_ns), 1),
        said=hq.disputes.said.get(member.agent_id, ''),
    )
    if order is None:
        return plain
    mission, task = hq.mission(order.mission_id), order.task()
    heirs = () if mission is None else heirs_of(hq, mission, order)
    passes = task.HasField('survey') or task.HasField('patrol')
    return replace(
        plain,
        order_id=order.order_id,
        skill=str(task.WhichOneof('task')),
        priority=task.priority,
        progress=order.progress,
        heirs=tuple(heir.agent_id for heir in heirs) if passes else (),
    )


def _order_now(hq: Headquarters, member: Member) -> Order | None:
    """The order that a robot says it works on, else its first open one."""
    open_ = hq.orders_of(member.agent_id)
    told = [order for order in open_ if order.order_id == member.telemetry.order_id]
    return next(iter((*told, *open_)), None)


def _mission_of(hq: Headquarters, order_id: str) -> str:
    found = hq.order(order_id)
    return '' if found is None else found[0].mission_id


async def _settle(hq: Headquarters, dispute: Dispute) -> None:
    mediation = await hq.mediation.settle(dispute)
    if not mediation.spawned or mediation.chosen is None:
        return
    chosen = mediation.chosen
    parties = [side.agent_id for side in dispute.sides[:1]]
    parties += [chosen.agent_id] if chosen.agent_id else []
    hq.disputes.done(dispute.mission_id, chosen.key, parties, hq.clock() + QUIET_NS)
    result = await _carry_out(hq, dispute, chosen)
    leave_record(hq, dispute, mediation, result)


async def _carry_out(hq: Headquarters, dispute: Dispute, chosen: Option) -> str:
    """Do what was decided; returns what came of it, in words."""
    if chosen.way in (Way.SEND_HOME, Way.STEP_BACK):
        return await _order_home(hq, dispute, chosen)
    if chosen.way is Way.HAND_OVER:
        return _let_go(hq, dispute, chosen)
    ask_operator(hq, dispute, chosen)
    return 'an operator is asked'


async def _order_home(hq: Headquarters, dispute: Dispute, chosen: Option) -> str:
    """Order a robot home in the name of who gave the order that cannot get on."""
    mission = hq.mission(dispute.mission_id)
    if mission is None:
        return 'its mission is closed'
    principal = hq.register.principal(OPERATOR, mission.operator)
    request = operator_pb2.SubmitRequest(
        text=f'{AUTHOR}: {chosen.why}'[:500],
        operator=mission.operator,
        request_id=f'{AUTHOR}-{dispute.mission_id}-{len(hq.disputes.tried[dispute.mission_id])}',
        priority=min(10, max(side.priority for side in dispute.sides) + 1),
    )
    reply = await give(hq, _plan(hq, chosen), request, principal)
    return reply.reason if reply.accepted else f'refused: {reply.reason}'


def _plan(hq: Headquarters, chosen: Option) -> Plan:
    member = hq.roster[chosen.agent_id]
    if chosen.way is Way.SEND_HOME:
        return Plan(tasks=(ReturnTask(robot=member.agent_id),), author=AUTHOR)
    x_m, y_m, _ = member.robot.home
    home = Spot(name=f'home of {member.agent_id}', x_m=x_m, y_m=y_m)
    return Plan(tasks=(GoToTask(robot=member.agent_id, goal=home),), author=AUTHOR)


def _let_go(hq: Headquarters, dispute: Dispute, chosen: Option) -> str:
    """Take the order from a robot; the watch gives it to others as after any failure."""
    order = next(
        (o for o in hq.orders_of(chosen.agent_id) if o.mission_id == dispute.mission_id), None
    )
    if order is None:
        return 'its order is closed'
    reason = f'{AUTHOR}: {chosen.why}'
    order.end(FAILED, reason)
    hq.store.save_order(order)
    hq.post.recall(order.agent_id, order.order_id, reason)
    hq.wake.set()
    return f'{order.order_id} is given to others'
