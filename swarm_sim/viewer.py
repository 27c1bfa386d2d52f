# SPDX-License-Identifier: Apache-2.0
"""A window on the world, for people; needs a display."""

import os
import sys
import time

from swarm_config.errors import ConfigError
from swarm_sim.world import World

FRAME_S = 1 / 25


class Viewer:
    """MuJoCo's passive viewer."""

    def __init__(self, world: World) -> None:
        """Open the window.

        Args:
            world: What is shown.

        Raises:
            ConfigError: There is no display.
        """
        if sys.platform.startswith('linux') and not _has_display():
            raise ConfigError(
                'parameter headless: false needs a display and none is set (DISPLAY or '
                'WAYLAND_DISPLAY); start from a desktop session or set headless to true'
            )
        from mujoco import viewer

        self._window = viewer.launch_passive(world.model, world.data)
        self._next_s = 0.0

    def show(self) -> bool:
        """Draw when it is time; False once the window has been closed."""
        now = time.monotonic()
        if now >= self._next_s:
            self._next_s = now + FRAME_S
            self._window.sync()
        return bool(self._window.is_running())


def _has_display() -> bool:
    return bool(os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'))
