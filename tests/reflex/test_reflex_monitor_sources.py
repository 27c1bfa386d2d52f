# SPDX-License-Identifier: Apache-2.0
"""Nav2's parameter file, the sensor messages and the transforms of the monitor's shell."""

import array
import math
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

pytest.importorskip('rclpy', reason='ROS 2 is not there: nothing of the monitor node is tested')

from geometry_msgs.msg import Point32, PolygonInstanceStamped, PolygonStamped, TransformStamped
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import LaserScan, PointCloud2, PointField, Range
from std_msgs.msg import Float32

from swarm_config.errors import ConfigError
from swarm_reflex.messages import Arrival
from swarm_reflex.monitor.core.types import Effect, Exclusion, MaskPlace, Observation
from swarm_reflex.monitor.frames import Frames
from swarm_reflex.monitor.masks import Masks
from swarm_reflex.monitor.messages import observe
from swarm_reflex.monitor.parameters import SourceWiring, ZoneWiring, read_all
from swarm_reflex.monitor.ports import put_transform, to_shape

FILE = Path(__file__).parent / 'nav2_collision_monitor.yaml'
EYE = np.eye(4)
ARRIVAL = Arrival(10**9, 2 * 10**9, {'received_timestamp': 2 * 10**9})


def flat(tree: dict[str, Any], path: str = '') -> dict[str, Any]:
    """A parameter file's tree as ROS sees it."""
    found = {}
    for key, value in tree.items():
        name = f'{path}{key}'
        found |= flat(value, f'{name}.') if isinstance(value, dict) else {name: value}
    return found


def from_file(**changes: Any) -> dict[str, Any]:
    tree = yaml.safe_load(FILE.read_text(encoding='utf-8'))
    values = flat(tree['collision_monitor']['ros__parameters'])
    values |= {name.replace('__', '.'): value for name, value in changes.items()}
    return {name: value for name, value in values.items() if value is not None}


def read(**changes: Any) -> Any:
    values = from_file(**changes)
    return read_all(values.get)


def test_parameter_file_of_nav2_configures_the_node_unchanged():
    params, wiring = read()
    zones = {zone.name: zone for zone in params.setup.zones}
    assert [zone.effect for zone in params.setup.zones] == [
        Effect.STOP,
        Effect.SLOWDOWN,
        Effect.LIMIT,
        Effect.APPROACH,
        Effect.STOP,
        Effect.STOP,
    ]
    assert zones['PolygonStop'].points[0] == (0.3, 0.3)
    assert zones['PolygonSlow'].slowdown_ratio == 0.3
    assert zones['FootprintApproach'].min_points == 6
    assert [sub.name for sub in zones['VelocityPolygonStop'].sub_polygons] == [
        'rotation',
        'translation_forward',
        'stopped',
    ]
    assert zones['Circle'].radius_m == 0.3
    assert [source.kind for source in wiring.sources] == [
        'scan',
        'pointcloud',
        'range',
        'polygon',
        'costmap',
    ]
    assert params.setup.exclusions[0].name == 'dock'
    assert (wiring.cmd_in, wiring.cmd_out) == ('cmd_vel_smoothed', 'cmd_vel')
    footprint = {zone.name: zone.sub_topic for zone in wiring.zones}['FootprintApproach']
    assert footprint == '/local_costmap/published_footprint'


def test_defaults_are_those_of_nav2():
    minimal = {'polygons': ['S'], 'observation_sources': ['scan'], 'S.type': 'polygon'}
    minimal |= {'S.action_type': 'stop', 'S.points': '[[1,1],[1,-1],[-1,-1],[-1,1]]'}
    params, wiring = read_all(minimal.get)
    zone, source = params.setup.zones[0], params.setup.sources[0]
    assert (zone.min_points, zone.slowdown_ratio, zone.linear_limit_mps) == (4, 0.5, 0.5)
    assert (zone.time_before_collision_s, zone.simulation_time_step_s) == (2.0, 0.1)
    assert (source.source_timeout_s, params.base_shift_correction) == (2.0, True)
    assert (wiring.base_frame, wiring.odom_frame) == ('base_footprint', 'odom')
    assert wiring.sources[0].topic == 'scan'


@pytest.mark.parametrize(
    ('changes', 'named'),
    [
        ({'polygons': None}, 'polygons'),
        ({'observation_sources': None}, 'observation_sources'),
        ({'PolygonStop__type': 'star'}, 'PolygonStop.type'),
        ({'PolygonStop__type': None}, 'PolygonStop.type'),
        ({'PolygonStop__action_type': 'explode'}, 'PolygonStop.action_type'),
        ({'PolygonStop__points': '[[1, 1], [2, 2]]'}, 'PolygonStop.points'),
        ({'PolygonStop__points': 'nonsense'}, 'PolygonStop.points'),
        ({'PolygonStop__points': '[[1, 1], [1, NaN], [2, 2]]'}, 'PolygonStop.points'),
        ({'PolygonStop__points': None}, 'PolygonStop.points'),
        ({'PolygonStop__min_points': 'four'}, 'PolygonStop.min_points'),
        ({'PolygonStop__trigger_consecutive_points': 0}, 'PolygonStop.trigger_consecutive_points'),
        ({'PolygonStop__sources_names': ['radar']}, 'PolygonStop.sources_names'),
        ({'PolygonSlow__slowdown_ratio': 1.5}, 'PolygonSlow.slowdown_ratio'),
        ({'PolygonSlow__slowdown_ratio': -0.1}, 'PolygonSlow.slowdown_ratio'),
        ({'PolygonLimit__linear_limit': math.nan}, 'PolygonLimit.linear_limit'),
        ({'Circle__radius': -1.0}, 'Circle.radius'),
        ({'Circle__radius': None}, 'Circle.radius'),
        ({'FootprintApproach__simulation_time_step': 0.0}, 'simulation_time_step'),
        ({'VelocityPolygonStop__action_type': 'approach'}, 'VelocityPolygonStop.action_type'),
        ({'VelocityPolygonStop__velocity_polygons': None}, 'velocity_polygons'),
        ({'VelocityPolygonStop__stopped__theta_min': None}, 'stopped.theta_min'),
        ({'scan__type': 'lidar'}, 'scan.type'),
        ({'scan__source_timeout': -1.0}, 'scan.source_timeout'),
        ({'sonar__obstacles_angle': 0.0}, 'sonar.obstacles_angle'),
        ({'pointcloud__transport_type': 'draco'}, 'pointcloud.transport_type'),
        ({'dock__radius': 0.0, 'dock__type': 'circle'}, 'dock.radius'),
        ({'dock__points': None}, 'dock.points'),
        ({'dock__frame_hold_timeout': 1.0}, 'dock.frame_hold_timeout'),
        ({'transform_tolerance': '0.1'}, 'transform_tolerance'),
        ({'source_timeout': 2}, 'source_timeout'),
    ],
)
def test_bad_parameter_is_refused_by_its_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named.replace('.', r'\.')):
        read(**changes)


def test_old_max_points_is_one_less_than_min_points():
    assert read(PolygonStop__max_points=3)[0].setup.zones[0].min_points == 4
    assert read(PolygonStop__min_points=0)[0].setup.zones[0].min_points == 1


def wiring(kind: str, **changes: Any) -> SourceWiring:
    return SourceWiring(name='s', kind=kind, topic='s', **changes)


def points_of(observation: Observation) -> list[list[float]]:
    rows = np.frombuffer(observation.points, '<f4').reshape(-1, 3)
    return [[round(float(v), 4) for v in row] for row in rows]


def scan(ranges: list[float], **changes: Any) -> LaserScan:
    fields: dict[str, Any] = {
        'angle_min': 0.0,
        'angle_increment': math.pi / 2,
        'range_min': 0.1,
        'range_max': 10.0,
        **changes,
    }
    message = LaserScan(ranges=array.array('f', ranges), **fields)
    message.header.stamp.sec = 2
    return message


def test_scan_keeps_the_rays_within_its_range():
    seen = observe(scan([1.0, 2.0, math.nan, 11.0]), wiring('scan'), EYE, ARRIVAL)
    assert (points_of(seen), seen.flaw) == ([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]], '')


@pytest.mark.parametrize(
    'message',
    [
        scan([]),
        scan([math.nan] * 4),
        scan([math.inf] * 4),
        scan([0.01] * 4),
        scan([1.0], range_min=math.nan),
        scan([1.0], range_min=5.0, range_max=1.0),
        scan([1.0], angle_increment=math.inf),
    ],
)
def test_scan_that_shows_nothing_usable_is_blind(message: LaserScan) -> None:
    assert observe(message, wiring('scan'), EYE, ARRIVAL).flaw


def test_open_space_is_free_only_where_that_is_configured():
    far = scan([math.inf] * 4)
    assert observe(far, wiring('scan', min_returns=0), EYE, ARRIVAL).flaw == ''


def test_source_without_a_transform_is_blind():
    assert 'no transform' in observe(scan([1.0]), wiring('scan'), None, ARRIVAL).flaw


def sonar(distance: float, **changes: Any) -> Range:
    fields: dict[str, Any] = {
        'field_of_view': math.pi / 2,
        'min_range': 0.1,
        'max_range': 3.0,
        **changes,
    }
    return Range(range=distance, **fields)


def test_range_is_an_arc_of_points():
    seen = observe(sonar(1.0), wiring('range', obstacles_angle_rad=math.pi / 4), EYE, ARRIVAL)
    s = round(math.sqrt(0.5), 4)
    assert points_of(seen) == [[s, -s, 0.0], [1.0, 0.0, 0.0], [s, s, 0.0]]


@pytest.mark.parametrize('distance', [math.inf, 3.5])
def test_range_beyond_its_maximum_is_nothing_there(distance: float) -> None:
    seen = observe(sonar(distance), wiring('range'), EYE, ARRIVAL)
    assert (points_of(seen), seen.flaw) == ([], '')


def test_range_too_close_to_measure_is_an_obstacle():
    seen = observe(sonar(-math.inf), wiring('range'), EYE, ARRIVAL)
    assert math.hypot(*points_of(seen)[0]) == pytest.approx(0.1, abs=1e-3)


@pytest.mark.parametrize(
    'message',
    [
        sonar(math.nan),
        sonar(0.05),
        sonar(1.0, field_of_view=0.0),
        sonar(1.0, field_of_view=1e9),
        sonar(1.0, field_of_view=math.nan),
        sonar(1.0, min_range=-1.0),
        sonar(1.0, max_range=0.05),
        sonar(1.0, max_range=math.inf),
    ],
)
def test_range_that_makes_no_sense_is_blind(message: Range) -> None:
    assert observe(message, wiring('range'), EYE, ARRIVAL).flaw


def cloud(rows: list[tuple[float, ...]], names: str = 'xyz', **changes: Any) -> PointCloud2:
    fields = [
        PointField(name='height' if name == 'h' else name, offset=4 * i, datatype=7, count=1)
        for i, name in enumerate(names)
    ]
    data = b''.join(struct.pack(f'<{len(names)}f', *row) for row in rows)
    step = 4 * len(names)
    settings: dict[str, Any] = {
        'width': len(rows),
        'height': 1,
        'point_step': step,
        'row_step': step * len(rows),
        'data': data,
        **changes,
    }
    return PointCloud2(fields=fields, is_bigendian=False, **settings)


ROWS = [(1.0, 0.0, 0.2), (2.0, 0.0, 0.9), (3.0, math.nan, 0.2), (0.05, 0.0, 0.2)]


def test_cloud_keeps_what_stands_at_the_height_of_the_robot():
    seen = observe(cloud(ROWS), wiring('pointcloud', min_range_m=0.3), EYE, ARRIVAL)
    assert points_of(seen) == [[1.0, 0.0, 0.2]]


def test_cloud_may_bring_its_own_heights():
    rows = [(1.0, 0.0, 0.2, 0.9), (2.0, 0.0, 0.9, 0.2)]
    high = wiring('pointcloud', use_global_height=True)
    assert points_of(observe(cloud(rows, 'xyzh'), high, EYE, ARRIVAL)) == [[2.0, 0.0, 0.9]]
    assert 'height' in observe(cloud(ROWS), high, EYE, ARRIVAL).flaw


def test_cloud_on_an_empty_floor_is_free():
    floor = cloud([(1.0, 0.0, 0.0), (2.0, 0.0, 0.0)])
    seen = observe(floor, wiring('pointcloud'), EYE, ARRIVAL)
    assert (points_of(seen), seen.flaw) == ([], '')


@pytest.mark.parametrize(
    'message',
    [
        cloud([]),
        cloud([(math.nan,) * 3]),
        cloud(ROWS, data=b''),
        cloud(ROWS, point_step=4),
        cloud(ROWS, row_step=3),
        cloud(ROWS, height=7),
        cloud(ROWS, width=2**31, height=2**31),
        cloud(ROWS, 'xyq'),
        PointCloud2(),
    ],
)
def test_cloud_that_lies_or_shows_nothing_is_blind(message: PointCloud2) -> None:
    assert observe(message, wiring('pointcloud'), EYE, ARRIVAL).flaw


def test_cloud_of_another_type_of_number_is_blind():
    message = cloud(ROWS)
    message.fields[0].datatype = 2
    assert observe(message, wiring('pointcloud'), EYE, ARRIVAL).flaw


def polygon(*corners: tuple[float, float]) -> PolygonInstanceStamped:
    message = PolygonInstanceStamped()
    message.polygon.polygon.points = [Point32(x=x, y=y, z=0.0) for x, y in corners]
    return message


def test_polygon_is_sampled_along_its_outline():
    message = polygon((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    seen = observe(message, wiring('polygon', sampling_distance_m=0.5), EYE, ARRIVAL)
    assert len(points_of(seen)) == 4 + 3 + 3
    assert [0.5, 0.0, 0.0] in points_of(seen)


@pytest.mark.parametrize(
    'corners', [(), ((0.0, 0.0),), ((0.0, 0.0), (1.0, 0.0), (math.nan, 1.0)),
                ((0.0, 0.0), (1e6, 0.0), (1.0, 1.0))],
)  # fmt: skip
def test_polygon_that_is_none_is_blind(corners: Any) -> None:
    assert observe(polygon(*corners), wiring('polygon'), EYE, ARRIVAL).flaw


def grid(cells: list[int], width: int = 2, resolution: float = 1.0) -> OccupancyGrid:
    message = OccupancyGrid(data=array.array('b', cells))
    message.info.width, message.info.height = width, len(cells) // width
    message.info.resolution = resolution
    return message


def test_grid_cells_at_the_threshold_and_unknown_ones_are_obstacles():
    known = wiring('costmap', treat_unknown_as_obstacle=False)
    assert points_of(observe(grid([0, 100, -1, 99]), known, EYE, ARRIVAL)) == [[1.5, 0.5, 0.0]]
    seen = observe(grid([0, 100, -1, 99]), wiring('costmap'), EYE, ARRIVAL)
    assert [0.5, 1.5, 0.0] in points_of(seen)


def test_costmap_of_nav2_is_read_by_its_own_layout():
    corner = SimpleNamespace(position=SimpleNamespace(x=1.0, y=0.0))
    size = SimpleNamespace(size_x=2, size_y=1, resolution=0.5, origin=corner)
    message = SimpleNamespace(metadata=size, data=[254, 252], header=LaserScan().header)
    assert points_of(observe(message, wiring('costmap'), EYE, ARRIVAL)) == [[1.25, 0.25, 0.0]]


@pytest.mark.parametrize(
    'message', [grid([]), grid([0, 0], width=5), grid([0, 0], resolution=0.0)]
)
def test_grid_that_makes_no_sense_is_blind(message: OccupancyGrid) -> None:
    assert observe(message, wiring('costmap'), EYE, ARRIVAL).flaw


def turned(parent: str, child: str, x: float = 0.0, yaw: float = 0.0) -> TransformStamped:
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.transform.translation.x = x
    message.transform.rotation.z = math.sin(0.5 * yaw)
    message.transform.rotation.w = math.cos(0.5 * yaw)
    return message


def test_points_go_through_the_chain_of_frames():
    frames = Frames(0.1)
    put_transform(frames, turned('base', 'mast', x=0.5), None)
    put_transform(frames, turned('mast', '/lidar', yaw=math.pi / 2), 10**9)
    frame = frames.find('base', 'lidar', 10**9)
    assert frame is not None
    assert points_of(observe(scan([1.0]), wiring('scan'), frame, ARRIVAL)) == [[0.5, 1.0, 0.0]]
    back = frames.find('lidar', 'base', 10**9)
    assert back is not None
    assert (frame @ back).ravel().tolist() == pytest.approx(EYE.ravel().tolist())


def test_frame_that_is_unknown_old_circular_or_nonsense_is_none():
    frames = Frames(0.1)
    put_transform(frames, turned('base', 'arm'), 10**9)
    assert frames.find('base', 'arm', 2 * 10**9) is None
    assert frames.find('base', 'moon', 0) is None
    put_transform(frames, turned('b', 'a'), None)
    put_transform(frames, turned('a', 'b'), None)
    assert frames.find('base', 'a', 0) is None
    bad = turned('base', 'bad', x=math.nan)
    put_transform(frames, bad, None)
    assert frames.find('base', 'bad', 0) is None
    assert frames.find('base', '/base', 0) is not None


def test_exclusion_zone_may_be_of_another_frame():
    assert read(dock__frame_id='dock')[0].setup.exclusions[0].frame_id == 'dock'
    assert read(dock__frame_id='base_footprint')[0].setup.exclusions[0].frame_id == ''


def test_place_of_a_mask_is_told_when_it_changes():
    frames = Frames(tolerance_s=0.5)
    masks = Masks(frames, 'base')
    zones = (
        Exclusion(name='dock', radius_m=0.3, frame_id='dock'),
        Exclusion(name='arm', radius_m=0.3),
    )
    assert masks.changed(zones, 0) == ()
    quarter = math.sqrt(0.5)
    frames.put('base', 'dock', (1.0, 2.0, 0.5), (0.0, 0.0, quarter, quarter), heard_ns=0)
    (place,) = masks.changed(zones, 0)
    assert (place.zone, place.pose) == ('dock', pytest.approx((1.0, 2.0, math.pi / 2)))
    assert masks.changed(zones, 10**8) == (), 'nothing new'
    assert masks.changed(zones, 10**9) == (MaskPlace(zone='dock', pose=None),), 'too old'
    frames.put('base', 'dock', (1.0, 2.0, 0.5), (0.1, 0.0, 0.0, 1.0), heard_ns=None)
    assert masks.changed(zones, 10**9) == (), 'it tilts: where it is in the plane is not known'


def test_frozen_sensors_are_looked_for_where_noise_tells_them():
    travel = {source.name: source.frozen_travel_m for source in read()[0].setup.sources}
    assert sorted(travel.values()) == [0.0, 0.0, 0.0, 0.15, 0.15]
    assert read(scan__frozen_travel=0.0)[0].setup.sources[0].frozen_travel_m == 0.0


def footprint(*corners: tuple[float, float]) -> PolygonStamped:
    message = PolygonStamped()
    message.polygon.points = [Point32(x=x, y=y) for x, y in corners]
    return message


def test_shape_is_taken_into_the_base_frame():
    moved = np.eye(4)
    moved[:2, 3] = (1.0, 2.0)
    update = to_shape(ZoneWiring(name='F'), footprint((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)), moved)
    assert update is not None
    assert update.points == ((1.0, 2.0), (2.0, 2.0), (1.0, 3.0))


@pytest.mark.parametrize(
    'message',
    [footprint(), footprint((0.0, 0.0), (1.0, 0.0)), footprint((0, 0), (1, 0), (math.nan, 1))],
)
def test_shape_that_is_none_or_in_an_unknown_frame_is_left_out(message: PolygonStamped) -> None:
    assert to_shape(ZoneWiring(name='F'), message, EYE) is None
    good = footprint((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    assert to_shape(ZoneWiring(name='F'), good, None) is None


@pytest.mark.parametrize(
    ('radius_m', 'good'), [(0.5, True), (0.0, False), (-1.0, False), (math.nan, False)]
)
def test_radius_of_a_circle_is_above_zero(radius_m: float, *, good: bool) -> None:
    zone = ZoneWiring(name='C', sub_is_circle=True)
    assert (to_shape(zone, Float32(data=radius_m), None) is not None) is good
