# SPDX-License-Identifier: Apache-2.0
"""Sensor messages to points in the base frame. What cannot be read is a flaw, never an error."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm_reflex.messages import Arrival
from swarm_reflex.monitor.core.types import Observation
from swarm_reflex.monitor.frames import Matrix
from swarm_reflex.monitor.parameters import SourceWiring

Cloud = NDArray[np.float64]
"""Points [m], shape (points, 3)."""

_MAX_POINTS = 1_000_000
_MAX_RANGE_POINTS = 10_000
_FARTHEST_M = 1e5
_FLOAT32 = 7
_FLOAT64 = 8
_NO_POINTS: Cloud = np.empty((0, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a message holds."""

    points: Cloud
    """Obstacles in the frame of the message [m], shape (points, 3)."""
    usable: int = 0
    """Measurements that say something, be it 'nothing there'."""
    flaw: str = ''
    heights: NDArray[np.float64] | None = None
    """Heights over the ground from the message itself [m], shape (points,)."""


def bad(flaw: str) -> Reading:
    """A message that shows nothing usable."""
    return Reading(points=_NO_POINTS, flaw=flaw)


def observe(
    message: Any, wiring: SourceWiring, frame: Matrix | None, arrival: Arrival
) -> Observation:
    """An observation of any source; `frame` takes its points into the base frame."""
    # Absurd numbers overflow to inf or NaN, which are left out below.
    with np.errstate(all='ignore'):
        reading = READERS[wiring.kind](message, wiring)
    flaw = reading.flaw or ('' if frame is not None else 'no transform to the base')
    if not flaw and reading.usable < wiring.min_returns:
        flaw = 'nothing usable'
    points = _NO_POINTS
    if not flaw and frame is not None and reading.points.size:
        points = _in_base(reading, frame, wiring)
    return Observation(
        source=wiring.name,
        points=np.ascontiguousarray(points, dtype='<f4').tobytes(),
        arrival_ns=arrival.ns,
        stamp_age_s=arrival.stamp_age_s(message.header.stamp),
        flaw=flaw,
    )


def _in_base(reading: Reading, frame: Matrix, wiring: SourceWiring) -> Cloud:
    """The points of a reading in the base frame, near enough to be computed with."""
    near = (np.abs(reading.points) <= _FARTHEST_M).all(axis=1)
    points = reading.points[near] @ frame[:3, :3].T + frame[:3, 3]
    if wiring.kind != 'pointcloud':
        return points
    heights = points[:, 2] if reading.heights is None else reading.heights[near]
    return points[(heights >= wiring.min_height_m) & (heights <= wiring.max_height_m)]


def read_scan(message: Any, _: SourceWiring) -> Reading:
    """Rays within the range are points; beyond it, +inf included, is nothing there."""
    ranges = np.asarray(message.ranges, dtype=np.float64)
    lowest, highest = message.range_min, message.range_max
    if ranges.size == 0 or not (math.isfinite(lowest) and lowest < highest):
        return bad('no rays')
    if not math.isfinite(message.angle_min) or not math.isfinite(message.angle_increment):
        return bad('no angles')
    angles = message.angle_min + message.angle_increment * np.arange(ranges.size)
    with np.errstate(invalid='ignore'):
        within = (ranges >= lowest) & (ranges <= highest) & np.isfinite(ranges)
    return Reading(points=_polar(ranges[within], angles[within]), usable=int(within.sum()))


def read_range(message: Any, wiring: SourceWiring) -> Reading:
    """An arc of points at the measured range; +inf or beyond is nothing there, -inf is close."""
    distance, lowest, highest = message.range, message.min_range, message.max_range
    fov = message.field_of_view
    if not (0.0 < fov <= 2.0 * math.pi and 0.0 <= lowest < highest < math.inf):
        return bad('impossible range limits')
    if math.isnan(distance) or (math.isfinite(distance) and distance < lowest):
        return bad('no measurement')
    if distance > highest:
        return Reading(points=_NO_POINTS, usable=1)
    steps = min(_MAX_RANGE_POINTS - 1, max(1, math.ceil(fov / wiring.obstacles_angle_rad)))
    angles = np.linspace(-0.5 * fov, 0.5 * fov, steps + 1)
    return Reading(points=_polar(np.full(angles.size, max(distance, lowest)), angles), usable=1)


def read_cloud(message: Any, wiring: SourceWiring) -> Reading:
    """The x, y, z of a PointCloud2, and its 'height' where that is asked for."""
    fields = {item.name: item for item in message.fields}
    wanted = ('x', 'y', 'z', 'height') if wiring.use_global_height else ('x', 'y', 'z')
    missing = [name for name in wanted if name not in fields]
    if missing:
        return bad(f'no field {missing[0]}')
    columns = [_column(message, fields[name]) for name in wanted]
    if any(column is None for column in columns):
        return bad('fields that do not fit its data')
    rows = np.column_stack([column for column in columns if column is not None])
    rows = rows[np.isfinite(rows).all(axis=1)]
    far = (rows[:, :3] ** 2).sum(axis=1) >= wiring.min_range_m**2
    rows = rows[far]
    heights = rows[:, 3] if wiring.use_global_height else None
    return Reading(points=rows[:, :3], usable=len(rows), heights=heights)


def _column(message: Any, field: Any) -> NDArray[np.float64] | None:
    """One field of all points; None if the message lies about its layout."""
    order = '>' if message.is_bigendian else '<'
    kind = {_FLOAT32: f'{order}f4', _FLOAT64: f'{order}f8'}.get(field.datatype)
    count, step = message.width * message.height, message.point_step
    if kind is None or count > _MAX_POINTS:
        return None
    size = int(kind[-1])
    row_step = message.row_step or message.width * step
    data = bytes(message.data)
    fits = field.offset + size <= step and message.width * step <= row_step
    if not fits or len(data) < row_step * message.height:
        return None
    if count == 0:
        return np.empty(0)
    column = np.ndarray(
        (message.height, message.width), kind, data, field.offset, (row_step, step)
    )
    return column.ravel().astype(np.float64)


def read_polygon(message: Any, wiring: SourceWiring) -> Reading:
    """The outline of a PolygonInstanceStamped, sampled."""
    corners = [(p.x, p.y) for p in message.polygon.polygon.points]
    if len(corners) < 3 or not all(math.isfinite(v) for corner in corners for v in corner):
        return bad('no polygon')
    edges = []
    for i, end in enumerate(corners):
        start = corners[i - 1]
        length = math.dist(start, end)
        if length / wiring.sampling_distance_m > _MAX_RANGE_POINTS:
            return bad('an edge without end')
        pieces = max(1, math.ceil(length / wiring.sampling_distance_m))
        edges.append(np.linspace(start, end, pieces + 1))
    flat = np.concatenate(edges)
    return Reading(points=np.column_stack((flat, np.zeros(len(flat)))), usable=1)


def read_costmap(message: Any, wiring: SourceWiring) -> Reading:
    """Cell centres of a nav2_msgs/Costmap (0 to 255) or an OccupancyGrid (-1 to 100)."""
    is_costmap = hasattr(message, 'metadata')
    info = message.metadata if is_costmap else message.info
    width, height = (info.size_x, info.size_y) if is_costmap else (info.width, info.height)
    if width * height == 0 or width * height > _MAX_POINTS or width * height != len(message.data):
        return bad('cells that do not fit its size')
    if not (info.resolution > 0.0 and math.isfinite(info.resolution)):
        return bad('no resolution')
    costs = np.asarray(message.data, dtype=np.int64).reshape(height, width)
    if not is_costmap:
        # OccupancyGrid: 0 to 100 is Nav2's 0 to 254, -1 is its 255.
        costs = np.where(costs < 0, 255, costs * 254 // 100)
    blocked = (costs >= wiring.cost_threshold) & (costs < 255)
    if wiring.treat_unknown_as_obstacle:
        blocked |= costs == 255
    rows, columns = np.nonzero(blocked)
    x = info.origin.position.x + (columns + 0.5) * info.resolution
    y = info.origin.position.y + (rows + 0.5) * info.resolution
    if not (math.isfinite(info.origin.position.x) and math.isfinite(info.origin.position.y)):
        return bad('no origin')
    return Reading(points=np.column_stack((x, y, np.zeros(x.size))), usable=costs.size)


def _polar(ranges: NDArray[np.float64], angles: NDArray[np.float64]) -> Cloud:
    flat = np.zeros(ranges.size)
    return np.column_stack((ranges * np.cos(angles), ranges * np.sin(angles), flat))


READERS = {
    'scan': read_scan,
    'range': read_range,
    'pointcloud': read_cloud,
    'polygon': read_polygon,
    'costmap': read_costmap,
}
