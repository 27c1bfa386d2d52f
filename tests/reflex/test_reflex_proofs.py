# SPDX-License-Identifier: Apache-2.0
"""The long proofs: random driving, fences and hostile messages, by the thousand.

What runs here is a share of what issue and docs ask for; `REFLEX_PROOF_SCALE=10` runs all of it.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from reflex_world import (
    AMR,
    BEAMS,
    PARAMS,
    SCALE,
    Bench,
    command_of,
    odom_of,
    scan_of,
)

from swarm_reflex.core import Action, Inputs, MapPose, Odom, Request, Scan, decide, initial
from swarm_reflex.core.geofence import is_inside
from swarm_reflex.core.limits import Motion

NASTY = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-300, 1e300, -1e300, 1e9, -1e9, 0.5, -0.5)
GENTLE = frozenset({'acceleration', 'yaw_acceleration'})
SQUARE = ((-4.0, -4.0), (4.0, -4.0), (4.0, 4.0), (-4.0, 4.0))
HOLE = ((-0.4, 1.2), (0.4, 1.2), (0.4, 2.0), (-0.4, 2.0))


def random_inputs(rng: Any, now_ns: int) -> Inputs:
    """One tick of a drive with noise, gaps and the odd request; numbers are sane."""
    wish = (rng.uniform(-1.3, 1.3), rng.uniform(-2.5, 2.5)) if rng.random() < 0.9 else (0.0, 0.0)
    fresh = rng.random(6) < 0.3
    ranges = rng.uniform(0.25, 3.0) + rng.uniform(0.0, 3.0, BEAMS) if rng.random() < 0.06 else None
    requests = (list(Request)[rng.integers(len(Request))],) if rng.random() < 0.002 else ()
    return Inputs(
        now_ns=now_ns,
        command=command_of(*wish, now_ns) if fresh[0] else None,
        scan=scan_of(ranges, now_ns) if ranges is not None else None,
        odom=odom_of(now_ns, rng.uniform(-0.05, 0.5)) if fresh[1] else None,
        situation_beat_ns=now_ns if fresh[2] else None,
        planner_beat_ns=now_ns if fresh[3] else None,
        requests=tuple(requests),
        reset_by='mara',
        reset_reason='a proof',
        tier=int(rng.integers(0, 5)) if rng.random() < 0.001 else None,
    )


def assert_within(outputs: Any, command: Any, last: Any, step_s: float) -> None:
    """Never faster, never reversed, never outside a limit, curvature kept when scaled."""
    vx, wz = outputs.vx_mps, outputs.wz_radps
    assert abs(vx) <= AMR.max_speed_mps
    assert abs(wz) <= AMR.max_yaw_rate_radps
    assert abs(vx) <= abs(command.vx_mps)
    assert abs(wz) <= abs(command.wz_radps)
    assert vx * command.vx_mps >= 0.0
    assert wz * command.wz_radps >= 0.0
    gain = abs(vx) - (abs(last[0]) if last[0] * vx > 0.0 else 0.0)
    assert gain <= AMR.max_accel_mps2 * step_s + 1e-9
    turn = abs(wz) - (abs(last[1]) if last[1] * wz > 0.0 else 0.0)
    assert turn <= AMR.max_yaw_accel_radps2 * step_s + 1e-9
    braking = outputs.action is Action.STOP or GENTLE.intersection(outputs.causes)
    if vx != 0.0 and wz != 0.0 and not braking:
        assert math.isclose(wz * command.vx_mps, vx * command.wz_radps, rel_tol=1e-12)


@pytest.mark.slow
def test_random_ticks_never_speed_up_reverse_or_leave_a_limit():
    rng = np.random.default_rng(11)
    state, now_ns, last = initial(PARAMS), 10**9, (0.0, 0.0)
    command, moved = None, 0
    for _ in range(100_000 * SCALE):
        step_ns = int(rng.integers(1, 15_000_000))
        now_ns += step_ns
        inputs = random_inputs(rng, now_ns)
        command = inputs.command or command
        state, outputs = decide(state, inputs, PARAMS)
        if command is not None:
            assert_within(outputs, command, last, step_ns * 1e-9)
        last = (outputs.vx_mps, outputs.wz_radps)
        moved += outputs.vx_mps != 0.0
        if now_ns % 300 == 0:  # Someone releases everything now and then.
            free = {'tier': 3, 'e_stop': False, 'breached': False, 'frozen': False}
            state = replace(state, known=replace(state.known, enabled=True, **free))
    assert moved > 10_000 * SCALE


def nasty(rng: Any) -> float:
    return float(rng.choice(NASTY)) if rng.random() < 0.5 else float(rng.normal())


def nasty_time(rng: Any, now_ns: int) -> int:
    return now_ns + int(rng.choice([0, 0, 0, -1, 1, -(10**10), 10**10, 10**17]))


def fuzzed_inputs(rng: Any, now_ns: int) -> Inputs:
    """Messages as a hostile or broken sender makes them, five kinds at a time."""
    raw = rng.integers(0, 65536, int(rng.choice([0, 1, 7, 360, 361]))).astype('<u2').tobytes()
    scan = Scan(
        ranges_mm=raw[: len(raw) - int(rng.integers(0, 2))],
        angle_min_rad=nasty(rng),
        angle_increment_rad=float(rng.choice([nasty(rng), 2 * math.pi / 360])),
        arrival_ns=nasty_time(rng, now_ns),
        stamp_age_s=float(rng.choice([0.0, nasty(rng)])),
        frame_id=str(rng.choice(['', 'base_scan'])),
    )
    odom = Odom(
        vx_mps=nasty(rng),
        wz_radps=nasty(rng),
        x_m=nasty(rng),
        y_m=nasty(rng),
        yaw_rad=nasty(rng),
        arrival_ns=nasty_time(rng, now_ns),
        stamp_age_s=nasty(rng),
    )
    pose = MapPose(
        x_m=nasty(rng),
        y_m=nasty(rng),
        yaw_rad=nasty(rng),
        arrival_ns=nasty_time(rng, now_ns),
        stamp_age_s=nasty(rng),
    )
    return Inputs(
        now_ns=nasty_time(rng, now_ns) if rng.random() < 0.1 else now_ns,
        command=command_of(nasty(rng), nasty(rng), nasty_time(rng, now_ns), nasty(rng)),
        scan=scan if rng.random() < 0.7 else scan_of(rng.uniform(0.3, 5.0, BEAMS), now_ns),
        odom=odom if rng.random() < 0.5 else odom_of(now_ns, 0.1),
        pose=pose,
        situation_beat_ns=nasty_time(rng, now_ns),
        planner_beat_ns=nasty_time(rng, now_ns),
        tier=int(rng.choice([-1, 2, 3, 3, 255])),
        rivals=int(rng.choice([-1, 0, 0, 7])),
    )


@pytest.mark.slow
def test_fuzzed_messages_crash_nothing_and_speed_nothing_up():
    rng = np.random.default_rng(12)
    fenced = replace(PARAMS, geofence=(SQUARE, HOLE))
    for params in (PARAMS, fenced):
        state, now_ns = initial(params), 10**12
        for _ in range(1_000 * SCALE):
            now_ns += 10_000_000
            inputs = fuzzed_inputs(rng, now_ns)
            state, outputs = decide(state, inputs, params)
            command = inputs.command
            assert command is not None
            assert math.isfinite(outputs.vx_mps)
            assert math.isfinite(outputs.wz_radps)
            if math.isfinite(command.vx_mps) and math.isfinite(command.wz_radps):
                assert abs(outputs.vx_mps) <= abs(command.vx_mps)
                assert abs(outputs.wz_radps) <= abs(command.wz_radps)
            else:
                assert (outputs.vx_mps, outputs.wz_radps) == (0.0, 0.0)


class Fenced:
    """A base that is 10 % faster than told, brakes 10 % worse and hears everything 100 ms late."""

    params = replace(PARAMS, geofence=(SQUARE, HOLE))

    def __init__(self, rng: Any) -> None:
        self.rng = rng
        self.bench = Bench(self.params)
        self.delay = int(rng.integers(0, 6))
        self.error = rng.uniform(-0.1, 0.1, 3)
        self.twist = self._start()
        self.pipe = [self.twist] * self.delay
        self.seen_pose = self.pose

    def _start(self) -> tuple[float, float]:
        """A random place and twist from which the fence can still be kept."""
        while True:
            x, y = self.rng.uniform(-3.5, 3.5, 2)
            gap = min(4.0 - abs(x), 4.0 - abs(y), _to_box(x, y))
            speed = self.rng.uniform(0.2, 1.0)
            if (
                is_inside(self.params.geofence, x, y)
                and 0.0 < gap - (0.5 + 0.25 * speed + 0.5 * speed**2) < 0.6
            ):
                break
        self.pose = (x, y, self.rng.uniform(-math.pi, math.pi))
        twist = (float(self.rng.choice([-1.0, 1.0]) * speed), self.rng.uniform(-0.8, 0.8))
        state = self.bench.state
        assert state is not None
        self.bench.state = replace(state, last=Motion(vx_mps=twist[0], wz_radps=twist[1]))
        return twist

    def step(self, wish: tuple[float, float], k: int) -> None:
        bench, now = self.bench, self.bench.now_ns + 20_000_000
        x, y, yaw = self.pose
        drifted = (x + 0.0, y + 0.0, yaw)
        pose = MapPose(x_m=x, y_m=y, yaw_rad=yaw, arrival_ns=now, stamp_age_s=0.0)
        out = bench.tick(
            *wish,
            step_ns=20_000_000,
            odom=odom_of(now, *self.twist, drifted),
            pose=pose if k % 10 == 0 else None,
            scan=scan_of(5.0 + 0.001 * (k % 7), now) if k % 5 == 0 else None,
        )
        self.pipe.append((out.vx_mps, out.wz_radps))
        self._move(*self.pipe.pop(0))

    def _move(self, vx: float, wz: float) -> None:
        dt = 0.02
        faster, weaker, turned = self.error
        vx, wz = vx * (1.0 + faster), wz * (1.0 + turned)
        v, w = self.twist
        slower = math.copysign(max(0.0, abs(v) - AMR.max_decel_mps2 * (1.0 + weaker) * dt), v)
        new_v = slower if abs(vx) < abs(slower) or vx * v < 0.0 else vx
        new_w = w * new_v / v if new_v == slower and v else wz
        self.twist = (new_v, new_w)
        x, y, yaw = self.pose
        middle = yaw + 0.5 * new_w * dt
        self.pose = (
            x + new_v * dt * math.cos(middle),
            y + new_v * dt * math.sin(middle),
            yaw + new_w * dt,
        )

    def gap_m(self) -> float:
        """Body to the fence, in truth [m]; negative is a breach."""
        x, y, _ = self.pose
        gap = min(4.0 - abs(x), 4.0 - abs(y), _to_box(x, y))
        return gap - AMR.radius_m


def _to_box(x: float, y: float) -> float:
    return math.hypot(max(abs(x) - 0.4, 0.0), max(abs(y - 1.6) - 0.4, 0.0))


@pytest.mark.slow
def test_fence_is_kept_with_delay_and_model_error():
    rng = np.random.default_rng(13)
    least_m, stopped = math.inf, 0
    for _ in range(1_000 * SCALE):
        run = Fenced(rng)
        wish = run.twist
        for k in range(int(rng.integers(50, 110))):
            if k % 40 == 39:
                wish = (wish[0], float(rng.uniform(-0.8, 0.8)))
            run.step(wish, k)
            least_m = min(least_m, run.gap_m())
            assert least_m > 0.0, (run.pose, run.delay, run.error)
        stopped += abs(run.twist[0]) < 0.05
    assert stopped > 100 * SCALE
