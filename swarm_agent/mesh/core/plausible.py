# SPDX-License-Identifier: Apache-2.0
"""Whether a peer can be where it says: bodies do not leap, whoever says so.

A peer that leaps is not believed for a while: its last place stays blocked, then it is left to the
lidar, until it has said the same for long enough to be a robot that lost its place and found it.
"""

import math
from dataclasses import dataclass

from swarm_agent.mesh.core.types import Pose

TOP_MPS = 5.0
"""No member drives faster [m/s]."""
SLIP_M = 0.75
"""What a correction of the localisation may move a peer at once [m]."""
DOUBT_NS = 3_000_000_000
"""For so long a peer that leapt is not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Where a peer was last believed to be, and since when it has said otherwise."""

    pose: Pose
    at_ns: int
    doubted_ns: int = -1
    doubted: Pose = (0.0, 0.0, 0.0)
    """The last pose that was not believed."""


def follow(track: Track | None, pose: Pose, now_ns: int) -> tuple[Track, bool]:
    """Judge a new pose: the track after it, and whether the pose is believed."""
    if track is None or _reaches(track.pose, track.at_ns, pose, now_ns):
        return Track(pose=pose, at_ns=now_ns), True
    steady = track.doubted_ns >= 0 and _reaches(track.doubted, now_ns, pose, now_ns)
    since = track.doubted_ns if steady else now_ns
    if now_ns - since >= DOUBT_NS:
        return Track(pose=pose, at_ns=now_ns), True
    return Track(pose=track.pose, at_ns=track.at_ns, doubted_ns=since, doubted=pose), False


def _reaches(start: Pose, start_ns: int, end: Pose, end_ns: int) -> bool:
    elapsed_s = max(0, end_ns - start_ns) * 1e-9
    return math.dist(start[:2], end[:2]) <= SLIP_M + TOP_MPS * elapsed_s
