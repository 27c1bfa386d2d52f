# SPDX-License-Identifier: Apache-2.0
"""Where a log begins whose oldest files a policy removed: the head that they left behind.

The log itself says the same in an event; the file alone proves nothing.
"""

from dataclasses import dataclass
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.files import write_atomic
from swarm_vault.lines import Link, encode_json, parse_line
from swarm_vault.reading import read_regular

FILE = 'begin.json'


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """The end of what was removed."""

    link: Link = Link()
    peaks: tuple[bytes, ...] = ()
    """Of the Merkle tree over the removed lines."""
    stem: str = ''
    """The first file that is kept."""

    def plain(self) -> dict[str, str | int | list[str]]:
        """As it stands in the file and in the event."""
        return {
            'seq': self.link.seq,
            'prev': self.link.prev,
            'peaks': [peak.hex() for peak in self.peaks],
            'stem': self.stem,
        }


def read_begin(folder: Path) -> Begin:
    """Where the log in a folder begins.

    Raises:
        VaultError: The file is damaged.
    """
    path = folder / FILE
    if not path.exists():
        return Begin()
    line = read_regular(path)
    plain = parse_line(line)
    try:
        begin = Begin(
            link=Link(plain['seq'], str(plain['prev'])),
            peaks=tuple(bytes.fromhex(peak) for peak in plain['peaks']),
            stem=str(plain['stem']),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise VaultError(f'{FILE} does not say where the log begins ({error!r})') from error
    if encode_json(begin.plain()) != line or len(begin.peaks) != begin.link.seq.bit_count():
        raise VaultError(f'{FILE} is not in the pinned form')
    return begin


def write_begin(folder: Path, begin: Begin) -> None:
    """Say where the log begins from now on; durable at return."""
    write_atomic(folder / FILE, encode_json(begin.plain()))
