# SPDX-License-Identifier: Apache-2.0
"""Which zero answers which obstacle."""

import math

from swarm_reflex.bench.stops import stop_times_ms

MS = 1_000_000


def test_time_counts_from_the_obstacle_to_the_next_zero() -> None:
    """Each of two obstacles has its own zero."""
    assert stop_times_ms([10 * MS, 50 * MS], [0, 20 * MS], [12 * MS, 53 * MS]) == [2.0, 3.0]


def test_obstacle_before_a_robot_that_stands_is_not_counted() -> None:
    """There was nothing to stop."""
    assert stop_times_ms([10 * MS, 50 * MS], [20 * MS], [53 * MS]) == [3.0]
    assert stop_times_ms([50 * MS], [0], [40 * MS]) == []


def test_zero_that_comes_after_the_next_obstacle_is_late_and_not_left_out() -> None:
    """Both obstacles count from when they were shown."""
    assert stop_times_ms([10 * MS, 50 * MS], [0], [57 * MS]) == [47.0, 7.0]


def test_obstacle_without_any_zero_is_infinitely_late() -> None:
    """The worst of the figures shows it."""
    assert stop_times_ms([10 * MS], [0], []) == [math.inf]
