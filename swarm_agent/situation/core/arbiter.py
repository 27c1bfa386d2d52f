# SPDX-License-Identifier: Apache-2.0
"""The order of override: safety over the swarm, the swarm over the mission."""

import math
from dataclasses import dataclass
from typing import Literal

from swarm_agent.mesh.core import Advice, Refuge
from swarm_agent.situation.core.types import NavState

HELD_M = 0.5
"""A robot that may drive less than this yields; with more it only drives with foresight [m]."""
Move = Literal['halt', 'stand', 'explore', 'look', 'mission', 'refuge']
"""halt: no speed at once; stand: come to a stand; the others drive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who moves the robot in this tick, how far, and what is told of it."""

    move: Move
    nav_state: NavState
    reason: str = ''
    stop_after_m: float = math.inf
    """How far along the mission's route, or the way to the refuge, it may drive [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionWill:
    """What the mission would do if it were alone."""

    nav_state: NavState
    reason: str
    moves: bool


def arbitrate(
    hold: str,
    exploring: str,
    advice: Advice,
    refuge: Refuge,
    mission: MissionWill,
    look: str = '',
) -> Order:
    """Decide who moves the robot.

    Args:
        hold: Why safety holds the robot, empty if it does not.
        exploring: What is being explored after a violation, empty if nothing.
        advice: The swarm's right of way.
        refuge: How the search for a place to step aside went.
        mission: What the mission wants.
        look: What is looked at by turning where the robot stands, empty if nothing.
    """
    if hold:
        return Order(move='halt', nav_state=NavState.BLOCKED, reason=hold)
    if exploring:
        return Order(move='explore', nav_state=NavState.EXPLORING, reason=exploring)
    if advice.kind == 'make_way':
        return _make_way(advice, refuge)
    if look:
        return Order(move='look', nav_state=NavState.EXPLORING, reason=look)
    if advice.kind == 'wait' and mission.moves and advice.stop_after_m < HELD_M:
        return Order(
            move='mission',
            nav_state=NavState.YIELDING,
            reason=advice.reason or f'waits for {advice.peer}',
            stop_after_m=advice.stop_after_m,
        )
    return Order(
        move='mission' if mission.moves else 'stand',
        nav_state=mission.nav_state,
        reason=mission.reason,
        stop_after_m=advice.stop_after_m,
    )


def _make_way(advice: Advice, refuge: Refuge) -> Order:
    reason = advice.reason or f'makes way for {advice.peer}'
    if refuge == 'none':
        reason = f'no place to make way for {advice.peer}'
    moves: Move = 'refuge' if refuge in ('found', 'behind') else 'stand'
    return Order(
        move=moves,
        nav_state=NavState.YIELDING,
        reason=reason,
        stop_after_m=advice.stop_after_m,
    )
