# SPDX-License-Identifier: Apache-2.0
"""Who is in which zone, by somebody's word: people.yaml in the supervisor's vault.

`swarm people say ZONE COUNT --operator NAME` writes it. A file that cannot be read says nothing,
and then a human is asked before a robot goes there.
"""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from swarm_config.errors import ConfigError
from swarm_config.validation import read_model
from swarm_vault.files import PRIVATE, locked, write_atomic
from swarm_vault.laws.core.values import Presence

FILE = 'people.yaml'


class Word(BaseModel):
    """How many people are in a zone, who says so, and when."""

    model_config = ConfigDict(extra='forbid', frozen=True)

    count: int = Field(ge=0, le=10_000)
    by: str = Field(pattern=r'^[a-z][a-z0-9_-]{0,31}$')
    stamp_ns: int = Field(gt=0)


class PeopleFile(BaseModel):
    """All words that were given; of each zone the last."""

    model_config = ConfigDict(extra='forbid', frozen=True)

    zones: dict[str, Word] = {}


class PeopleBook:
    """The words as the file has them now; it is read again only when it has changed."""

    def __init__(self, vault_dir: Path) -> None:
        """Read nothing yet."""
        self._path = vault_dir / FILE
        self._mark = 0
        self._words: tuple[Presence, ...] = ()
        self.fault = ''

    def words(self) -> tuple[Presence, ...]:
        """What is known."""
        mark = self._path.stat().st_mtime_ns if self._path.exists() else 0
        if mark != self._mark:
            self._mark = mark
            self._words, self.fault = _read(self._path) if mark else ((), '')
        return self._words


def _read(path: Path) -> tuple[tuple[Presence, ...], str]:
    try:
        file = read_model(path, PeopleFile)
    except ConfigError as error:
        return (), str(error)
    words = (
        Presence(zone=name, count=word.count, stamp_ns=word.stamp_ns)
        for name, word in sorted(file.zones.items())
    )
    return tuple(words), ''


def say(vault_dir: Path, zone: str, word: Word) -> None:
    """Leave a word; returns after it is on the disk.

    Raises:
        ConfigError: The file is there and cannot be read.
    """
    path = vault_dir / FILE
    with locked(path.with_suffix('.lock'), 'the words on people'):
        file = read_model(path, PeopleFile) if path.exists() else PeopleFile()
        zones = {**file.zones, zone: word}
        plain = {'zones': {name: entry.model_dump() for name, entry in sorted(zones.items())}}
        write_atomic(path, yaml.safe_dump(plain).encode('utf-8'), mode=PRIVATE)
