# SPDX-License-Identifier: Apache-2.0
"""A fleet in lock-step: nothing is lost or late, all robots move at once, one cell a step.

Each robot decides by the core from its own state and from what peers within the radius have
announced. In a step everybody waits for the peers of higher rank that it hears, unless asked for
its cell before; run in one process, that is the order of rank.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from swarm.v1 import mesh_pb2

from swarm_agent.mesh.core.grid_patience import Patience
from swarm_agent.mesh.core.grid_plan import PlanParams, find_path, still_good, traffic_of
from swarm_agent.mesh.core.grid_turn import Turn, open_turn
from swarm_agent.mesh.core.grid_types import GridMe, GridPeer, GridRank
from swarm_agent.mesh.grid_wire import signed_size, state_of
from swarm_agent.mesh.mapf.air import Meter, Neighbourhood
from swarm_agent.mesh.mapf.movingai import World

PARKED, RETURNING, ON_MISSION = 0, 1, 2


@dataclass(slots=True)
class _Robot:
    """What one robot keeps to itself from step to step."""

    agent: int
    cell: int
    goal: int
    length: int
    age: int = 0
    arrived: bool = False
    path: tuple[int, ...] = ()
    accepted: frozenset[int] = frozenset()
    parked: set[int] = field(default_factory=set)
    patience: Patience = field(default_factory=Patience)
    told: set[int] = field(default_factory=set)
    """Who has heard it since it last had something new to say."""
    wish: int = -1
    """The cell that it would rather have had in this step."""

    def rank(self) -> GridRank:
        if self.cell == self.goal:
            return GridRank(PARKED, 0, 0, self.agent)
        if self.patience.yields:
            return GridRank(RETURNING, 0, 0, self.agent)
        if self.arrived:
            return GridRank(RETURNING, self.age, 0, self.agent)
        return GridRank(ON_MISSION, self.age, self.length, self.agent)


class Lockstep:
    """One run; `step` moves everybody once."""

    def __init__(self, world: World, *, seed: int, radius: int, planned: bool = True) -> None:
        self.world = world
        self.meter = Meter()
        self.now = 0
        self._seed, self._radius = seed, radius
        self._params = PlanParams()
        self._planned = planned
        self._robots = [
            _Robot(agent, start, goal, length, arrived=start == goal)
            for agent, (start, goal, length) in enumerate(
                zip(world.starts, world.goals, world.lengths, strict=True)
            )
        ]
        self._peers: list[GridPeer] = []
        self._occupants: dict[int, int] = {}
        self._near = Neighbourhood(world.grid.width, (), radius)
        self._chosen: list[int | None] = []
        self._taken: set[int] = set()

    @property
    def cells(self) -> tuple[int, ...]:
        """Where everybody stands."""
        return tuple(robot.cell for robot in self._robots)

    def step(self) -> None:
        """Let everybody choose, then move."""
        robots = self._robots
        self._near = Neighbourhood(self.world.grid.width, self.cells, self._radius)
        self._occupants = {robot.cell: robot.agent for robot in robots}
        self._peers = [
            GridPeer(r.agent, r.cell, r.goal, r.rank(), r.path[: self._params.hint_cells])
            for r in robots
        ]
        self._chosen = [None] * len(robots)
        self._taken = set()
        for peer in sorted(self._peers, key=lambda peer: peer.rank, reverse=True):
            if self._chosen[peer.agent] is None:
                self._settle(peer.agent)
        for robot, cell in zip(robots, self._chosen, strict=True):
            assert cell is not None
            refused = cell == robot.cell != robot.wish and self._on_top(robot.agent)
            _move(robot, cell, self.world.tables[robot.goal][cell], refused=refused)
        self.now += 1

    def _on_top(self, agent: int) -> bool:
        """Whether a robot hears nobody of higher rank."""
        rank = self._peers[agent].rank
        return all(self._peers[other].rank < rank for other in self._near.within(agent))

    def _settle(self, first: int) -> None:
        """Requests and answers between a robot whose turn it is and those in its way."""
        chain = [(self._open(first, None), 0)]
        answer: bool | None = None
        while chain:
            turn, tried = chain.pop()
            if answer:
                self._lead(turn, tried - 1)
                answer = self._answer(turn.agent, chain, leaves=True)
                continue
            view = _View(self, turn.agent)
            found = turn.next_try(tried, view)
            if found is None:
                self._announce(turn.agent, turn.here)
                answer = self._answer(turn.agent, chain, leaves=False)
                continue
            index, asked = found
            self._announce(turn.agent, turn.cells[index])
            if asked is not None:
                chain += [(turn, index + 1), (self._open(asked, turn.agent), 0)]
                answer = None
                continue
            self._lead(turn, index)
            answer = self._answer(turn.agent, chain, leaves=True)

    def _open(self, agent: int, asker: int | None) -> Turn:
        robot = self._robots[agent]
        avoid: tuple[int, ...] = () if asker is None else self._peers[asker].hint
        manner = robot.patience.manner if self._planned else 'plain'
        me = self._me(robot)
        robot.path = self._path(robot, me) if manner == 'plan' else ()
        self._peers[agent] = me.as_peer(robot.path[: self._params.hint_cells])
        turn = open_turn(
            self.world.grid,
            me,
            _View(self, agent),
            path=robot.path,
            manner=manner,
            avoid=avoid,
            luck=hash((self._seed, agent, self.now)),
        )
        robot.wish = turn.cells[0]
        return turn

    def _me(self, robot: _Robot) -> GridMe:
        table = self.world.tables[robot.goal]
        rank = self._peers[robot.agent].rank
        return GridMe(robot.agent, robot.cell, robot.goal, rank, table, frozenset(robot.parked))

    def _path(self, robot: _Robot, me: GridMe) -> tuple[int, ...]:
        """Its path, made anew where what it has heard by now is against the old one."""
        if me.cell == me.goal:
            return ()
        heard = [self._peers[other] for other in self._near.within(robot.agent)]
        self._look(robot, heard)
        me = replace(me, seen_parked=frozenset(robot.parked))
        grid = self.world.grid
        ahead = robot.path[: self._params.hint_cells]
        if ahead and still_good(me, ahead, heard, self._params, robot.accepted):
            return robot.path
        traffic = traffic_of(grid, me, heard, self._params)
        path = find_path(grid, me, traffic, self._params) or ()
        robot.accepted = frozenset(cell for cell in path if cell in traffic.standing)
        return path

    def _look(self, robot: _Robot, heard: list[GridPeer]) -> None:
        """Remember who is parked where; forget those that have left; let the quiet ones speak."""
        for peer in heard:
            if peer.parked and robot.agent not in self._robots[peer.agent].told:
                self._speak(peer, None)
        parked = {peer.cell for peer in heard if peer.parked}
        grid, radius = self.world.grid, self._radius
        far = {cell for cell in robot.parked if grid.apart(cell, robot.cell) > radius}
        robot.parked = far | parked

    def _announce(self, agent: int, cell: int) -> None:
        """Tell everybody within the radius where the robot will be."""
        robot, peer = self._robots[agent], self._peers[agent]
        self._chosen[agent] = cell
        self._taken.add(cell)
        if robot.path and robot.path[0] != cell:
            robot.path = ()
        if not (peer.parked and cell == robot.cell):
            self._speak(peer, cell)

    def _speak(self, peer: GridPeer, want: int | None) -> None:
        self._robots[peer.agent].told = set(self._near.within(peer.agent))
        state = state_of(self.world.grid, peer, want=want, step=self.now)
        self.meter.count(signed_size(state))

    def _answer(self, agent: int, chain: Sequence[tuple[Turn, int]], *, leaves: bool) -> bool:
        if chain:
            asker = chain[-1][0].agent
            message = mesh_pb2.GridAnswer(agent=agent, asker=asker, step=self.now, leaves=leaves)
            self.meter.count(signed_size(message))
        return leaves

    def _lead(self, turn: Turn, index: int) -> None:
        """Have the one with whom it changes places come after it."""
        follower = turn.follower(index, _View(self, turn.agent))
        if follower is None:
            return
        message = mesh_pb2.GridAnswer(agent=turn.agent, asker=follower, step=self.now, follow=True)
        self.meter.count(signed_size(message))
        self._announce(follower, turn.here)


class _View:
    """What one robot has heard of the cells around it in this step."""

    __slots__ = ('_agent', '_run')

    def __init__(self, run: Lockstep, agent: int) -> None:
        self._run, self._agent = run, agent

    def occupant(self, cell: int) -> GridPeer | None:
        run = self._run
        agent = run._occupants.get(cell)  # noqa: SLF001 - one module, one idea
        if agent is None or not run._near.hears(self._agent, agent):  # noqa: SLF001
            return None
        return run._peers[agent]  # noqa: SLF001

    def table(self, goal: int) -> Sequence[int]:
        return self._run.world.tables[goal]

    def taken(self, cell: int) -> bool:
        return cell in self._run._taken  # noqa: SLF001

    def chosen(self, agent: int) -> int | None:
        return self._run._chosen[agent]  # noqa: SLF001


def _move(robot: _Robot, cell: int, distance: int, *, refused: bool) -> None:
    robot.path = robot.path[1:] if robot.path and robot.path[0] == cell else ()
    robot.cell = cell
    robot.arrived = robot.arrived or not distance
    robot.age = robot.age + 1 if distance else 0
    robot.patience = robot.patience.after(distance, refused=refused)
