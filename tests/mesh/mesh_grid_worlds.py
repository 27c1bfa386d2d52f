# SPDX-License-Identifier: Apache-2.0
"""Small discrete worlds, drawn; `go` checks every step of a run."""

import random

from swarm_agent.mesh.core.grid_map import FAR, distances, grid_of
from swarm_agent.mesh.mapf.lockstep import Lockstep
from swarm_agent.mesh.mapf.movingai import World
from swarm_agent.mesh.mapf.untimed import Network, Untimed

CORRIDOR = '......'
LAY_BY = ('#..............#', '######.#########')
DEAD_END = ('.....', '##.##', '##.##')
CROSSING = ('##.##', '##.##', '.....', '##.##', '##.##')
RING = ('...', '.#.', '...')
ROOM = ('.....', '..#..')


def world(rows, tasks):
    """Robots from (column, row) to (column, row) on a drawn map."""
    grid = grid_of(tuple(rows))
    starts, goals = (
        tuple(row * grid.width + column for column, row in ends)
        for ends in zip(*tasks, strict=True)
    )
    tables = {goal: distances(grid, goal) for goal in goals}
    return World(grid=grid, starts=starts, goals=goals, tables=tables)


def full_room():
    """A room with no cell left, one robot in it that has to go, and one that comes to its door."""
    stay = [((x, y), (x, y)) for x, y in ((0, 0), (0, 1), (1, 1))]
    return world(ROOM, [((1, 0), (3, 0)), *stay, ((3, 0), (1, 0))])


def random_world(seed, *, edge=8, walls=0.2, agents=8):
    """Robots in the largest connected part of a map with scattered walls."""
    dice = random.Random(seed)
    rows = [
        ''.join('#' if dice.random() < walls else '.' for _ in range(edge)) for _ in range(edge)
    ]
    grid = grid_of(tuple(rows))
    free = [cell for cell in range(grid.size) if grid.neighbours[cell]]
    table = distances(grid, dice.choice(free))
    part = [cell for cell in free if table[cell] != FAR]
    agents = min(agents, len(part) // 3)
    starts, goals = dice.sample(part, agents), dice.sample(part, agents)
    tables = {goal: distances(grid, goal) for goal in goals}
    return World(grid=grid, starts=tuple(starts), goals=tuple(goals), tables=tables)


def lockstep(given, seed=1):
    return Lockstep(given, seed=seed, radius=8)


def untimed(given, seed=1, **network):
    return Untimed(given, seed=seed, radius=8, network=Network(**network))


def go(fleet, steps=300):
    """The paths of a run; every step is looked at."""
    given = fleet.world
    paths = [[cell] for cell in fleet.cells]
    missing = set(range(len(paths)))
    for _ in range(steps):
        missing -= {i for i in missing if fleet.cells[i] == given.goals[i]}
        if not missing:
            break
        before = fleet.cells
        fleet.step()
        check_step(given.grid, before, fleet.cells)
        for path, cell in zip(paths, fleet.cells, strict=True):
            path.append(cell)
    return paths, missing


def check_step(grid, before, after):
    """Nobody jumps, meets or swaps."""
    assert len(set(after)) == len(after)
    for a, b in zip(before, after, strict=True):
        assert a == b or b in grid.neighbours[a]
    moves = set(zip(before, after, strict=True))
    assert not any(a != b and (b, a) in moves for a, b in moves)
