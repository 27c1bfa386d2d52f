# SPDX-License-Identifier: Apache-2.0
"""The coordination diagram of two paths, and the order of rank."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_agent.mesh.core.paths import HORIZON_M, _closed, gap, meet, room_before, way_of
from swarm_agent.mesh.core.rank import Standing

EAST = way_of((0.0, 0.0), ((6.0, 0.0),))
CLEARANCE_M, LEAST_M = 0.75, 0.6
coordinate = st.floats(-8.0, 8.0)
point = st.tuples(coordinate, coordinate)
polyline = st.lists(point, max_size=6).map(tuple)


def meet_east(start, *path):
    return meet(EAST, way_of(start, path), CLEARANCE_M, LEAST_M)


def test_a_way_is_cut_into_equal_steps_up_to_the_horizon():
    way = way_of((0.0, 0.0), ((0.0, 0.0), (4.0, 0.0), (4.0, 9.0)))
    assert way.arcs_m[-1] == HORIZON_M
    assert np.allclose(np.diff(way.arcs_m), 0.25)
    assert tuple(way.points[-1]) == (4.0, 2.0)


def test_a_path_of_its_own_position_only_is_a_parked_body():
    assert not way_of((1.0, 2.0), ((1.0, 2.0),)).leads_away


@given(point, polyline)
def test_a_way_is_cut_as_numpy_would_cut_it(start, path):
    way, end = way_of(start, path), way_of(start, path).arcs_m[-1]
    corners = np.array((start, *path))
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    keep = np.concatenate(([True], lengths > 1e-6))
    arcs = np.concatenate(([0.0], np.cumsum(lengths[keep[1:]])))
    steps = np.linspace(0.0, end, len(way.arcs_m))
    assert way.arcs_m.tolist() == steps.tolist()
    assert end == min(arcs[-1], HORIZON_M)
    for axis in (0, 1):
        wanted = np.interp(steps, arcs, corners[keep][:, axis])
        assert way.points[:, axis].tolist() == wanted.tolist()


@given(point, polyline)
def test_a_way_that_was_cut_before_is_the_same_and_cannot_be_written(start, path):
    way = way_of(start, path)
    assert way_of(start, path) is way
    with pytest.raises(ValueError, match='read-only'):
        way.points[0, 0] = 1.0
    with pytest.raises(ValueError, match='read-only'):
        way.arcs_m[0] = 1.0


def test_whether_a_zero_has_a_sign_makes_no_way_differ():
    ways = [way_of((zero, 1.0), ((zero, -zero),)) for zero in (-0.0, 0.0)]
    assert ways[0].points.tobytes() == ways[1].points.tobytes()
    assert not np.signbit(ways[0].points).any()


@given(st.lists(st.lists(st.booleans(), min_size=7, max_size=7), min_size=1, max_size=6))
def test_closed_are_exactly_the_cells_between_blocked_ones(rows):
    near = np.array(rows)
    near[0, 0] |= not near.any()
    wanted = near.copy()
    for i in range(len(near) - 2, -1, -1):
        for j in range(near.shape[1] - 2, -1, -1):
            wanted[i, j] |= wanted[i + 1, j] and wanted[i, j + 1]
    assert _closed(near).tolist() == wanted.tolist()


def test_crossing_paths_share_a_zone_that_belongs_to_nobody():
    meeting = meet_east((3.0, -3.0), (3.0, 3.0))
    assert meeting.contested
    assert not meeting.head_on
    assert 1.5 < meeting.shared_m < 2.3
    assert meeting.taken_m == math.inf


def test_opposed_paths_are_head_on():
    assert meet_east((4.0, 0.0), (-2.0, 0.0)).head_on


def test_one_that_drives_ahead_is_followed_not_contested():
    meeting = meet_east((2.0, 0.0), (8.0, 0.0))
    assert not meeting.contested
    assert 0.9 < meeting.taken_m < 1.3


def test_one_that_drives_behind_does_not_stop_the_leader():
    meeting = meet_east((-2.0, 0.0), (4.0, 0.0))
    assert meeting.taken_m == meeting.shared_m == math.inf
    assert meeting.in_its_way


def test_a_leader_that_turns_back_in_a_corridor_is_head_on():
    assert meet_east((2.0, 0.0), (4.0, 0.0), (-1.0, 0.0)).head_on


def test_a_leader_that_turns_off_is_still_only_followed():
    meeting = meet_east((1.0, 0.0), (3.0, 0.0), (3.0, 3.0))
    assert not meeting.contested


def test_a_parked_body_is_taken_room_and_one_beside_the_way_is_nothing():
    assert meet_east((3.0, 0.0)).taken_m == 2.25
    assert meet_east((3.0, 0.8)) == meet_east((9.0, 9.0))


def test_two_that_stand_closer_than_the_margin_may_part():
    west = way_of((-0.65, 0.0), ((-4.0, 0.0),))
    meeting = meet(EAST, west, CLEARANCE_M, LEAST_M)
    assert not meeting.head_on
    assert meeting.taken_m == math.inf


TOO_NEAR_M = LEAST_M + 0.007
"""So far apart were two that crossed with 200 ms of delay."""


@pytest.mark.parametrize('its_at', [(-TOO_NEAR_M, 0.0), (0.0, TOO_NEAR_M)])
def test_two_that_came_too_near_drive_on_where_that_parts_them(its_at):
    meeting = meet_east(its_at)
    assert meeting.taken_m == room_before(EAST, np.array([its_at]), 0.68, LEAST_M) == math.inf
    assert not meeting.in_its_way


@pytest.mark.parametrize('angle', [0.0, 0.5, 1.0, 1.4])
def test_two_that_came_too_near_come_no_nearer_not_even_between_two_steps(angle):
    its_at = (TOO_NEAR_M * math.cos(angle), TOO_NEAR_M * math.sin(angle))
    assert meet_east(its_at).taken_m == 0.0
    assert room_before(EAST, np.array([its_at]), 0.68, LEAST_M) == 0.0


def test_of_two_that_came_too_near_and_both_want_to_part_neither_is_in_the_way():
    assert meet_east((-TOO_NEAR_M, 0.0), (-4.0, 0.0)) == meet_east((9.0, 9.0))
    assert meet_east((-TOO_NEAR_M, 0.0), (4.0, 0.0)).in_its_way


def test_room_ends_before_a_body_in_the_way():
    assert room_before(EAST, np.array([[3.0, 0.0]]), CLEARANCE_M, LEAST_M) == 2.25
    assert room_before(EAST, np.array([[3.0, 1.0]]), CLEARANCE_M, LEAST_M) == math.inf
    assert gap(EAST, (3.0, 1.0)) == 1.0


@pytest.mark.parametrize('body_m', [0.75, 1.0])
def test_room_ends_before_a_body_also_if_it_is_about_to_drive_over_the_own_place(body_m):
    """Two that drove towards each other on one way had no limit at all: the explorer's ring."""
    coming = np.array([(body_m - 0.25 * k, 0.0) for k in range(5)])
    assert room_before(EAST, coming, 0.68, LEAST_M) == (0.0 if body_m < 1.0 else 0.25)
    leaving = way_of((0.0, 0.0), ((-6.0, 0.0),))
    assert room_before(leaving, coming, 0.68, LEAST_M) == math.inf


@given(point, polyline, point, polyline)
def test_both_robots_see_the_same_conflict(at, path, its_at, its_path):
    mine, its = way_of(at, path), way_of(its_at, its_path)
    here = meet(mine, its, CLEARANCE_M, LEAST_M)
    there = meet(its, mine, CLEARANCE_M, LEAST_M)
    assert here.head_on == there.head_on
    assert (here.taken_m < math.inf) == there.in_its_way
    assert (here.shared_m < math.inf) == (there.shared_m < math.inf)


@given(point, polyline, point, polyline)
def test_driving_as_far_as_allowed_never_touches_the_peers_body(at, path, its_at, its_path):
    mine, its = way_of(at, path), way_of(its_at, its_path)
    meeting = meet(mine, its, CLEARANCE_M, LEAST_M)
    room_m = 0.0 if meeting.head_on else min(meeting.shared_m, meeting.taken_m)
    least_m = min(LEAST_M, math.dist(at, its_at))
    for spot, arc_m in zip(mine.points, mine.arcs_m, strict=True):
        if 0.0 < arc_m <= room_m:
            assert math.dist(spot, its_at) > least_m - 1e-9


standing = st.builds(
    Standing,
    agent_id=st.sampled_from(('r1', 'r2', 'r3')),
    priority=st.integers(1, 6),
    waited_ms=st.integers(0, 90_000),
)


@given(standing, standing)
def test_of_two_different_robots_exactly_one_outranks_the_other(one, other):
    if one.agent_id != other.agent_id:
        assert one.outranks(other, 20.0) != other.outranks(one, 20.0)


@given(standing, standing, standing)
def test_rank_is_transitive(one, other, third):
    if one.outranks(other, 20.0) and other.outranks(third, 20.0):
        assert one.outranks(third, 20.0) or one.agent_id == third.agent_id


def test_class_counts_before_waiting_and_waiting_before_the_id():
    idle = Standing(agent_id='a', priority=1, waited_ms=90_000)
    fresh = Standing(agent_id='b', priority=3, waited_ms=0)
    patient = Standing(agent_id='c', priority=3, waited_ms=20_000)
    assert fresh.outranks(idle, 20.0)
    assert patient.outranks(fresh, 20.0)
