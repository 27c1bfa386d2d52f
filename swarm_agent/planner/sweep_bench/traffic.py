# SPDX-License-Identifier: Apache-2.0
"""Robots sweep a board together, one cell a beat, with traffic, lost messages and a lost robot.

Each robot runs the core `sweep_crew` on what it has heard; nothing else tells it what to do. Who
is killed stands where it is for the rest of the run. Beats are seconds for the cores.
"""

from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from swarm_agent.planner.core.sweep import crew
from swarm_agent.planner.core.sweep.board import Board
from swarm_agent.planner.core.sweep.plan import SweepPlan
from swarm_agent.planner.sweep_bench.instances import Instance
from swarm_agent.planner.sweep_bench.right_of_way import Rule, inherit
from swarm_agent.planner.sweep_bench.walker import Walker

_BEAT_NS = 1_000_000_000
_GRACE_NS = 2 * _BEAT_NS
_NEVER_NS = 10**18


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What goes wrong in a run."""

    killed: int | None = None
    """The robot that is killed."""
    kill_beat: int = 0
    loss: float = 0.0
    """Share of news that get lost, each for each receiver, 0 to 1."""
    delay_beats: int = 1
    """How long news take."""
    takeover: bool = True
    """Whether the others take a lost robot's part; False is the control."""
    seed: int = 1
    """Of the losses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of it."""

    paths: tuple[tuple[int, ...], ...]
    """The cell of each robot at each beat."""
    planned: int
    """Steps of the longest route when nobody is in the way and nobody is lost."""
    swept_beat: int | None
    """When the last cell was swept that could be; None: it never was."""
    home_beat: int | None
    """When the last robot was home; None: not all came home."""
    unswept: int
    """Cells that could have been swept and were not."""
    cut_off: int
    """Cells that the body of the lost robot bars."""
    barred: int
    """Robots to whom it bars the way home."""
    conflicts: int
    """Two robots on a cell, or changing places: counted from the paths."""
    taken: tuple[tuple[int, int, int], ...]
    """Takeovers: beat, robot, cells."""
    news_bytes: float
    """What a robot sends each beat, on average, before compression."""


def drive(instance: Instance, plan: SweepPlan, trouble: Trouble, rule: Rule = inherit) -> Run:
    """Let the robots of a plan sweep until all is done or four times the plan has passed."""
    world = _World(instance, plan, trouble, rule)
    planned = max(len(route) - 1 for route in plan.routes)
    while world.beat < 4 * planned + 100 and not world.over and world.manned:
        world.step()
    return world.result(planned)


@dataclass(slots=True)
class _World:
    """The truth, the post between the robots, and the robots."""

    instance: Instance
    plan: SweepPlan
    trouble: Trouble
    rule: Rule
    beat: int = 0
    over: bool = False
    at: list[int] = field(default_factory=list)
    walkers: list[Walker] = field(default_factory=list)
    post: deque[tuple[int, int, crew.News]] = field(default_factory=deque)
    """Beat of arrival, receiver, news."""
    paths: list[list[int]] = field(default_factory=list)
    swept_beat: int | None = None
    taken: list[tuple[int, int, int]] = field(default_factory=list)
    sent_bytes: int = 0
    chance: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __post_init__(self) -> None:
        self.chance = np.random.default_rng(self.trouble.seed)
        self.at = list(self.instance.starts)
        self.paths = [[cell] for cell in self.at]
        grace_ns = _GRACE_NS if self.trouble.takeover else _NEVER_NS
        params = crew_params(self.instance.board, self.plan, self.instance.starts, grace_ns)
        self.walkers = [
            Walker(self.instance.board, own, route)
            for own, route in zip(params, self.plan.routes, strict=True)
        ]

    @property
    def dead(self) -> int | None:
        """The robot that is lost by now."""
        struck = self.trouble.killed is not None and self.beat >= self.trouble.kill_beat
        return self.trouble.killed if struck else None

    @property
    def manned(self) -> bool:
        """Whether anybody is left."""
        return self.dead is None or len(self.at) > 1

    def step(self) -> None:
        """One beat: hear, decide, settle the right of way, move."""
        dead = self.dead
        bodies = {self.at[dead]} if dead is not None else set()
        living = [robot for robot in range(len(self.at)) if robot != dead]
        heard = self._delivered()
        for robot in living:
            self._think(robot, heard[robot], living, bodies)
        places = {self.at[robot] for robot in living}
        wishes = [
            self.walkers[robot].wishes(bodies, places - {self.at[robot]}) for robot in living
        ]
        rank = [self.walkers[robot].rank for robot in living]
        following = self.rule([self.at[robot] for robot in living], wishes, rank)
        for robot, cell in zip(living, following, strict=True):
            self.at[robot] = cell
        for robot, cell in enumerate(self.at):
            self.paths[robot].append(cell)
        self.beat += 1
        self._judge(living, bodies)

    def _think(
        self, robot: int, heard: tuple[crew.News, ...], living: list[int], bodies: set[int]
    ) -> None:
        walker = self.walkers[robot]
        alive = tuple(self.walkers[peer].name for peer in living if peer != robot)
        outputs = walker.think(self.beat * _BEAT_NS, self.at[robot], heard, alive, bodies)
        if outputs.taken:
            self.taken.append((self.beat, robot, len(outputs.taken)))
        if outputs.news is not None:
            self.sent_bytes += len(outputs.news.part) + len(outputs.news.done) + 16
            self._send(robot, outputs.news)

    def _send(self, robot: int, news: crew.News) -> None:
        for peer in range(len(self.at)):
            if peer != robot and self.chance.random() >= self.trouble.loss:
                self.post.append((self.beat + self.trouble.delay_beats, peer, news))

    def _delivered(self) -> list[tuple[crew.News, ...]]:
        heard: list[list[crew.News]] = [[] for _ in self.at]
        while self.post and self.post[0][0] <= self.beat:
            _, peer, news = self.post.popleft()
            heard[peer].append(news)
        return [tuple(news) for news in heard]

    def _judge(self, living: list[int], bodies: set[int]) -> None:
        left = self._left(bodies)
        if not left and self.swept_beat is None:
            self.swept_beat = self.beat
        self.over = not left and all(
            self.walkers[robot].home == self.at[robot] or self._barred(robot, bodies)
            for robot in living
        )

    def _barred(self, robot: int, bodies: set[int]) -> bool:
        """Whether the lost robot's body is in the only way home."""
        home = self.walkers[robot].home
        return bool(bodies) and home not in reach(self.instance.board, [self.at[robot]], bodies)

    def _left(self, bodies: set[int]) -> set[int]:
        """Cells not swept that somebody alive can still reach."""
        swept = {cell for path in self.paths for cell in path}
        left = set(range(self.instance.board.size)) - swept
        living = [self.at[robot] for robot in range(len(self.at)) if robot != self.dead]
        if not bodies or not left or not living:
            return left
        return left & reach(self.instance.board, living, bodies)

    def result(self, planned: int) -> Run:
        """Count up."""
        dead = self.dead
        bodies = {self.at[dead]} if dead is not None else set()
        swept = {cell for path in self.paths for cell in path}
        left = self._left(bodies)
        return Run(
            paths=tuple(tuple(path) for path in self.paths),
            planned=planned,
            swept_beat=self.swept_beat,
            home_beat=self.beat if self.over else None,
            unswept=len(left),
            cut_off=self.instance.board.size - len(swept) - len(left),
            barred=sum(
                self._barred(robot, bodies) for robot in range(len(self.at)) if robot != dead
            ),
            conflicts=count_conflicts(self.paths),
            taken=tuple(self.taken),
            news_bytes=self.sent_bytes / max(1, self.beat) / len(self.at),
        )


def crew_params(
    board: Board, plan: SweepPlan, starts: tuple[int, ...], grace_ns: int = _GRACE_NS
) -> list[crew.Params]:
    """What each robot is given before the start: the board and everybody's part."""
    rows, cols = board.number.shape
    parts = []
    for robot, start in enumerate(starts):
        mask = np.zeros((rows, cols), dtype=bool)
        mask[tuple(board.places[plan.owner == robot].T)] = True
        row, col = board.places[start]
        bits = np.packbits(mask).tobytes()
        parts.append(crew.Part(agent_id=f'r{robot:02}', bits=bits, cell=int(row * cols + col)))
    common = crew.Params(
        agent_id='',
        rows=rows,
        cols=cols,
        free=np.packbits(board.number >= 0).tobytes(),
        parts=tuple(parts),
        grace_ns=grace_ns,
    )
    return [replace(common, agent_id=part.agent_id) for part in parts]


def reach(board: Board, cells: list[int], bodies: set[int]) -> set[int]:
    """Cells to which steps lead from some cells, not through bodies."""
    found, todo = set(cells), list(cells)
    while todo:
        for near in board.beside[todo.pop()].tolist():
            if near >= 0 and near not in found and near not in bodies:
                found.add(near)
                todo.append(near)
    return found


def count_conflicts(paths: list[list[int]]) -> int:
    """Two on one cell at one beat, or changing places in one."""
    table = np.array(paths)
    count = 0
    for a in range(len(table)):
        for b in range(a + 1, len(table)):
            same = table[a] == table[b]
            swap = (table[a, 1:] == table[b, :-1]) & (table[b, 1:] == table[a, :-1]) & ~same[1:]
            count += int(same.sum()) + int(swap.sum())
    return count
