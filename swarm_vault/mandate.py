# SPDX-License-Identifier: Apache-2.0
"""The mandate card of an agent: what it may do at most. What is not valid grants nothing."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field

from swarm_vault.cards import STRICT, CardState, read_card

MandateState = CardState
NO_TIER = 'the robot gets tier 0'


class Mandate(BaseModel):
    """What an agent may do at most."""

    model_config = STRICT

    tier: int = Field(ge=0, le=4)
    """0 senses and reports, 1 moves slowly in a sandbox, 2 does normal missions, 3 enters shared
    zones and carries payload, 4 changes policy."""
    max_speed_mps: float = Field(gt=0.0, le=10.0)
    zones: tuple[str, ...] = Field(default=(), strict=False)
    """Places by name; none: the whole map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateReading:
    """A mandate as read; `tier` is 0 unless the state is VALID."""

    state: MandateState
    tier: int = 0
    mandate: Mandate | None = None
    reason: str = ''


def read_mandate(path: Path) -> MandateReading:
    """Read the one YAML block of a mandate.md; never raises."""
    reading = read_card(path, Mandate)
    if reading.card is None:
        return MandateReading(state=reading.state, reason=f'{reading.reason}; {NO_TIER}')
    return MandateReading(state=reading.state, tier=reading.card.tier, mandate=reading.card)
