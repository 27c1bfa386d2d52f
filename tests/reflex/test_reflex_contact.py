# SPDX-License-Identifier: Apache-2.0
"""Time to contact of the swept footprint: exact, never later than a dense numerical truth."""

import math
from typing import Any

import numpy as np
import pytest
import shapely

from swarm_reflex.monitor.core.contact import Shape, contact_time, inside, seen_after
from swarm_reflex.monitor.core.types import Velocity

SQUARE = Shape(corners=((0.5, 0.5), (0.5, -0.5), (-0.5, -0.5), (-0.5, 0.5)))
EARLY_M = 1e-5
STEP_S = 1e-4
SPAN_S = 20 * STEP_S
WITHIN_SPAN_S = np.arange(-10, 11) * STEP_S
"""The moments of a span, counted from its middle; its ends are shared with its neighbours."""


def cloud(*points: tuple[float, float]) -> Any:
    return np.array(points, dtype=float).reshape(-1, 2).T


@pytest.mark.parametrize('winding', [1, -1])
@pytest.mark.parametrize('x', [-0.5, 0.0, 0.5])
@pytest.mark.parametrize('y', [-0.5, 0.0, 0.5])
def test_every_edge_and_corner_belongs_to_the_zone(winding: int, x: float, y: float) -> None:
    assert inside(cloud((x, y)), Shape(corners=SQUARE.corners[::winding])).all()


@pytest.mark.parametrize('point', [(0.50001, 0.0), (0.0, -0.50001), (0.51, 0.51), (9.0, 0.0)])
def test_what_lies_outside_is_outside(point: tuple[float, float]) -> None:
    assert not inside(cloud(point), SQUARE).any()
    assert not inside(cloud(point), Shape(radius_m=0.5)).any()


def test_notch_of_a_concave_zone_is_outside():
    notched = Shape(corners=((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (1.0, 1.0), (0.0, 2.0)))
    assert inside(cloud((1.0, 1.5), (1.0, 0.5), (1.0, 1.0)), notched).tolist() == [
        False,
        True,
        True,
    ]


def test_straight_approach_is_distance_over_speed():
    ahead = Velocity(vx_mps=0.5)
    assert contact_time(cloud((1.5, 0.1)), SQUARE, ahead, 1, 5.0) == pytest.approx(2.0)
    assert contact_time(cloud((1.5, 0.1)), Shape(radius_m=0.5), ahead, 1, 5.0) == pytest.approx(
        (1.5 - math.sqrt(0.25 - 0.01)) / 0.5, abs=1e-5
    )


def test_wall_driven_along_brakes_nobody():
    wall = cloud(*((0.1 * k, 0.6) for k in range(-20, 60)))
    assert contact_time(wall, SQUARE, Velocity(vx_mps=1.0), 1, 5.0) == math.inf


def test_edge_grazed_exactly_counts():
    assert contact_time(cloud((1.5, 0.5)), SQUARE, Velocity(vx_mps=1.0), 1, 2.0) == pytest.approx(
        1.0, abs=1e-5
    )


def test_pure_rotation_finds_what_the_corner_sweeps():
    turn = Velocity(wz_radps=1.0)
    points = cloud((0.6, 0.01), (0.6, -0.01))
    both = contact_time(points, SQUARE, turn, 2, 2.0)
    assert both == pytest.approx(0.603, abs=0.001)
    assert contact_time(points, SQUARE, turn, 1, 2.0) < both
    assert contact_time(points, Shape(radius_m=0.5), turn, 1, 2.0) == math.inf


@pytest.mark.parametrize('side', [1.0, -1.0])
def test_circle_on_an_arc_meets_a_point_of_its_path_one_chord_before_it(side: float) -> None:
    """A circle of 0.3 m on a turn of 1 m: its centre is 0.3 m off after so much of a quarter."""
    arc = Velocity(vx_mps=1.0, wz_radps=side)
    expected_s = math.pi / 2 - 2.0 * math.asin(0.15)
    found_s = contact_time(cloud((1.0, side)), Shape(radius_m=0.3), arc, 1, 3.0)
    assert found_s == pytest.approx(expected_s, abs=1e-5)
    assert found_s <= expected_s
    assert contact_time(cloud((0.5, 3.0 * side)), Shape(radius_m=0.3), arc, 1, 3.0) == math.inf


def test_points_that_are_never_inside_together_are_no_contact():
    passing = cloud((1.0, 0.0), (3.5, 0.0))
    assert contact_time(passing, SQUARE, Velocity(vx_mps=1.0), 2, 9.0) == math.inf
    assert contact_time(passing, SQUARE, Velocity(vx_mps=1.0), 1, 9.0) == pytest.approx(0.5)


def test_contact_now_is_zero_and_standing_finds_none():
    assert contact_time(cloud((0.0, 0.0)), SQUARE, Velocity(), 1, 2.0) == 0.0
    assert contact_time(cloud((0.7, 0.0)), SQUARE, Velocity(), 1, 2.0) == math.inf
    assert contact_time(cloud(), SQUARE, Velocity(vx_mps=1.0), 1, 2.0) == math.inf


def test_crowd_that_comes_and_goes_is_answered_early_not_late():
    comb = cloud(*((1.0 + 1.01 * k, 0.0) for k in range(80)))
    assert 30.0 < contact_time(comb, SQUARE, Velocity(vx_mps=1.0), 2, 90.0) < 90.0


def test_seen_after_is_the_inverse_of_the_motion():
    twist = Velocity(vx_mps=0.4, vy_mps=-0.3, wz_radps=0.8)
    there = seen_after(cloud((1.0, 2.0)), twist, 1.3)
    back = Velocity(vx_mps=-0.4, vy_mps=0.3, wz_radps=-0.8)
    assert seen_after(there, back, 1.3).ravel().tolist() == pytest.approx([1.0, 2.0])


def random_scene(rng: Any) -> tuple[Any, Shape, Velocity, int]:
    """A footprint (convex, concave or round), a twist of any kind, a few points."""
    kind = rng.integers(3)
    if kind == 0:
        shape = Shape(radius_m=rng.uniform(0.1, 0.6))
    else:
        count = int(rng.integers(4, 8))
        bearings = (np.arange(count) + rng.uniform(0.0, 0.9, count)) * (2.0 * math.pi / count)
        radii = rng.uniform(0.15, 0.7, count) if kind == 1 else np.full(count, 0.5)
        corners = np.column_stack((radii * np.cos(bearings), radii * np.sin(bearings)))
        shape = Shape(corners=tuple(map(tuple, corners.tolist())))
    wide = rng.choice((-1.0, 1.0)) * 10.0 ** rng.uniform(-9.0, 0.0)
    wz = rng.choice([0.0, wide, rng.uniform(-3.0, 3.0), rng.uniform(-0.3, 0.3)])
    vx = rng.choice([0.0, rng.uniform(-1.5, 1.5)])
    vy = rng.choice([0.0, rng.uniform(-1.0, 1.0)])
    points = rng.uniform(-2.0, 2.0, (2, int(rng.integers(1, 12))))
    return points, shape, Velocity(vx_mps=vx, vy_mps=vy, wz_radps=wz), int(rng.integers(1, 4))


def dense_counts(points: Any, outline: Any, velocity: Velocity, times: Any) -> Any:
    """How many points are inside at each moment, by complex numbers and shapely."""
    w, v = velocity.wz_radps, complex(velocity.vx_mps, velocity.vy_mps)
    turned = np.exp(1j * w * times)
    half = 0.5 * w * times
    place = v * times * np.sinc(half / math.pi) * np.exp(1j * half)
    there = (points[0] + 1j * points[1])[None, :] - place[:, None]
    there = there * np.conj(turned)[:, None]
    return shapely.contains_xy(outline, there.real, there.imag).sum(axis=1)


def outline_of(shape: Shape, grow_m: float) -> Any:
    """The footprint grown by a hair; a circle by a polygon around it."""
    if shape.corners:
        outline = shapely.Polygon(shape.corners).buffer(grow_m, join_style='mitre')
    else:
        outline = shapely.Point(0.0, 0.0).buffer(shape.radius_m + grow_m, quad_segs=256)
    shapely.prepare(outline)
    return outline


def moments_near(points: Any, shape: Shape, velocity: Velocity, horizon_s: float) -> Any:
    """Moments 0.1 ms apart, but for spans in which no point can come near the footprint."""
    middles = np.arange(0.5 * SPAN_S, horizon_s, SPAN_S)
    speed = math.hypot(velocity.vx_mps, velocity.vy_mps)
    reach_m = float(np.hypot(*points).max()) + speed * horizon_s
    moved_m = 0.5 * SPAN_S * (speed + abs(velocity.wz_radps) * reach_m)
    near = dense_counts(points, outline_of(shape, moved_m + 1e-6), velocity, middles) > 0
    return (middles[near][:, None] + WITHIN_SPAN_S).ravel()


def check_scene(rng: Any, horizon_s: float) -> bool:
    points, shape, velocity, needed = random_scene(rng)
    found_s = contact_time(points, shape, velocity, needed, horizon_s)
    times = moments_near(points, shape, velocity, min(horizon_s, found_s + SPAN_S))
    hit = np.flatnonzero(dense_counts(points, outline_of(shape, 0.0), velocity, times) >= needed)
    if hit.size:
        assert found_s <= times[hit[0]], (points, shape, velocity, needed)
    if math.isfinite(found_s):
        speed = math.hypot(velocity.vx_mps, velocity.vy_mps)
        radius_m = min(1e4, speed / max(1e-12, abs(velocity.wz_radps)))
        grown = outline_of(shape, EARLY_M + 4e-7 * radius_m)
        assert dense_counts(points, grown, velocity, np.array([found_s]))[0] >= needed
    return bool(hit.size)


def test_moments_near_leave_out_no_contact():
    rng, met = np.random.default_rng(3), 0
    every = np.arange(0.0, 0.5, STEP_S)
    for _ in range(20):
        points, shape, velocity, _ = random_scene(rng)
        outline = outline_of(shape, 0.0)
        touching = every[dense_counts(points, outline, velocity, every) > 0]
        looked_at = moments_near(points, shape, velocity, 0.5)
        met += touching.size
        assert all(np.abs(looked_at - moment).min() <= STEP_S for moment in touching)
    assert met > 100


def test_time_to_contact_is_never_later_than_the_truth():
    rng = np.random.default_rng(1)
    assert sum(check_scene(rng, 2.0) for _ in range(300)) > 30


@pytest.mark.slow
def test_time_to_contact_holds_in_ten_thousand_random_scenes():
    rng = np.random.default_rng(2)
    assert sum(check_scene(rng, 2.0) for _ in range(10_000)) > 1_000


def test_outline_of_a_circle_lies_on_its_rim():
    outline = Shape(radius_m=0.5).outline()
    assert len(outline) == 32
    assert all(math.hypot(x, y) == pytest.approx(0.5) for x, y in outline)
    assert SQUARE.outline() == SQUARE.corners
