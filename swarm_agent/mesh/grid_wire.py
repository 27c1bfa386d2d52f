# SPDX-License-Identifier: Apache-2.0
"""Between the discrete core's nouns and protobuf."""

from itertools import pairwise

from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.core.grid_claims import Told
from swarm_agent.mesh.core.grid_map import GridMap
from swarm_agent.mesh.core.grid_types import GridPeer, GridRank

SIGNATURE = bytes(64)
"""An Ed25519 signature is this long; what it says does not matter for counting."""


def hint_bytes(grid: GridMap, cell: int, hint: tuple[int, ...]) -> bytes:
    """One byte a step: 0 stay, 1 up, 2 down, 3 left, 4 right."""
    codes = {0: 0, -grid.width: 1, grid.width: 2, -1: 3, 1: 4}
    return bytes(codes[b - a] for a, b in pairwise((cell, *hint)))


def hint_cells(grid: GridMap, cell: int, hint: bytes) -> tuple[int, ...]:
    """The cells of a hint; it ends where it would leave the map or enter a wall."""
    steps = (0, -grid.width, grid.width, -1, 1)
    cells: list[int] = []
    for code in hint:
        ahead = cell + steps[code] if code < len(steps) else -1
        if ahead != cell and ahead not in grid.neighbours[cell]:
            break
        cells.append(ahead)
        cell = ahead
    return tuple(cells)


def state_of(grid: GridMap, peer: GridPeer, *, want: int | None, step: int) -> mesh_pb2.GridState:
    """What a robot tells in lock-step: where it stands, what it wants and where it then goes."""
    return mesh_pb2.GridState(
        agent=peer.agent,
        sequence=step,
        cell=peer.cell,
        goal=peer.goal,
        rank=rank_of(peer.rank),
        hint=hint_bytes(grid, peer.cell, peer.hint),
        want=0 if want is None else want + 1,
    )


def rank_of(rank: GridRank) -> mesh_pb2.GridRank:
    """A rank for the wire."""
    return mesh_pb2.GridRank(
        urgency=rank.urgency, age=rank.age, length=rank.length, agent=rank.agent
    )


def signed_size(message: mesh_pb2.GridState | mesh_pb2.GridAnswer) -> int:
    """Bytes of a message in its signed envelope."""
    envelope = common_pb2.Signed(
        domain=message.DESCRIPTOR.full_name,
        agent_id=f'robot_{message.agent}',
        sequence=1,
        payload=message.SerializeToString(),
        signature=SIGNATURE,
    )
    return envelope.ByteSize()


def told_message(grid: GridMap, told: Told) -> mesh_pb2.GridState:
    """All that a robot tells where there is no common clock."""
    lets, lets_cell = (0, 0) if told.lets is None else (told.lets[0] + 1, told.lets[1])
    return mesh_pb2.GridState(
        agent=told.agent,
        sequence=told.sequence,
        cell=told.cell,
        goal=told.goal,
        rank=rank_of(told.rank),
        root=None if told.root == told.rank else rank_of(told.root),
        hint=hint_bytes(grid, told.cell, told.hint),
        want=0 if told.want is None else told.want + 1,
        moving=told.moving,
        ticket=told.ticket,
        tried=sorted(told.tried),
        grants=[mesh_pb2.GridTicket(agent=a, ticket=t) for a, t in sorted(told.grants)],
        refusals=[mesh_pb2.GridTicket(agent=a, ticket=t) for a, t in sorted(told.refusals)],
        lets=lets,
        lets_cell=lets_cell,
    )
