# SPDX-License-Identifier: Apache-2.0
"""Drive home: as an order, and of itself when the robot is done or low on battery."""

from swarm_agent.planner.core.orders import Order, Task
from swarm_agent.planner.core.skills.go_to import towards
from swarm_agent.planner.core.skills.step import Scratch, Status, Step, View, Want, hold, too_early
from swarm_agent.planner.core.types import IntentKind, Params, Priority, SkillMemory
from swarm_vault.replacing import replace


def step(order: Order, memory: SkillMemory, scratch: Scratch, view: View) -> Step:
    """Take one step home."""
    if too_early(view, order.not_before_ns):
        waiting = hold(order.task.value)
        return Step(memory=memory, scratch=scratch, want=waiting, reason='waiting for the time')
    taken = towards(homeward(view.params, Priority.RETURNING), memory, scratch, view)
    return replace(taken, progress=1.0) if taken.status is Status.DONE else taken


def homeward(params: Params, priority: Priority) -> Want:
    """The want for the way home."""
    return Want(
        kind=IntentKind.GO_TO,
        skill=Task.RETURN_TO_BASE.value,
        goal=params.home,
        use_yaw=True,
        tolerance_m=params.tuning.goal_tolerance_m,
        priority=priority,
    )


def parked(params: Params) -> Want:
    """The want of a robot that is home: out of everybody's way."""
    return Want(
        kind=IntentKind.PARK,
        skill='',
        goal=params.home,
        use_yaw=True,
        tolerance_m=params.tuning.goal_tolerance_m,
        priority=Priority.IDLE,
    )
