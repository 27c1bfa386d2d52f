# SPDX-License-Identifier: Apache-2.0
"""The nouns of the reflex core: what it is told, what it is allowed, what it answers."""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Annotated

from swarm_config.ranges import Range

Ring = tuple[tuple[float, float], ...]
"""Corners of a closed polygon in the map frame [m], the first not repeated."""


class Action(IntEnum):
    """What happened to the command; the numbers of swarm_msgs/ReflexState."""

    PASS = 0
    LIMIT = 1
    SLOW = 2
    STOP = 3


class Cause(str, Enum):
    """Why. The order is the order of strictness: the first one in force names the state."""

    E_STOP = 'e_stop'
    GEOFENCE_BREACH = 'geofence_breach'
    RIVAL = 'rival'
    CLOCK = 'clock'
    COMMAND_INVALID = 'command_invalid'
    COMMAND_FUTURE = 'command_future'
    SCAN_MISSING = 'scan_missing'
    SCAN_STALE = 'scan_stale'
    SCAN_FUTURE = 'scan_future'
    SCAN_FRAME = 'scan_frame'
    SCAN_BLIND = 'scan_blind'
    SCAN_FROZEN = 'scan_frozen'
    ODOM_MISSING = 'odom_missing'
    ODOM_STALE = 'odom_stale'
    ODOM_FUTURE = 'odom_future'
    ODOM_INVALID = 'odom_invalid'
    ODOM_JUMP = 'odom_jump'
    POSE_MISSING = 'pose_missing'
    POSE_STALE = 'pose_stale'
    POSE_FUTURE = 'pose_future'
    POSE_INVALID = 'pose_invalid'
    GEOFENCE_OUTSIDE = 'geofence_outside'
    FREEZE = 'freeze'
    TIER_ZERO = 'tier_zero'
    SANDBOX = 'sandbox'
    DISABLED = 'disabled'
    OVERRUN = 'overrun'
    SITUATION_LOST = 'situation_lost'
    PLANNER_LOST = 'planner_lost'
    COMMAND_MISSING = 'command_missing'
    COMMAND_STALE = 'command_stale'
    ZONE_STOP = 'zone_stop'
    GEOFENCE_STOP = 'geofence_stop'
    ESCAPE = 'escape'
    ZONE_SLOW = 'zone_slow'
    GEOFENCE_SLOW = 'geofence_slow'
    TIER = 'tier'
    SPEED = 'speed'
    YAW_RATE = 'yaw_rate'
    ACCELERATION = 'acceleration'
    YAW_ACCELERATION = 'yaw_acceleration'


class Request(str, Enum):
    """What an operator asked for, or what a latch on the disk says after a restart."""

    E_STOP = 'e_stop'
    LATCH_BREACH = 'latch_breach'
    RESET = 'reset'
    ENABLE = 'enable'
    DISABLE = 'disable'
    FREEZE = 'freeze'
    UNFREEZE = 'unfreeze'


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotLimits:
    """A round differential-drive robot, as its class file describes it."""

    radius_m: float
    max_speed_mps: float
    max_yaw_rate_radps: float
    max_accel_mps2: float
    max_decel_mps2: float
    max_yaw_accel_radps2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Everything that tunes the gate; constant while the node runs.

    The annotations hold what a parameter may be.
    """

    robot: RobotLimits
    command_timeout_s: Annotated[float, Range(0.05, 2)] = 0.2
    """Age at which the newest command no longer counts [s]."""
    scan_timeout_s: Annotated[float, Range(0.05, 2)] = 0.3
    """Age of the newest scan, by arrival and stamp, at which the robot is blind [s]."""
    odom_timeout_s: Annotated[float, Range(0.05, 2)] = 0.5
    """Age of the newest odometry at which the robot stops [s]."""
    situation_timeout_s: Annotated[float, Range(0, 5)] = 0.5
    """Silence of the situation node that ends motion [s]; 0 = not required."""
    planner_timeout_s: Annotated[float, Range(0, 10)] = 1.5
    """Silence of the planner that ends motion [s]; 0 = not required."""
    pose_timeout_s: Annotated[float, Range(0.05, 5)] = 0.3
    """Age of the map pose at which a fenced robot stops [s]."""
    future_tolerance_s: Annotated[float, Range(0, 1)] = 0.1
    """How far ahead of our clock a stamp may lie [s]."""
    reaction_s: Annotated[float, Range(0, 1)] = 0.1
    """Time from our decision until the wheels brake [s]."""
    hard_margin_m: Annotated[float, Range(0, 1)] = 0.06
    """Closest distance from body to obstacle at which the robot still drives [m]."""
    stop_distance_m: Annotated[float, Range(0, 10)] = 0.5
    """At top speed, stop for anything nearer than this along the arc [m]; shrinks with speed."""
    slow_distance_m: Annotated[float, Range(0.05, 10)] = 1.0
    """At top speed, slow down for anything nearer than this along the arc [m]."""
    creep_mps: Annotated[float, Range(0, 0.3)] = 0.1
    """Speed at which the robot may leave the hard margin [m/s]."""
    min_speed_mps: Annotated[float, Range(0, 0.1)] = 0.02
    """An allowed speed below this is a stop [m/s]."""
    escape_horizon_m: Annotated[float, Range(0.01, 0.5)] = 0.05
    """Distance ahead over which an escape must gain clearance [m]."""
    min_usable_share: Annotated[float, Range(0, 1)] = 0.7
    """Share of beams that must be measurements or 'nothing there'; fewer is blind."""
    min_returns: Annotated[int, Range(0, 360)] = 1
    """Beams that must have hit something; a scan of nothing is a broken sensor."""
    max_blind_gap_rad: Annotated[float, Range(0, 6.29)] = 0.35
    """Widest sector without a usable beam [rad]; wider is blind."""
    frozen_travel_m: Annotated[float, Range(0.05, 2)] = 0.15
    """Odometry travel over which identical scans mean a frozen sensor [m]."""
    scan_frame: str = ''
    """Frame that scans must come in; '' = the frame of the first one."""
    lidar_x_m: Annotated[float, Range(-5, 5)] = 0.0
    """Lidar origin in base_link [m]."""
    lidar_y_m: Annotated[float, Range(-5, 5)] = 0.0
    """Lidar origin in base_link [m]."""
    lidar_yaw_rad: Annotated[float, Range(-6.3, 6.3)] = 0.0
    """Lidar heading in base_link [rad]."""
    ramp_stops: bool = True
    """Dead-man stops brake with max_decel (stop category 2-like); false: zero at once."""
    e_stop_category: Annotated[int, Range(0, 1)] = 0
    """Stop category of the e-stop: 0 = zero at once, 1 = brakes with max_decel first."""
    late_tick_s: Annotated[float, Range(0.005, 1)] = 0.02
    """Time between two ticks beyond which the second is late [s]."""
    max_late_ticks: Annotated[int, Range(0, 100)] = 5
    """Late ticks within a second that end motion until there are fewer; 0 = never."""
    start_tier: Annotated[int, Range(0, 3)] = 3
    """Tier of trust before anyone sets one: 0 stands, 1 creeps in the sandbox, 2 and 3 drive."""
    start_enabled: bool = True
    """Whether motion is enabled before anyone calls reflex/enable."""
    geofence: tuple[Ring, ...] = ()
    """Closed rings in the map frame [m]; by the even-odd rule inner rings are holes. () = none."""
    geofence_margin_m: Annotated[float, Range(0, 2)] = 0.2
    """Distance that the body keeps from the fence, for the pose's uncertainty [m]."""
    geofence_drift_mps: Annotated[float, Range(0, 1)] = 0.05
    """Growth of that distance with the age of the pose [m/s]."""
    model_error: Annotated[float, Range(0, 0.5)] = 0.1
    """Share by which the base may be faster, and brake worse, than its class says."""
    sandbox: tuple[Ring, ...] = ()
    """Where a robot of tier 1 may creep, written like the geofence. () = nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A cmd_vel_raw in the base frame."""

    vx_mps: float
    wz_radps: float
    arrival_ns: int
    """Steady clock [ns]."""
    stamp_age_s: float
    """Age by its own stamp when it arrived [s]; 0 where it carries none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One turn of the lidar."""

    ranges_mm: bytes
    """Little-endian uint16 per beam [mm]; 0 = no valid measurement, 65535 = nothing there."""
    angle_min_rad: float
    angle_increment_rad: float
    arrival_ns: int
    stamp_age_s: float
    frame_id: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Odom:
    """Where the wheels say the robot is, in the odom frame, and how it moves."""

    vx_mps: float
    wz_radps: float
    x_m: float
    y_m: float
    yaw_rad: float
    arrival_ns: int
    stamp_age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPose:
    """Where the situation node says the robot is, in the map frame."""

    x_m: float
    y_m: float
    yaw_rad: float
    arrival_ns: int
    stamp_age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What is new since the last tick; what is not new is None and the state remembers it."""

    now_ns: int
    """Steady clock [ns]."""
    command: Command | None = None
    scan: Scan | None = None
    odom: Odom | None = None
    pose: MapPose | None = None
    situation_beat_ns: int | None = None
    """Arrival of the situation node's newest heartbeat, steady clock [ns]."""
    planner_beat_ns: int | None = None
    """Arrival of the planner's newest heartbeat, steady clock [ns]."""
    requests: tuple[Request, ...] = ()
    """In the order in which they came."""
    reset_by: str = ''
    """Who asks for the resets among the requests; without a name they are refused."""
    reset_reason: str = ''
    """Why; without a reason they are refused."""
    tier: int | None = None
    """A new tier of trust, 0 to 3; whatever else it says counts as 0."""
    rivals: int | None = None
    """How many others publish where only we may, if that was looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What goes to the motors, and why."""

    vx_mps: float
    wz_radps: float
    action: Action
    causes: tuple[Cause, ...]
    """All causes in force, the strictest first."""
    zone: str
    """'stop', 'slow', 'escape' or 'geofence'; empty when no zone decided."""
    clearance_m: float
    """Body to the nearest return along the commanded arc [m]; inf when free or standing."""
    command_age_ms: int
    """-1 = never heard; so for all ages."""
    scan_age_ms: int
    odom_age_ms: int
    heartbeat_age_ms: int
    """Of the oldest required heartbeat."""
    interventions: int
    """Ticks so far whose output differed from a valid command."""
    e_stop: bool
    enabled: bool
    breached: bool
    """The latch of the geofence."""
    frozen: bool
    tier: int

    @property
    def cause(self) -> str:
        """Name of the cause that decided; empty when the command passed."""
        return self.causes[0].value if self.causes else ''


Stamped = Command | Scan | Odom | MapPose
"""Messages that age by arrival and by stamp."""


def age_s(message: Stamped, now_ns: int) -> float:
    """Age by arrival and by stamp together [s]; NaN if its stamp is."""
    waited_s = (now_ns - message.arrival_ns) * 1e-9
    return waited_s if message.stamp_age_s <= 0.0 else waited_s + message.stamp_age_s
