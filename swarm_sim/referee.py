# SPDX-License-Identifier: Apache-2.0
"""The referee: what truly happened, read from the physics and never from the robots.

It writes two files: `referee.json` (the figures so far, replaced as a whole each second) and
`truth.jsonl` (the true poses, five lines a second).
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from swarm_config.fleets import Fleet, Pose
from swarm_sim.contacts import ContactBook
from swarm_sim.coverage import Coverage
from swarm_sim.props import Placed
from swarm_sim.script import Script
from swarm_sim.world import Array, Touch, World

TRACK_PERIOD_S = 0.2
REPORT_PERIOD_S = 1.0
REST_MPS = 0.02
REST_RADPS = 0.05


class Referee:
    """Watches one run."""

    def __init__(
        self, *, world: World, fleet: Fleet, coverage: Coverage, script: Script, out_dir: Path
    ) -> None:
        """Open the files.

        Args:
            world: The physics.
            fleet: The robots, in the order of the world's.
            coverage: The floor to be seen.
            script: What was brought into the world.
            out_dir: Folder of the two files; made if it is not there.
        """
        self._world = world
        self._fleet = fleet
        self._coverage = coverage
        self._script = script
        self._book = ContactBook()
        self._last = world.poses()
        self._driven_m = np.zeros(len(fleet.robots))
        self._track_at_s = self._report_at_s = 0.0
        out_dir.mkdir(parents=True, exist_ok=True)
        self._report_path = out_dir / 'referee.json'
        self._track = (out_dir / 'truth.jsonl').open('w', encoding='utf-8')
        self.real_time_factor = 1.0
        self.script_started_ns = 0

    def see(self, robot: int, rays_m: Array) -> None:
        """Take the true rays of a robot where it stands now."""
        self._coverage.look(self._world.poses()[robot], rays_m)

    def watch(self, touches: list[Touch], dropped: list[Placed], stamp_ns: int) -> None:
        """Take one span of the physics, and write what is due.

        Args:
            touches: Contacts of robot bodies in it.
            dropped: Objects put on the floor in it.
            stamp_ns: Wall time of its end [ns since the epoch].
        """
        now_s, poses = self._world.time_s, self._world.poses()
        self._book.note(now_s, touches)
        for placed in dropped:
            self._coverage.cover(placed)
        self._driven_m += np.hypot(*(poses - self._last)[:, :2].T)
        self._last = poses
        if now_s >= self._track_at_s:
            self._track_at_s += TRACK_PERIOD_S
            self._track.write(json.dumps(self._track_line(now_s, stamp_ns)) + '\n')
        if now_s >= self._report_at_s:
            self._report_at_s += REPORT_PERIOD_S
            self.write(stamp_ns)

    def _track_line(self, now_s: float, stamp_ns: int) -> dict[str, Any]:
        return {
            't_s': round(now_s, 3),
            'time_ns': stamp_ns,
            'poses': {
                robot.agent_id: [round(float(v), 3) for v in pose]
                for robot, pose in zip(self._fleet.robots, self._last, strict=True)
            },
            'coverage': round(self._coverage.share, 5),
            'objects': [_object(placed) for placed in self._script.placed],
        }

    def report(self, stamp_ns: int) -> dict[str, Any]:
        """The figures so far; `coverage` is a share, `contacts` a list, robots are keyed by id."""
        started = self._script.started_s
        return {
            't_s': round(self._world.time_s, 3),
            'time_ns': stamp_ns,
            'coverage': round(self._coverage.share, 5),
            'contacts': [
                {
                    't_s': round(contact.t_s, 3),
                    'robot': contact.robot,
                    'other': contact.other,
                    'position': [round(contact.x_m, 3), round(contact.y_m, 3)],
                    'peak_force_n': round(contact.peak_force_n, 1),
                    'duration_s': round(contact.until_s - contact.t_s, 3),
                }
                for contact in self._book.contacts
            ],
            'robots': self._robots(),
            'distance_m': round(float(self._driven_m.sum()), 3),
            'real_time_factor': round(self.real_time_factor, 4),
            'script_started_s': None if started is None else round(started, 3),
            'script_started_ns': self.script_started_ns,
            'objects': [_object(placed) for placed in self._script.placed],
            'objects_waiting': self._script.waiting,
        }

    def _robots(self) -> Mapping[str, Any]:
        twists = self._world.twists()
        return {
            robot.agent_id: {
                'pose': [round(float(v), 4) for v in pose],
                'distance_from_home_m': round(_apart_m(pose, robot.home), 4),
                'at_rest': bool(abs(twist[0]) < REST_MPS and abs(twist[1]) < REST_RADPS),
                'distance_m': round(float(driven), 3),
            }
            for robot, pose, twist, driven in zip(
                self._fleet.robots, self._last, twists, self._driven_m, strict=True
            )
        }

    def write(self, stamp_ns: int) -> None:
        """Replace the report by the newest one, and hand the track to the system."""
        self._track.flush()
        draft = self._report_path.with_suffix('.json.new')
        draft.write_text(json.dumps(self.report(stamp_ns), indent=1), encoding='utf-8')
        draft.replace(self._report_path)

    def close(self, stamp_ns: int) -> None:
        """Write the last report and close the files."""
        self.write(stamp_ns)
        self._track.close()


def _apart_m(pose: Array, home: Pose) -> float:
    return math.hypot(float(pose[0]) - home[0], float(pose[1]) - home[1])


def _object(placed: Placed) -> dict[str, Any]:
    prop = placed.prop
    return {
        'name': prop.name,
        'x': round(placed.x_m, 3),
        'y': round(placed.y_m, 3),
        'yaw': round(placed.yaw_rad, 4),
        'size': [prop.width_m, prop.depth_m, prop.height_m],
        'round': prop.is_round,
    }
