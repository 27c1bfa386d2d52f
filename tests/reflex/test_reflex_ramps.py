# SPDX-License-Identifier: Apache-2.0
"""Ramps and pairs of nav2_velocity_smoother's own tests, held to 1e-9 instead of 1e-3.

Gain 0.1 m/s², loss 1 m/s², 20 Hz. Where the smoother delays braking, the gate does not: less is
passed on at once, and a wish of the other sign starts from zero. Its controlled stop is the ramp.
"""

from dataclasses import replace

import pytest
from reflex_world import AMR

from swarm_reflex.core.limits import STILL, Motion, braked, gained

ROBOT = replace(
    AMR,
    max_speed_mps=3.0,
    max_accel_mps2=0.1,
    max_decel_mps2=1.0,
    max_yaw_accel_radps2=0.1,
)
STEP_S = 0.05
GAIN, LOSS = 0.1 * STEP_S, 1.0 * STEP_S
EXACT = 1e-9
IN_RANGE = [
    (1.0, 1.0), (-1.0, -1.0), (0.5, 0.504), (0.5, 0.46), (0.0, 0.004), (0.04, 0.0),
    (-0.5, -0.504), (-0.5, -0.46), (0.0, -0.004), (-0.04, 0.0),
]  # fmt: skip
"""Last output and wish that the smoother passes as they are [m/s]."""
TOO_FAST = [(0.5, 1.5), (0.0, 1.0), (-0.5, -1.5), (0.0, -1.0)]
TOO_SLOW = [(1.5, 0.5), (1.0, 0.0), (-1.5, -0.5), (-1.0, 0.0)]
CROSSING = [(-0.02, 0.02), (0.02, -0.02), (-0.2, 0.8), (0.2, -0.8)]


def along(speed: float) -> Motion:
    return Motion(vx_mps=speed, wz_radps=0.0)


def turning(rate: float) -> Motion:
    return Motion(vx_mps=0.0, wz_radps=rate)


def gain(last: float, wish: float) -> float:
    return gained(along(wish), along(last), STEP_S, ROBOT).vx_mps


def turn(last: float, wish: float) -> float:
    return gained(turning(wish), turning(last), STEP_S, ROBOT).wz_radps


@pytest.mark.parametrize(('last', 'wish'), IN_RANGE)
def test_what_the_accelerations_allow_passes_unchanged(last: float, wish: float) -> None:
    assert gain(last, wish) == turn(last, wish) == wish


@pytest.mark.parametrize(('last', 'wish'), TOO_FAST)
def test_what_is_gained_too_fast_is_gained_by_one_step(last: float, wish: float) -> None:
    expected = last + (GAIN if wish > last else -GAIN)
    assert gain(last, wish) == pytest.approx(expected, abs=EXACT)
    assert turn(last, wish) == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize(('last', 'wish'), TOO_SLOW)
def test_braking_is_not_delayed_where_the_smoother_delays_it(last: float, wish: float) -> None:
    assert gain(last, wish) == turn(last, wish) == wish


@pytest.mark.parametrize(('last', 'wish'), CROSSING)
def test_wish_of_the_other_sign_is_gained_from_zero(last: float, wish: float) -> None:
    expected = GAIN if wish > 0.0 else -GAIN
    assert gain(last, wish) == pytest.approx(expected, abs=EXACT)
    assert turn(last, wish) == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize(
    ('start', 'target'),
    [(1.0, 2.0), (0.0, 2.0), (-1.0, -2.0), (0.0, -2.0), (-1.0, 2.0), (1.0, -2.0)],
)
@pytest.mark.parametrize('step', [gain, turn])
def test_ramp_gains_the_same_in_every_step(step: type, start: float, target: float) -> None:
    sign = 1.0 if target > 0.0 else -1.0
    begun = start if start * target > 0.0 else 0.0
    value, steps = start, round(abs(target - begun) / GAIN)
    for k in range(1, steps + 1):
        value = step(value, target)
        assert value == pytest.approx(begun + sign * k * GAIN, abs=EXACT)
    assert value == pytest.approx(target, abs=EXACT)
    assert step(value, target) == pytest.approx(target, abs=EXACT)


@pytest.mark.parametrize('start', [2.0, 1.0, -1.0, -2.0])
def test_controlled_stop_loses_the_same_in_every_step(start: float) -> None:
    motion, sign, steps = along(start), 1.0 if start > 0.0 else -1.0, round(abs(start) / LOSS)
    for k in range(1, steps + 1):
        motion = braked(motion, STEP_S, ROBOT)
        assert motion.vx_mps == pytest.approx(start - sign * k * LOSS, abs=EXACT)
    assert braked(motion, STEP_S, ROBOT) == STILL


def test_speed_is_reached_after_exactly_speed_over_acceleration():
    """diff_drive_controller's case: 1 m/s at 2 m/s² in steps of 1 ms."""
    robot, motion = replace(ROBOT, max_accel_mps2=2.0), STILL
    for _ in range(500):
        assert motion.vx_mps < 1.0
        motion = gained(along(1.0), motion, 0.001, robot)
    assert motion.vx_mps == pytest.approx(1.0, abs=EXACT)
