# SPDX-License-Identifier: Apache-2.0
"""Skills: small state machines, each `step(order, memory, scratch, view) -> Step`.

A skill says what it wants; it never asks whether that is allowed: the executive does.
"""

from collections.abc import Callable

from swarm_agent.planner.core.orders import Order, Task
from swarm_agent.planner.core.skills import (
    deliver,
    explore,
    go_to,
    patrol,
    return_to_base,
    survey,
    wait,
)
from swarm_agent.planner.core.skills.step import Scratch, Step, View
from swarm_agent.planner.core.types import SkillMemory

Skill = Callable[[Order, SkillMemory, Scratch, View], Step]

SKILLS: dict[Task, Skill] = {
    Task.SURVEY: survey.step,
    Task.GO_TO: go_to.step,
    Task.PATROL: patrol.step,
    Task.DELIVER: deliver.step,
    Task.WAIT: wait.step,
    Task.RETURN_TO_BASE: return_to_base.step,
    Task.EXPLORE: explore.step,
}
"""What does which task."""
