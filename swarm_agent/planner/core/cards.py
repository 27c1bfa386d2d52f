# SPDX-License-Identifier: Apache-2.0
"""The skill cards as the planner's core takes them; all rooms share swarm_config.cards."""

from swarm_config.cards import (
    Effect,
    Fact,
    Parameter,
    ParameterKind,
    SkillCard,
    SkillClass,
    card_of,
    out_of_bounds,
)

Precondition = Fact
"""A fact that must hold for a skill to be feasible; `facts` in question.py decides it."""

__all__ = [
    'Effect',
    'Fact',
    'Parameter',
    'ParameterKind',
    'Precondition',
    'SkillCard',
    'SkillClass',
    'card_of',
    'out_of_bounds',
]
