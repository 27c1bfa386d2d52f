# SPDX-License-Identifier: Apache-2.0
"""Which way messages take to and from the processes that stop the robot: never shared memory.

Fast DDS passes messages between processes of one machine through queues in shared memory. A
process that is killed or stopped while it holds the lock of such a queue keeps everybody waiting
who sends to the same receiver, for up to a second. Sockets have no such lock.
"""

import os

_VARIABLE = 'FASTDDS_BUILTIN_TRANSPORTS'
"""What Fast DDS reads when a node is made; other middlewares ignore it."""


def use_sockets() -> None:
    """Have the nodes of this process talk over UDP, unless whoever started it chose otherwise."""
    os.environ.setdefault(_VARIABLE, 'UDPv4')
