# SPDX-License-Identifier: Apache-2.0
"""A rosbag2 recording made from the logs alone: the story for Foxglove, `ros2 bag` and plotters.

One topic a log, `/<agent>/audit/<writer>`, of std_msgs/String with the stored line as its text.
"""

import heapq
from collections.abc import Iterator
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.events import time_of
from swarm_vault.lines import parse_line
from swarm_vault.listing import log_folders
from swarm_vault.segments import read_segment, segment_paths

_MOST_NS = 2**63


def export_bag(vault_dir: Path, target: Path) -> int:
    """Write the bag, a folder that must not exist; returns how many events it holds.

    Raises:
        VaultError: The folder exists, or a line is no event.
    """
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    if target.exists():
        raise VaultError(f'{target}: exists already; name a new folder for the bag')
    types = get_typestore(Stores.ROS2_JAZZY)
    text_type = types.types['std_msgs/msg/String']
    count = 0
    with Writer(target, version=9, storage_plugin=StoragePlugin.MCAP) as bag:
        topics = {
            folder: bag.add_connection(
                f'/{folder.parent.parent.name}/audit/{folder.name}',
                'std_msgs/msg/String',
                typestore=types,
            )
            for folder in log_folders(vault_dir)
        }
        logs = [_lines(folder) for folder in topics]
        for time_ns, _, folder, line in heapq.merge(*logs, key=lambda entry: entry[:2]):
            message = types.serialize_cdr(text_type(data=line.decode()), 'std_msgs/msg/String')
            bag.write(topics[folder], time_ns, message)
            count += 1
    return count


def _lines(folder: Path) -> Iterator[tuple[int, str, Path, bytes]]:
    latest_ns = 0
    for path in segment_paths(folder):
        for number, line in enumerate(read_segment(path).split(b'\n')[:-1], start=1):
            try:
                event = parse_line(line)
            except VaultError as error:
                raise VaultError(f'{path}:{number}: {error}; verify the vault first') from error
            # A clock that was set back must not change the order of a log.
            latest_ns = max(latest_ns, time_of(event))
            if latest_ns >= _MOST_NS:
                raise VaultError(f'{path}:{number}: no bag holds the time {latest_ns} ns')
            yield latest_ns, str(event.get('id')), folder, line
