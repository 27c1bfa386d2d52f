# SPDX-License-Identifier: Apache-2.0
"""How the order that the arbiter chose is driven: along a route, easing out, looking, turning."""

import math

from swarm_agent.situation.core.arbiter import Order
from swarm_agent.situation.core.ease import ease, must_ease
from swarm_agent.situation.core.floor_law import speed_ahead
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
from swarm_agent.situation.core.params import Params
from swarm_agent.situation.core.perceive import Sight
from swarm_agent.situation.core.route import Route, locate, point_at
from swarm_agent.situation.core.se2 import bearing, distance, wrap
from swarm_agent.situation.core.state import State, footing_of
from swarm_agent.situation.core.types import Inputs, NavState, ReflexAction
from swarm_vault.replacing import replace

SEARCH_RADPS = 0.9
"""How fast the robot turns to look around [rad/s]."""


def driven(state: State, order: Order, sight: Sight, inputs: Inputs, params: Params) -> Drive:
    """Next speeds for the move that was ordered."""
    held_back = _held_back(inputs)
    drive, body = warned(_obeyed(state.drive, inputs), held_back=held_back), params.body
    if order.move == 'halt':
        return Drive()
    if order.move == 'explore':
        return _no_faster(_drive_exploring(state, drive, params), state)
    on_route = _on_route(state, order, params)
    if on_route is not None:
        wanted = bearing(state.pose, point_at(on_route.route, on_route.progress.s_m + 0.3))
        if must_ease(drive, sight.near, body, held_back=held_back):
            eased = ease(drive, sight.near, wanted, body, footing_of(state))
            if eased is not None:
                return _no_faster(eased, state)
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


def _no_faster(drive: Drive, state: State) -> Drive:
    """A creep that follows no route, no faster than tier and mandate allow."""
    limit, vx = state.law.bars.max_speed_mps, drive.last.vx_mps
    if limit is None or abs(vx) <= limit:
        return drive
    return replace(drive, last=replace(drive.last, vx_mps=math.copysign(limit, vx)))


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
