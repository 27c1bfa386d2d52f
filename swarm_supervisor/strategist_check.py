# SPDX-License-Identifier: Apache-2.0
"""The one judge of plans, whoever made them: names, bounds, robots there, floor to stand on."""

import math
from collections.abc import Iterable

from swarm_supervisor.strategist import (
    Context,
    DeliverTask,
    GoToTask,
    KnownRobot,
    PatrolTask,
    Plan,
    RecallTask,
    Refusal,
    ReturnTask,
    Spot,
    SurveyTask,
    Task,
    WaitTask,
    squad_of,
)

MAX_TASKS = 20
MAX_STOPS = 50
MAX_LOOPS = 1000
MAX_WAIT_S = 86_400.0


def check_plan(plan: Plan, context: Context) -> Refusal | None:
    """Judge a plan.

    Returns:
        The first reason to refuse it, None when it may be ordered.
    """
    if not 1 <= len(plan.tasks) <= MAX_TASKS:
        return Refusal(reason=f'a plan has 1 to {MAX_TASKS} tasks, found {len(plan.tasks)}')
    fault = _order_fault(plan)
    if fault:
        return Refusal(reason=fault)
    for task in plan.tasks:
        fault = _fault(task, context)
        if fault:
            return Refusal(reason=fault)
    return None


def _order_fault(plan: Plan) -> str | None:
    """A task may wait for tasks before it only: so no two wait for each other."""
    if plan.after and len(plan.after) != len(plan.tasks):
        return f'the plan orders {len(plan.after)} tasks, but has {len(plan.tasks)}'
    for number, before in enumerate(plan.after):
        if any(not 0 <= other < number for other in before):
            return f'task {number + 1} waits for a task that does not come before it'
        if before and isinstance(plan.tasks[number], RecallTask):
            return f'task {number + 1} recalls a mission: that is done at once'
    return None


def _fault(task: Task, context: Context) -> str | None:
    if isinstance(task, RecallTask):
        return _mission_fault(task, context)
    faults = (_bounds_fault(task), _sector_fault(task, context), _robots_fault(task, context))
    return next((fault for fault in faults if fault), None)


def _mission_fault(task: RecallTask, context: Context) -> str | None:
    if task.mission_id in context.open_missions:
        return None
    known = ', '.join(context.open_missions) or 'none'
    return f'there is no open mission {task.mission_id[:64]!r}; open is {known}'


def _bounds_fault(task: Task) -> str | None:
    for spot in _spots(task):
        if not all(math.isfinite(value) for value in (spot.x_m, spot.y_m, spot.yaw_rad)):
            return f'place {spot.name[:64]!r} has a coordinate that is no finite number'
    if isinstance(task, WaitTask) and not 0.0 < task.seconds <= MAX_WAIT_S:
        return f'a wait lasts more than 0 and at most {MAX_WAIT_S:.0f} s, found {task.seconds:g} s'
    if isinstance(task, PatrolTask):
        if not 1 <= len(task.stops) <= MAX_STOPS:
            return f'a patrol has 1 to {MAX_STOPS} stops, found {len(task.stops)}'
        if not 1 <= task.loops <= MAX_LOOPS:
            return f'a patrol goes round 1 to {MAX_LOOPS} times, found {task.loops}'
    return None


def _sector_fault(task: Task, context: Context) -> str | None:
    if not isinstance(task, SurveyTask) or task.sector is None:
        return None
    if task.sector in context.places.sectors:
        return None
    known = ', '.join(context.places.sectors) or 'none'
    return f'there is no sector {task.sector[:64]!r}; there is {known}'


def _robots_fault(task: Task, context: Context) -> str | None:
    named = _robot_of(task)
    if named is not None:
        robot = context.robots.get(named)
        return _named_fault(named, robot, task, context)
    squad = squad_of(task)
    asked = [robot for robot in context.robots.values() if squad in ('', robot.squad)]
    if not asked:
        return f'no robot belongs to squad {squad[:64]!r}'
    available = [robot for robot in asked if robot.available]
    if not available:
        return f'no robot is available: {_states(asked)}'
    faults = [_way_fault(robot, task, context) for robot in available]
    return None if None in faults else faults[0]


def _named_fault(name: str, robot: KnownRobot | None, task: Task, context: Context) -> str | None:
    if robot is None:
        return f'there is no robot {name[:64]!r}; there is {", ".join(context.robots)}'
    if not robot.available:
        return f'robot {name!r} cannot be given orders: it is {robot.state}'
    return _way_fault(robot, task, context)


def _way_fault(robot: KnownRobot, task: Task, context: Context) -> str | None:
    faults = (context.standing.fault(spot, robot) for spot in _spots(task))
    return next((fault for fault in faults if fault), None)


def _robot_of(task: Task) -> str | None:
    if isinstance(task, (PatrolTask, GoToTask, DeliverTask, WaitTask, ReturnTask)):
        return task.robot
    return None


def _spots(task: Task) -> tuple[Spot, ...]:
    if isinstance(task, PatrolTask):
        return task.stops
    if isinstance(task, GoToTask):
        return (task.goal,)
    if isinstance(task, DeliverTask):
        return (task.pick_up, task.drop_off)
    return ()


def _states(robots: Iterable[KnownRobot]) -> str:
    return ', '.join(f'{robot.agent_id} is {robot.state}' for robot in robots)
