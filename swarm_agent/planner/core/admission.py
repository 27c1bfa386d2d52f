# SPDX-License-Identifier: Apache-2.0
"""Whether an order can be accepted: one clear reason if not."""

import math
from dataclasses import dataclass

import numpy as np

from swarm_agent.planner.core.cards import card_of, out_of_bounds
from swarm_agent.planner.core.ground import Ground
from swarm_agent.planner.core.law_state import may_run
from swarm_agent.planner.core.orders import Order, Pose, Region, Task
from swarm_agent.planner.core.skills.survey import region_mask
from swarm_agent.planner.core.types import Params

_LONGEST_ID = 128
_MOST_STOPS = 64
_STOPS = {Task.GO_TO: (1, 1), Task.PATROL: (1, _MOST_STOPS), Task.DELIVER: (2, 2)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the robot can be asked for at this moment."""

    wall_ns: int
    tier: int
    battery: float | None
    """Share of charge; None while unknown."""
    locked_down: str
    """Why no local order is taken; empty when they are."""


def refusal(order: Order, standing: Standing, ground: Ground, params: Params) -> str:
    """Why this order is refused; empty when it is accepted."""
    return (
        _form(order, params)
        or _urgency(order)
        or _authority(order, standing, params)
        or _parameters(order, params)
        or _goals(order, ground, params)
        or _region(order, ground)
    )


def _form(order: Order, params: Params) -> str:
    if not order.order_id or len(order.order_id) > _LONGEST_ID:
        return f'order_id must have 1 to {_LONGEST_ID} characters'
    if order.agent_id != params.agent_id:
        return f'the order is for {order.agent_id!r}, this is {params.agent_id!r}'
    if order.task is Task.UNKNOWN:
        return 'the order has no task that this robot knows'
    if order.task.value in order.forbidden:
        return f'the order asks for {order.task.value}, which its own packet forbids'
    return ''


def _urgency(order: Order) -> str:
    if not 1 <= order.priority <= 10:
        return f'priority is {order.priority}, expected 1 to 10'
    if not 0.0 <= order.max_speed_mps < math.inf:
        return f'max_speed_mps is {order.max_speed_mps:g}, expected 0 or more'
    return ''


def _authority(order: Order, standing: Standing, params: Params) -> str:
    if order.expires_ns and order.expires_ns <= standing.wall_ns:
        late_s = (standing.wall_ns - order.expires_ns) / 1e9
        return f'the order expired {late_s:.1f} s ago'
    if order.local and standing.locked_down:
        return f'locked down: {standing.locked_down}'
    card = card_of(params.cards, order.task.value)
    if card is None:
        return f'no skill card for {order.task.value!r}'
    if not may_run(card, standing.tier):
        return f'tier {standing.tier} is too low, {card.name} needs tier {card.tier}'
    return _charge(order, standing, params)


def _charge(order: Order, standing: Standing, params: Params) -> str:
    """With a low battery only the way home is left; an unknown one holds the robot anyway."""
    if standing.battery is None or standing.battery > params.min_battery:
        return ''
    if order.task is Task.RETURN_TO_BASE:
        return ''
    share, least = 100 * standing.battery, 100 * params.min_battery
    return f'battery at {share:.0f} %, the reserve is {least:.0f} %'


def _parameters(order: Order, params: Params) -> str:
    card = card_of(params.cards, order.task.value)
    assert card is not None
    given: dict[Task, tuple[tuple[str, float], ...]] = {
        Task.SURVEY: (('range_m', order.range_m or params.survey_range_m),),
        Task.PATROL: (('loops', float(order.loops)),),
        Task.WAIT: (('seconds', order.seconds),),
        Task.EXPLORE: (('seconds', order.seconds),),
    }
    return out_of_bounds(card, given.get(order.task, ()))


def _goals(order: Order, ground: Ground, params: Params) -> str:
    least, most = _STOPS.get(order.task, (0, 0))
    if not least <= len(order.stops) <= most:
        return f'{order.task.value} has {len(order.stops)} stops, expected {least} to {most}'
    faults = (_goal(stop, ground, params.tuning.goal_snap_m) for stop in order.stops)
    return next((fault for fault in faults if fault), '')


def _goal(goal: Pose, ground: Ground, snap_m: float) -> str:
    if not all(math.isfinite(value) for value in goal):
        return f'the goal {goal} is not finite'
    place = f'the goal ({goal[0]:.2f}, {goal[1]:.2f})'
    if not ground.grid.contains(*ground.grid.cell_of(goal[0], goal[1])):
        return f'{place} lies outside the map'
    if ground.nearest_centre(goal[:2], snap_m) is None:
        return (
            f'{place} cannot be reached: no floor that the robot can stand on within {snap_m:g} m'
        )
    return ''


def _region(order: Order, ground: Ground) -> str:
    if order.task is not Task.SURVEY:
        return ''
    region = order.region
    if region is None:
        return 'the survey has no region'
    rows, cols = ground.survey_floor.shape
    right = (cols, rows) == (region.width, region.height) and len(region.bits) == -(
        -rows * cols // 8
    )
    if not right or not _close(region, ground):
        return (
            f'the region has {region.width} x {region.height} cells of {region.resolution_m:g} m, '
            f'expected {cols} x {rows} of {ground.survey_cell_m:g} m'
        )
    return '' if np.any(region_mask(order, ground)) else 'the region holds no reachable floor'


def _close(region: Region, ground: Ground) -> bool:
    return abs(region.resolution_m - ground.survey_cell_m) < 1e-6
