# SPDX-License-Identifier: Apache-2.0
"""ROS and swarm messages to the core's nouns and back. No decisions."""

import math
from collections.abc import Sequence
from typing import Any, cast

from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.core import Hazard
from swarm_agent.mesh.wire import points_message, say_word
from swarm_agent.situation.core import Outputs, Reflex, Wish
from swarm_agent.situation.core.se2 import wrap
from swarm_agent.situation.sensing import NS, reading_of, scan_bytes, stamp_of
from swarm_msgs.msg import Intent, ReflexState, Situation, SwarmEvent
from swarm_vault.codec import codec_of
from swarm_vault.laws.core.bars import Bars

FAR_M = 1e3

__all__ = [
    'fill_situation',
    'hazard_message',
    'peer_intent',
    'reading_of',
    'reflex_of',
    'scan_bytes',
    'set_stamp',
    'stamp_of',
    'wish_of',
]


def set_stamp(message: Any, wall_ns: int) -> None:
    """Stamp a message that has a header."""
    stamp = message.header.stamp
    stamp.sec, stamp.nanosec = divmod(wall_ns, NS)


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
    intent = mesh_pb2.PeerIntent(
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
    say_word(intent, outputs.word)
    return intent


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
