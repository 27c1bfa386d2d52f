# SPDX-License-Identifier: Apache-2.0
"""Where two decoded values first differ. Pure."""

from dataclasses import dataclass
from typing import Any

_MISSING = '(nothing)'


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field and its two values."""

    field: str
    recorded: str
    recomputed: str


def first_difference(recorded: Any, recomputed: Any, path: str = '') -> Difference | None:
    """Find the first differing field of two plain JSON values, in the order of the record."""
    if isinstance(recorded, dict) and isinstance(recomputed, dict):
        keys = [*recorded, *(key for key in recomputed if key not in recorded)]
        pairs = ((key, recorded.get(key, _MISSING), recomputed.get(key, _MISSING)) for key in keys)
    elif isinstance(recorded, list) and isinstance(recomputed, list):
        longest = max(len(recorded), len(recomputed))
        pairs = ((i, _at(recorded, i), _at(recomputed, i)) for i in range(longest))
    elif repr(recorded) == repr(recomputed):
        return None
    else:
        return Difference(field=path, recorded=_short(recorded), recomputed=_short(recomputed))
    for key, ours, theirs in pairs:
        found = first_difference(ours, theirs, f'{path}.{key}' if path else str(key))
        if found is not None:
            return found
    return None


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else _MISSING


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + '...'
