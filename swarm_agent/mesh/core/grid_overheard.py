# SPDX-License-Identifier: Apache-2.0
"""The cells around a robot, as far as the others have told where they stand."""

from collections.abc import Mapping, Sequence

from swarm_agent.mesh.core.grid_claims import Heard
from swarm_agent.mesh.core.grid_types import GridPeer

NOBODY: Mapping[int, int] = {}


def still_true(heard: Heard, heard_at: Mapping[int, int], since: int) -> Heard:
    """What was heard, without wishes not heard again since: who has one says so every step.

    Else whose last words were lost would bar cells for ever that it has long left behind.

    Args:
        heard: The newest state of each peer.
        heard_at: When each was heard last, that state or an older one.
        since: The time from which on words count.
    """
    return {
        agent: told
        for agent, told in heard.items()
        if told.want is None or heard_at[agent] >= since
    }


class Overheard:
    """What a robot without a common clock knows of a step: nobody has chosen, nothing is taken."""

    __slots__ = ('_by_cell', '_tables')

    def __init__(self, heard: Heard, tables: Mapping[int, Sequence[int]]) -> None:
        self._by_cell = {told.cell: told for told in heard.values()}
        self._tables = tables

    def occupant(self, cell: int) -> GridPeer | None:
        """Who stands there, as far as heard."""
        told = self._by_cell.get(cell)
        return None if told is None else told.as_peer()

    def table(self, goal: int) -> Sequence[int]:
        """Distances to a goal; the map is common knowledge."""
        return self._tables[goal]

    def taken(self, cell: int) -> bool:
        """Nothing is: claims settle that."""
        del cell
        return False

    def chosen(self, agent: int) -> int | None:
        """Nobody has: there are no steps."""
        return NOBODY.get(agent)
