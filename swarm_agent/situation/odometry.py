# SPDX-License-Identifier: Apache-2.0
"""Where the wheels say that the robot was at a moment: readings, interpolated."""

import math
from collections import deque
from dataclasses import dataclass

from swarm_agent.situation.core.se2 import Pose, compose, wrap

KEPT = 40
REACH_S = 0.2
"""How far a reading is carried beyond its time by its speeds [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One odometry message."""

    stamp_ns: int
    pose: Pose
    vx_mps: float
    wz_radps: float


class Track:
    """The readings of the last seconds, by time."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque(maxlen=KEPT)

    @property
    def newest(self) -> Reading | None:
        """The last reading."""
        return self._readings[-1] if self._readings else None

    def add(self, reading: Reading) -> None:
        """Take in a reading; time that runs backwards begins a new track."""
        if self._readings and reading.stamp_ns < self._readings[-1].stamp_ns:
            self._readings.clear()
        self._readings.append(reading)

    def pose_at(self, stamp_ns: int) -> Pose | None:
        """The pose at a moment; None without readings near it."""
        after = None
        for before in reversed(self._readings):
            if before.stamp_ns <= stamp_ns:
                return (
                    _carried(before, stamp_ns)
                    if after is None
                    else _mixed(before, after, stamp_ns)
                )
            after = before
        return None if after is None else _carried(after, stamp_ns)


def _carried(reading: Reading, stamp_ns: int) -> Pose | None:
    seconds = (stamp_ns - reading.stamp_ns) * 1e-9
    if abs(seconds) > REACH_S:
        return None
    ahead, turn = reading.vx_mps * seconds, reading.wz_radps * seconds
    return compose(reading.pose, (ahead * math.cos(turn / 2), ahead * math.sin(turn / 2), turn))


def _mixed(before: Reading, after: Reading, stamp_ns: int) -> Pose:
    span = after.stamp_ns - before.stamp_ns
    share = (stamp_ns - before.stamp_ns) / span if span > 0 else 0.0
    (x0, y0, yaw0), (x1, y1, yaw1) = before.pose, after.pose
    return (
        x0 + share * (x1 - x0),
        y0 + share * (y1 - y0),
        wrap(yaw0 + share * wrap(yaw1 - yaw0)),
    )
