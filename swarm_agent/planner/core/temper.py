# SPDX-License-Identifier: Apache-2.0
"""What a temperament changes: speed, margins and patience; never a limit of the reflexes. Pure."""

from collections.abc import Mapping

from swarm_agent.planner.core.types import Params, Tuning
from swarm_vault.replacing import replace
from swarm_vault.soul import Temperament

_SHARES: Mapping[Temperament, Mapping[str, float]] = {
    Temperament.CAUTIOUS: {
        'speed_share': 0.7,
        'leg_tolerance_m': 0.7,
        'blocked_skip_s': 1.5,
        'blocked_ask_s': 1.5,
        'situation_timeout_s': 0.7,
    },
    Temperament.STEADY: {},
    Temperament.BOLD: {
        'leg_tolerance_m': 1.4,
        'blocked_skip_s': 0.6,
        'blocked_ask_s': 0.6,
    },
}
"""Factors on what is tuned. A bold robot drives no faster than a steady one, which already drives
as fast as its class may; it lingers less."""
_RESERVE: Mapping[Temperament, float] = {Temperament.CAUTIOUS: 0.1, Temperament.BOLD: -0.05}
"""Added to the battery reserve (share of charge)."""
_LEAST_RESERVE = 0.1


def tempered(params: Params, temperament: Temperament) -> Params:
    """Parameters as a temperament leaves them."""
    tuning = params.tuning
    shares = _SHARES[temperament]
    changed = {name: getattr(tuning, name) * share for name, share in shares.items()}
    reserve = params.min_battery + _RESERVE.get(temperament, 0.0)
    if temperament is Temperament.BOLD:
        reserve = max(min(_LEAST_RESERVE, params.min_battery), reserve)
    tuned: Tuning = replace(tuning, **changed)
    return replace(params, tuning=tuned, min_battery=min(0.95, reserve))
