# SPDX-License-Identifier: Apache-2.0
"""Make regions whole: a small island goes to the neighbour that it shares most border with."""

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from swarm_config.maps import Mask
from swarm_supervisor.core.ground import HALF_NEIGHBOURS, Ground, Ints

PASSES = 4
SPECK = 8
"""An island of so few cells is small whatever the region's size."""


def neighbours(index: Ints, ground: Ground, nodes: Ints) -> tuple[Ints, Ints]:
    """Pairs of cells that touch and between which one can go.

    Args:
        index: Number of each survey cell, -1 for the others, shape of the survey grid.
        ground: Where one can go.
        nodes: Node of each numbered cell, -1 for none.
    """
    pairs = [_steps(index, step) for step in HALF_NEIGHBOURS]
    a = np.concatenate([pair[0] for pair in pairs])
    b = np.concatenate([pair[1] for pair in pairs])
    node_a, node_b = nodes[a], nodes[b]
    known = (node_a >= 0) & (node_b >= 0)
    a, b, node_a, node_b = a[known], b[known], node_a[known], node_b[known]
    if not a.size:  # scipy answers an empty question with a sparse array
        return a, b
    edge = np.asarray(ground.graph[node_a, node_b]).reshape(-1)
    joined = (node_a == node_b) | (edge > 0.0)
    return a[joined], b[joined]


def _steps(index: Ints, step: tuple[int, int]) -> tuple[Ints, Ints]:
    rows, cols = step
    last = index.shape[1]
    here = index[: index.shape[0] - rows, max(0, -cols) : last - max(0, cols)]
    there = index[rows:, max(0, cols) : last + min(0, cols)]
    both = (here >= 0) & (there >= 0)
    return here[both], there[both]


def absorb(owner: Ints, pairs: tuple[Ints, Ints], allowed: Mask, share: float) -> Ints:
    """Give small islands away.

    Args:
        owner: Number of the robot of each cell, shape (cells,).
        pairs: Neighbouring cells.
        allowed: Whether a robot can reach a cell, shape (robots, cells).
        share: Islands up to this share of their region are small.
    """
    for _ in range(PASSES):
        changed = _absorb_once(owner, pairs, allowed, share)
        if np.array_equal(changed, owner):
            break
        owner = changed
    return owner


def _absorb_once(owner: Ints, pairs: tuple[Ints, Ints], allowed: Mask, share: float) -> Ints:
    part = parts_of(owner, pairs)
    sizes = np.bincount(part)
    region = np.bincount(owner, minlength=allowed.shape[0])
    owner_of_part = np.zeros(sizes.size, dtype=np.int64)
    owner_of_part[part] = owner
    result = owner.copy()
    for number in np.argsort(sizes, kind='stable')[:-1]:
        whole = region[owner_of_part[number]]
        if sizes[number] < whole and sizes[number] <= max(SPECK, share * whole):
            heir = _heir(int(number), part, owner_of_part, pairs, allowed)
            result[part == number] = heir if heir >= 0 else owner_of_part[number]
    return result


def parts_of(owner: Ints, pairs: tuple[Ints, Ints]) -> Ints:
    """Number the connected parts of all regions, shape (cells,)."""
    a, b = pairs
    same = owner[a] == owner[b]
    size = owner.size
    ones = np.ones(int(same.sum()), dtype=bool)
    graph = sparse.csr_array((ones, (a[same], b[same])), shape=(size, size))
    return csgraph.connected_components(graph, directed=False)[1].astype(np.int64)


def _heir(
    number: int, part: Ints, owner_of_part: Ints, pairs: tuple[Ints, Ints], allowed: Mask
) -> int:
    """The robot with the longest border to an island, -1 if none can take it."""
    a, b = pairs
    outward = np.concatenate([part[b[part[a] == number]], part[a[part[b] == number]]])
    owners = owner_of_part[outward[outward != number]]
    border = np.bincount(owners, minlength=allowed.shape[0])
    able = allowed[:, part == number].all(axis=1)
    border = np.where(able, border, 0)
    border[owner_of_part[number]] = 0
    return int(np.argmax(border)) if border.max(initial=0) > 0 else -1
