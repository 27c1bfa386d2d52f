# SPDX-License-Identifier: Apache-2.0
"""Ports and ROS domains that are free on this machine.

The search begins where the process number says, so that two that search at once do not find the
same and run into each other when they open it.
"""

import os
import socket
from contextlib import ExitStack

from swarm_config.errors import ConfigError

FIRST_PORT, LAST_PORT = 17_450, 32_700
"""Below the ports that Linux gives to outgoing connections (net.ipv4.ip_local_port_range)."""
PARTICIPANTS = 32
"""So many find each other on one machine (rmw_fastrtps), each with two ports."""
FIRST_DOMAIN, LAST_DOMAIN = 11, 99
"""Domains whose ports lie below them, too: 7400 + 250 * domain + 10 (DDSI-RTPS)."""


def free_row(length: int) -> int:
    """The first of so many free TCP ports in a row on 127.0.0.1.

    Raises:
        ConfigError: There are none.
    """
    for base in _from_own(range(FIRST_PORT, LAST_PORT - length, max(10, length + 1))):
        if _are_free(range(base, base + length), socket.SOCK_STREAM):
            return base
    raise ConfigError(f'no {length} free ports in a row on 127.0.0.1; stop other programs')


def free_domain() -> int:
    """A ROS domain in which nobody of this machine is.

    Whoever is left of an earlier run need not be its first participant: all their ports are tried.

    Raises:
        ConfigError: There is none.
    """
    for domain in _from_own(range(FIRST_DOMAIN, LAST_DOMAIN + 1)):
        port = 7400 + 250 * domain + 10
        if _are_free(range(port, port + 2 * PARTICIPANTS), socket.SOCK_DGRAM):
            return domain
    raise ConfigError(
        f'no free ROS domain between {FIRST_DOMAIN} and {LAST_DOMAIN}; stop other ROS programs'
    )


def _from_own(values: range) -> tuple[int, ...]:
    """The values, rotated so that another process begins elsewhere."""
    first = os.getpid() % len(values)
    return (*values[first:], *values[:first])


def _are_free(ports: range, kind: socket.SocketKind) -> bool:
    with ExitStack() as stack:
        try:
            for port in ports:
                stack.enter_context(socket.socket(socket.AF_INET, kind)).bind(('127.0.0.1', port))
        except OSError:
            return False
    return True
