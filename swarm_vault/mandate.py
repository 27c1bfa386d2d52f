# SPDX-License-Identifier: Apache-2.0
"""The mandate card of an agent: what it may do at most. What is not valid grants nothing."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from swarm_vault.cards import STRICT, read_card
from swarm_vault.laws.core import values
from swarm_vault.yaml_block import CardState

NO_TIER = 'the robot gets tier 0'
Sectors = Mapping[str, tuple[tuple[float, float], ...]]
"""Corners of the named parts of the floor [m, map frame]."""
UNBOUNDED = (
    'mandate.md: bounds nothing; set one of zones, blocked_zones, skills, energy_wh,'
    ' charge_share, total_wh, not_after, or say in unlimited_because why none is needed'
)
_Names = Annotated[tuple[str, ...], Field(strict=False, max_length=32)]


class Mandate(BaseModel):
    """What an agent may do at most."""

    model_config = STRICT

    tier: int = Field(ge=0, le=4)
    """0 senses and reports, 1 moves slowly in a sandbox, 2 does normal missions, 3 enters shared
    zones and carries payload, 4 changes policy."""
    max_speed_mps: float = Field(gt=0.0, le=10.0)
    zones: _Names = ()
    """Sectors by name in which goals may lie; none: the whole map."""
    blocked_zones: _Names = ()
    """Sectors by name into which it must not go."""
    skills: _Names = ()
    """None: all that the policy knows."""
    energy_wh: float = Field(default=0.0, ge=0.0)
    """Most that one order may use [Wh]; 0: no limit."""
    charge_share: float = Field(default=0.0, ge=0.0, le=1.0)
    """Most of the battery's charge that one order may use; 0: no limit."""
    total_wh: float = Field(default=0.0, ge=0.0)
    """Most that all its orders may be expected to use together [Wh]; 0: no limit."""
    not_before: datetime | None = None
    not_after: datetime | None = None
    """When it holds, with a time zone."""
    unlimited_because: str = Field(default='', max_length=200)
    """Why it may go without any bound besides tier and speed; a mandate is refused otherwise."""

    @property
    def bounded(self) -> bool:
        """Whether anything besides tier and speed bounds it; a beginning alone bounds nothing."""
        places = self.zones or self.blocked_zones
        energy = self.energy_wh or self.charge_share or self.total_wh
        return bool(places or self.skills or energy or self.not_after)

    @model_validator(mode='after')
    def _with_zone(self) -> 'Mandate':
        for time in (self.not_before, self.not_after):
            if time is not None and time.tzinfo is None:
                raise ValueError('expected a time with its zone, e.g. 2026-05-01T08:00:00+02:00')
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateReading:
    """A mandate as read; `tier` is 0 unless the state is VALID."""

    state: CardState
    tier: int = 0
    mandate: Mandate | None = None
    reason: str = ''


def read_mandate(path: Path) -> MandateReading:
    """Read the one YAML block of a mandate.md; never raises."""
    reading = read_card(path, Mandate)
    if reading.card is None:
        return MandateReading(state=reading.state, reason=f'{reading.reason}; {NO_TIER}')
    if not (reading.card.bounded or reading.card.unlimited_because.strip()):
        return MandateReading(state=CardState.INVALID, reason=f'{UNBOUNDED}; {NO_TIER}')
    return MandateReading(state=reading.state, tier=reading.card.tier, mandate=reading.card)


def mandate_of(
    reading: MandateReading, agent_id: str, sectors: Sectors
) -> tuple[values.Mandate | None, str]:
    """The mandate as the judge takes it.

    Args:
        reading: As read from the agent's folder.
        agent_id: Whose it is.
        sectors: The named parts of the floor.

    Returns:
        The mandate, None if it grants nothing; and why not, empty if it does.
    """
    card = reading.mandate
    if card is None:
        return None, reading.reason
    unknown = [name for name in (*card.zones, *card.blocked_zones) if name not in sectors]
    if unknown:
        return None, f'mandate.md: there is no sector {unknown[0][:64]!r}; {NO_TIER}'
    return _resolved(card, agent_id, sectors), ''


def _resolved(card: Mandate, agent_id: str, sectors: Sectors) -> values.Mandate:
    digest = hashlib.sha256(f'{agent_id}\0{card.model_dump_json()}'.encode()).hexdigest()
    return values.Mandate(
        mandate_id=f'{agent_id}-{digest[:8]}',
        agent_id=agent_id,
        tier=card.tier,
        max_speed_mps=card.max_speed_mps,
        zones=_areas(card.zones, sectors),
        blocked_zones=_areas(card.blocked_zones, sectors),
        skills=card.skills,
        energy_wh=card.energy_wh,
        charge_share=card.charge_share,
        total_wh=card.total_wh,
        not_before_ns=_ns(card.not_before),
        not_after_ns=_ns(card.not_after),
    )


def _areas(names: tuple[str, ...], sectors: Sectors) -> tuple[values.Area, ...]:
    return tuple(values.Area(name=name, corners=sectors[name]) for name in names)


def _ns(time: datetime | None) -> int:
    return 0 if time is None else int(time.timestamp()) * 1_000_000_000
