# SPDX-License-Identifier: Apache-2.0
"""What a parameter may be, for `Annotated` fields of parameter dataclasses."""

from dataclasses import dataclass
from typing import get_args, get_type_hints

from swarm_config.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Range:
    """Least and most that a parameter may be, both included.

    One class for all rooms: `typing` keeps one `Annotated` for equal metadata, so that two classes
    of equal tuples would be taken for each other, depending on what was imported first.
    """

    least: float
    most: float


def ranges(type_: type) -> dict[str, Range]:
    """The range of each ranged field of a parameter dataclass."""
    hints = get_type_hints(type_, include_extras=True)
    return {
        name: extra
        for name, hint in hints.items()
        for extra in get_args(hint)[1:]
        if isinstance(extra, Range)
    }


def check(name: str, value: float, limits: Range | None) -> None:
    """Nothing, if the value is within its range or has none.

    Raises:
        ConfigError: It lies outside.
    """
    if limits is not None and not limits.least <= value <= limits.most:
        raise ConfigError(f'parameter {name}: {value}; expected {limits.least} to {limits.most}')
