# SPDX-License-Identifier: Apache-2.0
"""Which floor counts as inspected: within range, in sight, and never less than before."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from situation_rooms import DOOR, FLOORS, RES_M, ROOM, first_state, points_at
from situation_world import BEAMS

from swarm_agent.situation.core.seen import inner, look, make_survey, nothing_seen, packed
from swarm_config.maps import pack_map

RANGE_M = 2.0
CELL_M = 0.25
SURVEYS = {
    name: make_survey(pack_map(floor), RANGE_M, CELL_M, BEAMS)
    for name, floor in FLOORS.items()
    if name in {'room', 'door'}
}


def seen_from(pose, floor='room', discs=()):
    survey = SURVEYS[floor]
    seen = look(nothing_seen(survey), survey, points_at(pose, discs, floor).ranges, pose)
    return inner(seen.mask, survey)


def centres(mask):
    return [((col + 0.5) * CELL_M, (row + 0.5) * CELL_M) for row, col in np.argwhere(mask)]


def test_an_open_floor_is_seen_all_around_up_to_the_range():
    pose = (2.6, 2.6, 0.7)
    mask = seen_from(pose)
    for row in range(mask.shape[0]):
        for col in range(mask.shape[1]):
            away_m = math.hypot((col + 0.5) * CELL_M - pose[0], (row + 0.5) * CELL_M - pose[1])
            if away_m < RANGE_M - CELL_M:
                assert mask[row, col], (row, col)
            if away_m > RANGE_M + CELL_M:
                assert not mask[row, col], (row, col)


def test_nothing_is_seen_through_a_wall():
    places = centres(seen_from((3.2, 1.0, 0.0), 'door'))
    assert len(places) > 30
    assert all(x < 3.9 + CELL_M for x, _ in places)


def test_the_room_behind_is_seen_through_the_door():
    behind = [(x, y) for x, y in centres(seen_from((3.2, 2.5, 0.0), 'door')) if x > 4.1]
    assert behind
    assert all(abs(y - 2.5) < (x - 3.2) * 0.4 / 0.7 + CELL_M for x, y in behind)


def test_nothing_is_seen_behind_an_object_that_is_on_no_map():
    mask = seen_from((2.0, 2.0, 0.0), discs=[(2.8, 2.0, 0.3)])
    assert not mask[round(2.0 / CELL_M), round(3.5 / CELL_M)]
    assert mask[round(2.0 / CELL_M), round(1.0 / CELL_M)]


def test_invalid_beams_see_nothing():
    survey = SURVEYS['room']
    seen = look(nothing_seen(survey), survey, np.zeros(BEAMS), (2.0, 2.0, 0.0))
    assert seen.count <= 1


@given(
    pose=st.tuples(st.floats(0.3, 3.5), st.floats(0.3, 4.6), st.floats(-math.pi, math.pi)),
)
@example(pose=(3.0, 3.0, 0.0))
@settings(max_examples=40)
def test_every_seen_cell_lies_in_free_line_of_sight(pose):
    half = CELL_M / 2
    for x, y in centres(seen_from(pose, 'door')):
        assert math.hypot(x - pose[0], y - pose[1]) <= RANGE_M + CELL_M
        parts = [(x + dx, y + dy) for dx in (0.0, -half, half) for dy in (0.0, -half, half)]
        # A beam is 1 degree wide: a corner of a wall may lie in it.
        assert min(wall_between(pose, part) for part in parts) <= 4


def wall_between(pose, place) -> int:
    """Steps of half a map's cell that lie in the wall, up to a cell before the place."""
    away_m = math.hypot(place[0] - pose[0], place[1] - pose[1])
    shares = np.arange(0.0, max(0.0, away_m - CELL_M), RES_M / 2) / max(away_m, 1e-9)
    cols = ((pose[0] + shares * (place[0] - pose[0])) / RES_M).astype(int)
    rows = ((pose[1] + shares * (place[1] - pose[1])) / RES_M).astype(int)
    return int(np.count_nonzero(DOOR.occupied[rows, cols]))


@given(
    walk=st.lists(
        st.tuples(st.floats(-1.0, 9.0), st.floats(-1.0, 7.0), st.floats(-7.0, 7.0)), max_size=6
    )
)
@settings(max_examples=30)
def test_what_was_seen_stays_seen_and_is_counted(walk):
    survey = SURVEYS['room']
    seen, ranges = nothing_seen(survey), np.full(BEAMS, 1.5)
    for pose in walk:
        after = look(seen, survey, ranges, pose)
        assert bool((seen.mask <= after.mask).all())
        assert after.count == int(inner(after.mask, survey).sum()) >= seen.count
        seen = after


def test_a_robot_beside_the_map_sees_nothing():
    survey, empty = SURVEYS['room'], nothing_seen(SURVEYS['room'])
    for pose in ((-0.1, 2.0, 0.0), (8.1, 2.0, 0.0), (2.0, 6.1, 0.0), (1e300, 0.0, 0.0)):
        assert look(empty, survey, np.full(BEAMS, 5.0), pose) is empty


def test_the_bits_are_the_packed_rows_of_the_survey_grid():
    survey = SURVEYS['room']
    seen = look(nothing_seen(survey), survey, points_at((1.0, 1.0, 0.0)).ranges, (1.0, 1.0, 0.0))
    rows, cols = math.ceil(6.0 / CELL_M), math.ceil(8.0 / CELL_M)
    bits = np.unpackbits(np.frombuffer(packed(seen, survey), np.uint8))[: rows * cols]
    mask = bits.reshape(rows, cols)
    assert int(mask.sum()) == seen.count > 0
    assert mask[round(1.0 / CELL_M), round(1.0 / CELL_M)]
    assert not mask[-1, -1]


def test_a_map_that_does_not_divide_into_survey_cells_gets_a_last_partial_one():
    survey = make_survey(pack_map(ROOM), RANGE_M, 0.35, BEAMS)
    assert (survey.rows, survey.cols) == (math.ceil(6.0 / 0.35), math.ceil(8.0 / 0.35))
    assert survey.cell_m == pytest.approx(0.35)


def test_the_default_survey_fits_the_contract_of_the_planner():
    state = first_state()
    assert (state.statics.survey.rows, state.statics.survey.cols) == (24, 32)
