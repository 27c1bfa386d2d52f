# SPDX-License-Identifier: Apache-2.0
"""The physical world in MuJoCo: a map's walls, the robots and the props of a script.

Deterministic: the same commands at the same steps give the same motion. No ROS, no clock.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
import numpy.typing as npt

from swarm_config.fleets import Robot
from swarm_config.maps import GridMap
from swarm_sim.boxes import boxes_of
from swarm_sim.chassis import FLOOR, FLOOR_GROUP, SOLID_GROUP, WALL, add_robot
from swarm_sim.drive import Drive
from swarm_sim.props import PARKED_M, Placed, Prop, add_prop

Array = npt.NDArray[np.float64]
WALL_HEIGHT_M = 1.0
TILE_M = 4.0
"""Walls are grouped into bodies of this size, so that rays skip most of them at once [m]."""
SETTLE_STEPS = 200
SEEN_GROUPS = np.array([1, 1, 0, 0, 0, 0], dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """A robot's body in contact with something in one physics step."""

    robot: str
    other: str
    """A robot, a prop or 'wall'."""
    x_m: float
    y_m: float
    force_n: float


class World:
    """Walls, floor, robots and props; time stands still between calls of `advance`."""

    def __init__(
        self,
        *,
        grid: GridMap,
        robots: Sequence[Robot],
        props: Sequence[Prop] = (),
        timestep_s: float = 0.005,
        watchdog_s: float = 0.1,
    ) -> None:
        """Build the model and let the robots settle on their start poses.

        Args:
            grid: The map whose occupied cells become walls.
            robots: Robots at their start poses.
            props: What the script may bring in; parked at first.
            timestep_s: Physics step [s].
            watchdog_s: Commands older than this count as zero [s].
        """
        self.robots = tuple(robots)
        self.model = _model(grid, self.robots, props, timestep_s)
        self.data = mujoco.MjData(self.model)
        self.drives = tuple(Drive(robot.model, watchdog_s) for robot in self.robots)
        self._steps = 0
        self._timestep_s = timestep_s
        self._index_model(props)
        self._settle()

    def _index_model(self, props: Sequence[Prop]) -> None:
        model, names = self.model, [robot.agent_id for robot in self.robots]
        joint = [model.joint(name) for name in names]
        wheels = [[f'{name}.left', f'{name}.right'] for name in names]
        self._pose_at = np.array([[j.qposadr[0] + k for k in range(7)] for j in joint])
        self._twist_at = np.array([[j.dofadr[0] + k for k in range(6)] for j in joint])
        self._wheel_at = np.array([[model.joint(w).qposadr[0] for w in pair] for pair in wheels])
        self._motor_at = np.array([[model.actuator(w).id for w in pair] for pair in wheels])
        self._body_of = [model.body(name).id for name in names]
        self._mocap_of = {p.name: int(model.body(p.name).mocapid[0]) for p in props}
        known = {model.geom(n).id: n for n in (*names, *self._mocap_of)}
        self._name_of = [known.get(geom, 'wall') for geom in range(model.ngeom)]
        self._is_robot = np.zeros(model.ngeom, dtype=bool)
        self._is_robot[[model.geom(name).id for name in names]] = True
        self._bearings = [_bearings(robot.model.lidar.beams) for robot in self.robots]

    def _settle(self) -> None:
        """Let gravity set the wheels on the floor, then put all exactly on their starts."""
        mujoco.mj_step(self.model, self.data, SETTLE_STEPS)
        for at, robot in zip(self._pose_at, self.robots, strict=True):
            x, y, yaw = robot.start
            self.data.qpos[at[:2]] = x, y
            self.data.qpos[at[3:]] = math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)
        self.data.qpos[self._wheel_at] = 0.0
        self.data.qvel[:] = 0.0
        self.data.time = 0.0
        mujoco.mj_forward(self.model, self.data)
        self._poses = self._read_poses()

    @property
    def time_s(self) -> float:
        """Simulated time since the start [s]."""
        return self._steps * self._timestep_s

    def command(self, robot: int, speed_mps: float, yaw_rate_radps: float) -> None:
        """Give a robot's base a twist."""
        self.drives[robot].command(self.time_s, speed_mps, yaw_rate_radps)

    def advance(self, span_s: float) -> list[Touch]:
        """Simulate a span of whole steps, and tell every contact of a robot's body in it."""
        for motors, drive in zip(self._motor_at, self.drives, strict=True):
            self.data.ctrl[motors] = drive.advance(self.time_s, span_s)
        touches: list[Touch] = []
        for _ in range(round(span_s / self._timestep_s)):
            mujoco.mj_step(self.model, self.data)
            self._steps += 1
            self._collect(touches)
        self._poses = self._read_poses()
        return touches

    def _collect(self, touches: list[Touch]) -> None:
        hits = self._is_robot[self.data.contact.geom].any(axis=1)
        for index in np.flatnonzero(hits):
            contact = self.data.contact[int(index)]
            force = np.zeros(6)
            mujoco.mj_contactForce(self.model, self.data, int(index), force)
            first, second = (int(geom) for geom in contact.geom)
            if not self._is_robot[first]:
                first, second = second, first
            touches.append(
                Touch(
                    robot=self._name_of[first],
                    other=self._name_of[second],
                    x_m=float(contact.pos[0]),
                    y_m=float(contact.pos[1]),
                    force_n=float(force[0]),
                )
            )

    def poses(self) -> Array:
        """True poses in the map frame: x [m], y [m], yaw [rad]; shape (robots, 3)."""
        return self._poses

    def _read_poses(self) -> Array:
        pose = self.data.qpos[self._pose_at]
        w, x, y, z = pose[:, 3:].T
        yaw = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
        return np.column_stack((pose[:, :2], yaw))

    def twists(self) -> Array:
        """True forward speed [m/s] and yaw rate [rad/s]; shape (robots, 2)."""
        velocity = self.data.qvel[self._twist_at]
        yaw = self._poses[:, 2]
        forward = velocity[:, 0] * np.cos(yaw) + velocity[:, 1] * np.sin(yaw)
        return np.column_stack((forward, velocity[:, 5]))

    def wheel_angles(self) -> Array:
        """Turned angles of the left and the right wheels [rad]; shape (robots, 2)."""
        return np.asarray(self.data.qpos[self._wheel_at])

    def rays(self, robot: int) -> Array:
        """True distance along each lidar beam, first to the rear [m]; inf where nothing is hit."""
        lidar = self.robots[robot].model.lidar
        x, y, yaw = self._poses[robot]
        angles = self._bearings[robot] + yaw
        beams = np.column_stack((np.cos(angles), np.sin(angles), np.zeros(lidar.beams)))
        distance, geom = np.empty(lidar.beams), np.empty(lidar.beams, dtype=np.int32)
        mujoco.mj_multiRay(
            self.model,
            self.data,
            np.array([x, y, lidar.height_m]),
            beams.ravel(),
            SEEN_GROUPS,
            1,
            self._body_of[robot],
            geom,
            distance,
            None,
            lidar.beams,
            lidar.range_max_m,
        )
        return np.where(distance < 0.0, np.inf, distance)

    def place(self, placed: Placed) -> None:
        """Bring a prop in, or move it."""
        mocap, half = self._mocap_of[placed.prop.name], placed.yaw_rad / 2
        self.data.mocap_pos[mocap] = placed.x_m, placed.y_m, placed.prop.height_m / 2
        self.data.mocap_quat[mocap] = math.cos(half), 0.0, 0.0, math.sin(half)

    def remove(self, name: str) -> None:
        """Take a prop out of the world."""
        self.data.mocap_pos[self._mocap_of[name]] = 0.0, 0.0, PARKED_M


def _bearings(beams: int) -> Array:
    return np.asarray(-math.pi + np.arange(beams) * (2.0 * math.pi / beams), dtype=np.float64)


def _model(
    grid: GridMap, robots: Sequence[Robot], props: Sequence[Prop], timestep_s: float
) -> mujoco.MjModel:
    spec = mujoco.MjSpec()
    spec.option.timestep = timestep_s
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0.0, 0.0, 1.0],
        contype=FLOOR,
        conaffinity=0,
        group=FLOOR_GROUP,
        rgba=[0.9, 0.9, 0.88, 1.0],
    )
    _add_walls(spec, grid, robots)
    for prop in props:
        add_prop(spec, prop)
    for robot in robots:
        add_robot(spec, robot.agent_id, robot.model)
        spec.body(robot.agent_id).pos = [robot.start[0], robot.start[1], 0.0]
    return spec.compile()


def _add_walls(spec: mujoco.MjSpec, grid: GridMap, robots: Sequence[Robot]) -> None:
    seeds = [grid.cell_of(robot.start[0], robot.start[1]) for robot in robots]
    cell = grid.resolution_m
    tiles: dict[tuple[int, int], mujoco.MjsBody] = {}
    for box in boxes_of(grid, seeds):
        x = grid.origin_x_m + (box.col + box.col_end) / 2 * cell
        y = grid.origin_y_m + (box.row + box.row_end) / 2 * cell
        tile = (int(x // TILE_M), int(y // TILE_M))
        if tile not in tiles:
            tiles[tile] = spec.worldbody.add_body()
        half_x, half_y = (box.col_end - box.col) / 2 * cell, (box.row_end - box.row) / 2 * cell
        tiles[tile].add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=[x, y, WALL_HEIGHT_M / 2],
            size=[half_x, half_y, WALL_HEIGHT_M / 2],
            contype=WALL,
            conaffinity=0,
            group=SOLID_GROUP,
            rgba=[0.55, 0.57, 0.6, 1.0],
        )
