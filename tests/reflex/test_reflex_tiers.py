# SPDX-License-Identifier: Apache-2.0
"""Trust limits motion: tier 0 stands, tier 1 creeps inside the sandbox, 2 and 3 drive."""

from dataclasses import replace

import pytest
from reflex_world import PARAMS, Bench

from swarm_reflex.core import MapPose, Params

BOX = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))
SANDBOXED = replace(PARAMS, sandbox=(BOX,), start_tier=1)


def pose_of(bench: Bench, x_m: float = 0.0) -> MapPose:
    now_ns = bench.now_ns + 10_000_000
    return MapPose(x_m=x_m, y_m=0.0, yaw_rad=0.0, arrival_ns=now_ns, stamp_age_s=0.0)


def test_tier_zero_brings_the_robot_to_rest():
    bench = Bench()
    bench.drive(0.5)
    assert 0.0 < bench.tick(0.5, tier=0).vx_mps < 0.5
    outputs = bench.drive(0.5)
    assert (outputs.vx_mps, outputs.cause, outputs.tier) == (0.0, 'tier_zero', 0)


@pytest.mark.parametrize('tier', [4, 255, -1])
def test_tier_that_does_not_exist_counts_as_zero(tier: int) -> None:
    assert Bench().tick(0.5, tier=tier).tier == 0


@pytest.mark.parametrize('tier', [2, 3])
def test_higher_tiers_drive_as_configured(tier: int) -> None:
    bench = Bench(replace(PARAMS, start_tier=0))
    bench.tick(tier=tier)
    assert bench.drive(0.5).vx_mps == 0.5


def test_tier_one_without_a_sandbox_stands():
    outputs = Bench(replace(PARAMS, start_tier=1)).drive(0.5)
    assert (outputs.vx_mps, outputs.cause) == (0.0, 'sandbox')


@pytest.mark.parametrize('geofence', [(), (((-3.0, -3.0), (3.0, -3.0), (3.0, 3.0)),)])
def test_tier_one_creeps_inside_the_sandbox_and_keeps_its_curvature(geofence: object) -> None:
    bench = Bench(replace(SANDBOXED, geofence=geofence))
    for _ in range(50):
        outputs = bench.tick(0.8, 0.4, pose=pose_of(bench))
    assert outputs.vx_mps == pytest.approx(0.1)
    assert outputs.wz_radps == pytest.approx(0.05)
    assert 'tier' in outputs.causes


def test_tier_one_turns_no_faster_than_its_rim_may_creep():
    bench = Bench(SANDBOXED)
    for _ in range(50):
        outputs = bench.tick(0.0, 1.5, pose=pose_of(bench))
    assert outputs.wz_radps == pytest.approx(0.1 / 0.28)


def test_slow_command_of_tier_one_passes():
    bench = Bench(SANDBOXED)
    for _ in range(50):
        outputs = bench.tick(0.05, 0.1, pose=pose_of(bench))
    assert (outputs.vx_mps, outputs.causes) == (0.05, ())


def test_tier_one_stops_before_the_edge_of_its_sandbox():
    bench = Bench(SANDBOXED)
    outputs = bench.tick(0.5, pose=pose_of(bench, 0.5))
    for _ in range(50):
        outputs = bench.tick(0.5, pose=pose_of(bench, 0.519))
    assert (outputs.vx_mps, outputs.cause) == (0.0, 'geofence_stop')


def test_tier_one_outside_its_sandbox_stands_without_a_latch():
    bench = Bench(SANDBOXED)
    outputs = bench.tick(0.5, pose=pose_of(bench, 1.5))
    assert (outputs.vx_mps, outputs.cause, outputs.breached) == (0.0, 'sandbox', False)


def test_sandbox_means_nothing_to_higher_tiers():
    bench = Bench(replace(SANDBOXED, start_tier=2))
    assert bench.drive(0.5).vx_mps == 0.5


def test_sandbox_needs_a_pose():
    assert Bench(SANDBOXED).tick(0.5).cause == 'pose_missing'


def test_default_tier_changes_nothing():
    assert Params(robot=PARAMS.robot).start_tier == 3
