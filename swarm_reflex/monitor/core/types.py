# SPDX-License-Identifier: Apache-2.0
"""The nouns of the collision monitor: zones, sources, what was seen, what goes out."""

from dataclasses import dataclass
from enum import Enum, IntEnum

Polygon = tuple[tuple[float, float], ...]
"""Corners in the base frame [m], either winding."""


class ActionType(IntEnum):
    """What was done to the command; the numbers of nav2_msgs/CollisionMonitorState."""

    DO_NOTHING = 0
    STOP = 1
    SLOWDOWN = 2
    APPROACH = 3
    LIMIT = 4


class Effect(str, Enum):
    """What a zone does: Nav2's action_type."""

    STOP = 'stop'
    SLOWDOWN = 'slowdown'
    LIMIT = 'limit'
    APPROACH = 'approach'
    NONE = 'none'


class Request(str, Enum):
    """What someone asked for."""

    ENABLE = 'enable'
    DISABLE = 'disable'
    RESTART = 'restart'
    """The node was activated: forget the commands and the debounce of before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Velocity:
    """A planar twist in the base frame."""

    vx_mps: float = 0.0
    vy_mps: float = 0.0
    wz_radps: float = 0.0


ZERO = Velocity()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubPolygon:
    """One shape of a velocity polygon and the commands that it is for, all bounds included."""

    name: str
    points: Polygon
    linear_min: float
    linear_max: float
    theta_min: float
    theta_max: float
    direction_start_angle: float = -3.141592653589793
    direction_end_angle: float = 3.141592653589793


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone, named and defaulted as in Nav2. Exactly one of its shapes is set, or none yet."""

    name: str
    effect: Effect
    enabled: bool = True
    min_points: int = 4
    trigger_consecutive_points: int = 1
    release_consecutive_points: int = 1
    release_time_s: float = 0.0
    """Ours: how long a zone stays active after its last hit [s]."""
    slowdown_ratio: float = 0.5
    linear_limit_mps: float = 0.5
    angular_limit_radps: float = 0.5
    time_before_collision_s: float = 2.0
    simulation_time_step_s: float = 0.1
    points: Polygon = ()
    radius_m: float = 0.0
    sub_polygons: tuple[SubPolygon, ...] = ()
    holonomic: bool = False
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A column whose points are left out."""

    name: str
    enabled: bool = False
    points: Polygon = ()
    radius_m: float = 0.0
    min_height_m: float = -1e9
    """Over the base, whatever its frame is [m]."""
    max_height_m: float = 1e9
    frame_id: str = ''
    """Frame of its corners, or of its centre; '' = the base."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A sensor and when it counts as blind."""

    name: str
    enabled: bool = True
    source_timeout_s: float = 2.0
    """0 = its silence stops nothing."""
    frozen_travel_m: float = 0.0
    """Ours: travel over which the very same points mean a frozen sensor [m]; 0 = never."""
    exclusions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What dynamic parameters can change while the node runs."""

    zones: tuple[Zone, ...] = ()
    sources: tuple[Source, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorParams:
    """What is constant while the node runs."""

    setup: Setup
    enabled: bool = True
    base_shift_correction: bool = True
    command_timeout_s: float = 0.5
    """Ours: age at which the newest command no longer counts [s]."""
    odom_timeout_s: float = 0.5
    """Ours: age at which odometry no longer shifts points [s]."""
    future_tolerance_s: float = 0.1
    """Ours: how far ahead of our clock a stamp may lie [s]."""
    escape_speed_mps: float = 0.1
    """Ours: speed at which a command may leave an obstacle behind [m/s]; 0 = never."""
    disable_for_s: float = 60.0
    """Ours: how long a switch-off lasts [s]; 0 = until it is switched on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A cmd_vel_in."""

    velocity: Velocity
    arrival_ns: int
    stamp_age_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a source showed."""

    source: str
    points: bytes
    """Little-endian float32 x, y, z per point, in the base frame of the moment of measuring."""
    arrival_ns: int
    stamp_age_s: float = 0.0
    flaw: str = ''
    """Why it shows nothing usable: such a source is blind, not free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BasePose:
    """Odometry: where the base is in the odom frame, and how it moves."""

    x_m: float
    y_m: float
    yaw_rad: float
    velocity: Velocity
    arrival_ns: int
    stamp_age_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeUpdate:
    """A new shape of a zone that gets its shape from a topic."""

    zone: str
    points: Polygon = ()
    radius_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskPlace:
    """Where the frame of an exclusion zone is now."""

    zone: str
    pose: tuple[float, float, float] | None
    """In the base frame (x [m], y [m], yaw [rad]); None = not known: the zone masks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorInputs:
    """What is new since the last tick."""

    now_ns: int
    """Steady clock [ns]."""
    command: Command | None = None
    observations: tuple[Observation, ...] = ()
    odom: BasePose | None = None
    shapes: tuple[ShapeUpdate, ...] = ()
    masks: tuple[MaskPlace, ...] = ()
    """Places of exclusion zones that have changed."""
    setup: Setup | None = None
    requests: tuple[Request, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorOutputs:
    """What goes out, and why."""

    velocity: Velocity
    action: ActionType
    polygon_name: str
    """Zone that decided, as Nav2 names it; 'invalid source' and the like for faults."""
    causes: tuple[str, ...]
    """All zones and faults in force, in the order of the parameter file."""
    detected: tuple[str, ...]
    """Zones of action_type none that are hit."""
    points_inside: int
    """Points in the zone that decided."""
    time_to_contact_s: float
    """Of the approach zone that decided [s]; inf where none did."""
    enabled: bool
    interventions: int
    """Ticks so far whose output differed from the command."""
