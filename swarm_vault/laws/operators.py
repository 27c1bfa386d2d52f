# SPDX-License-Identifier: Apache-2.0
"""Who the operators are and what their roles are: a file of the codex, and one in the vault.

Names come from certificates (`operator.<name>`). The shared certificate `operator` that the first
start makes stands for the machine's owner; a name that is given with it is not verified.
"""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from swarm_config.errors import ConfigError
from swarm_config.validation import read_model
from swarm_vault.files import locked, write_atomic
from swarm_vault.keys import OPERATOR
from swarm_vault.laws.core.roles import Principal, Role

FILE = 'operators.yaml'
Name = Annotated[str, Field(pattern=r'^[a-z][a-z0-9_-]{0,31}$')]
OWN = f'{OPERATOR}.'
"""What the common name of a person's own certificate begins with."""


class OperatorsFile(BaseModel):
    """A register as written in operators.yaml."""

    model_config = ConfigDict(extra='forbid', frozen=True)

    default: Role | None = None
    """Role of the shared certificate; None: it may do nothing."""
    operators: dict[Name, Role] = {}


class Register:
    """The operators of one supervisor; read anew when a file has changed."""

    def __init__(self, codex: Path, vault_dir: Path) -> None:
        """Read both files; what is missing names nobody.

        Args:
            codex: Folder of the reviewed register.
            vault_dir: The vault, where `swarm operators add` writes.
        """
        self._paths = (codex / FILE, vault_file(vault_dir))
        self._mark: tuple[int, ...] = ()
        self._default: Role | None = None
        self._roles: dict[str, Role] = {}
        self.fault = ''

    @property
    def roles(self) -> dict[str, Role]:
        """All names that have a role."""
        self._read()
        return dict(self._roles)

    def principal(self, caller: str, claimed: str, *, plain_text: bool = False) -> Principal:
        """Who calls, by the certificate's name and the name that was given.

        Args:
            caller: Common name of the certificate.
            claimed: The name in the request; counts only with the shared certificate.
            plain_text: The link has no certificates at all.
        """
        self._read()
        if caller.startswith(OWN):
            name = caller.removeprefix(OWN)
            fits = claimed in ('', name)
            return Principal(
                name=name, role=self._roles.get(name) if fits else None, verified=True
            )
        if caller != OPERATOR and not plain_text:
            return Principal(name=caller, role=None, verified=False)
        role = self._roles.get(claimed, self._default)
        return Principal(name=claimed or caller, role=role, verified=False)

    def _read(self) -> None:
        mark = tuple(p.stat().st_mtime_ns if p.exists() else 0 for p in self._paths)
        if mark == self._mark:
            return
        self._mark, self._default, self._roles, self.fault = mark, None, {}, ''
        try:
            files = [read_model(path, OperatorsFile) for path in self._paths if path.exists()]
        except ConfigError as error:
            self.fault = f'{error}; nobody may give orders'
            return
        for file in files:
            self._default = self._default or file.default
            self._roles |= file.operators


def vault_file(vault_dir: Path) -> Path:
    """Where the vault's own register lies."""
    return vault_dir / 'nexus' / FILE


def add_operator(vault_dir: Path, name: str, role: Role) -> None:
    """Enter a person, or change the role; durable at return.

    Raises:
        ConfigError: The register is malformed, or the name is.
    """
    path = vault_file(vault_dir)
    with locked(path.with_suffix('.lock'), 'the register of operators'):
        file = read_model(path, OperatorsFile) if path.exists() else OperatorsFile()
        try:
            new = OperatorsFile(default=file.default, operators={**file.operators, name: role})
        except ValueError as error:
            raise ConfigError(
                f'operator {name!r}: expected a small letter, then up to 31 of a-z 0-9 _ -'
            ) from error
        plain = new.model_dump(mode='json', exclude_none=True)
        write_atomic(path, yaml.safe_dump(plain).encode('utf-8'))
