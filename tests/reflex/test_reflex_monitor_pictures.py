# SPDX-License-Identifier: Apache-2.0
"""What the monitor shows: zones, all points, and the points that triggered."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not there: no pictures are published')

from visualization_msgs.msg import Marker

from swarm_reflex.monitor.core import CORE, MonitorInputs, MonitorParams
from swarm_reflex.monitor.core.types import (
    ActionType,
    Command,
    Effect,
    Observation,
    Setup,
    ShapeUpdate,
    Source,
    Velocity,
    Zone,
)
from swarm_reflex.monitor.parameters import Wiring, ZoneWiring
from swarm_reflex.monitor.pictures import Pictures, triggering

SQUARE = ((1.0, 1.0), (1.0, -1.0), (-1.0, -1.0), (-1.0, 1.0))
STOP = Zone(name='Stop', effect=Effect.STOP, points=SQUARE, min_points=1)
APPROACH = Zone(name='Approach', effect=Effect.APPROACH, points=SQUARE, min_points=1)
FREE = Zone(name='Free', effect=Effect.STOP)


class Topic:
    """A publisher that somebody listens to, or nobody."""

    def __init__(self, *, watched: bool) -> None:
        self.said: list[Any] = []
        self._watched = watched

    def get_subscription_count(self) -> int:
        return int(self._watched)

    def publish(self, message: Any) -> None:
        self.said.append(message)


def decided(zones: tuple[Zone, ...], clouds: dict[str, Any], **news: Any) -> tuple[Any, Any]:
    """State and outputs after one tick at 0.5 m/s forward."""
    sources = tuple(Source(name=name) for name in clouds)
    setup = Setup(zones=zones, sources=(*sources, Source(name='mute', source_timeout_s=0.0)))
    params = MonitorParams(setup=setup, base_shift_correction=False, escape_speed_mps=0.0)
    seen = tuple(
        Observation(source=name, points=np.array(rows, '<f4').tobytes(), arrival_ns=10**9)
        for name, rows in clouds.items()
    )
    command = Command(velocity=Velocity(vx_mps=0.5), arrival_ns=10**9)
    inputs = MonitorInputs(now_ns=10**9, command=command, observations=seen, **news)
    return CORE.decide(CORE.initial(params), inputs, params)


def shown(state: Any, outputs: Any, *, watched: bool = True, **changes: Any) -> dict[str, Any]:
    """All that is published, by topic."""
    topics: dict[str, Topic] = {}

    def send(_: Any, topic: str, __: Any) -> Topic:
        return topics.setdefault(topic, Topic(watched=watched))

    zones = tuple(ZoneWiring(name=zone.name, pub_topic=zone.name) for zone in state.setup.zones)
    fields: dict[str, Any] = dict.fromkeys(Wiring.__dataclass_fields__, '')
    wiring = Wiring(**fields | {'base_frame': 'base', 'zones': zones, **changes})
    Pictures(wiring, send).show(state, outputs)
    return {name: topic.said for name, topic in topics.items()}


def test_points_that_triggered_a_zone_are_shown_by_source_in_the_color_of_the_action():
    clouds = {'front': [(0.5, 0.0, 0.3), (3.0, 0.0, 0.1)], 'rear': [(-0.9, 0.0, 0.2)], 'far': []}
    said = shown(*decided((STOP,), clouds))
    ((array,),) = (said['~/triggering_points'],)
    clear, *markers = array.markers
    assert clear.action == Marker.DELETEALL
    assert [marker.ns for marker in markers] == ['Stop/front', 'Stop/rear']
    (dot,) = markers[0].points
    assert (dot.x, dot.y, dot.z) == pytest.approx((0.5, 0.0, 0.3))
    color = markers[0].color
    assert (color.r, color.g, color.b, color.a) == (1.0, 0.0, 0.0, 1.0)
    assert markers[0].header.frame_id == 'base'


def test_approach_shows_the_points_that_it_will_meet_first_where_they_are_now():
    state, outputs = decided((APPROACH,), {'scan': [(1.5, 0.0, 0.1), (1.7, 0.2, 0.1)]})
    assert outputs.action is ActionType.APPROACH
    assert triggering(state, outputs)['scan'].T.tolist() == [pytest.approx([1.5, 0.0, 0.1])]


def test_nothing_triggered_is_an_empty_picture():
    said = shown(*decided((STOP, FREE), {'scan': [(3.0, 0.0, 0.1)]}))
    ((array,),) = (said['~/triggering_points'],)
    assert [marker.action for marker in array.markers] == [Marker.DELETEALL]
    assert said['Free'] == [], 'a zone without a shape is not shown'


def test_zone_is_shown_as_its_outline():
    update = ShapeUpdate(zone='Free', radius_m=2.0)
    said = shown(*decided((STOP, FREE), {'scan': [(3.0, 0.0, 0.1)]}, shapes=(update,)))
    assert [(p.x, p.y) for p in said['Stop'][0].polygon.points] == list(SQUARE)
    assert len(said['Free'][0].polygon.points) == 32


@pytest.mark.parametrize(('is_3d', 'height'), [(False, 0.0), (True, 0.3)])
def test_all_points_are_shown_flat_or_at_their_height(height: float, *, is_3d: bool) -> None:
    said = shown(*decided((STOP,), {'scan': [(3.0, 1.0, 0.3)]}), markers_3d=is_3d)
    ((array,),) = (said['~/collision_points_marker'],)
    (marker,) = array.markers
    assert marker.ns == 'collision_points_scan'
    (dot,) = marker.points
    assert (dot.x, dot.y, dot.z) == pytest.approx((3.0, 1.0, height))


def test_nothing_is_published_while_nobody_looks():
    said = shown(*decided((STOP,), {'scan': [(0.5, 0.0, 0.1)]}), watched=False)
    assert set(map(len, said.values())) == {0}
