# SPDX-License-Identifier: Apache-2.0
"""The geofence: its edges are virtual walls of points, so the same exact geometry keeps it."""

import math
from dataclasses import dataclass

import numpy as np

from swarm_reflex.core.arc import Points, between, compose, seen_from
from swarm_reflex.core.odometry import Pose, moment_ns, pose_at
from swarm_reflex.core.types import MapPose, Odom, Params, Ring

SPACING_M = 0.05
"""Between points of an edge [m]; a disc of 0.1 m radius slips 3 mm between two of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the map the robot was when its pose came."""

    pose: MapPose
    anchor: Pose
    """Pose in the odom frame at the same moment."""
    fence: Points
    """Fence points within reach, in base_link at that moment [m], shape (2, points)."""
    sandbox: Points
    """The same of the sandbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fences:
    """The edges of geofence and sandbox in the map frame [m], shape (2, points)."""

    fence: Points
    sandbox: Points


def fences_of(params: Params) -> Fences:
    """All edges as points, once and for all."""
    return Fences(fence=fence_points(params.geofence), sandbox=fence_points(params.sandbox))


def fence_points(rings: tuple[Ring, ...]) -> Points:
    """All edges as points in the map frame [m], shape (2, points)."""
    edges = [_edge(ring[i - 1], ring[i]) for ring in rings for i in range(len(ring))]
    return np.concatenate(edges, axis=1) if edges else np.empty((2, 0))


def _edge(start: tuple[float, float], end: tuple[float, float]) -> Points:
    pieces = max(1, math.ceil(math.dist(start, end) / SPACING_M))
    return np.linspace(start, end, pieces, endpoint=False, axis=1)


def is_inside(rings: tuple[Ring, ...], x_m: float, y_m: float) -> bool:
    """Even-odd rule over all rings: inside an outer ring, outside its holes."""
    inside = False
    for ring in rings:
        for i, (bx, by) in enumerate(ring):
            ax, ay = ring[i - 1]
            if (ay > y_m) != (by > y_m) and x_m < ax + (y_m - ay) * (bx - ax) / (by - ay):
                inside = not inside
    return inside


def locate(pose: MapPose, odom: Odom, fences: Fences, params: Params) -> Place:
    """Take in a new map pose: keep what of the fences can matter until the next one."""
    robot = params.robot
    brake_s = params.reaction_s + 0.5 * robot.max_speed_mps / robot.max_decel_mps2
    drive_m = robot.max_speed_mps * (params.pose_timeout_s + brake_s)
    drift_m = params.geofence_drift_mps * params.pose_timeout_s
    drive_m *= (1.0 + params.model_error) / (1.0 - params.model_error)
    reach_m = robot.radius_m + params.geofence_margin_m + drift_m + drive_m
    return Place(
        pose=pose,
        anchor=pose_at(odom, moment_ns(pose.arrival_ns, pose.stamp_age_s)),
        fence=_within(fences.fence, pose, reach_m),
        sandbox=_within(fences.sandbox, pose, reach_m),
    )


def _within(points: Points, pose: MapPose, reach_m: float) -> Points:
    """The points within reach, in base_link [m], shape (2, points)."""
    edge = seen_from(points, (pose.x_m, pose.y_m, pose.yaw_rad))
    return edge[:, np.hypot(edge[0], edge[1]) < reach_m]


def edge_now(place: Place, pose_odom_base: Pose, *, sandboxed: bool) -> Points:
    """What bounds the robot, as seen from where it is now [m], shape (2, points)."""
    edges = (place.fence, place.sandbox) if sandboxed else (place.fence,)
    return seen_from(np.concatenate(edges, axis=1), between(place.anchor, pose_odom_base))


def pose_map_now(place: Place, pose_odom_base: Pose) -> Pose:
    """Where in the map the robot is now, by the odometry since its last pose."""
    at = (place.pose.x_m, place.pose.y_m, place.pose.yaw_rad)
    return compose(at, between(place.anchor, pose_odom_base))
