# SPDX-License-Identifier: Apache-2.0
"""A small world for the planner: a map, a kinematic robot and what its situation node says."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from swarm_agent.planner.core import CORE
from swarm_agent.planner.core.ground import Ground, straight
from swarm_agent.planner.core.orders import Order, Region, Task, Token
from swarm_agent.planner.core.sight import visible
from swarm_agent.planner.core.state import State
from swarm_agent.planner.core.types import (
    BatteryView,
    Inputs,
    Intent,
    IntentKind,
    Nav,
    Outputs,
    Params,
    SituationView,
    Tuning,
)
from swarm_agent.planner.skill_cards import load_cards
from swarm_config.maps import GridMap, Mask, pack_map
from swarm_vault.laws.core.policy import BudgetRule
from swarm_vault.laws.core.values import Mandate
from swarm_vault.laws.policy_file import read_policies

CONFIG = Path(__file__).parents[2] / 'config'
CARDS = load_cards(CONFIG / 'skills')
POLICY = read_policies(CONFIG / 'codex' / 'POLICY.md', ['amr_1'], {}).of('amr_1')
MANDATE = Mandate(mandate_id='amr_1-test', agent_id='amr_1', tier=4, max_speed_mps=2.0)
SECOND = 1_000_000_000
START_WALL_NS = 1_700_000_000 * SECOND


def room(rows: int = 120, cols: int = 160, resolution_m: float = 0.05) -> GridMap:
    """A walled room of 8 x 6 m with a wall in the middle that leaves a door of 1.2 m."""
    free = np.zeros((rows, cols), dtype=bool)
    free[2:-2, 2:-2] = True
    free[: rows - 28, cols // 2 - 1 : cols // 2 + 1] = False
    return GridMap(
        name='room',
        resolution_m=resolution_m,
        origin_x_m=-1.0,
        origin_y_m=-2.0,
        occupied=~free,
        free=free,
    )


def params_of(grid: GridMap, **changes: object) -> Params:
    home = (0.0, -1.0, 0.0)
    base = Params(
        agent_id='amr_1',
        home=home,
        radius_m=0.28,
        max_speed_mps=1.0,
        max_yaw_rate_radps=1.8,
        map=pack_map(grid),
        survey_cell_m=0.25,
        survey_range_m=3.5,
        min_battery=0.2,
        supervised=True,
        local_tier=2,
        cards=CARDS,
        policy=POLICY,
        tuning=Tuning(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def token(tier: int = 2, *, issued_s: float = 0.0, lasts_s: float = 900.0) -> Token:
    issued_ns = START_WALL_NS + round(issued_s * SECOND)
    return Token(
        token_id=f't{tier}',
        agent_id='amr_1',
        tier=tier,
        issued_ns=issued_ns,
        expires_ns=issued_ns + round(lasts_s * SECOND),
        granted_by='ada' if tier > 2 else '',
        mandate=MANDATE,
    )


def order(task: Task, order_id: str = 'o1', **changes: object) -> Order:
    base = Order(
        order_id=order_id, mission_id='m1', agent_id='amr_1', task=task, budget=BudgetRule()
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def region_of(mask: Mask, cell_m: float) -> Region:
    rows, cols = mask.shape
    return Region(resolution_m=cell_m, width=cols, height=rows, bits=np.packbits(mask).tobytes())


@dataclass
class World:
    """Steps a robot and its planner together, 10 Hz and 2 Hz."""

    params: Params
    state: State
    pose: tuple[float, float, float]
    ground: Ground
    now_ns: int = 5 * SECOND
    started_ns: int = 5 * SECOND
    battery: float | None = 0.9
    linked: bool = True
    e_stop: bool = False
    intent: Intent | None = None
    nav: Nav = Nav.IDLE
    stuck: Callable[[Intent], Nav | None] = lambda _: None
    """What the situation node says instead of driving on."""
    peers: tuple[str, ...] = ()
    driven_m: float = 0.0
    seen: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    record: list[tuple[Inputs, Outputs]] = field(default_factory=list)
    path: list[tuple[float, float]] = field(default_factory=list)
    speed: float = 0.8
    turn_rate: float = 1.2
    blind: Mask | None = None
    looking: bool = False
    """Whether what is seen on the way is worked out; it takes most of the time."""

    def decide(self, **news: object) -> Outputs:
        inputs = Inputs(
            now_ns=self.now_ns,
            wall_ns=self.wall_ns,
            situation=self.situation(),
            battery=None
            if self.battery is None
            else BatteryView(heard_ns=self.now_ns, share=self.battery),
            e_stop=self.e_stop,
            linked=self.linked,
            **news,  # type: ignore[arg-type]
        )
        self.state, outputs = CORE.decide(self.state, inputs, self.params)
        self.record.append((inputs, outputs))
        if outputs.intent is not None:
            self._take_up(outputs.intent)
        if not outputs.again:
            return outputs
        last = self.decide()
        return replace(last, acks=outputs.acks + last.acks, notes=outputs.notes + last.notes)

    @property
    def wall_ns(self) -> int:
        return START_WALL_NS + self.now_ns - self.started_ns

    def situation(self) -> SituationView:
        return SituationView(
            heard_ns=self.now_ns,
            pose=self.pose,
            intent_id=0 if self.intent is None else self.intent.intent_id,
            nav_state=int(self.nav),
            reason='a pallet stands there' if self.nav in {Nav.BLOCKED, Nav.UNREACHABLE} else '',
            match_quality=0.9,
            violations=0,
            peers=self.peers,
            seen=np.packbits(self.seen).tobytes(),
        )

    def run(self, seconds: float, until: Callable[[Outputs], bool] = lambda _: False) -> Outputs:
        """Go on for a time or until an output fits."""
        outputs = self.decide()
        for _ in range(round(seconds * 2)):
            if until(outputs):
                return outputs
            for _ in range(5):
                self.now_ns += SECOND // 10
                self._move(0.1)
                self._see()
            outputs = self.decide()
        return outputs

    def outputs(self) -> Iterator[Outputs]:
        return (outputs for _, outputs in self.record)

    def last(self) -> Outputs:
        return self.record[-1][1]

    def statuses(self, order_id: str = 'o1') -> list[str]:
        return [status for name, status in self.acks() if name == order_id]

    def acks(self) -> list[tuple[str, str]]:
        return [(ack.order_id, ack.status.value) for o in self.outputs() for ack in o.acks]

    def reasons(self, order_id: str) -> list[str]:
        return [a.reason for o in self.outputs() for a in o.acks if a.order_id == order_id]

    def intents(self) -> list[Intent]:
        return [o.intent for o in self.outputs() if o.intent is not None]

    def _take_up(self, intent: Intent) -> None:
        self.intent = intent
        self.path = []
        self.nav = Nav.IDLE
        if intent.kind in {IntentKind.GO_TO, IntentKind.PARK}:
            self.nav = Nav.MOVING
            self.path = self._route(intent.goal[:2])

    def _route(self, goal: tuple[float, float]) -> list[tuple[float, float]]:
        start, end = self.ground.node_at(self.pose[:2]), self.ground.node_at(goal)
        assert start is not None
        assert end is not None
        points = [self.pose[:2]]
        points += [tuple(self.ground.nodes[n]) for n in self.ground.road(start, end)]
        points += [goal]
        return self._pulled(points)[1:]

    def _pulled(self, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """The path with every corner cut that can be cut."""
        pulled, at = [points[0]], 0
        while at < len(points) - 1:
            ends = np.array(points[at + 1 :])
            starts = np.tile(np.array(points[at]), (len(ends), 1))
            clear = straight(self.ground.centres, self.ground.grid, starts, ends)
            at += 1 + (int(np.flatnonzero(clear)[-1]) if clear.any() else 0)
            pulled.append(points[at])
        return pulled

    def _move(self, dt_s: float) -> None:
        intent = self.intent
        if intent is None or intent.kind not in {IntentKind.GO_TO, IntentKind.PARK}:
            return
        held = self.stuck(intent)
        if held is not None:
            self.nav = held
            return
        if math.dist(self.pose[:2], intent.goal[:2]) <= min(0.15, intent.tolerance_m):
            self.nav, self.path = Nav.ARRIVED, []
            return
        self.nav = Nav.MOVING
        self._follow(dt_s)

    def _follow(self, dt_s: float) -> None:
        if not self.path:
            return
        x, y, yaw = self.pose
        tx, ty = self.path[0]
        bearing = math.atan2(ty - y, tx - x)
        error = math.atan2(math.sin(bearing - yaw), math.cos(bearing - yaw))
        turned = max(-self.turn_rate * dt_s, min(self.turn_rate * dt_s, error))
        yaw += turned
        if abs(error) > 0.5:
            self.pose = (x, y, yaw)
            return
        stride = min(self.speed * self.params.max_speed_mps * dt_s, math.dist((x, y), (tx, ty)))
        x, y = x + stride * math.cos(bearing), y + stride * math.sin(bearing)
        self.driven_m += stride
        self.pose = (x, y, yaw)
        if math.dist((x, y), (tx, ty)) < 0.05:
            self.path.pop(0)

    def _see(self) -> None:
        if not self.looking:
            return
        floor = self.ground.survey_floor
        points = self.ground.survey_points(floor)
        hit = visible(self.ground, np.array([self.pose[:2]]), points, self.params.survey_range_m)
        fresh = np.zeros(floor.size, dtype=bool)
        fresh[np.flatnonzero(floor)[hit[0]]] = True
        if self.blind is not None:
            fresh &= ~self.blind
        self.seen |= fresh


def world(grid: GridMap | None = None, **changes: object) -> World:
    """A world whose robot stands at home, trusted and linked."""
    params = params_of(grid or room(), **changes)
    state = _initial(params)
    made = World(params=params, state=state, pose=params.home, ground=state.ground)
    made.seen = np.zeros(state.ground.survey_floor.size, dtype=bool)
    return made


@lru_cache(maxsize=32)
def _initial(params: Params) -> State:
    return CORE.initial(params)


def surveyor(grid: GridMap | None = None, **changes: object) -> World:
    made = trusted(grid, **changes)
    made.looking = True
    made._see()
    return made


def trusted(grid: GridMap | None = None, tier: int = 2, **changes: object) -> World:
    made = world(grid, **changes)
    made.decide(token=token(tier))
    return made
