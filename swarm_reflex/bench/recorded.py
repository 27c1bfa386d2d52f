# SPDX-License-Identifier: Apache-2.0
"""A recorded drive through the gate: no stop where it passed, a stop for all put in its way.

The log is a CARMEN text log (FLASER lines: a front laser over 180 degrees, poses corrected by
SLAM), plain or gzipped. A virtual planner drives each scan's robot towards the next recorded pose.

    python -m swarm_reflex.bench.recorded intel.log.gz
"""

import gzip
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from swarm_reflex.bench.compute import ROBOT
from swarm_reflex.bench.figures import Figure
from swarm_reflex.core import CORE, Command, Inputs, Odom, Params, Scan, State
from swarm_reflex.core.arc import Points, between, seen_from, travelled
from swarm_reflex.core.limits import Motion
from swarm_reflex.messages import to_millimetres

SPEED_MPS = 0.3
RANGE_MAX_M = 50.0
BODY = replace(ROBOT, radius_m=0.25)
PARAMS = Params(robot=BODY, max_blind_gap_rad=3.5)
"""A Pioneer's body; its laser sees the front half only."""
_NEAR_M = 0.1
"""Room left before an inserted obstacle [m], less than the stop zone at this speed."""
_OBSTACLE_M = 0.1
_LEAST_STEP_M = 0.05
_SLACK_M = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One scan and where it was taken."""

    ranges_m: NDArray[np.float64]
    pose: tuple[float, float, float]

    @property
    def angles_rad(self) -> NDArray[np.float64]:
        """Bearings of the beams [rad], shape (beams,)."""
        count = self.ranges_m.size
        middles: NDArray[np.float64] = np.arange(count, dtype=np.float64) + 0.5
        return middles * (math.pi / count) - 0.5 * math.pi

    @property
    def points(self) -> Points:
        """Returns in the base frame [m], shape (2, points)."""
        seen = self.ranges_m < RANGE_MAX_M
        ranges, angles = self.ranges_m[seen], self.angles_rad[seen]
        return np.array((ranges * np.cos(angles), ranges * np.sin(angles)))


def read_log(path: Path) -> Iterator[Look]:
    """The FLASER lines of a log."""
    raw = path.read_bytes()
    text = gzip.decompress(raw) if path.suffix == '.gz' else raw
    for line in text.decode('ascii', 'replace').splitlines():
        words = line.split()
        if words and words[0] == 'FLASER':
            count = int(words[1])
            x_m, y_m, yaw_rad = map(float, words[2 + count : 5 + count])
            ranges = np.array(words[2 : 2 + count], dtype=np.float64)
            yield Look(ranges_m=ranges, pose=(x_m, y_m, yaw_rad))


def passed_with_m(look: Look, following: Look, curvature: float, travel_m: float) -> float:
    """Least room beside the body on the recorded way, as both scans show it, in truth [m]."""
    step = between(look.pose, following.pose)
    least = math.inf
    for share in np.linspace(0.0, 1.0, 21):
        at = travelled(1.0, curvature, float(share) * travel_m)
        back = between(step, at)
        for points, pose in ((look.points, at), (following.points, back)):
            if points.shape[1]:
                there = seen_from(points, pose)
                least = min(least, float(np.hypot(there[0], there[1]).min()))
    return least - BODY.radius_m


def decided_mps(ranges_m: NDArray[np.float64], curvature: float) -> float:
    """What the gate leaves of the planner's speed on a fresh scan [m/s]."""
    now_ns = 10**9
    state: State = CORE.initial(PARAMS)
    wz = SPEED_MPS * curvature
    moving = Motion(vx_mps=SPEED_MPS, wz_radps=wz)
    odom = Odom(
        vx_mps=SPEED_MPS,
        wz_radps=wz,
        x_m=0.0,
        y_m=0.0,
        yaw_rad=0.0,
        arrival_ns=now_ns,
        stamp_age_s=0.0,
    )
    count = ranges_m.size
    scan = Scan(
        ranges_mm=to_millimetres(ranges_m.tolist(), 0.01, RANGE_MAX_M),
        angle_min_rad=-0.5 * math.pi + 0.5 * math.pi / count,
        angle_increment_rad=math.pi / count,
        arrival_ns=now_ns,
        stamp_age_s=0.0,
    )
    inputs = Inputs(
        now_ns=now_ns,
        command=Command(vx_mps=SPEED_MPS, wz_radps=wz, arrival_ns=now_ns, stamp_age_s=0.0),
        scan=scan,
        odom=odom,
        situation_beat_ns=now_ns,
        planner_beat_ns=now_ns,
    )
    state = replace(state, last=moving, tick_ns=now_ns - 10_000_000)
    return CORE.decide(state, inputs, PARAMS)[1].vx_mps


def with_obstacle(look: Look, curvature: float) -> NDArray[np.float64]:
    """The scan with a post put on the way, just before the body."""
    reach = BODY.radius_m + PARAMS.hard_margin_m + _NEAR_M
    x, y, yaw = travelled(1.0, curvature, _NEAR_M)
    ahead = BODY.radius_m + PARAMS.hard_margin_m + 0.5 * _OBSTACLE_M
    px, py = x + ahead * math.cos(yaw), y + ahead * math.sin(yaw)
    distance, bearing = math.hypot(px, py), math.atan2(py, px)
    covered = np.abs(look.angles_rad - bearing) <= math.asin(0.5 * _OBSTACLE_M / distance)
    near = min(reach, distance - 0.5 * _OBSTACLE_M)
    return np.where(covered, np.minimum(look.ranges_m, near), look.ranges_m)


def replayed(path: Path) -> list[Figure]:
    """Drive all of it; the control of each figure is what a perfect gate would have."""
    looks = list(read_log(path))
    passed = false_stops = put = stopped = 0
    for look, following in pairwise(looks):
        x_m, y_m, turn = between(look.pose, following.pose)
        travel_m = math.hypot(x_m, y_m)
        if x_m < _LEAST_STEP_M or abs(y_m) > 0.5 * x_m:
            continue  # It turned in place, or was carried by a correction.
        curvature = turn / travel_m
        put += 1
        stopped += decided_mps(with_obstacle(look, curvature), curvature) == 0.0
        room_m = passed_with_m(look, following, curvature, max(travel_m, _stop_zone_m()))
        if room_m > PARAMS.hard_margin_m + _SLACK_M:
            passed += 1
            false_stops += decided_mps(look.ranges_m, curvature) == 0.0
    return [
        Figure(name='recorded_scans', value=len(looks), unit='scans'),
        Figure(name='passed_with_clearance', value=passed, unit='legs'),
        Figure(name='false_stops', value=false_stops, unit='legs', control=0.0),
        Figure(name='inserted_obstacles', value=put, unit='legs'),
        Figure(name='inserted_obstacles_stopped', value=stopped, unit='legs', control=put),
    ]


def _stop_zone_m() -> float:
    """How far ahead the gate looks for a reason to stop at this speed [m]."""
    return PARAMS.stop_distance_m * SPEED_MPS / BODY.max_speed_mps + _SLACK_M


def main() -> int:
    """Print the figures of the log that is named."""
    if len(sys.argv) != 2:
        sys.stderr.write('usage: python -m swarm_reflex.bench.recorded LOG[.gz]\n')
        return 2
    for figure in replayed(Path(sys.argv[1])):
        control = '' if math.isnan(figure.control) else f'   (control {figure.control:.0f})'
        sys.stdout.write(f'{figure.name:30s} {figure.value:6.0f} {figure.unit}{control}\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
