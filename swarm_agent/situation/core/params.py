# SPDX-License-Identifier: Apache-2.0
"""What the situation core knows before it starts: map, body, start, tuning."""

from dataclasses import dataclass, field

from swarm_agent.mesh.core import RightOfWayParams
from swarm_agent.situation.core.se2 import Pose
from swarm_config.maps import PackedMap


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What may be tuned; each field is a ROS parameter of the situation node."""

    match_kernel_m: float = 0.12
    """Residual at which a beam's weight has fallen to a quarter [m], 0.03 to 0.5."""
    match_noise_m: float = 0.12
    """Spread of one beam's residual that weighs scans against odometry [m], 0.01 to 1.0."""
    match_min_quality: float = 0.25
    """Share of explained beams below which a scan corrects nothing, 0 to 1."""
    match_max_step_m: float = 0.12
    """Largest correction of one scan [m], 0.01 to 1.0."""
    match_max_turn_rad: float = 0.05
    """Largest correction of one scan [rad], 0.005 to 0.5."""
    object_range_m: float = 5.0
    """How far from the robot unmapped objects are entered [m], 1 to 25."""
    object_gap_m: float = 0.2
    """A scan end point farther than this from the map's obstacles is unexplained [m], 0.1 to 1."""
    object_hits: int = 3
    """Scans that must have hit a cell before it counts as an obstacle, 1 to 20."""
    object_ttl_s: float = 60.0
    """How long an obstacle that is out of sight is remembered [s], 1 to 3600."""
    hazard_ttl_s: float = 120.0
    """How long a published hazard holds [s], 1 to 3600."""
    peer_silence_s: float = 3.0
    """After this silence a peer's body is an object like any other [s], 0.5 to 30."""
    peer_margin_m: float = 0.25
    """Scan end points this near a peer's body belong to it [m], 0.05 to 1."""
    min_margin_m: float = 0.02
    """Free space beside the body without which no path is planned [m], 0 to 0.2."""
    tight_margin_m: float = 0.04
    """Below this margin floor is used only for want of any other way [m], 0 to 0.3."""
    good_margin_m: float = 0.08
    """Below this margin floor is avoided at the price of a detour [m], 0 to 0.5."""
    wide_margin_m: float = 0.5
    """From this margin on all floor is equally good [m], 0.1 to 2."""
    refuge_margin_m: float = 0.15
    """Free space between own body in a refuge and a passing peer's body [m], 0.05 to 1."""
    refuge_search_m: float = 20.0
    """Longest way to a refuge, in cost-weighted metres [m], 1 to 100."""
    lookahead_m: float = 0.4
    """Distance of the pursued point at standstill [m], 0.1 to 2."""
    lookahead_s: float = 0.45
    """Growth of that distance with speed [s], 0 to 2."""
    turn_in_place_rad: float = 0.87
    """Heading error from which the robot turns where it stands [rad], 0.3 to 3."""
    brake_share: float = 0.75
    """Share of the robot's deceleration that plans count on, 0.1 to 1."""
    arrive_m: float = 0.08
    """How near to a goal the robot settles at last [m], 0.03 to 0.5."""
    arrive_rad: float = 0.09
    """How near to a goal's yaw the robot settles, where that matters [rad], 0.02 to 1."""
    off_path_m: float = 0.4
    """Distance from the path that asks for a new one [m], 0.1 to 2."""
    stale_scan_s: float = 0.5
    """Age of the newest scan or odometry from which the robot stands [s], 0.1 to 5."""
    stuck_s: float = 1.0
    """How long reflexes may stop a free path before that is a violation [s], 0.3 to 10."""
    explore_s: float = 1.2
    """Longest look at an unexpected object [s], 0.2 to 10."""
    detour_wait_s: float = 8.0
    """How long to wait for a peer before a way around it is tried [s], 1 to 120."""


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
    survey_cell_m: float = 0.25
    """Edge of a survey cell [m], 0.05 to 2."""
    tuning: Tuning = field(default_factory=Tuning)
    right_of_way: RightOfWayParams = field(default_factory=RightOfWayParams)
