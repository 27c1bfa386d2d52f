# SPDX-License-Identifier: Apache-2.0
"""Small rooms with robots in them."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from sim_rooms import MakeFleet, room_of

from swarm_config.fleets import Fleet, load_fleet
from swarm_config.maps import GridMap

ROOT = Path(__file__).parents[2]


@pytest.fixture
def room() -> GridMap:
    """6 m x 4 m with walls of one cell (0.05 m) around it; its corner is the map's origin."""
    return room_of(width_m=6.0, height_m=4.0)


@pytest.fixture
def make_fleet(tmp_path: Path) -> MakeFleet:
    """Write a fleet plan for a grid: `make_fleet(grid, ('amr', x, y, yaw), ...)`."""

    def make(grid: GridMap, *robots: tuple[str, float, float, float], **fields: object) -> Fleet:
        image = np.where(grid.free, 254, np.where(grid.occupied, 0, 205)).astype(np.uint8)
        Image.fromarray(np.flipud(image)).save(tmp_path / 'room.pgm')
        described = {
            'image': 'room.pgm',
            'resolution': grid.resolution_m,
            'origin': [grid.origin_x_m, grid.origin_y_m, 0.0],
            'negate': 0,
            'occupied_thresh': 0.65,
            'free_thresh': 0.25,
        }
        (tmp_path / 'room.yaml').write_text(yaml.safe_dump(described))
        entries = [
            {'id': f'{model}_{index}', 'model': model, 'home': [x, y, yaw]}
            for index, (model, x, y, yaw) in enumerate(robots)
        ]
        plan = {
            'fleet': 'test',
            'map': 'room.yaml',
            'robots_dir': str(ROOT / 'config' / 'robots'),
            'robots': entries,
            **fields,
        }
        path = tmp_path / 'fleet.yaml'
        path.write_text(yaml.safe_dump(plan))
        return load_fleet(path)

    return make
