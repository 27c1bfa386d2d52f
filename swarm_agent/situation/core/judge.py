# SPDX-License-Identifier: Apache-2.0
"""Violations and their exploration: what was found, reported once, looked at, and settled."""

import math
from dataclasses import dataclass

import numpy as np

from swarm_agent.mesh.core import Hazard
from swarm_agent.situation.core.confirm import looked
from swarm_agent.situation.core.consistency import (
    Found,
    object_ahead,
    object_nearby,
    refreshed,
    shut_place,
    watch_motion,
    watch_progress,
    watch_reflex,
)
from swarm_agent.situation.core.explore import Exploration, begin, look, wandered_m
from swarm_agent.situation.core.hypotheses import STUBBORN, Evidence, answer
from swarm_agent.situation.core.inquiry import posed
from swarm_agent.situation.core.objects import solid_points
from swarm_agent.situation.core.params import Params
from swarm_agent.situation.core.perceive import Sight
from swarm_agent.situation.core.route import point_at
from swarm_agent.situation.core.se2 import Point, distance
from swarm_agent.situation.core.state import State, footing_of
from swarm_agent.situation.core.types import Inputs, Resolution, Violation
from swarm_vault.replacing import replace

HAZARD_CELL_M = 0.5
"""Hazards are named after cells of this size, so that all robots name one alike [m]."""
REFRESH_TICKS = 5
"""Known objects are compared with the scans every so many decisions."""
RETELL_TICKS = 300
"""Known objects in sight are told again every so many decisions: 30 s at 10 Hz."""
PEER_NEAR_M = 1.0
"""With a peer this near, body to body, unmapped points may be the peer's [m]."""
AHEAD_M = 0.3
"""How far along the route lies what the reflexes keep the robot from [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one decision's checks found."""

    violations: tuple[Violation, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    """To be published."""
    finished: Exploration | None = None
    """An exploration that ended now."""


def judge(state: State, sight: Sight, inputs: Inputs, params: Params) -> tuple[State, Verdict]:
    """Run the checks, or go on with the exploration that is under way."""
    state = _refreshed(state, params)
    if state.exploration is not None:
        return _explored(state, sight, inputs, params)
    state, violation, found = _first_violation(state, sight, inputs, params)
    told = (*_retold(state, inputs, params), *looked(state, inputs, params))
    if violation is None:
        return state, Verdict(hazards=told)
    question = 'leap' if sight.leap_m else violation.kind
    exploration = begin(
        violation.kind, violation.where, inputs.now_ns, state.pose, found, question
    )
    hazards = told
    if found is not None:
        known = (*state.watch.known, found)
        state = replace(state, watch=replace(state.watch, known=known))
        hazards = (*told, hazard_of(found, inputs.now_ns, params))
    return replace(state, exploration=exploration), Verdict(
        violations=(violation,), hazards=hazards
    )


def _refreshed(state: State, params: Params) -> State:
    if not state.watch.known or state.ticks % REFRESH_TICKS:
        return state
    solid = solid_points(state.layer)
    known = refreshed(state.watch.known, solid, state.pose, params.tuning.object_range_m)
    return replace(state, watch=replace(state.watch, known=known))


def _retold(state: State, inputs: Inputs, params: Params) -> tuple[Hazard, ...]:
    """Known objects in sight, told again from time to time so that they do not expire."""
    if state.ticks % RETELL_TICKS:
        return ()
    near = [
        each
        for each in state.watch.known
        if distance(each.centre, state.pose) < params.tuning.object_range_m
    ]
    return tuple(hazard_of(each, inputs.now_ns, params) for each in near)


def hazard_of(found: Found, now_ns: int, params: Params) -> Hazard:
    """A found object as it is told to the peers."""
    col, row = (math.floor(axis / HAZARD_CELL_M) for axis in found.centre)
    return Hazard(
        hazard_id=f'obstacle/{col}_{row}',
        kind='obstacle',
        reporter=params.agent_id,
        position=(round(found.centre[0], 3), round(found.centre[1], 3)),
        radius_m=round(found.radius_m, 3),
        heard_ns=now_ns,
        ttl_s=params.tuning.hazard_ttl_s,
    )


def _first_violation(
    state: State, sight: Sight, inputs: Inputs, params: Params
) -> tuple[State, Violation | None, Found | None]:
    watch, now_ns = state.watch, inputs.now_ns
    here = (state.pose[0], state.pose[1])
    if sight.leap_m:
        return state, _leapt(here, sight.leap_m), None
    if sight.step is not None:
        watch, kind = watch_motion(watch, sight.step, now_ns)
        state = replace(state, watch=watch)
        if kind:
            return state, _motion(kind, here), None
    found = _object(state, inputs, params)
    if found is not None:
        return state, _object_violation(found), found
    watch, stuck = watch_reflex(
        state.watch,
        inputs.reflex,
        now_ns,
        params.tuning.stuck_s,
        plan_is_free=_wants_to_drive(state) and not _peer_near(state, inputs, params),
    )
    watch, stays = watch_progress(watch, here, now_ns, tries=_tries(state))
    if not (stuck or stays):
        return replace(state, watch=watch), None, None
    watch = shut_place(watch, _just_ahead(state), now_ns)
    return replace(state, watch=watch), _stuck(here, inputs, stays=stays), None


def _tries(state: State) -> bool:
    """The mission drives, and nobody has to be waited for."""
    aside = state.retreat.status != 'unasked'
    return state.mission.route is not None and not aside and state.waiting_since_ns < 0


def _wants_to_drive(state: State) -> bool:
    last = state.drive.last
    return abs(last.vx_mps) > 0.02 or abs(last.wz_radps) > 0.1


def _just_ahead(state: State) -> Point:
    """The point of the route that the robot was kept from."""
    mission = state.mission
    if mission.route is None or mission.progress is None:
        return state.pose[0], state.pose[1]
    return point_at(mission.route, mission.progress.s_m + AHEAD_M)


def _object(state: State, inputs: Inputs, params: Params) -> Found | None:
    """An object in the way; else one nearby, if no peer's body can be taken for it."""
    solid, known, mission = solid_points(state.layer), state.watch.known, state.mission
    if mission.route is not None and mission.progress is not None:
        radius_m, hazards = params.body.radius_m, state.hazards
        found = object_ahead(solid, mission.route, mission.progress, radius_m, known, hazards)
        if found is not None:
            return found
    if not solid[0].size or _peer_near(state, inputs, params):
        return None
    return object_nearby(solid, state.pose, known, state.hazards)


def _peer_near(state: State, inputs: Inputs, params: Params) -> bool:
    own = params.body.radius_m
    return any(
        distance(peer.pose, state.pose) < own + peer.radius_m + PEER_NEAR_M
        for peer in inputs.peers
    )


def _motion(kind: str, where: Point) -> Violation:
    if kind == 'slip':
        expected, actual = 'the robot moves as its wheels turn', 'the scans show less motion'
    else:
        expected, actual = 'the wheels turn as commanded', 'they hardly turn'
    return posed(kind, where, expected, actual)


def _leapt(where: Point, leap_m: float) -> Violation:
    expected = 'the odometry goes on from where it was'
    return posed('motion', where, expected, f'it leapt by {leap_m:.2f} m', question='leap')


def _object_violation(found: Found) -> Violation:
    actual = f'an object about {2.0 * found.radius_m:.2f} m wide'
    return posed('object', found.centre, 'free floor, as on the map', actual)


def _stuck(where: Point, inputs: Inputs, *, stays: bool) -> Violation:
    cause = inputs.reflex.cause if inputs.reflex is not None else ''
    held = 'the robot does not get on' if stays else 'reflexes stop the robot'
    actual = f'{held}: {cause or "no cause told"}'
    return posed('reflex', where, 'a free path, as planned', actual)


def _explored(state: State, sight: Sight, inputs: Inputs, params: Params) -> tuple[State, Verdict]:
    assert state.exploration is not None
    exploration = look(
        state.exploration,
        solid_points(state.layer),
        state.pose,
        sight.speed_mps,
        inputs.now_ns,
        params.tuning.explore_s,
        free_behind=sight.free_behind and _may_back(state),
    )
    if not exploration.done:
        return replace(state, exploration=exploration), Verdict()
    seen = _evidence(state, exploration, sight, inputs, params)
    exploration = replace(exploration, answer=answer(exploration.question, seen))
    state, hazards = _concluded(state, exploration, inputs, params)
    ask = 'explored what contradicted the plan' if state.mission.goes else ''
    mission = replace(state.mission, ask=ask)
    state = replace(state, exploration=None, mission=mission)
    return state, Verdict(hazards=hazards, finished=exploration)


def _may_back(state: State) -> bool:
    """Whether the law of the floor lets the robot back out; asked only by looks that do."""
    backs = state.exploration is not None and state.exploration.kind == 'reflex'
    return backs and bool(footing_of(state).allows(np.array([math.pi]))[0])


def _evidence(
    state: State, exploration: Exploration, sight: Sight, inputs: Inputs, params: Params
) -> Evidence:
    """What the look has shown."""
    near, body = sight.near, params.body
    nearest_m = float(np.hypot(near.x, near.y).min()) if near.x.size else 1e3
    return Evidence(
        touching_m=nearest_m - body.radius_m,
        fits=state.unfit_since_ns < 0,
        failures=state.watch.failures,
        peer_near=_peer_near(state, inputs, params),
        found=exploration.found is not None,
        wandered_m=wandered_m(exploration),
    )


def _concluded(
    state: State, exploration: Exploration, inputs: Inputs, params: Params
) -> tuple[State, tuple[Hazard, ...]]:
    """Enter an object with the extent that was seen at last, and tell the peers."""
    if exploration.kind != 'object':
        return state, ()
    others = tuple(
        each
        for each in state.watch.known
        if distance(each.centre, exploration.where) > each.radius_m
    )
    found = exploration.found
    known = (*others, found) if found is not None else others
    state = replace(state, watch=replace(state.watch, known=known))
    return state, (hazard_of(found, inputs.now_ns, params),) if found is not None else ()


def resolution(finished: Exploration, state: State) -> Resolution:
    """How an exploration came out, after the plan was renewed."""
    mission = state.mission
    if finished.kind == 'object' and finished.found is None:
        outcome = 'nothing is there any more'
    elif mission.route is not None:
        outcome = f'goes on by a path of {mission.route.length_m:.1f} m'
    elif mission.goes and mission.reason:
        outcome = mission.reason
    else:
        outcome = 'looked'
    shown = finished.answer
    return Resolution(
        kind=finished.kind,
        where=finished.where,
        outcome=outcome,
        hypothesis='' if shown is None else shown.hypothesis,
        escalated=shown is not None and shown.escalated,
    )


def stubborn(state: State, now_ns: int) -> bool:
    """Whether the robot has repeatedly not moved as told, and must rest before it tries again."""
    return state.watch.failures >= STUBBORN and now_ns < state.watch.quiet_until_ns
