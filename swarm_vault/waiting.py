# SPDX-License-Identifier: Apache-2.0
"""The lines of a log that are not written yet, in the blocks that are written and synced at once.

A block stays until it is written, so that what a signal's handler broke off can be gone on with.
"""

from collections import deque
from dataclasses import dataclass

from swarm_vault.lines import Link

COMMIT_LINES = 256
"""So many lines are synced at once, at most."""


@dataclass(slots=True)
class Block:
    """Lines of one day that follow each other."""

    day: int
    """Days since the epoch."""
    end: Link
    """The end of the chain behind them."""
    lines: list[bytes]


class Waiting:
    """What waits, in its order. Not thread-safe.

    Args:
        link: The end of the chain that is written already.
    """

    def __init__(self, link: Link) -> None:
        self.blocks: deque[Block] = deque()
        """Those that are not written to their end."""
        self._filling: Block | None = None
        self.taken = link.seq
        """How many lines of the chain are written or being written."""
        self.bytes_ = 0
        """How much waits."""

    def add(self, line: bytes, end: Link, day: int) -> None:
        """Let a line wait behind the others.

        Args:
            line: What is to be written.
            end: The end of the chain behind it.
            day: When it happened, days since the epoch.
        """
        self.bytes_ += len(line)
        block = self._filling
        if block is None or block.day != day or len(block.lines) == COMMIT_LINES:
            self._filling = Block(day, end, [line])
            self.blocks.append(self._filling)
        else:
            block.lines.append(line)
            block.end = end

    def first(self) -> Block:
        """What is to be written next; it takes no more lines."""
        block = self.blocks[0]
        if block is self._filling:
            self._filling = None
        self.taken = block.end.seq
        return block

    def forget(self, written: Link) -> None:
        """Let go what stands before the end of what was written."""
        while self.blocks and self.blocks[0].end.seq <= written.seq:
            self.bytes_ -= sum(map(len, self.blocks.popleft().lines))
