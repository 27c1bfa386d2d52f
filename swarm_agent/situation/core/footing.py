# SPDX-License-Identifier: Apache-2.0
"""Whether the law of the floor lets the robot take a short step aside, off its planned way.

A planned way heeds the law cell by cell; a creep out of a tight place follows no plan.
"""

import math
from dataclasses import dataclass

import numpy as np

from swarm_agent.situation.core.arrays import Floats, Mask
from swarm_agent.situation.core.floor_law import FloorLaw, closed_here
from swarm_agent.situation.core.grid import PlanGrid, cells_of
from swarm_agent.situation.core.roadmap import Roadmap
from swarm_agent.situation.core.se2 import Pose

STEP_M = 0.06
"""How far a step is looked ahead; a little more than the reflexes look [m]."""
_LEAST_LEAVING = 0.5
"""Cosine of the widest angle off the shortest way out at which a step still leaves a zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """Where the robot stands, and the law around it."""

    law: FloorLaw
    grid: PlanGrid
    roadmap: Roadmap
    pose: Pose
    """Of the robot, map frame."""

    def allows(self, headings: Floats) -> Mask:
        """Which steps end on open floor, or lead out of the closed floor that it stands on.

        Args:
            headings: Bearings in base_link, shape (headings,) [rad].
        """
        closed = self.law.closed
        if closed is None:
            return np.ones(headings.shape, dtype=np.bool_)
        x = self.pose[0] + STEP_M * np.cos(headings + self.pose[2])
        y = self.pose[1] + STEP_M * np.sin(headings + self.pose[2])
        lawful = np.asarray(closed[cells_of(self.grid, x, y)] == 0)
        if not closed_here(self.law, self.grid, self.pose):
            return lawful
        return lawful | self._leading_out(headings)

    def _leading_out(self, headings: Floats) -> Mask:
        """Which headings go about towards the nearest open floor with room for the body."""
        assert self.law.closed is not None
        cells = self.roadmap.cell_of[self.law.closed[self.roadmap.cell_of] == 0]
        if not cells.size:
            return np.zeros(headings.shape, dtype=np.bool_)
        rows, cols = np.divmod(cells, self.grid.cols)
        dx = self.grid.origin_x_m + (cols + 0.5) * self.grid.cell_m - self.pose[0]
        dy = self.grid.origin_y_m + (rows + 0.5) * self.grid.cell_m - self.pose[1]
        nearest = int(np.hypot(dx, dy).argmin())
        out_rad = math.atan2(dy[nearest], dx[nearest]) - self.pose[2]
        return np.asarray(np.cos(headings - out_rad) >= _LEAST_LEAVING)
