# SPDX-License-Identifier: Apache-2.0
"""What a decision says to the nodes around it."""

from swarm_agent.mesh.core import Advice, PeerState, RightOfWayOutputs
from swarm_agent.situation.core.arbiter import Order
from swarm_agent.situation.core.judge import Verdict, hazard_of, resolution
from swarm_agent.situation.core.mission import path_told, priority
from swarm_agent.situation.core.params import Params
from swarm_agent.situation.core.perceive import Sight
from swarm_agent.situation.core.route import TOLD_LENGTH_M, locate, told
from swarm_agent.situation.core.se2 import Point
from swarm_agent.situation.core.seen import packed
from swarm_agent.situation.core.state import State
from swarm_agent.situation.core.types import Inputs, NavState, Outputs, PlanNote


def outputs_of(
    state: State,
    sight: Sight,
    verdict: Verdict,
    notes: tuple[PlanNote, ...],
    rights: RightOfWayOutputs,
    order: Order,
    inputs: Inputs,
    params: Params,
) -> Outputs:
    """Put together what the nodes publish, tell the peers and record."""
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
        word=rights.word,
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
        return aside(state)
    return path_told(state.mission, state.pose, TOLD_LENGTH_M)


def _known(state: State, inputs: Inputs, params: Params) -> set[str]:
    own = {hazard_of(one, inputs.now_ns, params).hazard_id for one in state.watch.known}
    return own | {one.hazard_id for one in state.hazards}


def aside(state: State) -> tuple[Point, ...]:
    """The rest of the way to the refuge, empty unless it is being driven."""
    stepping = state.retreat
    if stepping.status not in ('found', 'behind') or stepping.route is None:
        return ()
    return told(stepping.route, locate(stepping.route, state.pose, stepping.s_m), state.pose)
