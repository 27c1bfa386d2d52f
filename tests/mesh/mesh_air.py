# SPDX-License-Identifier: Apache-2.0
"""Fleet plans and waiting for tests with real Zenoh sessions on loopback."""

import threading
import time
from pathlib import Path

from swarm_config.fleets import load_fleet
from swarm_config.loopback import free_row

CONFIG = Path(__file__).parents[2] / 'config'


def until(condition, deadline_s=20.0):
    """Whether something came true in time."""
    pause, end = threading.Event(), time.monotonic() + deadline_s
    while time.monotonic() < end:
        if condition():
            return True
        pause.wait(0.02)
    return False


def fleet_file(folder, mesh='', base=None):
    """The depot's plan on free ports; `mesh` adds to its mesh entry."""
    text = (CONFIG / 'fleets' / 'depot.yaml').read_text()
    text = text.replace('../', f'{CONFIG}/')
    line = f'mesh: {{host: 127.0.0.1, base_port: {base or free_row(3)}, {mesh}}}'
    lines = [line if each.startswith('mesh:') else each for each in text.splitlines()]
    path = folder / 'fleet.yaml'
    path.write_text('\n'.join(lines) + f'\nrobots_dir: {CONFIG}/robots\n')
    return load_fleet(path)
