# SPDX-License-Identifier: Apache-2.0
"""One tick of the collision monitor: Nav2's zones, with a clock and a dead man of its own.

The order: (1) no valid command, no motion; (2) a source that is blind stops; (3) every zone says
what it would make of the command, and the slowest answer wins; (4) a stop still lets a command
pass that leaves the obstacles behind.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from swarm_reflex.core.arc import Points, between, seen_from
from swarm_reflex.core.odometry import Pose
from swarm_reflex.monitor.core.contact import Shape, contact_time, inside, seen_after
from swarm_reflex.monitor.core.sources import Seen, fault_of, place_of, take_in_observation
from swarm_reflex.monitor.core.types import (
    ZERO,
    ActionType,
    BasePose,
    Command,
    Effect,
    MonitorInputs,
    MonitorOutputs,
    MonitorParams,
    Request,
    Setup,
    SubPolygon,
    Velocity,
    Zone,
)

_FASTEST = 100.0
"""No command for a robot is faster [m/s, rad/s]; NaN is not within it either."""
_ESCAPE_M = 0.05
"""Distance over which an escape must gain [m]."""
_ESCAPE_GAIN = 0.1
"""What it must gain, as a share of that distance."""
_ACTIONS = {
    Effect.NONE: ActionType.DO_NOTHING,
    Effect.STOP: ActionType.STOP,
    Effect.SLOWDOWN: ActionType.SLOWDOWN,
    Effect.LIMIT: ActionType.LIMIT,
    Effect.APPROACH: ActionType.APPROACH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Debounce:
    """How long a zone has been hit or missed."""

    hits: int = 0
    misses: int = 0
    active: bool = False
    hit_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorState:
    """What the monitor remembers from tick to tick."""

    setup: Setup
    enabled: bool
    enable_ns: int | None = None
    """When a switch-off ends, steady clock [ns]."""
    tick_ns: int | None = None
    command: Command | None = None
    odom: BasePose | None = None
    seen: dict[str, Seen] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    debounces: dict[str, Debounce] = field(default_factory=dict)
    masks: dict[str, Pose] = field(default_factory=dict)
    """Where the frames of exclusion zones are, in the base frame."""
    interventions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the sound sources show in this tick."""

    clouds: dict[str, Points]
    fresh: frozenset[str]
    """Sources with a new observation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one zone, or one fault, makes of the command."""

    name: str
    action: ActionType
    velocity: Velocity
    points_inside: int = 0
    time_s: float = math.inf


def initial_monitor(params: MonitorParams) -> MonitorState:
    """Nothing heard yet, so nothing moves."""
    return MonitorState(setup=params.setup, enabled=params.enabled)


def decide_monitor(
    state: MonitorState, inputs: MonitorInputs, params: MonitorParams
) -> tuple[MonitorState, MonitorOutputs]:
    """Decide what goes out in this tick. Pure."""
    backwards = state.tick_ns is not None and inputs.now_ns < state.tick_ns
    state = _take_in(state, inputs, params)
    refusal = 'clock' if backwards else _refusal(state.command, inputs.now_ns, params)
    wish = state.command.velocity if state.command and not refusal else ZERO
    verdicts = [Verdict(name=refusal, action=ActionType.STOP, velocity=ZERO)] if refusal else []
    if state.enabled:
        state, found = _judged(state, wish, inputs, params)
        verdicts += found
    return _answer(state, wish, verdicts)


def _take_in(state: MonitorState, inputs: MonitorInputs, params: MonitorParams) -> MonitorState:
    if inputs.setup is not None:
        state = replace(state, setup=inputs.setup, debounces={})
    for request in inputs.requests:
        state = _obeyed(state, request, inputs.now_ns, params)
    if state.enable_ns is not None and inputs.now_ns >= state.enable_ns:
        state = replace(state, enabled=True, enable_ns=None)
    odom = inputs.odom if inputs.odom is not None else state.odom
    seen, shapes, debounces = state.seen, state.shapes, state.debounces
    masks = _places(state.masks, inputs) if inputs.masks else state.masks
    if inputs.observations:
        seen = dict(seen)
        for item in inputs.observations:
            old = seen.get(item.source)
            seen[item.source] = take_in_observation(item, odom, state.setup, masks, old)
    for update in inputs.shapes:
        corners = tuple(c for i, c in enumerate(update.points) if c != update.points[i - 1])
        shape = Shape(corners=corners, radius_m=update.radius_m)
        shapes = {**shapes, update.zone: shape}
        debounces = {k: v for k, v in debounces.items() if k != update.zone}
    return replace(
        state,
        command=inputs.command or state.command,
        odom=odom,
        seen=seen,
        shapes=shapes,
        debounces=debounces,
        masks=masks,
        tick_ns=inputs.now_ns,
    )


def _places(known: dict[str, Pose], inputs: MonitorInputs) -> dict[str, Pose]:
    told = {place.zone: place.pose for place in inputs.masks}
    kept = {zone: pose for zone, pose in known.items() if zone not in told}
    return kept | {zone: pose for zone, pose in told.items() if pose is not None}


def _obeyed(
    state: MonitorState, request: Request, now_ns: int, params: MonitorParams
) -> MonitorState:
    if request is Request.RESTART:
        return replace(state, command=None, debounces={})
    if request is Request.ENABLE:
        return replace(state, enabled=True, enable_ns=None)
    until = now_ns + round(params.disable_for_s * 1e9) if params.disable_for_s > 0.0 else None
    return replace(state, enabled=False, enable_ns=until)


def _refusal(command: Command | None, now_ns: int, params: MonitorParams) -> str:
    """Why the newest command does not count; '' if it does."""
    if command is None:
        return 'no command'
    velocity = command.velocity
    axes = (velocity.vx_mps, velocity.vy_mps, velocity.wz_radps)
    if not all(abs(axis) <= _FASTEST for axis in axes):
        return 'invalid command'
    waited_s = (now_ns - command.arrival_ns) * 1e-9
    if waited_s < 0.0 or not command.stamp_age_s >= -params.future_tolerance_s:
        return 'command from the future'
    fresh = waited_s + max(0.0, command.stamp_age_s) <= params.command_timeout_s
    return '' if fresh else 'command timeout'


def _judged(
    state: MonitorState, wish: Velocity, inputs: MonitorInputs, params: MonitorParams
) -> tuple[MonitorState, list[Verdict]]:
    """What the sources and zones make of the wish."""
    now_ns = inputs.now_ns
    verdicts, clouds = [], {}
    here = place_of(state.odom, now_ns, params)
    for source in state.setup.sources:
        seen = state.seen.get(source.name)
        if not source.enabled:
            continue
        if fault_of(seen, source, here, now_ns, params):
            if source.source_timeout_s > 0.0:
                name = 'invalid source'
                verdicts.append(Verdict(name=name, action=ActionType.STOP, velocity=ZERO))
            continue
        assert seen is not None, 'a source that was never heard is faulty'
        clouds[source.name] = _points_now(seen, here, params)
    fresh = frozenset(observation.source for observation in inputs.observations)
    sight = Sight(clouds=clouds, fresh=fresh)
    for zone in state.setup.zones:
        if zone.enabled:
            state, verdict = _zone_verdict(state, zone, wish, sight, params)
            verdicts += [verdict] if verdict else []
    return state, verdicts


def _points_now(
    seen: Seen, here: tuple[float, float, float] | None, params: MonitorParams
) -> Points:
    if not params.base_shift_correction or seen.anchor is None or here is None:
        return seen.points
    return seen_from(seen.points, between(seen.anchor, here))


def _zone_verdict(
    state: MonitorState,
    zone: Zone,
    wish: Velocity,
    sight: Sight,
    params: MonitorParams,
) -> tuple[MonitorState, Verdict | None]:
    clouds, fresh = sight.clouds, sight.fresh
    shape, state = _shape_of(state, zone, wish)
    if shape is None and zone.effect is Effect.NONE:
        return state, None
    if shape is None:
        name = f'{zone.name} has no shape'
        return state, Verdict(name=name, action=ActionType.STOP, velocity=ZERO)
    names = zone.sources or tuple(source.name for source in state.setup.sources)
    parts = [clouds[name] for name in names if name in clouds]
    points = np.concatenate(parts, axis=1) if parts else np.empty((2, 0))
    if zone.effect is Effect.APPROACH:
        return state, _approach(zone, shape, wish, points, params)
    count = int(inside(points, shape).sum())
    old = state.debounces.get(zone.name, Debounce())
    new = _debounced(old, zone, count, state.tick_ns or 0, is_news=bool(fresh.intersection(names)))
    state = replace(state, debounces={**state.debounces, zone.name: new})
    if not new.active:
        return state, None
    velocity = _slower(zone, shape, wish, points, params)
    action = _ACTIONS[zone.effect]
    return state, Verdict(name=zone.name, action=action, velocity=velocity, points_inside=count)


def _shape_of(
    state: MonitorState, zone: Zone, wish: Velocity
) -> tuple[Shape | None, MonitorState]:
    """The shape of a zone now; a velocity that no sub-polygon covers keeps the last one."""
    if zone.points or zone.radius_m > 0.0:
        return Shape(corners=zone.points, radius_m=zone.radius_m), state
    for sub in zone.sub_polygons:
        if _covers(sub, wish, holonomic=zone.holonomic):
            shape = Shape(corners=sub.points)
            return shape, replace(state, shapes={**state.shapes, zone.name: shape})
    return state.shapes.get(zone.name), state


def _covers(sub: SubPolygon, wish: Velocity, *, holonomic: bool) -> bool:
    if not sub.theta_min <= wish.wz_radps <= sub.theta_max:
        return False
    if not holonomic:
        return sub.linear_min <= wish.vx_mps <= sub.linear_max
    speed = math.hypot(wish.vx_mps, wish.vy_mps)
    direction = math.atan2(wish.vy_mps, wish.vx_mps) if speed > 0.0 else 0.0
    start, end = sub.direction_start_angle, sub.direction_end_angle
    after, before = direction >= start, direction <= end
    aimed = (after and before) if start <= end else (after or before)
    return aimed and sub.linear_min <= speed <= sub.linear_max


def _debounced(old: Debounce, zone: Zone, count: int, now_ns: int, *, is_news: bool) -> Debounce:
    """Count looks at new data, not commands: a zone of one look acts in every tick."""
    hit = count >= zone.min_points
    hits = max(1, old.hits + is_news) if hit else 0
    misses = 0 if hit else max(1, old.misses + is_news)
    hit_ns = now_ns if hit else old.hit_ns
    if old.active:
        held = (now_ns - hit_ns) * 1e-9 < zone.release_time_s
        active = hit or held or misses < zone.release_consecutive_points
    else:
        active = hits >= zone.trigger_consecutive_points
    return Debounce(hits=hits, misses=misses, active=active, hit_ns=hit_ns)


def _slower(
    zone: Zone, shape: Shape, wish: Velocity, points: Points, params: MonitorParams
) -> Velocity:
    if zone.effect is Effect.NONE:
        return wish
    if zone.effect is Effect.SLOWDOWN:
        return scaled(wish, min(1.0, max(0.0, zone.slowdown_ratio)))
    if zone.effect is Effect.LIMIT:
        return scaled(wish, _limit_ratio(zone, wish))
    return _escape(wish, points, shape, params)


def _limit_ratio(zone: Zone, wish: Velocity) -> float:
    speed = math.hypot(wish.vx_mps, wish.vy_mps)
    linear = zone.linear_limit_mps / speed if speed > zone.linear_limit_mps else 1.0
    turn = abs(wish.wz_radps)
    angular = zone.angular_limit_radps / turn if turn > zone.angular_limit_radps else 1.0
    return max(0.0, min(linear, angular))


def _approach(
    zone: Zone, shape: Shape, wish: Velocity, points: Points, params: MonitorParams
) -> Verdict | None:
    """Nav2's number: the start of the step in which the exact contact lies."""
    horizon_s, step_s = zone.time_before_collision_s, zone.simulation_time_step_s
    time_s = contact_time(points, shape, wish, zone.min_points, horizon_s)
    if time_s == math.inf:
        return None
    if time_s == 0.0:
        velocity = _escape(wish, points, shape, params)
    else:
        velocity = scaled(wish, min(1.0, math.floor(time_s / step_s) * step_s / horizon_s))
    return Verdict(
        name=zone.name,
        action=ActionType.APPROACH,
        velocity=velocity,
        points_inside=int(inside(points, shape).sum()),
        time_s=time_s,
    )


def _escape(wish: Velocity, points: Points, shape: Shape, params: MonitorParams) -> Velocity:
    """What a stop leaves of a wish: creep speed if it leaves every point in the zone behind."""
    speed = math.hypot(wish.vx_mps, wish.vy_mps)
    if params.escape_speed_mps <= 0.0 or speed < 1e-6 or points.shape[1] == 0:
        return ZERO
    near_m = float(np.hypot(points[0], points[1]).min())
    within = int(inside(points, shape).sum())
    for share in (0.5, 1.0):
        travel_m = share * _ESCAPE_M
        there = seen_after(points, wish, travel_m / speed)
        gained_m = float(np.hypot(there[0], there[1]).min()) - near_m
        if gained_m < _ESCAPE_GAIN * travel_m or int(inside(there, shape).sum()) > within:
            return ZERO
    return scaled(wish, min(1.0, params.escape_speed_mps / speed))


def scaled(velocity: Velocity, share: float) -> Velocity:
    """The same direction and curvature at a share of the speed, 0 to 1."""
    if share >= 1.0:
        return velocity
    if share <= 0.0:
        return ZERO
    return Velocity(
        vx_mps=velocity.vx_mps * share,
        vy_mps=velocity.vy_mps * share,
        wz_radps=velocity.wz_radps * share,
    )


def _answer(
    state: MonitorState, wish: Velocity, verdicts: list[Verdict]
) -> tuple[MonitorState, MonitorOutputs]:
    """The slowest verdict wins, the first of equals; a stop before all equals."""
    chosen = Verdict(name='', action=ActionType.DO_NOTHING, velocity=wish)
    acting = [verdict for verdict in verdicts if verdict.action is not ActionType.DO_NOTHING]
    for verdict in acting:
        if _rank(verdict) < _rank(chosen):
            chosen = verdict
    asked = state.command.velocity if state.command else ZERO
    interventions = state.interventions + (chosen.velocity != asked)
    outputs = MonitorOutputs(
        velocity=chosen.velocity,
        action=chosen.action,
        polygon_name=chosen.name,
        causes=tuple(dict.fromkeys(verdict.name for verdict in acting)),
        detected=tuple(v.name for v in verdicts if v.action is ActionType.DO_NOTHING),
        points_inside=chosen.points_inside,
        time_to_contact_s=chosen.time_s,
        enabled=state.enabled,
        interventions=interventions,
    )
    return replace(state, interventions=interventions), outputs


def _rank(verdict: Verdict) -> tuple[float, bool]:
    """Nav2's order of velocities: mixed units, but the same winner."""
    velocity = verdict.velocity
    energy = velocity.vx_mps**2 + velocity.vy_mps**2 + velocity.wz_radps**2
    return energy, verdict.action is not ActionType.STOP
