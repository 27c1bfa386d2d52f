# SPDX-License-Identifier: Apache-2.0
"""What the disk refuses to a command of `swarm audit` ends in one sentence."""

from typing import Any

from typer.core import TyperGroup

from swarm_vault.errors import VaultError


class InWords(TyperGroup):
    """Commands whose errors of the disk are told as those of the vault."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command.

        Raises:
            VaultError: A file or folder cannot be read or written.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # who reads our output has gone: no fault of a vault
        except OSError as error:
            where = f'{error.filename}: ' if error.filename else ''
            raise VaultError(
                f'{where}cannot be read or written ({error.strerror or error}); see to its kind'
                ' and permissions'
            ) from error
