# SPDX-License-Identifier: Apache-2.0
"""Fetch a load at one place and bring it to another; who carries has the higher right of way.

Legs: 0 drive to the pick up, 1 take up, 2 drive to the drop off, 3 put down.
"""

from swarm_agent.planner.core.orders import Order
from swarm_agent.planner.core.skills.go_to import ordered_goal, towards
from swarm_agent.planner.core.skills.step import Scratch, Status, Step, View, too_early
from swarm_agent.planner.core.types import SkillMemory
from swarm_vault.replacing import replace

_LEGS = 4


def step(order: Order, memory: SkillMemory, scratch: Scratch, view: View) -> Step:
    """Take one step of the delivery."""
    stop = order.stops[0 if memory.leg < 2 else 1]
    want = ordered_goal(stop, view, order.task, carrying=memory.carrying)
    taken = replace(towards(want, memory, scratch, view), progress=memory.leg / _LEGS)
    if memory.leg % 2 == 1:
        return _handle(taken, memory, view)
    if taken.status is not Status.DONE:
        return taken
    if memory.leg == 0 and too_early(view, order.not_before_ns):
        return replace(taken, status=Status.RUNNING, reason='at the pick up, waiting for the time')
    return replace(taken, memory=replace(memory, leg=memory.leg + 1), status=Status.RUNNING)


def _handle(taken: Step, memory: SkillMemory, view: View) -> Step:
    """Stand while the load is taken up or put down."""
    elapsed = memory.elapsed_ns + view.step_ns
    if elapsed < round(view.params.tuning.handling_s * 1e9):
        handling = replace(memory, elapsed_ns=elapsed)
        return replace(taken, memory=handling, status=Status.RUNNING, reason='handling the load')
    memory = replace(memory, leg=memory.leg + 1, elapsed_ns=0, carrying=not memory.carrying)
    if memory.leg == _LEGS:
        return replace(
            taken, memory=memory, status=Status.DONE, progress=1.0, reason='load delivered'
        )
    return replace(taken, memory=memory, status=Status.RUNNING, reason='load taken up')
