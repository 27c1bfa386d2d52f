# SPDX-License-Identifier: Apache-2.0
"""Geometry of the floor: where a robot's centre may be, what is reachable, how far it is.

Pure functions over masks of a GridMap, rows from y min upwards.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from swarm_config.maps import GridMap, Mask

Field = npt.NDArray[np.float64]
DIAGONAL = float(np.sqrt(2.0))


def clearance(grid: GridMap) -> Field:
    """Distance between centres from each cell to the nearest that is not free [m].

    Beyond the grid nothing is free.
    """
    padded = np.pad(grid.free, 1, constant_values=False)
    distance = ndimage.distance_transform_edt(padded)[1:-1, 1:-1]
    return np.asarray(distance, dtype=np.float64) * grid.resolution_m


def standable(grid: GridMap, radius_m: float) -> Mask:
    """Cells on which the centre of a round robot of this radius may stand."""
    return clearance(grid) > radius_m


def reachable(mask: Mask, seeds: Sequence[tuple[int, int]]) -> Mask:
    """The part of the mask connected (8 neighbours) with any seed cell that lies in it."""
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3), dtype=int))
    wanted = {int(labels[cell]) for cell in _inside(mask, seeds)}
    return np.isin(labels, sorted(wanted))


def _inside(mask: Mask, seeds: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The seeds that lie in the mask; a negative index would count from the grid's end."""
    rows, cols = mask.shape
    return [(r, c) for r, c in seeds if 0 <= r < rows and 0 <= c < cols and mask[r, c]]


def floor_of(grid: GridMap, radius_m: float, seeds: Sequence[tuple[int, int]]) -> Mask:
    """The reachable free floor: free cells that the body of a robot from a seed can cover."""
    centres = reachable(standable(grid, radius_m), seeds)
    if not centres.any():
        return centres
    far = ndimage.distance_transform_edt(~centres)
    return np.asarray(far * grid.resolution_m <= radius_m) & grid.free


def travel_distance(mask: Mask, seeds: Sequence[tuple[int, int]], resolution_m: float) -> Field:
    """Length of the shortest 8-connected path in the mask from any seed [m], inf where none."""
    graph, index = travel_graph(mask, resolution_m)
    nodes = [int(index[cell]) for cell in _inside(mask, seeds)]
    field = np.full(mask.shape, np.inf)
    if nodes:
        field[mask] = csgraph.dijkstra(graph, indices=nodes, min_only=True)
    return field


def travel_graph(
    mask: Mask, resolution_m: float
) -> tuple[sparse.csr_array, npt.NDArray[np.int64]]:
    """The 8-neighbour graph of the mask's cells and each cell's node number (-1 outside)."""
    index = np.full(mask.shape, -1, dtype=np.int64)
    index[mask] = np.arange(int(mask.sum()))
    starts, ends, lengths = zip(
        *(_edges(index, step, resolution_m) for step in _STEPS), strict=True
    )
    size = int(mask.sum())
    graph = sparse.csr_array(
        (np.concatenate(lengths), (np.concatenate(starts), np.concatenate(ends))),
        shape=(size, size),
    )
    return graph, index


_STEPS = tuple((dr, dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1) if (dr, dc) != (0, 0))


def _edges(
    index: npt.NDArray[np.int64], step: tuple[int, int], resolution_m: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Field]:
    moved = np.full(index.shape, -1, dtype=np.int64)
    source = tuple(slice(max(0, d), None if d >= 0 else d) for d in step)
    target = tuple(slice(max(0, -d), None if d <= 0 else -d) for d in step)
    moved[target] = index[source]
    joined = (index >= 0) & (moved >= 0)
    length = resolution_m * (DIAGONAL if all(step) else 1.0)
    return index[joined], moved[joined], np.full(int(joined.sum()), length)


def coarsen(mask: Mask, factor: int) -> Mask:
    """A mask of blocks of factor x factor cells; a block counts when at least half of it does."""
    rows, cols = (-(-size // factor) for size in mask.shape)
    padded = np.zeros((rows * factor, cols * factor), dtype=bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    return np.asarray(padded.reshape(rows, factor, cols, factor).mean(axis=(1, 3)) >= 0.5)
