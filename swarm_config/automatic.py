# SPDX-License-Identifier: Apache-2.0
"""Make a fleet plan for any map: robots spread over the reachable floor.

Farthest-point sampling: the first home is the roomiest place, each next one the place farthest (by
travel) from all homes so far, among the places with room to turn.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from swarm_config import floor
from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet, FleetFile, RobotEntry, load_fleet
from swarm_config.maps import GridMap, Mask, load_map
from swarm_config.robots import RobotModel, load_robot

MODELS = ('amr', 'amr', 'turtlebot4')
"""Robot classes of an automatic fleet, repeated as often as needed."""
ROOM_M = (0.5, 0.3, 0.15)
"""Room wished for around a home beyond the robot's radius, the first that can be had [m]."""


def automatic_entries(
    grid: GridMap, models: Sequence[RobotModel], taken: Sequence[tuple[float, float]], seed: int
) -> tuple[tuple[float, float, float], ...]:
    """Homes (x, y, yaw) in the map frame for robots of these models, far from each other.

    Args:
        grid: The map.
        models: One robot class for each home wanted.
        taken: Places [m] where other robots live already.
        seed: Turns the first choice where no place is taken; the same seed gives the same homes.

    Raises:
        ConfigError: The map has not enough room.
    """
    radius = max(model.radius_m for model in models)
    roomy = _roomy(grid, radius, len(models) + len(taken))
    seeds = [grid.cell_of(x, y) for x, y in taken] or [_first(roomy, seed)]
    homes = [] if taken else [seeds[0]]
    while len(homes) < len(models):
        distance = floor.travel_distance(_standing(grid, radius), seeds, grid.resolution_m)
        distance[~roomy | ~np.isfinite(distance)] = -1.0
        cell = divmod(int(distance.argmax()), grid.shape[1])
        if distance[cell] < 4 * radius:
            raise ConfigError(
                f'map {grid.name!r}: no room for {len(models) + len(taken)} robots; ask for fewer'
            )
        seeds.append(cell)
        homes.append(cell)
    return tuple((*grid.centre_of(*cell), 0.0) for cell in homes)


def _standing(grid: GridMap, radius_m: float) -> Mask:
    return floor.standable(grid, radius_m + 0.05)


def _roomy(grid: GridMap, radius_m: float, robots: int) -> Mask:
    """Places with room around them in the largest connected part of the floor."""
    standing = _standing(grid, radius_m)
    room = floor.clearance(grid)
    widest = divmod(int(room.argmax()), grid.shape[1])
    main = floor.reachable(standing, [widest])
    for extra in ROOM_M:
        roomy = main & (room > radius_m + extra)
        if roomy.sum() * grid.resolution_m**2 > robots:
            return np.asarray(roomy)
    return main


def _first(roomy: Mask, seed: int) -> tuple[int, int]:
    cells = np.argwhere(roomy)
    row, col = cells[np.random.default_rng(seed).integers(len(cells))]
    return int(row), int(col)


def write_automatic_fleet(
    *, map_path: Path, robots: int, seed: int, config_dir: Path, target: Path
) -> Fleet:
    """Write a fleet plan for a map and load it.

    Raises:
        ConfigError: The map cannot be used or has no room.
    """
    grid = load_map(map_path)
    names = [MODELS[i % len(MODELS)] for i in range(robots)]
    models = [load_robot(config_dir / 'robots' / f'{name}.yaml') for name in names]
    homes = automatic_entries(grid, models, (), seed)
    file = {
        'fleet': 'fleet',
        'map': str(map_path.resolve()),
        'scenario': str((config_dir / 'scenarios' / 'default.yaml').resolve()),
        'robots_dir': str((config_dir / 'robots').resolve()),
        'robots': _entries(names, homes, 0),
    }
    target.write_text(yaml.safe_dump(file, sort_keys=False), encoding='utf-8')
    return load_fleet(target)


def _entries(
    names: Sequence[str], homes: Sequence[tuple[float, float, float]], before: int
) -> list[dict[str, object]]:
    return [
        {
            'id': f'{_short(name)}_{before + i + 1}',
            'model': name,
            'home': [round(v, 3) for v in home],
        }
        for i, (name, home) in enumerate(zip(names, homes, strict=True))
    ]


def _short(model: str) -> str:
    return {'turtlebot4': 'tb4'}.get(model, model)


def resize_fleet(fleet: Fleet, robots: int, seed: int, config_dir: Path) -> FleetFile:
    """The plan with its first `robots` robots, or with more of them in automatic homes.

    Raises:
        ConfigError: The map has no room for so many.
    """
    kept = fleet.file.robots[:robots]
    missing = robots - len(kept)
    if missing <= 0:
        return fleet.file.model_copy(update={'robots': kept})
    names = [MODELS[i % len(MODELS)] for i in range(missing)]
    models = [load_robot(config_dir / 'robots' / f'{name}.yaml') for name in names]
    taken = [(entry.home[0], entry.home[1]) for entry in kept]
    homes = automatic_entries(load_map(fleet.map_path), models, taken, seed)
    added = [RobotEntry.model_validate(e) for e in _entries(names, homes, len(kept))]
    return fleet.file.model_copy(update={'robots': (*kept, *added)})
