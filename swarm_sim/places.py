# SPDX-License-Identifier: Apache-2.0
"""The named points of a fleet's map, which no dropped object may take."""

from pydantic import BaseModel, ConfigDict

from swarm_config.fleets import Fleet, Pose
from swarm_config.validation import read_model


class NamedPoints(BaseModel):
    """The part of a places file that matters to the simulator."""

    model_config = ConfigDict(extra='ignore', frozen=True)

    points: dict[str, Pose] = {}


def points_of(fleet: Fleet) -> list[tuple[float, float]]:
    """Points (x, y) in the map frame [m]; empty when the fleet names none.

    Raises:
        ConfigError: The places file is missing or malformed.
    """
    if fleet.places_path is None:
        return []
    named = read_model(fleet.places_path, NamedPoints)
    return [(x, y) for x, y, _ in named.points.values()]
