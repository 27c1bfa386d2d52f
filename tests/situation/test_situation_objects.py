# SPDX-License-Identifier: Apache-2.0
"""The layers over the map: unmapped objects appear, clear and expire; peers are no objects."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from situation_rooms import (
    SECOND,
    first_state,
    params_of,
    peer,
    rays_of,
    terrain,
    terrain_seen,
    watched,
)
from situation_world import BEAMS, scan_bytes

from swarm_agent.situation.core import Tuning
from swarm_agent.situation.core.grid import cell_at, centre_of, disc_window
from swarm_agent.situation.core.objects import (
    MOST_HITS,
    nearest_m,
    observe,
    peer_discs,
    solid_points,
)
from swarm_agent.situation.core.room import clearance_here, updated
from swarm_agent.situation.core.scan import decode

HERE = (2.0, 2.0, 0.0)
BOX = (3.5, 2.0, 0.2)
TUNING = Tuning()


def solid_near(layer, centre, radius_m=0.4) -> int:
    x, y = solid_points(layer)
    return int(np.count_nonzero(np.hypot(x - centre[0], y - centre[1]) < radius_m))


def test_the_map_explains_a_scan_of_the_empty_room():
    assert watched(HERE, []).cell.size == 0


@pytest.mark.parametrize('floor', ['room', 'door', 'aisle'])
def test_noise_and_a_little_drift_make_no_objects(floor):
    rng = np.random.default_rng(1)
    state, pose = first_state(floor), (2.0, 0.65, 0.3)
    layer = state.layer
    for k in range(10):
        ranges = rays_of(floor).ranges((2.05, 0.62, 0.31), rng=rng)
        points = decode(scan_bytes(ranges), state.statics.beams, 0.05, 25.0)
        layer = observe(layer, state.statics.grid, points, pose, (), k, TUNING)
    assert solid_points(layer)[0].size == 0


def test_an_object_counts_after_the_third_scan_that_hit_it():
    assert solid_near(watched(HERE, [BOX], scans=2), BOX) == 0
    layer = watched(HERE, [BOX], scans=3)
    assert solid_near(layer, BOX) >= 2
    assert nearest_m(solid_points(layer), (3.3, 2.0)) < 0.1


def test_without_objects_the_nearest_one_is_infinitely_far():
    assert nearest_m(solid_points(watched(HERE, [])), HERE) == np.inf


def test_an_object_that_is_taken_away_is_cleared_by_the_beams_that_pass():
    layer = watched(HERE, [BOX], scans=20)
    assert int(layer.hits.max()) == MOST_HITS
    assert solid_near(watched(HERE, [], scans=MOST_HITS - 1, layer=layer), BOX) > 0
    assert watched(HERE, [], scans=MOST_HITS, layer=layer).cell.size == 0


def test_an_object_behind_another_is_remembered_until_its_time_is_over():
    layer = watched(HERE, [BOX])
    nearer = (2.8, 2.0, 0.3)
    hidden = watched(HERE, [nearer], layer=layer, now_ns=int(30 * SECOND), scans=5)
    assert solid_near(hidden, BOX) > 0
    late = watched(HERE, [nearer], layer=hidden, now_ns=int(61 * SECOND), scans=1)
    assert solid_near(late, BOX) == 0
    assert solid_near(late, nearer) > 0


def test_what_is_farther_than_the_object_range_is_neither_entered_nor_cleared():
    far = (7.4, 2.0, 0.2)
    assert watched((1.0, 2.0, 0.0), [far]).cell.size == 0
    layer = watched((4.0, 2.0, 0.0), [far])
    assert solid_near(layer, far) > 0
    assert solid_near(watched((1.0, 2.0, 0.0), [], scans=20, layer=layer), far) > 0


def test_a_peer_is_no_object_while_it_is_heard_and_one_when_it_is_silent():
    discs = peer_discs([peer(3.5, 2.0)], SECOND, TUNING)
    body = [(3.5, 2.0, 0.28)]
    assert watched(HERE, body, bodies=discs).cell.size == 0
    silent = peer_discs([peer(3.5, 2.0)], 4 * SECOND, TUNING)
    assert silent == []
    assert solid_near(watched(HERE, body, bodies=silent), BOX) > 0


def test_a_driving_peer_is_expected_where_it_has_driven_to_since_it_was_heard():
    driving = peer(3.0, 2.0, speed_mps=1.0)
    ((x, y, radius_m),) = peer_discs([driving], SECOND // 5, TUNING)
    assert (x, y) == pytest.approx((3.2, 2.0))
    assert radius_m == pytest.approx(0.53)
    ((x, _, _),) = peer_discs([driving], 2 * SECOND, TUNING)
    assert x == pytest.approx(3.5)


def test_what_was_taken_for_an_object_goes_when_a_peer_says_that_it_is_there():
    layer = watched(HERE, [(3.5, 2.0, 0.28)])
    discs = peer_discs([peer(3.5, 2.0)], 0, TUNING)
    assert watched(HERE, [(3.5, 2.0, 0.28)], scans=1, bodies=discs, layer=layer).cell.size == 0


def test_the_version_rises_only_when_the_obstacles_change():
    layer = watched(HERE, [BOX])
    assert layer.version == 1
    assert watched(HERE, [BOX], layer=layer, scans=10).version == 1
    assert watched(HERE, [], layer=layer, scans=10).version == 2


def test_objects_take_room_and_give_it_back():
    state = first_state()
    grid, before = state.statics.grid, terrain().room
    place = (3.5, 1.5)
    room = updated(before, grid, watched(HERE, [BOX]))
    assert clearance_here(room, grid, place) < clearance_here(before, grid, place) - 0.3
    assert clearance_here(room, grid, place) <= 0.5 - 0.2 + 0.1
    assert clearance_here(room, grid, (6.5, 4.5)) == clearance_here(before, grid, (6.5, 4.5))
    assert updated(room, grid, watched(HERE, [BOX])) is room
    cleared = updated(room, grid, watched(HERE, [], layer=watched(HERE, [BOX]), scans=20))
    assert np.array_equal(cleared.clearance_m, before.clearance_m)


def test_room_is_never_more_than_what_an_object_leaves():
    ground = terrain_seen(HERE, [BOX])
    x, y = solid_points(watched(HERE, [BOX]))
    for cell in range(0, ground.room.clearance_m.size, 7):
        place = centre_of(ground.grid, cell)
        away_m = float(np.hypot(x - place[0], y - place[1]).min())
        if away_m < 0.95:
            assert ground.room.clearance_m[cell] <= away_m + 1e-6


@given(
    ranges=st.lists(
        st.one_of(st.floats(0.0, 30.0), st.just(np.inf), st.just(0.0)), min_size=12, max_size=12
    ),
    pose=st.tuples(st.floats(-1.0, 9.0), st.floats(-1.0, 7.0), st.floats(-3.2, 3.2)),
)
@settings(max_examples=60)
def test_any_scan_from_anywhere_leaves_a_sound_layer(ranges, pose):
    state = first_state()
    raw = scan_bytes(np.repeat(ranges, BEAMS // 12))
    points = decode(raw, state.statics.beams, 0.05, 25.0)
    layer = state.layer
    for k in range(4):
        layer = observe(layer, state.statics.grid, points, pose, (), k, TUNING)
    assert bool((np.diff(layer.cell) > 0).all())
    sizes = {part.size for part in (layer.x, layer.y, layer.hits, layer.last_ns, layer.solid)}
    assert sizes == {layer.cell.size}
    assert bool(((layer.hits >= 1) & (layer.hits <= MOST_HITS)).all())
    room = updated(state.room, state.statics.grid, layer)
    assert bool((room.clearance_m <= state.room.clearance_m).all())
    assert bool((room.clearance_m >= 0.0).all())


def test_a_scan_of_an_object_beyond_the_map_enters_nothing():
    rays = decode(
        scan_bytes(np.full(BEAMS, 3.0)),
        first_state().statics.beams,
        params_of().body.range_min_m,
        25.0,
    )
    layer = first_state().layer
    for k in range(3):
        layer = observe(layer, first_state().statics.grid, rays, (-3.5, 3.0, 0.0), (), k, TUNING)
    assert solid_points(layer)[0].size == 0


@given(x=st.floats(-50.0, 50.0), y=st.floats(-50.0, 50.0))
def test_every_place_has_a_cell_and_the_cell_holds_it_if_it_lies_in_the_grid(x, y):
    grid = first_state().statics.grid
    cell = cell_at(grid, x, y)
    assert 0 <= cell < grid.rows * grid.cols
    if 0.0 <= x < 8.0 and 0.0 <= y < 6.0:
        centre = centre_of(grid, cell)
        assert max(abs(centre[0] - x), abs(centre[1] - y)) <= grid.cell_m / 2 + 1e-9


@given(x=st.floats(-10.0, 20.0), y=st.floats(-10.0, 20.0), radius_m=st.floats(0.01, 3.0))
@settings(max_examples=50)
def test_a_disc_window_holds_every_cell_of_the_disc(x, y, radius_m):
    grid = first_state().statics.grid
    rows, cols, away = disc_window(grid, (x, y), radius_m)
    inside = {
        (r, c)
        for r in range(grid.rows)
        for c in range(grid.cols)
        if np.hypot((c + 0.5) * grid.cell_m - x, (r + 0.5) * grid.cell_m - y) <= radius_m - 1e-5
    }
    near = np.argwhere(away <= radius_m + 1e-5).tolist()
    assert inside <= {(rows.start + row, cols.start + col) for row, col in near}
