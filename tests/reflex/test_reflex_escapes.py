# SPDX-License-Identifier: Apache-2.0
"""Robots that start too near to something get free without a contact, in the simulator's physics.

Many robots at a time in one hall, each in a bay of its own: noisy scans, odometry that drifts, a
base with its own ramps, and a planner that knows nothing and tries something else when it stands.
"""

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('mujoco', reason='the simulator is not there: escapes are not tried')

from reflex_world import SCALE

from swarm_config.fleets import Robot
from swarm_config.maps import GridMap
from swarm_config.robots import RobotModel, load_robot
from swarm_reflex.core import (
    Command,
    Inputs,
    Odom,
    Params,
    RobotLimits,
    Scan,
    State,
    decide,
    initial,
)
from swarm_reflex.messages import to_millimetres
from swarm_sim.props import Placed, Prop
from swarm_sim.sensors import sensors_of
from swarm_sim.world import World

ROBOTS = Path(__file__).parents[2] / 'config' / 'robots'
AMR = load_robot(ROBOTS / 'amr.yaml')
LIMITS = RobotLimits(**{f.name: getattr(AMR, f.name) for f in fields(RobotLimits)})
PARAMS = Params(robot=LIMITS)
TOGETHER = 20
BAY_M = 6.0
TICK_NS = 10_000_000
LONGEST_TICKS = 1000
FREE_M = PARAMS.hard_margin_m + 0.03
POST = Prop(name='post', width_m=0.4, depth_m=0.4, height_m=1.0, is_round=True)
BOX = Prop(name='box', width_m=0.2, depth_m=1.5, height_m=1.0, is_round=False)


def hall() -> GridMap:
    """A free floor without walls, wide enough for all bays."""
    cells = round(BAY_M / 0.5)
    free = np.ones((cells, cells * TOGETHER), dtype=bool)
    return GridMap(
        name='hall', resolution_m=0.5, origin_x_m=0.0, origin_y_m=0.0, occupied=~free, free=free
    )


def things_near(rng: Any, k: int, model: RobotModel) -> list[Placed]:
    """A post or a box within the hard margin, and sometimes a second one across from it."""
    x, y = (k + 0.5) * BAY_M, 0.5 * BAY_M
    bearing = rng.uniform(-math.pi, math.pi)
    sides = [(bearing, rng.uniform(0.005, 0.055))]
    if rng.random() < 0.3:
        sides.append((bearing + rng.uniform(2.0, 4.0), rng.uniform(0.2, 0.5)))
    placed = []
    for i, (angle, gap_m) in enumerate(sides):
        kind = POST if rng.random() < 0.5 else BOX
        prop = Prop(**{f.name: getattr(kind, f.name) for f in fields(Prop)} | {'name': f'{k}_{i}'})
        reach = model.radius_m + gap_m + 0.5 * kind.width_m
        placed.append(
            Placed(
                prop=prop,
                x_m=x + reach * math.cos(angle),
                y_m=y + reach * math.sin(angle),
                yaw_rad=angle,
            )
        )
    return placed


@dataclass
class Runner:
    """One robot's gate and its clueless planner."""

    rng: Any
    state: State = field(default_factory=lambda: initial(PARAMS))
    wish: tuple[float, float] = (0.3, 0.0)
    stuck: int = 0
    free: bool = False

    def decide(self, now_ns: int, ranges_m: Any, odometry: Any) -> tuple[float, float]:
        """One tick of the gate; None is nothing new."""
        wish = (0.0, 0.0) if self.free else self.wish
        told = Command(vx_mps=wish[0], wz_radps=wish[1], arrival_ns=now_ns, stamp_age_s=0.0)
        inputs = Inputs(
            now_ns=now_ns,
            command=told,
            scan=None if ranges_m is None else scan_of(ranges_m, now_ns),
            odom=None if odometry is None else odom_of(odometry, now_ns),
            situation_beat_ns=now_ns,
            planner_beat_ns=now_ns,
        )
        self.state, outputs = decide(self.state, inputs, PARAMS)
        self.stuck = 0 if outputs.vx_mps else self.stuck + 1
        if self.stuck > 25:
            self.stuck = 0
            turn = float(self.rng.uniform(-0.8, 0.8))
            self.wish = (float(self.rng.choice((-0.3, 0.3))), turn)
        return outputs.vx_mps, outputs.wz_radps


def scan_of(ranges_m: Any, now_ns: int) -> Scan:
    lidar = AMR.lidar
    return Scan(
        ranges_mm=to_millimetres(ranges_m.tolist(), lidar.range_min_m, lidar.range_max_m),
        angle_min_rad=-math.pi,
        angle_increment_rad=2.0 * math.pi / lidar.beams,
        arrival_ns=now_ns,
        stamp_age_s=0.0,
    )


def odom_of(odometry: Any, now_ns: int) -> Odom:
    return Odom(
        vx_mps=odometry.speed_mps,
        wz_radps=odometry.yaw_rate_radps,
        x_m=odometry.x_m,
        y_m=odometry.y_m,
        yaw_rad=odometry.yaw_rad,
        arrival_ns=now_ns,
        stamp_age_s=0.0,
    )


def escape_together(rng: Any) -> tuple[int, list[Any]]:
    """How many of a hall's robots got free, and all touches."""
    starts = [
        ((k + 0.5) * BAY_M, 0.5 * BAY_M, float(rng.uniform(-math.pi, math.pi)))
        for k in range(TOGETHER)
    ]
    robots = [
        Robot(agent_id=f'amr_{k}', index=k, model=AMR, home=start, start=start)
        for k, start in enumerate(starts)
    ]
    things = [placed for k in range(TOGETHER) for placed in things_near(rng, k, AMR)]
    world = World(grid=hall(), robots=robots, props=[placed.prop for placed in things])
    for placed in things:
        world.place(placed)
    sensors = sensors_of((AMR,) * TOGETHER, int(rng.integers(1 << 30)), 1.0)
    runners = [Runner(rng=rng) for _ in range(TOGETHER)]
    touches: list[Any] = []
    touches += world.advance(0.01)
    for tick in range(LONGEST_TICKS):
        now_ns = (tick + 2) * TICK_NS
        for k, runner in enumerate(runners):
            ranges_m = odometry = None
            if (tick + k) % 10 == 0:
                true_m = world.rays(k)
                ranges_m = sensors[k].lidar.measure(true_m)
                runner.free = runner.free or true_m.min() - AMR.radius_m > FREE_M
            if (tick + k) % 5 == 0:
                angles = world.wheel_angles()[k]
                odometry = sensors[k].odometer.advance(world.time_s, angles)
            world.command(k, *runner.decide(now_ns, ranges_m, odometry))
        touches += world.advance(0.01)
        if all(runner.free for runner in runners):
            break
    return sum(runner.free for runner in runners), touches


@pytest.mark.slow
def test_escapes_in_the_simulator_touch_nothing_and_get_free():
    rng = np.random.default_rng(14)
    halls = 5 * SCALE
    freed = 0
    for _ in range(halls):
        free, touches = escape_together(rng)
        assert not touches, touches[:3]
        freed += free
    assert freed >= 0.95 * halls * TOGETHER
