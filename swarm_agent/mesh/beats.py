# SPDX-License-Identifier: Apache-2.0
"""When a robot tells all that it decides.

Each at a period of its own: robots that are started together, or that see the same token go, would
else all speak at the same instant for ever, and what is urgent would wait behind them.
"""

from zlib import crc32

BEAT_S = 3.0
"""The longest time between two beats [s]."""
SPREAD_S = 1.0
"""By so much the periods of robots differ; and so soon all have told it to who comes [s]."""


class Beats:
    """The beats of one robot."""

    def __init__(self, agent_id: str) -> None:
        """The first is due at once."""
        self._own_ns = int(crc32(agent_id.encode()) / 2**32 * SPREAD_S * 1e9)
        self._due_ns = 0

    def due(self, now_ns: int) -> bool:
        """Whether one is due now; the next is due a period later."""
        if now_ns < self._due_ns:
            return False
        self._due_ns = now_ns + int((BEAT_S - SPREAD_S) * 1e9) + self._own_ns
        return True

    def soon(self, now_ns: int) -> None:
        """Somebody has come or gone: the next is due within SPREAD_S."""
        self._due_ns = min(self._due_ns, now_ns + self._own_ns)
