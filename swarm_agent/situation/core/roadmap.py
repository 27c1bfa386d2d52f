# SPDX-License-Identifier: Apache-2.0
"""The graph of the planning grid's passable cells, made once; only its costs change afterwards."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from swarm_agent.situation.core.arrays import Floats, Floats32, Ints32, Mask
from swarm_agent.situation.core.grid import PlanGrid
from swarm_config.floor import travel_graph

ROUNDING_M = 1e-4
CLOSE_M = 0.2
"""Things nearer to the body make the reflexes slow down a robot that strays a little [m]."""
CLOSE_COST = 2.0
"""What floor costs more where nothing is left of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roadmap:
    """Eight neighbours a cell, no corner cut."""

    node_of: Ints32
    """Node of each cell, -1 where none can be, flat."""
    cell_of: Ints32
    """Flat cell index of each node."""
    area_of: Ints32
    """Number of the connected area in which a node lies by the map alone."""
    row_start: Ints32
    """First edge of each node, shape (nodes + 1,)."""
    target: Ints32
    """End node of each edge."""
    length_m: Floats
    """Length of each edge."""
    beside: tuple[Ints32, Ints32, Ints32]
    """Start of each edge, and for a diagonal the two nodes it passes between, else its ends."""


def make_roadmap(grid: PlanGrid, min_clearance_m: float) -> Roadmap:
    """Build the graph over the cells that leave the body some room."""
    mask = (grid.clearance_m >= min_clearance_m - ROUNDING_M).reshape(grid.rows, grid.cols)
    graph, index = travel_graph(mask, grid.cell_m)
    graph = _without_cut_corners(graph, mask, grid)
    _, areas = csgraph.connected_components(graph, directed=False)
    cells = np.flatnonzero(mask).astype(np.int32)
    start = np.repeat(np.arange(cells.size, dtype=np.int32), np.diff(graph.indptr))
    target = graph.indices.astype(np.int32)
    node_of = index.ravel().astype(np.int32)
    one, two = _corners(cells[start], cells[target], grid.cols)
    return Roadmap(
        node_of=node_of,
        cell_of=cells,
        area_of=areas.astype(np.int32),
        row_start=graph.indptr.astype(np.int32),
        target=target,
        length_m=graph.data.astype(np.float64),
        beside=(start, node_of[one], node_of[two]),
    )


def _corners(a: Ints32, b: Ints32, cols: int) -> tuple[Ints32, Ints32]:
    """The two cells that touch both ends of a diagonal; the ends of a straight edge."""
    return (a // cols) * cols + b % cols, (b // cols) * cols + a % cols


def _without_cut_corners(
    graph: sparse.csr_array,
    mask: Mask,
    grid: PlanGrid,
) -> sparse.csr_array:
    cells = np.flatnonzero(mask).astype(np.int32)
    edges = graph.tocoo()
    one, two = _corners(cells[edges.row], cells[edges.col], grid.cols)
    free = mask.ravel()
    kept = free[one] & free[two]
    thinned = sparse.csr_array(
        (edges.data[kept], (edges.row[kept], edges.col[kept])), shape=graph.shape
    )
    thinned.sort_indices()
    return thinned


def weighted(roadmap: Roadmap, cost: Floats) -> sparse.csr_array:
    """The graph with each edge's length times the mean cost of the nodes it touches, inf = closed.

    Args:
        roadmap: The graph.
        cost: Factor per node, at least 1, shape (nodes,).
    """
    start, one, two = roadmap.beside
    mean = (cost[start] + cost[roadmap.target] + cost[one] + cost[two]) * 0.25
    size = roadmap.cell_of.size
    return sparse.csr_array(
        (roadmap.length_m * mean, roadmap.target, roadmap.row_start), shape=(size, size)
    )


def clearance_cost(
    clearance_m: Floats32, radius_m: float, margins_m: tuple[float, float, float, float]
) -> Floats:
    """Cost factor of floor by the free space beside the body.

    Args:
        clearance_m: Free way from the centre [m].
        radius_m: The body's.
        margins_m: Where floor is closed, tight, good and wide [m], rising.
    """
    closed, tight, good, wide = margins_m
    margin = clearance_m.astype(np.float64) - (radius_m - ROUNDING_M)
    lack = np.maximum(wide - margin, 0.0) / wide
    close = np.maximum(CLOSE_M - margin, 0.0) / CLOSE_M
    cost = 1.0 + lack * lack + CLOSE_COST * close * close
    cost[margin < good] = 10.0
    cost[margin < tight] = 20.0
    cost[margin < closed] = np.inf
    return cost
