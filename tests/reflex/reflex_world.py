# SPDX-License-Identifier: Apache-2.0
"""A flat world in numpy for the reflex's tests: walls and posts, a lidar, a base that brakes.

It is the truth against which the core is held; it shares no geometry with the core.
"""

import math
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm_reflex.core import (
    Command,
    Inputs,
    Odom,
    Outputs,
    Params,
    RobotLimits,
    Scan,
    State,
    decide,
    initial,
)

AMR = RobotLimits(
    radius_m=0.28,
    max_speed_mps=1.0,
    max_yaw_rate_radps=1.8,
    max_accel_mps2=0.8,
    max_decel_mps2=1.2,
    max_yaw_accel_radps2=3.0,
)
PARAMS = Params(robot=AMR)
TICK_NS = 10_000_000
BEAMS = 360
SCALE = int(os.environ.get('REFLEX_PROOF_SCALE', '1'))
"""Share of the long proofs that runs: 10 is all of it, in about ten minutes."""
STEP_RAD = 2.0 * math.pi / BEAMS
FREE_MM = 65535

Wall = tuple[float, float, float, float]
Pose = tuple[float, float, float]
Post = tuple[float, float, float]


def scan_of(ranges_m: Any, arrival_ns: int, stamp_age_s: float = 0.0) -> Scan:
    """A scan of 360 beams; inf is nothing there, NaN no measurement."""
    ranges = np.broadcast_to(np.asarray(ranges_m, dtype=float), (BEAMS,))
    coded = np.where(np.isinf(ranges), FREE_MM, np.nan_to_num(np.floor(ranges * 1e3)))
    return Scan(
        ranges_mm=coded.astype('<u2').tobytes(),
        angle_min_rad=-math.pi,
        angle_increment_rad=STEP_RAD,
        arrival_ns=arrival_ns,
        stamp_age_s=stamp_age_s,
    )


def command_of(vx: float, wz: float, arrival_ns: int, stamp_age_s: float = 0.0) -> Command:
    return Command(vx_mps=vx, wz_radps=wz, arrival_ns=arrival_ns, stamp_age_s=stamp_age_s)


def odom_of(
    arrival_ns: int,
    vx: float = 0.0,
    wz: float = 0.0,
    pose: Pose = (0.0, 0.0, 0.0),
    stamp_age_s: float = 0.0,
) -> Odom:
    return Odom(
        vx_mps=vx,
        wz_radps=wz,
        x_m=pose[0],
        y_m=pose[1],
        yaw_rad=pose[2],
        arrival_ns=arrival_ns,
        stamp_age_s=stamp_age_s,
    )


@dataclass
class Bench:
    """The core on a bench: every input fresh in every tick unless a test changes it."""

    params: Params = PARAMS
    state: State | None = None
    now_ns: int = 1_000_000_000
    ticks: int = 0

    def __post_init__(self) -> None:
        self.state = initial(self.params)

    def tick(
        self,
        vx: float = 0.5,
        wz: float = 0.0,
        *,
        ranges_m: Any = 5.0,
        step_ns: int = TICK_NS,
        **changes: Any,
    ) -> Outputs:
        """One tick with all inputs fresh; `changes` replaces fields of the Inputs."""
        self.now_ns += step_ns
        self.ticks += 1
        now = self.now_ns
        fresh = {
            'command': command_of(vx, wz, now),
            'scan': scan_of(ranges_m, now),
            'odom': odom_of(now),
            'situation_beat_ns': now,
            'planner_beat_ns': now,
        }
        inputs = Inputs(now_ns=now, **{**fresh, **changes})
        self.state, outputs = decide(self.state, inputs, self.params)
        return outputs

    def drive(self, vx: float = 0.5, wz: float = 0.0, ticks: int = 100, **changes: Any) -> Outputs:
        """Many such ticks; the last outputs."""
        for _ in range(ticks):
            outputs = self.tick(vx, wz, **changes)
        return outputs


@dataclass
class World:
    """A robot among walls (segments) and posts (discs), in its own odom frame.

    The base follows the command after a dead time, brakes with its rated deceleration and keeps
    the curvature of its command while it brakes.
    """

    walls: list[Wall] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    params: Params = PARAMS
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)
    delay_ticks: int = 5
    noise_m: float = 0.0
    seed: int = 0
    independent_axes: bool = False

    def __post_init__(self) -> None:
        self.state = initial(self.params)
        self.now_ns = 1_000_000_000
        self.tick_count = 0
        self.twist = (0.0, 0.0)
        self.pipe = [(0.0, 0.0)] * self.delay_ticks
        self.rng = np.random.default_rng(self.seed)
        self.contact_m = math.inf
        self.angles = -math.pi + STEP_RAD * np.arange(BEAMS)

    def run(self, vx: float, wz: float, ticks: int) -> Outputs:
        """Command a twist for many ticks; returns the last outputs."""
        for _ in range(ticks):
            outputs = self.step(vx, wz)
        return outputs

    def step(self, vx: float, wz: float) -> Outputs:
        self.now_ns += TICK_NS
        self.tick_count += 1
        now, k = self.now_ns, self.tick_count
        inputs = Inputs(
            now_ns=now,
            command=command_of(vx, wz, now) if k % 10 == 1 else None,
            scan=scan_of(self.ranges(), now) if k % 10 == 1 else None,
            odom=odom_of(now, *self.twist, self.pose) if k % 5 == 1 else None,
            situation_beat_ns=now if k % 10 == 1 else None,
            planner_beat_ns=now if k % 10 == 1 else None,
        )
        self.state, outputs = decide(self.state, inputs, self.params)
        self.pipe.append((outputs.vx_mps, outputs.wz_radps))
        self._move(*self.pipe.pop(0))
        self.contact_m = min(self.contact_m, self.clearance())
        return outputs

    def _move(self, vx: float, wz: float) -> None:
        dt, robot = TICK_NS * 1e-9, self.params.robot
        v, w = self.twist
        if abs(vx) < abs(v) or vx * v < 0.0:
            slower = math.copysign(max(0.0, abs(v) - robot.max_decel_mps2 * dt), v)
            new_v = vx if vx * v >= 0.0 and abs(slower) < abs(vx) else slower
            new_w = w * new_v / v
        else:
            new_v, new_w = vx, wz
        if self.independent_axes or abs(v) < 1e-9:
            turn = robot.max_yaw_accel_radps2 * dt
            new_w = w + min(turn, max(-turn, wz - w))
        self.twist = (new_v, new_w)
        x, y, yaw = self.pose
        middle = yaw + 0.5 * new_w * dt
        step = new_v * dt
        self.pose = (x + step * math.cos(middle), y + step * math.sin(middle), yaw + new_w * dt)

    def ranges(self) -> NDArray[np.float64]:
        """What the lidar measures now [m], shape (360,)."""
        x, y, yaw = self.pose
        heading = np.column_stack((np.cos(self.angles + yaw), np.sin(self.angles + yaw)))
        best = np.full(BEAMS, np.inf)
        for ax, ay, bx, by in self.walls:
            ex, ey = bx - ax, by - ay
            cross = heading[:, 0] * ey - heading[:, 1] * ex
            with np.errstate(divide='ignore', invalid='ignore'):
                along = ((ax - x) * ey - (ay - y) * ex) / cross
                share = ((ax - x) * heading[:, 1] - (ay - y) * heading[:, 0]) / cross
            hit = (along > 0.0) & (share >= 0.0) & (share <= 1.0)
            best[hit] = np.minimum(best[hit], along[hit])
        for px, py, radius in self.posts:
            to = np.array((px - x, py - y))
            middle = heading @ to
            root = radius * radius - (to @ to - middle * middle)
            hit = (root > 0.0) & (middle > 0.0)
            best[hit] = np.minimum(best[hit], middle[hit] - np.sqrt(root[hit]))
        if self.noise_m:
            best += self.rng.normal(0.0, self.noise_m, BEAMS)
        return np.maximum(best, 0.001)

    def clearance(self) -> float:
        """Body to the nearest thing, in truth [m]; negative is a contact."""
        x, y, _ = self.pose
        gaps = [math.hypot(px - x, py - y) - radius for px, py, radius in self.posts]
        gaps += [_to_segment(x, y, wall) for wall in self.walls]
        return min(gaps, default=math.inf) - self.params.robot.radius_m


def _to_segment(x: float, y: float, wall: Wall) -> float:
    ax, ay, bx, by = wall
    ex, ey = bx - ax, by - ay
    share = min(1.0, max(0.0, ((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey)))
    return math.hypot(ax + share * ex - x, ay + share * ey - y)


def room(half_m: float = 6.0) -> list[Wall]:
    """Four walls around the origin."""
    h = half_m
    return [(-h, -h, h, -h), (h, -h, h, h), (h, h, -h, h), (-h, h, -h, -h)]
