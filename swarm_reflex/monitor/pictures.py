# SPDX-License-Identifier: Apache-2.0
"""What the monitor shows for those who look: zones, all points, and the points that triggered."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from geometry_msgs.msg import Point, Point32, PolygonStamped
from numpy.typing import NDArray
from visualization_msgs.msg import Marker, MarkerArray

from swarm_reflex.messages import set_stamp
from swarm_reflex.monitor.core.contact import Shape, inside, seen_after
from swarm_reflex.monitor.core.decide import MonitorState
from swarm_reflex.monitor.core.types import ActionType, MonitorOutputs
from swarm_reflex.monitor.parameters import Wiring

Dots = NDArray[np.float64]
"""Points in the base frame [m], shape (3, points)."""
Color = tuple[float, float, float]

_RED: Color = (1.0, 0.0, 0.0)
_COLORS: dict[ActionType, Color] = {
    ActionType.STOP: _RED,
    ActionType.SLOWDOWN: (1.0, 1.0, 0.0),
    ActionType.APPROACH: (0.0, 0.5, 1.0),
    ActionType.LIMIT: (1.0, 0.5, 0.0),
}
_WIDTH_M = 0.05
_HAIR_M = 1e-5
"""At the moment of contact a point lies on the outline: so much outside still belongs to it."""


class Pictures:
    """The publishers of pictures. They cost next to nothing while nobody looks."""

    def __init__(self, wiring: Wiring, send: Callable[[Any, str, Any], Any]) -> None:
        self._frame = wiring.base_frame
        self._is_3d = wiring.markers_3d
        self._points = send(MarkerArray, '~/collision_points_marker', 1)
        self._triggers = send(MarkerArray, '~/triggering_points', 1)
        self._zones = {
            zone.name: send(PolygonStamped, zone.pub_topic, 1)
            for zone in wiring.zones
            if zone.pub_topic
        }

    def show(self, state: MonitorState, outputs: MonitorOutputs) -> None:
        """Publish what someone looks at."""
        for name, publisher in self._zones.items():
            shape = shape_of(state, name) if publisher.get_subscription_count() else None
            if shape is not None:
                publisher.publish(self._polygon(shape))
        if self._points.get_subscription_count():
            self._points.publish(MarkerArray(markers=list(self._all_points(state))))
        if self._triggers.get_subscription_count():
            self._triggers.publish(MarkerArray(markers=list(self._triggering(state, outputs))))

    def _polygon(self, shape: Shape) -> PolygonStamped:
        message = PolygonStamped()
        message.header.frame_id = self._frame
        set_stamp(message, time.time_ns())
        message.polygon.points = [Point32(x=x, y=y, z=0.0) for x, y in shape.outline()]
        return message

    def _all_points(self, state: MonitorState) -> Iterator[Marker]:
        for i, (name, seen) in enumerate(state.seen.items()):
            heights = seen.heights_m if self._is_3d else np.zeros(seen.heights_m.size)
            dots = np.vstack((seen.points, heights))
            yield self._marker(i, f'collision_points_{name}', dots, _RED)

    def _triggering(self, state: MonitorState, outputs: MonitorOutputs) -> Iterator[Marker]:
        yield Marker(action=Marker.DELETEALL)
        color = _COLORS.get(outputs.action, _RED)
        for i, (name, dots) in enumerate(triggering(state, outputs).items()):
            yield self._marker(i, f'{outputs.polygon_name}/{name}', dots, color)

    def _marker(self, number: int, space: str, dots: Dots, color: Color) -> Marker:
        marker = Marker(ns=space, id=number, type=Marker.POINTS)
        marker.header.frame_id = self._frame
        set_stamp(marker, time.time_ns())
        marker.scale.x = marker.scale.y = _WIDTH_M
        marker.color.r, marker.color.g, marker.color.b = color
        marker.color.a = 1.0
        marker.points = [Point(x=x, y=y, z=z) for x, y, z in dots.T.tolist()]
        return marker


def shape_of(state: MonitorState, name: str) -> Shape | None:
    """The shape of a zone as it was used last; None where there is none yet."""
    for zone in state.setup.zones:
        if zone.name == name and (zone.points or zone.radius_m > 0.0):
            return Shape(corners=zone.points, radius_m=zone.radius_m)
    return state.shapes.get(name)


def triggering(state: MonitorState, outputs: MonitorOutputs) -> dict[str, Dots]:
    """The points of each source for which the zone that decided acts: where they are now.

    Of an approach, those that the footprint holds at the moment of contact.
    """
    zone = next((z for z in state.setup.zones if z.name == outputs.polygon_name), None)
    shape = shape_of(state, outputs.polygon_name)
    if zone is None or shape is None or state.command is None:
        return {}
    found = {}
    for name in zone.sources or tuple(source.name for source in state.setup.sources):
        seen = state.seen.get(name)
        if seen is None:
            continue
        there = seen.points
        if outputs.action is ActionType.APPROACH:
            there = seen_after(there, state.command.velocity, outputs.time_to_contact_s)
        hit = inside(there, shape, _HAIR_M)
        if hit.any():
            found[name] = np.vstack((seen.points, seen.heights_m))[:, hit]
    return found
