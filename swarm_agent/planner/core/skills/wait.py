# SPDX-License-Identifier: Apache-2.0
"""Stand still for a time; a time spent interrupted does not count."""

from swarm_agent.planner.core.orders import Order
from swarm_agent.planner.core.skills.step import Scratch, Status, Step, View, hold, too_early
from swarm_agent.planner.core.types import SkillMemory
from swarm_vault.replacing import replace


def step(order: Order, memory: SkillMemory, scratch: Scratch, view: View) -> Step:
    """Wait on."""
    want = hold(order.task.value)
    if too_early(view, order.not_before_ns):
        return Step(memory=memory, scratch=scratch, want=want, reason='waiting for the time')
    memory = replace(memory, elapsed_ns=memory.elapsed_ns + view.step_ns)
    share = min(1.0, memory.elapsed_ns / (order.seconds * 1e9))
    done = share >= 1.0
    return Step(
        memory=memory,
        scratch=scratch,
        want=want,
        status=Status.DONE if done else Status.RUNNING,
        reason=f'waited {order.seconds:g} s' if done else '',
        progress=share,
    )
