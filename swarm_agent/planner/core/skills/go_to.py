# SPDX-License-Identifier: Apache-2.0
"""Go to one goal; where the order says not before a time, wait there for it."""

from swarm_agent.planner.core.orders import Order, Pose, Task
from swarm_agent.planner.core.skills.leg import Course, drive
from swarm_agent.planner.core.skills.step import Scratch, Status, Step, View, Want, too_early
from swarm_agent.planner.core.types import IntentKind, Priority, SkillMemory
from swarm_vault.replacing import replace


def step(order: Order, memory: SkillMemory, scratch: Scratch, view: View) -> Step:
    """Take one step towards the order's goal."""
    want = ordered_goal(order.stops[0], view, order.task, use_yaw=order.use_yaw)
    taken = towards(want, memory, scratch, view)
    if taken.status is Status.DONE and too_early(view, order.not_before_ns):
        return replace(taken, status=Status.RUNNING, reason='at the goal, waiting for the time')
    return taken


def ordered_goal(
    goal: Pose, view: View, task: Task, *, use_yaw: bool = False, carrying: bool = False
) -> Want:
    """The want for a goal of an order, moved onto the floor where it lies just beside it."""
    near = view.ground.nearest_centre(goal[:2], view.params.tuning.goal_snap_m) or goal[:2]
    return Want(
        kind=IntentKind.GO_TO,
        skill=task.value,
        goal=(near[0], near[1], goal[2]),
        use_yaw=use_yaw,
        tolerance_m=view.params.tuning.goal_tolerance_m,
        priority=Priority.PAYLOAD if carrying else Priority.MISSION,
    )


def towards(want: Want, memory: SkillMemory, scratch: Scratch, view: View) -> Step:
    """One step of a drive: done on arrival, failed where there is no way."""
    seen = drive(scratch.leg, want, view, patience_s=view.params.tuning.blocked_fail_s)
    place = f'({want.goal[0]:.2f}, {want.goal[1]:.2f})'
    why = f': {view.situation.reason}' if view.situation.reason else ''
    status, reason = {
        Course.ARRIVED: (Status.DONE, f'arrived at {place}'),
        Course.UNREACHABLE: (Status.FAILED, f'no way to {place}{why}'),
        Course.BLOCKED: (Status.FAILED, f'the way to {place} stays blocked{why}'),
    }.get(seen.course, (Status.RUNNING, ''))
    return Step(
        memory=memory,
        scratch=replace(scratch, leg=seen.leg),
        want=want,
        status=status,
        reason=reason,
        blocked_ns=seen.blocked_ns,
    )
