# SPDX-License-Identifier: Apache-2.0
"""ROS and swarm messages to the core's nouns and back. No decisions."""

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.core import Hazard
from swarm_agent.mesh.wire import points_message
from swarm_agent.situation.core import Outputs, Reflex, Wish
from swarm_agent.situation.core.scan import NO_RETURN
from swarm_agent.situation.core.se2 import wrap
from swarm_agent.situation.odometry import Reading
from swarm_msgs.msg import Intent, ReflexState, Situation, SwarmEvent
from swarm_vault.codec import codec_of
from swarm_vault.laws.core.bars import Bars

FAR_M = 1e3
NS = 1_000_000_000


def stamp_of(message: Any) -> int:
    """The header's stamp [ns since the epoch]."""
    stamp = message.header.stamp
    return int(stamp.sec) * NS + int(stamp.nanosec)


def set_stamp(message: Any, wall_ns: int) -> None:
    """Stamp a message that has a header."""
    stamp = message.header.stamp
    stamp.sec, stamp.nanosec = divmod(wall_ns, NS)


def scan_bytes(message: Any, beams: int) -> bytes:
    """A LaserScan as the core takes it, all around from -pi.

    Ranges by REP-117: +inf is nothing there, NaN and -inf are no measurement. A scanner with other
    beams than the robot's class says is read at the nearest beam; where it does not look there is
    no measurement.
    """
    metres = np.frombuffer(message.ranges, dtype=np.float32)
    with np.errstate(invalid='ignore', over='ignore'):
        coded = np.where(metres > 0.0, np.minimum(metres * 1000.0 + 0.5, NO_RETURN), 0.0)
        coded[metres > message.range_max] = NO_RETURN
    coded = coded.astype('<u2')
    if _is_plain(message, coded.size, beams):
        return coded.tobytes()
    return _resampled(coded, message.angle_min, message.angle_increment, beams).tobytes()


def _is_plain(message: Any, size: int, beams: int) -> bool:
    step = math.tau / beams
    starts = abs(message.angle_min + math.pi) < 0.1 * step
    return size == beams and starts and abs(message.angle_increment - step) < 1e-3 * step


def _resampled(
    coded: 'np.ndarray[tuple[int], np.dtype[np.uint16]]',
    angle_min: float,
    increment: float,
    beams: int,
) -> 'np.ndarray[tuple[int], np.dtype[np.uint16]]':
    taken = np.zeros(beams, dtype='<u2')
    finite = math.isfinite(angle_min) and math.isfinite(increment)
    if coded.size == 0 or not finite or increment == 0.0:
        return taken
    wanted = -math.pi + np.arange(beams) * (math.tau / beams)
    turn = np.mod((wanted - angle_min) * math.copysign(1.0, increment), math.tau)
    nearest = np.round(turn / abs(increment))
    inside = nearest < coded.size
    taken[inside] = coded[nearest[inside].astype(np.int64)]
    return taken


def reading_of(message: Any) -> Reading | None:
    """Odometry in the plane; None where a number cannot be computed with."""
    pose, twist = message.pose.pose, message.twist.twist
    q = pose.orientation
    norm = q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w
    if not 0.5 < norm < 2.0:
        return None
    yaw = math.atan2(2.0 * (q.w * q.z + q.x * q.y) / norm, 1.0 - 2.0 * (q.y**2 + q.z**2) / norm)
    values = (pose.position.x, pose.position.y, yaw, twist.linear.x, twist.angular.z)
    if not all(map(math.isfinite, values)):
        return None
    return Reading(
        stamp_ns=stamp_of(message),
        pose=(float(values[0]), float(values[1]), float(yaw)),
        vx_mps=float(values[3]),
        wz_radps=float(values[4]),
    )


def wish_of(message: Intent) -> Wish:
    """An intent; the core refuses one with a number that cannot be computed with."""
    goal = message.goal_map
    theta = float(goal.theta)
    return Wish(
        intent_id=int(message.intent_id),
        kind=int(message.kind),
        skill=str(message.skill),
        goal=(float(goal.x), float(goal.y), wrap(theta) if math.isfinite(theta) else theta),
        use_yaw=bool(message.use_yaw),
        tolerance_m=_within(float(message.tolerance_m), math.inf),
        priority=int(message.priority),
        speed_factor=_within(float(message.speed_factor), 1.0),
    )


def bars_in(message: SwarmEvent) -> Bars:
    """The law of the floor as the planner tells it.

    Raises:
        VaultError: The message holds no such law.
    """
    return codec_of(Bars).decode(str(message.data_json).encode())


def _within(number: float, most: float) -> float:
    """The number, at least 0 and at most the other; one that is not finite stays as it is."""
    return min(most, max(0.0, number)) if math.isfinite(number) else number


def reflex_of(message: ReflexState, age_ns: int) -> Reflex:
    """What the reflexes did last."""
    clearance = float(message.clearance_m)
    return Reflex(
        action=int(message.action),
        cause=str(message.cause),
        clearance_m=min(FAR_M, clearance) if clearance >= 0.0 else 0.0,
        e_stop=bool(message.e_stop),
        enabled=bool(message.enabled),
        age_ns=age_ns,
    )


def peer_intent(outputs: Outputs, agent_id: str, radius_m: float, wall_ns: int) -> Any:
    """What this robot says of itself to its peers."""
    x, y, yaw = outputs.pose_map
    return mesh_pb2.PeerIntent(
        agent_id=agent_id,
        stamp_ns=wall_ns,
        pose=common_pb2.Pose2D(x_m=x, y_m=y, yaw_rad=yaw),
        speed_mps=outputs.speed_mps,
        radius_m=radius_m,
        priority=cast('common_pb2.PriorityClass', outputs.priority),
        waited_ms=outputs.waited_ms,
        state=cast('mesh_pb2.PeerState', outputs.peer_state),
        path=points_message(outputs.path),
        yields_to=outputs.yields_to,
        cannot_yield=outputs.cannot_yield,
        skill=outputs.skill,
        intent_id=outputs.intent_id,
    )


def hazard_message(hazard: Hazard, wall_ns: int) -> Any:
    """A hazard as it travels."""
    x, y = hazard.position
    return mesh_pb2.Hazard(
        hazard_id=hazard.hazard_id,
        kind=hazard.kind,
        reporter=hazard.reporter,
        position=common_pb2.Point2D(x_m=x, y_m=y),
        radius_m=hazard.radius_m,
        stamp_ns=wall_ns,
        ttl_s=hazard.ttl_s,
        gone=hazard.gone,
    )


def fill_situation(
    message: Situation, outputs: Outputs, peers: Sequence[str], counts: tuple[int, int]
) -> Situation:
    """The situation message of one decision; counts are violations and negotiations so far."""
    pose = message.pose_map_base
    pose.x, pose.y, pose.theta = outputs.pose_map
    message.speed_mps = outputs.speed_mps
    message.match_quality = outputs.match_quality
    message.intent_id = outputs.intent_id
    message.nav_state = outputs.nav_state
    message.reason = outputs.reason
    message.distance_m = outputs.distance_m
    message.peers = list(peers)
    message.violations, message.negotiations = counts
    message.seen_bits = outputs.seen_bits
    message.hazards = list(outputs.hazards_known)
    return message
