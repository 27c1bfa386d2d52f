# SPDX-License-Identifier: Apache-2.0
"""A survey that several share, as the takeover core sees it: blocks of cells instead of cells.

Peers settle by blocks of a metre who answers for what, as a board of cells would be too fine for
news and too slow to share out. Each block has one owner at first, the robot with most cells in it;
what is surveyed in the end are the cells that the lost robot had in the blocks.
"""

from dataclasses import dataclass

import numpy as np

from swarm_agent.planner.core.ground import Ground, Ints
from swarm_agent.planner.core.orders import Order, Task
from swarm_agent.planner.core.sweep.crew import Params, Part
from swarm_config.maps import Mask

BLOCK = 4
"""Survey cells along the edge of a block."""
REPEAT_NS = 5_000_000_000
SETTLE_NS = 3_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """One robot's place in a shared survey."""

    order: Order
    cells: dict[str, Mask]
    """The survey cells of each robot's part."""
    mission: Mask
    """All of them."""
    params: Params
    """Of the takeover core."""
    origin: tuple[float, float]
    """Where the survey grid begins, map frame [m]."""
    block_m: float

    def block_at(self, x_m: float, y_m: float) -> int:
        """The block at a place of the map frame, row * columns + column."""
        shape = (self.params.rows, self.params.cols)
        return _block(shape, self.origin, self.block_m, (x_m, y_m))


def shared(order: Order, agent_id: str, ground: Ground) -> Shared | None:
    """What an order says of a crew; None where the robot is alone or not among it."""
    names = {part.agent_id for part in order.crew}
    if order.task is not Task.SURVEY or agent_id not in names or len(names) < 2:
        return None
    crew = sorted(order.crew, key=lambda part: part.agent_id)
    given = {part.agent_id: _unpacked(part.bits, ground.survey_floor.shape) for part in crew}
    cells = {name: mask & ground.survey_floor for name, mask in given.items()}
    counts = np.stack([_counted(mask) for mask in given.values()])
    owner, touched = counts.argmax(axis=0), counts.any(axis=0)
    origin = (ground.grid.origin_x_m, ground.grid.origin_y_m)
    block_m = BLOCK * ground.survey_cell_m
    rows, cols = owner.shape
    parts = tuple(
        Part(
            agent_id=part.agent_id,
            bits=np.packbits(touched & (owner == number)).tobytes(),
            cell=_block(owner.shape, origin, block_m, part.start),
        )
        for number, part in enumerate(crew)
    )
    params = Params(
        agent_id=agent_id,
        rows=rows,
        cols=cols,
        free=np.packbits(_counted(ground.survey_floor) > 0).tobytes(),
        parts=parts,
        repeat_ns=REPEAT_NS,
        settle_ns=SETTLE_NS,
        bars=False,
    )
    return Shared(
        order=order,
        cells=cells,
        mission=np.logical_or.reduce(list(cells.values())),
        params=params,
        origin=origin,
        block_m=block_m,
    )


def done_blocks(crew: Shared, seen: bytes) -> bytes:
    """The blocks of which this robot has seen every cell, packed."""
    mask = _unpacked(seen, crew.mission.shape)
    whole = (_counted(crew.mission) > 0) & (_counted(crew.mission & ~mask) == 0)
    return np.packbits(whole).tobytes()


def count(bits: bytes) -> int:
    """How many are set."""
    return int(np.unpackbits(np.frombuffer(bits, dtype=np.uint8)).sum())


def widened(crew: Shared, part: bytes, done: bytes, lost: frozenset[str]) -> bytes:
    """The own survey cells, and of those that were lost what lies in the own blocks, packed.

    Args:
        crew: The shared survey.
        part: Blocks that this robot answers for, packed.
        done: Blocks that are known to be done, packed.
        lost: Who was lost.
    """
    within = _within(crew, part) & ~_within(crew, done)
    cells = crew.cells[crew.params.agent_id].copy()
    for agent_id in lost:
        cells |= crew.cells[agent_id] & within
    return np.packbits(cells).tobytes()


def done_cells(crew: Shared, done: bytes) -> bytes:
    """The cells of the mission that lie in blocks known to be done, packed."""
    return np.packbits(crew.mission & _within(crew, done)).tobytes()


def taken_cells(crew: Shared, part: bytes, lost: frozenset[str]) -> bytes:
    """What a peer says that it took over of those that are lost, packed; empty for nothing.

    Args:
        crew: The shared survey.
        part: Blocks that the peer answers for, packed.
        lost: Who was lost, the peer not among them.
    """
    within = _within(crew, part)
    cells = np.zeros_like(crew.mission)
    for name in lost:
        cells |= crew.cells[name] & within
    return np.packbits(cells).tobytes() if cells.any() else b''


def _within(crew: Shared, blocks: bytes) -> Mask:
    """The cells that lie in blocks."""
    mask = _unpacked(blocks, (crew.params.rows, crew.params.cols))
    rows, cols = crew.mission.shape
    return mask.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)[:rows, :cols]


def _counted(mask: Mask) -> Ints:
    """How many cells of each block are set."""
    rows, cols = (-(-size // BLOCK) for size in mask.shape)
    padded = np.zeros((rows * BLOCK, cols * BLOCK), dtype=np.int64)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    return np.asarray(padded.reshape(rows, BLOCK, cols, BLOCK).sum(axis=(1, 3)))


def _block(
    shape: tuple[int, ...],
    origin: tuple[float, float],
    block_m: float,
    place: tuple[float, float],
) -> int:
    col, row = (int((at - begin) // block_m) for at, begin in zip(place, origin, strict=True))
    row, col = min(max(row, 0), shape[0] - 1), min(max(col, 0), shape[1] - 1)
    return row * shape[1] + col


def _unpacked(bits: bytes, shape: tuple[int, ...]) -> Mask:
    """A packed mask; all unset where it is missing or of another size."""
    size = int(np.prod(shape))
    if len(bits) != -(-size // 8):
        return np.zeros(shape, dtype=bool)
    flat = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=size)
    return flat.reshape(shape).astype(bool)
