# SPDX-License-Identifier: Apache-2.0
"""Play the events of a scenario: drop objects, let obstacles walk.

An event that is due but not possible now is tried again until it is. An object that fell ahead of
a robot is taken away and dropped anew if nobody comes near it: it is to be met.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet
from swarm_config.maps import GridMap
from swarm_config.scenarios import DropObject, MovingObstacle, Scenario
from swarm_sim.placing import Placing
from swarm_sim.props import Placed, Prop, prop_of
from swarm_sim.world import Array, World

RETRY_S = 0.1
MOVING_SHARE = 0.4
"""A robot drives when it has this share of its top speed."""
STRAIGHT_RADPS = 0.5
"""Turning faster than this, it has no driving direction."""
MET_M = 1.2
"""An object to which a robot came as near as this, and sees it, has been met."""
UNMET_S = 6.0
"""So long an object waits to be met before it falls elsewhere."""


@dataclass(slots=True, kw_only=True)
class Drop:
    """An object to be dropped."""

    event: DropObject
    prop: Prop
    next_try_s: float
    placed: Placed | None = None
    placed_s: float = 0.0
    met: bool = False
    """It stays where it is."""
    reason: str = 'not due yet'


@dataclass(slots=True, kw_only=True)
class Walk:
    """An obstacle that walks; its way is a closed line, walked `loops` times."""

    event: MovingObstacle
    prop: Prop
    legs: tuple[tuple[tuple[float, float], tuple[float, float]], ...]
    walked_m: float = 0.0
    last_s: float = 0.0
    placed: Placed | None = None


class Script:
    """The events of one run; seconds count from `start`."""

    def __init__(self, *, scenario: Scenario, fleet: Fleet, placing: Placing) -> None:
        """Take the events.

        Args:
            scenario: What is to happen.
            fleet: The robots, in the order of the world's.
            placing: Judges where objects may be put.
        """
        self._fleet = fleet
        self._placing = placing
        self._drops: list[Drop] = []
        self._walks: list[Walk] = []
        self.started_s: float | None = None
        for index, event in enumerate(scenario.events):
            self._take(event, prop_of(index, event))

    def _take(self, event: DropObject | MovingObstacle, prop: Prop) -> None:
        if isinstance(event, DropObject):
            self._drops.append(Drop(event=event, prop=prop, next_try_s=event.at_s))
            return
        ends = (*event.waypoints, event.waypoints[0])
        legs = tuple(itertools.pairwise(ends)) * event.loops
        self._walks.append(Walk(event=event, prop=prop, legs=legs, last_s=event.at_s))

    @property
    def props(self) -> tuple[Prop, ...]:
        """What the world must hold ready."""
        return (*(drop.prop for drop in self._drops), *(walk.prop for walk in self._walks))

    @property
    def placed(self) -> tuple[Placed, ...]:
        """What stands or walks in the world now."""
        placed = (*(drop.placed for drop in self._drops), *(walk.placed for walk in self._walks))
        return tuple(one for one in placed if one is not None)

    @property
    def waiting(self) -> dict[str, str]:
        """Objects not dropped yet, and why."""
        return {drop.prop.name: drop.reason for drop in self._drops if drop.placed is None}

    def start(self, now_s: float) -> bool:
        """Start to count; False when it has been started before."""
        if self.started_s is not None:
            return False
        self.started_s = now_s
        return True

    def play(self, world: World) -> list[Placed]:
        """Do what is due; returns the objects that stay where they are from now on."""
        if self.started_s is None:
            return []
        now_s = world.time_s - self.started_s
        for walk in self._walks:
            if now_s >= walk.event.at_s:
                self._walk_on(walk, world, now_s)
        for drop in self._drops:
            if drop.placed is None and now_s >= drop.next_try_s and not self._falling:
                self._try(drop, world, now_s)
        return [
            placed
            for drop in self._falling
            if (placed := self._met(drop, world, now_s)) is not None
        ]

    @property
    def _falling(self) -> list[Drop]:
        """The object that waits to be met; one at a time: the judge does not know it."""
        return [drop for drop in self._drops if drop.placed is not None and not drop.met]

    def _met(self, drop: Drop, world: World, now_s: float) -> Placed | None:
        """The object once a robot has come near it; after a while without, it is taken away."""
        assert drop.placed is not None
        places = [(float(x), float(y)) for x, y, _ in world.poses()]
        if (
            any(self._meets(place, drop.placed) for place in places)
            or drop.event.position is not None
        ):
            drop.met = True
            self._placing.add(drop.placed)
            return drop.placed
        if now_s - drop.placed_s >= UNMET_S:
            world.remove(drop.prop.name)
            drop.placed, drop.reason = None, 'no robot came near it'
        return None

    def _meets(self, place: tuple[float, float], placed: Placed) -> bool:
        return float(placed.distance_m(*place)) <= MET_M and self._placing.sees(place, placed)

    def _try(self, drop: Drop, world: World, now_s: float) -> None:
        poses = world.poses()
        robots = [(float(x), float(y)) for x, y, _ in poses]
        drop.next_try_s = now_s + RETRY_S
        drop.reason = 'no robot drives straight ahead'
        for placed in self._candidates(drop, poses, world.twists()):
            verdict = self._placing.judge(placed, robots, drop.event.distance_m)
            if verdict.ok:
                drop.placed, drop.placed_s, drop.reason = placed, now_s, ''
                world.place(placed)
                return
            drop.reason = verdict.reason

    def _candidates(self, drop: Drop, poses: Array, twists: Array) -> list[Placed]:
        if drop.event.position is not None:
            x, y, yaw = drop.event.position
            return [Placed(prop=drop.prop, x_m=x, y_m=y, yaw_rad=yaw)]
        wanted = drop.event.ahead_of
        moving = [
            index
            for index, robot in enumerate(self._fleet.robots)
            if wanted in ('any', robot.agent_id, robot.model.name)
            and float(twists[index, 0]) >= MOVING_SHARE * robot.model.max_speed_mps
            and abs(float(twists[index, 1])) < STRAIGHT_RADPS
        ]
        moving.sort(key=lambda index: -float(twists[index, 0]))
        return [self._ahead(drop, poses[index]) for index in moving]

    def _ahead(self, drop: Drop, pose: Array) -> Placed:
        """Across the way, a little farther off than it must be."""
        x, y, yaw = (float(v) for v in pose)
        reach = drop.event.distance_m + drop.prop.width_m / 2 + 0.01
        return Placed(
            prop=drop.prop,
            x_m=x + reach * math.cos(yaw),
            y_m=y + reach * math.sin(yaw),
            yaw_rad=yaw,
        )

    def _walk_on(self, walk: Walk, world: World, now_s: float) -> None:
        step = walk.event.speed_mps * (now_s - walk.last_s)
        walk.last_s = now_s
        following = _point_on(walk, walk.walked_m + step)
        if following is not None and self._in_way(walk, following, world.poses()):
            return
        walk.walked_m += step
        walk.placed = following
        if following is None:
            world.remove(walk.prop.name)
        else:
            world.place(following)

    def _in_way(self, walk: Walk, following: Placed, poses: Array) -> bool:
        """Whether the next step would bring it nearer to a robot that is near already."""
        here = walk.placed or following
        for robot, (x, y, _) in zip(self._fleet.robots, poses, strict=True):
            near = robot.model.radius_m + walk.event.keeps_off_m
            after = float(following.distance_m(x, y))
            closer = walk.placed is None or after < float(here.distance_m(x, y))
            if walk.event.keeps_off_m > 0.0 and after < near and closer:
                return True
        return False


def _point_on(walk: Walk, walked_m: float) -> Placed | None:
    """Where it is after so many metres; None when it has walked all loops."""
    for (ax, ay), (bx, by) in walk.legs:
        length = math.hypot(bx - ax, by - ay)
        if walked_m <= length and length > 0.0:
            share = walked_m / length
            return Placed(
                prop=walk.prop,
                x_m=ax + share * (bx - ax),
                y_m=ay + share * (by - ay),
                yaw_rad=math.atan2(by - ay, bx - ax),
            )
        walked_m -= length
    return None


def check_scenario(scenario: Scenario, fleet: Fleet, grid: GridMap, where: str) -> None:
    """Compare a scenario's events with the fleet and the map.

    Raises:
        ConfigError: An event names a robot that is not there or a place that is not free.
    """
    names = {n for robot in fleet.robots for n in (robot.agent_id, robot.model.name)} | {'any'}
    for index, event in enumerate(scenario.events):
        if isinstance(event, MovingObstacle):
            _check_points(event.waypoints, grid, f'{where}: events.{index}.waypoints')
        elif event.position is not None:
            _check_points([event.position[:2]], grid, f'{where}: events.{index}.position')
        elif event.ahead_of not in names:
            raise ConfigError(
                f'{where}: events.{index}.ahead_of: no robot or model {event.ahead_of!r}; '
                f'expected one of {", ".join(sorted(names))}'
            )


def _check_points(points: Sequence[tuple[float, float]], grid: GridMap, where: str) -> None:
    for point in points:
        cell = grid.cell_of(*point)
        if not grid.contains(*cell) or not grid.free[cell]:
            raise ConfigError(
                f'{where}: {list(point)} is not on the free floor of map {grid.name!r}; '
                'give x, y in the map frame [m]'
            )
