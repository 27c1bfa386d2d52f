# SPDX-License-Identifier: Apache-2.0
"""One tick of the gate: take in what is new, judge it, make the command as small as it must be.

The order is the safety case: (1) what must be there is there and fresh, or the robot stops;
(2) the command fits the robot's limits; (3) it is gained no faster than allowed; (4) from what is
left the robot still stops before anything that the lidar or the fence shows on its arc.
"""

import math
from dataclasses import dataclass

from swarm_reflex.core import dead_man, geofence, limits, scan, zones
from swarm_reflex.core.dead_man import Known
from swarm_reflex.core.geofence import Fences
from swarm_reflex.core.intake import take_in
from swarm_reflex.core.limits import STILL, Motion
from swarm_reflex.core.odometry import Pose, pose_at
from swarm_reflex.core.types import Action, Cause, Inputs, Outputs, Params, Stamped, age_s
from swarm_vault.replacing import replace

_STRICTNESS = {cause: i for i, cause in enumerate(Cause)}
_FIRST_SLOW = _STRICTNESS[Cause.ESCAPE]
_FIRST_LIMIT = _STRICTNESS[Cause.SPEED]
_SECOND_NS = 1_000_000_000
_STANDING_MPS = 0.05
"""Measured speed below which the robot counts as standing and may turn in place [m/s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the gate remembers from tick to tick."""

    known: Known
    fences: Fences
    late_ns: tuple[int, ...] = ()
    """When ticks of the last second came late, steady clock [ns]."""
    tick_ns: int | None = None
    last: Motion = STILL
    """What went to the motors last."""
    interventions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One tick's frozen view of the world, shared by the stages."""

    known: Known
    here: Pose | None
    """Pose in the odom frame now, if the odometry can be computed with."""
    wish: Motion | None
    """The valid command within the robot's limits."""
    last: Motion
    step_s: float
    """Measured time since the last tick [s]."""
    now_ns: int
    params: Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """A motion after the zones, and which of them decided."""

    motion: Motion
    zone: str = ''
    clearance_m: float = math.inf


def initial(params: Params) -> State:
    """Nothing heard yet, so nothing moves."""
    known = Known(enabled=params.start_enabled, tier=params.start_tier)
    return State(known=known, fences=geofence.fences_of(params))


def decide(state: State, inputs: Inputs, params: Params) -> tuple[State, Outputs]:
    """Decide what goes to the motors in this tick. Pure."""
    now_ns = inputs.now_ns
    elapsed_s = (now_ns - state.tick_ns) * 1e-9 if state.tick_ns is not None else 0.0
    known = take_in(state.known, inputs, state.fences, params)
    odom, command = known.odom, known.command
    refusal = dead_man.command_cause(command, now_ns, params)
    scene = Scene(
        known=known,
        here=pose_at(odom, now_ns) if odom and known.odom_sound else None,
        wish=limits.within_limits(command, params.robot) if command and not refusal else None,
        last=state.last,
        step_s=max(0.0, elapsed_s),
        now_ns=now_ns,
        params=params,
    )
    halts = _halts(scene, refusal, clock_back=elapsed_s < 0.0)
    late_ns = _late_ticks(state, scene)
    if 0 < params.max_late_ticks <= len(late_ns):
        halts.append(Cause.OVERRUN)
    if Cause.GEOFENCE_OUTSIDE in halts:
        scene = replace(scene, known=replace(known, breached=True))
    gated = _gate(scene, halts)
    outputs = _answer(state, scene, halts, gated)
    after = State(
        known=scene.known,
        fences=state.fences,
        late_ns=late_ns,
        tick_ns=now_ns,
        last=gated.motion,
        interventions=outputs.interventions,
    )
    return after, outputs


def _late_ticks(state: State, scene: Scene) -> tuple[int, ...]:
    """When ticks came late within the last second, this one included."""
    now_ns, recent = scene.now_ns, state.late_ns
    if recent:
        recent = tuple(t for t in recent if 0 <= now_ns - t < _SECOND_NS)
    is_late = scene.step_s > scene.params.late_tick_s
    return (*recent, now_ns) if is_late else recent


def _halts(scene: Scene, refusal: Cause | None, *, clock_back: bool) -> list[Cause]:
    """All reasons for which the robot must not drive at all."""
    known, now_ns, params = scene.known, scene.now_ns, scene.params
    found = [
        Cause.CLOCK if clock_back else None,
        refusal,
        dead_man.scan_cause(known.view, now_ns, params),
        dead_man.odom_cause(known, now_ns, params),
        dead_man.jump_cause(known, scene.here, now_ns, params),
        dead_man.pose_cause(known, scene.here, now_ns, params),
        *dead_man.operator_causes(known),
        *dead_man.beat_causes(known, now_ns, params),
    ]
    return [cause for cause in found if cause]


def _gate(scene: Scene, halts: list[Cause]) -> Gated:
    if not halts and scene.wish is not None:
        robot = scene.params.robot
        wish = scene.wish
        if scene.known.tier == 1:
            wish = limits.crept(wish, scene.params)
        return _within_zones(scene, limits.gained(wish, scene.last, scene.step_s, robot))
    if dead_man.controlled(halts, scene.params):
        return _within_zones(scene, _braking(scene))
    return Gated(motion=STILL)


def _braking(scene: Scene) -> Motion:
    motion = limits.braked(scene.last, scene.step_s, scene.params.robot)
    return motion if scene.wish is None else limits.capped(motion, scene.wish)


def _within_zones(scene: Scene, motion: Motion) -> Gated:
    """Slow a motion down until it stops before the obstacles, then before the fence."""
    view, params = scene.known.view, scene.params
    if motion.vx_mps == 0.0 or view is None or scene.here is None:
        return Gated(motion=motion)
    lag_s = max(0.0, age_s(view.scan, scene.now_ns)) + params.reaction_s
    points = scan.points_now(view, scene.here)
    surely_m = scan.surely_m(view, scene.here)
    found = zones.allowance(points, motion, params.hard_margin_m, lag_s, params, surely_m=surely_m)
    found = zones.zoned(found, _present_speed(scene, motion), params)
    gated = _slowed(scene, motion, found, ('stop', 'slow'), (Cause.ZONE_STOP, Cause.ZONE_SLOW))
    return _within_fence(scene, gated)


def _within_fence(scene: Scene, gated: Gated) -> Gated:
    place, params = scene.known.place, scene.params
    if place is None or scene.here is None or gated.motion.vx_mps == 0.0:
        return gated
    edge = geofence.edge_now(place, scene.here, sandboxed=scene.known.tier == 1)
    age = max(0.0, age_s(place.pose, scene.now_ns))
    margin_m = params.geofence_margin_m + params.geofence_drift_mps * age
    found = zones.allowance(
        edge, gated.motion, margin_m, params.reaction_s, params, error=params.model_error
    )
    causes = (Cause.GEOFENCE_STOP, Cause.GEOFENCE_SLOW)
    fenced = _slowed(scene, gated.motion, found, ('geofence', 'geofence'), causes)
    return Gated(
        motion=fenced.motion, zone=fenced.zone or gated.zone, clearance_m=gated.clearance_m
    )


def _slowed(
    scene: Scene,
    motion: Motion,
    found: zones.Allowance,
    names: tuple[str, str],
    causes: tuple[Cause, Cause],
) -> Gated:
    """Apply an allowance; `names` and `causes` are those of a stop and of a slow-down."""
    clearance_m = found.clearance_m
    if found.speed_mps < scene.params.min_speed_mps:
        turn = _turn_in_place(scene)
        held = Motion(vx_mps=0.0, wz_radps=turn, causes=(causes[0], *motion.causes))
        return Gated(motion=held, zone=names[0], clearance_m=clearance_m)
    if found.escape:
        speed = min(found.speed_mps, abs(motion.vx_mps))
        creeping = limits.scaled(motion, speed, Cause.ESCAPE)
        return Gated(motion=creeping, zone='escape', clearance_m=clearance_m)
    if abs(motion.vx_mps) > found.speed_mps:
        slower = limits.scaled(motion, found.speed_mps, causes[1])
        return Gated(motion=slower, zone=names[1], clearance_m=clearance_m)
    return Gated(motion=motion, clearance_m=clearance_m)


def _turn_in_place(scene: Scene) -> float:
    """Yaw rate left when the way is barred [rad/s]: a round robot that stands may turn away."""
    odom, wish, last = scene.known.odom, scene.wish, scene.last
    if wish is None or odom is None or abs(odom.vx_mps) > _STANDING_MPS or last.vx_mps != 0.0:
        return 0.0
    turning = Motion(vx_mps=0.0, wz_radps=wish.wz_radps)
    return limits.gained(turning, last, scene.step_s, scene.params.robot).wz_radps


def _present_speed(scene: Scene, motion: Motion) -> float:
    """Speed at which the robot moves in the motion's direction already, not negative [m/s]."""
    forward = math.copysign(1.0, motion.vx_mps)
    measured = scene.known.odom.vx_mps if scene.known.odom else 0.0
    return max(0.0, forward * measured, forward * scene.last.vx_mps)


def _answer(state: State, scene: Scene, halts: list[Cause], gated: Gated) -> Outputs:
    known, now_ns, motion = scene.known, scene.now_ns, gated.motion
    causes: tuple[Cause, ...] = (*halts, *motion.causes)
    if len(causes) > 1:
        causes = tuple(sorted({*causes}, key=_STRICTNESS.__getitem__))
    command = known.command
    return Outputs(
        vx_mps=motion.vx_mps,
        wz_radps=motion.wz_radps,
        action=_action(causes),
        causes=causes,
        zone=gated.zone,
        clearance_m=gated.clearance_m,
        command_age_ms=_age_ms(command, now_ns),
        scan_age_ms=_age_ms(known.view.scan if known.view else None, now_ns),
        odom_age_ms=_age_ms(known.odom, now_ns),
        heartbeat_age_ms=_beat_age_ms(scene),
        interventions=state.interventions + _differs(scene, motion),
        e_stop=known.e_stop,
        enabled=known.enabled,
        breached=known.breached,
        frozen=known.frozen,
        tier=known.tier,
    )


def _differs(scene: Scene, motion: Motion) -> bool:
    """Whether a valid command did not pass as it came."""
    command = scene.known.command
    if scene.wish is None or command is None:
        return False
    return (motion.vx_mps, motion.wz_radps) != (command.vx_mps, command.wz_radps)


def _action(causes: tuple[Cause, ...]) -> Action:
    if not causes:
        return Action.PASS
    rank = _STRICTNESS[causes[0]]
    if rank < _FIRST_SLOW:
        return Action.STOP
    return Action.SLOW if rank < _FIRST_LIMIT else Action.LIMIT


def _age_ms(message: Stamped | None, now_ns: int) -> int:
    age = math.nan if message is None else age_s(message, now_ns)
    return round(age * 1e3) if abs(age) < 1e12 else -1


def _beat_age_ms(scene: Scene) -> int:
    known, params = scene.known, scene.params
    watched = (
        (known.situation_beat_ns, params.situation_timeout_s),
        (known.planner_beat_ns, params.planner_timeout_s),
    )
    required = [beat_ns for beat_ns, timeout_s in watched if timeout_s > 0.0]
    if not required or None in required:
        return -1
    return (scene.now_ns - min(beat_ns for beat_ns in required if beat_ns is not None)) // 1000000
