# SPDX-License-Identifier: Apache-2.0
"""Several points of a route at once are the points that it gives one by one."""

from hypothesis import given
from hypothesis import strategies as st

from swarm_agent.situation.core.route import (
    LONG_TOLD_M,
    TOLD_POINTS,
    Progress,
    Route,
    point_at,
    points_at,
    told,
)

steps = st.lists(st.sampled_from((0.0, 0.05, 0.1, 0.3)), min_size=1, max_size=40)
ways = st.lists(st.floats(0.0, 8.0), max_size=30)


@given(steps, ways)
def test_points_at_rising_ways_are_those_of_single_ways(lengths: list[float], asked: list[float]):
    s = [0.0]
    for length in lengths:
        s.append(s[-1] + length)
    x = tuple(0.7 * way + 0.1 for way in s)
    route = Route(x=x, y=tuple(-way for way in s), s=tuple(s), margin=x)
    rising = sorted([*asked, s[-1]])
    assert points_at(route, rising) == [point_at(route, way) for way in rising]


@given(st.floats(0.05, 20.0), st.floats(0.0, 1.0))
def test_a_short_telling_is_the_beginning_of_a_long_one(length_m: float, share: float):
    route = Route(x=(0.0, length_m), y=(0.0, 0.0), s=(0.0, length_m), margin=(1.0, 1.0))
    here = Progress(s_m=share * length_m, index=1, off_m=0.0)
    pose = (share * length_m, 0.0, 0.0)
    assert told(route, here, pose, LONG_TOLD_M)[:TOLD_POINTS] == told(route, here, pose)
