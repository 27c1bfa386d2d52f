# SPDX-License-Identifier: Apache-2.0
"""The error budget of a robot in one mission: 8 faults in all, 2 repeats of one, 1 of procedure.

What is spent within the numbers is allowed; one more is a breach (features, line 100).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from swarm_vault.laws.core.policy import BudgetRule

KEPT_MISSIONS = 50
KEPT_KEYS = 64
LONGEST_KEY = 120


REFLEX_STOP = 'stopped by the reflexes: '
"""How the key of such a fault begins."""
OWN_STOPS = frozenset(
    {'geofence_stop', 'geofence_breach', 'geofence_outside', 'command_invalid', 'sandbox'}
)
"""Causes that lie in what the robot's own mind asked for. A stop for what stands or drives in the
way, or for a sensor that is silent, is safety at work and no fault."""


class FaultKind(str, Enum):
    """What went wrong."""

    REFUSED = 'refused'
    """It asked for what is not allowed."""
    BOUNDS = 'bounds'
    """Its model proposed something beyond a limit."""
    PROMISE = 'promise'
    """It did not keep what it had promised."""
    PROCEDURE = 'procedure'
    """It left out a required step, or acted without authority."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that counts against a budget."""

    agent_id: str
    mission_id: str
    """Empty: outside of any mission."""
    kind: FaultKind
    key: str
    """Equal for the same fault made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one robot has spent in one mission."""

    agent_id: str
    mission_id: str
    total: int = 0
    procedure: int = 0
    keys: tuple[tuple[str, int], ...] = ()
    """How often each fault was made."""

    @property
    def repeats(self) -> int:
        """Most repetitions of one fault."""
        return max((count - 1 for _, count in self.keys), default=0)


def own_stop(action: str, cause: str) -> str:
    """The cause of a stop of the reflexes that counts against the budget; empty for any other."""
    return cause if action == 'STOP' and cause in OWN_STOPS else ''


def spend(
    book: tuple[Spent, ...], fault: Fault, rule: BudgetRule
) -> tuple[tuple[Spent, ...], str]:
    """Enter a fault.

    Returns:
        The book, and the breach in words; empty while the budget holds.
    """
    before = entry_of(book, fault.agent_id, fault.mission_id)
    after = _entered(before, fault)
    rest = tuple(entry for entry in book if entry is not before)
    return (*rest, after)[-KEPT_MISSIONS:], breach_of(after, rule)


def entry_of(book: Iterable[Spent], agent_id: str, mission_id: str) -> Spent:
    """What a robot has spent in a mission."""
    found = (e for e in book if (e.agent_id, e.mission_id) == (agent_id, mission_id))
    return next(found, Spent(agent_id=agent_id, mission_id=mission_id))


def breach_of(spent: Spent, rule: BudgetRule) -> str:
    """Which number is exceeded, in words; empty while none is."""
    if spent.procedure > rule.procedure:
        return f'{spent.procedure} violations of procedure, {rule.procedure} allowed'
    if spent.repeats > rule.repeats:
        key = max(spent.keys, key=lambda pair: pair[1])[0]
        return f'{key!r} repeated {spent.repeats} times, {rule.repeats} allowed'
    if spent.total > rule.total:
        return f'{spent.total} faults, {rule.total} allowed'
    return ''


def forgiven(book: Iterable[Spent], agent_id: str) -> tuple[Spent, ...]:
    """The book of a robot that was given its trust back."""
    return tuple(entry for entry in book if entry.agent_id != agent_id)


def _entered(spent: Spent, fault: Fault) -> Spent:
    key = f'{fault.kind.value}: {fault.key}'[:LONGEST_KEY]
    counts = dict(spent.keys)
    counts[key] = counts.pop(key, 0) + 1
    return replace(
        spent,
        total=spent.total + 1,
        procedure=spent.procedure + (fault.kind is FaultKind.PROCEDURE),
        keys=tuple(sorted(counts.items(), key=lambda pair: pair[1]))[-KEPT_KEYS:],
    )
