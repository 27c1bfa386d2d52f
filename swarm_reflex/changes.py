# SPDX-License-Identifier: Apache-2.0
"""Which ticks are news: changes of action or cause, at most a few a second, none uncounted."""

import math

from swarm_reflex.core import Action, Cause, Outputs
from swarm_vault.recorder import JsonValue

MAX_PER_SECOND = 5
_COMFORT = frozenset({Cause.ACCELERATION.value, Cause.YAW_ACCELERATION.value})
_SECOND_NS = 1_000_000_000

Key = tuple[Action, str]


def key_of(outputs: Outputs) -> Key:
    """What makes two ticks the same news; gaining speed gently is none."""
    if outputs.action is Action.LIMIT and outputs.cause in _COMFORT:
        return Action.PASS, ''
    return outputs.action, outputs.cause


class Changes:
    """Watch the outputs and tell which are worth an event."""

    def __init__(self) -> None:
        self._told: Key | None = None
        self._last: Key | None = None
        self._times_ns: list[int] = []
        self._suppressed = 0
        self._causes: tuple[Cause, ...] = ()

    def turned(self, outputs: Outputs) -> bool:
        """Whether other causes are in force than in the tick before; gentle gain is none."""
        causes = tuple(cause for cause in outputs.causes if cause.value not in _COMFORT)
        was, self._causes = self._causes, causes
        return causes != was

    def seen(self, outputs: Outputs, now_ns: int) -> dict[str, JsonValue] | None:
        """The event's data when this tick is news and there is room for it; else None."""
        key = key_of(outputs)
        changed, self._last = key != self._last, key
        if key == self._told:
            self._suppressed += changed
            return None
        self._times_ns = [t for t in self._times_ns if now_ns - t < _SECOND_NS]
        if len(self._times_ns) >= MAX_PER_SECOND:
            self._suppressed += changed
            return None
        data = _describe(outputs, key, was=self._told, suppressed=self._suppressed)
        self._times_ns.append(now_ns)
        self._told, self._suppressed = key, 0
        return data


def _describe(
    outputs: Outputs, key: Key, *, was: Key | None, suppressed: int
) -> dict[str, JsonValue]:
    clearance_m = outputs.clearance_m
    return {
        'action': key[0].name,
        'cause': key[1],
        'causes': [cause.value for cause in outputs.causes],
        'was_action': was[0].name if was else '',
        'was_cause': was[1] if was else '',
        'zone': outputs.zone,
        'clearance_m': round(clearance_m, 3) if math.isfinite(clearance_m) else None,
        'vx_mps': outputs.vx_mps,
        'wz_radps': outputs.wz_radps,
        'suppressed': suppressed,
    }
