# SPDX-License-Identifier: Apache-2.0
"""The last word before the motors: no fresh command of the reflex, no motion."""

import math
from dataclasses import dataclass

Axes = tuple[float, float, float, float, float, float]
"""Linear x, y, z [m/s], angular x, y, z [rad/s]."""

ZERO: Axes = (0.0,) * 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A command as it came."""

    axes: Axes
    arrival_ns: int
    """Steady clock [ns]."""
    stamp_age_s: float
    """Age by its own stamp when it arrived [s]; 0 where it carries none."""


def motors(heard: Heard | None, now_ns: int, timeout_s: float) -> Axes:
    """What the motors get: the command while it is fresh and finite by every clock, else zero."""
    if heard is None or not all(map(math.isfinite, heard.axes)):
        return ZERO
    age_s = (now_ns - heard.arrival_ns) * 1e-9
    fresh = age_s >= 0.0 and age_s + max(0.0, heard.stamp_age_s) < timeout_s
    return heard.axes if fresh and heard.stamp_age_s >= -timeout_s else ZERO


def due_ns(heard: Heard | None, now_ns: int, timeout_s: float) -> int:
    """When to look again, steady clock [ns]: at the command's end, or after half a timeout."""
    half_ns = round(0.5e9 * timeout_s)
    if heard is None or motors(heard, now_ns, timeout_s) == ZERO:
        return now_ns + half_ns
    spent_s = max(0.0, heard.stamp_age_s)
    return min(now_ns + half_ns, heard.arrival_ns + math.ceil((timeout_s - spent_s) * 1e9))
