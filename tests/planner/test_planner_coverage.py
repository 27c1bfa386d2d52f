# SPDX-License-Identifier: Apache-2.0
"""Laws of coverage plans: what can be seen is seen, and the same plan comes out again."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planner_world import room

from swarm_agent.planner.core import coverage
from swarm_agent.planner.core import ground as ground_module
from swarm_agent.planner.core import tour as tour_module
from swarm_agent.planner.core.coverage import Errand, SurveyPlan
from swarm_agent.planner.core.ground import Ground, make_ground
from swarm_agent.planner.core.sight import visible
from swarm_agent.planner.core.tour import Search, Trip, length_of, unseen_by
from swarm_config.maps import GridMap, load_map, pack_map

RANGE_M = 2.0
DEPOT = Path(__file__).parents[2] / 'config' / 'maps' / 'nav2_depot.yaml'


def room_with(boxes: list[tuple[int, int, int, int]]) -> GridMap:
    """A room of 6 x 5 m with boxes: row, column, height, width [cells of 0.05 m]."""
    free = np.zeros((100, 120), dtype=bool)
    free[2:-2, 2:-2] = True
    for row, col, height, width in boxes:
        free[row : row + height, col : col + width] = False
    free[4:24, 4:24] = True
    return GridMap(
        name='boxes',
        resolution_m=0.05,
        origin_x_m=0.0,
        origin_y_m=0.0,
        occupied=~free,
        free=free,
    )


def ground_of(grid: GridMap, home: tuple[float, float], radius_m: float = 0.25) -> Ground:
    return make_ground(pack_map(grid), radius_m=radius_m, home=home, survey_cell_m=0.25)


def planned(ground: Ground, home: tuple[float, float]) -> tuple[SurveyPlan, Errand]:
    plan = coverage.begin(ground, ground.survey_floor, home, RANGE_M)
    node = ground.node_at(home)
    assert node is not None
    trip = Trip(start=node, yaw_rad=0.0, home=node, turn_m=0.5)
    errand = Errand(trip=trip, seen=np.zeros(len(plan.cells), dtype=bool), spare=0.0)
    for _ in range(500):
        if plan.ready:
            return plan, errand
        plan = coverage.advance(plan, ground, errand)
    raise AssertionError('the plan was not ready after 500 steps')


def search_of(plan: SurveyPlan, ground: Ground, errand: Errand) -> Search:
    return Search(ground=ground, sights=plan.sights, trip=errand.trip, wanted=plan.wanted, spare=0)


boxes = st.lists(
    st.tuples(st.integers(2, 90), st.integers(2, 110), st.integers(1, 30), st.integers(1, 30)),
    max_size=5,
)


@settings(max_examples=10, deadline=None)
@given(boxes)
def test_a_tour_leaves_nothing_unseen_that_can_be_seen(
    found: list[tuple[int, int, int, int]],
) -> None:
    ground = ground_of(room_with(found), (0.7, 0.7))
    plan, errand = planned(ground, (0.7, 0.7))
    assert not unseen_by(search_of(plan, ground, errand), plan.tour).any()
    eyes = ground.nodes[list(plan.eyes)]
    assert np.array_equal(plan.wanted, visible(ground, eyes, plan.points, RANGE_M).any(axis=0))


@settings(max_examples=4, deadline=None)
@given(boxes)
def test_the_same_map_gives_the_same_plan(found: list[tuple[int, int, int, int]]) -> None:
    plans = [
        planned(ground_of(room_with(found), (0.7, 0.7)), (0.7, 0.7))[0].tour for _ in range(2)
    ]
    assert plans[0] == plans[1]


@settings(max_examples=6, deadline=None)
@given(boxes)
def test_every_stop_is_floor_with_room_that_can_be_reached(
    found: list[tuple[int, int, int, int]],
) -> None:
    ground = ground_of(room_with(found), (0.7, 0.7))
    plan, errand = planned(ground, (0.7, 0.7))
    distance, _ = ground.distances_from(errand.trip.start)
    for stop in plan.tour:
        assert ground.is_centre(tuple(ground.nodes[stop]))
        assert ground.node_clearance_m[stop] >= 0.35 - 1e-9
        assert math.isfinite(distance[stop])


@settings(max_examples=6, deadline=None)
@given(boxes)
def test_roads_cost_their_length_or_more_where_narrow_and_run_both_ways(
    found: list[tuple[int, int, int, int]],
) -> None:
    ground = ground_of(room_with(found), (0.7, 0.7))
    last = len(ground.nodes) - 1
    road = ground.road(0, last)
    length = sum(math.dist(ground.nodes[a], ground.nodes[b]) for a, b in pairwise(road))
    cost = ground.distances_from(0)[0][last]
    assert length - 1e-9 <= cost <= 10.0 * length + 1e-9
    assert cost == pytest.approx(ground.distances_from(last)[0][0])
    assert length >= math.dist(ground.nodes[0], ground.nodes[last]) - 1e-9


def test_a_gap_where_reflexes_hardly_let_through_costs_more_than_its_length() -> None:
    narrow, wide = (
        ground_of(room_with([(60, 2, 3, 28), (60, 30 + gap, 3, 88 - gap)]), (0.7, 0.7))
        for gap in (12, 20)
    )
    for ground, more in ((narrow, 2.0), (wide, 0.0)):
        start, end = ground.node_at((1.8, 2.4)), ground.node_at((1.8, 3.9))
        assert start is not None
        assert end is not None
        road = ground.road(start, end)
        length = sum(math.dist(ground.nodes[a], ground.nodes[b]) for a, b in pairwise(road))
        assert ground.distances_from(start)[0][end] >= length + more
        assert more or ground.distances_from(start)[0][end] == pytest.approx(length)


def test_improving_a_tour_never_makes_it_longer() -> None:
    ground = ground_of(room(), (0.0, -1.0))
    plan = coverage.begin(ground, ground.survey_floor, (0.0, -1.0), RANGE_M)
    node = ground.node_at((0.0, -1.0))
    assert node is not None
    errand = Errand(
        trip=Trip(start=node, yaw_rad=0.0, home=node, turn_m=0.5),
        seen=np.zeros(len(plan.cells), dtype=bool),
        spare=0.0,
    )
    lengths = []
    while not plan.ready:
        plan = coverage.advance(plan, ground, errand)
        if plan.stage in {coverage.Stage.TIDY, coverage.Stage.POLISH, coverage.Stage.READY}:
            lengths.append(length_of(search_of(plan, ground, errand), plan.tour))
    assert lengths == sorted(lengths, reverse=True)


def test_walls_hide_and_range_ends_sight() -> None:
    ground = ground_of(room(), (0.0, -1.0))
    eye = np.array([[1.0, -1.0]])
    targets = np.array([[2.5, -1.0], [5.0, -1.0], [1.0, 1.5]])
    assert visible(ground, eye, targets, 2.0).tolist() == [[True, False, False]]
    assert visible(ground, eye, targets, 6.0).tolist() == [[True, False, True]]


def test_an_empty_region_is_planned_at_once() -> None:
    ground = ground_of(room(), (0.0, -1.0))
    nothing = np.zeros_like(ground.survey_floor)
    plan = coverage.begin(ground, nothing, (0.0, -1.0), RANGE_M)
    errand = Errand(
        trip=Trip(start=0, yaw_rad=0.0, home=None, turn_m=0.5),
        seen=np.zeros(0, dtype=bool),
        spare=0.0,
    )
    for _ in range(10):
        plan = plan if plan.ready else coverage.advance(plan, ground, errand)
    assert plan.ready
    assert plan.tour == ()


def test_a_map_without_room_for_the_robot_has_no_lattice() -> None:
    ground = ground_of(room(), (0.0, -1.0), radius_m=5.0)
    assert len(ground.nodes) == 0
    assert ground.node_at((0.0, 0.0)) is None
    assert ground.nearest_centre((0.0, 0.0), 1.0) is None


def test_a_third_of_the_depot_is_toured_in_forty_metres_and_small_steps() -> None:
    """A region of 150 m^2 at 3.5 m range; steps are counted, as time depends on the machine."""
    home = (27.9, 6.8)
    ground = make_ground(pack_map(load_map(DEPOT)), radius_m=0.28, home=home, survey_cell_m=0.25)
    region = ground.survey_floor.copy()
    region[:, :80] = False
    assert 110 <= region.sum() * 0.0625 <= 160
    plan = coverage.begin(ground, region, home, 0.9 * 3.5)
    node = ground.node_at(home)
    assert node is not None
    trip = Trip(start=node, yaw_rad=1.57, home=node, turn_m=0.55)
    errand = Errand(trip=trip, seen=np.zeros(len(plan.cells), dtype=bool), spare=0.009)
    steps = 0
    while not plan.ready:
        plan = coverage.advance(plan, ground, errand)
        steps += 1
    assert steps < 40
    assert length_of(search_of(plan, ground, errand), plan.tour) < 45.0


def test_forgetting_distances_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = ground_of(room(), (0.0, -1.0))
    first, _ = planned(ground, (0.0, -1.0))
    monkeypatch.setattr(ground_module, '_KEPT', 2)
    monkeypatch.setattr(tour_module, '_KEPT', 2)
    again, _ = planned(ground_of(room(), (0.0, -1.0)), (0.0, -1.0))
    assert again.tour == first.tour
