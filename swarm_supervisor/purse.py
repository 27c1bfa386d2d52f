# SPDX-License-Identifier: Apache-2.0
"""What has been spent on language models, kept over restarts in the vault's run-time folder."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from swarm_supervisor.core.spending import Caps, Spent, Usage, reserve, settle
from swarm_vault.files import write_atomic


class Purse:
    """Reserves before a call and settles after it; every change is on the disk first."""

    def __init__(self, file: Path | None, caps: Caps, clock: Callable[[], int]) -> None:
        """Take up what was spent.

        Args:
            file: Where it is kept; None: only in memory.
            caps: What may be spent.
            clock: Nanoseconds since the epoch.
        """
        self._file, self.caps, self._clock = file, caps, clock
        self.spent, self._fault = _read(file)

    def reserve(self, most: Usage) -> str:
        """Set a call's most aside; why it must not be made, empty when it may."""
        if self._fault:
            return self._fault
        spent, refusal = reserve(self.spent, most, self.caps, self._clock())
        if not refusal:
            self._keep(spent)
        return refusal

    def settle(self, most: Usage, used: Usage) -> None:
        """Give back what a call did not take."""
        self._keep(settle(self.spent, most, used, self.caps))

    def _keep(self, spent: Spent) -> None:
        self.spent = spent
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._file, json.dumps(asdict(spent)).encode('utf-8'))


def _read(file: Path | None) -> tuple[Spent, str]:
    """What was spent; a file that cannot be read stops all spending until somebody looks."""
    if file is None or not file.exists():
        return Spent(), ''
    try:
        return Spent(**json.loads(file.read_text(encoding='utf-8'))), ''
    except (OSError, ValueError, TypeError) as error:
        return Spent(), f'{file} cannot be read ({error}); mend or remove it'
