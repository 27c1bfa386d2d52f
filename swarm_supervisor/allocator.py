# SPDX-License-Identifier: Apache-2.0
"""Ask the allocation core, and record what it answered; questions about the floor beside it."""

import asyncio
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import csgraph

from swarm_config.fleets import Fleet, Pose
from swarm_config.maps import GridMap, Mask, pack_map
from swarm_supervisor.core.allocation_core import CORE
from swarm_supervisor.core.cells import pack_cells
from swarm_supervisor.core.ground import Ground
from swarm_supervisor.core.problem import Inputs, Outputs, Params, RobotInput
from swarm_supervisor.roster import Member
from swarm_supervisor.settings import Settings
from swarm_supervisor.strategist import KnownRobot, Spot
from swarm_vault.laws.core.bars import Bars
from swarm_vault.recorder import Recorder

OPEN = Bars()
KEPT_BARS = 64
"""So many laws of the floor are kept drawn."""


def params_of(fleet: Fleet, grid: GridMap, settings: Settings) -> Params:
    """The core's parameters for a fleet."""
    return Params(
        map=pack_map(grid),
        survey_cell_m=fleet.file.survey_cell_m,
        radii_m=tuple(sorted({robot.model.radius_m for robot in fleet.robots})),
        swath_m=fleet.file.survey_range_m * settings.swath_share,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A shortest way over the floor."""

    length_m: float
    points: tuple[tuple[float, float], ...]
    """In the map frame [m], a block of the floor apart."""


class Allocator:
    """The allocation core with its state, its record, and the map it knows."""

    def __init__(self, recorder: Recorder, params: Params) -> None:
        """Prepare the map; takes a few tenths of a second.

        Args:
            recorder: Records every decision.
            params: The core's parameters.
        """
        self._recorder, self._params = recorder, params
        self._terrain = recorder.start(CORE, params)
        self._drawn: dict[tuple[Bars, float], Mask] = {}
        self._parts = {ground.radius_m: _parts(ground) for ground in self._terrain.grounds}

    async def split(
        self,
        *,
        now_ns: int,
        reason: str,
        mission_id: str,
        robots: tuple[RobotInput, ...],
        area: Mask | None,
        seen: Mask | None,
    ) -> Outputs:
        """Split an area between robots; other work goes on meanwhile."""
        inputs = Inputs(
            now_ns=now_ns,
            reason=reason,
            mission_id=mission_id,
            robots=robots,
            area=None if area is None else pack_cells(area),
            seen=None if seen is None else pack_cells(seen),
        )
        return await asyncio.to_thread(self._decide, inputs)

    def _decide(self, inputs: Inputs) -> Outputs:
        _, outputs = self._recorder.decide(CORE, self._terrain, inputs, self._params)
        return outputs

    def sweep_m(self, cells: Mask) -> float:
        """How far a robot drives to see these cells [m]: narrow places take longer."""
        return float(self._terrain.work_m[cells.ravel()].sum())

    def fault(self, spot: Spot, robot: KnownRobot) -> str | None:
        """Why a robot cannot go to a spot; None when it can."""
        grid, ground = self._terrain.grid, self._terrain.ground_for(robot.radius_m)
        cell = grid.cell_of(spot.x_m, spot.y_m)
        place = f'{spot.name!r} ({spot.x_m:.2f}, {spot.y_m:.2f})'
        if not grid.contains(*cell):
            return f'place {place} lies outside the map {grid.name!r}'
        if ground.far_m[cell] > 0.0:
            return (
                f'place {place} cannot be reached: {robot.agent_id!r} with its radius of'
                f' {robot.radius_m:g} m cannot stand there, the nearest floor for it is'
                f' {ground.far_m[cell]:.2f} m away'
            )
        start = ground.node_at(grid, robot.pose[0], robot.pose[1])
        parts = self._parts[ground.radius_m]
        if start >= 0 and parts[start] != parts[int(ground.node_of_map_cell[cell])]:
            return f'place {place} cannot be reached: no way leads there for {robot.agent_id!r}'
        return None

    def node_at(self, x_m: float, y_m: float, radius_m: float) -> int:
        """The node of the floor at a point, -1 where there is none near it."""
        return self._terrain.ground_for(radius_m).node_at(self._terrain.grid, x_m, y_m)

    def way(self, start: int, goal: int, radius_m: float, bars: Bars = OPEN) -> Way | None:
        """The shortest way between two nodes, None where there is none.

        It goes around what the law closes; where there is no such way it is the shortest of all.
        """
        if start < 0 or goal < 0:
            return None
        ground, grid = self._terrain.ground_for(radius_m), self._terrain.grid
        shut = self._shut(bars, ground)
        length_m, nodes = ground.way(start, goal, shut)
        if not nodes and shut is not None:
            length_m, nodes = ground.way(start, goal)
        if not nodes:
            return None
        points = tuple(grid.centre_of(*ground.middles[node]) for node in nodes)
        return Way(length_m=length_m, points=points)

    def _shut(self, bars: Bars, ground: Ground) -> Mask | None:
        """Nodes at which the body would touch closed floor; None where nothing is closed."""
        if not (bars.walls or bars.only):
            return None
        key = (bars, ground.radius_m)
        if key not in self._drawn:
            if len(self._drawn) >= KEPT_BARS:
                self._drawn.clear()
            self._drawn[key] = _shut_nodes(bars, ground, self._terrain.grid)
        return self._drawn[key]

    def point_of(self, node: int, radius_m: float) -> tuple[float, float]:
        """Where a node of the floor lies, in the map frame [m]."""
        middles = self._terrain.ground_for(radius_m).middles
        return self._terrain.grid.centre_of(*middles[node])

    def ways_to(self, node: int, cells: Mask, radius_m: float) -> dict[int, float]:
        """Ways from a node to those that see survey cells [m]; what is cut off lacks."""
        ground = self._terrain.ground_for(radius_m)
        nodes = np.unique(ground.node_of_survey_cell[cells])
        if node < 0:
            return {}
        lengths = ground.distances(node)
        return {int(n): float(lengths[n]) for n in nodes if n >= 0 and np.isfinite(lengths[n])}

    def lawful_cells(self, node: int, radius_m: float, bars: Bars) -> Mask:
        """Survey cells that show from open floor to which the law leaves a way from a node.

        All cells where nothing is closed or the node is unknown (-1).
        """
        ground = self._terrain.ground_for(radius_m)
        shut, eyes = self._shut(bars, ground), ground.node_of_survey_cell
        if shut is None or node < 0:
            return np.ones(eyes.shape, dtype=bool)
        reach = np.isfinite(ground.distances(node, shut)) & ~shut
        return np.asarray((eyes >= 0) & reach[eyes])

    def travel_m(
        self, start: tuple[float, float], goal: tuple[float, float], radius_m: float
    ) -> float:
        """Travel distance between two places [m], inf where there is no way."""
        ground = self._terrain.ground_for(radius_m)
        a = ground.node_at(self._terrain.grid, *start)
        b = ground.node_at(self._terrain.grid, *goal)
        return float(ground.distances(a)[b]) if a >= 0 and b >= 0 else float('inf')


def _shut_nodes(bars: Bars, ground: Ground, grid: GridMap) -> Mask:
    rows, cols = ground.middles.T
    points = shapely.points(
        grid.origin_x_m + (cols + 0.5) * grid.resolution_m,
        grid.origin_y_m + (rows + 0.5) * grid.resolution_m,
    )
    shut = np.zeros(len(points), dtype=np.bool_)
    for wall in bars.walls:
        shut |= shapely.distance(shapely.Polygon(wall.corners), points) <= ground.radius_m
    if bars.only:
        yard = shapely.union_all([shapely.Polygon(area.corners) for area in bars.only])
        shut |= ~shapely.contains(yard, points)
    return shut


def robot_input(
    member: Member, pose: Pose, busy_s: float, lawful: bytes | None, *, held_back: bool
) -> RobotInput:
    """A member as the core sees it; the pose is where it will have done its other work."""
    model = member.robot.model
    return RobotInput(
        agent_id=member.agent_id,
        pose=pose,
        home=member.robot.home,
        max_speed_mps=model.max_speed_mps,
        radius_m=model.radius_m,
        busy_s=busy_s,
        lawful=lawful,
        held_back=held_back,
    )


def _parts(ground: Ground) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    labels: np.ndarray[tuple[int], np.dtype[np.int32]]
    _, labels = csgraph.connected_components(ground.graph, directed=False)
    return labels
