# SPDX-License-Identifier: Apache-2.0
"""Fill the page's template with a run's data; no network, no script from elsewhere."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from PIL import Image

from swarm_config.maps import GridMap

TEMPLATE = Path(__file__).with_name('template.html')
WALL, FREE, UNKNOWN = 40, 250, 205


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """One mark on the timeline."""

    at_s: float
    lane: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """What the page shows."""

    title: str
    grid: GridMap
    figures: Mapping[str, Any]
    robots: Mapping[str, float]
    """Robot id to radius [m]."""
    track: Sequence[Mapping[str, Any]]
    """The referee's lines: t_s, poses, coverage, objects."""
    events: Sequence[TimelineEvent]


def write_report(target: Path, run: RunData) -> None:
    """Write the page."""
    data = {
        'title': run.title,
        'map': _map_of(run.grid),
        'robots': run.robots,
        'track': run.track,
        'events': [asdict(event) for event in run.events],
        'figures': run.figures,
    }
    page = Template(TEMPLATE.read_text(encoding='utf-8'))
    embedded = json.dumps(data).replace('<', '\\u003c')
    target.write_text(page.substitute(data=embedded), encoding='utf-8')


def _map_of(grid: GridMap) -> dict[str, Any]:
    pixels = np.full(grid.shape, UNKNOWN, dtype=np.uint8)
    pixels[grid.free], pixels[grid.occupied] = FREE, WALL
    buffer = io.BytesIO()
    Image.fromarray(np.flipud(pixels)).save(buffer, format='PNG', optimize=True)
    rows, cols = grid.shape
    return {
        'png': base64.b64encode(buffer.getvalue()).decode(),
        'x_m': grid.origin_x_m,
        'y_m': grid.origin_y_m,
        'width_m': cols * grid.resolution_m,
        'height_m': rows * grid.resolution_m,
    }
