# SPDX-License-Identifier: Apache-2.0
"""Plan a survey: from a region of cells to a tour of stops, in steps short enough for a live node.

`begin` makes an empty plan, `advance` does a bounded piece of work (some 50 ms) until it is ready.
Then `drop_seen`, `mend`, `spend` and `skip` keep the plan true to what happens on the way.
"""

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import ndimage

from swarm_agent.planner.core import tour as touring
from swarm_agent.planner.core.ground import Floats, Ground, Ints, Point
from swarm_agent.planner.core.sight import visible
from swarm_agent.planner.core.tour import Search, Sights, Tour, Trip, make_sights
from swarm_config.maps import Mask
from swarm_vault.replacing import replace

_EYES_AT_ONCE = 96
_STOPS_AT_ONCE = 6
_EYE_MARGIN_M = 0.1
_EYE_BESIDE_M = 2.0
"""How far outside the region one may stop to look into it [m]."""
_SKIP_M = 0.75
"""Radius around a first stop out of reach that is passed over with it [m]."""
_SPENT_M = 0.6
"""Looking again this close to where nothing new was seen shows nothing new either [m]."""
_MOST_MISSES = 3
"""A cell that was not seen from so many stops, though it should have been, is given up."""
_ROUNDS = 2


class Stage(Enum):
    """What the plan's next piece of work is."""

    SIGHTS = 0
    EXTEND = 1
    TIDY = 2
    POLISH = 3
    READY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyPlan:
    """A survey being planned or driven."""

    stage: Stage
    cells: Ints
    """Shape (cells,): the region's cells as flat indices of the survey grid."""
    points: Floats
    """Shape (cells, 2): their centres [m]."""
    eyes: Ints
    """Shape (eyes,): lattice nodes to look from."""
    lawful: Mask
    """Shape (eyes,): where the law lets the robot stand and get to; once planned only these."""
    range_m: float
    """How far is looked in planning [m]."""
    rows: tuple[Mask, ...]
    """What the eyes looked at so far see, pieces of shape (some eyes, cells)."""
    sights: Sights
    wanted: Mask
    """Shape (cells,): cells that can be seen from some eye and are not given up."""
    barred: Mask
    """Shape (cells,): cells that show only from where the law does not let the robot stand."""
    misses: Ints
    """Shape (cells,): how often a cell was not seen from where it should have been."""
    tour: Tour
    moves: int
    """Moves of the search in this stage."""
    failures: int
    """Stops in a row that could not be reached."""
    skipped: Tour
    """Nodes passed over as out of reach; they get one more chance at the end."""
    retried: bool

    @property
    def ready(self) -> bool:
        """Whether the tour can be driven."""
        return self.stage is Stage.READY


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a plan is made against."""

    trip: Trip
    """Where the robot is and where it ends."""
    seen: Mask
    """Cells of the region that need not be seen any more, shape (cells,)."""
    spare: float
    """Share of the wanted cells that the tour may leave unseen."""


def begin(
    ground: Ground, region: Mask, start: Point, range_m: float, lawful: Ground | None = None
) -> SurveyPlan:
    """An empty plan for a region of the survey grid.

    Args:
        ground: The robot's whole floor.
        region: Cells of the survey grid.
        start: Where the robot is, map frame [m].
        range_m: From no farther than this a cell is seen [m].
        lawful: The same floor without what the law closes; nothing is closed if not given.
    """
    cells = np.flatnonzero(region)
    none = np.zeros((0, len(cells)), dtype=bool)
    eyes = _eyes(ground, region, start)
    return SurveyPlan(
        stage=Stage.SIGHTS,
        cells=cells,
        points=ground.survey_points(region),
        eyes=eyes,
        lawful=np.ones(len(eyes), dtype=bool) if lawful is None else _open(lawful, eyes, start),
        range_m=range_m,
        rows=(),
        sights=make_sights(eyes[:0], none),
        wanted=np.zeros(len(cells), dtype=bool),
        barred=np.zeros(len(cells), dtype=bool),
        misses=np.zeros(len(cells), dtype=np.int64),
        tour=(),
        moves=0,
        failures=0,
        skipped=(),
        retried=False,
    )


def advance(plan: SurveyPlan, ground: Ground, errand: Errand) -> SurveyPlan:
    """Do one bounded piece of planning."""
    if plan.stage is Stage.SIGHTS:
        return _look(plan, ground)
    search = _search(plan, ground, errand)
    if plan.stage is Stage.EXTEND:
        longer, full = touring.extend(search, plan.tour, _STOPS_AT_ONCE)
        stage = Stage.TIDY if full else Stage.EXTEND
        return replace(plan, tour=longer, stage=stage)
    return _tidy(plan, search) if plan.stage is Stage.TIDY else _polish(plan, search)


def remaining(plan: SurveyPlan, seen: Mask) -> Mask:
    """Which wanted cells are still unseen, shape (cells,)."""
    return plan.wanted & ~seen


def drop_seen(plan: SurveyPlan, ground: Ground, errand: Errand, least: int) -> SurveyPlan:
    """Leave out leading stops that show fewer than `least` new cells, then mend the rest."""
    left = remaining(plan, errand.seen)
    tour = plan.tour
    while tour and _gain(plan, tour[0], left) < least:
        tour = tour[1:]
    if tour == plan.tour and tour:
        return plan
    plan = replace(plan, tour=tour, failures=0 if tour else plan.failures)
    return mend(plan, ground, errand, least)


def spend(plan: SurveyPlan, ground: Ground, stop: int, seen: Mask) -> SurveyPlan:
    """Note that the robot stood at a stop: what it did not see, it will not see from there."""
    left = remaining(plan, seen)
    missed = left & plan.sights.seen[plan.sights.row_of[stop]]
    misses = plan.misses + missed
    near = np.hypot(*(ground.nodes[plan.eyes] - ground.nodes[stop]).T) <= _SPENT_M
    return replace(
        plan,
        failures=0,
        misses=misses,
        wanted=plan.wanted & ((misses < _MOST_MISSES) | seen),
        sights=make_sights(plan.eyes, plan.sights.seen & ~(near[:, None] & missed[None, :])),
    )


def skip(plan: SurveyPlan, ground: Ground, stop: int, robot: int) -> SurveyPlan:
    """Note that a stop cannot be reached from the node where the robot is.

    What lies around it and no nearer to the robot is passed over, too: the farther around, the
    more often this happens in a row.
    """
    around_m = _SKIP_M * 2.0**plan.failures
    away = np.hypot(*(ground.nodes[plan.eyes] - ground.nodes[stop]).T)
    road = ground.distances_from(robot)[0]
    beyond = road[plan.eyes] >= road[stop] - _SKIP_M
    passed = ((away <= around_m) & beyond) | (plan.eyes == stop)
    seen = plan.sights.seen & ~passed[:, None]
    gone = {int(node) for node in plan.eyes[passed]}
    return replace(
        plan,
        failures=plan.failures + 1,
        tour=tuple(node for node in plan.tour if node not in gone),
        skipped=(*plan.skipped, *sorted(gone)),
        sights=make_sights(plan.eyes, seen),
    )


def retry(plan: SurveyPlan, ground: Ground) -> SurveyPlan:
    """Give the skipped stops their one more chance."""
    seen = plan.sights.seen.copy()
    rows = sorted({plan.sights.row_of[stop] for stop in plan.skipped})
    seen[rows] = visible(ground, ground.nodes[plan.eyes[rows]], plan.points, plan.range_m)
    return replace(plan, failures=0, skipped=(), retried=True, sights=make_sights(plan.eyes, seen))


def _eyes(ground: Ground, region: Mask, start: Point) -> Ints:
    """Nodes with room, reachable from the start, in the region or just outside."""
    node = ground.node_at(start)
    if node is None or not region.any():
        return np.zeros(0, dtype=np.int64)
    away = ndimage.distance_transform_edt(~region) * ground.survey_cell_m
    origin = np.array([ground.grid.origin_x_m, ground.grid.origin_y_m])
    cell = ((ground.nodes - origin) / ground.survey_cell_m).astype(np.int64)
    beside = away[cell[:, 1], cell[:, 0]] <= _EYE_BESIDE_M
    reach = np.isfinite(ground.distances_from(node)[0])
    roomy = ground.node_clearance_m >= ground.radius_m + _EYE_MARGIN_M
    return np.flatnonzero(beside & reach & roomy)


def _open(lawful: Ground, eyes: Ints, start: Point) -> Mask:
    """Which of the nodes are open and can be got to over open floor, shape (eyes,)."""
    node, shut = lawful.node_at(start), lawful.shut
    if node is None or shut is None:
        return np.ones(len(eyes), dtype=bool)
    reach = np.isfinite(lawful.distances_from(node)[0])
    return np.asarray(reach[eyes] & ~shut[eyes])


def _look(plan: SurveyPlan, ground: Ground) -> SurveyPlan:
    done = sum(len(row) for row in plan.rows)
    eyes = plan.eyes[done : done + _EYES_AT_ONCE]
    if len(eyes):
        seen = visible(ground, ground.nodes[eyes], plan.points, plan.range_m)
        return replace(plan, rows=(*plan.rows, seen))
    seen = np.concatenate([plan.sights.seen, *plan.rows])
    shown, eyes = seen[plan.lawful], plan.eyes[plan.lawful]
    wanted = np.asarray(shown.any(axis=0))
    return replace(
        plan,
        stage=Stage.EXTEND,
        rows=(),
        eyes=eyes,
        lawful=plan.lawful[plan.lawful],
        sights=make_sights(eyes, shown),
        wanted=wanted,
        barred=np.asarray(seen.any(axis=0)) & ~wanted,
    )


def _search(plan: SurveyPlan, ground: Ground, errand: Errand) -> Search:
    return Search(
        ground=ground,
        sights=plan.sights,
        trip=errand.trip,
        wanted=remaining(plan, errand.seen),
        spare=math.floor(errand.spare * int(plan.wanted.sum())),
    )


def _tidy(plan: SurveyPlan, search: Search) -> SurveyPlan:
    for _ in range(_moves_at_once(plan)):
        tour = touring.tidy(search, plan.tour)
        if tour == plan.tour:
            return replace(plan, stage=Stage.POLISH, moves=0)
        plan = replace(plan, tour=tour)
    return plan


def _polish(plan: SurveyPlan, search: Search) -> SurveyPlan:
    for _ in range(_moves_at_once(plan)):
        size = len(plan.tour)
        if plan.moves >= _ROUNDS * size:
            return replace(plan, stage=Stage.READY, tour=touring.tidy(search, plan.tour))
        tour = touring.recreate(search, plan.tour, plan.moves % size)
        if tour:
            tour = touring.shift(search, tour, plan.moves % len(tour))
        plan = replace(plan, tour=tour, moves=plan.moves + 1)
    return plan


def _moves_at_once(plan: SurveyPlan) -> int:
    return max(1, 30 // (len(plan.tour) + 1))


def mend(plan: SurveyPlan, ground: Ground, errand: Errand, least: int) -> SurveyPlan:
    """Fill up what the tour no longer shows, leave out what it no longer needs."""
    search = _search(plan, ground, errand)
    tour, _ = touring.extend(search, plan.tour, _STOPS_AT_ONCE)
    for _ in range(_moves_at_once(plan)):
        tour = touring.tidy(search, tour)
    left = remaining(plan, errand.seen)
    return replace(plan, tour=tuple(stop for stop in tour if _gain(plan, stop, left) >= least))


def _gain(plan: SurveyPlan, stop: int, left: Mask) -> int:
    return int((plan.sights.seen[plan.sights.row_of[stop]] & left).sum())
