# SPDX-License-Identifier: Apache-2.0
"""One decision: perceive, check, plan, settle right of way, let the arbiter choose, drive."""

import math
from dataclasses import replace

from swarm_agent.mesh.core import (
    Advice,
    Hazard,
    Me,
    Peer,
    PeerState,
    RightOfWayInputs,
    RightOfWayOutputs,
    RightOfWayState,
    decide_right_of_way,
)
from swarm_agent.situation.core.arbiter import Order, arbitrate
from swarm_agent.situation.core.dodge import (
    around_parked,
    newly_parked,
    out_of_the_way,
    parked,
    rerouted,
)
from swarm_agent.situation.core.ease import ease, must_ease
from swarm_agent.situation.core.floor_law import floor_law, inside_of, speed_ahead
from swarm_agent.situation.core.follow import (
    DELAY_S,
    Drive,
    Errand,
    Speeds,
    back_out,
    face,
    look_around,
    pursue,
    stand,
    warned,
)
from swarm_agent.situation.core.gaze import gaze, sighted, turn_to
from swarm_agent.situation.core.inquiry import Findings, Moment, Watched, inquire
from swarm_agent.situation.core.judge import Verdict, hazard_of, judge, resolution, stubborn
from swarm_agent.situation.core.mission import (
    Mission,
    accept,
    follow_up,
    path_told,
    priority,
    turned,
    will,
)
from swarm_agent.situation.core.params import Params
from swarm_agent.situation.core.path import Aversion, Terrain
from swarm_agent.situation.core.perceive import Sight, perceive
from swarm_agent.situation.core.refuge import Retreat, retreat
from swarm_agent.situation.core.route import (
    LONG_TOLD_M,
    TOLD_LENGTH_M,
    Route,
    locate,
    point_at,
    told,
)
from swarm_agent.situation.core.se2 import Point, bearing, distance, wrap
from swarm_agent.situation.core.seen import packed
from swarm_agent.situation.core.sound import sound, sound_odom
from swarm_agent.situation.core.state import State, terrain_of
from swarm_agent.situation.core.types import (
    Inputs,
    NavState,
    Outputs,
    PlanNote,
    ReflexAction,
)
from swarm_vault.laws.core.bars import Bars

SEARCH_RADPS = 0.9
UNFIT_S = 5.0
UNFIT = 'the scans do not fit the map'
HAZARD_FACTOR = 8.0
"""What floor costs on which one peer reports a hazard."""
CONFIRMED_FACTOR = 16.0
"""The same where at least two do."""
Discs = tuple[tuple[float, float, float], ...]
"""Centre and radius [m]."""
OBJECT_FACTOR = 4.0
SHUT_M = 0.4


def decide(state: State, inputs: Inputs, params: Params) -> tuple[State, Outputs]:
    """Take one decision."""
    given, inputs = inputs, sound(inputs)
    state, sight = perceive(state, inputs, params)
    state = _heard(state, inputs, params)
    state, verdict = judge(state, sight, inputs, params)
    state, notes = _plan(state, sight, inputs, params)
    rights_state, rights = _right_of_way(state, inputs, params, sight)
    state = replace(state, rights=rights_state, yields_to=rights.yields_to)
    state, findings = _inquired(state, sight, rights, inputs, params)
    verdict = replace(verdict, violations=(*verdict.violations, *findings.violations))
    hold = _hold(state, given, params)
    state = _stepping_aside(state, rights.advice, hold, inputs, params)
    look, watched = gaze(state, hold, _forbidden(state, inputs), UNFIT)
    order = arbitrate(
        '' if _may_turn(state, watched, rights.advice) else hold,
        _exploring(state),
        rights.advice,
        state.retreat.status,
        will(state.mission),
        look,
    )
    if order.move == 'look':
        drive = turn_to(watched, state.drive, state, sight.near, inputs, params)
    else:
        drive = _drive(state, order, sight, inputs, params)
    state = replace(state, drive=drive, ticks=state.ticks + 1)
    state = _waited(state, order, rights.advice, inputs)
    outputs = _outputs(state, sight, verdict, notes, rights, order, inputs, params)
    resolutions = (*outputs.resolutions, *findings.resolutions)
    return state, replace(outputs, resolutions=resolutions) if findings.resolutions else outputs


def _inquired(
    state: State, sight: Sight, rights: RightOfWayOutputs, inputs: Inputs, params: Params
) -> tuple[State, Findings]:
    """Look at scans that fit no map and at peers that broke a promise."""
    moment = Moment(
        now_ns=inputs.now_ns,
        pose=state.pose,
        unfit_since_ns=state.unfit_since_ns,
        crowded=sight.near.x.size / params.body.beams,
        peers=inputs.peers,
        promises=rights.violations,
        sighted=sighted(state, inputs, params),
    )
    inquiry, findings = inquire(state.inquiry, moment)
    return replace(state, inquiry=inquiry), findings


def _may_turn(state: State, watched: Watched | None, advice: Advice) -> bool:
    """Whether a robot that does not know where it is may turn for a look, and do nothing else."""
    alone = state.exploration is None and advice.kind != 'make_way'
    return watched is not None and watched.kind == 'map' and alone


def _heard(state: State, inputs: Inputs, params: Params) -> State:
    """Take in intent and hazards."""
    mission = state.mission
    if inputs.intent is not None:
        mission = accept(mission, inputs.intent)
    hazards = tuple(one for one in inputs.hazards if one.reporter != params.agent_id)
    state = replace(state, mission=mission, hazards=hazards)
    return _under_law(state, inputs.bars, params)


def _under_law(state: State, bars: Bars | None, params: Params) -> State:
    """Take over a new law of the floor, and notice when the robot is where it must not be."""
    before, why = state.trespass, ''
    if bars is not None:
        bars = bars.and_walls(params.always)
    if bars is not None and bars != state.law.bars:
        law = floor_law(bars, state.statics.grid, params.body.radius_m)
        state, why = replace(state, law=law), 'another law of the floor'
    trespass = inside_of(state.law, state.pose)
    if trespass and not before:
        why = f'{trespass}; leaves by the shortest way'
    if why and state.mission.goes:
        state = replace(state, mission=replace(state.mission, ask=why))
    return replace(state, trespass=trespass)


def _plan(
    state: State, sight: Sight, inputs: Inputs, params: Params
) -> tuple[State, tuple[PlanNote, ...]]:
    mission = state.mission
    if state.pose_odom is None or state.fix.scans == 0:
        return state, ()
    mission = turned(mission, sight.turned_rad)
    aversions = _aversions(state, inputs, params)
    terrain = terrain_of(state, params)
    mission = _detour(state, mission, inputs, params)
    may_plan = state.exploration is None
    asked = bool(mission.ask) and may_plan
    mission, note = follow_up(
        mission, terrain, state.pose, inputs.now_ns, aversions, may_plan=may_plan
    )
    if asked:
        mission = replace(mission, minded=tuple((x, y) for x, y, _ in aversions[-1].discs))
    state = replace(state, mission=mission)
    return _dodge(state, terrain, inputs, aversions), () if note is None else (note,)


def _dodge(
    state: State, terrain: Terrain, inputs: Inputs, aversions: tuple[Aversion, ...]
) -> State:
    """Once in an encounter, look for a way that leaves the one that goes first its own."""
    if state.yields_to == state.dodged:
        return state
    state = replace(state, dodged=state.yields_to)
    peer = next((one for one in inputs.peers if one.agent_id == state.dodged), None)
    if peer is None or not peer.path or state.exploration is not None:
        return state
    route = out_of_the_way(state.mission, terrain, state.pose, peer, aversions)
    if route is None:
        return state
    return replace(state, mission=rerouted(state.mission, route, state.pose))


def _detour(state: State, mission: Mission, inputs: Inputs, params: Params) -> Mission:
    """Ask for a way around a peer that has parked on the path or kept the robot waiting."""
    since = state.waiting_since_ns
    if mission.ask or mission.route is None:
        return mission
    wait_ns = params.tuning.detour_wait_s * 1e9
    if since >= 0 and inputs.now_ns - max(since, mission.planned_ns) >= wait_ns:
        return replace(mission, ask='a peer closes the path')
    if newly_parked(mission, _parked(state, inputs, params), params.body.radius_m):
        return replace(mission, ask='a peer has parked on the path')
    return mission


def _parked(state: State, inputs: Inputs, params: Params) -> tuple[Peer, ...]:
    since = state.waiting_since_ns
    long_ns = params.tuning.detour_wait_s * 1e9
    return parked(inputs.peers, waiting=since >= 0 and inputs.now_ns - since >= long_ns)


def _aversions(state: State, inputs: Inputs, params: Params) -> tuple[Aversion, ...]:
    """Floor to be avoided: reported hazards, the unseen rest of found objects, parked peers."""
    own = params.body.radius_m
    shut = tuple(
        Aversion(discs=((*one.place, SHUT_M),), factor=_shut_factor(one.times))
        for one in state.watch.shut
        if inputs.now_ns < one.until_ns
    )
    alone, confirmed = _by_word(state.hazards, own)
    objects = tuple((*one.centre, one.radius_m + own) for one in state.watch.known)
    return (
        *shut,
        Aversion(discs=alone, factor=HAZARD_FACTOR),
        Aversion(discs=confirmed, factor=CONFIRMED_FACTOR),
        Aversion(discs=objects, factor=OBJECT_FACTOR),
        around_parked(_parked(state, inputs, params), own),
    )


def _by_word(hazards: tuple[Hazard, ...], own_m: float) -> tuple[Discs, Discs]:
    """Floor under hazards that one peer reports, and under those that several do."""
    discs = [((*one.position, one.radius_m + own_m), len(one.confirmed_by) > 1) for one in hazards]
    return (
        tuple(disc for disc, confirmed in discs if not confirmed),
        tuple(disc for disc, confirmed in discs if confirmed),
    )


def _shut_factor(times: int) -> float:
    """Twice a dear way around is preferred, then the place counts as closed for a while."""
    return 8.0 if times == 1 else 40.0 if times == 2 else math.inf


def _right_of_way(
    state: State, inputs: Inputs, params: Params, sight: Sight
) -> tuple[RightOfWayState, RightOfWayOutputs]:
    path = path_told(state.mission, state.pose, TOLD_LENGTH_M)
    me = Me(
        agent_id=params.agent_id,
        pose=state.pose,
        speed_mps=sight.speed_mps,
        radius_m=params.body.radius_m,
        priority=priority(state.mission),
        path=path,
        wants_to_move=bool(path),
        refuge=state.retreat.status,
        place=state.retreat.place,
        aside=_aside(state),
        route=path_told(state.mission, state.pose, LONG_TOLD_M),
    )
    return decide_right_of_way(
        state.rights,
        RightOfWayInputs(now_ns=inputs.now_ns, me=me, peers=inputs.peers, claims=inputs.claims),
        params.right_of_way,
    )


def _aside(state: State) -> tuple[Point, ...]:
    """The rest of the way to the refuge, empty unless it is being driven."""
    stepping = state.retreat
    if stepping.status not in ('found', 'behind') or stepping.route is None:
        return ()
    return told(stepping.route, locate(stepping.route, state.pose, stepping.s_m), state.pose)


def _stepping_aside(
    state: State, advice: Advice, hold: str, inputs: Inputs, params: Params
) -> State:
    if advice.kind == 'make_way' and hold:
        return replace(state, retreat=Retreat(status='none', sought_ns=inputs.now_ns))
    terrain = terrain_of(state, params)
    stepping = retreat(state.retreat, terrain, state.pose, advice, inputs.peers, inputs.now_ns)
    return replace(state, retreat=stepping)


def _hold(state: State, inputs: Inputs, params: Params) -> str:
    """Why safety holds the robot, empty if it does not."""
    stale_ns = params.tuning.stale_scan_s * 1e9
    return _blind(state, inputs, stale_ns) or _forbidden(state, inputs)


def _blind(state: State, inputs: Inputs, stale_ns: float) -> str:
    """Why the robot does not know where it is; the first reason counts."""
    unfit_ns = inputs.now_ns - state.unfit_since_ns if state.unfit_since_ns >= 0 else 0
    scan_ns = inputs.now_ns - (state.last_scan_ns or 0)
    odom = inputs.odom
    reasons = (
        (odom is None, 'no odometry yet'),
        (odom is not None and not sound_odom(odom), 'the odometry is no number'),
        (odom is not None and odom.age_ns > stale_ns, 'odometry is too old'),
        (state.last_scan_ns is None, 'no scan yet'),
        (scan_ns > stale_ns, 'the newest scan is too old'),
        (unfit_ns > UNFIT_S * 1e9, UNFIT),
    )
    return next((reason for holds, reason in reasons if holds), '')


def _forbidden(state: State, inputs: Inputs) -> str:
    """Why the robot must not move although it knows where it is."""
    reflex = inputs.reflex
    reasons = (
        (reflex is not None and reflex.e_stop, 'emergency stop'),
        (reflex is not None and not reflex.enabled, 'the reflexes are not enabled'),
        (stubborn(state, inputs.now_ns), 'the robot does not move as commanded'),
    )
    return next((reason for holds, reason in reasons if holds), '')


def _exploring(state: State) -> str:
    one = state.exploration
    return f'looks at a contradiction: {one.kind}' if one is not None else ''


def _drive(state: State, order: Order, sight: Sight, inputs: Inputs, params: Params) -> Drive:
    held_back = _held_back(inputs)
    drive, body = warned(_obeyed(state.drive, inputs), held_back=held_back), params.body
    if order.move == 'halt':
        return Drive()
    if order.move == 'explore':
        return _drive_exploring(state, drive, params)
    on_route = _on_route(state, order, params)
    if on_route is not None:
        wanted = bearing(state.pose, point_at(on_route.route, on_route.progress.s_m + 0.3))
        if must_ease(drive, sight.near, body, held_back=held_back):
            return ease(drive, sight.near, wanted, body)
        return pursue(replace(drive, easing=False), on_route, state.pose, body, params.tuning)
    if order.move == 'mission':
        return _drive_at_goal(state, drive, params)
    return stand(drive, body)


def _on_route(state: State, order: Order, params: Params) -> Errand | None:
    """The route to be followed now and how far; None if there is none or its end is reached."""
    mission, stepping = state.mission, state.retreat
    if order.move == 'refuge' and stepping.route is not None:
        progress = locate(stepping.route, state.pose, stepping.s_m)
        return Errand(
            route=stepping.route,
            progress=progress,
            stop_s_m=progress.s_m + order.stop_after_m,
            factor=_lawful_share(state, stepping.route, progress.s_m, params),
        )
    if order.move != 'mission' or mission.route is None or mission.wish is None:
        return None
    assert mission.progress is not None
    left_m = mission.route.length_m - mission.progress.s_m
    if left_m <= 0.05 or distance(state.pose, mission.wish.goal) <= params.tuning.arrive_m:
        return None
    return Errand(
        route=mission.route,
        progress=mission.progress,
        stop_s_m=mission.progress.s_m + order.stop_after_m,
        factor=min(
            mission.wish.speed_factor,
            _lawful_share(state, mission.route, mission.progress.s_m, params),
        ),
    )


def _lawful_share(state: State, route: Route, s_m: float, params: Params) -> float:
    """Share of top speed that the zones here and within braking distance allow."""
    body, speed_mps = params.body, state.drive.last.vx_mps
    slow = params.tuning.brake_share * body.max_decel_mps2
    ahead_m = speed_mps * speed_mps / (2.0 * slow) + speed_mps * DELAY_S + 0.1
    limit = speed_ahead(state.law, state.statics.grid, route, s_m, ahead_m)
    return min(1.0, limit / body.max_speed_mps)


def _held_back(inputs: Inputs) -> bool:
    """Whether the reflexes keep the robot from driving because something is too near."""
    reflex = inputs.reflex
    return reflex is not None and reflex.cause in ('zone_stop', 'escape')


def _obeyed(drive: Drive, inputs: Inputs) -> Drive:
    """Start from what the reflexes let pass, so that the robot does not leap when they let go."""
    if inputs.reflex is None or inputs.odom is None or inputs.reflex.action < ReflexAction.SLOW:
        return drive
    vx = min(drive.last.vx_mps, max(0.0, inputs.odom.vx_mps) + 0.15)
    return replace(drive, last=Speeds(vx_mps=vx, wz_radps=drive.last.wz_radps))


def _drive_exploring(state: State, drive: Drive, params: Params) -> Drive:
    one, body = state.exploration, params.body
    if one is not None and one.backing:
        return back_out(drive, body)
    if one is not None and one.kind == 'object' and one.standing_ns >= 0:
        error = bearing(state.pose, one.where)
        return look_around(drive, math.copysign(min(0.4, abs(error)), error), body)
    return stand(drive, body)


def _drive_at_goal(state: State, drive: Drive, params: Params) -> Drive:
    """Turn where the robot stands: to look around, or to the goal's yaw."""
    mission, body = state.mission, params.body
    if mission.status == NavState.EXPLORING:
        return look_around(drive, SEARCH_RADPS, body)
    if mission.route is None or mission.wish is None or not mission.wish.use_yaw:
        return stand(drive, body)
    return face(drive, wrap(mission.wish.goal[2] - state.pose[2]), body)


def _waited(state: State, order: Order, advice: Advice, inputs: Inputs) -> State:
    waits = order.move == 'mission' and advice.kind == 'wait' and advice.stop_after_m < 0.3
    since = state.waiting_since_ns if state.waiting_since_ns >= 0 else inputs.now_ns
    return replace(state, waiting_since_ns=since if waits else -1)


def _outputs(
    state: State,
    sight: Sight,
    verdict: Verdict,
    notes: tuple[PlanNote, ...],
    rights: RightOfWayOutputs,
    order: Order,
    inputs: Inputs,
    params: Params,
) -> Outputs:
    wish = state.mission.wish
    finished = verdict.finished
    stops = order.nav_state in (NavState.BLOCKED, NavState.UNREACHABLE, NavState.EXPLORING)
    moving = rights.state == PeerState.MOVING
    return Outputs(
        vx_mps=state.drive.last.vx_mps,
        wz_radps=state.drive.last.wz_radps,
        pose_map=state.pose,
        map_odom=state.fix.map_odom,
        match_quality=state.fix.quality,
        nav_state=int(order.nav_state),
        reason=order.reason or state.trespass,
        intent_id=wish.intent_id if wish is not None else 0,
        skill=wish.skill if wish is not None else '',
        priority=priority(state.mission),
        speed_mps=sight.speed_mps,
        path=_path(state, rights.advice),
        peer_state=int(PeerState.BLOCKED if stops and moving else rights.state),
        yields_to=rights.yields_to,
        cannot_yield=rights.cannot_yield,
        waited_ms=rights.waited_ms,
        claims=rights.claims,
        hazards=verdict.hazards,
        hazards_known=tuple(sorted(_known(state, inputs, params))),
        violations=verdict.violations,
        resolutions=(resolution(finished, state),) if finished is not None else (),
        settlements=rights.settled,
        plans=notes,
        seen_new=sight.seen_new,
        seen_bits=packed(state.seen, state.statics.survey) if state.ticks % 2 else b'',
        distance_m=state.distance_m,
    )


def _path(state: State, advice: Advice) -> tuple[Point, ...]:
    """Where the robot goes next: aside while it makes way, else where the mission leads."""
    if advice.kind == 'make_way':
        return _aside(state)
    return path_told(state.mission, state.pose, TOLD_LENGTH_M)


def _known(state: State, inputs: Inputs, params: Params) -> set[str]:
    own = {hazard_of(one, inputs.now_ns, params).hazard_id for one in state.watch.known}
    return own | {one.hazard_id for one in state.hazards}
