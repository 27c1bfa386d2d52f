# SPDX-License-Identifier: Apache-2.0
"""What the planner wants, and the route to it: planned once, kept while it is good."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from swarm_agent.mesh.core import Point
from swarm_agent.situation.core.arbiter import MissionWill
from swarm_agent.situation.core.path import Aversion, Planned, Terrain, plan, remeasured
from swarm_agent.situation.core.route import Progress, Route, locate, told
from swarm_agent.situation.core.se2 import Pose, distance, wrap
from swarm_agent.situation.core.sound import usable
from swarm_agent.situation.core.types import IntentKind, NavState, PlanNote, Wish
from swarm_vault.replacing import replace

CHECK_AHEAD_M = 6.0
"""So much of the route ahead must be open, or it is planned anew [m]."""
REPLAN_NS = 1_000_000_000
"""A goal without a way is tried again after this, where the floor has changed [ns]."""
RETRY_NS = 3_000_000_000
"""The same where it has not [ns]."""
DISPLACED_M = 0.3
"""A robot that has arrived and is moved this far beyond the tolerance goes back [m]."""
GOES = (int(IntentKind.GO_TO), int(IntentKind.PARK))
KINDS = frozenset(int(kind) for kind in IntentKind)
IDLE_PRIORITY = 1
"""swarm.v1.PRIORITY_CLASS_IDLE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """The intent that holds and how far it has come."""

    wish: Wish | None = None
    status: NavState = NavState.IDLE
    reason: str = ''
    route: Route | None = None
    progress: Progress | None = None
    room_version: int = 0
    """Of the room by which the route was found good."""
    planned_ns: int = -RETRY_NS
    ask: str = ''
    """Why a new plan is wanted, empty if none is."""
    minded: tuple[Point, ...] = ()
    """Where peers had parked when the route was planned."""
    looked_rad: float = 0.0
    """Turned so far by the wheels, left positive, for EXPLORE."""
    refused: bool = False
    """The intent makes no sense."""

    @property
    def goes(self) -> bool:
        """The intent is to be somewhere."""
        return self.wish is not None and self.wish.kind in GOES and not self.refused


def accept(mission: Mission, wish: Wish) -> Mission:
    """Take a new intent in place of the last one; one that makes no sense is no motion."""
    if mission.wish is not None and mission.wish == wish:
        return mission
    fault = _fault(wish)
    if fault:
        return Mission(wish=wish, status=NavState.BLOCKED, reason=fault, refused=True)
    if wish.kind in GOES and mission.route is not None and _same_goal(mission.wish, wish):
        return replace(mission, wish=wish, status=NavState.MOVING)
    if wish.kind in GOES:
        return Mission(wish=wish, status=NavState.MOVING, ask='new goal')
    if wish.kind == IntentKind.EXPLORE:
        return Mission(wish=wish, status=NavState.EXPLORING, reason='looks around')
    status = NavState.YIELDING if wish.kind == IntentKind.YIELD else NavState.IDLE
    return Mission(wish=wish, status=status)


def _fault(wish: Wish) -> str:
    """Why an intent cannot be obeyed; empty if it can."""
    if wish.kind not in KINDS:
        return f'the intent is of a kind that is not known: {wish.kind}'
    within = wish.tolerance_m >= 0.0 and 0.0 <= wish.speed_factor <= 1.0
    if not (within and usable(*wish.goal, wish.tolerance_m)):
        return 'the intent holds a number that cannot be computed with'
    return ''


def _same_goal(old: Wish | None, new: Wish) -> bool:
    return old is not None and old.goal == new.goal and old.tolerance_m == new.tolerance_m


def follow_up(
    mission: Mission,
    terrain: Terrain,
    pose: Pose,
    now_ns: int,
    aversions: Sequence[Aversion],
    *,
    may_plan: bool,
) -> tuple[Mission, PlanNote | None]:
    """Keep the route in step with pose and room; plan a new one where that is needed.

    Args:
        mission: The mission so far.
        terrain: The floor as it is now.
        pose: Of the robot, map frame.
        now_ns: Steady clock [ns].
        aversions: Floor to be avoided at a price.
        may_plan: False while an exploration pauses the plan.
    """
    if not mission.goes:
        return mission, None
    mission = _judged(_tracked(mission, pose), terrain, pose, now_ns)
    if not (mission.ask and may_plan):
        return _arrival(mission, terrain, pose), None
    return _planned(mission, terrain, pose, now_ns, aversions)


def _tracked(mission: Mission, pose: Pose) -> Mission:
    if mission.route is None or mission.progress is None:
        return mission
    progress = locate(mission.route, pose, mission.progress.s_m)
    return replace(mission, progress=progress)


def _judged(mission: Mission, terrain: Terrain, pose: Pose, now_ns: int) -> Mission:
    """Ask for a new plan where the route no longer serves."""
    if mission.ask:
        return mission
    if mission.status in (NavState.BLOCKED, NavState.UNREACHABLE):
        changed = terrain.room.version != mission.room_version
        wait = REPLAN_NS if changed else RETRY_NS
        return _asked(mission, 'tries again', after_ns=wait, now_ns=now_ns)
    if mission.route is None or mission.progress is None:
        return _displaced(mission, pose)
    mission = _checked(mission, terrain)
    if mission.status == NavState.BLOCKED:
        return replace(mission, status=NavState.MOVING, ask='an object closes the path')
    if mission.progress is not None and mission.progress.off_m > terrain.tuning.off_path_m:
        return _asked(mission, 'off the path', after_ns=REPLAN_NS, now_ns=now_ns)
    return mission


def _displaced(mission: Mission, pose: Pose) -> Mission:
    assert mission.wish is not None
    limit = mission.wish.tolerance_m + DISPLACED_M
    if mission.status == NavState.ARRIVED and distance(pose, mission.wish.goal) > limit:
        return replace(mission, status=NavState.MOVING, ask='moved away from the goal')
    return mission


def _asked(mission: Mission, why: str, *, after_ns: int, now_ns: int) -> Mission:
    due = now_ns - mission.planned_ns >= after_ns
    return replace(mission, ask=why) if due else mission


def _checked(mission: Mission, terrain: Terrain) -> Mission:
    """The route's margins after the room has changed; BLOCKED if it no longer fits the body."""
    assert mission.route is not None
    assert mission.progress is not None
    if mission.room_version == terrain.room.version:
        return mission
    route = remeasured(mission.route, terrain)
    at = mission.progress
    closed = any(
        margin < terrain.tuning.min_margin_m - 0.01
        for margin, s in zip(route.margin, route.s, strict=True)
        if at.s_m + 0.15 < s <= at.s_m + CHECK_AHEAD_M
    )
    return replace(
        mission,
        route=route,
        room_version=terrain.room.version,
        status=NavState.BLOCKED if closed else mission.status,
    )


def _planned(
    mission: Mission, terrain: Terrain, pose: Pose, now_ns: int, aversions: Sequence[Aversion]
) -> tuple[Mission, PlanNote]:
    assert mission.wish is not None
    wish = mission.wish
    found = plan(terrain, pose, (wish.goal[0], wish.goal[1]), wish.tolerance_m, aversions)
    note = _note(mission.ask, found)
    mission = replace(mission, ask='', planned_ns=now_ns, room_version=terrain.room.version)
    if found.route is None:
        status = NavState.BLOCKED if found.by_map else NavState.UNREACHABLE
        return replace(
            mission, route=None, progress=None, status=status, reason=found.reason
        ), note
    mission = replace(
        mission,
        route=found.route,
        progress=locate(found.route, pose, 0.0),
        status=NavState.MOVING,
        reason='',
    )
    return _arrival(mission, terrain, pose), note


def _note(why: str, found: Planned) -> PlanNote:
    if found.route is None:
        return PlanNote(why=why, found=False, length_m=0.0, tightest_m=0.0, reason=found.reason)
    tightest = min(found.route.margin)
    length = found.route.length_m
    return PlanNote(why=why, found=True, length_m=length, tightest_m=tightest, reason='')


def _arrival(mission: Mission, terrain: Terrain, pose: Pose) -> Mission:
    """ARRIVED once the goal is within tolerance; the robot rolls on to the goal itself."""
    if mission.route is None or mission.progress is None or mission.wish is None:
        return mission
    wish, tuning = mission.wish, terrain.tuning
    left_m = mission.route.length_m - mission.progress.s_m
    there = left_m <= 0.05 or distance(pose, wish.goal) <= tuning.arrive_m
    turned = not wish.use_yaw or abs(wrap(wish.goal[2] - pose[2])) <= tuning.arrive_rad
    if there and turned:
        return replace(mission, status=NavState.ARRIVED, route=None, progress=None)
    near = distance(pose, wish.goal) <= wish.tolerance_m and left_m <= wish.tolerance_m + 0.5
    if near and not wish.use_yaw:
        return replace(mission, status=NavState.ARRIVED)
    return mission


def will(mission: Mission) -> MissionWill:
    """What the mission would do if it were alone."""
    exploring = mission.status == NavState.EXPLORING
    return MissionWill(
        nav_state=mission.status,
        reason=mission.reason,
        moves=mission.route is not None or exploring,
    )


def turned(mission: Mission, step_rad: float) -> Mission:
    """Add up what an EXPLORE intent has in fact turned [rad]; it is done after one full turn."""
    if mission.status != NavState.EXPLORING:
        return mission
    looked = mission.looked_rad + step_rad
    if abs(looked) >= math.tau:
        return replace(mission, looked_rad=looked, status=NavState.ARRIVED, reason='')
    return replace(mission, looked_rad=looked)


def path_told(mission: Mission, pose: Pose, length_m: float) -> tuple[Point, ...]:
    """The rest of the route as it is told to others; empty without one."""
    if mission.route is None or mission.progress is None:
        return ()
    return told(mission.route, mission.progress, pose, length_m)


def priority(mission: Mission) -> int:
    """The intent's right of way class; idle without one or when it has nothing left to do."""
    idle = mission.wish is None or not will(mission).moves
    return (
        IDLE_PRIORITY
        if idle or mission.wish is None
        else max(IDLE_PRIORITY, mission.wish.priority)
    )
