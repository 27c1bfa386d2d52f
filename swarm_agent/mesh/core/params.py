# SPDX-License-Identifier: Apache-2.0
"""How far apart robots keep, and how patient they are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RightOfWayParams:
    """Tuning of right of way; the same on all robots of a fleet."""

    margin_m: float = 0.15
    """Free space between two bodies [m], 0.05 to 0.5."""
    slack_m: float = 0.07
    """What of the margin a place to step aside to may lack [m], less than the margin."""
    stand_off_m: float = 0.6
    """Room left for a robot that has yet to get out of the way [m], 0 to 2."""
    resend_s: float = 0.5
    """Between two sendings of an unanswered request [s], 0.2 to 2."""
    clear_s: float = 0.5
    """How long a conflict must be gone before its encounter ends [s], 0.2 to 2."""
    silence_s: float = 1.0
    """After this a peer counts as not heard [s], 0.3 to 3."""
    ghost_s: float = 3.0
    """How long the last place of a silent peer stays blocked [s], 1 to 10."""
    lease_s: float = 2.0
    """For so long a promise counts after its author last heard this robot [s]; less than
    silence_s and ghost_s together, for so long its author stays bound."""
    patience_s: float = 5.0
    """Standing behind a standing peer before asking it to make way [s], 2 to 20."""
    barred_s: float = 3.0
    """Standing before the peer on the way to a refuge, before giving that up [s], 1 to 10."""
    aging_s: float = 20.0
    """Standing this long is worth more than the id, twice as long still more [s], 5 to 60."""
    retry_s: float = 5.0
    """After both robots found no way to yield, or a parked one none, before trying again [s]."""
    doubt_s: float = 120.0
    """How long a peer that broke a promise is believed less [s], 0 to 3600."""
    doubt_m: float = 0.15
    """What is kept clear of such a peer besides the margin, under way [m], 0 to 0.5."""
    top_mps: float = 1.0
    """The fastest that a peer is taken to get, if it is not seen to be faster [m/s], 0.1 to 5."""
    decel_mps2: float = 0.5
    """Braking reckoned with before promising to stop [m/s^2], 0.1 to 3."""
