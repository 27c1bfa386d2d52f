# SPDX-License-Identifier: Apache-2.0
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from swarm_config.maps import GridMap, Mask
from swarm_sim.boxes import boxes_of


def grid_of(occupied: np.ndarray) -> GridMap:
    return GridMap(
        name='test',
        resolution_m=1.0,
        origin_x_m=0.0,
        origin_y_m=0.0,
        occupied=occupied,
        free=~occupied,
    )


def covered(shape: tuple[int, int], boxes: list) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    for box in boxes:
        mask[box.row : box.row_end, box.col : box.col_end] = True
    return mask


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)), st.data())
def test_boxes_cover_every_wall_that_borders_on_the_open_and_nothing_open(
    occupied: Mask, data: st.DataObject
):
    row = data.draw(st.integers(0, occupied.shape[0] - 1))
    col = data.draw(st.integers(0, occupied.shape[1] - 1))
    occupied[row, col] = False
    labels, _ = ndimage.label(~occupied)
    open_cells = labels == labels[row, col]
    border = occupied & ndimage.binary_dilation(open_cells)

    mask = covered(occupied.shape, boxes_of(grid_of(occupied), [(row, col)]))

    assert not (mask & open_cells).any()
    assert mask[border].all()


def test_a_ragged_wall_with_nothing_behind_it_merges_into_few_boxes():
    occupied = np.zeros((20, 20), dtype=bool)
    occupied[10, :] = True
    occupied[11, ::2] = True

    assert len(boxes_of(grid_of(occupied), [(2, 2)])) == 1


def test_four_walls_of_a_room_are_four_boxes():
    occupied = np.zeros((40, 60), dtype=bool)
    occupied[[0, -1], :] = occupied[:, [0, -1]] = True

    assert len(boxes_of(grid_of(occupied), [(20, 20)])) == 4


def test_unknown_cells_stay_open():
    occupied = np.zeros((5, 9), dtype=bool)
    occupied[:, 6] = True
    grid = grid_of(occupied)
    free = ~occupied
    free[:, 4] = False
    unknown_in_the_middle = GridMap(
        name='test',
        resolution_m=1.0,
        origin_x_m=0.0,
        origin_y_m=0.0,
        occupied=occupied,
        free=free,
    )

    assert boxes_of(unknown_in_the_middle, [(2, 1)]) == boxes_of(grid, [(2, 1)])
