# SPDX-License-Identifier: Apache-2.0
"""The robot's side of the vertical plane: a gRPC stream to the supervisor, a durable outbox."""

from swarm_agent.uplink.client import Uplink
from swarm_agent.uplink.receive import (
    Down,
    IdentityReceived,
    Order,
    RecallOrder,
    RevocationsReceived,
    StopRequest,
    Token,
)

__all__ = [
    'Down',
    'IdentityReceived',
    'Order',
    'RecallOrder',
    'RevocationsReceived',
    'StopRequest',
    'Token',
    'Uplink',
]
