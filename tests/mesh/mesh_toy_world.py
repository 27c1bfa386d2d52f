# SPDX-License-Identifier: Apache-2.0
"""A small world of disc robots in drawn corridors that talk over a bad network; no ROS, no clock.

A map is drawn with '#' for walls, one character is half a metre. The robots have a path follower
with limited braking and a simple refuge finder; nothing but right of way keeps them apart.
"""

import heapq
import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from swarm_agent.mesh.core import (
    Advice,
    Claim,
    Me,
    Peer,
    Point,
    Polyline,
    RightOfWayInputs,
    RightOfWayOutputs,
    RightOfWayParams,
    RightOfWayState,
    Settlement,
    decide_right_of_way,
)

CHARACTER_M = 0.5
CELL_M = 0.125
TICK_S = 0.1
NS = 1_000_000_000
Cell = tuple[int, int]


class Floor:
    """Which points a disc can stand on, and shortest paths between them."""

    def __init__(self, drawing: str) -> None:
        rows = [line for line in drawing.strip('\n').split('\n') if line]
        width = max(map(len, rows))
        free = np.array([[c != '#' for c in row.ljust(width, '#')] for row in rows[::-1]])
        factor = round(CHARACTER_M / CELL_M)
        fine = np.kron(free, np.ones((factor, factor))).astype(bool)
        fine = np.pad(fine, 1)
        self.clearance = (ndimage.distance_transform_edt(fine)[1:-1, 1:-1] - 0.5) * CELL_M
        self.marks = {
            c: self._roomy((i * factor + factor // 2, j * factor + factor // 2))
            for i, row in enumerate(rows[::-1])
            for j, c in enumerate(row)
            if c not in '# .'
        }

    def _roomy(self, cell: Cell) -> Point:
        """The point of most clearance near a cell, the middle of a corridor."""
        reach = round(CHARACTER_M / CELL_M / 2) + 1
        i, j = (max(k - reach, 0) for k in cell)
        part = self.clearance[i : cell[0] + reach + 1, j : cell[1] + reach + 1]
        a, b = np.unravel_index(int(np.argmax(part)), part.shape)
        return self.point((i + int(a), j + int(b)))

    @staticmethod
    def point(cell: Cell) -> Point:
        return cell[1] * CELL_M, cell[0] * CELL_M

    @staticmethod
    def cell(point: Point) -> Cell:
        return round(point[1] / CELL_M), round(point[0] / CELL_M)

    def search(
        self,
        start: Point,
        done: Callable[[Cell], bool],
        radius_m: float,
        blocked: Callable[[Point], bool],
    ) -> Polyline | None:
        """Dijkstra over standable cells to the nearest one that is wanted."""
        origin = self.cell(start)
        best: dict[Cell, float] = {origin: 0.0}
        parent: dict[Cell, Cell] = {}
        queue = [(0.0, origin)]
        while queue:
            cost, cell = heapq.heappop(queue)
            if cost > best[cell]:
                continue
            if done(cell):
                return self._trace(parent, cell, start)
            for near, length in self._neighbours(cell, radius_m):
                total = cost + length * (1.0 + 0.3 * max(0.0, 0.7 - self.clearance[near]))
                if total < best.get(near, math.inf) and not blocked(self.point(near)):
                    best[near], parent[near] = total, cell
                    heapq.heappush(queue, (total, near))
        return None

    def _neighbours(self, cell: Cell, radius_m: float) -> Iterator[tuple[Cell, float]]:
        height, width = self.clearance.shape
        for di, dj in itertools.product((-1, 0, 1), repeat=2):
            i, j = cell[0] + di, cell[1] + dj
            inside = 0 <= i < height and 0 <= j < width
            if (di or dj) and inside and self.clearance[i, j] >= radius_m:
                yield (i, j), math.hypot(di, dj) * CELL_M

    def _trace(self, parent: dict[Cell, Cell], cell: Cell, start: Point) -> Polyline:
        cells = [cell]
        while cells[-1] in parent:
            cells.append(parent[cells[-1]])
        return (start, *(self.point(one) for one in cells[-2::-1]))


@dataclass(kw_only=True)
class Robot:
    """A disc that follows its path as far as it is advised."""

    agent_id: str
    floor: Floor
    at: Point
    goal: Point | None
    radius_m: float = 0.25
    priority: int = 3
    top_mps: float = 0.6
    accel_mps2: float = 0.8
    has_refuges: bool = True
    starts_s: float = 0.0
    speed_mps: float = 0.0
    path: Polyline = ()
    aside: Polyline = ()
    refuge: str = 'unasked'
    place: Point | None = None
    advice: Advice = field(default_factory=Advice)
    state: RightOfWayState = field(default_factory=RightOfWayState)
    out: RightOfWayOutputs | None = None
    arrived_s: float = math.inf
    told: Polyline = ()
    heard: dict[str, Peer] = field(default_factory=dict)
    inbox: list[Claim] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    advices: list[str] = field(default_factory=list)
    sensed: Callable[[], list[tuple[Point, float]]] = list
    """Bodies that the lidar shows, whatever is said: centre and radius."""

    def decide(self, now_ns: int, params: RightOfWayParams) -> RightOfWayOutputs:
        """One tick of the situation core in miniature."""
        self._plan(now_ns)
        me = Me(
            agent_id=self.agent_id,
            pose=(*self.at, 0.0),
            speed_mps=self.speed_mps,
            radius_m=self.radius_m,
            priority=self.priority if self.goal else 1,
            path=cut(self.path),
            wants_to_move=self.goal is not None,
            refuge=self.refuge,
            place=self.place,
            aside=cut(self.aside),
            route=cut(self.path, 49),
            told=self.told,
        )
        inputs = RightOfWayInputs(
            now_ns=now_ns, me=me, peers=tuple(self.heard.values()), claims=tuple(self.inbox)
        )
        self.inbox.clear()
        self.state, self.out = decide_right_of_way(self.state, inputs, params)
        self._obey(self.out, params)
        return self.out

    def _plan(self, now_ns: int) -> None:
        if self.goal and not self.path and now_ns >= self.starts_s * NS:
            goal = self.floor.cell(self.goal)
            self.path = self.floor.search(
                self.at, lambda cell: cell == goal, self.radius_m, lambda _: False
            ) or (self.at,)

    def _obey(self, out: RightOfWayOutputs, params: RightOfWayParams) -> None:
        self.settled.extend(out.settled)
        self.violations.extend(out.violations)
        before, self.advice = self.advice, out.advice
        if not self.advices or self.advices[-1] != out.advice.kind:
            self.advices.append(out.advice.kind)
        if out.advice.kind != 'make_way':
            if before.kind == 'make_way':
                self.refuge, self.place, self.aside, self.path = 'unasked', None, (), ()
            return
        keep_m = self.radius_m + self.heard[out.advice.peer].radius_m + params.margin_m
        stale = self.place is not None and not clear_of(
            self.place, out.advice.corridor, keep_m - 0.05
        )
        stale = stale or before.immovable != out.advice.immovable
        if before.peer != out.advice.peer or before.kind != 'make_way' or stale:
            self.refuge = 'unasked'
        if self.refuge in {'unasked', 'none'}:
            self._seek(out.advice, keep_m)

    def _seek(self, advice: Advice, keep_m: float) -> None:
        """The nearest place off the corridor; for want of one, behind robots that stand."""
        found, self.refuge = None, 'none'
        others = list(self.heard.values())
        pushed = [peer for peer in others if not movable(peer, advice)]
        beyond = [peer for peer in pushed if peer.agent_id != advice.peer]
        for status, bodies in (('found', others), ('found', pushed), ('behind', beyond)):
            if self.has_refuges and not found:
                found = self._refuge(advice, keep_m, bodies)
                self.refuge = status if found else 'none'
        self.aside, self.place = (found, found[-1]) if found else ((), None)
        self.advice = replace(advice, stop_after_m=0.0)  # it was given for another way

    def _refuge(self, advice: Advice, keep_m: float, others: list[Peer]) -> Polyline | None:
        discs = [(peer.pose[:2], peer.radius_m) for peer in others]

        def blocked(point: Point) -> bool:
            return any(
                math.dist(point, at) < min(self.radius_m + r + 0.1, math.dist(self.at, at) - 0.01)
                for at, r in discs
            )

        return self.floor.search(
            self.at,
            lambda cell: clear_of(self.floor.point(cell), advice.corridor, keep_m),
            self.radius_m,
            blocked,
        )

    def move(self, now_s: float) -> None:
        """Drive for one tick."""
        making_way = self.advice.kind == 'make_way'
        path = self.aside if making_way else self.path
        room = min(length_of(path), self.advice.stop_after_m, self._seen_room(path))
        wanted = min(self.top_mps, math.sqrt(2.0 * self.accel_mps2 * max(0.0, room - 0.03)))
        step = self.accel_mps2 * TICK_S
        self.speed_mps = min(max(wanted, self.speed_mps - step), self.speed_mps + step)
        if len(path) < 2:
            self.speed_mps = 0.0
            self._arrive(now_s, making_way=making_way)
            return
        rest = drop(path, self.speed_mps * TICK_S)
        self.at = rest[0]
        if making_way:
            self.aside = rest
        else:
            self.path = rest
        if length_of(rest) < 0.05:
            self._arrive(now_s, making_way=making_way)

    def _seen_room(self, path: Polyline) -> float:
        """The reflex: how far one may drive before a body that the lidar shows."""
        room = math.inf
        for at, radius in self.sensed():
            least = min(self.radius_m + radius + 0.1, math.dist(self.at, at) - 0.01)
            for k, point in enumerate(cut(path, 9)):
                if math.dist(point, at) < least:
                    room = min(room, max(0.0, 0.25 * (k - 1)))
        return room

    def _arrive(self, now_s: float, *, making_way: bool) -> None:
        if making_way and self.refuge in {'found', 'behind'}:
            self.refuge, self.aside = 'reached', ()
        elif not making_way and self.goal and self.path and math.dist(self.at, self.goal) < 0.2:
            self.goal, self.path, self.arrived_s = None, (), now_s

    def announce(self, now_ns: int) -> Peer:
        assert self.out is not None
        path = cut(self.aside if self.advice.kind == 'make_way' else self.path)
        self.told = (self.at, *path)
        return Peer(
            agent_id=self.agent_id,
            heard_ns=now_ns,
            pose=(*self.at, 0.0),
            speed_mps=self.speed_mps,
            radius_m=self.radius_m,
            priority=self.priority if self.goal else 1,
            waited_ms=self.out.waited_ms,
            state=self.out.state,
            path=path,
            yields_to=self.out.yields_to,
            cannot_yield=self.out.cannot_yield,
            alive=True,
            word=self.out.word,
        )


@dataclass(kw_only=True)
class Network:
    """Delays up to a bound, drops, doubles and so reorders what robots say."""

    seed: int
    delay_s: float = 0.3
    loss: float = 0.2
    doubled: float = 0.1
    queue: list[tuple[float, int, str, Peer | Claim]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.count = itertools.count()

    def send(self, now_s: float, to: str, what: Peer | Claim) -> None:
        copies = 1 + (self.random.random() < self.doubled)
        for _ in range(copies):
            if self.random.random() >= self.loss:
                due = now_s + self.random.uniform(0.0, self.delay_s)
                heapq.heappush(self.queue, (due, next(self.count), to, what))

    def deliver(self, now_s: float, robots: dict[str, Robot]) -> None:
        while self.queue and self.queue[0][0] <= now_s:
            _, _, to, what = heapq.heappop(self.queue)
            _receive(robots[to], what, round(now_s * NS))


def _receive(robot: Robot, what: Peer | Claim, now_ns: int) -> None:
    if isinstance(what, Claim):
        robot.inbox.append(what)
        return
    known = robot.heard.get(what.agent_id)
    sent_ns = what.heard_ns
    if known is None or SENT_NS[id(robot), what.agent_id] < sent_ns:
        SENT_NS[id(robot), what.agent_id] = sent_ns
        robot.heard[what.agent_id] = Peer(
            **{name: getattr(what, name) for name in Peer.__slots__} | {'heard_ns': now_ns}
        )


SENT_NS: dict[tuple[int, str], int] = {}


@dataclass(kw_only=True)
class World:
    """Robots, network and referee."""

    robots: list[Robot]
    network: Network
    params: RightOfWayParams = field(default_factory=RightOfWayParams)
    least_gap_m: float = math.inf
    now_s: float = 0.0

    def run(self, limit_s: float, *, until_arrived: bool = True) -> 'World':
        SENT_NS.clear()
        while self.now_s < limit_s:
            self.tick()
            if until_arrived and all(robot.goal is None for robot in self.robots):
                break
        return self

    def tick(self) -> None:
        names = {robot.agent_id: robot for robot in self.robots}
        self.network.deliver(self.now_s, names)
        now_ns = round(self.now_s * NS)
        for robot in self.robots:
            out = robot.decide(now_ns, self.params)
            for claim in out.claims:
                self.network.send(self.now_s, claim.to_agent, claim)
            said = robot.announce(now_ns)
            for other in self.robots:
                if other is not robot:
                    self.network.send(self.now_s, other.agent_id, said)
        for robot in self.robots:
            robot.move(self.now_s)
        self.now_s += TICK_S
        for a, b in itertools.combinations(self.robots, 2):
            gap = math.dist(a.at, b.at) - a.radius_m - b.radius_m
            self.least_gap_m = min(self.least_gap_m, gap)


def movable(peer: Peer, advice: Advice) -> bool:
    """Whether a peer stands and can be asked to move on."""
    stays = peer.agent_id == advice.peer or peer.agent_id in advice.immovable
    return not stays and abs(peer.speed_mps) < 0.05


def length_of(path: Polyline) -> float:
    return sum(math.dist(a, b) for a, b in itertools.pairwise(path))


def drop(path: Polyline, length_m: float) -> Polyline:
    """The rest of a path after this length."""
    for k, (a, b) in enumerate(itertools.pairwise(path)):
        part = math.dist(a, b)
        if length_m < part:
            share = length_m / part
            return ((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share), *path[k + 1 :])
        length_m -= part
    return path[-1:]


def cut(path: Polyline, most: int = 25) -> Polyline:
    """The first 6 m of a path, 0.25 m apart; nothing if it goes nowhere."""
    if len(path) < 2:
        return ()
    points, rest = [path[0]], path
    while len(rest) > 1 and len(points) < most:
        rest = drop(rest, 0.25)
        points.append(rest[0])
    return tuple(points)


def clear_of(point: Point, corridor: Polyline, keep_m: float) -> bool:
    return all(math.dist(point, other) >= keep_m for other in corridor)
