# SPDX-License-Identifier: Apache-2.0
"""The planner's checkpoint on disk: a restarted node resumes its mission.

The file is the old one or the new one, never a half; what cannot be read is put aside and counts
as nothing: the robot stays idle and says why.
"""

from pathlib import Path

from swarm_agent.planner.core.types import Checkpoint, Restored
from swarm_vault.codec import codec_of
from swarm_vault.errors import VaultError
from swarm_vault.files import write_atomic


class CheckpointFile:
    """One agent's checkpoint, `nexus/planner/<agent>.json` in the vault."""

    def __init__(self, vault_dir: Path, agent_id: str) -> None:
        self.path = vault_dir / 'nexus' / 'planner' / f'{agent_id}.json'

    def load(self) -> Restored:
        """Read the checkpoint; a fault is data, not an error."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return Restored(checkpoint=None, fault='')
        except OSError as error:
            return Restored(checkpoint=None, fault=f'{self.path.name} cannot be read ({error})')
        try:
            return Restored(checkpoint=codec_of(Checkpoint).decode(content), fault='')
        except VaultError as error:
            return Restored(checkpoint=None, fault=self._put_aside(error))

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint; returns after it is on the disk.

        Raises:
            OSError: The disk does not take it.
        """
        write_atomic(self.path, codec_of(Checkpoint).encode(checkpoint))

    def _put_aside(self, error: VaultError) -> str:
        aside = self.path.with_suffix('.corrupt')
        self.path.replace(aside)
        return f'{self.path.name} is no checkpoint ({error}), kept as {aside.name}'
