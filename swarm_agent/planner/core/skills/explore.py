# SPDX-License-Identifier: Apache-2.0
"""Look around from where the robot stands, for a bounded time; the situation node knows how."""

from swarm_agent.planner.core.orders import Order
from swarm_agent.planner.core.skills.step import (
    Scratch,
    Status,
    Step,
    View,
    Want,
    hold,
    too_early,
)
from swarm_agent.planner.core.types import IntentKind, Nav, SkillMemory
from swarm_vault.replacing import replace


def step(order: Order, memory: SkillMemory, scratch: Scratch, view: View) -> Step:
    """Look on, until the situation node is done or the time is up."""
    want = Want(kind=IntentKind.EXPLORE, skill=order.task.value)
    if too_early(view, order.not_before_ns):
        waiting = hold(order.task.value)
        return Step(memory=memory, scratch=scratch, want=waiting, reason='waiting for the time')
    memory = replace(memory, elapsed_ns=memory.elapsed_ns + view.step_ns)
    share = min(1.0, memory.elapsed_ns / (order.seconds * 1e9))
    looked = view.acting == want and view.nav is Nav.ARRIVED
    done = looked or share >= 1.0
    return Step(
        memory=memory,
        scratch=scratch,
        want=want,
        status=Status.DONE if done else Status.RUNNING,
        reason='looked around' if done else '',
        progress=1.0 if done else share,
    )
