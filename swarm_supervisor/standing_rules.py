# SPDX-License-Identifier: Apache-2.0
"""The fleet's standing rules as the supervisor holds them, and whether they have changed."""

from pathlib import Path

from swarm_vault.fleet_rules import careful_params, kept_rules, path_of
from swarm_vault.laws.core import Params

Print = tuple[int, int, int]
"""Inode, size and time of a file: another file has others."""


class StandingRules:
    """The rules that were told last, and the policies under them."""

    def __init__(self, vault_dir: Path, policies: Params) -> None:
        """Read the rules.

        Args:
            vault_dir: The supervisor's vault.
            policies: Of the fleet and its robots, without the rules.
        """
        self._vault_dir, self._policies = vault_dir, policies
        self._print = _print_of(path_of(vault_dir))
        self.rules = kept_rules(vault_dir)

    @property
    def policies(self) -> Params:
        """The policies with the rules laid over them."""
        return careful_params(self._policies, self.rules)

    def changed(self) -> bool:
        """Look whether the rules are others than before, and take them over."""
        print_, before = _print_of(path_of(self._vault_dir)), self.rules
        if print_ == self._print:
            return False
        self._print, self.rules = print_, kept_rules(self._vault_dir)
        return self.rules != before


def _print_of(path: Path) -> Print | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
