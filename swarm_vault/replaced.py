# SPDX-License-Identifier: Apache-2.0
"""`dataclasses.replace`, three times faster: cores make dozens of new states a decision. Pure.

The standard library walks through all fields in Python for every copy. Here a function is made
once for each class and set of changed fields, as `dataclass` itself makes `__init__`: it names the
fields one by one.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ['replace']

T = TypeVar('T')

if TYPE_CHECKING:
    from dataclasses import replace  # so that the names and types of what is changed are checked
else:

    def replace(value: T, /, **changes: Any) -> T:
        """A copy of a dataclass value with some fields changed."""
        key = (type(value), *changes)
        copy = _copies.get(key)
        if copy is None:
            copy = _copies[key] = _copy_of(type(value), tuple(changes))
        return copy(value, **changes)


_copies: dict[tuple[Any, ...], Callable[..., Any]] = {}


def _copy_of(type_: type[Any], changed: tuple[str, ...]) -> Callable[..., Any]:
    names = [field.name for field in fields(type_) if field.init]
    for name in changed:
        if name not in names:
            raise TypeError(f'{type_.__name__} has no field {name!r} that could be replaced')
    given = [f'{name}={name if name in changed else "__old." + name}' for name in names]
    taken = ', '.join(('__old', *(('*', *changed) if changed else ())))
    made: dict[str, Any] = {'__type': type_}
    exec(f'def copy({taken}): return __type({", ".join(given)})', made)  # noqa: S102 - fields' names
    copy: Callable[..., Any] = made['copy']
    return copy
