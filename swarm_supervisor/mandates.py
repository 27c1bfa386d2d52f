# SPDX-License-Identifier: Apache-2.0
"""The robots' mandates as their folders say now; a file is read again only when it has changed."""

from pathlib import Path

from swarm_vault.folders import agent_folder
from swarm_vault.laws.core.values import Mandate
from swarm_vault.mandate import Sectors, mandate_of, read_mandate

Reading = tuple[Mandate | None, str]
"""The mandate, and why there is none."""


class MandateShelf:
    """Mandates by robot."""

    def __init__(self, vault_dir: Path, sectors: Sectors) -> None:
        """Read nothing yet.

        Args:
            vault_dir: The supervisor's vault with the agents' folders.
            sectors: The named parts of the floor.
        """
        self._vault_dir, self._sectors = vault_dir, sectors
        self._read: dict[str, tuple[tuple[int, int], Reading]] = {}

    def of(self, agent_id: str) -> Reading:
        """A robot's mandate now, None and the reason when it has none."""
        path = agent_folder(self._vault_dir, agent_id) / 'mandate.md'
        mark = _mark(path)
        known = self._read.get(agent_id)
        if known is not None and known[0] == mark:
            return known[1]
        reading = mandate_of(read_mandate(path), agent_id, self._sectors)
        self._read[agent_id] = (mark, reading)
        return reading


def _mark(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_ino
