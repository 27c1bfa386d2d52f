# SPDX-License-Identifier: Apache-2.0
"""What a human may change of a plan while approving it: cut it down, never widen it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from swarm_supervisor.strategist import DeliverTask, PatrolTask, Plan, Task, WaitTask, squad_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A change to one step; what is None stays as it is."""

    step: int
    """Counted from 1, as the question lists them."""
    loops: int | None = None
    seconds: float | None = None
    robot: str | None = None


def amended(plan: Plan, changes: Iterable[Amendment]) -> Plan | str:
    """The plan with the changes, or why they cannot be made."""
    tasks = list(plan.tasks)
    for change in changes:
        if not 1 <= change.step <= len(tasks):
            return f'step {change.step}: the plan has 1 to {len(tasks)}'
        task = _changed(tasks[change.step - 1], change)
        if isinstance(task, str):
            return f'step {change.step}: {task}'
        tasks[change.step - 1] = task
    return replace(plan, tasks=tuple(tasks))


def _changed(task: Task, change: Amendment) -> Task | str:
    for fault in (_loops(task, change), _seconds(task, change), _robot(task, change)):
        if fault:
            return fault
    if isinstance(task, PatrolTask) and change.loops is not None:
        task = replace(task, loops=change.loops)
    if isinstance(task, WaitTask) and change.seconds is not None:
        task = replace(task, seconds=change.seconds)
    if isinstance(task, (PatrolTask, DeliverTask, WaitTask)) and change.robot is not None:
        task = replace(task, robot=change.robot)
    return task


def _loops(task: Task, change: Amendment) -> str:
    if change.loops is None:
        return ''
    if not isinstance(task, PatrolTask):
        return 'only a patrol has loops'
    most = task.loops
    return '' if 1 <= change.loops <= most else f'loops {change.loops}: expected 1 to {most}'


def _seconds(task: Task, change: Amendment) -> str:
    if change.seconds is None:
        return ''
    if not isinstance(task, WaitTask):
        return 'only a wait has seconds'
    fits = 0.0 < change.seconds <= task.seconds
    return '' if fits else f'seconds {change.seconds:g}: expected more than 0, to {task.seconds:g}'


def _robot(task: Task, change: Amendment) -> str:
    if change.robot is None:
        return ''
    if not isinstance(task, (PatrolTask, DeliverTask, WaitTask)):
        return 'the robots of this step cannot be chosen'
    squad = squad_of(task)
    if squad:
        return f'the order names squad {squad!r}: its robot is not chosen here'
    if task.robot not in (None, change.robot):
        return f'robot {change.robot!r}: the order names {task.robot!r}'
    return ''
