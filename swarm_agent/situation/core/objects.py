# SPDX-License-Identifier: Apache-2.0
"""What the scanner sees and the map does not explain, as cells of the planning grid.

A cell counts as an obstacle after hits in several scans, and fades when beams pass through it or
when it has long been out of sight.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from swarm_agent.mesh.core import Peer
from swarm_agent.situation.core.arrays import Counts, Floats, Ints, Ints32, Mask
from swarm_agent.situation.core.grid import PlanGrid, cells_of
from swarm_agent.situation.core.params import Tuning
from swarm_agent.situation.core.scan import Points
from swarm_agent.situation.core.se2 import Point, Pose
from swarm_vault.replacing import replace

MOST_HITS = 8
PASS_BY_M = 0.25
"""A beam must end this far behind a cell to have passed through it [m]."""
DISTRUST_QUALITY = 0.35
"""With fewer explained beams than this share the pose is too doubtful to enter anything."""
Discs = Sequence[tuple[float, float, float]]
"""Centres and radii [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Cells in which something unmapped was hit; parallel arrays, sorted by cell."""

    cell: Ints32
    x: Floats
    """Mean of the points that hit the cell [m]."""
    y: Floats
    hits: Counts
    last_ns: Ints
    solid: Mask
    version: int = 0
    """Rises when the set of solid cells changes."""


def no_objects() -> Layer:
    """The layer before the first scan."""
    return Layer(
        cell=np.empty(0, np.int32),
        x=np.empty(0),
        y=np.empty(0),
        hits=np.empty(0, np.int16),
        last_ns=np.empty(0, np.int64),
        solid=np.empty(0, np.bool_),
    )


def peer_discs(
    peers: Sequence[Peer], now_ns: int, tuning: Tuning
) -> list[tuple[float, float, float]]:
    """Where end points belong to peers: their bodies, moved on by their speed since last heard."""
    discs = []
    for peer in peers:
        silent_s = (now_ns - peer.heard_ns) * 1e-9
        if silent_s <= tuning.peer_silence_s:
            ahead = peer.speed_mps * min(silent_s, 0.5)
            x = peer.pose[0] + ahead * math.cos(peer.pose[2])
            y = peer.pose[1] + ahead * math.sin(peer.pose[2])
            discs.append((x, y, peer.radius_m + tuning.peer_margin_m))
    return discs


def observe(
    layer: Layer,
    grid: PlanGrid,
    points: Points,
    pose: Pose,
    bodies: Discs,
    now_ns: int,
    tuning: Tuning,
) -> Layer:
    """Enter one scan.

    Args:
        layer: What was known.
        grid: The planning grid.
        points: The scan, base_link.
        pose: Of the robot at the scan, map frame.
        bodies: Peers' bodies; what ends in them is not an object.
        now_ns: Steady clock [ns].
        tuning: Range, gap, hits and time to live.
    """
    x, y = _unexplained(grid, points, pose, bodies, tuning.object_range_m)
    if layer.cell.size == 0 and x.size == 0:
        return layer
    faded = _fade(layer, points, pose, bodies, now_ns, tuning)
    return _settle(layer, _enter(faded, grid, x, y, now_ns), tuning.object_hits)


def _unexplained(
    grid: PlanGrid, points: Points, pose: Pose, bodies: Discs, range_m: float
) -> tuple[Floats, Floats]:
    """End points, map frame, that neither map nor peers explain."""
    cos, sin = math.cos(pose[2]), math.sin(pose[2])
    x = cos * points.x - sin * points.y + pose[0]
    y = sin * points.x + cos * points.y + pose[1]
    col = (
        ((x - grid.origin_x_m) * grid.fine_per_m + 1.0)
        .clip(0, grid.fine_cols - 1)
        .astype(np.int32)
    )
    row = (
        ((y - grid.origin_y_m) * grid.fine_per_m + 1.0)
        .clip(0, grid.fine_rows - 1)
        .astype(np.int32)
    )
    kept = np.flatnonzero(~grid.explained[row * grid.fine_cols + col] & (points.reach <= range_m))
    x, y = x[kept], y[kept]
    for bx, by, radius in bodies if x.size else ():
        away = (x - bx) ** 2 + (y - by) ** 2 > radius * radius
        x, y = x[away], y[away]
    return x, y


def _fade(
    layer: Layer, points: Points, pose: Pose, bodies: Discs, now_ns: int, tuning: Tuning
) -> Layer:
    """Take a hit from every cell that a beam passed through; forget old ones and peers' bodies."""
    if layer.cell.size == 0:
        return layer
    dx, dy = layer.x - pose[0], layer.y - pose[1]
    away = np.sqrt(dx * dx + dy * dy)
    turn = (np.arctan2(dy, dx) - pose[2] + math.pi) * (points.ranges.size / math.tau)
    beam = np.round(turn).astype(np.int64)
    size = points.ranges.size
    reach = np.minimum(points.ranges[beam % size], points.ranges[(beam + 1) % size])
    reach = np.minimum(reach, points.ranges[(beam - 1) % size])
    passed = (reach > away + PASS_BY_M) & (away <= tuning.object_range_m)
    hits = np.where(passed, layer.hits - 1, layer.hits).astype(np.int16)
    kept = (hits > 0) & (now_ns - layer.last_ns <= tuning.object_ttl_s * 1e9)
    for bx, by, radius in bodies:
        kept &= (layer.x - bx) ** 2 + (layer.y - by) ** 2 > radius * radius
    return _take(replace(layer, hits=hits), kept)


def kept_of(layer: Layer, kept: Mask, needed: int) -> Layer:
    """The layer with some of its cells only.

    Args:
        layer: What was known.
        kept: Which cells stay, shape (cells,).
        needed: Hits that make a cell an obstacle.
    """
    return layer if bool(kept.all()) else _settle(layer, _take(layer, kept), needed)


def _take(layer: Layer, kept: Mask) -> Layer:
    if bool(kept.all()):
        return layer
    return replace(
        layer,
        cell=layer.cell[kept],
        x=layer.x[kept],
        y=layer.y[kept],
        hits=layer.hits[kept],
        last_ns=layer.last_ns[kept],
        solid=layer.solid[kept],
    )


def _enter(layer: Layer, grid: PlanGrid, x: Floats, y: Floats, now_ns: int) -> Layer:
    """Add a hit to every cell in which at least one end point lies."""
    if x.size == 0:
        return layer
    cells, first = np.unique(cells_of(grid, x, y), return_index=True)
    at = np.searchsorted(layer.cell, cells)
    known = np.zeros(cells.size, np.bool_)
    inside = at < layer.cell.size
    known[inside] = layer.cell[at[inside]] == cells[inside]
    hits, last_ns = layer.hits.copy(), layer.last_ns.copy()
    hits[at[known]] = np.minimum(hits[at[known]] + 1, MOST_HITS)
    last_ns[at[known]] = now_ns
    new, where = cells[~known], at[~known]
    if new.size == 0:
        return replace(layer, hits=hits, last_ns=last_ns)
    return replace(
        layer,
        cell=np.insert(layer.cell, where, new),
        x=np.insert(layer.x, where, x[first[~known]]),
        y=np.insert(layer.y, where, y[first[~known]]),
        hits=np.insert(hits, where, np.int16(1)),
        last_ns=np.insert(last_ns, where, now_ns),
        solid=np.insert(layer.solid, where, False),
    )


def _settle(before: Layer, after: Layer, needed: int) -> Layer:
    """Cells with enough hits become solid, and stay so until they have faded."""
    solid = after.solid | (after.hits >= needed)
    was, now = before.cell[before.solid], after.cell[solid]
    same = was.size == now.size and bool((was == now).all())
    return replace(after, solid=solid, version=before.version + (0 if same else 1))


def solid_points(layer: Layer) -> tuple[Floats, Floats]:
    """Where the obstacles are [m], shape (solid,) each."""
    return layer.x[layer.solid], layer.y[layer.solid]


def nearest_m(points: tuple[Floats, Floats], place: Point) -> float:
    """Distance of the nearest obstacle from a place [m], inf without any."""
    if points[0].size == 0:
        return math.inf
    return float(np.sqrt((points[0] - place[0]) ** 2 + (points[1] - place[1]) ** 2).min())
