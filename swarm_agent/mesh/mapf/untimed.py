# SPDX-License-Identifier: Apache-2.0
"""A fleet without a common clock: messages are lost, late, doubled and overtake each other.

Robots drive when the claims of the core let them; a drive may take longer than it should. Where
the network is perfect, a tick is a step; else ten ticks of 100 ms are one.
"""

import random
from bisect import insort
from dataclasses import dataclass, field, replace

from swarm_agent.mesh.core.grid_claims import (
    Claimant,
    Heard,
    Told,
    arrive,
    decide_claim,
    look,
    numbered,
    pusher_of,
    two_steps,
)
from swarm_agent.mesh.core.grid_overheard import Overheard, still_true
from swarm_agent.mesh.core.grid_patience import Patience
from swarm_agent.mesh.core.grid_plan import PlanParams, find_path, traffic_of
from swarm_agent.mesh.core.grid_turn import Turn, open_turn
from swarm_agent.mesh.core.grid_types import GridMe, GridRank
from swarm_agent.mesh.grid_wire import signed_size, told_message
from swarm_agent.mesh.mapf.air import Meter, Neighbourhood
from swarm_agent.mesh.mapf.lockstep import ON_MISSION, PARKED, RETURNING
from swarm_agent.mesh.mapf.movingai import World

TICK_MS = 100
TICKS_A_STEP = 10
DOUBLED = 0.05
"""Share of messages that arrive twice."""
ROUND_TRIP_TICKS = 3
"""An answer may take so long: no sooner is a request repeated, or what was said said again."""
AGE_STEPS = 16
"""Ages count in so many steps: what a robot says of itself stays true while it stands."""
RETRY_STEPS = 4
FRESH_STEPS = 3
"""How long a hint or a wish counts."""
CONCERNED = 3
"""Claims of robots farther away than this do not matter at once [cells]."""
ROUNDS = 16
"""Messages that follow upon each other within a tick, where they take no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What goes wrong."""

    loss: float = 0.0
    """Share of messages lost, for each hearer alone."""
    delay_ms: float = 0.0
    """Mean delay; each message takes half to one and a half times as long."""
    drive_delay: float = 0.0
    """Each robot's drive is held up a step at a time with a probability drawn up to this."""

    @property
    def perfect(self) -> bool:
        """Whether all is heard at once."""
        return not self.loss and not self.delay_ms


@dataclass(slots=True)
class _Robot:
    """One robot: its claims, what it heard, and its plan."""

    me: Claimant
    length: int
    arrived: bool
    held_up: float
    heard: dict[int, Told] = field(default_factory=dict)
    path: tuple[int, ...] = ()
    parked: set[int] = field(default_factory=set)
    patience: Patience = field(default_factory=Patience)
    age: int = 0
    there_at: int = -1
    """Tick at which its drive ends."""
    stood: int = 0
    """Steps without a drive."""
    said_at: int = -1
    said: int = 0
    """Number of the last state that it told."""
    repeats: int = 0
    """How often it has told that state again."""
    heard_at: dict[int, int] = field(default_factory=dict)
    replan: bool = True


class Untimed:
    """One run; `step` lets one step's time pass."""

    def __init__(self, world: World, *, seed: int, radius: int, network: Network) -> None:
        self.world, self.meter, self.now = world, Meter(), 0
        self._radius, self._network, self._params = radius, network, PlanParams()
        self._dice = random.Random(seed)  # noqa: S311 - a simulated network
        self._seed = seed
        self._tick = 0
        self._ticks_a_step = 1 if network.perfect else TICKS_A_STEP
        self._round_trip = min(ROUND_TRIP_TICKS, self._ticks_a_step)
        self._robots = [
            self._robot(agent, start, goal)
            for agent, (start, goal) in enumerate(zip(world.starts, world.goals, strict=True))
        ]
        self._occupants = {robot.me.told.cell: i for i, robot in enumerate(self._robots)}
        self._air: list[tuple[int, float, int, Told]] = []
        self._due: set[int] = set(range(len(self._robots)))
        self._asked: set[int] = set()
        self._near = Neighbourhood(world.grid.width, self.cells, radius)

    def _robot(self, agent: int, start: int, goal: int) -> _Robot:
        length = self.world.tables[goal][start]
        urgency = ON_MISSION if length else PARKED
        rank = GridRank(urgency, 0, length, agent)
        told = Told(agent=agent, cell=start, goal=goal, rank=rank, root=rank)
        held_up = self._dice.uniform(0.0, self._network.drive_delay)
        return _Robot(Claimant(told), length, not length, held_up)

    @property
    def cells(self) -> tuple[int, ...]:
        """Where everybody stands, or what it drives away from."""
        return tuple(robot.me.told.cell for robot in self._robots)

    @property
    def held(self) -> list[tuple[int, ...]]:
        """The cells that each robot is entitled to."""
        return [robot.me.told.held for robot in self._robots]

    @property
    def _fresh_since(self) -> int:
        """The tick from which on a hint or a wish counts."""
        return self._tick - FRESH_STEPS * self._ticks_a_step

    def step(self) -> None:
        """Let a step's time pass."""
        for _ in range(self._ticks_a_step):
            for _ in range(ROUNDS):
                self._deliver()
                self._answer_all()
                if not self._due:
                    break
                self._decide_all()
            self._tick += 1
            self._drive()
            self._repeat()
        self.now += 1
        for robot in self._robots:
            self._grow_older(robot)

    def _answer_all(self) -> None:
        """Say again what a newcomer or somebody who asks again has not heard."""
        asked, self._asked = sorted(self._asked), set()
        for agent in asked:
            if self._robots[agent].said_at < self._tick:
                self._say(agent)

    def _decide_all(self) -> None:
        due, self._due = sorted(self._due), set()
        self._dice.shuffle(due)
        for agent in due:
            self._decide(agent)

    def _decide(self, agent: int, *, retry: bool = False) -> None:
        robot = self._robots[agent]
        before = robot.me.told
        if not before.moving:
            robot.me = replace(robot.me, told=replace(before, rank=self._rank(robot)))
        bodies = self._bodies(before.cell)
        heard = still_true(robot.heard, robot.heard_at, self._fresh_since)
        turn = Turn(agent, before.cell, ()) if before.moving else self._turn(robot, heard)
        me = decide_claim(
            self.world.grid,
            robot.me,
            heard,
            bodies=bodies,
            wishes=turn.cells,
            partner=turn.partner,
            retry=retry,
        )
        if me.told.moving and not before.moving:
            self._set_out(robot)
        told = numbered(before, replace(me.told, hint=self._hint(robot, me.told.want)))
        robot.me = replace(me, told=told)
        if told.sequence != robot.said:
            self._say(agent)

    def _bodies(self, cell: int) -> frozenset[int]:
        """Where it sees others stand."""
        return frozenset(c for c in two_steps(self.world.grid, cell) if c in self._occupants)

    def _hint(self, robot: _Robot, want: int | None) -> tuple[int, ...]:
        if want is None:
            return ()
        if robot.path[:1] != (want,):
            robot.path = (want,)
        return robot.path[: self._params.hint_cells]

    def _set_out(self, robot: _Robot) -> None:
        steps = 1
        while self._dice.random() < robot.held_up:
            steps += 1
        robot.there_at = self._tick + steps * self._ticks_a_step
        robot.stood = 0

    def _turn(self, robot: _Robot, heard: Heard) -> Turn:
        """Cells that it would like to be on next, best first."""
        told = robot.me.told
        me = GridMe(
            told.agent,
            told.cell,
            told.goal,
            told.rank,
            self.world.tables[told.goal],
            frozenset(robot.parked),
        )
        manner = robot.patience.manner
        if robot.replan and manner == 'plan' and told.cell != told.goal:
            robot.path = self._path(robot, me)
        if manner != 'plan' or told.cell == told.goal:
            robot.path = ()
        robot.replan = False
        pusher = pusher_of(told, heard)
        return open_turn(
            self.world.grid,
            me,
            Overheard(heard, self.world.tables),
            path=robot.path,
            manner=manner,
            avoid=() if pusher is None else pusher.hint,
            luck=hash((self._seed, told.agent, told.ticket)),
        )

    def _path(self, robot: _Robot, me: GridMe) -> tuple[int, ...]:
        grid = self.world.grid
        heard = [peer.as_peer() for peer in self._fresh(robot)]
        far = {c for c in robot.parked if grid.apart(c, me.cell) > self._radius}
        robot.parked = far | {peer.cell for peer in heard if peer.parked}
        me = replace(me, seen_parked=frozenset(robot.parked))
        traffic = traffic_of(grid, me, heard, self._params)
        return find_path(grid, me, traffic, self._params) or ()

    def _fresh(self, robot: _Robot) -> list[Told]:
        """The peers nearby whose last words still count."""
        return [
            peer
            for peer in robot.heard.values()
            if self.world.grid.apart(peer.cell, robot.me.told.cell) <= self._radius
            and (peer.cell == peer.goal or robot.heard_at[peer.agent] >= self._fresh_since)
        ]

    def _say(self, agent: int) -> None:
        """Tell everybody within the radius; each hears it late, twice, or never."""
        robot, network, dice = self._robots[agent], self._network, self._dice
        told = robot.me.told
        robot.repeats = robot.repeats + 1 if told.sequence == robot.said else 0
        robot.said_at, robot.said = self._tick, told.sequence
        self.meter.count(signed_size(told_message(self.world.grid, told)))
        for other in self._near.within(agent):
            if network.perfect:
                self._hear(other, told)
                continue
            copies = 2 if dice.random() < DOUBLED else 1
            for _ in range(copies):
                if dice.random() >= network.loss:
                    late = network.delay_ms * dice.uniform(0.5, 1.5) / TICK_MS
                    insort(
                        self._air,
                        (self._tick + round(late), dice.random(), other, told),
                        key=lambda mail: mail[:2],
                    )

    def _deliver(self) -> None:
        count = 0
        for tick, _, other, told in self._air:
            if tick > self._tick:
                break
            count += 1
            self._hear(other, told)
        del self._air[:count]

    def _hear(self, agent: int, told: Told) -> None:
        robot = self._robots[agent]
        robot.heard_at[told.agent] = self._tick
        known = robot.heard.get(told.agent)
        if known is not None and known.sequence > told.sequence:
            return
        again = known is not None and known.sequence == told.sequence
        newcomer = known is None and robot.me.told.want is None
        if newcomer or (again and self._answered(robot, told)):
            self._asked.add(agent)
        if not again:
            robot.heard[told.agent] = told
            if self.world.grid.apart(told.cell, robot.me.told.cell) <= CONCERNED:
                self._due.add(agent)

    def _answered(self, robot: _Robot, told: Told) -> bool:
        """Whether a request that is heard again was answered, and the answer is not on its way."""
        request = (told.agent, told.ticket)
        mine = robot.me.told
        answered = request in mine.grants or request in mine.refusals
        return answered and not told.moving and self._tick - robot.said_at >= self._round_trip

    def _drive(self) -> None:
        """End the drives that end now, and let those nearby see it."""
        came = [robot for robot in self._robots if robot.there_at == self._tick]
        for robot in came:
            before = robot.me.told
            robot.me = arrive(robot.me)
            told = robot.me.told
            robot.path = robot.path[1:]
            robot.replan = True
            robot.there_at = -1
            distance = self.world.tables[told.goal][told.cell]
            robot.arrived = robot.arrived or not distance
            robot.age = robot.age if distance else 0
            robot.me = replace(robot.me, told=numbered(before, told))
            del self._occupants[before.cell]
            self._occupants[told.cell] = told.agent
        if came:
            self._near = Neighbourhood(self.world.grid.width, self.cells, self._radius)
        grid = self.world.grid
        for robot in came:
            told = robot.me.told
            self._due.add(told.agent)
            for other in self._near.within(told.agent):
                if grid.apart(self._robots[other].me.told.cell, told.cell) <= CONCERNED:
                    self._due.add(other)
                    self._look(self._robots[other])

    def _look(self, robot: _Robot) -> None:
        before = robot.me.told
        me = look(self.world.grid, robot.me, self._bodies(before.cell))
        robot.me = replace(me, told=numbered(before, me.told))

    def _repeat(self) -> None:
        """Say again what is open; who waits looks for another way from time to time."""
        for agent, robot in enumerate(self._robots):
            told = robot.me.told
            away = told.want is not None or told.cell != told.goal
            long_ago = self._tick - robot.said_at >= self._pause(robot)
            if away and long_ago and agent not in self._due:
                self._say(agent)

    def _pause(self, robot: _Robot) -> int:
        """Ticks until it says its state again: a request soon, then later, at last every step."""
        told, step = robot.me.told, self._ticks_a_step
        if told.want is None or told.moving:
            return step
        return min(step, self._round_trip << robot.repeats)

    def _grow_older(self, robot: _Robot) -> None:
        told = robot.me.told
        distance = self.world.tables[told.goal][told.cell]
        refused = self._refused(robot)
        robot.patience = robot.patience.after(distance, refused=refused)
        robot.age += 1 if distance else 0
        if told.moving:
            return
        robot.stood += 1
        if robot.path[:1] == (told.cell,):
            robot.path = robot.path[1:]
        robot.replan = True
        if distance:
            self._decide(told.agent, retry=robot.stood % RETRY_STEPS == 0)

    def _refused(self, robot: _Robot) -> bool:
        """Whether it stands because nobody could make way, though it hears nobody above it."""
        told = robot.me.told
        if told.want is not None or not robot.me.failed:
            return False
        heard = self._fresh(robot)
        return not any(peer.rank.outranks(told.rank, slack=1) for peer in heard)

    def _rank(self, robot: _Robot) -> GridRank:
        told = robot.me.told
        if told.cell == told.goal:
            return GridRank(PARKED, 0, 0, told.agent)
        if robot.patience.yields:
            return GridRank(RETURNING, 0, 0, told.agent)
        if robot.arrived:
            return GridRank(RETURNING, robot.age // AGE_STEPS, 0, told.agent)
        return GridRank(ON_MISSION, robot.age // AGE_STEPS, robot.length, told.agent)
