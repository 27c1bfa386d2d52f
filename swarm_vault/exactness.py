# SPDX-License-Identifier: Apache-2.0
"""Find inputs that a replay will not see as they were. Pure.

An int where a float is declared, a NumPy scalar, a list for a tuple: it is recorded as the
declared type, but the core ran on the other.
"""

from dataclasses import fields, is_dataclass
from typing import Any


def first_inexact(given: Any, recorded: Any, path: str = '') -> str:
    """Name the first place where a value differs from its own record; empty if none does."""
    if type(given) is not type(recorded):
        return f'{path or "value"} is {_typed(given)}, recorded as {_typed(recorded)}'
    if is_dataclass(given):
        pairs = [
            (
                getattr(given, f.name),
                getattr(recorded, f.name),
                f'{path}.{f.name}' if path else f.name,
            )
            for f in fields(given)
        ]
    elif isinstance(given, tuple) and len(given) == len(recorded):
        pairs = [
            (a, b, f'{path}.{i}') for i, (a, b) in enumerate(zip(given, recorded, strict=True))
        ]
    else:
        same = repr(given) == repr(recorded)
        return '' if same else f'{path} is {_typed(given)}, recorded as {_typed(recorded)}'
    return next((found for a, b, p in pairs if (found := first_inexact(a, b, p))), '')


def _typed(value: Any) -> str:
    return f'{type(value).__name__} {repr(value)[:60]}'
