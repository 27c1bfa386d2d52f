# SPDX-License-Identifier: Apache-2.0
"""Split what a lost peer left over between those who are still there."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from swarm_agent.planner.core.ground import Floats, Ints
from swarm_agent.planner.core.sweep.board import Board, connected_parts, steps_to, sub_board
from swarm_agent.planner.core.sweep.cut import lone_track
from swarm_agent.planner.core.sweep.ring import WEAVES, weave_ring
from swarm_agent.planner.core.sweep.search import best_cut

_TRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Heir:
    """A robot that can take something over."""

    agent_id: str
    passes: Ints
    """Cells on its way: where it is, what it still has to sweep, where it ends; not empty."""
    load: float
    """How many steps it still has to go for its own part, until it is home."""


def share_out(board: Board, orphans: Ints, heirs: tuple[Heir, ...]) -> dict[str, Ints]:
    """Give each orphaned cell that somebody reaches to one heir; the last is done early.

    An heir leaves its way where that is nearest to its piece, sweeps it, and comes back to its
    way. Deterministic: who asks the same gets the same, so peers agree without a word.

    Args:
        board: The cells, without those on which lost peers stand.
        orphans: Numbers of the cells that nobody answers for, ascending.
        heirs: Who is there, in any order.

    Returns:
        For each heir its cells in the order of sweeping; empty where it gets nothing.
    """
    crew = sorted(heirs, key=lambda heir: heir.agent_id)
    if not crew or not len(orphans):
        return {heir.agent_id: np.zeros(0, dtype=np.int64) for heir in crew}
    away = np.stack([steps_to(board, heir.passes) for heir in crew])
    load = np.array([heir.load for heir in crew])
    gained: list[list[int]] = [[] for _ in crew]
    for ring in _rings(board, orphans):
        able = np.flatnonzero(np.isfinite(away[:, ring[0]]))
        if len(able):
            pieces, load[able] = _cut(ring, away[able], load[able])
            for number, piece in zip(able, pieces, strict=True):
                gained[number].extend(cell for cell in piece if cell not in gained[number])
    return {
        heir.agent_id: np.array(cells, dtype=np.int64)
        for heir, cells in zip(crew, gained, strict=True)
    }


def _rings(board: Board, orphans: Ints) -> Iterator[Ints]:
    """A closed way over each connected part of the orphans, the largest part first."""
    here = sub_board(board, orphans)
    part = connected_parts(here)
    for label in np.argsort(-np.bincount(part), kind='stable'):
        cells = orphans[part == label]
        yield cells[np.array(weave_ring(sub_board(board, cells), WEAVES[0], turn=0.5))]


def _cut(ring: Ints, away: Floats, load: Floats) -> tuple[list[list[int]], Floats]:
    """Pieces of a ring for heirs, and their loads then."""
    track = lone_track(ring, load[:, None] + away[:, ring], away[:, ring])
    cut = best_cut(track, _TRIES)
    pieces: list[list[int]] = [[] for _ in load]
    after = load.copy()
    taken: set[int] = set()
    for heir, first, last in zip(cut.order, cut.starts, cut.ends, strict=True):
        piece = [cell for cell in track.cells[first : last + 1] if cell not in taken]
        taken.update(piece)
        pieces[heir] = piece
        if piece:
            after[heir] += away[heir, [piece[0], piece[-1]]].sum() + (last - first)
    return pieces, after
