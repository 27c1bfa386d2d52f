# SPDX-License-Identifier: Apache-2.0
"""Whatever comes in, the core neither fails nor asks for more than the robot can do."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from situation_rooms import SECOND, first_state, hazard, params_of, peer, rays_of, wish
from situation_world import AMR, BEAMS, TICK_NS, scan_bytes

from swarm_agent.mesh.core import Claim
from swarm_agent.situation.core import (
    CORE,
    Inputs,
    IntentKind,
    NavState,
    Odom,
    Outputs,
    Reflex,
    Scan,
    State,
)
from swarm_agent.situation.core.seen import inner
from swarm_vault.codec import codec_of, frame_type

START = (2.0, 2.0, 0.0)
PARAMS = params_of()
ROOM_SCAN = scan_bytes(rays_of().ranges(START))
ROOM_SCANS = [
    scan_bytes(rays_of().ranges((2.0 + 0.05 * k, 2.0, 0.0), [(2.0, 4.0, 0.25)])) for k in range(12)
]

odd = st.sampled_from([math.nan, math.inf, -math.inf, 1e300, -1e300])
numbers = st.one_of(st.floats(-2.0, 10.0), odd)
near_numbers = st.floats(-10.0, 20.0)
ages = st.one_of(st.integers(0, SECOND // 5), st.integers(0, 3600 * SECOND))
small_poses = st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(-0.5, 0.5))
poses = st.one_of(
    small_poses, st.tuples(numbers, numbers, numbers), st.tuples(*[near_numbers] * 3)
)
speeds = st.one_of(st.floats(-1.0, 1.0), odd)
rays = st.one_of(
    st.sampled_from([ROOM_SCAN, b'', b'\x00' * (2 * BEAMS), b'\xff' * (2 * BEAMS)]),
    st.binary(max_size=40),
    st.lists(st.integers(0, 65535), min_size=24, max_size=24).map(
        lambda ranges: np.repeat(ranges, BEAMS // 24).astype('<u2').tobytes()
    ),
)
odoms = st.builds(Odom, pose=poses, vx_mps=speeds, wz_radps=speeds, age_ns=ages)
scans = st.builds(Scan, ranges=rays, pose_odom=poses, age_ns=ages)
wishes = st.builds(
    lambda kind, goal, tolerance, factor, use_yaw, number: replace(
        wish(0.0, 0.0),
        kind=kind,
        goal=goal,
        tolerance_m=tolerance,
        speed_factor=factor,
        use_yaw=use_yaw,
        intent_id=number,
    ),
    kind=st.one_of(st.just(1), st.integers(-1, 9)),
    goal=st.one_of(
        st.tuples(st.floats(0.5, 7.5), st.floats(0.5, 5.5), st.floats(-3.0, 3.0)),
        st.tuples(numbers, numbers, numbers),
    ),
    tolerance=st.one_of(st.floats(0.0, 1.0), numbers),
    factor=st.one_of(st.floats(0.0, 1.0), numbers),
    use_yaw=st.booleans(),
    number=st.integers(0, 5),
)
reflexes = st.builds(
    Reflex,
    action=st.integers(-1, 9),
    cause=st.sampled_from(['', 'zone_stop', 'escape', 'scan_stale']),
    clearance_m=st.floats(0.0, 1e3),
    e_stop=st.sampled_from([False, False, False, True]),
    enabled=st.sampled_from([True, True, True, False]),
    age_ns=ages,
)
# What peers say has been checked by swarm_agent.mesh.wire: finite, within 100 km.
places = st.tuples(near_numbers, near_numbers)
far_places = st.one_of(places, st.tuples(*[st.floats(-1e5, 1e5)] * 2))
peers = st.builds(
    lambda at, yaw, path, state, silent_ns, speed, yields, cannot, name: peer(
        at[0],
        at[1],
        agent_id=name,
        pose=(*at, yaw),
        path=tuple(path),
        state=state,
        heard_ns=-silent_ns,
        speed_mps=speed,
        yields_to=yields,
        cannot_yield=cannot,
    ),
    at=far_places,
    yaw=st.floats(-1e3, 1e3),
    path=st.lists(far_places, max_size=8),
    state=st.integers(-1, 9),
    silent_ns=ages,
    speed=st.floats(-5.0, 5.0),
    yields=st.sampled_from(['', 'amr_1', 'amr_3']),
    cannot=st.booleans(),
    name=st.sampled_from(['amr_2', 'amr_3']),
)
claims = st.builds(
    Claim,
    claim_id=st.sampled_from(['a', 'b']),
    kind=st.integers(-1, 6),
    from_agent=st.sampled_from(['amr_2', 'amr_3', 'nobody']),
    to_agent=st.just('amr_1'),
    priority=st.integers(-1, 12),
    waited_ms=st.integers(0, 10**6),
    path=st.lists(far_places, max_size=6).map(tuple),
    place=st.one_of(st.none(), far_places),
    reason=st.just(''),
)
hazards = st.builds(
    lambda at, radius_m: hazard(*at, radius_m=radius_m),
    at=far_places,
    radius_m=st.floats(0.01, 10.0),
)
moments = st.builds(
    Inputs,
    now_ns=st.integers(1, 3) | st.integers(1, 40),
    odom=st.one_of(st.none(), odoms),
    scan=st.one_of(st.none(), scans),
    intent=st.one_of(st.none(), wishes),
    reflex=st.one_of(st.none(), reflexes),
    peers=st.lists(peers, max_size=2, unique_by=lambda one: one.agent_id).map(tuple),
    claims=st.lists(claims, max_size=2).map(tuple),
    hazards=st.lists(hazards, max_size=2).map(tuple),
)


def on_a_clock(inputs: list[Inputs]) -> list[Inputs]:
    """The same moments, one after the other; `now_ns` was the pause in ticks."""
    now_ns, clocked = 10 * SECOND, []
    for one in inputs:
        now_ns += one.now_ns * TICK_NS
        heard = tuple(replace(p, heard_ns=now_ns + p.heard_ns) for p in one.peers)
        clocked.append(replace(one, now_ns=now_ns, peers=heard))
    return clocked


def run(inputs, state=None) -> list[Outputs]:
    state, outputs = state or first_state(), []
    for one in inputs:
        state, out = CORE.decide(state, one, PARAMS)
        outputs.append(out)
    return outputs


def in_order(tick: int, vx_mps: float, **changes) -> Inputs:
    """A moment of an orderly drive along y = 2."""
    x_m = 0.05 * min(tick, 11)
    plain = Inputs(
        now_ns=tick * TICK_NS,
        odom=Odom(pose=(x_m, 0.0, 0.0), vx_mps=vx_mps, wz_radps=0.0, age_ns=0),
        scan=Scan(ranges=ROOM_SCANS[min(tick, 11)], pose_odom=(x_m, 0.0, 0.0), age_ns=0),
        intent=wish(6.5, 2.0) if tick == 0 else None,
        reflex=None,
        peers=(),
        claims=(),
        hazards=(),
    )
    return replace(plain, **changes)


@cache
def driving() -> State:
    """The state of a robot that drives."""
    state = first_state()
    for tick in range(12):
        state, out = CORE.decide(state, in_order(tick, 0.5), PARAMS)
    assert out.vx_mps > 0.3
    return state


def assert_sound(out: Outputs) -> None:
    """Finite, within the limits, and no motion without a state that allows it."""
    assert math.isfinite(out.vx_mps)
    assert math.isfinite(out.wz_radps)
    assert abs(out.vx_mps) <= AMR.max_speed_mps
    assert abs(out.wz_radps) <= AMR.max_yaw_rate_radps
    assert all(map(math.isfinite, (*out.pose_map, *out.map_odom, out.distance_m, out.speed_mps)))
    assert 0.0 <= out.match_quality <= 1.0
    assert NavState(out.nav_state) is not None
    assert all(math.isfinite(x) and math.isfinite(y) for x, y in out.path)
    if out.nav_state in {NavState.BLOCKED, NavState.UNREACHABLE}:
        assert out.reason


@given(st.lists(moments, max_size=8))
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_any_inputs_end_in_commands_within_the_limits_of_the_robot(inputs):
    before = (0.0, 0.0)
    for out in run(on_a_clock(inputs)):
        assert_sound(out)
        assert abs(out.vx_mps - before[0]) <= max(0.12 + 1e-9, abs(before[0]) + 1e-9)
        before = (out.vx_mps, out.wz_radps)


@given(st.lists(moments, min_size=1, max_size=3))
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
def test_a_driving_robot_stays_within_its_limits_whatever_comes_in(inputs):
    for out in run(on_a_clock(inputs), driving()):
        assert_sound(out)


@given(st.lists(moments, max_size=6))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_equal_inputs_give_equal_decisions_to_the_byte(inputs):
    clocked = on_a_clock(inputs)
    codec = codec_of(Outputs)
    first = [codec.encode(out) for out in run(clocked)]
    again = [codec.encode(out) for out in run(clocked, CORE.initial(PARAMS))]
    assert first == again


@given(moments)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_every_decision_can_be_recorded_and_read_back(moment):
    (inputs,) = on_a_clock([moment])
    (out,) = run([inputs])
    frame = frame_type(CORE)
    codec = codec_of(frame)
    written = codec.encode(frame(inputs, out))
    read = codec.decode(written)
    assert codec.encode(read) == written
    assert CORE.decide(first_state(), read.i, PARAMS)[1] == read.o


@given(
    missing=st.sampled_from(['odom', 'scan']),
    ticks=st.integers(6, 12),
    intents=st.lists(wishes, min_size=12, max_size=12),
)
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_without_odometry_or_scans_no_intent_moves_the_robot(missing, ticks, intents):
    inputs = [in_order(tick, 0.0) for tick in range(3)]
    inputs += [
        in_order(tick, 0.0, **{missing: None}, intent=intents[tick % 12])
        for tick in range(3, 3 + ticks)
    ]
    out = run(inputs)[-1]
    assert (out.vx_mps, out.wz_radps) == (0.0, 0.0)
    assert out.nav_state == NavState.BLOCKED
    assert out.reason


@given(kind=st.sampled_from([IntentKind.IDLE, IntentKind.HOLD, IntentKind.YIELD]), first=wishes)
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_no_history_makes_a_robot_move_that_is_told_to_stand(kind, first):
    stand = replace(wish(6.0, 4.0), kind=int(kind), intent_id=77)
    inputs = [in_order(0, 0.0, intent=first), in_order(1, 0.0, intent=stand)]
    inputs += [in_order(1, 0.0, intent=None, now_ns=k * TICK_NS) for k in range(2, 20)]
    out = run(inputs)[-1]
    assert (out.vx_mps, out.wz_radps) == (0.0, 0.0)


@given(st.lists(moments, max_size=6))
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_seen_bits_only_grow(inputs):
    state, seen = first_state(), 0
    survey = state.statics.survey
    for one in on_a_clock(inputs):
        state, out = CORE.decide(state, one, PARAMS)
        assert out.seen_new >= 0
        seen += out.seen_new
        assert int(inner(state.seen.mask, survey).sum()) == seen
