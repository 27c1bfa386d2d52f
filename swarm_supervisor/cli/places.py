# SPDX-License-Identifier: Apache-2.0
"""Where the project's configuration lies: in the checkout, or in the installed package's share."""

import sys
from pathlib import Path

from swarm_config.errors import ConfigError


def config_dir() -> Path:
    """The folder that holds fleets, maps, robots, scenarios and parameter files.

    Raises:
        ConfigError: It is neither beside the source nor installed.
    """
    candidates = (
        Path(__file__).resolve().parents[2] / 'config',
        Path(sys.prefix) / 'share' / 'hybrid_swarm' / 'config',
        *(parent / 'share' / 'hybrid_swarm' / 'config' for parent in Path(__file__).parents),
    )
    for candidate in candidates:
        if (candidate / 'fleets').is_dir():
            return candidate
    raise ConfigError(f'no folder config/fleets beside {__file__} or under share/hybrid_swarm')
