# SPDX-License-Identifier: Apache-2.0
"""What a decision costs: 360 beams in the gate, 24,000 points in an approach zone."""

import math
import time

import numpy as np
from numpy.typing import NDArray

from swarm_reflex.bench.figures import Figure, spread
from swarm_reflex.core import CORE, Command, Inputs, Odom, Params, RobotLimits, Scan
from swarm_reflex.monitor.core import CORE as MONITOR
from swarm_reflex.monitor.core import MonitorInputs, MonitorParams
from swarm_reflex.monitor.core.contact import Shape, inside
from swarm_reflex.monitor.core.types import (
    Command as MonitorCommand,
)
from swarm_reflex.monitor.core.types import (
    Effect,
    Observation,
    Setup,
    Source,
    Velocity,
    Zone,
)

ROBOT = RobotLimits(
    radius_m=0.28,
    max_speed_mps=1.0,
    max_yaw_rate_radps=1.8,
    max_accel_mps2=0.8,
    max_decel_mps2=1.2,
    max_yaw_accel_radps2=3.0,
)
FOOTPRINT = ((0.5, 0.4), (0.5, -0.4), (-0.5, -0.4), (-0.5, 0.4))
_HORIZON_S = 2.0
_STEP_S = 0.1
_POINTS = 24_000


def scan_costs(rounds: int) -> list[Figure]:
    """A tick with a new scan of 360 beams, all within reach; control: a tick without news."""
    params = Params(robot=ROBOT)
    state, rng = CORE.initial(params), np.random.default_rng(0)
    spent: dict[bool, list[float]] = {True: [], False: []}
    now_ns = 10**9
    for k in range(2 * rounds):
        now_ns += 5_000_000
        beams = rng.integers(600, 2500, 360).astype('<u2').tobytes()
        news = k % 2 == 0
        scan = Scan(
            ranges_mm=beams,
            angle_min_rad=-math.pi,
            angle_increment_rad=math.pi / 180.0,
            arrival_ns=now_ns,
            stamp_age_s=0.0,
        )
        odom = Odom(
            vx_mps=0.3,
            wz_radps=0.1,
            x_m=0.0,
            y_m=0.0,
            yaw_rad=0.0,
            arrival_ns=now_ns,
            stamp_age_s=0.0,
        )
        inputs = Inputs(
            now_ns=now_ns,
            command=Command(vx_mps=0.5, wz_radps=0.2, arrival_ns=now_ns, stamp_age_s=0.0),
            scan=scan if news else None,
            odom=odom,
            situation_beat_ns=now_ns,
            planner_beat_ns=now_ns,
        )
        start = time.perf_counter()
        state, _ = CORE.decide(state, inputs, params)
        spent[news].append((time.perf_counter() - start) * 1e3)
    return spread('decide_360_beams', spent[True], 'ms', spent[False])


def cloud_costs(rounds: int) -> list[Figure]:
    """A tick with a new cloud around the footprint, all in reach; control: stepping the pose."""
    rng = np.random.default_rng(1)
    cloud = rng.uniform(-1.5, 1.5, (2, 4 * _POINTS))
    cloud = cloud[:, ~inside(cloud, Shape(corners=FOOTPRINT))][:, :_POINTS]
    zone = Zone(name='Footprint', effect=Effect.APPROACH, points=FOOTPRINT, min_points=6)
    setup = Setup(zones=(zone,), sources=(Source(name='cloud'),))
    params = MonitorParams(setup=setup, base_shift_correction=False)
    state, now_ns = MONITOR.initial(params), 10**9
    rows = np.column_stack((cloud.T, np.full(_POINTS, 0.2))).astype('<f4').tobytes()
    wish = Velocity(vx_mps=0.6, wz_radps=0.3)
    spent, control = [], []
    for _ in range(rounds):
        now_ns += 10_000_000
        inputs = MonitorInputs(
            now_ns=now_ns,
            command=MonitorCommand(velocity=wish, arrival_ns=now_ns),
            observations=(Observation(source='cloud', points=rows, arrival_ns=now_ns),),
        )
        start = time.perf_counter()
        state, _ = MONITOR.decide(state, inputs, params)
        middle = time.perf_counter()
        _stepped(cloud, wish)
        spent.append((middle - start) * 1e3)
        control.append((time.perf_counter() - middle) * 1e3)
    return spread('decide_24000_points', spent, 'ms', control)


def _stepped(cloud: NDArray[np.float64], wish: Velocity) -> float:
    """Time to contact as it is usually found: the pose in steps, all points each time."""
    x = y = yaw = 0.0
    shape = Shape(corners=FOOTPRINT)
    least, steps = cloud.shape[1], round(_HORIZON_S / _STEP_S)
    for k in range(steps):
        x += wish.vx_mps * math.cos(yaw) * _STEP_S
        y += wish.vx_mps * math.sin(yaw) * _STEP_S
        yaw += wish.wz_radps * _STEP_S
        cosine, sine = math.cos(yaw), math.sin(yaw)
        dx, dy = cloud[0] - x, cloud[1] - y
        seen = np.array((cosine * dx + sine * dy, cosine * dy - sine * dx))
        least = min(least, int(inside(seen, shape).sum())) if k else least
    return float(least)
