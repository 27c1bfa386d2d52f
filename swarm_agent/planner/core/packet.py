# SPDX-License-Identifier: Apache-2.0
"""How far an order goes, by its own packet: the floor, the authority that it cites, its budget.

The packet can only narrow what policy and mandate leave; what it says never widens anything.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from swarm_agent.planner.core.ground import Ground
from swarm_agent.planner.core.orders import Order, Region, Task
from swarm_agent.planner.core.skills.step import Want
from swarm_agent.planner.core.skills.survey import region_mask
from swarm_agent.planner.core.types import IntentKind
from swarm_vault.laws.core.policy import BudgetRule
from swarm_vault.laws.core.values import Area, Point, Trust
from swarm_vault.laws.core.zones import inside
from swarm_vault.replacing import replace

Floats = npt.NDArray[np.float64]


def refusal(order: Order, trust: Trust, ground: Ground) -> str:
    """Why an order must not begin by its own packet; empty when it may."""
    return _complete(order) or _mandate(order, trust) or _goals(order) or _region(order, ground)


def compiled(order: Order, policy: BudgetRule) -> Order:
    """An order of the robot's own client with the packet that the robot makes for it.

    Its objective is the order itself and its budget the policy's; nothing else narrows it.
    """
    return replace(order, budget=policy) if order.local and order.budget is None else order


def leaves(order: Order, want: Want, survey_range_m: float) -> str:
    """Why a motion leaves the packet; empty while it stays within.

    The way home is always open. A survey looks into its scope from outside, at most from as far as
    it sees.
    """
    if want.skill in order.forbidden:
        return f'{want.skill} is forbidden by the packet of the order'
    leads = want.kind is IntentKind.GO_TO and want.skill == order.task.value
    if not leads or order.task is Task.RETURN_TO_BASE or not order.scope:
        return ''
    surveys = order.task is Task.SURVEY
    margin_m = (order.range_m or survey_range_m) if surveys else 0.0
    return _outside(want.goal[:2], order.scope, margin_m)


def stricter(policy: BudgetRule, order: BudgetRule | None) -> BudgetRule:
    """The budget that holds: of what policy and packet leave the smaller numbers."""
    if order is None:
        return policy
    return BudgetRule(
        total=min(policy.total, order.total),
        repeats=min(policy.repeats, order.repeats),
        procedure=min(policy.procedure, order.procedure),
    )


def _complete(order: Order) -> str:
    """A mission order is an instruction packet: without one it says not how far it goes."""
    if order.budget is None:
        return 'the order carries no instruction packet, and no order is taken without one'
    return f'the instruction packet lacks {order.lacks}' if order.lacks else ''


def _mandate(order: Order, trust: Trust) -> str:
    mandate = trust.mandate
    if not order.mandate_id or mandate is None or mandate.mandate_id == order.mandate_id:
        return ''
    return f'the order cites mandate {order.mandate_id}, in force is {mandate.mandate_id}'


def _goals(order: Order) -> str:
    if not order.scope or order.task is Task.RETURN_TO_BASE:
        return ''
    faults = (_outside(stop[:2], order.scope, 0.0) for stop in order.stops)
    return next((fault for fault in faults if fault), '')


def _region(order: Order, ground: Ground) -> str:
    """A region may not hold floor outside of the scope."""
    if order.task is not Task.SURVEY or order.region is None or not order.scope:
        return ''
    x_m, y_m = _centres(order, order.region, ground)
    held = np.zeros(len(x_m), dtype=bool)
    for area in order.scope:
        held |= _inside(x_m, y_m, area.corners)
    left = int(np.count_nonzero(~held))
    names = ', '.join(area.name for area in order.scope)
    return f'{left} cells of the region lie outside the scope {names}' if left else ''


def _centres(order: Order, region: Region, ground: Ground) -> tuple[Floats, Floats]:
    rows, cols = np.nonzero(region_mask(order, ground))
    x_m = ground.grid.origin_x_m + (cols + 0.5) * region.resolution_m
    y_m = ground.grid.origin_y_m + (rows + 0.5) * region.resolution_m
    return np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)


def _inside(x_m: Floats, y_m: Floats, corners: Sequence[Point]) -> npt.NDArray[np.bool_]:
    """`zones.inside` for many points."""
    odd = np.zeros(len(x_m), dtype=bool)
    for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], *corners[:1]), strict=True):
        if y1 != y2:
            meets = (y1 > y_m) != (y2 > y_m)
            odd ^= meets & (x_m < (x2 - x1) * (y_m - y1) / (y2 - y1) + x1)
    return odd


def _outside(goal: Point, scope: Sequence[Area], margin_m: float) -> str:
    if any(inside(goal, area.corners) for area in scope):
        return ''
    if margin_m > 0.0 and any(_distance_m(goal, area.corners) <= margin_m for area in scope):
        return ''
    names = ', '.join(area.name for area in scope)
    return f'the goal ({goal[0]:.2f}, {goal[1]:.2f}) lies outside the scope {names}'


def _distance_m(point: Point, corners: Sequence[Point]) -> float:
    """How far a point is from the edge of a polygon [m]; inf where there is none."""
    edges = zip(corners, (*corners[1:], *corners[:1]), strict=True)
    return min((_to_edge_m(point, a, b) for a, b in edges), default=math.inf)


def _to_edge_m(point: Point, a: Point, b: Point) -> float:
    along = (b[0] - a[0], b[1] - a[1])
    square = along[0] ** 2 + along[1] ** 2
    to = (point[0] - a[0], point[1] - a[1])
    share = 0.0 if square == 0.0 else (to[0] * along[0] + to[1] * along[1]) / square
    share = min(1.0, max(0.0, share))
    return math.dist(point, (a[0] + share * along[0], a[1] + share * along[1]))
