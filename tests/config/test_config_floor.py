# SPDX-License-Identifier: Apache-2.0
"""The geometry of the floor against brute force on small grids."""

import heapq
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from swarm_config.floor import (
    clearance,
    coarsen,
    floor_of,
    reachable,
    standable,
    travel_distance,
    travel_graph,
)
from swarm_config.maps import GridMap, pack_map, unpack_map

RESOLUTION_M = 0.25
STEPS = tuple(step for step in itertools.product((-1, 0, 1), repeat=2) if step != (0, 0))
masks = hnp.arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7)))


def grid_of(free):
    return GridMap(
        name='toy',
        resolution_m=RESOLUTION_M,
        origin_x_m=-1.0,
        origin_y_m=2.0,
        occupied=~free,
        free=free,
    )


@st.composite
def masks_with_cell(draw):
    mask = draw(masks)
    row = draw(st.integers(0, mask.shape[0] - 1))
    col = draw(st.integers(0, mask.shape[1] - 1))
    return mask, (row, col)


def cells(mask):
    return [(int(row), int(col)) for row, col in np.argwhere(mask)]


def all_cells(mask):
    return list(itertools.product(range(mask.shape[0]), range(mask.shape[1])))


def distances_by_hand(mask, seed):
    best = {seed: 0.0} if mask[seed] else {}
    waiting = [(0.0, seed)] if mask[seed] else []
    while waiting:
        far, (row, col) = heapq.heappop(waiting)
        for d_row, d_col in STEPS:
            place = (row + d_row, col + d_col)
            inside = 0 <= place[0] < mask.shape[0] and 0 <= place[1] < mask.shape[1]
            if inside and mask[place]:
                length = far + RESOLUTION_M * math.hypot(d_row, d_col)
                if length < best.get(place, math.inf) - 1e-12:
                    best[place] = length
                    heapq.heappush(waiting, (length, place))
    return best


@given(masks)
def test_clearance_is_the_distance_to_the_nearest_cell_that_is_not_free(free):
    found = clearance(grid_of(free))
    rows, cols = free.shape
    edge = itertools.product(range(-1, rows + 1), range(-1, cols + 1))
    blocked = [(r, c) for r, c in edge if not (0 <= r < rows and 0 <= c < cols) or not free[r, c]]
    for row, col in all_cells(free):
        nearest = min(math.hypot(row - r, col - c) for r, c in blocked)
        assert found[row, col] == pytest.approx(nearest * RESOLUTION_M)


@given(masks, st.floats(0.01, 1.0))
def test_a_larger_robot_stands_nowhere_that_a_smaller_one_cannot(free, radius_m):
    large, small = standable(grid_of(free), radius_m), standable(grid_of(free), radius_m / 2)
    assert not (large & ~small).any()
    assert not (small & ~free).any()


@given(masks_with_cell())
def test_reachable_is_where_a_path_leads(mask_and_cell):
    mask, seed = mask_and_cell
    assert cells(reachable(mask, [seed])) == sorted(distances_by_hand(mask, seed))


@given(masks_with_cell())
def test_travel_distance_is_the_length_of_the_shortest_path(mask_and_cell):
    mask, seed = mask_and_cell
    field = travel_distance(mask, [seed], RESOLUTION_M)
    by_hand = distances_by_hand(mask, seed)
    for cell in all_cells(mask):
        assert field[cell] == pytest.approx(by_hand.get(cell, math.inf))


@given(masks_with_cell(), st.data())
def test_travel_distance_from_two_seeds_is_the_nearer_one(mask_and_cell, data):
    mask, one = mask_and_cell
    two = data.draw(st.sampled_from(all_cells(mask)))
    both = travel_distance(mask, [one, two], RESOLUTION_M)
    each = [travel_distance(mask, [seed], RESOLUTION_M) for seed in (one, two)]
    np.testing.assert_allclose(both, np.minimum(*each))


@given(masks_with_cell())
def test_travel_distance_is_never_shorter_than_the_straight_line(mask_and_cell):
    mask, seed = mask_and_cell
    field = travel_distance(mask, [seed], RESOLUTION_M)
    for row, col in all_cells(mask):
        straight = math.hypot(row - seed[0], col - seed[1]) * RESOLUTION_M
        assert field[row, col] >= straight - 1e-9


@given(masks)
def test_the_travel_graph_joins_neighbours_both_ways(mask):
    graph, index = travel_graph(mask, RESOLUTION_M)
    assert abs(graph - graph.T).nnz == 0
    assert sorted(index[mask]) == list(range(int(mask.sum())))
    assert (index[~mask] == -1).all()


@given(masks_with_cell(), st.floats(0.01, 0.6))
def test_the_floor_is_free_and_within_a_radius_of_where_the_robot_can_stand(data, radius_m):
    free, seed = data
    grid = grid_of(free)
    centres = cells(reachable(standable(grid, radius_m), [seed]))
    floor = floor_of(grid, radius_m, [seed])
    for row, col in all_cells(free):
        near = any(
            math.hypot(row - r, col - c) * RESOLUTION_M <= radius_m + 1e-9 for r, c in centres
        )
        assert bool(floor[row, col]) == (bool(free[row, col]) and near)


@given(masks, st.integers(1, 4))
def test_a_coarse_block_counts_when_half_of_it_does(mask, factor):
    coarse = coarsen(mask, factor)
    for row, col in all_cells(coarse):
        block = mask[row * factor : (row + 1) * factor, col * factor : (col + 1) * factor]
        assert bool(coarse[row, col]) == (int(block.sum()) * 2 >= factor * factor)


@given(masks, masks)
def test_a_packed_map_comes_back_as_it_was(free, other):
    rows, cols = (min(pair) for pair in zip(free.shape, other.shape, strict=True))
    free, other = free[:rows, :cols], other[:rows, :cols]
    grid = GridMap(
        name='toy',
        resolution_m=0.05,
        origin_x_m=-3.5,
        origin_y_m=1.25,
        occupied=other & ~free,
        free=free,
    )
    packed = pack_map(grid)
    back = unpack_map(packed)
    assert (back.occupied == grid.occupied).all()
    assert (back.free == grid.free).all()
    assert pack_map(back) == packed
    assert (back.name, back.resolution_m) == (grid.name, grid.resolution_m)


@given(masks_with_cell())
def test_a_cells_centre_lies_in_the_cell(mask_and_cell):
    mask, cell = mask_and_cell
    grid = grid_of(mask)
    assert grid.cell_of(*grid.centre_of(*cell)) == cell
    assert grid.contains(*cell)


def test_a_seed_outside_of_the_grid_or_the_mask_leads_nowhere():
    mask = np.array([[True, False, True]])
    for seed in ((0, -1), (-1, 0), (0, 3), (5, 5), (0, 1)):
        assert not reachable(mask, [seed]).any()
        assert np.isinf(travel_distance(mask, [seed], RESOLUTION_M)).all()


def test_a_cell_beside_the_grid_is_not_in_it():
    grid = grid_of(np.ones((2, 3), dtype=bool))
    outside = [(-1, 0), (0, -1), (2, 0), (0, 3)]
    assert not any(grid.contains(*cell) for cell in outside)
