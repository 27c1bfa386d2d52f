# SPDX-License-Identifier: Apache-2.0
"""Whether a skill has brought about what its card expects, and what to think if it has not.

A skill says that it is done; the card says what must hold then. Where the situation contradicts
that, the robot looks once before it believes either, and says in the end which it was.
"""

import math

from swarm_agent.planner.core.cards import Fact, SkillCard
from swarm_agent.planner.core.orders import Order, Pose, Task
from swarm_agent.planner.core.types import Params

SLACK_M = 0.1
"""A pose may be this much less exact than both before it contradicts them [m]."""
LOOK_S = 8.0
"""Longest look after an effect that did not come about [s]."""
MOVED, SHORT = 'it stood there and was moved, or its pose was', 'the place cannot be reached'
HIDDEN, UNSEEN = 'something hides floor for the moment', 'no place to stand shows that floor'
LED_ASTRAY = (MOVED, SHORT)
OVERLOOKED = (HIDDEN, UNSEEN)


def contradicted(
    card: SkillCard, order: Order, pose: Pose, progress: float, params: Params
) -> str:
    """Which expected effect of a finished skill does not hold; empty if none.

    Args:
        card: The skill's card.
        order: What it has carried out.
        pose: Where the robot is, map frame.
        progress: Share of a survey's cells that were seen, 0 to 1.
        params: The planner's parameters.
    """
    for effect in card.effects:
        if effect.fact is Fact.AT_GOAL and order.stops:
            fault = _away(order.stops[-1], pose, effect.tolerance, params)
        elif effect.fact is Fact.AT_HOME and effect.holds and order.task is Task.RETURN_TO_BASE:
            fault = _away(params.home, pose, effect.tolerance, params)
        elif effect.fact is Fact.REGION_SEEN:
            fault = _unseen(progress, effect.tolerance)
        else:
            fault = ''
        if fault:
            return fault
    return ''


def hypotheses_of(order: Order) -> tuple[str, str]:
    """What an effect that did not come about may mean."""
    return OVERLOOKED if order.task is Task.SURVEY else LED_ASTRAY


def _away(goal: Pose, pose: Pose, tolerance_m: float, params: Params) -> str:
    away_m = math.dist(goal[:2], pose[:2])
    tuning = params.tuning
    most_m = max(tolerance_m, tuning.goal_tolerance_m) + tuning.goal_snap_m + SLACK_M
    return f'{away_m:.2f} m from the goal, expected {most_m:.2f} m' if away_m > most_m else ''


def _unseen(progress: float, tolerance: float) -> str:
    if progress >= 1.0 - tolerance - 1e-6:
        return ''
    return f'{100 * progress:.0f} % of the region seen, expected {100 * (1.0 - tolerance):.0f} %'
