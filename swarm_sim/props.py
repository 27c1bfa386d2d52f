# SPDX-License-Identifier: Apache-2.0
"""Things that a script brings into the world: boxes dropped and cylinders that walk.

They are part of the model from the start, parked below the floor, and move in when it is time.
"""

import math
from dataclasses import dataclass

import mujoco
import numpy as np
import numpy.typing as npt

from swarm_config.scenarios import DropObject, Event, MovingObstacle
from swarm_sim.chassis import SOLID_GROUP, WALL

PARKED_M = -20.0
"""Height at which a prop waits [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prop:
    """A thing of the script; round ones have equal width and depth."""

    name: str
    width_m: float
    depth_m: float
    height_m: float
    is_round: bool


def prop_of(index: int, event: Event) -> Prop:
    """The prop that an event of a scenario needs."""
    if isinstance(event, DropObject):
        across, along, height = event.size_m
        return Prop(
            name=f'object_{index}', width_m=along, depth_m=across, height_m=height, is_round=False
        )
    assert isinstance(event, MovingObstacle)
    size = 2 * event.radius_m
    return Prop(
        name=f'walker_{index}',
        width_m=size,
        depth_m=size,
        height_m=event.height_m,
        is_round=True,
    )


def add_prop(spec: mujoco.MjSpec, prop: Prop) -> None:
    """Add a prop, parked."""
    half = [prop.width_m / 2, prop.depth_m / 2, prop.height_m / 2]
    body = spec.worldbody.add_body(name=prop.name, mocap=True, pos=[0.0, 0.0, PARKED_M])
    kind = mujoco.mjtGeom.mjGEOM_CYLINDER if prop.is_round else mujoco.mjtGeom.mjGEOM_BOX
    body.add_geom(
        name=prop.name,
        type=kind,
        size=[half[0], half[2], 0.0] if prop.is_round else half,
        contype=WALL,
        conaffinity=0,
        group=SOLID_GROUP,
        rgba=[0.7, 0.45, 0.1, 1.0],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A prop that stands in the world; yaw turns its width from the x axis of the map."""

    prop: Prop
    x_m: float
    y_m: float
    yaw_rad: float

    def distance_m(self, x_m: npt.ArrayLike, y_m: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Distance of points in the map frame from its outline [m], 0 inside."""
        dx, dy = np.asarray(x_m) - self.x_m, np.asarray(y_m) - self.y_m
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        if self.prop.is_round:
            return np.maximum(np.hypot(dx, dy) - self.prop.width_m / 2, 0.0)
        along = np.maximum(np.abs(cos * dx + sin * dy) - self.prop.width_m / 2, 0.0)
        across = np.maximum(np.abs(cos * dy - sin * dx) - self.prop.depth_m / 2, 0.0)
        return np.hypot(along, across)

    @property
    def reach_m(self) -> float:
        """Radius of a circle around it [m]."""
        return math.hypot(self.prop.width_m, self.prop.depth_m) / 2
