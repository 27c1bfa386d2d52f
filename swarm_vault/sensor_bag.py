# SPDX-License-Identifier: Apache-2.0
"""Read a recording of sensors: rosbag2 (MCAP or SQLite), ours or anybody's, without ROS."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from swarm_vault.errors import VaultError


class Sense(str, Enum):
    """What a topic is to the cores."""

    SCAN = 'scan'
    ODOM = 'odom'
    COMMAND = 'command'
    HEARTBEAT = 'heartbeat'


TYPES: Mapping[str, Sense] = {
    'sensor_msgs/msg/LaserScan': Sense.SCAN,
    'nav_msgs/msg/Odometry': Sense.ODOM,
    'geometry_msgs/msg/TwistStamped': Sense.COMMAND,
    'geometry_msgs/msg/Twist': Sense.COMMAND,
    'swarm_msgs/msg/Heartbeat': Sense.HEARTBEAT,
}
_USUAL = {
    Sense.SCAN: 'scan',
    Sense.ODOM: 'odom',
    Sense.COMMAND: 'cmd_vel_raw',
    Sense.HEARTBEAT: 'heartbeat',
}
"""A topic's last name, where several have the type; only these carry what they are taken for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensed:
    """One message."""

    sense: Sense
    message: Any
    """Fields as in its .msg file."""
    time_ns: int
    """When it was recorded, nanoseconds since the epoch."""


class SensorBag:
    """The topics of one robot in a recording.

    Args:
        path: An MCAP file or the folder of a rosbag2 recording.
        agent_id: Whose topics, by their namespace; empty where there is one robot only.

    Raises:
        VaultError: It is no such recording, or several topics may be meant.
    """

    def __init__(self, path: Path, agent_id: str = '') -> None:
        from rosbags.rosbag2 import Reader, ReaderError

        self._name = path.name
        try:
            self._reader = Reader(path)
            self._reader.open()
        except (ReaderError, OSError, AssertionError, ValueError, RecursionError) as error:
            raise VaultError(f'{path}: is no rosbag2 recording ({error})') from error
        self.topics: dict[Sense, Any] = {}
        """The connection of each sense that there is."""
        try:
            self._choose(agent_id)
        except VaultError:
            self.close()
            raise

    def read(self) -> Iterator[Sensed]:
        """All messages of these topics, by time.

        Raises:
            VaultError: One cannot be decoded.
        """
        senses = {connection.id: sense for sense, connection in self.topics.items()}
        types = _typestore(list(self.topics.values()))
        messages = self._reader.messages(connections=list(self.topics.values()))
        try:
            for connection, time_ns, data in messages:
                message = types.deserialize_cdr(data, connection.msgtype)
                yield Sensed(sense=senses[connection.id], message=message, time_ns=time_ns)
        except Exception as error:  # the readers of damaged bags raise whatever they meet
            raise VaultError(f'{self._name}: cannot be read to its end ({error!r})') from error

    def close(self) -> None:
        """Let the file go."""
        self._reader.close()

    def missing(self, senses: Sequence[Sense]) -> str:
        """A sentence on what a core needs and the recording lacks; empty if nothing."""
        lacks = [sense for sense in senses if sense not in self.topics]
        if not lacks:
            return ''
        wanted = ', '.join(type_ for type_, sense in TYPES.items() if sense in lacks)
        there = ', '.join(f'{c.topic} ({c.msgtype})' for c in self._reader.connections)
        return f'{self._name} holds no {wanted}; it has {there or "no topics"}'

    def _choose(self, agent_id: str) -> None:
        for sense in Sense:
            found = self._candidates(sense, agent_id)
            if found:
                self.topics[sense] = self._only(sense, found)

    def _candidates(self, sense: Sense, agent_id: str) -> list[Any]:
        found = [c for c in self._reader.connections if TYPES.get(c.msgtype) is sense]
        found = [c for c in found if not agent_id or c.topic.startswith(f'/{agent_id}/')]
        usual = [c for c in found if c.topic.rpartition('/')[2] == _USUAL[sense]]
        # What drives the motors is no command to be judged: the reflexes have judged it already.
        return usual if usual or sense is Sense.COMMAND else found

    def _only(self, sense: Sense, found: list[Any]) -> Any:
        if len({connection.topic for connection in found}) > 1:
            topics = ', '.join(sorted({connection.topic for connection in found}))
            raise VaultError(
                f'{self._name}: {sense.value} may be any of {topics}; name the robot with --agent'
            )
        return found[0]


def _typestore(connections: list[Any]) -> Any:
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS2_JAZZY)
    for connection in connections:
        if connection.msgtype not in store.types:
            store.register(get_types_from_msg(connection.msgdef.data, connection.msgtype))
    return store
