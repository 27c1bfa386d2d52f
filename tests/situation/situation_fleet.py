# SPDX-License-Identifier: Apache-2.0
"""Fleet plans on free ports in the test's room."""

import socket
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from situation_rooms import ROOM

ROOT = Path(__file__).parents[2]
START = (1.5, 1.5, 0.0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])


def fleet_of(folder: Path, team: Sequence[str]) -> Path:
    """A fleet of some robots in the test's room, each a metre above the one before."""
    picture = np.where(ROOM.occupied[::-1], 0, 254).astype(np.uint8)
    Image.fromarray(picture).save(folder / 'room.pgm')
    (folder / 'room.yaml').write_text(
        'image: room.pgm\nresolution: 0.05\norigin: [0.0, 0.0, 0.0]\n'
        'negate: 0\noccupied_thresh: 0.65\nfree_thresh: 0.25\n'
    )
    robots = ''.join(
        f'  - {{id: {name}, model: amr, home: [{START[0]}, {START[1] + number}, {START[2]}]}}\n'
        for number, name in enumerate(team)
    )
    fleet = folder / 'fleet.yaml'
    fleet.write_text(
        f'fleet: test\nmap: {folder}/room.yaml\nrobots_dir: {ROOT}/config/robots\n'
        f'robots:\n{robots}'
        f'mesh: {{host: 127.0.0.1, base_port: {free_port()}, scouting: false}}\n'
    )
    return fleet
