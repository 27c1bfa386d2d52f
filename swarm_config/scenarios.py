# SPDX-License-Identifier: Apache-2.0
"""Scenarios: what happens to a fleet while it works, read from config/scenarios/*.yaml.

The simulator plays `events`; who runs the mission reads `link_down` and `meeting`. All times are
seconds after the start of the script.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from swarm_config.fleets import Identifier, Pose
from swarm_config.robots import Positive
from swarm_config.validation import STRICT, read_model

Seconds = Annotated[float, Field(ge=0.0)]
Point = tuple[float, float]
"""x [m], y [m] in the map frame."""


class DropObject(BaseModel):
    """A box that no map shows is put on the floor, at a pose or in a robot's way.

    It waits until it touches nothing, is `distance_m` from every robot and leaves a way around.
    """

    model_config = STRICT

    kind: Literal['drop_object']
    at_s: Seconds
    size_m: tuple[Positive, Positive, Positive]
    """Width across the way, depth along it, height [m]."""
    position: Pose | None = None
    ahead_of: str | None = None
    """Id or model of the robot in whose way it is put, or 'any' for the fastest that it can be."""
    distance_m: float = Field(default=1.8, ge=0.5, le=20.0)
    """From each robot's centre to the object [m]."""

    @model_validator(mode='after')
    def _one_place(self) -> 'DropObject':
        if (self.position is None) == (self.ahead_of is None):
            raise ValueError('expected either position or ahead_of')
        return self


class MovingObstacle(BaseModel):
    """A cylinder, for example a person, that walks from waypoint to waypoint."""

    model_config = STRICT

    kind: Literal['moving_obstacle']
    at_s: Seconds
    radius_m: Positive
    height_m: Positive
    waypoints: tuple[Point, ...] = Field(min_length=2)
    speed_mps: Positive
    loops: int = Field(default=1, ge=1)
    """How often it walks the waypoints and back to the first one; then it leaves the world."""
    keeps_off_m: float = Field(default=0.5, ge=0.0)
    """It stands while a robot in its way is nearer than this [m]; 0 walks on regardless."""


Event = Annotated[DropObject | MovingObstacle, Field(discriminator='kind')]


class LinkDown(BaseModel):
    """When the link between robots and supervisor is cut."""

    model_config = STRICT

    from_s: Seconds
    until_s: Seconds

    @model_validator(mode='after')
    def _rising(self) -> 'LinkDown':
        if self.until_s <= self.from_s:
            raise ValueError('until_s must be later than from_s')
        return self


class Meeting(BaseModel):
    """Two robots get orders that lead them through the same aisle in opposite directions."""

    model_config = STRICT

    robots: tuple[Identifier, Identifier]
    places: tuple[str, str]
    order_at_s: Seconds
    depart_s: Seconds


class Scenario(BaseModel):
    """A scenario as written in config/scenarios/*.yaml."""

    model_config = STRICT

    events: tuple[Event, ...] = ()
    link_down: LinkDown | None = None
    meeting: Meeting | None = None


def load_scenario(path: Path) -> Scenario:
    """Read a scenario.

    Raises:
        ConfigError: The file is missing or malformed; the message names file and field.
    """
    return read_model(path, Scenario)
