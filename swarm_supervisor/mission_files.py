# SPDX-License-Identifier: Apache-2.0
"""The artefacts of a mission's phases: missions/<id>/ in the supervisor's vault."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from swarm.v1 import common_pb2, mission_pb2, packet_pb2

from swarm_supervisor.core.packets import Packet, ScopeArea, packet_of, phase_of
from swarm_supervisor.debrief import debrief
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.mediated_plan import finally_checked
from swarm_supervisor.missions import COMPLETED, Mission, MissionStatus, Order
from swarm_supervisor.places import Places
from swarm_supervisor.strategist import (
    SKILL_OF,
    Plan,
    RecallTask,
    ReturnTask,
    SurveyTask,
    WaitTask,
)
from swarm_vault.files import write_atomic
from swarm_vault.recorder import Kind

STILL = (RecallTask, WaitTask, ReturnTask)
"""Tasks that need no floor of the scope: they stand, or they lead home."""


def packet_for(hq: Headquarters, plan: Plan, mission: Mission) -> Packet:
    """The instruction packet of a mission."""
    skills = dict.fromkeys(SKILL_OF[type(t)] for t in plan.tasks if not isinstance(t, RecallTask))
    areas, budget = _scope(plan, hq.places), hq.court.policy_of('').budget
    return packet_of(mission.text, mission.operator, tuple(skills), areas, budget)


def _scope(plan: Plan, places: Places) -> tuple[ScopeArea, ...]:
    """The sectors of a plan that has nothing to do elsewhere; none: the whole map."""
    moving = [task for task in plan.tasks if not isinstance(task, STILL)]
    sectors = [task.sector for task in moving if isinstance(task, SurveyTask) and task.sector]
    if len(sectors) < len(moving):
        return ()
    return tuple(
        ScopeArea(name=name, corners=tuple(places.sectors[name]))
        for name in dict.fromkeys(sectors)
    )


def packet_message(packet: Packet) -> packet_pb2.Packet:
    """A packet as it goes out."""
    values = {name: value for name, value in asdict(packet).items() if name != 'areas'}
    message = packet_pb2.Packet(**values)
    for area in packet.areas:
        corners = [common_pb2.Point2D(x_m=x, y_m=y) for x, y in area.corners]
        message.areas.add(name=area.name, corners=corners)
    return message


def equip(mission: Mission, plan: Plan, numbers: list[int], packet: Packet) -> None:
    """Give each order its packet, and the orders that it must wait for.

    Args:
        mission: With its orders, nothing sent yet.
        plan: Whose tasks they carry out.
        numbers: For each order the number of its task.
        packet: What the mission is for and how far it goes.
    """
    message = packet_message(packet)
    of_task: dict[int, list[str]] = {}
    for order, number in zip(mission.orders, numbers, strict=True):
        of_task.setdefault(number, []).append(order.order_id)
    for order, number in zip(mission.orders, numbers, strict=True):
        task = order.task()
        task.packet.CopyFrom(message)
        task.packet.mandate_id = task.warrant.mandate_id
        before = plan.after[number] if plan.after else ()
        task.after.extend(name for other in before for name in of_task.get(other, ()))
        order.payload = task.SerializeToString()


def inherit(order: Order, from_: mission_pb2.MissionOrder, handoff: packet_pb2.Handoff) -> None:
    """Give an order that takes over another's work its packet, its waits, what was left."""
    task = order.task()
    task.handoff.CopyFrom(handoff)
    task.packet.CopyFrom(from_.packet)
    task.packet.mandate_id = task.warrant.mandate_id
    task.squad = from_.squad
    task.max_speed_mps = from_.max_speed_mps
    task.after.extend(from_.after)
    order.payload = task.SerializeToString()


def ready(mission: Mission, order: Order) -> bool:
    """Whether everything that an order waits for is complete, heirs of it included."""
    waits = set(order.task().after)
    if not waits:
        return True
    done = {other.order_id for other in mission.orders if other.status == COMPLETED}
    replaced = {other.order_id for other in mission.orders if other.replaced}
    if waits & replaced:
        first = [o for o in mission.orders if not o.replaced and not o.task().after]
        return all(other.status == COMPLETED for other in first)
    return done.issuperset(waits)


def begin(hq: Headquarters, mission: Mission, plan: Plan) -> None:
    """Leave the artefacts of BOOTSTRAP to EXECUTE, in their order."""
    tasks = [{'task': SKILL_OF.get(type(t), 'recall'), **asdict(t)} for t in plan.tasks]
    orders = {order.order_id: order.agent_id for order in mission.orders}
    after = {order.order_id: list(order.task().after) for order in mission.orders}
    _leave(hq, mission, 'packet.json', asdict(packet_for(hq, plan, mission)))
    _leave(hq, mission, 'preflight.json', {'robots': sorted(orders.values())})
    plan_data = {'author': plan.author, 'assumptions': plan.assumptions, 'tasks': tasks}
    _leave(hq, mission, 'plan.json', {**plan_data, 'after': plan.after})
    _leave(hq, mission, 'orders.json', {'orders': orders, 'after': after})


def finish(hq: Headquarters, mission: Mission) -> None:
    """Leave the artefacts of VERIFY to REPORT; an outcome is written once and never again.

    Its digest is in the log before it is on the disk: the log is signed, so is the outcome by it.
    """
    folder = folder_of(hq, mission)
    if not folder.is_dir() or (folder / 'outcome.json').exists():
        return
    counting = [order for order in mission.orders if not order.replaced]
    met = all(order.status == COMPLETED for order in counting)
    checked = finally_checked(hq, mission) if mission.status is MissionStatus.COMPLETE else {}
    verified = {'every order that counts is complete': met, **checked}
    _leave(hq, mission, 'verification.json', verified)
    outcome = {
        'mission_id': mission.mission_id,
        'status': mission.status.value,
        'reason': mission.reason,
        'seconds': round((mission.closed_ns - mission.created_ns) / 1e9, 1),
        'orders': {order.order_id: order.reason for order in mission.orders},
    }
    seal: dict[str, object] = {'mission_id': mission.mission_id, 'sha256': _digest(outcome)}
    hq.note(Kind.STATE_CHANGE, 'mission.outcome', seal, causes=(mission.cause,), durable=True)
    _leave(hq, mission, 'outcome.json', outcome)
    write_atomic(folder / 'report.md', _report(mission).encode('utf-8'))
    phase, missing = phase_of([path.name for path in folder.iterdir()])
    data = {'mission_id': mission.mission_id, 'phase': phase.value, 'missing': missing}
    hq.note(Kind.STATE_CHANGE, 'mission.phase', data, causes=(mission.cause,))
    debrief(hq, mission)


def folder_of(hq: Headquarters, mission: Mission) -> Path:
    """Where a mission's artefacts lie."""
    return hq.vault_dir / 'missions' / mission.mission_id


def _leave(hq: Headquarters, mission: Mission, name: str, data: dict[str, Any]) -> None:
    path = folder_of(hq, mission) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, _text(data))


def _text(data: dict[str, Any]) -> bytes:
    return json.dumps(data, indent=1, ensure_ascii=False).encode('utf-8')


def _digest(data: dict[str, Any]) -> str:
    return hashlib.sha256(_text(data)).hexdigest()


def _report(mission: Mission) -> str:
    lines = [
        f'# Mission {mission.mission_id}: {mission.status.value}',
        '',
        f'Ordered by {mission.operator}: "{mission.text}".',
        '',
        *(f'- {o.order_id}, {o.agent_id}: {o.reason or "as ordered"}' for o in mission.orders),
    ]
    return '\n'.join(lines) + '\n'
