# SPDX-License-Identifier: Apache-2.0
"""A small kinematic world for the tests: a round robot, a scanner, drifting wheels, reflexes."""

import itertools
import math
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
from scipy import ndimage

from swarm_agent.mesh.core import Peer
from swarm_agent.situation.core import (
    Body,
    Inputs,
    NavState,
    Odom,
    Outputs,
    Params,
    Reflex,
    Scan,
    Tuning,
    Wish,
)
from swarm_agent.situation.core.decide import decide
from swarm_agent.situation.core.se2 import Pose, between, compose, distance
from swarm_agent.situation.core.state import initial
from swarm_config.maps import GridMap, load_map, pack_map
from swarm_reflex import core as gate_core

ROOT = Path(__file__).resolve().parents[2]
MAPS = ROOT / 'config' / 'maps'
BEAMS = 360


def map_of(name: str) -> GridMap:
    return load_map(MAPS / f'{name}.yaml')


class RayCaster:
    """Casts beams on the occupied cells of a map and on discs."""

    def __init__(self, grid: GridMap, reach_m: float, noise_m: float = 0.01) -> None:
        self.grid, self.reach_m, self.noise_m = grid, reach_m, noise_m
        self.occupied = np.pad(grid.occupied, 1)
        far = ndimage.distance_transform_edt(~self.occupied)
        self.safe_m = np.maximum((far - 1.3) * grid.resolution_m, 0.004)
        self.angles = -math.pi + np.arange(BEAMS) * math.tau / BEAMS

    def ranges(self, pose: Pose, discs=(), rng=None) -> np.ndarray:
        cos, sin = np.cos(self.angles + pose[2]), np.sin(self.angles + pose[2])
        rows, cols = self.occupied.shape
        reach = np.zeros(BEAMS)
        going = np.arange(BEAMS)
        res = self.grid.resolution_m
        ox, oy = self.grid.origin_x_m - res, self.grid.origin_y_m - res
        while going.size:
            col = ((pose[0] + reach[going] * cos[going] - ox) / res).astype(int)
            row = ((pose[1] + reach[going] * sin[going] - oy) / res).astype(int)
            out = (col < 0) | (row < 0) | (col >= cols) | (row >= rows)
            cell = (np.clip(row, 0, rows - 1), np.clip(col, 0, cols - 1))
            reach[going[out]] = np.inf
            on = ~out & ~self.occupied[cell]
            reach[going] += np.where(on, self.safe_m[cell], 0.0)
            going = going[on & (reach[going] < self.reach_m)]
        for x, y, radius in discs:
            reach = np.minimum(reach, _disc_range(pose, (cos, sin), (x, y), radius))
        if rng is not None:
            reach = reach + rng.normal(0.0, self.noise_m, BEAMS)
        return np.where(reach < self.reach_m, reach, np.inf)

    def clearance(self, pose: Pose, discs=()) -> float:
        """Distance of a place to the nearest occupied cell's edge or disc [m]."""
        reach = self.ranges(pose, discs)
        return float(reach.min())


def _disc_range(pose, directions, centre, radius):
    dx, dy = centre[0] - pose[0], centre[1] - pose[1]
    along = dx * directions[0] + dy * directions[1]
    across2 = dx * dx + dy * dy - along * along
    half = np.sqrt(np.maximum(radius * radius - across2, 0.0))
    return np.where(
        (across2 < radius * radius) & (along > 0), np.maximum(along - half, 0.0), np.inf
    )


def scan_bytes(ranges: np.ndarray) -> bytes:
    """Ranges as the core takes them: millimetres, 65535 without return."""
    raw = np.where(np.isfinite(ranges), np.round(ranges * 1000.0), 65535)
    return np.clip(raw, 0, 65535).astype('<u2').tobytes()


class Wheels:
    """Odometry with a systematic error per wheel and a random one per step."""

    def __init__(self, left: float, right: float, separation_m: float, noise: float, rng) -> None:
        self.pose: Pose = (0.0, 0.0, 0.0)
        self.gain, self.separation_m, self.noise, self.rng = (
            (left, right),
            separation_m,
            noise,
            rng,
        )

    def move(self, ahead_m: float, turn_rad: float) -> Pose:
        half = turn_rad * self.separation_m / 2
        left, right = (
            (ahead_m + side * half) * gain * (1.0 + self.rng.normal(0.0, self.noise))
            for side, gain in zip((-1, 1), self.gain, strict=True)
        )
        ahead, turn = (left + right) / 2, (right - left) / self.separation_m
        self.pose = arc(self.pose, float(ahead), float(turn))
        return self.pose


def arc(pose: Pose, ahead_m: float, turn_rad: float) -> Pose:
    return compose(
        pose, (ahead_m * math.cos(turn_rad / 2), ahead_m * math.sin(turn_rad / 2), turn_rad)
    )


def path_poses(points, speed_mps: float, dt_s: float, turn_radps: float = 1.2):
    """(ahead, turn) steps that drive a polyline: turn where it bends, then straight."""
    pose = (
        points[0][0],
        points[0][1],
        math.atan2(points[1][1] - points[0][1], points[1][0] - points[0][0]),
    )
    start, steps = pose, []
    for goal in points[1:]:
        turn = math.remainder(math.atan2(goal[1] - pose[1], goal[0] - pose[0]) - pose[2], math.tau)
        count = max(1, math.ceil(abs(turn) / (turn_radps * dt_s)))
        steps += [(0.0, turn / count)] * count
        length = distance(pose, goal)
        count = max(1, math.ceil(length / (speed_mps * dt_s)))
        steps += [(length / count, 0.0)] * count
        pose = (goal[0], goal[1], pose[2] + turn)
    return start, steps


AMR = Body(
    radius_m=0.28,
    max_speed_mps=1.0,
    max_yaw_rate_radps=1.8,
    max_accel_mps2=0.8,
    max_decel_mps2=1.2,
    max_yaw_accel_radps2=3.0,
    beams=BEAMS,
    range_min_m=0.05,
    range_max_m=25.0,
)
TB4 = Body(
    radius_m=0.171,
    max_speed_mps=0.46,
    max_yaw_rate_radps=1.9,
    max_accel_mps2=0.9,
    max_decel_mps2=0.9,
    max_yaw_accel_radps2=5.0,
    beams=BEAMS,
    range_min_m=0.15,
    range_max_m=12.0,
)
TICK_NS = 100_000_000


class Rig:
    """One robot run by the core in the small world, with reflexes that stop it before contact."""

    def __init__(
        self,
        grid,
        start: Pose,
        *,
        body=AMR,
        seed=0,
        drift=0.015,
        caster=None,
        tuning=None,
        **params,
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.body, self.pose, self.discs = body, start, []
        self.caster = caster or RayCaster(grid, body.range_max_m)
        signs = self.rng.choice([-1.0, 1.0], 2)
        self.wheels = Wheels(
            1 + drift * signs[0], 1 + drift * signs[1] * 0.5, 0.375, 0.02, self.rng
        )
        self.params = Params(
            agent_id=params.pop('agent_id', 'amr_1'),
            map=pack_map(grid),
            body=body,
            start=start,
            tuning=tuning or Tuning(),
            **params,
        )
        self.state = initial(self.params)
        self.now_ns, self.vx, self.wz, self.ticks = 0, 0.0, 0.0, 0
        self.reflex = Reflex(
            action=0, cause='', clearance_m=1e3, e_stop=False, enabled=True, age_ns=0
        )
        limits = {f.name: getattr(body, f.name) for f in fields(gate_core.RobotLimits)}
        self.gate_params = gate_core.Params(
            robot=gate_core.RobotLimits(**limits), situation_timeout_s=0.0, planner_timeout_s=0.0
        )
        self.gate_state = gate_core.initial(self.gate_params)
        self.wheels_turn, self.wheels_grip, self.actions = True, True, []
        self.wish_id, self.contacts, self.errors, self.speeds = 0, 0, [], []
        self.outputs, self.violations, self.hazards, self.plans, self.resolutions = (
            None,
            [],
            [],
            [],
            [],
        )
        self.times, self.records = [], []

    def go_to(
        self, x, y, yaw=None, *, tolerance_m=0.15, kind=1, speed_factor=1.0, priority=3
    ) -> Wish:
        self.wish_id += 1
        return Wish(
            intent_id=self.wish_id,
            kind=kind,
            skill='go_to',
            goal=(x, y, yaw or 0.0),
            use_yaw=yaw is not None,
            tolerance_m=tolerance_m,
            priority=priority,
            speed_factor=speed_factor,
        )

    def tick(self, wish=None, peers=(), claims=(), hazards=(), others=(), bars=None) -> Outputs:
        """One decision and 0.1 s of motion; `others` are discs that only the scanner sees."""
        ranges = self.caster.ranges(self.pose, [*self.discs, *others], self.rng)
        ranges = np.where(ranges >= self.body.range_min_m, ranges, 0.0)
        self.ranges = scan_bytes(ranges)
        inputs = Inputs(
            now_ns=self.now_ns,
            odom=Odom(pose=self.wheels.pose, vx_mps=self.vx, wz_radps=self.wz, age_ns=0),
            scan=Scan(ranges=self.ranges, pose_odom=self.wheels.pose, age_ns=0),
            intent=wish,
            reflex=self.reflex,
            peers=tuple(peers),
            claims=tuple(claims),
            hazards=tuple(hazards),
            bars=bars,
        )
        began = time.thread_time()
        self.state, out = decide(self.state, inputs, self.params)
        self.times.append(time.thread_time() - began)
        self.records.append((inputs, out))
        self._note(out)
        self._move(out, others)
        return out

    def _note(self, out) -> None:
        self.outputs = out
        off = between(self.pose, out.pose_map)
        self.errors.append((math.hypot(off[0], off[1]), abs(off[2])))
        self.violations += out.violations
        self.hazards += out.hazards
        self.plans += out.plans
        self.resolutions += out.resolutions

    def _move(self, out, others) -> None:
        """Ten ticks of the reflexes, which see the scan of this decision, and of the wheels."""
        for k in range(10):
            self._gate(out, first=k == 0)
            gate = self.gate
            self.vx += float(np.clip(gate.vx_mps - self.vx, -0.02, 0.02))
            self.wz += float(np.clip(gate.wz_radps - self.wz, -0.1, 0.1))
            if self.wheels_turn:
                self.wheels.move(self.vx * 0.01, self.wz * 0.01)
            if self.wheels_grip and self.wheels_turn:
                self.pose = arc(self.pose, self.vx * 0.01, self.wz * 0.01)
            self.now_ns += TICK_NS // 10
        self.reflex = Reflex(
            action=int(gate.action),
            cause=gate.causes[0].value if gate.causes else '',
            clearance_m=min(gate.clearance_m, 1e3),
            e_stop=False,
            enabled=True,
            age_ns=0,
        )
        self.actions.append(int(gate.action))
        self.ticks += 1
        self.speeds.append(abs(self.vx))
        if self.caster.clearance(self.pose, [*self.discs, *others]) < self.body.radius_m - 0.004:
            self.contacts += 1

    def _gate(self, out, *, first: bool) -> None:
        now, x, y, yaw = self.now_ns, *self.wheels.pose
        inputs = gate_core.Inputs(
            now_ns=now,
            command=gate_core.Command(
                vx_mps=out.vx_mps, wz_radps=out.wz_radps, arrival_ns=now, stamp_age_s=0.0
            )
            if first
            else None,
            scan=gate_core.Scan(
                ranges_mm=self.ranges,
                angle_min_rad=-math.pi,
                angle_increment_rad=math.tau / BEAMS,
                arrival_ns=now,
                stamp_age_s=0.0,
            )
            if first
            else None,
            odom=gate_core.Odom(
                vx_mps=self.vx,
                wz_radps=self.wz,
                x_m=x,
                y_m=y,
                yaw_rad=yaw,
                arrival_ns=now,
                stamp_age_s=0.0,
            ),
        )
        self.gate_state, self.gate = gate_core.decide(self.gate_state, inputs, self.gate_params)

    def drive(self, wish, limit_s=120.0, **given) -> bool:
        """Tick until the intent is fulfilled and the robot stands; False if it takes too long."""
        out = self.tick(wish, **given)
        for _ in range(int(limit_s * 10)):
            if out.nav_state == NavState.ARRIVED and abs(self.vx) < 0.01 and out.vx_mps == 0.0:
                return True
            out = self.tick(None, **given)
        return False


class Company:
    """Several rigs on one map that see, hear and answer each other."""

    def __init__(self, rigs: dict) -> None:
        self.rigs, self.wishes = rigs, {}
        self.mail = {name: [] for name in rigs}
        self.settled, self.claims, self.least_m = [], [], math.inf

    def tick(self) -> None:
        bodies = {n: (*r.pose[:2], r.body.radius_m) for n, r in self.rigs.items()}
        peers = {n: peer_of(n, r) for n, r in self.rigs.items() if r.outputs is not None}
        hazards = {n: list(r.hazards) for n, r in self.rigs.items()}
        for name, rig in self.rigs.items():
            claims, self.mail[name] = self.mail[name], []
            out = rig.tick(
                self.wishes.pop(name, None),
                peers=[p for n, p in sorted(peers.items()) if n != name],
                claims=claims,
                hazards=[h for n, hs in sorted(hazards.items()) if n != name for h in hs],
                others=[body for n, body in bodies.items() if n != name],
            )
            self.settled += [(name, one) for one in out.settlements]
            self.claims += out.claims
            for claim in out.claims:
                self.mail[claim.to_agent].append(claim)
        for a, b in itertools.combinations(self.rigs.values(), 2):
            gap = distance(a.pose, b.pose) - a.body.radius_m - b.body.radius_m
            self.least_m = min(self.least_m, gap)

    def until(self, done, limit_s: float) -> bool:
        for _ in range(int(limit_s * 10)):
            self.tick()
            if done():
                return True
        return False


def peer_of(name: str, rig: Rig) -> Peer:
    out = rig.outputs
    return Peer(
        agent_id=name,
        heard_ns=rig.now_ns - TICK_NS // 2,
        pose=out.pose_map,
        speed_mps=out.speed_mps,
        radius_m=rig.body.radius_m,
        priority=out.priority,
        waited_ms=out.waited_ms,
        state=out.peer_state,
        path=out.path,
        yields_to=out.yields_to,
        cannot_yield=out.cannot_yield,
        alive=True,
        word=out.word,
    )
