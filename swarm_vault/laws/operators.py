# SPDX-License-Identifier: Apache-2.0
"""Who the operators are and what their roles are: a file of the codex, and one in the vault.

Names come from certificates (`operator.<name>`). The shared certificate `operator` that the first
start makes stands for the machine's owner; a name that is given with it is not verified.

Where the fleet plan names a `codex_key`, only the codex's register counts, and only as it was
signed: roles that the vault names, where no signature reaches, count for nothing then.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet
from swarm_config.validation import read_model
from swarm_vault.files import locked, write_atomic
from swarm_vault.keys import OPERATOR
from swarm_vault.laws.codex_seal import FILE as SEAL
from swarm_vault.laws.codex_seal import REGISTER, seal_fault
from swarm_vault.laws.core.roles import Principal, Right, Role
from swarm_vault.laws.policy_file import codex_of, key_of

FILE = REGISTER
NOBODY = 'nobody may give orders'
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

    def __init__(self, codex: Path, vault_dir: Path, key: Path | None = None) -> None:
        """Read the files; what is missing names nobody.

        Args:
            codex: Folder of the reviewed register.
            vault_dir: The vault, where `swarm operators add` writes.
            key: The codex must be signed by it; None: no signature is asked for.
        """
        self._codex, self._own, self._key = codex, vault_file(vault_dir), key
        self._mark: tuple[tuple[int, int, int], ...] = ()
        self._default: Role | None = None
        self._roles: dict[str, Role] = {}
        self._fault = self._notice = ''

    @property
    def roles(self) -> dict[str, Role]:
        """All names that have a role."""
        self._read()
        return dict(self._roles)

    @property
    def fault(self) -> str:
        """Why nobody has a role; empty while the register can be used."""
        self._read()
        return self._fault

    @property
    def notice(self) -> str:
        """What who commands should know of the register as it is; empty if there is nothing."""
        self._read()
        return self._notice

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

    def refusal(self, principal: Principal, right: Right) -> str:
        """Why somebody may not do something; empty when it may be done.

        To stop a robot is the safe thing: a register that cannot be used does not forbid it.
        """
        refusal = principal.refusal(right)
        if not (refusal and self.fault):
            return refusal
        return '' if right is Right.STOP else self.fault

    def _read(self) -> None:
        watched = [self._codex / FILE, self._own]
        watched += [] if self._key is None else [self._codex / SEAL, self._key]
        mark = tuple(_mark(path) for path in watched)
        if mark == self._mark:
            return
        self._mark, self._default, self._roles = mark, None, {}
        self._fault = self._notice = ''
        try:
            files = [read_model(path, OperatorsFile) for path in self._sources()]
        except ConfigError as error:
            self._fault = f'{error}; {NOBODY}'
            return
        unsealed = '' if self._key is None else seal_fault(self._codex, self._key)
        if unsealed:
            self._fault = f'{unsealed}; {NOBODY}'
            return
        self._notice = self._told()
        for file in files:
            self._default = self._default or file.default
            self._roles |= file.operators

    def _sources(self) -> Iterable[Path]:
        """The registers that count."""
        sources = (self._codex / FILE, *(() if self._key else (self._own,)))
        return (path for path in sources if path.exists())

    def _told(self) -> str:
        if self._key is None:
            return 'laws and roles are not under a signature: the fleet plan names no codex_key'
        if not self._own.exists():
            return ''
        return f'{self._own} counts for nothing: only roles in the signed {FILE} do'


def register_of(fleet: Fleet, vault_dir: Path) -> Register:
    """The register of a fleet: its codex, the vault, and the key where the plan names one."""
    return Register(codex_of(fleet), vault_dir, key_of(fleet))


def _mark(path: Path) -> tuple[int, int, int]:
    """Tells whether a file is another one than before."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0, 0
    return stat.st_mtime_ns, stat.st_ino, stat.st_size


def vault_file(vault_dir: Path) -> Path:
    """Where the vault's own register lies."""
    return vault_dir / 'nexus' / FILE


def check_name(name: str) -> None:
    """See that this can be a person's name: it becomes part of a certificate and of file names.

    Raises:
        ConfigError: It cannot.
    """
    try:
        OperatorsFile(operators={name: Role.VIEWER})
    except ValueError as error:
        raise ConfigError(
            f'operator {name[:64]!r}: expected a small letter, then up to 31 of a-z 0-9 _ -'
        ) from error


def add_operator(vault_dir: Path, name: str, role: Role) -> None:
    """Enter a person, or change the role; durable at return.

    Raises:
        ConfigError: The register is malformed, or the name is.
    """
    check_name(name)
    path = vault_file(vault_dir)
    with locked(path.with_suffix('.lock'), 'the register of operators'):
        file = read_model(path, OperatorsFile) if path.exists() else OperatorsFile()
        new = OperatorsFile(default=file.default, operators={**file.operators, name: role})
        plain = new.model_dump(mode='json', exclude_none=True)
        write_atomic(path, yaml.safe_dump(plain).encode('utf-8'))
