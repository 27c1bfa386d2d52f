# SPDX-License-Identifier: Apache-2.0
"""Controls of the same run: central planners on the same map and tasks.

Plain central PIBT is the core's own plain rule with an unlimited radius and no hints, so that it
is always there. PIBT and LaCAM of pymapf (MIT) take part where it is installed; nothing needs it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from swarm_agent.mesh.mapf.lockstep import Lockstep
from swarm_agent.mesh.mapf.movingai import World
from swarm_agent.mesh.mapf.run import drive
from swarm_agent.mesh.mapf.score import Score, score

MOST_S = 10.0
MOST_DISTANCES = 1_500_000
"""Distances that pymapf is made to keep, each as an entry of a dictionary."""
ABSENT = 'pymapf is not installed: pip install --require-hashes -r locks/bench.lock'


@dataclass(frozen=True, slots=True)
class Rival:
    """A central planner's result, or why there is none."""

    name: str
    score: Score | None
    seconds: float = 0.0
    why: str = ''


def rivals(world: World, *, seed: int, makespan: int) -> Iterator[Rival]:
    """Run all controls, each for ten seconds at most."""
    everywhere = max(world.grid.width, world.grid.height)
    central = Lockstep(world, seed=seed, radius=everywhere, planned=False)
    run = drive(central, most_steps=2 * makespan + 100, most_s=MOST_S)
    yield Rival('central PIBT', run.score, run.seconds)
    free = sum(map(bool, world.grid.neighbours))
    for name in ('pibt', 'lacam'):
        if free * len(world.starts) > MOST_DISTANCES:
            yield Rival(f'pymapf {name}', None, why='left out: too large for its tables')
        else:
            yield _pymapf(world, name, seed)


def _pymapf(world: World, name: str, seed: int) -> Rival:
    title = f'pymapf {name}'
    try:
        import pymapf
        from pymapf.algorithms.lacam import LaCAM
        from pymapf.algorithms.pibt import PIBT
    except ImportError:
        return Rival(title, None, why=ABSENT)
    grid, width = world.grid, world.grid.width
    rows = [
        [not grid.neighbours[row * width + column] for column in range(width)]
        for row in range(grid.height)
    ]
    agents = [
        pymapf.Agent(str(i), divmod(a, width), divmod(b, width))
        for i, (a, b) in enumerate(zip(world.starts, world.goals, strict=True))
    ]
    problem = pymapf.MAPFProblem(pymapf.GridMap(rows), agents)
    solver = (PIBT if name == 'pibt' else LaCAM)(time_limit=MOST_S, seed=seed)
    solution = solver.solve(problem)
    if solution is None:
        return Rival(title, None, why=f'found nothing in {MOST_S:.0f} s')
    paths = [
        [row * width + column for row, column in solution.paths[agent.name]] for agent in agents
    ]
    longest = max(map(len, paths))
    padded = [path + path[-1:] * (longest - len(path)) for path in paths]
    return Rival(title, score(world, padded), solution.runtime)
