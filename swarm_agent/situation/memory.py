# SPDX-License-Identifier: Apache-2.0
"""Remember across a restart where the odom frame lies in the map; run-time state, not evidence."""

import json
import math
from pathlib import Path

from swarm_agent.situation.core.se2 import Pose


class FrameMemory:
    """One small file in the vault's nexus."""

    def __init__(self, vault_dir: Path, agent_id: str) -> None:
        self._path = vault_dir / 'nexus' / 'situation' / f'{agent_id}.json'

    def load(self) -> Pose | None:
        """The frame of the last run; None if there was none or the file cannot be read."""
        try:
            x, y, yaw = json.loads(self._path.read_text(encoding='utf-8'))['map_odom']
            pose = (float(x), float(y), float(yaw))
        except (OSError, ValueError, TypeError, KeyError, OverflowError):
            return None
        return pose if all(map(math.isfinite, pose)) else None

    def save(self, map_odom: Pose) -> None:
        """Replace the file in one step; it is worth no fsync."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix('.tmp')
        draft.write_text(json.dumps({'map_odom': map_odom}), encoding='utf-8')
        draft.replace(self._path)
