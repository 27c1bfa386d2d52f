# SPDX-License-Identifier: Apache-2.0
"""Places in and around a polygon, judged against shapely."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon

from swarm_config.outline import around, is_finite

L_SHAPE = ((0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (1.0, 1.0), (1.0, 3.0), (0.0, 3.0))
places = st.floats(-2.0, 6.0)


@given(x=places, y=places, reach_m=st.floats(0.0, 1.5))
def test_a_place_counts_when_its_distance_from_the_polygon_is_within_reach(x, y, reach_m):
    away_m = Polygon(L_SHAPE).distance(Point(x, y))
    if abs(away_m - reach_m) < 1e-9:
        return
    assert bool(around(L_SHAPE, np.array(x), np.array(y), reach_m)) is (away_m < reach_m)


def test_rows_and_columns_make_a_grid_of_places():
    x, y = np.array([[0.5, 2.0, 5.0]]), np.array([[0.5], [2.0]])
    assert around(L_SHAPE, x, y, 0.1).tolist() == [[True, True, False], [True, False, False]]


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_a_corner_that_is_no_number_is_told(value):
    assert is_finite(L_SHAPE)
    assert not is_finite((*L_SHAPE, (value, 0.0)))
