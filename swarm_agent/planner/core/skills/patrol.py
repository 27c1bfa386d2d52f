# SPDX-License-Identifier: Apache-2.0
"""Go from stop to stop, round after round; at the first stop wait for the order's time."""

from swarm_agent.planner.core.orders import Order
from swarm_agent.planner.core.skills.go_to import ordered_goal, towards
from swarm_agent.planner.core.skills.step import Scratch, Status, Step, View, too_early
from swarm_agent.planner.core.types import SkillMemory
from swarm_vault.replacing import replace


def step(order: Order, memory: SkillMemory, scratch: Scratch, view: View) -> Step:
    """Take one step of the patrol."""
    legs = len(order.stops) * order.loops
    stop = order.stops[memory.leg % len(order.stops)]
    taken = towards(ordered_goal(stop, view, order.task), memory, scratch, view)
    taken = replace(taken, progress=memory.leg / legs)
    if taken.status is not Status.DONE:
        return taken
    if memory.leg == 0 and too_early(view, order.not_before_ns):
        return replace(
            taken, status=Status.RUNNING, reason='at the first stop, waiting for the time'
        )
    return _next_leg(order, taken, legs, view)


def _next_leg(order: Order, taken: Step, legs: int, view: View) -> Step:
    memory = replace(taken.memory, leg=taken.memory.leg + 1)
    if memory.leg == legs:
        return replace(taken, memory=memory, progress=1.0, reason=f'{legs} stops visited')
    stop = order.stops[memory.leg % len(order.stops)]
    return replace(
        taken,
        memory=memory,
        want=ordered_goal(stop, view, order.task),
        status=Status.RUNNING,
        reason='',
        progress=memory.leg / legs,
    )
