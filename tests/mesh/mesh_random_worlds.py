# SPDX-License-Identifier: Apache-2.0
"""Random errands in three places, one world a seed; as a program it plays a range of them.

`PYTHONPATH=. python tests/mesh/mesh_random_worlds.py 0 300` prints each world in which robots were
left standing, and the least gap of all.
"""

import math
import random
import sys
from multiprocessing import Pool

from mesh_toy_world import Cell, Floor, Network, Point, Robot, World

SHELVES = """
##########################
#........................#
#........................#
#..####..####..####..##..#
#..####..####..####..##..#
#..####..####..####..##..#
#..####..####..####..##..#
#........................#
#........................#
#..####..####..####..##..#
#..####..####..####..##..#
#..####..####..####..##..#
#..####..####..####..##..#
#........................#
#........................#
##########################
"""
HALL = """
####################
#..................#
#..................#
#..................#
#..................#
#..................#
#..................#
####################
"""
DEAD_ARMS = """
########..########
########.b########
########..########
########..########
#a..............A#
#................#
########..########
########..########
########.B########
########..########
"""
RADIUS_M = 0.3
LIMIT_S = 300.0


def mixed_world(seed: int) -> World:
    """Two to six robots, each with one errand, of two classes."""
    draw = random.Random(seed * 7919)
    drawing = draw.choice([SHELVES, HALL, DEAD_ARMS])
    count = draw.choice([2, 3, 4, 5, 6] if drawing != DEAD_ARMS else [2, 3, 4])
    floor, rnd = Floor(drawing), random.Random(seed)
    rows, cols = floor.clearance.shape
    cells = [
        (i, j)
        for i in range(rows)
        for j in range(cols)
        if floor.clearance[i, j] >= RADIUS_M + 0.05
    ]
    starts: list[Point] = []
    goals: list[Point] = []
    robots = [
        Robot(
            agent_id=f'r{k}',
            floor=floor,
            at=_apart(rnd, floor, cells, starts),
            goal=_apart(rnd, floor, cells, goals),
            radius_m=RADIUS_M,
            priority=rnd.choice([3, 3, 3, 5]),
        )
        for k in range(count)
    ]
    return World(robots=robots, network=Network(seed=seed))


def _apart(rnd: random.Random, floor: Floor, cells: list[Cell], taken: list[Point]) -> Point:
    while True:
        spot = floor.point(rnd.choice(cells))
        if all(math.dist(spot, other) > 2 * RADIUS_M + 0.3 for other in taken):
            taken.append(spot)
            return spot


def played(seed: int) -> tuple[int, list[str], float]:
    """Seed, who is left standing, and the least gap [m]."""
    world = mixed_world(seed).run(LIMIT_S)
    left = [robot.agent_id for robot in world.robots if robot.goal]
    return seed, left, world.least_gap_m


def main() -> None:
    """Play the worlds of a range of seeds."""
    first, last = map(int, sys.argv[1:3])
    with Pool() as pool:
        results = list(pool.imap_unordered(played, range(first, last)))
    for seed, left, gap_m in sorted(results):
        if left or gap_m <= 0.0:
            sys.stdout.write(f'world {seed}: {left} left standing, least gap {gap_m:.3f} m\n')
    standing = sum(bool(left) for _, left, _ in results)
    least = min(gap_m for _, _, gap_m in results)
    sys.stdout.write(f'{len(results)} worlds, {standing} with robots left, least {least:.3f} m\n')


if __name__ == '__main__':
    main()
