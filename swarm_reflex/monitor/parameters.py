# SPDX-License-Identifier: Apache-2.0
"""Nav2's collision monitor parameters, by Nav2's names, types and defaults, to the core's Setup.

Parameters that are ours have no Nav2 namesake; docs/reflex.md lists them.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from swarm_config.errors import ConfigError
from swarm_reflex.monitor.core.types import (
    Effect,
    Exclusion,
    MonitorParams,
    Polygon,
    Setup,
    Source,
    SubPolygon,
    Zone,
)

Get = Callable[[str, Any], Any]
"""The value of a parameter, or the default; a default of None asks for one that must be set."""

SOURCE_TYPES = ('scan', 'pointcloud', 'range', 'polygon', 'costmap')
ZONE_TYPES = ('polygon', 'circle', 'velocity_polygon')


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWiring:
    """Where a source comes from and how its messages are read."""

    name: str
    kind: str
    topic: str
    min_height_m: float = 0.05
    max_height_m: float = 0.5
    min_range_m: float = 0.0
    use_global_height: bool = False
    obstacles_angle_rad: float = math.pi / 180.0
    sampling_distance_m: float = 0.1
    cost_threshold: int = 253
    treat_unknown_as_obstacle: bool = True
    timeout_s: float = 2.0
    min_returns: int = 1
    """Ours: measurements below this number are blindness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneWiring:
    """Where a zone's shape comes from and where it is shown."""

    name: str
    sub_topic: str = ''
    """Topic of its shape: a polygon's PolygonStamped or a circle's Float32; '' = static."""
    sub_is_circle: bool = False
    transient_local: bool = False
    pub_topic: str = ''
    """Where the shape is shown; '' = nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the shell needs and the core does not."""

    base_frame: str
    odom_frame: str
    odom_topic: str
    cmd_in: str
    cmd_out: str
    state_topic: str
    stamped: bool
    transform_tolerance_s: float
    realtime: bool
    rate_hz: float
    sources: tuple[SourceWiring, ...]
    zones: tuple[ZoneWiring, ...]
    markers_3d: bool = False


def read_all(get: Get) -> tuple[MonitorParams, Wiring]:
    """Read and check everything.

    Raises:
        ConfigError: A parameter is missing, of the wrong type or out of range; names it.
    """
    checked = _checking(get)
    setup = read_setup(get)
    params = MonitorParams(
        setup=setup,
        enabled=checked('enabled', True),
        base_shift_correction=checked('base_shift_correction', True),
        command_timeout_s=_least(checked, 'command_timeout', 0.5, 0.01),
        odom_timeout_s=_least(checked, 'odom_timeout', 0.5, 0.01),
        future_tolerance_s=_least(checked, 'future_tolerance', 0.1, 0.0),
        escape_speed_mps=_least(checked, 'escape_speed', 0.1, 0.0),
        disable_for_s=_least(checked, 'toggle_timeout', 60.0, 0.0),
    )
    _least(checked, 'stop_pub_timeout', 1.0, 0.0)  # Known, and without effect: zeros go on.
    wiring = Wiring(
        base_frame=checked('base_frame_id', 'base_footprint'),
        odom_frame=checked('odom_frame_id', 'odom'),
        odom_topic=checked('odom_topic', 'odom'),
        cmd_in=checked('cmd_vel_in_topic', 'cmd_vel_smoothed'),
        cmd_out=checked('cmd_vel_out_topic', 'cmd_vel'),
        state_topic=checked('state_topic', ''),
        stamped=checked('enable_stamped_cmd_vel', True),
        transform_tolerance_s=_least(checked, 'transform_tolerance', 0.1, 0.0),
        realtime=checked('use_realtime_priority', False),
        rate_hz=_least(checked, 'rate', 100.0, 10.0),
        sources=tuple(_source_wiring(checked, source) for source in setup.sources),
        zones=tuple(_zone_wiring(checked, zone) for zone in setup.zones),
        markers_3d=checked('collision_points_marker_3d', False),
    )
    return params, wiring


def read_setup(get: Get) -> Setup:
    """Read what may change while the node runs.

    Raises:
        ConfigError: A parameter is missing, of the wrong type or out of range; names it.
    """
    checked = _checking(get)
    source_names = _names(checked('observation_sources', None), 'observation_sources')
    default_s = _least(checked, 'source_timeout', 2.0, 0.0)
    sources = tuple(_source(checked, name, default_s) for name in source_names)
    zone_names = _names(checked('polygons', None), 'polygons')
    zones = tuple(_zone(checked, name, source_names) for name in zone_names)
    masks = dict.fromkeys(name for source in sources for name in source.exclusions)
    exclusions = tuple(_exclusion(checked, name) for name in masks)
    return Setup(zones=zones, sources=sources, exclusions=exclusions)


def _checking(get: Get) -> Get:
    """A getter that refuses values of another type than the default's; ints are no floats."""

    def checked(name: str, default: Any) -> Any:
        value = get(name, default)
        if value is None:
            raise ConfigError(f'parameter {name}: missing; it has no default')
        if default is not None and type(value) is not type(default):
            kind = type(default).__name__
            raise ConfigError(f'parameter {name}: {value!r}; expected a {kind}, like {default!r}')
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f'parameter {name}: {value}; expected a finite number')
        return value

    return checked


def _least(get: Get, name: str, default: float, least: float) -> Any:
    value = get(name, default)
    if value < least:
        raise ConfigError(f'parameter {name}: {value}; expected at least {least}')
    return value


def _text(get: Get, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
    value = get(name, default)
    if value not in choices:
        raise ConfigError(f'parameter {name}: {value!r}; expected one of {", ".join(choices)}')
    return str(value)


def _names(value: Any, name: str) -> tuple[str, ...]:
    names = tuple(value) if isinstance(value, list | tuple) else None
    if names is None or not all(isinstance(item, str) for item in names):
        raise ConfigError(f'parameter {name}: {value!r}; expected a list of names')
    return names


def parse_points(name: str, text: Any, least: int = 3) -> Polygon:
    """Read corners written as in Nav2: '[[x, y], ...]' in the base frame [m].

    Raises:
        ConfigError: It is no such list, or has too few corners.
    """
    try:
        corners = tuple((float(x), float(y)) for x, y in json.loads(text))
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"parameter {name}: {text!r}; expected corners like '[[0.5, 0.3], [0.5, -0.3], ...]'"
        ) from error
    finite = all(math.isfinite(value) for corner in corners for value in corner)
    if len(set(corners)) < least or not finite:
        raise ConfigError(
            f'parameter {name}: {text!r}; expected at least {least} different finite corners'
        )
    kept = [corner for i, corner in enumerate(corners) if corner != corners[i - 1]]
    return tuple(kept)


def _source(get: Get, name: str, default_s: float) -> Source:
    noisy = get(f'{name}.type', 'scan') in {'scan', 'pointcloud'}
    return Source(
        name=name,
        enabled=get(f'{name}.enabled', True),
        source_timeout_s=_least(get, f'{name}.source_timeout', default_s, 0.0),
        frozen_travel_m=_least(get, f'{name}.frozen_travel', 0.15 if noisy else 0.0, 0.0),
        exclusions=_names(get(f'{name}.exclusion_zones', []), f'{name}.exclusion_zones'),
    )


def _source_wiring(get: Get, source: Source) -> SourceWiring:
    name = source.name
    kind = _text(get, f'{name}.type', SOURCE_TYPES, 'scan')
    angle = get(f'{name}.obstacles_angle', math.pi / 180.0)
    if angle <= 0.0:
        raise ConfigError(f'parameter {name}.obstacles_angle: {angle}; expected more than 0')
    if get(f'{name}.transport_type', 'raw') != 'raw':
        raise ConfigError(f'parameter {name}.transport_type: expected raw; decompress it before')
    return SourceWiring(
        name=name,
        kind=kind,
        topic=get(f'{name}.topic', 'scan'),
        min_height_m=get(f'{name}.min_height', 0.05),
        max_height_m=get(f'{name}.max_height', 0.5),
        min_range_m=get(f'{name}.min_range', 0.0),
        use_global_height=get(f'{name}.use_global_height', False),
        obstacles_angle_rad=angle,
        sampling_distance_m=_least(get, f'{name}.sampling_distance', 0.1, 0.001),
        cost_threshold=max(0, min(255, get(f'{name}.cost_threshold', 253))),
        treat_unknown_as_obstacle=get(f'{name}.treat_unknown_as_obstacle', True),
        timeout_s=source.source_timeout_s,
        min_returns=_least(get, f'{name}.min_returns', 1, 0),
    )


def _zone(get: Get, name: str, source_names: tuple[str, ...]) -> Zone:
    kind = _text(get, f'{name}.type', ZONE_TYPES)
    effects = tuple(effect.value for effect in Effect)
    effect = Effect(_text(get, f'{name}.action_type', effects))
    if kind == 'velocity_polygon' and effect is Effect.APPROACH:
        raise ConfigError(
            f'parameter {name}.action_type: approach; a velocity_polygon can stop, '
            'slowdown or limit'
        )
    sources = _names(get(f'{name}.sources_names', list(source_names)), f'{name}.sources_names')
    for source in sources:
        if source not in source_names:
            raise ConfigError(
                f'parameter {name}.sources_names: {source!r} is none of observation_sources'
            )
    points, radius_m = _static_shape(get, name, kind)
    subs: tuple[SubPolygon, ...] = ()
    if kind == 'velocity_polygon':
        names = _names(get(f'{name}.velocity_polygons', None), f'{name}.velocity_polygons')
        subs = tuple(_sub_polygon(get, name, sub) for sub in names)
    return Zone(
        name=name,
        effect=effect,
        enabled=get(f'{name}.enabled', True),
        min_points=_min_points(get, name),
        trigger_consecutive_points=_least(get, f'{name}.trigger_consecutive_points', 1, 1),
        release_consecutive_points=_least(get, f'{name}.release_consecutive_points', 1, 1),
        release_time_s=_least(get, f'{name}.release_time', 0.0, 0.0),
        slowdown_ratio=_share(get, f'{name}.slowdown_ratio', 0.5),
        linear_limit_mps=_least(get, f'{name}.linear_limit', 0.5, 0.0),
        angular_limit_radps=_least(get, f'{name}.angular_limit', 0.5, 0.0),
        time_before_collision_s=_least(get, f'{name}.time_before_collision', 2.0, 0.001),
        simulation_time_step_s=_least(get, f'{name}.simulation_time_step', 0.1, 0.001),
        points=points,
        radius_m=radius_m,
        sub_polygons=subs,
        holonomic=get(f'{name}.holonomic', False),
        sources=sources,
    )


def _share(get: Get, name: str, default: float) -> Any:
    value = _least(get, name, default, 0.0)
    if value > 1.0:
        raise ConfigError(f'parameter {name}: {value}; expected 0.0 to 1.0')
    return value


def _min_points(get: Get, name: str) -> int:
    """Nav2 raises what is below 1 to 1; its old max_points is one less than min_points."""
    old = get(f'{name}.max_points', -1)
    return max(1, int(old) + 1 if old >= 0 else get(f'{name}.min_points', 4))


def _static_shape(get: Get, name: str, kind: str) -> tuple[Polygon, float]:
    if kind == 'polygon' and get(f'{name}.points', ''):
        return parse_points(f'{name}.points', get(f'{name}.points', ''), 3), 0.0
    if kind == 'circle' and not get(f'{name}.polygon_sub_topic', ''):
        radius = get(f'{name}.radius', None)
        if not isinstance(radius, float) or not 0.0 < radius < math.inf:
            raise ConfigError(
                f'parameter {name}.radius: {radius!r}; expected a number above 0.0 [m]'
            )
        return (), radius
    return (), 0.0


def _sub_polygon(get: Get, zone: str, name: str) -> SubPolygon:
    path = f'{zone}.{name}'
    bounds = {
        bound: get(f'{path}.{bound}', None)
        for bound in ('linear_min', 'linear_max', 'theta_min', 'theta_max')
    }
    for bound, value in bounds.items():
        if not isinstance(value, float):
            raise ConfigError(f'parameter {path}.{bound}: {value!r}; expected a float')
    return SubPolygon(
        name=name,
        points=parse_points(f'{path}.points', get(f'{path}.points', None), 3),
        direction_start_angle=get(f'{path}.direction_start_angle', -math.pi),
        direction_end_angle=get(f'{path}.direction_end_angle', math.pi),
        **bounds,
    )


def _zone_wiring(get: Get, zone: Zone) -> ZoneWiring:
    name = zone.name
    circle = get(f'{name}.type', 'polygon') == 'circle'
    static = bool(zone.points or zone.radius_m > 0.0 or zone.sub_polygons)
    topic = '' if static else get(f'{name}.polygon_sub_topic', '')
    if not static and not topic:
        if zone.effect is not Effect.APPROACH:
            raise ConfigError(
                f'parameter {name}.points: missing; give corners or a polygon_sub_topic'
            )
        topic = get(f'{name}.footprint_topic', 'local_costmap/published_footprint')
    shown = get(f'{name}.polygon_pub_topic', name)
    return ZoneWiring(
        name=name,
        sub_topic=topic,
        sub_is_circle=circle,
        transient_local=get(f'{name}.polygon_subscribe_transient_local', False),
        pub_topic=shown if get(f'{name}.visualize', False) else '',
    )


def _exclusion(get: Get, name: str) -> Exclusion:
    base, frame = get('base_frame_id', 'base_footprint'), get(f'{name}.frame_id', '')
    if get(f'{name}.frame_hold_timeout', 0.0) != 0.0:
        raise ConfigError(
            f'parameter {name}.frame_hold_timeout: expected 0.0: a mask of whose place nothing'
            ' is known now would hide obstacles wherever it was before'
        )
    kind = _text(get, f'{name}.type', ('polygon', 'circle'))
    points: Polygon = ()
    radius = 0.0
    if kind == 'polygon':
        points = parse_points(f'{name}.points', get(f'{name}.points', None), 3)
    else:
        radius = get(f'{name}.radius', 0.0)
        if radius <= 0.0:
            raise ConfigError(f'parameter {name}.radius: {radius}; expected a number above 0.0')
    return Exclusion(
        name=name,
        enabled=get(f'{name}.enabled', False),
        points=points,
        radius_m=radius,
        min_height_m=get(f'{name}.min_height', -1e9),
        max_height_m=get(f'{name}.max_height', 1e9),
        frame_id='' if frame == base else frame,
    )
