# SPDX-License-Identifier: Apache-2.0
"""Which way ROS messages take between the processes of a robot: sockets, never shared memory.

Fast DDS passes messages between processes of one machine through queues in shared memory. A
process that is killed or stopped while it holds the lock of such a queue keeps everybody waiting
who sends to the same receiver, for a second with each message. Sockets have no such lock.
"""

import os
from collections.abc import Mapping
from pathlib import Path

_TRANSPORTS = 'FASTDDS_BUILTIN_TRANSPORTS'
"""What Fast DDS reads when a node is made; other middlewares ignore it."""
_PROFILES = 'FASTRTPS_DEFAULT_PROFILES_FILE'
"""Settings of Fast DDS, read before those of rmw_fastrtps."""
_PROFILE = Path(__file__).with_name('sockets.xml')


def use_sockets() -> None:
    """Have the nodes of this process talk over UDP, unless whoever started it chose otherwise."""
    for name, value in sockets(os.environ).items():
        os.environ.setdefault(name, value)


def sockets(environment: Mapping[str, str]) -> dict[str, str]:
    """What to put into the environment of a process, so that its nodes use sockets alone.

    With discovery on this machine only rmw_fastrtps makes a shared memory transport, whatever
    transports were asked for; a profile keeps the nodes from receiving through it.

    Args:
        environment: That of the process, as far as it is known.
    """
    if _on_this_machine_only(environment):
        return {_PROFILES: str(_PROFILE)}
    return {_TRANSPORTS: 'UDPv4'}


def _on_this_machine_only(environment: Mapping[str, str]) -> bool:
    reach = environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE', '').upper()
    return reach == 'LOCALHOST' or environment.get('ROS_LOCALHOST_ONLY') == '1'
