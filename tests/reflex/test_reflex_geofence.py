# SPDX-License-Identifier: Apache-2.0
"""The fence is kept before it is crossed, by the stopping distance."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reflex_world import AMR, PARAMS, Bench, odom_of

from swarm_config.errors import ConfigError
from swarm_reflex.core import MapPose, Outputs, Request
from swarm_reflex.core.geofence import fence_points, is_inside
from swarm_reflex.parameters import parse_rings

SQUARE = ((-2.0, -2.0), (2.0, -2.0), (2.0, 2.0), (-2.0, 2.0))
HOLE = ((-0.5, 1.0), (0.5, 1.0), (0.0, 1.8))
FENCED = replace(PARAMS, geofence=(SQUARE, HOLE))


class Drive:
    """A base that follows the reflex, its pose known in map and odom, both the same."""

    def __init__(self, yaw_rad: float = 0.0) -> None:
        self.bench = Bench(FENCED)
        self.pose = (0.0, 0.0, yaw_rad)
        self.twist = (0.0, 0.0)

    def step(self, vx: float, wz: float) -> Outputs:
        x, y, yaw = self.pose
        now, fifth = self.bench.now_ns, self.bench.ticks % 20 == 0
        pose = MapPose(x_m=x, y_m=y, yaw_rad=yaw, arrival_ns=now, stamp_age_s=0.0)
        out = self.bench.tick(
            vx, wz, odom=odom_of(now, *self.twist, self.pose), pose=pose if fifth else None,
            ranges_m=5.0 + 0.001 * (self.bench.ticks % 7),
        )  # fmt: skip
        slower = max(0.0, abs(self.twist[0]) - AMR.max_decel_mps2 * 0.01)
        v = math.copysign(max(abs(out.vx_mps), slower), out.vx_mps or self.twist[0])
        w = out.wz_radps
        middle = yaw + 0.005 * w
        self.twist = (v, w)
        self.pose = (
            x + 0.01 * v * math.cos(middle),
            y + 0.01 * v * math.sin(middle),
            yaw + 0.01 * w,
        )
        return out


@pytest.mark.parametrize('yaw_rad', [0.0, 0.3, -0.7, math.pi, -2.0])
def test_robot_stops_inside_its_fence(yaw_rad: float) -> None:
    drive = Drive(yaw_rad)
    for _ in range(1500):
        outputs = drive.step(1.0, 0.0)
    x, y, _ = drive.pose
    assert max(abs(x), abs(y)) < 2.0 - AMR.radius_m - 0.15
    assert max(abs(x), abs(y)) > 1.2
    assert (outputs.cause, outputs.zone, outputs.vx_mps) == ('geofence_stop', 'geofence', 0.0)


def test_hole_in_the_fence_is_kept_out_of():
    drive = Drive(math.pi / 2.0)
    for _ in range(800):
        drive.step(1.0, 0.0)
    assert drive.pose[1] < 1.0 - AMR.radius_m - 0.15


def test_robot_at_its_fence_may_turn_and_drive_back():
    drive = Drive()
    for _ in range(800):
        drive.step(1.0, 0.0)
    for _ in range(320):
        drive.step(0.0, 1.0)
    for _ in range(300):
        drive.step(0.5, 0.0)
    assert drive.pose[0] < 1.0


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1.5, 1.5)), min_size=4, max_size=8))
@settings(max_examples=10, deadline=None)
def test_random_driving_never_leaves_the_fence(commands: list[tuple[float, float]]) -> None:
    drive = Drive()
    for vx, wz in commands:
        for _ in range(100):
            drive.step(vx, wz)
        x, y, _ = drive.pose
        assert is_inside(FENCED.geofence, x, y)
        assert max(abs(x), abs(y)) < 2.0 - AMR.radius_m


def test_no_polygon_is_no_fence():
    assert fence_points(()).shape == (2, 0)
    assert Bench().drive(0.5).vx_mps == 0.5


def test_inside_is_judged_by_the_even_odd_rule():
    rings = (SQUARE, HOLE)
    assert is_inside(rings, 0.0, 0.0)
    assert not is_inside(rings, 0.0, 1.3)
    assert not is_inside(rings, 2.1, 0.0)
    assert is_inside((SQUARE[::-1],), 1.9, -1.9)


def test_slanted_edges_part_inside_from_outside():
    wedge = (((0.0, 0.0), (6.0, 0.0), (0.0, 3.0)),)
    for x_m, y_m in ((3.9, 1.0), (1.9, 2.0), (0.1, 2.9)):
        assert is_inside(wedge, x_m, y_m)
        assert not is_inside(wedge, x_m + 0.2, y_m)


def test_fence_edges_are_points_close_together():
    points = fence_points((SQUARE,))
    assert points.shape == (2, 320)


def test_fence_is_read_from_its_parameter():
    assert parse_rings('geofence', ' ') == ()
    assert parse_rings('geofence', '[[[0, 0], [1, 0], [1, 1]]]') == (
        ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),
    )


@pytest.mark.parametrize(
    'text',
    [
        'no json',
        '3',
        '[[0, 1], [2, 3]]',
        '[[[0, 0], [1, 0]]]',
        '[[[0, 0], [1, 0], [NaN, 1]]]',
        '[[[0, 0], [1, 1], [1, 0], [0, 1]]]',
        '[[[0, 0], [1, 0, 3], [1, 1]]]',
    ],
)
def test_bad_fence_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match='geofence'):
        parse_rings('geofence', text)


def test_fence_too_narrow_for_the_body_is_refused() -> None:
    narrow = '[[[0, 0], [5, 0], [5, 0.5], [0, 0.5]]]'
    assert parse_rings('geofence', narrow, 0.24)
    with pytest.raises(ConfigError, match='geofence: its rings leave no room'):
        parse_rings('geofence', narrow, 0.26)


def test_breach_is_latched_until_a_reset_inside() -> None:
    def pose(x_m: float) -> MapPose:
        return MapPose(x_m=x_m, y_m=0.0, yaw_rad=0.0, arrival_ns=bench.now_ns, stamp_age_s=0.0)

    reset = {'requests': (Request.RESET,), 'reset_by': 'mara', 'reset_reason': 'carried back'}
    bench = Bench(FENCED)
    assert bench.tick(0.0, pose=pose(2.5)).breached
    assert bench.tick(0.0, pose=pose(2.5), **reset).breached, 'outside it is latched again'
    assert bench.tick(0.5, pose=pose(0.0)).cause == 'geofence_breach'
    assert bench.tick(0.5, pose=pose(0.0), **reset).breached, 'refused while a command waits'
    assert not bench.tick(0.0, pose=pose(0.0), **reset).breached
    assert bench.tick(0.5, pose=pose(0.0)).vx_mps > 0.0
