# SPDX-License-Identifier: Apache-2.0
"""The scenarios: a drawing, who goes from where to where, and what happens meanwhile.

In a drawing '#' is a wall and one character half a metre; letters mark starts and goals.
"""

import random
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from swarm_config.maps import GridMap

CHARACTER_M = 0.5
CELL_M = 0.05
Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One meeting."""

    name: str
    about: str
    drawing: str
    errands: str
    """Start and goal marks in turn, 'aA' and so on; a start without a goal is '-'."""
    limit_s: float = 180.0
    robots: int = 0
    """So many random errands, again and again until the limit; 0: those that are drawn."""
    freeze: str = ''
    """The start mark of a robot that stands for ever, after `event_s`."""
    kill: str = ''
    event_s: float = 4.0
    back_s: float = 0.0
    """So long after it was killed that robot is started again and goes on; 0: never."""


CORRIDOR = """
##########################
############...###########
############...###########
#a......................b#
#........................#
##########################
"""
LAY_BY = """
########################################
##############............##############
##############............##############
#a..b..c..........................d..e.f#
#.......................................#
########################################
"""
CROSSING = """
############....############
############.b..############
############....############
############..d.############
############....############
############....############
#..............h..........g#
#a...c.....................#
#....................f.....#
#e.........................#
############....############
############....############
############.i..############
############....############
############..k.############
############....############
"""
BRIDGE = """
####################################
#.........################.........#
#a..b..c..################..g..h..i#
#.........################.........#
#..................................#
#..................................#
#.........################.........#
#d..e..f..################..j..k..l#
#.........################.........#
####################################
"""
RING = """
##########################
#a......................b#
#........................#
#........................#
#...##################...#
#...##################...#
#...##################...#
#...##################...#
#........................#
#........................#
#d......................c#
##########################
"""
DOOR = """
##############################
#..............#.............#
#a..b..c..d....#.............#
#..............#.............#
#..............#.............#
#e..f..g.....................#
#............................#
#..............#.............#
#h..i..j..k....#.............#
#..............#.............#
##############################
"""
HALL = """
##########################
#........................#
#........................#
#a.........s............b#
#........................#
#........................#
##########################
"""
WAREHOUSE = """
################################
#..............................#
#..............................#
#..............................#
#...#####....#####....#####....#
#...#####....#####....#####....#
#...#####....#####....#####....#
#..............................#
#..............................#
#..............................#
#...#####....#####....#####....#
#...#####....#####....#####....#
#...#####....#####....#####....#
#..............................#
#..............................#
#..............................#
################################
"""

SCENARIOS = {
    one.name: one
    for one in (
        Scenario(
            name='corridor',
            about='head-on in a corridor for one, with a pocket',
            drawing=CORRIDOR,
            errands='ab ba',
        ),
        Scenario(
            name='layby',
            about='three against three with a lay-by',
            drawing=LAY_BY,
            errands='ad be cf da eb fc',
            limit_s=240.0,
        ),
        Scenario(
            name='crossing',
            about='eight that cross',
            drawing=CROSSING,
            errands='ag ch ge hc bi dk ib kd',
            limit_s=240.0,
        ),
        Scenario(
            name='bridge',
            about='six against six over a bridge for one',
            drawing=BRIDGE,
            errands='ag bh ci dj ek fl ga hb ic jd ke lf',
            limit_s=480.0,
        ),
        Scenario(
            name='ring',
            about='four on a ring, each to the other side',
            drawing=RING,
            errands='ac bd ca db',
        ),
        Scenario(
            name='door',
            about='ten through one door',
            drawing=DOOR,
            errands='a1 b2 c3 d4 e5 f6 g7 h8 i9 j0',
            limit_s=300.0,
        ),
        Scenario(
            name='stalled',
            about='one that freezes in the middle of a hall and is driven around',
            drawing=HALL,
            errands='ab ba s-',
            freeze='s',
        ),
        Scenario(
            name='killed',
            about='one whose process is killed, driven around',
            drawing=HALL,
            errands='ab ba s-',
            kill='s',
        ),
        Scenario(
            name='restarted',
            about='one that is killed in the corridor and started again after 5 s',
            drawing=CORRIDOR,
            errands='ab ba',
            kill='a',
            event_s=6.0,
            back_s=5.0,
        ),
        Scenario(
            name='same_goal',
            about='two that want the same place',
            drawing=HALL,
            errands='as bs',
        ),
        Scenario(
            name='warehouse',
            about='random errands between shelves',
            drawing=WAREHOUSE,
            errands='',
            robots=12,
            limit_s=600.0,
        ),
    )
}


def grid_of(drawing: str) -> GridMap:
    """The drawing as a map."""
    rows = [line for line in drawing.strip('\n').split('\n') if line]
    width = max(map(len, rows))
    free = np.array([[c != '#' for c in row.ljust(width, '#')] for row in rows[::-1]])
    factor = round(CHARACTER_M / CELL_M)
    fine = np.kron(free, np.ones((factor, factor), dtype=np.bool_)).astype(np.bool_)
    return GridMap(
        name='drawing',
        resolution_m=CELL_M,
        origin_x_m=0.0,
        origin_y_m=0.0,
        occupied=~fine,
        free=fine,
    )


def marks_of(drawing: str, radius_m: float) -> dict[str, Place]:
    """Where the marks lie: the roomiest point near each."""
    grid = grid_of(drawing)
    room = ndimage.distance_transform_edt(np.pad(grid.free, 1))[1:-1, 1:-1] * CELL_M
    rows = [line for line in drawing.strip('\n').split('\n') if line][::-1]
    found = {}
    for i, row in enumerate(rows):
        for j, mark in enumerate(row):
            if mark not in '#.':
                found[mark] = _roomy(room, i, j, radius_m)
    return found


def _roomy(
    room: 'np.ndarray[tuple[int, ...], np.dtype[np.float64]]', i: int, j: int, radius_m: float
) -> Place:
    """The nearest point to a character's middle where the robot has 5 cm to spare."""
    factor = round(CHARACTER_M / CELL_M)
    middle = (i * factor + factor // 2, j * factor + factor // 2)
    spots = np.argwhere(room >= radius_m + 0.07)
    row, col = spots[int(np.argmin(((spots - middle) ** 2).sum(axis=1)))]
    return round((float(col) + 0.5) * CELL_M, 3), round((float(row) + 0.5) * CELL_M, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Where one robot starts and what it does."""

    agent_id: str
    start: Place
    goals: tuple[Place, ...]
    frozen: bool = False
    killed: bool = False


def errands_of(scenario: Scenario, radius_m: float, seed: int) -> list[Errand]:
    """Everybody's part."""
    if scenario.robots:
        return _random_errands(scenario, radius_m, seed)
    marks = marks_of(scenario.drawing, radius_m)
    beyond = _beyond(scenario, marks)
    found = []
    for number, pair in enumerate(scenario.errands.split()):
        start, goal = pair[0], pair[1]
        place = beyond.get(goal) or marks.get(goal)
        found.append(
            Errand(
                agent_id=f'r{number:03d}',
                start=marks[start],
                goals=() if place is None else (place,),
                frozen=start == scenario.freeze,
                killed=start == scenario.kill,
            )
        )
    return found


def _beyond(scenario: Scenario, marks: dict[str, Place]) -> dict[str, Place]:
    """Goals that are digits: a block of places on the right-hand side."""
    width = max(map(len, scenario.drawing.strip('\n').split('\n'))) * CHARACTER_M
    return {
        str(k): (width - 1.5 - 1.2 * (k % 4), 1.2 + 1.3 * (k // 4))
        for k in range(10)
        if str(k) not in marks
    }


def _random_errands(scenario: Scenario, radius_m: float, seed: int) -> list[Errand]:
    rnd = random.Random(seed)  # noqa: S311 - repeatable, no secret
    grid = grid_of(scenario.drawing)
    room = ndimage.distance_transform_edt(np.pad(grid.free, 1))[1:-1, 1:-1] * CELL_M
    spots = [
        (round((c + 0.5) * CELL_M, 3), round((r + 0.5) * CELL_M, 3))
        for r, c in np.argwhere(room >= radius_m + 0.15).tolist()
    ]
    starts: list[Place] = []
    while len(starts) < scenario.robots:
        spot = rnd.choice(spots)
        if all(abs(spot[0] - x) + abs(spot[1] - y) > 1.4 for x, y in starts):
            starts.append(spot)
    return [
        Errand(
            agent_id=f'r{number:03d}',
            start=start,
            goals=tuple(rnd.choice(spots) for _ in range(200)),
        )
        for number, start in enumerate(starts)
    ]
