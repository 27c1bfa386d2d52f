# SPDX-License-Identifier: Apache-2.0
"""Dijkstra's algorithm over a weighted roadmap, in compiled code."""

import math
from typing import Any

from scipy import sparse
from scipy.sparse import csgraph

from swarm_agent.situation.core.arrays import Floats, Ints32


def search(graph: sparse.csr_array, start: int, limit: float = math.inf) -> tuple[Floats, Ints32]:
    """Cost of the best way from a node to every node, and each node's predecessor on it.

    Args:
        graph: Costs of the edges; inf closes one.
        start: Number of the first node.
        limit: What costs more is not looked at; its cost is inf.

    Returns:
        Costs and predecessors, shape (nodes,) each; negative where there is none.
    """
    dijkstra: Any = csgraph.dijkstra
    found = dijkstra(graph, directed=True, indices=start, return_predecessors=True, limit=limit)
    return found[0], found[1]
