# SPDX-License-Identifier: Apache-2.0
"""A survey order for cells that are in somebody's hands already: without them, or not at all.

While the supervisor was out of reach the robots may have taken over a lost peer's part. An order
that gives the same cells away once more was decided without that news: what a peer took over is
the peer's, what this robot took over it surveys already.
"""

import numpy as np

from swarm_agent.planner.core.ground import Ground
from swarm_agent.planner.core.orders import Order, Task
from swarm_agent.planner.core.skills.survey import region_mask
from swarm_agent.planner.core.turn import Turn
from swarm_config.maps import Mask
from swarm_vault.replacing import replace


def trimmed(turn: Turn, order: Order) -> tuple[Order, str]:
    """The order without cells that were taken over, and why it is refused if nothing is left."""
    if order.task is not Task.SURVEY or order.local or order.region is None:
        return order, ''
    ground = turn.state.ground
    left, holders = region_mask(order, ground), []
    for agent_id, cells in _taken(turn, order):
        if (left & cells).any():
            holders.append(f'{agent_id} {int((left & cells).sum())}')
            left = left & ~cells
    if not holders:
        return order, ''
    said = f'of its cells were taken over before: {", ".join(holders)}'
    if not left.any():
        return order, f'all {said}'
    turn.note('survey.trimmed', f'some {said}', order_id=order.order_id)
    region = replace(order.region, bits=np.packbits(left).tobytes())
    return replace(order, region=region), ''


def _taken(turn: Turn, order: Order) -> list[tuple[str, Mask]]:
    """Who took over which cells in the mission of this order, this robot first."""
    ground = turn.state.ground
    own = [
        (turn.params.agent_id, _own(job.order, ground))
        for job in turn.state.jobs
        if job.order.mission_id == order.mission_id and job.order.crew
    ]
    peers = [
        (taken.agent_id, cells_of(taken.bits, ground))
        for taken in turn.inputs.taken
        if taken.mission_id == order.mission_id
    ]
    return own + peers


def _own(order: Order, ground: Ground) -> Mask:
    """What this robot surveys beyond the part that it was given."""
    given = next((part.bits for part in order.crew if part.agent_id == order.agent_id), b'')
    return region_mask(order, ground) & ~cells_of(given, ground)


def cells_of(packed: bytes, ground: Ground) -> Mask:
    """A packed mask of the survey grid; nothing where it has another size."""
    shape = ground.survey_floor.shape
    size = ground.survey_floor.size
    if len(packed) != -(-size // 8):
        return np.zeros(shape, dtype=bool)
    flat = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=size)
    return flat.reshape(shape).astype(bool)
