# SPDX-License-Identifier: Apache-2.0
"""The floor as a graph of blocks, exact in what is connected and small enough to search often.

Two blocks are joined only where two standable map cells touch, and a block that a wall divides
becomes two nodes: no path leaks through a wall that is thinner than a block.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from swarm_config.floor import Field, clearance, coarsen, standable
from swarm_config.maps import GridMap, Mask

Ints = npt.NDArray[np.int64]
EIGHT = np.ones((3, 3), dtype=int)
HALF_NEIGHBOURS = ((0, 1), (1, -1), (1, 0), (1, 1))
SNAP_M = 1.0
"""A robot that stands further from standable floor than this is not on the map [m]."""
WIDTH_REACH_M = 1.0
"""How far around a cell the middle of its room or aisle is sought [m]."""
LEAVING_FACTOR = 40.0
"""What a way over closed floor costs that begins there."""
CORNER_M = 0.2
"""How far beyond its body a robot certainly sees [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where robots of one radius can go."""

    radius_m: float
    graph: sparse.csr_array
    """Lengths between neighbouring nodes [m], symmetric."""
    node_of_map_cell: Ints
    """The node of the nearest standable cell, shape of the map."""
    far_m: Field
    """How far that cell is [m], shape of the map."""
    node_of_survey_cell: Ints
    """The node from which a survey cell is seen, -1 for none, shape of the survey grid."""
    middles: Field
    """Mean row and column of each node's map cells, shape (nodes, 2)."""

    def distances(self, node: int, shut: Mask | None = None) -> Field:
        """Travel distance from a node to all nodes [m], inf where there is no way.

        Args:
            node: Where the ways begin.
            shut: Nodes that they must not pass, shape (nodes,), except to leave them at first;
                distances over these are not true ones, but finite where there is a way.
        """
        graph = self.graph if shut is None else _without(self.graph, shut, node)
        return np.asarray(csgraph.dijkstra(graph, indices=[node])[0], dtype=np.float64)

    def way(
        self, start: int, goal: int, shut: Mask | None = None
    ) -> tuple[float, tuple[int, ...]]:
        """Length of the shortest way between two nodes [m] and the nodes on it.

        Without a way the length is inf and there are no nodes.

        Args:
            start: The first node.
            goal: The last node.
            shut: Nodes that it must not pass, shape (nodes,), except to leave them at first.
        """
        graph = self.graph if shut is None else _without(self.graph, shut, start)
        lengths, before = csgraph.dijkstra(graph, True, [start], True)
        if not np.isfinite(lengths[0, goal]):
            return float('inf'), ()
        nodes = [goal]
        while nodes[-1] != start:
            nodes.append(int(before[0, nodes[-1]]))
        if shut is None or not shut[start]:
            return float(lengths[0, goal]), tuple(reversed(nodes))
        length_m = sum(float(self.graph[a, b]) for a, b in pairwise(nodes))
        return length_m, tuple(reversed(nodes))

    def node_at(self, grid: GridMap, x_m: float, y_m: float) -> int:
        """The node at a point of the map frame, -1 when there is no floor near it."""
        cell = grid.cell_of(x_m, y_m)
        if not grid.contains(*cell) or self.far_m[cell] > SNAP_M:
            return -1
        return int(self.node_of_map_cell[cell])


def _without(graph: sparse.csr_array, shut: Mask, start: int) -> sparse.csr_array:
    """The graph without the edges into nodes that are shut; who begins on one may leave it."""
    edges = graph.tocoo()
    if shut[start]:
        dear = edges.data * np.where(shut[edges.col], LEAVING_FACTOR, 1.0)
        return sparse.csr_array((dear, (edges.row, edges.col)), shape=graph.shape)
    open_ = ~shut[edges.col]
    kept = (edges.data[open_], (edges.row[open_], edges.col[open_]))
    return sparse.csr_array(kept, shape=graph.shape)


def survey_factor(survey_cell_m: float, resolution_m: float) -> int:
    """Map cells along the edge of a survey cell."""
    return max(1, round(survey_cell_m / resolution_m))


def free_floor(grid: GridMap, radius_m: float) -> Mask:
    """Free cells that the body of a robot can cover, whether or not it can get there."""
    far = ndimage.distance_transform_edt(~standable(grid, radius_m))
    return np.asarray(far * grid.resolution_m <= radius_m) & grid.free


def survey_floor(grid: GridMap, radius_m: float, factor: int) -> Mask:
    """The floor on the survey grid."""
    return coarsen(free_floor(grid, radius_m), factor)


def floor_width(grid: GridMap, floor: Mask, factor: int) -> Field:
    """How wide the room or aisle around each survey cell is [m], shape of the survey grid.

    Twice the greatest free distance to a wall within a metre: a robot that drives along an aisle
    sees no more beside it than the aisle.
    """
    cell_m = factor * grid.resolution_m
    reach = 2 * round(WIDTH_REACH_M / cell_m) + 1
    rows, cols = floor.shape
    far_m = clearance(grid)
    padded = np.zeros((rows * factor, cols * factor))
    padded[: far_m.shape[0], : far_m.shape[1]] = far_m[: rows * factor, : cols * factor]
    most = padded.reshape(rows, factor, cols, factor).max(axis=(1, 3))
    return np.asarray(2.0 * ndimage.maximum_filter(most, size=reach))


def looked_into(base: Ground, cells: Ints, reached: Mask, nodes: Ints, look_m: float) -> Ints:
    """Let a robot look from the floor that it reaches into pockets of the floor beside it.

    Args:
        base: The ground of the smallest robots: through its gaps one can look.
        cells: Survey cells, flat numbers.
        reached: Whether the robot reaches each of them.
        nodes: The robot's own node for each of them.
        look_m: How far it looks [m].

    Returns:
        The robot's node for each cell, for a pocket that of the place to look from, else -1.
    """
    below = base.node_of_survey_cell.reshape(-1)[cells]
    result = np.where(reached, nodes, -1)
    gates_of = np.full(base.graph.shape[0], -1, dtype=np.int64)
    through = reached & (below >= 0)
    gates_of[below[through]] = nodes[through]
    gates = np.flatnonzero(gates_of >= 0)
    pocket = ~reached & (below >= 0)
    if gates.size and pocket.any():
        way, _, gate = csgraph.dijkstra(
            base.graph, indices=gates, min_only=True, limit=look_m, return_predecessors=True
        )
        pocket[pocket] = np.isfinite(way[below[pocket]])
        result[pocket] = gates_of[gate[below[pocket]]]
    return result


def build_ground(grid: GridMap, radius_m: float, factor: int) -> Ground:
    """Prepare the floor for robots of one radius [m]; a block is `factor` map cells wide."""
    mask = standable(grid, radius_m)
    nodes = _label_blocks(mask, factor)
    far, nearest = ndimage.distance_transform_edt(~mask, return_indices=True)
    far_m = np.asarray(far, dtype=np.float64) * grid.resolution_m
    if not mask.any():
        far_m = np.full(mask.shape, np.inf)
    node_of_map_cell = nodes[tuple(nearest)]
    free_far_m = np.where(grid.free, far_m, np.inf)
    reach_m = radius_m + CORNER_M
    middles = _middles(nodes, int(nodes.max(initial=-1)) + 1)
    return Ground(
        radius_m=radius_m,
        graph=_join(nodes, middles, grid.resolution_m),
        node_of_map_cell=node_of_map_cell,
        far_m=far_m,
        node_of_survey_cell=_seen_from(free_far_m, node_of_map_cell, factor, reach_m),
        middles=middles,
    )


def _label_blocks(mask: Mask, factor: int) -> Ints:
    """Number the connected parts of each block, -1 outside; an empty seam parts the blocks."""
    blocks = _in_blocks(mask, factor, fill=0)
    rows, _, cols, _ = blocks.shape
    seamed = np.zeros((rows, factor + 1, cols, factor + 1), dtype=bool)
    seamed[:, :factor, :, :factor] = blocks
    labels, _ = ndimage.label(seamed.reshape(rows * (factor + 1), -1), structure=EIGHT)
    inner = labels.reshape(seamed.shape)[:, :factor, :, :factor]
    flat = inner.reshape(rows * factor, cols * factor)[: mask.shape[0], : mask.shape[1]]
    return flat.astype(np.int64) - 1


def _in_blocks(field: npt.NDArray[Any], factor: int, fill: float) -> npt.NDArray[Any]:
    """View a map as blocks, shape (block rows, factor, block cols, factor)."""
    rows, cols = (-(-size // factor) for size in field.shape)
    padded = np.full((rows * factor, cols * factor), fill, dtype=field.dtype)
    padded[: field.shape[0], : field.shape[1]] = field
    return padded.reshape(rows, factor, cols, factor)


def _join(nodes: Ints, middles: Field, resolution_m: float) -> sparse.csr_array:
    """Join nodes that touch; an edge is as long as their middles are apart."""
    size = len(middles)
    pairs = np.unique(np.concatenate([_touching(nodes, step, size) for step in HALF_NEIGHBOURS]))
    a, b = pairs // max(size, 1), pairs % max(size, 1)
    lengths = np.hypot(*(middles[a] - middles[b]).T) * resolution_m
    ends = (np.concatenate([a, b]), np.concatenate([b, a]))
    return sparse.csr_array((np.concatenate([lengths, lengths]), ends), shape=(size, size))


def _touching(nodes: Ints, step: tuple[int, int], size: int) -> Ints:
    """Pairs of different nodes whose cells lie one step apart, smaller first, as a * size + b."""
    rows, cols = step
    last = nodes.shape[1]
    here = nodes[: nodes.shape[0] - rows, max(0, -cols) : last - max(0, cols)]
    there = nodes[rows:, max(0, cols) : last + min(0, cols)]
    joined = (here >= 0) & (there >= 0) & (here != there)
    a, b = here[joined], there[joined]
    return np.unique(np.minimum(a, b) * size + np.maximum(a, b))


def _middles(nodes: Ints, size: int) -> Field:
    """Mean row and column of each node, shape (nodes, 2)."""
    rows, cols = np.nonzero(nodes >= 0)
    owner = nodes[rows, cols]
    count = np.bincount(owner, minlength=size)
    sums = [np.bincount(owner, weights=axis, minlength=size) for axis in (rows, cols)]
    return np.stack(sums, axis=1) / np.maximum(count, 1)[:, None]


def _seen_from(far_m: Field, nodes: Ints, factor: int, reach_m: float) -> Ints:
    """For each survey cell the node nearest to its free part, -1 when none is near enough."""
    far_blocks = _in_blocks(far_m, factor, fill=np.inf).transpose(0, 2, 1, 3)
    node_blocks = _in_blocks(nodes, factor, fill=-1).transpose(0, 2, 1, 3)
    shape = (*far_blocks.shape[:2], factor * factor)
    best = np.argmin(far_blocks.reshape(shape), axis=2)[..., None]
    far = np.take_along_axis(far_blocks.reshape(shape), best, axis=2)[..., 0]
    node = np.take_along_axis(node_blocks.reshape(shape), best, axis=2)[..., 0]
    return np.where(far <= reach_m, node, -1).astype(np.int64)
