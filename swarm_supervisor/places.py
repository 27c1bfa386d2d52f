# SPDX-License-Identifier: Apache-2.0
"""The names that an operator may use for points and sectors of the map, and what lies there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import shapely
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet, Identifier, Pose
from swarm_config.maps import GridMap, Mask
from swarm_config.validation import read_model

WHOLE = ('area', 'map', 'floor', 'building', 'everything')
"""Words for the whole floor in every fleet."""


def _simple(corners: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if not shapely.Polygon(corners).is_valid:
        raise ValueError('the corners must go around the sector without crossing')
    return corners


Corners = Annotated[
    tuple[tuple[float, float], ...], Field(min_length=3, max_length=500), AfterValidator(_simple)
]


class PlacesFile(BaseModel):
    """Named places as written in config/places/*.yaml."""

    model_config = ConfigDict(extra='forbid', frozen=True, allow_inf_nan=False)

    title: str = Field(default='', max_length=64)
    points: dict[Identifier, Pose] = {}
    sectors: dict[Identifier, Corners] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """All names that hold for one fleet."""

    titles: tuple[str, ...]
    """Words for the whole floor, lower case."""
    points: dict[str, Pose]
    sectors: dict[str, Corners]


def load_places(fleet: Fleet) -> Places:
    """Read the fleet's named places; without a file only the whole floor has names.

    Raises:
        ConfigError: The file is malformed, or a point lies outside the map.
    """
    file = read_model(fleet.places_path, PlacesFile) if fleet.places_path else PlacesFile()
    doubles = sorted(set(file.points) & set(file.sectors))
    if doubles:
        raise ConfigError(
            f'{fleet.places_path}: {doubles[0]!r} names a point and a sector; rename one'
        )
    titles = (file.title.strip().lower(), fleet.fleet_id, fleet.map_path.stem.lower(), *WHOLE)
    return Places(
        titles=tuple(dict.fromkeys(title for title in titles if title)),
        points=dict(file.points),
        sectors=dict(file.sectors),
    )


def sector_cells(corners: Sequence[tuple[float, float]], grid: GridMap, factor: int) -> Mask:
    """The survey cells whose centre lies in a polygon [m, map frame], shape of the survey grid."""
    rows, cols = (-(-size // factor) for size in grid.shape)
    cell_m = factor * grid.resolution_m
    x_m = grid.origin_x_m + (np.arange(cols) + 0.5) * cell_m
    y_m = grid.origin_y_m + (np.arange(rows) + 0.5) * cell_m
    inside = shapely.contains_xy(shapely.Polygon(corners), *np.meshgrid(x_m, y_m))
    return np.asarray(inside, dtype=np.bool_)
