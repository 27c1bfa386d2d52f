# SPDX-License-Identifier: Apache-2.0
"""Plans in YAML, and what the map says of each of their steps."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import shapely
from pydantic import BaseModel, Field, model_validator

from swarm_config.card_files import read_cards
from swarm_config.cards import Fact, Provenance, SkillCard, card_of
from swarm_config.fleets import Fleet, Identifier, Pose, Robot
from swarm_config.maps import GridMap, load_map
from swarm_config.validation import STRICT, read_model
from swarm_supervisor.core.ground import Ground, build_ground, survey_factor
from swarm_supervisor.core.plan_types import (
    Belief,
    Limits,
    PlanInputs,
    PlanStep,
    RobotStart,
    Stop,
)
from swarm_supervisor.places import Places, load_places

Share = Annotated[float, Field(ge=0.0, le=1.0)]
SWATH_SHARE = 1.2
"""Width of what a robot sees in passing, as a share of its survey range."""


class StartFile(BaseModel):
    """A robot before the plan; what is not given is as in the fleet plan."""

    model_config = STRICT

    pose: Pose | None = None
    battery: Share = 1.0
    tier: int = Field(default=2, ge=0, le=4)
    facts: dict[Fact, Provenance] = {
        Fact.LOCALISED: Provenance.OBSERVED,
        Fact.HANDS_FREE: Provenance.OBSERVED,
    }


class LimitsFile(BaseModel):
    """What the plan must keep to."""

    model_config = STRICT

    allowed: tuple[Identifier, ...] = ()
    forbidden: tuple[Identifier, ...] = ()
    skills: tuple[Identifier, ...] = ()
    deadline_s: float = Field(default=0.0, ge=0.0)
    max_speed_mps: float | None = Field(default=None, gt=0.0)


class StepFile(BaseModel):
    """A step: `skill`, and the skill's parameters beside it."""

    model_config = STRICT | {'extra': 'allow'}

    id: Identifier
    robot: Identifier
    skill: str = Field(max_length=32)
    after: tuple[Identifier, ...] = ()

    @model_validator(mode='after')
    def _plain(self) -> 'StepFile':
        for name, value in (self.model_extra or {}).items():
            parts = value if isinstance(value, list) else [value]
            if not all(
                isinstance(p, (str, int, float)) and not isinstance(p, bool) for p in parts
            ):
                raise ValueError(f'{name}: expected a number, a name or a list of names')
        return self


class PlanFile(BaseModel):
    """A plan as written in YAML."""

    model_config = STRICT

    plan: str = Field(min_length=1, max_length=120)
    robots: dict[Identifier, StartFile] = {}
    limits: LimitsFile = LimitsFile()
    steps: tuple[StepFile, ...] = Field(min_length=1, max_length=64)


def cards_of(fleet: Fleet) -> tuple[SkillCard, ...]:
    """The skill cards beside a fleet's robots folder.

    Raises:
        ConfigError: A card is malformed.
    """
    return read_cards((fleet.path.parent / fleet.file.robots_dir).resolve().parent / 'skills')


def load_plan(path: Path, fleet: Fleet) -> PlanInputs:
    """Read a plan and measure its ways on the fleet's map.

    Raises:
        ConfigError: The plan, the map or the places cannot be used.
    """
    return Surveyor(fleet).measure(read_model(path, PlanFile))


@dataclass(slots=True, kw_only=True)
class _Standing:
    """Where a robot is as the plan goes on."""

    robot: Robot
    pose: Pose


class Surveyor:
    """Measures plans on a fleet's map.

    Raises:
        ConfigError: The map or the places cannot be used.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.places: Places = load_places(fleet)
        self._grid: GridMap = load_map(fleet.map_path)
        self._cards = cards_of(fleet)
        self._grounds: dict[float, Ground] = {}

    def measure(self, plan: PlanFile) -> PlanInputs:
        """The plan with the lengths of its ways and the sectors of its places."""
        fleet, known = self._fleet, {robot.agent_id: robot for robot in self._fleet.robots}
        names = dict.fromkeys([*(step.robot for step in plan.steps), *plan.robots])
        starts = {n: plan.robots.get(n, StartFile()) for n in names if n in known}
        standing = {
            name: _Standing(robot=known[name], pose=start.pose or known[name].start)
            for name, start in starts.items()
        }
        robots = tuple(self._start(standing[n], s, plan.limits) for n, s in starts.items())
        return PlanInputs(
            name=plan.plan,
            robots=robots,
            steps=tuple(self._step(step, standing) for step in plan.steps),
            limits=Limits(
                allowed=plan.limits.allowed,
                forbidden=plan.limits.forbidden,
                skills=plan.limits.skills,
                deadline_s=plan.limits.deadline_s,
                reserve=fleet.file.min_battery,
            ),
        )

    def _start(self, at: _Standing, start: StartFile, limits: LimitsFile) -> RobotStart:
        model = at.robot.model
        speed_mps = min(model.max_speed_mps, limits.max_speed_mps or math.inf)
        return RobotStart(
            agent_id=at.robot.agent_id,
            tier=start.tier,
            battery=start.battery,
            capacity_wh=model.battery.capacity_wh,
            idle_w=model.battery.idle_w,
            drive_w=model.battery.drive_w,
            speed_mps=speed_mps,
            top_speed_mps=model.max_speed_mps,
            home_m=self._way_m(at.pose, at.robot.home, model.radius_m) or 0.0,
            beliefs=tuple(Belief(fact=f, provenance=p) for f, p in start.facts.items()),
        )

    def _step(self, step: StepFile, standing: Mapping[str, _Standing]) -> PlanStep:
        given: dict[str, Any] = dict(step.model_extra or {})
        card = card_of(self._cards, step.skill)
        worded = {p.name for p in card.parameters if not p.numeric} if card else set()
        numbers = tuple(
            (name, float(value))
            for name, value in given.items()
            if name not in worded and isinstance(value, (int, float))
        )
        places = tuple(
            (name, tuple(self._stop(str(part)) for part in _parts(value)))
            for name, value in given.items()
            if name in worded or not isinstance(value, (int, float))
        )
        if step.skill == 'survey' and not places:
            places = (('sector', (self._stop(self.places.titles[0]),)),)
        at = standing.get(step.robot)
        travel_m, home_m = self._ways(step, dict(numbers), places, at) if at else (0.0, 0.0)
        return PlanStep(
            step_id=step.id,
            agent_id=step.robot,
            skill=step.skill,
            numbers=numbers,
            places=places,
            after=step.after,
            travel_m=travel_m,
            home_m=home_m,
        )

    def _stop(self, words: str) -> Stop:
        if words in self.places.titles:
            return Stop(name=words, touches=tuple(self.places.sectors))
        if words in self.places.sectors:
            return self._area(words, shapely.Polygon(self.places.sectors[words]))
        pose = self._pose(words)
        if pose is None:
            return Stop(name=words, known=False)
        return self._area(words, shapely.Point(pose[0], pose[1]))

    def _area(self, name: str, shape: Any) -> Stop:
        """A place with the sectors that hold some of it, and all of it."""
        sectors = {n: shapely.Polygon(c) for n, c in self.places.sectors.items()}
        shared = {n: s for n, s in sectors.items() if s.intersects(shape) and not s.touches(shape)}
        within = tuple(n for n, sector in shared.items() if sector.covers(shape))
        return Stop(name=name, touches=tuple(shared), within=within)

    def _pose(self, words: str) -> Pose | None:
        named = self.places.points.get(words)
        if named is not None:
            return named
        try:
            x_m, y_m = (float(part) for part in words.replace(',', ' ').split())
        except ValueError:
            return None
        return (x_m, y_m, 0.0)

    def _ways(
        self,
        step: StepFile,
        numbers: Mapping[str, float],
        places: tuple[tuple[str, tuple[Stop, ...]], ...],
        at: _Standing,
    ) -> tuple[float | None, float]:
        """Length of a step's way and of the way home from its end [m]; moves the robot there."""
        robot, radius_m = at.robot, at.robot.model.radius_m
        if step.skill == 'survey':
            return self._sweep_m(places, numbers), self._way_m(at.pose, robot.home, radius_m) or 0
        order = {'pick_up': 0, 'stops': 0, 'goal': 0, 'drop_off': 1}
        named = sorted(places, key=lambda entry: order.get(entry[0], 2))
        poses = [self._pose(stop.name) for _, stops in named for stop in stops if stop.known]
        stops = [pose for pose in poses if pose is not None]
        stops = stops * max(1, int(numbers.get('loops', 1)))
        if step.skill == 'return_to_base':
            stops = [robot.home]
        total_m: float | None = 0.0
        for pose in stops:
            leg_m = self._way_m(at.pose, pose, radius_m)
            total_m = None if leg_m is None or total_m is None else total_m + leg_m
            at.pose = pose
        return total_m, self._way_m(at.pose, robot.home, radius_m) or 0.0

    def _sweep_m(
        self, places: tuple[tuple[str, tuple[Stop, ...]], ...], numbers: Mapping[str, float]
    ) -> float:
        """About how far a robot drives to see a sector, or the whole floor [m]."""
        names = [stop.name for _, stops in places for stop in stops]
        corners = self.places.sectors.get(names[0]) if names else None
        whole_m2 = float(self._grid.free.sum()) * self._grid.resolution_m**2
        area_m2 = whole_m2 if corners is None else float(shapely.Polygon(corners).area)
        range_m = numbers.get('range_m') or self._fleet.file.survey_range_m
        return min(area_m2, whole_m2) / (SWATH_SHARE * range_m)

    def _way_m(self, start: Pose, goal: Pose, radius_m: float) -> float | None:
        ground = self._grounds.get(radius_m)
        if ground is None:
            factor = survey_factor(self._fleet.file.survey_cell_m, self._grid.resolution_m)
            ground = build_ground(self._grid, radius_m, factor)
            self._grounds[radius_m] = ground
        a = ground.node_at(self._grid, start[0], start[1])
        b = ground.node_at(self._grid, goal[0], goal[1])
        way_m = float(ground.distances(a)[b]) if a >= 0 and b >= 0 else math.inf
        return way_m if math.isfinite(way_m) else None


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
