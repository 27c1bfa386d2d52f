# SPDX-License-Identifier: Apache-2.0
"""Who surveys which part of an area: `decide_allocation`.

A cell goes to one of those who can reach it. Those come first whom the law lets see it, and of
them those who did not fail at this survey before; what the law lets nobody see is shared out by
reach, and is told by who has it.
"""

from dataclasses import dataclass, replace

import numpy as np

from swarm_config.floor import Field
from swarm_config.maps import GridMap, Mask, unpack_map
from swarm_supervisor.core.cells import pack_cells, unpack_cells
from swarm_supervisor.core.ground import (
    Ground,
    Ints,
    build_ground,
    floor_width,
    looked_into,
    survey_factor,
    survey_floor,
)
from swarm_supervisor.core.islands import absorb, neighbours
from swarm_supervisor.core.partition import Costs, Runner, Tuning, costs_of, split
from swarm_supervisor.core.problem import Inputs, Outputs, Params, RobotInput, Share

LEAST_SWATH_M = 1.0
"""In the narrowest places a robot still sees so much beside and before it [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """The map prepared once; the allocation's state, which never changes."""

    grid: GridMap
    floor: Mask
    """Survey cells that are floor for the smallest robot."""
    work_m: Field
    """How far a robot drives to see each survey cell [m], flat."""
    grounds: tuple[Ground, ...]
    """One for each radius, the smallest first."""

    def ground_for(self, radius_m: float) -> Ground:
        """The ground of the smallest prepared radius that holds this one, else of the largest."""
        fitting = [g for g in self.grounds if g.radius_m >= radius_m - 1e-9]
        return fitting[0] if fitting else self.grounds[-1]


def prepare_terrain(params: Params) -> Terrain:
    """Unpack the map and build the graphs of all robot classes."""
    grid = unpack_map(params.map)
    factor = survey_factor(params.survey_cell_m, grid.resolution_m)
    floor = survey_floor(grid, min(params.radii_m), factor)
    width_m = np.clip(floor_width(grid, floor, factor), LEAST_SWATH_M, params.swath_m)
    return Terrain(
        grid=grid,
        floor=floor,
        work_m=((factor * grid.resolution_m) ** 2 / width_m).ravel(),
        grounds=tuple(
            build_ground(grid, radius, factor) for radius in sorted(set(params.radii_m))
        ),
    )


def decide_allocation(state: Terrain, inputs: Inputs, params: Params) -> tuple[Terrain, Outputs]:
    """Split the unseen floor of an area between robots."""
    robots = tuple(sorted(inputs.robots, key=lambda robot: robot.agent_id))
    target = _target(state, inputs)
    cells = np.flatnonzero(target)
    reaching = tuple(_runner(state, robot, cells, params.look_m) for robot in robots)
    runners = _first_choices(state, robots, reaching, cells)
    open_cells = _reachable(runners, cells)
    owner = np.full(cells.size, -1, dtype=np.int64)
    if open_cells.any():
        kept = tuple(_restricted(runner, open_cells) for runner in runners)
        owner[open_cells] = _whole_split(state, cells[open_cells], kept, params)
    costs = costs_of(owner, runners, _tuning(state, cells, params))
    shares = tuple(
        _share(state, robot, cells[owner == number], costs, number)
        for number, robot in enumerate(robots)
    )
    return state, _outputs(state, shares, cells, owner, _lost(state, robots))


def _target(state: Terrain, inputs: Inputs) -> Mask:
    shape = (state.floor.shape[0], state.floor.shape[1])
    area = np.ones(shape, dtype=bool) if inputs.area is None else unpack_cells(inputs.area, shape)
    seen = np.zeros(shape, dtype=bool) if inputs.seen is None else unpack_cells(inputs.seen, shape)
    return area & state.floor & ~seen


def _runner(state: Terrain, robot: RobotInput, cells: Ints, look_m: float) -> Runner:
    ground = state.ground_for(robot.radius_m)
    everywhere = np.arange(state.floor.size)
    own = ground.node_of_survey_cell.reshape(-1)
    reached = np.isfinite(_way_to_cells(state, ground, robot.pose, own))
    nodes = looked_into(state.grounds[0], everywhere, reached, own, look_m)[cells]
    out_m = _way_to_cells(state, ground, robot.pose, nodes)
    back_m = _way_to_cells(state, ground, robot.home, nodes)
    return Runner(
        ground=ground,
        nodes=nodes,
        out_m=out_m,
        back_m=np.where(np.isfinite(back_m), back_m, out_m),
        speed_mps=max(robot.max_speed_mps, 0.01),
        busy_s=robot.busy_s,
    )


def _way_to_cells(
    state: Terrain, ground: Ground, pose: tuple[float, float, float], nodes: Ints
) -> Field:
    way = np.full(nodes.shape, np.inf)
    node = ground.node_at(state.grid, pose[0], pose[1])
    if node >= 0:
        known = nodes >= 0
        way[known] = ground.distances(node)[nodes[known]]
    return way


def _reachable(runners: tuple[Runner, ...], cells: Ints) -> Mask:
    reached = np.zeros(cells.shape, dtype=bool)
    for runner in runners:
        reached |= np.isfinite(runner.out_m)
    return reached


def _first_choices(
    state: Terrain, robots: tuple[RobotInput, ...], runners: tuple[Runner, ...], cells: Ints
) -> tuple[Runner, ...]:
    """The robots with only those cells open to each for which nobody comes before it."""
    if not any(robot.held_back or robot.lawful is not None for robot in robots):
        return runners
    reach = np.stack([np.isfinite(runner.out_m) for runner in runners])
    lawful = np.stack([_lawful(state, robot)[cells] for robot in robots])
    fresh = np.array([not robot.held_back for robot in robots])[:, None]
    chosen = np.zeros_like(reach)
    for choice in (reach & lawful & fresh, reach & lawful, reach & fresh, reach):
        chosen |= choice & ~chosen.any(axis=0)
    return tuple(
        replace(runner, out_m=np.where(own, runner.out_m, np.inf))
        for runner, own in zip(runners, chosen, strict=True)
    )


def _lawful(state: Terrain, robot: RobotInput) -> Mask:
    if robot.lawful is None:
        return np.ones(state.floor.size, dtype=bool)
    shape = (state.floor.shape[0], state.floor.shape[1])
    return np.asarray(unpack_cells(robot.lawful, shape).ravel())


def _restricted(runner: Runner, open_cells: Mask) -> Runner:
    return Runner(
        ground=runner.ground,
        nodes=runner.nodes[open_cells],
        out_m=runner.out_m[open_cells],
        back_m=runner.back_m[open_cells],
        speed_mps=runner.speed_mps,
        busy_s=runner.busy_s,
    )


def _tuning(state: Terrain, cells: Ints, params: Params) -> Tuning:
    factor = survey_factor(params.survey_cell_m, state.grid.resolution_m)
    return Tuning(
        cell_area_m2=(factor * state.grid.resolution_m) ** 2,
        work_m=state.work_m[cells],
        rounds=params.rounds,
        balance_steps=params.balance_steps,
        balance_gain=params.balance_gain,
    )


def _whole_split(state: Terrain, cells: Ints, runners: tuple[Runner, ...], params: Params) -> Ints:
    places = np.stack(np.divmod(cells, state.floor.shape[1]), axis=1).astype(np.float64)
    owner = split(places, runners, _tuning(state, cells, params))
    index = np.full(state.floor.size, -1, dtype=np.int64)
    index[cells] = np.arange(cells.size)
    ground = state.grounds[0]
    nodes = ground.node_of_survey_cell.reshape(-1)[cells]
    pairs = neighbours(index.reshape(state.floor.shape), ground, nodes)
    allowed = np.stack([np.isfinite(runner.out_m) for runner in runners])
    return absorb(owner, pairs, allowed, params.island_share)


def _outputs(
    state: Terrain, shares: tuple[Share, ...], cells: Ints, owner: Ints, lost: tuple[str, ...]
) -> Outputs:
    working = [share.finish_s for share in shares if share.cells]
    unreached = cells[owner < 0]
    return Outputs(
        shares=shares,
        target_cells=int(cells.size),
        unreached=_bits(state, unreached),
        unreached_cells=int(unreached.size),
        balance=max(working) * len(working) / sum(working) if working else 1.0,
        lost=lost,
    )


def _lost(state: Terrain, robots: tuple[RobotInput, ...]) -> tuple[str, ...]:
    """Robots that stand on no floor of the map."""
    return tuple(
        robot.agent_id
        for robot in robots
        if state.ground_for(robot.radius_m).node_at(state.grid, *robot.pose[:2]) < 0
    )


def _share(state: Terrain, robot: RobotInput, own: Ints, costs: Costs, number: int) -> Share:
    return Share(
        agent_id=robot.agent_id,
        cells=int(own.size),
        bits=_bits(state, own),
        travel_s=float(costs.travel_s[number]),
        sweep_s=float(costs.sweep_s[number]),
        finish_s=float(costs.finish_s[number]),
    )


def _bits(state: Terrain, cells: Ints) -> bytes:
    mask = np.zeros(state.floor.size, dtype=bool)
    mask[cells] = True
    return pack_cells(mask)
