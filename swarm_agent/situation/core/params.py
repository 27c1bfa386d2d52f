# SPDX-License-Identifier: Apache-2.0
"""What the situation core knows before it starts: map, body, start, tuning."""

from dataclasses import dataclass, field
from typing import Annotated

from swarm_agent.mesh.core import RightOfWayParams
from swarm_agent.situation.core.se2 import Pose
from swarm_config.maps import PackedMap
from swarm_config.ranges import Range
from swarm_vault.laws.core.bars import Bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What may be tuned; each field is a ROS parameter of the situation node."""

    match_kernel_m: Annotated[float, Range(0.03, 0.5)] = 0.12
    """Residual at which a beam's weight has fallen to a quarter [m]."""
    match_noise_m: Annotated[float, Range(0.01, 1.0)] = 0.12
    """Spread of one beam's residual that weighs scans against odometry [m]."""
    match_min_quality: Annotated[float, Range(0, 1)] = 0.25
    """Share of explained beams below which a scan corrects nothing."""
    match_max_step_m: Annotated[float, Range(0.01, 1.0)] = 0.12
    """Largest correction of one scan [m]."""
    match_max_turn_rad: Annotated[float, Range(0.005, 0.5)] = 0.05
    """Largest correction of one scan [rad]."""
    object_range_m: Annotated[float, Range(1, 25)] = 5.0
    """How far from the robot unmapped objects are entered [m]."""
    object_gap_m: Annotated[float, Range(0.1, 1)] = 0.2
    """A scan end point farther than this from the map's obstacles is unexplained [m]."""
    object_hits: Annotated[int, Range(1, 20)] = 3
    """Scans that must have hit a cell before it counts as an obstacle."""
    object_ttl_s: Annotated[float, Range(1, 3600)] = 60.0
    """How long an obstacle that is out of sight is remembered [s]."""
    hazard_ttl_s: Annotated[float, Range(1, 3600)] = 120.0
    """How long a published hazard holds [s]."""
    peer_silence_s: Annotated[float, Range(0.5, 30)] = 3.0
    """After this silence a peer's body is an object like any other [s]."""
    peer_margin_m: Annotated[float, Range(0.05, 1)] = 0.25
    """Scan end points this near a peer's body belong to it [m]."""
    min_margin_m: Annotated[float, Range(0, 0.2)] = 0.02
    """Free space beside the body without which no path is planned [m]."""
    tight_margin_m: Annotated[float, Range(0, 0.3)] = 0.07
    """Below this margin floor is used only for want of any other way [m]."""
    good_margin_m: Annotated[float, Range(0, 0.5)] = 0.1
    """Below this margin floor is avoided at the price of a detour [m]."""
    wide_margin_m: Annotated[float, Range(0.1, 2)] = 0.5
    """From this margin on all floor is equally good [m]."""
    refuge_margin_m: Annotated[float, Range(0.05, 1)] = 0.15
    """Free space between own body in a refuge and a passing peer's body [m]."""
    refuge_search_m: Annotated[float, Range(1, 100)] = 20.0
    """Longest way to a refuge, in cost-weighted metres [m]."""
    lookahead_m: Annotated[float, Range(0.1, 2)] = 0.4
    """Distance of the pursued point at standstill [m]."""
    lookahead_s: Annotated[float, Range(0, 2)] = 0.45
    """Growth of that distance with speed [s]."""
    turn_in_place_rad: Annotated[float, Range(0.3, 3)] = 0.87
    """Heading error from which the robot turns where it stands [rad]."""
    brake_share: Annotated[float, Range(0.1, 1)] = 0.75
    """Share of the robot's deceleration that plans count on."""
    arrive_m: Annotated[float, Range(0.03, 0.5)] = 0.08
    """How near to a goal the robot settles at last [m]."""
    arrive_rad: Annotated[float, Range(0.02, 1)] = 0.09
    """How near to a goal's yaw the robot settles, where that matters [rad]."""
    off_path_m: Annotated[float, Range(0.1, 2)] = 0.4
    """Distance from the path that asks for a new one [m]."""
    stale_scan_s: Annotated[float, Range(0.1, 5)] = 0.5
    """Age of the newest scan or odometry from which the robot stands [s]."""
    stuck_s: Annotated[float, Range(0.3, 10)] = 1.0
    """How long reflexes may stop a free path before that is a violation [s]."""
    explore_s: Annotated[float, Range(0.2, 10)] = 1.2
    """Longest look at an unexpected object [s]."""
    detour_wait_s: Annotated[float, Range(1, 120)] = 8.0
    """How long to wait for a peer before a way around it is tried [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The robot's dimensions, limits and scanner."""

    radius_m: float
    max_speed_mps: float
    max_yaw_rate_radps: float
    max_accel_mps2: float
    max_decel_mps2: float
    max_yaw_accel_radps2: float
    beams: int
    range_min_m: float
    range_max_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """All that stays the same while the node runs."""

    agent_id: str
    map: PackedMap
    body: Body
    start: Pose
    """Where the fleet plan puts the robot, map frame."""
    saved_map_odom: Pose | None = None
    """Pose of the odom frame in the map when the node ran last; it is preferred to `start` where
    the first scan fits it better."""
    survey_range_m: float = 3.5
    """How far the robot inspects the floor around it [m], 0.5 to 25."""
    bars: Bars = field(default_factory=Bars)
    """The law of the floor until the planner tells the one in force."""
    always: Bars = field(default_factory=Bars)
    """What no word of the planner opens: the floor that the policy on this robot forbids."""
    survey_cell_m: float = 0.25
    """Edge of a survey cell [m], 0.05 to 2."""
    tuning: Tuning = field(default_factory=Tuning)
    right_of_way: RightOfWayParams = field(default_factory=RightOfWayParams)
