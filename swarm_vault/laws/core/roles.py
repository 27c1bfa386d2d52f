# SPDX-License-Identifier: Apache-2.0
"""What an operator's role may do: the access matrix. Who is not in it may do nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Role(str, Enum):
    """What an operator is here for."""

    VIEWER = 'viewer'
    OPERATOR = 'operator'
    COMMANDER = 'commander'
    SAFETY_OFFICER = 'safety_officer'
    AUDITOR = 'auditor'


class Right(str, Enum):
    """What can be asked of the supervisor."""

    SEE = 'see'
    STOP = 'stop'
    """Everybody may stop a robot: it is the safe thing."""
    ORDER = 'order'
    ORDER_PAYLOAD = 'order_payload'
    """Orders that need tier 3."""
    APPROVE = 'approve'
    GRANT = 'grant'
    """Set tiers up to 3."""
    REVOKE = 'revoke'
    REINSTATE = 'reinstate'
    """Give trust back, and grant tier 4."""
    AUDIT = 'audit'


_SEES = frozenset({Right.SEE, Right.STOP})
_ORDERS = _SEES | {Right.ORDER}
_COMMANDS = _ORDERS | {Right.ORDER_PAYLOAD, Right.APPROVE, Right.GRANT, Right.REVOKE}

MATRIX: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: _SEES,
    Role.OPERATOR: _ORDERS,
    Role.COMMANDER: _COMMANDS,
    Role.SAFETY_OFFICER: _COMMANDS | {Right.REINSTATE, Right.AUDIT},
    Role.AUDITOR: _SEES | {Right.AUDIT},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who acts: a name that was verified, and what it may do."""

    name: str
    role: Role | None
    """None: nobody knows it."""
    verified: bool
    """Whether the name comes from a certificate of its own."""

    @property
    def key(self) -> str:
        """Whose answers and approvals these are: a name that was only claimed is another one."""
        return f'{"certified" if self.verified else "claimed"}:{self.name}'

    def may(self, right: Right) -> bool:
        """Whether the role gives this right."""
        return self.role is not None and right in MATRIX[self.role]

    def refusal(self, right: Right) -> str:
        """Why it may not; empty when it may."""
        if self.may(right):
            return ''
        if self.role is None:
            return f'{self.name!r} is no operator that is known here: swarm operators add'
        able = ', '.join(role.value for role in Role if right in MATRIX[role])
        return f'{self.name!r} is {self.role.value}, {right.value} needs: {able}'
