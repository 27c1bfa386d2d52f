# SPDX-License-Identifier: Apache-2.0
"""One decision: perceive, check, plan, settle right of way, let the arbiter choose, drive."""

from swarm_agent.mesh.core import (
    Advice,
    Me,
    RightOfWayInputs,
    RightOfWayOutputs,
    RightOfWayState,
    decide_right_of_way,
)
from swarm_agent.situation.core.answer import aside, outputs_of
from swarm_agent.situation.core.arbiter import Order, arbitrate
from swarm_agent.situation.core.floor_law import floor_law, inside_of, trespasses
from swarm_agent.situation.core.gaze import gaze, sighted, turn_to
from swarm_agent.situation.core.hold import UNFIT, forbidden, why_held
from swarm_agent.situation.core.inquiry import Findings, Moment, Watched, inquire
from swarm_agent.situation.core.judge import judge
from swarm_agent.situation.core.mission import accept, path_told, priority, will
from swarm_agent.situation.core.params import Params
from swarm_agent.situation.core.perceive import Sight, perceive
from swarm_agent.situation.core.refuge import Retreat, retreat
from swarm_agent.situation.core.renew import renewed
from swarm_agent.situation.core.route import LONG_TOLD_M, TOLD_POINTS, Route
from swarm_agent.situation.core.se2 import Point
from swarm_agent.situation.core.sound import sound
from swarm_agent.situation.core.state import State, terrain_of
from swarm_agent.situation.core.steer import driven
from swarm_agent.situation.core.types import Inputs, Outputs
from swarm_vault.laws.core.bars import Bars
from swarm_vault.replacing import replace


def decide(state: State, inputs: Inputs, params: Params) -> tuple[State, Outputs]:
    """Take one decision."""
    given, inputs = inputs, sound(inputs)
    state, sight = perceive(state, inputs, params)
    state = _heard(state, inputs, params)
    state, verdict = judge(state, sight, inputs, params)
    state, notes = renewed(state, sight, inputs, params)
    rights_state, rights = _right_of_way(state, inputs, params, sight)
    state = replace(state, rights=rights_state, yields_to=rights.yields_to)
    state, findings = _inquired(state, sight, rights, inputs, params)
    verdict = replace(verdict, violations=(*verdict.violations, *findings.violations))
    hold = why_held(state, given, params)
    before = state.retreat.place
    state = _stepping_aside(state, rights.advice, hold, inputs, params)
    rights = _for_the_way(rights, another=state.retreat.place not in {before, None})
    look, watched = gaze(state, hold, forbidden(state, inputs), UNFIT)
    order = arbitrate(
        '' if _may_turn(state, watched, rights.advice) else hold,
        _exploring(state),
        rights.advice,
        state.retreat.status,
        will(state.mission),
        look,
    )
    if order.move == 'halt' and hold == state.law.bars.stand:
        order = replace(order, move='stand')  # no danger but a law: brake within the limits
    if order.move == 'look':
        drive = turn_to(watched, state.drive, state, sight.near, inputs, params)
    else:
        drive = driven(state, order, sight, inputs, params)
    state = replace(state, drive=drive, ticks=state.ticks + 1)
    state = _waited(state, order, rights.advice, inputs)
    outputs = outputs_of(state, sight, verdict, notes, rights, order, inputs, params)
    state = replace(state, told=(state.pose[:2], *outputs.path))
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
        away = state.retreat.route
        if away is not None and trespasses(law, state.statics.grid, _points(away)):
            state = replace(state, retreat=Retreat())
    trespass = inside_of(state.law, state.pose)
    if trespass and not before:
        why = f'{trespass}; leaves by the shortest way'
    if why and state.mission.goes:
        state = replace(state, mission=replace(state.mission, ask=why))
    return replace(state, trespass=trespass)


def _points(route: Route) -> list[Point]:
    return list(zip(route.x, route.y, strict=True))


def _right_of_way(
    state: State, inputs: Inputs, params: Params, sight: Sight
) -> tuple[RightOfWayState, RightOfWayOutputs]:
    route = path_told(state.mission, state.pose, LONG_TOLD_M)
    path = route[:TOLD_POINTS]
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
        aside=aside(state),
        route=route,
        told=state.told,
    )
    return decide_right_of_way(
        state.rights,
        RightOfWayInputs(now_ns=inputs.now_ns, me=me, peers=inputs.peers, claims=inputs.claims),
        params.right_of_way,
    )


def _stepping_aside(
    state: State, advice: Advice, hold: str, inputs: Inputs, params: Params
) -> State:
    if advice.kind == 'make_way' and hold:
        return replace(state, retreat=Retreat(status='none', sought_ns=inputs.now_ns))
    terrain = terrain_of(state, params)
    stepping = retreat(state.retreat, terrain, state.pose, advice, inputs.peers, inputs.now_ns)
    return replace(state, retreat=stepping)


def _for_the_way(rights: RightOfWayOutputs, *, another: bool) -> RightOfWayOutputs:
    """How far to drive was said of the way before: along another one nowhere yet."""
    if not another:
        return rights
    return replace(rights, advice=replace(rights.advice, stop_after_m=0.0))


def _exploring(state: State) -> str:
    one = state.exploration
    return f'looks at a contradiction: {one.kind}' if one is not None else ''


def _waited(state: State, order: Order, advice: Advice, inputs: Inputs) -> State:
    waits = order.move == 'mission' and advice.kind == 'wait' and advice.stop_after_m < 0.3
    since = state.waiting_since_ns if state.waiting_since_ns >= 0 else inputs.now_ns
    return replace(state, waiting_since_ns=since if waits else -1)
