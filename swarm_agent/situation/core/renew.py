# SPDX-License-Identifier: Apache-2.0
"""When the plan is renewed, and which floor it avoids."""

import math

from swarm_agent.mesh.core import Hazard, Peer
from swarm_agent.situation.core.dodge import (
    around_parked,
    newly_parked,
    out_of_the_way,
    parked,
    rerouted,
)
from swarm_agent.situation.core.mission import Mission, follow_up, turned
from swarm_agent.situation.core.params import Params
from swarm_agent.situation.core.path import Aversion, Terrain
from swarm_agent.situation.core.perceive import Sight
from swarm_agent.situation.core.state import State, terrain_of
from swarm_agent.situation.core.types import Inputs, PlanNote
from swarm_vault.replacing import replace

HAZARD_FACTOR = 8.0
"""What floor costs on which one peer reports a hazard."""
CONFIRMED_FACTOR = 16.0
"""The same where at least two do."""
Discs = tuple[tuple[float, float, float], ...]
"""Centre and radius [m]."""
OBJECT_FACTOR = 4.0
"""What floor costs around an object of which only a part is seen."""
SHUT_M = 0.4
"""Radius of the floor to be avoided where the robot did not get on [m]."""


def renewed(
    state: State, sight: Sight, inputs: Inputs, params: Params
) -> tuple[State, tuple[PlanNote, ...]]:
    """Plan anew where that was asked for; a note for every plan."""
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
