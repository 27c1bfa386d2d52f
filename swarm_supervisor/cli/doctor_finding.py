# SPDX-License-Identifier: Apache-2.0
"""What the doctor looks at, and what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from swarm_config.fleets import Fleet

Level = Literal['ok', 'warn', 'fail']


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check."""

    level: Level
    text: str
    mend: str = ''
    """What to do about it; empty where all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is examined."""

    environment: Mapping[str, str]
    vault_dir: Path
    fleet_path: Path
    fleet: Fleet | None
    """None where the plan cannot be read; fleet_error says why."""
    fleet_error: str = ''


def ok(text: str) -> Finding:
    """All is well."""
    return Finding(level='ok', text=text)


def warn(text: str, mend: str) -> Finding:
    """A start works, but not as it should."""
    return Finding(level='warn', text=text, mend=mend)


def fail(text: str, mend: str) -> Finding:
    """A start does not work."""
    return Finding(level='fail', text=text, mend=mend)
