# SPDX-License-Identifier: Apache-2.0
"""The blackboard: each author owns its text in each section of a mission, the newest counts.

So robots that heard the same texts, in whatever order and how often, hold the same board.
"""

from swarm_agent.mesh.core.joint.types import Entry, JointParams

Board = tuple[Entry, ...]
"""By mission, section and author; one entry each."""


def place_of(entry: Entry) -> tuple[str, str, str]:
    """Where an entry stands."""
    return entry.mission_id, entry.section, entry.author


def written(board: Board, entry: Entry, params: JointParams) -> Board:
    """The board with an entry; the same object if it is old, or if there is no more room."""
    places = {place_of(one): one for one in board}
    known = places.get(place_of(entry))
    if known is not None and known.revision >= entry.revision:
        return board
    of_author = sum(one.author == entry.author for one in board)
    full = len(board) >= params.most_entries or of_author >= params.most_entries_of_one
    if known is None and full:
        return board
    places[place_of(entry)] = entry
    return tuple(places[key] for key in sorted(places))


def next_revision(board: Board, mission_id: str, section: str, author: str, now_ns: int) -> int:
    """A revision above all that this author has used, also before it was restarted."""
    place = (mission_id, section, author)
    known = [one.revision for one in board if place_of(one) == place]
    return max([now_ns, *(one + 1 for one in known)])
