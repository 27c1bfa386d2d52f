# SPDX-License-Identifier: Apache-2.0
"""Never faster than commanded, never reversed, never outside a limit, never NaN."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reflex_world import AMR, PARAMS, Bench, command_of, odom_of, scan_of

from swarm_reflex.core import (
    Action,
    Cause,
    Inputs,
    MapPose,
    Odom,
    Outputs,
    Params,
    Request,
    Scan,
    decide,
    initial,
)

anything = st.floats(allow_nan=True, allow_infinity=True)
speeds = st.one_of(st.floats(-2.0, 2.0), anything)
steps_ns = st.sampled_from([0, 1, 5_000_000, 10_000_000, 17_000_000, 400_000_000])


def test_command_within_the_limits_passes_unchanged():
    outputs = Bench().drive(0.7, 0.4)
    assert (outputs.vx_mps, outputs.wz_radps) == (0.7, 0.4)
    assert (outputs.action, outputs.cause, outputs.zone) == (Action.PASS, '', '')


def test_speed_is_limited_with_the_curvature_kept():
    outputs = Bench().drive(2.0, 0.8, ticks=200)
    assert (outputs.vx_mps, outputs.wz_radps) == (1.0, pytest.approx(0.4, abs=1e-12))
    assert (outputs.action, outputs.causes) == (Action.LIMIT, (Cause.SPEED,))


def test_yaw_rate_is_limited_with_the_curvature_kept():
    outputs = Bench().drive(0.5, 3.6, ticks=200)
    assert (outputs.vx_mps, outputs.wz_radps) == (pytest.approx(0.25), 1.8)
    assert outputs.causes == (Cause.YAW_RATE,)


def test_speed_is_gained_with_the_measured_period():
    bench = Bench()
    bench.tick(1.0)
    assert bench.tick(1.0, step_ns=10_000_000).vx_mps == pytest.approx(0.008, abs=1e-12)
    assert bench.tick(1.0, step_ns=20_000_000).vx_mps == pytest.approx(0.024, abs=1e-12)


def test_braking_on_command_is_never_delayed():
    bench = Bench()
    bench.drive(1.0, 0.0, ticks=200)
    assert bench.tick(0.2).vx_mps == 0.2
    assert bench.tick(0.0).vx_mps == 0.0


def test_reversed_command_starts_from_zero():
    bench = Bench()
    bench.drive(1.0, ticks=200)
    assert -0.008 - 1e-12 <= bench.tick(-1.0).vx_mps < 0.0


def test_speed_too_small_to_matter_is_a_rotation_in_place():
    outputs = Bench().drive(1e-9, 1.0)
    assert (outputs.vx_mps, outputs.wz_radps) == (0.0, 1.0)


def test_interventions_count_ticks_that_changed_a_valid_command():
    bench = Bench()
    bench.drive(0.0, ticks=10)
    assert bench.drive(0.08, ticks=12).interventions == 9
    assert bench.drive(math.nan, ticks=5).interventions == 9


@given(st.lists(st.tuples(speeds, speeds, steps_ns), min_size=1, max_size=60))
@settings(max_examples=150, deadline=None)
def test_output_is_never_faster_never_reversed_never_outside_the_limits(
    commands: list[tuple[float, float, int]],
) -> None:
    bench = Bench(replace(PARAMS, ramp_stops=False))
    last_v, last_w = 0.0, 0.0
    for vx, wz, step_ns in commands:
        out = bench.tick(vx, wz, ranges_m=2.0, step_ns=step_ns)
        v, w = out.vx_mps, out.wz_radps
        finite = math.isfinite(vx) and math.isfinite(wz)
        assert abs(v) <= min(abs(vx), 1.0) if finite else (v, w) == (0.0, 0.0)
        assert abs(w) <= min(abs(wz), 1.8) if finite else w == 0.0
        assert v * vx >= 0.0 if finite else v == 0.0
        assert w * wz >= 0.0 if finite else w == 0.0
        gain_s = min(step_ns * 1e-9, 0.05)
        assert abs(v) <= abs(last_v) + AMR.max_accel_mps2 * gain_s + 1e-9
        assert abs(w) <= abs(last_w) + AMR.max_yaw_accel_radps2 * gain_s + 1e-9
        last_v, last_w = v, w


@given(vx=st.floats(0.05, 2.0), wz=st.floats(-2.0, 2.0), ring_m=st.floats(0.36, 3.0))
@settings(max_examples=40, deadline=None)
def test_slower_output_keeps_the_curvature(vx: float, wz: float, ring_m: float) -> None:
    bench = Bench()
    for _ in range(150):
        out = bench.tick(vx, wz, ranges_m=ring_m)
    if out.vx_mps != 0.0:
        assert out.wz_radps / out.vx_mps == pytest.approx(wz / vx, rel=1e-12, abs=1e-12)


ages = st.one_of(st.floats(-1.0, 1.0), anything)
arrivals = st.one_of(st.integers(0, 2 * 10**9), st.integers(-(2**63), 2**63))
hostile_inputs = st.builds(
    Inputs,
    now_ns=st.integers(0, 2 * 10**9),
    command=st.none() | st.builds(command_of, speeds, speeds, arrivals, ages),
    scan=st.none()
    | st.builds(
        Scan,
        ranges_mm=st.one_of(st.binary(max_size=800), st.just(scan_of(1.0, 0).ranges_mm)),
        angle_min_rad=anything | st.just(-math.pi),
        angle_increment_rad=anything | st.just(math.pi / 180.0),
        arrival_ns=arrivals,
        stamp_age_s=ages,
    ),
    odom=st.none()
    | st.builds(
        Odom,
        vx_mps=speeds,
        wz_radps=speeds,
        x_m=speeds,
        y_m=speeds,
        yaw_rad=speeds,
        arrival_ns=arrivals,
        stamp_age_s=ages,
    ),
    pose=st.none()
    | st.builds(
        MapPose, x_m=speeds, y_m=speeds, yaw_rad=speeds, arrival_ns=arrivals, stamp_age_s=ages
    ),
    situation_beat_ns=st.none() | arrivals,
    planner_beat_ns=st.none() | arrivals,
    requests=st.lists(st.sampled_from(Request), max_size=3).map(tuple),
)
FENCED = replace(PARAMS, geofence=(((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0)),))


@given(st.lists(hostile_inputs, min_size=1, max_size=8), st.sampled_from([PARAMS, FENCED]))
@settings(max_examples=150, deadline=None)
def test_hostile_input_never_crashes_and_never_yields_nan(
    sequence: list[Inputs], params: Params
) -> None:
    state = initial(params)
    with np.errstate(all='raise', under='ignore'):
        for inputs in sequence:
            state, out = decide(state, inputs, params)
            assert abs(out.vx_mps) <= AMR.max_speed_mps
            assert abs(out.wz_radps) <= AMR.max_yaw_rate_radps
            assert not math.isnan(out.clearance_m)
            assert out.action is not Action.STOP or out.causes


def test_same_inputs_give_the_same_outputs_to_the_bit():
    def run() -> list[Outputs]:
        bench = Bench()
        rng = np.random.default_rng(7)
        return [
            bench.tick(
                rng.uniform(-1, 1),
                rng.uniform(-1, 1),
                ranges_m=rng.uniform(0.3, 2.0, 360),
                odom=odom_of(bench.now_ns, 0.1, 0.2),
            )
            for _ in range(200)
        ]

    assert run() == run()
