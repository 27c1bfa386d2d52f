# SPDX-License-Identifier: Apache-2.0
"""List what lies in a vault; what cannot be listed is an error, never an empty folder.

`Path.glob` passes over folders that it may not read: a vault would look clean without them.
"""

import os
from collections.abc import Iterator
from pathlib import Path


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, by name; none if it is not there.

    Raises:
        OSError: It cannot be listed.
    """
    return [Path(entry) for entry in _entries(folder) if entry.is_dir()]


def ending_in(folder: Path, suffix: str) -> list[Path]:
    """What lies in a folder under names that end so, whatever it is.

    Raises:
        OSError: It cannot be listed.
    """
    return [Path(entry) for entry in _entries(folder) if entry.name.endswith(suffix)]


def strangers_in(folder: Path) -> list[Path]:
    """What lies where only folders belong; names that begin with a dot are passed over.

    Raises:
        OSError: It cannot be listed.
    """
    found = (entry for entry in _entries(folder) if not entry.name.startswith('.'))
    return [Path(entry) for entry in found if not entry.is_dir()]


def log_folders(vault_dir: Path) -> Iterator[Path]:
    """All logs of a vault, by agent and writer.

    Raises:
        OSError: A folder cannot be listed.
    """
    for agent in folders_in(vault_dir / 'agents'):
        yield from folders_in(agent / 'log')


def bags_in(vault_dir: Path, suffix: str = '.mcap') -> Iterator[Path]:
    """All bags of a vault, by agent, writer and name.

    Raises:
        OSError: A folder cannot be listed.
    """
    for agent in folders_in(vault_dir / 'bags'):
        for writer in folders_in(agent):
            yield from ending_in(writer, suffix)


def _entries(folder: Path) -> list['os.DirEntry[str]']:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
