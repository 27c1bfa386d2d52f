# SPDX-License-Identifier: Apache-2.0
"""`replace` for values that are replaced some twenty times a decision. Pure.

That of the library reads every field by its name and hands all of them to the constructor, which
stores them past the ban on storing. Here a function is written once for each class, as
`dataclasses` writes constructors: it fills a value of a twin class, which lets its fields be
stored, and makes it one of the frozen class at the end. Of 25 fields that takes a tenth of the
time. What it makes is the same.
"""

import dataclasses
from collections.abc import Callable
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

__all__ = ['replace']

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value: Any, /, **changes: Any) -> Any:
        """A copy of a dataclass value with some fields changed."""
        kind = type(value)
        copy = _COPIES.get(kind) or _COPIES.setdefault(kind, _copy_of(kind))
        return copy(value, **changes)


_COPIES: dict[type[Any], Callable[..., Any]] = {}


def _copy_of(kind: type[Any]) -> Callable[..., Any]:
    """The function for a class; the library's own where a constructor does more than to store."""
    fields = dataclasses.fields(kind)
    twin = _twin_of(kind)
    stores = not hasattr(kind, '__post_init__') and all(_plain(kind, field) for field in fields)
    if not fields or not stores or twin is None:
        return dataclasses.replace
    names: dict[str, Any] = {
        '_new': object.__new__,
        '_kind': kind,
        '_twin': twin,
        '_kept': object(),
    }
    lines = [
        f'def _copy(_from, *, {", ".join(f"{f.name}=_kept" for f in fields)}):',
        ' _made = _new(_twin)',
        *(f' _made.{f.name} = _from.{f.name} if {f.name} is _kept else {f.name}' for f in fields),
        ' _made.__class__ = _kind',
        ' return _made',
    ]
    exec('\n'.join(lines), names)  # noqa: S102 - of the names of fields alone
    made: Callable[..., Any] = names['_copy']
    return made


def _twin_of(kind: type[Any]) -> type[Any] | None:
    """A class with the same slots that lets them be stored; None where there can be none."""
    own = {'__slots__': kind.__dict__.get('__slots__'), '__setattr__': object.__setattr__}
    try:
        twin = type(kind.__name__, kind.__bases__, own)
        probe: Any = object.__new__(twin)
        probe.__class__ = kind
    except TypeError:
        return None
    return twin


def _plain(kind: type[Any], field: dataclasses.Field[Any]) -> bool:
    """Whether a field is a slot that the constructor takes, under a name that is none of ours."""
    slot = isinstance(getattr(kind, field.name, None), MemberDescriptorType)
    return slot and field.init and not field.name.startswith('_')
