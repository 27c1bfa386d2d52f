# SPDX-License-Identifier: Apache-2.0
"""A path is kept as long as the tables that the search prices by say nothing against it."""

import random

from hypothesis import given
from hypothesis import strategies as st
from mesh_grid_worlds import random_world

from swarm_agent.mesh.core.grid_plan import PlanParams, still_good, traffic_of
from swarm_agent.mesh.core.grid_types import GridMe, GridPeer, GridRank

FEW = PlanParams(above=3, below=1)
"""Three of lower rank are a crowd."""


def walk(grid, cell, steps, dice):
    cells = []
    for _ in range(steps):
        cell = dice.choice((*grid.neighbours[cell], cell))
        cells.append(cell)
    return tuple(cells)


@given(seed=st.integers(0, 100_000), peers=st.integers(0, 6))
def test_a_path_is_given_up_for_who_is_above_for_a_crowd_and_for_the_newly_parked(seed, peers):
    dice = random.Random(seed)
    given_world = random_world(seed % 7, edge=4, walls=0.1, agents=2)
    grid, goal = given_world.grid, given_world.goals[0]
    free = [cell for cell in range(grid.size) if grid.neighbours[cell]]
    table, parked = given_world.tables[goal], frozenset(dice.sample(free, 1))
    me = GridMe(3, dice.choice(free), goal, GridRank(2, 0, 0, 3), table, parked)
    heard = []
    for agent in range(peers):
        cell, rank = dice.choice(free), GridRank(dice.choice((1, 2)), dice.randrange(2), 0, agent)
        heard.append(GridPeer(agent, cell, -1, rank, walk(grid, cell, dice.randrange(5), dice)))
    path = walk(grid, me.cell, 4, dice)
    traffic = traffic_of(grid, me, heard, FEW)
    accepted = parked if dice.random() < 0.5 else frozenset()
    before, refused = me.cell, bool(parked & set(path) - accepted)
    for count, cell in enumerate(path, start=1):
        at = count * grid.size + cell
        refused |= traffic.vertex.get(at, 0) >= FEW.above
        refused |= traffic.swap.get((at, before), 0) >= FEW.above
        before = cell
    assert still_good(me, path, heard, FEW, accepted) == (not refused)
