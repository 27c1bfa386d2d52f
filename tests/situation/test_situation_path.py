# SPDX-License-Identifier: Apache-2.0
"""Ways over the floor: as wide as the body needs, around what was met, or a reason why not."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from situation_rooms import first_state, terrain, terrain_seen
from situation_world import AMR, TB4

from swarm_agent.situation.core import Tuning
from swarm_agent.situation.core.centre import centred
from swarm_agent.situation.core.grid import cell_at
from swarm_agent.situation.core.path import (
    Aversion,
    cell_costs,
    nearest_node,
    plan,
    remeasured,
)
from swarm_agent.situation.core.roadmap import clearance_cost, weighted
from swarm_agent.situation.core.route import (
    SPACING_M,
    Route,
    locate,
    point_at,
    resampled,
    told,
)
from swarm_agent.situation.core.se2 import distance
from swarm_agent.situation.core.search import search

TUNING = Tuning()
BOX = (3.0, 2.0, 0.3)
LOOK = (1.2, 2.0, 0.0)


def route_of(ground, start, goal, tolerance_m=0.15, aversions=()) -> Route:
    found = plan(ground, (*start, 0.0), goal, tolerance_m, aversions)
    assert found.route is not None, found.reason
    return found.route


def straight(*corners) -> Route:
    x, y, s = resampled(corners)
    return Route(x=tuple(x), y=tuple(y), s=tuple(s), margin=(0.5,) * len(x))


def points_of(route) -> np.ndarray:
    return np.column_stack([route.x, route.y])


def test_an_open_floor_is_crossed_in_a_straight_line():
    route = route_of(terrain(), (1.5, 1.5), (6.5, 1.5))
    assert (route.x[0], route.y[0]) == (1.5, 1.5)
    assert route.goal == pytest.approx((6.5, 1.5))
    assert route.length_m == pytest.approx(5.0, abs=0.15)


def test_a_route_goes_around_the_pillar():
    route = route_of(terrain(), (3.5, 3.2), (6.5, 3.2))
    assert 3.0 < route.length_m < 4.0
    assert min(route.margin) > TUNING.good_margin_m - 0.05


@given(
    start=st.tuples(st.floats(0.5, 7.4), st.floats(0.5, 5.4)),
    goal=st.tuples(st.floats(0.5, 7.4), st.floats(0.5, 5.4)),
    seen=st.booleans(),
)
@settings(max_examples=40)
def test_every_route_leaves_the_body_room_and_is_evenly_spaced(start, goal, seen):
    ground = terrain_seen(LOOK, [BOX]) if seen else terrain()
    found = plan(ground, (*start, 0.0), goal, 0.15)
    if found.route is None:
        assert found.reason
        return
    route = found.route
    beyond_start = [m for m, s in zip(route.margin, route.s, strict=True) if s > 0.6]
    assert min(beyond_start, default=1.0) >= TUNING.min_margin_m - 0.1
    steps = np.diff(np.array(route.s))
    assert bool((steps >= 0).all())
    assert float(steps.max()) <= SPACING_M + 1e-9
    gaps = np.hypot(*np.diff(points_of(route), axis=0).T)
    assert float(gaps.max()) <= SPACING_M + 1e-6
    assert distance(route.goal, goal) <= 0.15 + 0.1


def test_the_way_found_costs_no_more_than_any_straight_leg_over_free_floor():
    ground = terrain()
    cost = cell_costs(ground)[ground.roadmap.cell_of]
    start = nearest_node(ground, cost, (1.5, 1.5), 0.1)
    away, back = search(weighted(ground.roadmap, cost), start)
    end = nearest_node(ground, away, (6.45, 1.55), 0.1)
    assert 4.89 < away[end] < 4.9 * 1.1
    assert back[start] < 0


def test_equal_questions_get_equal_routes():
    one = plan(terrain(), (1.5, 1.5, 0.0), (6.5, 4.5), 0.15)
    assert plan(terrain(), (1.5, 1.5, 0.0), (6.5, 4.5), 0.15) == one


def test_a_door_is_passed_in_its_middle():
    route = route_of(terrain('door'), (1.5, 1.0), (6.5, 4.0))
    through = [y for x, y in zip(route.x, route.y, strict=True) if 3.85 <= x <= 4.15]
    assert through
    assert all(abs(y - 2.5) < 0.06 for y in through)


def test_a_door_takes_the_body_that_fits_and_no_other():
    stout = replace(AMR, radius_m=0.42)
    assert plan(terrain('door', TB4), (1.5, 1.0, 0.0), (6.5, 4.0), 0.15).route is not None
    found = plan(terrain('door', stout), (1.5, 1.0, 0.0), (6.5, 4.0), 0.15)
    assert found.route is None
    assert found.reason == 'no way to (6.50, 4.00) on the map'
    assert not found.by_map


def test_a_goal_in_a_room_without_a_door_is_said_to_be_unreachable():
    found = plan(terrain('split'), (1.5, 1.0, 0.0), (6.5, 4.0), 0.15)
    assert (found.route, found.by_map) == (None, False)
    assert found.reason == 'no way to (6.50, 4.00) on the map'


@pytest.mark.parametrize('goal', [(4.75, 3.25), (0.1, 0.1), (-3.0, 2.0), (80.0, 90.0)])
def test_a_goal_in_a_wall_or_off_the_map_has_no_room_for_the_robot(goal):
    found = plan(terrain(), (1.5, 1.5, 0.0), goal, 0.15)
    assert (found.route, found.by_map) == (None, False)
    assert found.reason.startswith('no room for the robot at (')


def test_a_goal_too_near_to_a_wall_is_reached_within_its_tolerance():
    route = route_of(terrain(), (1.5, 1.5), (0.3, 3.0), tolerance_m=0.4)
    assert distance(route.goal, (0.3, 3.0)) <= 0.4
    assert route.goal[0] >= 0.1 + AMR.radius_m


def test_an_object_is_driven_around():
    free = route_of(terrain(), (1.2, 2.0), (6.0, 2.0))
    route = route_of(terrain_seen(LOOK, [BOX]), (1.2, 2.0), (6.0, 2.0))
    assert free.length_m + 0.05 < route.length_m < free.length_m + 1.0
    away = np.hypot(points_of(route)[:, 0] - 3.0, points_of(route)[:, 1] - 2.0)
    assert float(away.min()) >= AMR.radius_m + 0.3


def test_an_object_in_the_only_door_closes_it_for_now():
    ground = terrain_seen((2.5, 2.5, 0.0), [(4.0, 2.5, 0.3)], 'door')
    found = plan(ground, (1.5, 2.5, 0.0), (6.5, 2.5), 0.15)
    assert found.route is None
    assert found.by_map
    assert found.reason == 'every way to (6.50, 2.50) is closed by what was met there'


def test_a_robot_that_is_walled_in_says_so():
    ring = [
        (2.0 + 0.45 * math.cos(a), 2.0 + 0.45 * math.sin(a), 0.1)
        for a in np.linspace(0, math.tau, 12, endpoint=False)
    ]
    found = plan(terrain_seen((2.0, 2.0, 0.0), ring), (2.0, 2.0, 0.0), (6.0, 2.0), 0.15)
    assert found.route is None
    assert found.reason


def test_a_robot_far_from_all_free_floor_has_no_room_around_itself():
    found = plan(terrain(), (-5.0, -5.0, 0.0), (6.0, 2.0), 0.15)
    assert found.reason == 'no room around the robot itself'


@given(
    pose=st.tuples(st.floats(-1.0, 9.0), st.floats(-1.0, 7.0), st.floats(-3.1, 3.1)),
    goal=st.tuples(st.floats(-1.0, 9.0), st.floats(-1.0, 7.0)),
)
@settings(max_examples=60)
def test_a_robot_at_or_beyond_the_edge_of_the_map_still_gets_an_answer(pose, goal):
    found = plan(terrain('room', TB4), pose, goal, 0.3)
    assert (found.route is None) == bool(found.reason)


def test_disliked_floor_is_left_where_a_way_around_is_cheap():
    disliked = Aversion(discs=((3.5, 2.0, 0.8),), factor=8.0)
    route = route_of(terrain(), (1.5, 2.0), (6.0, 2.0), aversions=(disliked,))
    away = np.hypot(points_of(route)[:, 0] - 3.5, points_of(route)[:, 1] - 2.0)
    assert float(away.min()) > 0.6


def test_disliked_floor_is_crossed_where_there_is_no_other_way_and_closed_floor_never():
    disliked = Aversion(discs=((4.0, 2.5, 0.8),), factor=8.0)
    assert route_of(terrain('door'), (1.5, 2.5), (6.5, 2.5), aversions=(disliked,)).length_m > 4
    closed = replace(disliked, factor=math.inf)
    assert plan(terrain('door'), (1.5, 2.5, 0.0), (6.5, 2.5), 0.15, (closed,)).route is None


@pytest.mark.parametrize('radius_m', [math.inf, math.nan, 0.0, -1.0])
def test_an_aversion_without_extent_changes_nothing(radius_m):
    odd = Aversion(discs=((3.0, 2.0, radius_m),), factor=8.0)
    assert np.array_equal(cell_costs(terrain(), (odd,)), cell_costs(terrain()))


def test_floor_costs_more_the_narrower_it_is_and_is_closed_at_the_body():
    clearance_m = np.linspace(0.0, 2.0, 201, dtype=np.float32)
    cost = clearance_cost(clearance_m, 0.28, (0.02, 0.04, 0.08, 0.5))
    assert bool((np.diff(cost[np.isfinite(cost)]) <= 0).all())
    assert bool(np.isinf(cost[clearance_m < 0.299]).all())
    assert float(cost[-1]) == 1.0


def test_no_edge_of_the_graph_cuts_a_corner():
    state = first_state('door')
    roadmap, cols = state.statics.roadmap, state.statics.grid.cols
    cells = roadmap.cell_of
    for k in range(0, roadmap.target.size, 3):
        a, b = int(cells[roadmap.beside[0][k]]), int(cells[roadmap.target[k]])
        one, two = (a // cols) * cols + b % cols, (b // cols) * cols + a % cols
        assert roadmap.node_of[one] >= 0
        assert roadmap.node_of[two] >= 0


def test_a_route_is_remeasured_when_the_room_changes():
    route = route_of(terrain(), (1.2, 2.0), (6.0, 2.0))
    measured = remeasured(route, terrain_seen(LOOK, [BOX]))
    assert (measured.x, measured.y, measured.s) == (route.x, route.y, route.s)
    assert min(measured.margin) < 0.0 < min(route.margin)


def test_centring_moves_the_narrow_part_only():
    field = first_state('door').statics.middle
    x, y, _ = resampled([(1.0, 2.35), (7.0, 2.35)])
    xs, ys = np.array(x), np.array(y)
    _, mid_y = centred(field, xs, ys, AMR.radius_m)
    at_door = int(np.argmin(np.abs(xs - 4.0)))
    assert abs(mid_y[at_door] - 2.5) < abs(ys[at_door] - 2.5)
    assert (mid_y[0], mid_y[-1]) == (2.35, 2.35)
    assert mid_y[int(np.argmin(np.abs(xs - 1.5)))] == 2.35


def test_a_short_path_is_not_centred():
    field = first_state('door').statics.middle
    xs, ys = np.array([3.9, 4.0, 4.1]), np.full(3, 2.35)
    assert centred(field, xs, ys, AMR.radius_m) == (xs, ys)


@given(
    corners=st.lists(
        st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=2, max_size=5, unique=True
    ),
    share=st.floats(0.0, 1.0),
)
@settings(max_examples=60)
def test_a_point_of_a_route_is_located_where_it_lies(corners, share):
    route = straight(*corners)
    s_m = share * route.length_m
    place = point_at(route, s_m)
    progress = locate(route, place, s_m)
    assert progress.off_m < 1e-6
    assert distance(point_at(route, progress.s_m), place) < 1e-6
    assert route.s[progress.index] >= progress.s_m - 1e-9


def test_progress_does_not_leap_to_another_leg_that_passes_near_by():
    route = straight((0.0, 0.0), (6.0, 0.0), (6.0, 0.3), (0.0, 0.3))
    progress = locate(route, (1.0, 0.28, 0.0), 1.0)
    assert progress.s_m < 3.0
    assert progress.off_m == pytest.approx(0.28)


def test_beyond_its_end_a_route_is_at_its_goal():
    route = straight((0.0, 0.0), (2.0, 0.0))
    assert point_at(route, 99.0) == (2.0, 0.0)
    assert point_at(route, 0.0) == (0.0, 0.0)


def test_a_route_of_one_place_is_a_route():
    route = straight((1.0, 1.0), (1.0, 1.0))
    assert route.length_m == 0.0
    assert locate(route, (1.0, 1.0, 0.0), 0.0).off_m == 0.0
    assert point_at(route, 0.0) == (1.0, 1.0)


@given(s_m=st.floats(0.0, 10.0), length_m=st.sampled_from([6.0, 12.0]))
def test_what_is_told_of_a_route_begins_at_the_robot_and_is_short_and_evenly_spaced(s_m, length_m):
    route = straight((0.0, 0.0), (10.0, 0.0))
    place = point_at(route, s_m)
    points = told(route, locate(route, place, s_m), (*place, 0.0), length_m)
    assert points[0] == (round(place[0], 3), 0.0)
    ways = np.diff([x for x, _ in points])
    assert bool((ways <= 0.251).all())
    assert points[-1][0] - points[0][0] <= length_m + 0.002
    assert len(points) <= 64
    left_m = min(length_m, 10.0 - s_m)
    assert points[-1][0] - points[0][0] >= left_m - 0.06


def test_every_cell_of_a_route_is_open_by_the_cost():
    ground = terrain('door')
    cost = cell_costs(ground)
    route = route_of(ground, (1.5, 1.0), (6.5, 4.0))
    assert all(
        math.isfinite(cost[cell_at(ground.grid, x, y)])
        for x, y in zip(route.x, route.y, strict=True)
    )
