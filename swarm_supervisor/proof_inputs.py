# SPDX-License-Identifier: Apache-2.0
"""What roster, map and laws say of orders before they leave, as the plan checker takes it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from swarm.v1 import mission_pb2

from swarm_config.cards import Fact
from swarm_config.maps import Mask
from swarm_supervisor.agenda import agenda_of
from swarm_supervisor.allocator import Allocator
from swarm_supervisor.core.cells import unpack_cells
from swarm_supervisor.core.plan_types import (
    Belief,
    Limits,
    PlanInputs,
    PlanStep,
    RobotStart,
    Stop,
)
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import REFUSED, Mission
from swarm_supervisor.roster import Member
from swarm_supervisor.task_ways import bars_for, goals_of, leaving
from swarm_supervisor.tasking import Draft
from swarm_supervisor.trusting import trust_to_give
from swarm_vault.laws.core.bars import Bars
from swarm_vault.laws.core.values import Area, Mandate, Point, Tier, Trust, ZoneKind
from swarm_vault.laws.core.zones import crosses, inside

After = tuple[tuple[int, ...], ...]
"""For each task the numbers of those that must be done before it; none: they all begin at once."""
BELIEFS = (Belief(fact=Fact.LOCALISED), Belief(fact=Fact.HANDS_FREE))
"""What is taken as observed of a robot that reports: it says itself where it is, and a load that
it carries belongs to an earlier order, which is done before this one."""


@dataclass(slots=True, kw_only=True)
class _Robot:
    """A robot of the plan, and where on the floor it will be as the plan goes on."""

    start: RobotStart
    node: int
    home: int
    radius_m: float
    barred: tuple[Area, ...]
    bars: Bars


def inputs_of(
    hq: Headquarters, mission: Mission, drafts: tuple[Draft, ...], after: After
) -> Callable[[], PlanInputs]:
    """Take up the roster as it is now; what is returned measures the ways, in any thread."""
    members = [hq.roster[name] for name in dict.fromkeys(d.agent_id for d in drafts)]
    wished = {name: _wished_mps(drafts, name) for name in {d.agent_id for d in drafts}}
    urgency = min((draft.task.priority for draft in drafts), default=0)
    robots = {m.agent_id: _robot(hq, m, mission, wished[m.agent_id], urgency) for m in members}
    limits = Limits(
        forbidden=tuple(sorted({a.name for r in robots.values() for a in r.barred})),
        deadline_s=_deadline_s(hq, members),
        reserve=hq.fleet.file.min_battery,
    )
    floor = _Floor(hq.allocator, hq.world.grid.shape, hq.places.points)

    def measured() -> PlanInputs:
        steps = tuple(
            _step(floor, robots[draft.agent_id], number, drafts, after)
            for number, draft in enumerate(drafts)
        )
        starts = tuple(robot.start for robot in robots.values())
        return PlanInputs(name=mission.text, robots=starts, steps=steps, limits=limits)

    return measured


def step_name(number: int, drafts: tuple[Draft, ...]) -> str:
    """The name of an order's step: its task, counted from 1, and its robot."""
    draft = drafts[number]
    same = [d for d in drafts[:number] if (d.number, d.agent_id) == (draft.number, draft.agent_id)]
    return f'{draft.number + 1} of {draft.agent_id}' + (f' ({len(same) + 1})' if same else '')


def _wished_mps(drafts: tuple[Draft, ...], agent_id: str) -> float:
    """The slowest that the giver wishes of a robot's orders [m/s]; inf where there is no wish."""
    own = (draft.task.max_speed_mps for draft in drafts if draft.agent_id == agent_id)
    return min((speed for speed in own if speed > 0.0), default=math.inf)


def _robot(
    hq: Headquarters, member: Member, mission: Mission, wished_mps: float, urgency: int
) -> _Robot:
    model, radius_m = member.robot.model, member.robot.model.radius_m
    trust, _ = trust_to_give(hq, member)
    told = member.telemetry
    placed, charged = told.HasField('pose'), told.HasField('battery')
    home = hq.allocator.node_at(*member.robot.home[:2], radius_m)
    agenda = agenda_of(hq, member, priority=urgency)
    node = hq.allocator.node_at(*agenda.pose[:2], radius_m)
    top_mps = model.max_speed_mps
    start = RobotStart(
        agent_id=member.agent_id,
        tier=_tier(trust, mission),
        battery=told.battery if charged else None,
        capacity_wh=model.battery.capacity_wh,
        idle_w=model.battery.idle_w,
        drive_w=model.battery.drive_w,
        speed_mps=min(top_mps, wished_mps, *_mandated_mps(trust)),
        top_speed_mps=top_mps,
        beliefs=BELIEFS if placed else (),
        unheard=not (placed and charged),
        creeps=trust.tier == Tier.OPERATOR,
        busy_s=agenda.busy_s,
        order_wh=_order_wh(trust.mandate, model.battery.capacity_wh),
        left_wh=_left_wh(hq, trust.mandate),
    )
    barred = _barred(hq, trust)
    bars = bars_for(hq, member)
    return _Robot(start=start, node=node, home=home, radius_m=radius_m, barred=barred, bars=bars)


def _mandated_mps(trust: Trust) -> tuple[float, ...]:
    return () if trust.mandate is None else (trust.mandate.max_speed_mps,)


def _order_wh(mandate: Mandate | None, capacity_wh: float) -> float:
    """The stricter of a mandate's two caps for one order [Wh]; 0: none."""
    if mandate is None:
        return 0.0
    caps = (mandate.energy_wh, mandate.charge_share * capacity_wh)
    return min((cap for cap in caps if cap > 0.0), default=0.0)


def _left_wh(hq: Headquarters, mandate: Mandate | None) -> float | None:
    """What earlier orders leave of a mandate [Wh]; None without a cap.

    An order holds what it was expected to take from when it is given, whatever became of it,
    unless its robot never took it up.
    """
    if mandate is None or mandate.total_wh <= 0.0:
        return None
    given = (o for m in hq.missions for o in m.orders if o.sent and o.status != REFUSED)
    warrants = [order.task().warrant for order in given]
    waiting = (o for m in hq.missions for o in m.orders if not (o.sent or o.closed))
    warrants += [order.task().warrant for order in waiting]
    held = (w.expected_wh for w in warrants if w.mandate_id == mandate.mandate_id)
    return max(0.0, mandate.total_wh - sum(held))


def _tier(trust: Trust, mission: Mission) -> int:
    """The tier at which the orders would run: that of the token, or what their giver grants."""
    if trust.mandate is None or not mission.grants_tier or trust.tier < Tier.BUILDER:
        return trust.tier
    return max(trust.tier, min(mission.grants_tier, trust.mandate.tier))


def _barred(hq: Headquarters, trust: Trust) -> tuple[Area, ...]:
    """Parts of the floor that nobody may enter, and those that the robot's mandate bars."""
    zones = hq.court.policy_of('').zones
    shut = [Area(name=z.name, corners=z.corners) for z in zones if z.kind is ZoneKind.FORBIDDEN]
    return (*shut, *(() if trust.mandate is None else trust.mandate.blocked_zones))


def _deadline_s(hq: Headquarters, members: list[Member]) -> float:
    """How long the shortest mandate of these robots still lasts [s]; 0: none ends."""
    mandates = [trust_to_give(hq, member)[0].mandate for member in members]
    ends = [m.not_after_ns for m in mandates if m is not None and m.not_after_ns]
    return max(0.001, (min(ends) - hq.clock()) / 1e9) if ends else 0.0


@dataclass(frozen=True, slots=True)
class _Floor:
    """The map, and what its places are called."""

    allocator: Allocator
    shape: tuple[int, int]
    names: Mapping[str, tuple[float, float, float]]

    def stop(self, x_m: float, y_m: float, barred: tuple[Area, ...]) -> Stop:
        """A place with the barred zones in which it lies."""
        near = (n for n, p in self.names.items() if abs(p[0] - x_m) + abs(p[1] - y_m) < 0.01)
        touched = tuple(area.name for area in barred if inside((x_m, y_m), area.corners))
        return Stop(name=next(near, f'{x_m:.1f} {y_m:.1f}'), touches=touched)


def _step(
    floor: _Floor, robot: _Robot, number: int, drafts: tuple[Draft, ...], after: After
) -> PlanStep:
    draft = drafts[number]
    skill, task = str(draft.task.WhichOneof('task')), draft.task
    goals = goals_of(task)
    stops = tuple(floor.stop(x, y, robot.barred) for _, x, y in goals)
    names = tuple(dict.fromkeys(name for name, _, _ in goals))
    way = _sweep(floor, robot, task) if skill == 'survey' else _drive(floor, robot, task, goals)
    waits = after[draft.number] if after else ()
    return PlanStep(
        step_id=step_name(number, drafts),
        agent_id=draft.agent_id,
        skill=skill,
        numbers=_numbers(task),
        places=tuple(
            (name, tuple(s for s, goal in zip(stops, goals, strict=True) if goal[0] == name))
            for name in names
        ),
        after=tuple(step_name(n, drafts) for n, d in enumerate(drafts) if d.number in waits),
        travel_m=None if way is None else way.travel_m,
        home_m=0.0 if way is None else way.home_m,
        crosses=_crossed(robot, () if way is None else way.points),
    )


def _numbers(task: mission_pb2.MissionOrder) -> tuple[tuple[str, float], ...]:
    kind = task.WhichOneof('task')
    if kind == 'patrol':
        return (('loops', float(task.patrol.loops)),)
    if kind == 'wait':
        return (('seconds', task.wait.seconds),)
    return (('range_m', task.survey.range_m),) if kind == 'survey' else ()


def _crossed(robot: _Robot, points: tuple[Point, ...]) -> tuple[str, ...]:
    return tuple(area.name for area in robot.barred if crosses(points, area.corners))


@dataclass(frozen=True, slots=True)
class _Way:
    """The way of a step, and the one home from its end [m]."""

    travel_m: float
    home_m: float
    points: tuple[Point, ...]


def _drive(
    floor: _Floor,
    robot: _Robot,
    task: mission_pb2.MissionOrder,
    goals: tuple[tuple[str, float, float], ...],
) -> _Way | None:
    """The way through all places, None where there is none; puts the robot at its end."""
    nodes = [floor.allocator.node_at(x, y, robot.radius_m) for _, x, y in goals]
    if task.HasField('return_to_base'):
        nodes = [robot.home]
    first = _through(floor, robot, nodes)
    rounds = max(1, task.patrol.loops) if task.HasField('patrol') else 1
    again = _through(floor, robot, nodes) if rounds > 1 and first is not None else (0.0, ())
    if first is None or again is None:
        return None
    home = (
        floor.allocator.way(robot.node, robot.home, robot.radius_m, robot.bars) if nodes else None
    )
    travel_m = first[0] + (rounds - 1) * again[0]
    return _Way(travel_m, home.length_m if home else 0.0, (*first[1], *again[1]))


def _through(
    floor: _Floor, robot: _Robot, nodes: list[int]
) -> tuple[float, tuple[Point, ...]] | None:
    total_m = 0.0
    points: tuple[Point, ...] = ()
    for node in nodes:
        way = floor.allocator.way(robot.node, node, robot.radius_m, robot.bars)
        if way is None:
            return None
        total_m, points = total_m + way.length_m, (*points, *leaving(way.points, robot.bars))
        robot.node = node
    return total_m, points


def _sweep(floor: _Floor, robot: _Robot, task: mission_pb2.MissionOrder) -> _Way | None:
    """The way to a region's nearest cell and about how far it is to see all of it.

    The robot ends where it is farthest from home.
    """
    cells: Mask = unpack_cells(task.survey.region.bits, floor.shape)
    there = floor.allocator.ways_to(robot.node, cells, robot.radius_m)
    if not there:
        return None
    nearest = min(there, key=lambda node: (there[node], node))
    bars = robot.bars
    way = floor.allocator.way(robot.node, nearest, robot.radius_m, bars) if robot.barred else None
    back = floor.allocator.ways_to(robot.home, cells, robot.radius_m)
    robot.node = max(back, key=lambda node: (back[node], node), default=nearest)
    swept_m = floor.allocator.sweep_m(cells)
    points = way.points if way else ()
    return _Way(there[nearest] + swept_m, back.get(robot.node, 0.0), points)
