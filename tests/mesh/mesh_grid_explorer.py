# SPDX-License-Identifier: Apache-2.0
"""All that can happen to a few robots with the claims of the discrete core, in any order.

A message changes nothing until its reader decides, and every message is the author's whole state.
So all delays, losses, doublings and reorderings come to this: whenever a robot decides, it has
just heard of any of the others, or of none, and knows the rest as of some time before. Drives take
any time. Numbers of requests are renamed by age, so that there are finitely many states.
"""

from dataclasses import dataclass, replace
from itertools import combinations

from swarm_agent.mesh.core.grid_claims import (
    Claimant,
    Told,
    arrive,
    decide_claim,
    look,
    pusher_of,
    two_steps,
)
from swarm_agent.mesh.core.grid_overheard import Overheard
from swarm_agent.mesh.core.grid_turn import Turn, open_turn
from swarm_agent.mesh.core.grid_types import GridMe, GridRank

MANNER = 'swap'


@dataclass(frozen=True)
class State:
    """Everybody, what everybody knows of the others, and who has been at its goal."""

    robots: tuple[Claimant, ...]
    heard: tuple[tuple[Told | None, ...], ...]
    arrived: tuple[bool, ...]


@dataclass
class Found:
    """What the exploration came to."""

    states: int
    clashes: list[State]
    stuck: int
    """States from which not everybody can arrive any more."""


def start_of(world):
    robots = []
    for agent, (cell, goal) in enumerate(zip(world.starts, world.goals, strict=True)):
        rank = rank_of(world, agent, cell, arrived=cell == goal)
        robots.append(Claimant(Told(agent=agent, cell=cell, goal=goal, rank=rank, root=rank)))
    nobody = ((None,) * len(robots),) * len(robots)
    return State(tuple(robots), nobody, tuple(r.told.cell == r.told.goal for r in robots))


def rank_of(world, agent, cell, *, arrived):
    if cell == world.goals[agent]:
        return GridRank(0, 0, 0, agent)
    return GridRank(1 if arrived else 2, 0, 0, agent)


def explore(world, *, most=200_000):
    """Every state that can be reached; AssertionError if they are too many."""
    first = named(start_of(world))
    before = {first: set()}
    clashes = []
    edge = [first]
    while edge:
        ahead = []
        for state in edge:
            if clash(state):
                clashes.append(state)
                continue
            for after in steps(world, state):
                if after not in before:
                    before[after] = set()
                    ahead.append(after)
                before[after].add(state)
        edge = ahead
        if clashes:
            return Found(len(before), clashes, 0)
        assert len(before) <= most, f'more than {most} states'
    return Found(len(before), clashes, len(before) - len(leading_home(before)))


def leading_home(before):
    """The states from which everybody can arrive."""
    home = {state for state in before if all(state.arrived)}
    edge = list(home)
    while edge:
        edge = list({b for state in edge for b in before[state]} - home)
        home.update(edge)
    return home


def clash(state):
    held = [cell for robot in state.robots for cell in robot.told.held]
    return len(set(held)) < len(held)


def steps(world, state):
    for agent, robot in enumerate(state.robots):
        if robot.told.moving:
            yield named(arriving(world, state, agent))
        others = [other for other in range(len(state.robots)) if other != agent]
        for count in range(len(others) + 1):
            for fresh in combinations(others, count):
                yield from deciding(world, state, agent, fresh)


def bodies_of(world, state, agent):
    near = two_steps(world.grid, state.robots[agent].told.cell)
    cells = (r.told.cell for i, r in enumerate(state.robots) if i != agent)
    return frozenset(cell for cell in cells if cell in near)


def deciding(world, state, agent, fresh):
    knows = list(state.heard[agent])
    for other in fresh:
        knows[other] = state.robots[other].told
    heard = {told.agent: told for told in knows if told is not None}
    robot = state.robots[agent]
    turn = turn_of(world, robot.told, heard)
    for retry in (False, True) if robot.failed or robot.told.lets else (False,):
        after = decide_claim(
            world.grid,
            robot,
            heard,
            bodies=bodies_of(world, state, agent),
            wishes=turn.cells,
            partner=turn.partner,
            retry=retry,
        )
        yield named(
            State(
                put(state.robots, agent, after),
                put(state.heard, agent, tuple(knows)),
                state.arrived,
            )
        )


def turn_of(world, told, heard):
    if told.moving:
        return Turn(told.agent, told.cell, ())
    me = GridMe(told.agent, told.cell, told.goal, told.rank, world.tables[told.goal])
    around = Overheard(heard, world.tables)
    pusher = pusher_of(told, heard)
    avoid = () if pusher is None else way(world, pusher.cell, pusher.goal)
    return open_turn(world.grid, me, around, path=(), manner=MANNER, avoid=avoid, luck=told.agent)


def way(world, cell, goal):
    """A shortest way: what the robot would announce."""
    table, cells = world.tables[goal], []
    while cell != goal:
        cell = min(world.grid.neighbours[cell], key=lambda step: (table[step], step))
        cells.append(cell)
    return cells


def arriving(world, state, agent):
    robot = arrive(state.robots[agent])
    cell = robot.told.cell
    arrived = state.arrived[agent] or cell == robot.told.goal
    rank = rank_of(world, agent, cell, arrived=arrived)
    robot = replace(robot, told=replace(robot.told, rank=rank, root=rank))
    robots = put(state.robots, agent, robot)
    state = State(robots, state.heard, put(state.arrived, agent, arrived))
    for other, seeing in enumerate(robots):
        if other != agent:
            robots = put(robots, other, look(world.grid, seeing, bodies_of(world, state, other)))
    return replace(state, robots=robots)


def put(row, index, value):
    return (*row[:index], value, *row[index + 1 :])


def relevant(state, reader, words):
    """What one robot can still make use of in another's words: answers to its open request."""
    if words is None or not (words.grants or words.refusals):
        return words
    mine = {(reader, state.robots[reader].told.ticket)}
    return replace(words, grants=words.grants & mine, refusals=words.refusals & mine)


def named(state):
    """The state with each robot's requests numbered by age; the newest is 0."""
    heard = tuple(
        tuple(relevant(state, reader, words) for words in row)
        for reader, row in enumerate(state.heard)
    )
    state = replace(state, heard=heard)
    told = [robot.told for robot in state.robots]
    told += [known for row in state.heard for known in row if known is not None]
    used = [set() for _ in state.robots]
    for words in told:
        used[words.agent].add(words.ticket)
        for agent, ticket in (*words.grants, *words.refusals):
            used[agent].add(ticket)
    names = {
        agent: {ticket: -place for place, ticket in enumerate(sorted(tickets, reverse=True))}
        for agent, tickets in enumerate(used)
        if tickets != set(range(1 - len(tickets), 1))
    }
    if not names:
        return state

    def request(agent, ticket):
        return agent, names[agent][ticket] if agent in names else ticket

    def renamed(words):
        if words is None or not (
            {words.agent, *(a for a, _ in (*words.grants, *words.refusals))} & names.keys()
        ):
            return words
        return replace(
            words,
            ticket=request(words.agent, words.ticket)[1],
            grants=frozenset(request(*granted) for granted in words.grants),
            refusals=frozenset(request(*refused) for refused in words.refusals),
        )

    return State(
        tuple(replace(robot, told=renamed(robot.told)) for robot in state.robots),
        tuple(tuple(map(renamed, row)) for row in state.heard),
        state.arrived,
    )
