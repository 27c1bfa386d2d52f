# SPDX-License-Identifier: Apache-2.0
"""One decision after the other: to the goal, around objects, and at a stand when in doubt."""

import math
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from situation_rooms import AISLE, DOOR, ROOM, SECOND, SPLIT, hazard, peer
from situation_world import BEAMS, TB4, TICK_NS, Company, RayCaster, Rig, scan_bytes

from swarm_agent.mesh.core import PeerState, RightOfWayOutputs
from swarm_agent.situation.core import (
    CORE,
    IntentKind,
    NavState,
    Reflex,
    ReflexAction,
    Scan,
)
from swarm_agent.situation.core.consistency import Found
from swarm_agent.situation.core.decide import decide
from swarm_agent.situation.core.grid import cell_at
from swarm_agent.situation.core.inquiry import UNFIT_NS
from swarm_agent.situation.core.se2 import distance

DECIDE = import_module('swarm_agent.situation.core.decide')
RAYS = {id(grid): RayCaster(grid, 25.0) for grid in (ROOM, DOOR, SPLIT, AISLE)}


def rig_on(grid=ROOM, start=(1.5, 1.5, 0.0), **given) -> Rig:
    return Rig(grid, start, caster=RAYS[id(grid)], **given)


@pytest.fixture(scope='module')
def under_way():
    """A robot that drives, and the inputs of its next decision."""
    rig = rig_on()
    rig.tick(rig.go_to(6.5, 1.5))
    for _ in range(14):
        rig.tick()
    inputs, outputs = rig.records[-1]
    assert outputs.vx_mps > 0.4
    now_ns = inputs.now_ns + TICK_NS
    return rig, replace(inputs, now_ns=now_ns, reflex=rig.reflex)


def next_of(under_way, ticks=1, **changes):
    """What is decided next when the inputs are changed in this way."""
    rig, inputs = under_way
    state, outputs = rig.state, None
    for k in range(ticks):
        changed = replace(inputs, **changes, now_ns=inputs.now_ns + k * TICK_NS)
        state, outputs = decide(state, changed, rig.params)
    return outputs


def stands_because(outputs, reason):
    return (
        (outputs.vx_mps, outputs.wz_radps) == (0.0, 0.0)
        and outputs.nav_state == NavState.BLOCKED
        and outputs.reason == reason
    )


def test_with_everything_in_order_the_robot_drives_on(under_way):
    outputs = next_of(under_way)
    assert outputs.vx_mps > 0.4
    assert outputs.nav_state == NavState.MOVING
    assert outputs.reason == ''


def test_before_anything_has_come_the_robot_stands_and_says_what_it_misses():
    rig = rig_on()
    nothing = replace(
        CORE.inputs(
            now_ns=0,
            odom=None,
            scan=None,
            intent=rig.go_to(6.5, 1.5),
            reflex=None,
            peers=(),
            claims=(),
            hazards=(),
        )
    )
    state, outputs = decide(rig.state, nothing, rig.params)
    assert stands_because(outputs, 'no odometry yet')
    assert outputs.pose_map == rig.params.start
    rig.tick()
    blind = replace(rig.records[0][0], scan=None, intent=nothing.intent, now_ns=TICK_NS)
    _, outputs = decide(state, blind, rig.params)
    assert stands_because(outputs, 'no scan yet')


def aged(part, age_ns):
    return replace(part, age_ns=age_ns)


def test_old_odometry_stops_the_robot_at_once(under_way):
    _, inputs = under_way
    old = next_of(under_way, odom=aged(inputs.odom, SECOND))
    assert stands_because(old, 'odometry is too old')


def test_an_old_scan_stops_the_robot_at_once(under_way):
    _, inputs = under_way
    old = next_of(under_way, scan=aged(inputs.scan, SECOND))
    assert stands_because(old, 'the newest scan is too old')


def test_without_scans_the_robot_stands_after_half_a_second(under_way):
    assert next_of(under_way, 3, scan=None).vx_mps > 0.0
    assert stands_because(next_of(under_way, 6, scan=None), 'the newest scan is too old')


@pytest.mark.parametrize(
    'ranges',
    [b'', b'\x01', scan_bytes(np.full(BEAMS - 1, 2.0)), scan_bytes(np.zeros(BEAMS))],
    ids=['empty', 'half a beam', 'short', 'no measurement at all'],
)
def test_a_scan_that_says_nothing_is_as_bad_as_none(under_way, ranges):
    _, inputs = under_way
    bad = replace(inputs.scan, ranges=ranges)
    assert stands_because(next_of(under_way, 6, scan=bad), 'the newest scan is too old')


def test_a_robot_whose_first_scans_say_nothing_does_not_start():
    rig = rig_on()
    rig.tick()
    inputs = rig.records[0][0]
    bad = replace(
        inputs,
        scan=replace(inputs.scan, ranges=scan_bytes(np.zeros(BEAMS))),
        intent=rig.go_to(6.5, 1.5),
    )
    state, outputs = decide(CORE.initial(rig.params), bad, rig.params)
    assert stands_because(outputs, 'no scan yet')
    assert state.fix.scans == 0


def test_scans_that_do_not_fit_the_map_stop_the_robot(under_way):
    _, inputs = under_way
    rng = np.random.default_rng(2)
    strange = replace(inputs.scan, ranges=scan_bytes(rng.uniform(0.4, 1.0, BEAMS)))
    outputs = next_of(under_way, UNFIT_NS // 10**8 + 3, scan=strange)
    assert outputs.vx_mps == 0.0
    assert outputs.match_quality < 0.25
    assert outputs.reason == 'turns around to see where the scans fit the map'
    stopped = replace(inputs.reflex, e_stop=True)
    halted = next_of(under_way, UNFIT_NS // 10**8 + 3, scan=strange, reflex=stopped)
    assert stands_because(halted, 'the scans do not fit the map')
    late = next_of(under_way, UNFIT_NS // 10**8 + 155, scan=strange)
    assert stands_because(late, 'the scans do not fit the map')


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'e_stop': True}, 'emergency stop'),
        ({'enabled': False}, 'the reflexes are not enabled'),
    ],
)
def test_the_robot_does_not_push_against_its_reflexes(under_way, change, reason):
    rig, _ = under_way
    assert stands_because(next_of(under_way, reflex=replace(rig.reflex, **change)), reason)


@pytest.mark.parametrize('number', [math.nan, math.inf, -math.inf, 1e300])
@pytest.mark.parametrize('axis', [0, 1, 2])
def test_odometry_that_is_no_number_stops_the_robot(under_way, number, axis):
    _, inputs = under_way
    pose = tuple(number if k == axis else v for k, v in enumerate(inputs.odom.pose))
    outputs = next_of(under_way, odom=replace(inputs.odom, pose=pose))
    assert stands_because(outputs, 'the odometry is no number')
    assert all(map(math.isfinite, outputs.pose_map))
    assert math.isfinite(outputs.distance_m)


@pytest.mark.parametrize('number', [math.nan, math.inf, 1e300])
def test_odometry_whose_speed_is_no_number_stops_the_robot(under_way, number):
    _, inputs = under_way
    for change in ({'vx_mps': number}, {'wz_radps': number}):
        outputs = next_of(under_way, odom=replace(inputs.odom, **change))
        assert stands_because(outputs, 'the odometry is no number')
        assert math.isfinite(outputs.speed_mps)


def test_a_scan_taken_at_no_place_is_no_scan(under_way):
    _, inputs = under_way
    nowhere = replace(inputs.scan, pose_odom=(math.nan, 0.0, 0.0))
    outputs = next_of(under_way, 6, scan=nowhere)
    assert stands_because(outputs, 'the newest scan is too old')
    assert all(map(math.isfinite, outputs.pose_map))


def test_after_a_bad_moment_the_robot_goes_on(under_way):
    rig, inputs = under_way
    nan = replace(inputs.odom, pose=(math.nan, 0.0, 0.0))
    state, outputs = decide(rig.state, replace(inputs, odom=nan), rig.params)
    assert outputs.vx_mps == 0.0
    after = replace(inputs, now_ns=inputs.now_ns + TICK_NS)
    _, outputs = decide(state, after, rig.params)
    assert outputs.vx_mps > 0.0
    assert distance(outputs.pose_map, rig.pose) < 0.1


def test_wheels_whose_odometry_begins_anew_do_not_carry_the_robot_away(under_way):
    rig, inputs = under_way
    anew = replace(inputs.odom, pose=(0.0, -2.5, 2.0))
    scan = replace(inputs.scan, pose_odom=anew.pose)
    state, first = decide(rig.state, replace(inputs, odom=anew, scan=scan), rig.params)
    later = replace(inputs, odom=anew, scan=scan, now_ns=inputs.now_ns + TICK_NS)
    _, second = decide(state, later, rig.params)
    before = rig.state.pose
    assert [one.kind for one in first.violations] == ['motion']
    assert first.violations[0].actual.startswith('it leapt by 2.')
    assert second.violations == ()
    for outputs in (first, second):
        assert distance(outputs.pose_map, before) < 0.2
        assert outputs.distance_m == pytest.approx(rig.state.distance_m, abs=0.2)
    assert second.match_quality > 0.8


def test_a_malformed_intent_ends_the_drive_with_a_reason(under_way):
    rig, _ = under_way
    odd = replace(rig.go_to(6.5, 1.5), goal=(math.nan, 0.0, 0.0), intent_id=9)
    outputs = next_of(under_way, intent=odd)
    assert outputs.reason == 'the intent holds a number that cannot be computed with'
    assert (outputs.nav_state, outputs.intent_id) == (NavState.BLOCKED, 9)
    assert next_of(under_way, 9, intent=odd).vx_mps == 0.0


@pytest.mark.parametrize('kind', [IntentKind.IDLE, IntentKind.HOLD, IntentKind.YIELD])
def test_an_intent_to_stand_brakes_the_robot_within_its_limits(under_way, kind):
    rig, _ = under_way
    stop = replace(rig.go_to(0.0, 0.0), kind=int(kind), intent_id=9)
    first = next_of(under_way, intent=stop)
    before = rig.outputs.vx_mps
    assert 0.0 < first.vx_mps == pytest.approx(before - 0.12)
    assert next_of(under_way, 10, intent=stop).vx_mps == 0.0


def test_the_robot_drives_to_its_goal_within_the_tolerance_and_stands():
    rig = rig_on(drift=0.03)
    assert rig.drive(rig.go_to(6.0, 4.6))
    assert distance(rig.pose, (6.0, 4.6)) < 0.15
    assert rig.contacts == 0
    assert max(rig.speeds) > 0.8
    assert rig.outputs.distance_m == pytest.approx(5.6, abs=0.8)
    assert rig.violations == []


def test_a_goal_with_a_yaw_is_reached_in_that_yaw():
    rig = rig_on()
    assert rig.drive(rig.go_to(3.0, 1.5, yaw=2.0))
    assert abs(math.remainder(rig.pose[2] - 2.0, math.tau)) < 0.12


@pytest.mark.parametrize('body', [None, TB4])
def test_a_door_is_driven_through_without_a_touch(body):
    given = {} if body is None else {'body': body}
    rig = rig_on(DOOR, (1.5, 1.0, 0.5), drift=0.02, **given)
    assert rig.drive(rig.go_to(6.5, 4.0))
    assert rig.contacts == 0
    assert rig.violations == []


def test_an_unreachable_goal_is_no_motion_and_a_reason():
    rig = rig_on(SPLIT)
    rig.tick(rig.go_to(6.5, 4.0))
    for _ in range(40):
        rig.tick()
    assert rig.outputs.nav_state == NavState.UNREACHABLE
    assert rig.outputs.reason == 'no way to (6.50, 4.00) on the map'
    assert max(rig.speeds) == 0.0
    assert len(rig.plans) == 2


def test_an_object_on_the_way_is_a_violation_explored_told_and_driven_around():
    rig = rig_on()
    rig.discs.append((4.0, 1.5, 0.25))
    assert rig.drive(rig.go_to(6.5, 1.5))
    kinds = [one.kind for one in rig.violations]
    assert kinds == ['object']
    assert distance(rig.violations[0].where, (4.0, 1.5)) < 0.4
    (resolution,) = rig.resolutions
    assert resolution.outcome.startswith('goes on by a path of ')
    assert {one.reporter for one in rig.hazards} == {'amr_1'}
    assert distance(rig.hazards[-1].position, (4.0, 1.5)) < 0.4
    assert rig.outputs.hazards_known
    states = [outputs.nav_state for _, outputs in rig.records]
    assert NavState.EXPLORING in states
    assert rig.contacts == 0


def test_an_object_close_beside_the_way_is_told_though_the_path_leads_past_it():
    rig = rig_on()
    rig.discs.append((4.0, 2.6, 0.25))
    assert rig.drive(rig.go_to(6.5, 1.5))
    assert [one.kind for one in rig.violations] == ['object']
    assert distance(rig.hazards[-1].position, (4.0, 2.6)) < 0.4


def test_an_object_before_which_the_way_ended_is_told_by_the_robot_that_stands_there():
    rig = rig_on()
    assert rig.drive(rig.go_to(3.0, 1.5))
    rig.discs.append((4.2, 1.5, 0.25))
    for _ in range(40):
        rig.tick()
    assert [one.kind for one in rig.violations] == ['object']


def test_the_robot_stands_while_it_looks_at_an_object():
    rig = rig_on()
    rig.discs.append((4.5, 1.5, 0.25))
    rig.tick(rig.go_to(6.5, 1.5))
    while rig.outputs.nav_state != NavState.EXPLORING:
        rig.tick()
        assert rig.ticks < 100
    speeds = []
    while rig.outputs.nav_state == NavState.EXPLORING:
        speeds.append(rig.outputs.vx_mps)
        rig.tick()
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[-1] == 0.0


def test_an_object_in_the_only_door_is_given_up_with_a_reason_and_tried_again_when_gone():
    rig = rig_on(DOOR, (1.5, 2.5, 0.0))
    rig.discs.append((4.0, 2.5, 0.3))
    rig.tick(rig.go_to(6.5, 2.5))
    for _ in range(120):
        rig.tick()
    assert rig.outputs.nav_state == NavState.BLOCKED
    assert 'closed by what was met there' in rig.outputs.reason
    assert rig.outputs.vx_mps == 0.0
    assert rig.contacts == 0
    assert 'every way' in rig.resolutions[0].outcome
    rig.discs.clear()
    assert rig.drive(None, 40.0)
    assert distance(rig.pose, (6.5, 2.5)) < 0.15


def test_an_object_that_is_gone_when_it_is_looked_at_leaves_nothing_behind():
    rig = rig_on()
    rig.discs.append((4.5, 1.5, 0.25))
    rig.tick(rig.go_to(6.5, 1.5))
    while not rig.violations:
        rig.tick()
        assert rig.ticks < 100
    rig.discs.clear()
    assert rig.drive(None)
    assert [one.outcome for one in rig.resolutions] == ['nothing is there any more']
    assert rig.outputs.hazards_known == ()


def test_an_object_that_a_peer_has_reported_is_avoided_without_a_violation():
    rig = rig_on()
    rig.discs.append((4.0, 1.5, 0.25))
    known = hazard(4.0, 1.5)
    assert rig.drive(rig.go_to(6.5, 1.5), hazards=(known,))
    assert rig.violations == []
    assert rig.outputs.hazards_known == (known.hazard_id,)
    assert {(one.hazard_id, one.gone) for one in rig.hazards} == {(known.hazard_id, False)}
    assert rig.contacts == 0


def test_a_hazard_of_ones_own_that_comes_back_is_not_heard():
    rig = rig_on()
    outputs = rig.tick(hazards=(hazard(4.0, 1.5, reporter='amr_1'),))
    assert outputs.hazards_known == ()


def test_wheels_that_do_not_turn_are_a_violation_and_at_last_a_stand():
    rig = rig_on()
    rig.tick(rig.go_to(6.5, 1.5))
    rig.wheels_turn = False
    for _ in range(220):
        rig.tick()
    kinds = {one.kind for one in rig.violations}
    assert 'motion' in kinds
    reasons = {outputs.reason for _, outputs in rig.records}
    assert 'the robot does not move as commanded' in reasons
    rig.wheels_turn = True
    assert rig.drive(None, 60.0)


def test_wheels_that_slip_are_a_violation_and_the_pose_is_not_carried_along():
    rig = rig_on()
    rig.tick(rig.go_to(6.5, 1.5))
    for _ in range(10):
        rig.tick()
    rig.wheels_grip = False
    for _ in range(20):
        rig.tick()
    assert 'slip' in {one.kind for one in rig.violations}
    assert max(error for error, _ in rig.errors) < 0.6


def test_reflexes_that_stop_a_free_path_are_a_violation_and_the_robot_backs_out(under_way):
    rig, inputs = under_way
    stop = Reflex(
        action=int(ReflexAction.STOP),
        cause='zone_stop',
        clearance_m=0.0,
        e_stop=False,
        enabled=True,
        age_ns=0,
    )
    state, told, speeds = rig.state, [], []
    for k in range(60):
        still = replace(inputs, reflex=stop, now_ns=inputs.now_ns + k * TICK_NS)
        still = replace(still, odom=replace(still.odom, vx_mps=0.0))
        state, outputs = decide(state, still, rig.params)
        told += outputs.violations
        speeds.append(outputs.vx_mps)
    assert [one.kind for one in told] == ['reflex']
    assert told[0].actual == 'reflexes stop the robot: zone_stop'
    assert min(speeds) == pytest.approx(-0.15)
    assert max(speeds[:12]) < 0.7


def test_what_the_reflexes_hold_back_is_not_let_loose_at_once(under_way):
    rig, inputs = under_way
    slow = replace(rig.reflex, action=int(ReflexAction.SLOW), cause='zone_slow')
    creeping = replace(inputs.odom, vx_mps=0.1)
    outputs = next_of(under_way, reflex=slow, odom=creeping)
    assert outputs.vx_mps <= 0.1 + 0.15 + 0.08 + 1e-9


def test_a_broken_promise_of_a_peer_is_a_violation(under_way, monkeypatch):
    def broken(state, inputs, params):
        after, rights = real(state, inputs, params)
        assert isinstance(rights, RightOfWayOutputs)
        return after, replace(rights, violations=('amr_2 promised to wait and drives',))

    real = DECIDE.decide_right_of_way
    monkeypatch.setattr(DECIDE, 'decide_right_of_way', broken)
    (violation,) = next_of(under_way).violations
    assert violation.kind == 'promise'
    assert violation.actual == 'amr_2 promised to wait and drives'


def test_explore_turns_once_around_and_is_done():
    rig = rig_on(start=(2.0, 3.0, 0.0))
    wish = rig.go_to(0.0, 0.0, kind=int(IntentKind.EXPLORE))
    assert rig.drive(wish, 20.0)
    assert distance(rig.pose, (2.0, 3.0)) < 0.05
    assert rig.outputs.intent_id == wish.intent_id


def test_explore_is_not_done_by_a_command_that_turns_no_wheel():
    rig = rig_on(start=(2.0, 3.0, 0.0))
    rig.wheels_turn = False
    rig.drive(rig.go_to(0.0, 0.0, kind=int(IntentKind.EXPLORE)), 20.0)
    assert sum(abs(out.wz_radps) * 0.1 for _, out in rig.records) > math.tau
    assert rig.state.mission.looked_rad == 0.0
    assert rig.outputs.nav_state != NavState.ARRIVED


def test_the_floor_that_was_driven_past_is_told_every_second_decision():
    rig = rig_on()
    rig.tick(rig.go_to(6.5, 1.5))
    for _ in range(9):
        rig.tick()
    told = [bool(outputs.seen_bits) for _, outputs in rig.records]
    assert told == [True, False] * 5
    counts = [
        int(np.unpackbits(np.frombuffer(outputs.seen_bits, np.uint8)).sum())
        for _, outputs in rig.records
        if outputs.seen_bits
    ]
    assert counts == sorted(counts)
    assert counts[0] > 50
    assert sum(outputs.seen_new for _, outputs in rig.records) >= counts[-1]


def test_a_peer_in_sight_is_no_object():
    rig = rig_on()
    body = (4.5, 1.5, 0.28)
    for k in range(20):
        near = peer(4.5, 1.5, heard_ns=rig.now_ns, state=int(PeerState.MOVING))
        rig.tick(rig.go_to(6.5, 1.5) if k == 0 else None, peers=(near,), others=(body,))
    assert rig.violations == []
    assert rig.state.layer.cell.size == 0


def test_a_robot_drives_around_a_peer_that_has_parked():
    rig = rig_on()
    body = (4.0, 1.5, 0.28)
    out = rig.tick(rig.go_to(6.5, 1.5))
    for _ in range(300):
        parked = peer(4.0, 1.5, heard_ns=rig.now_ns)
        out = rig.tick(peers=(parked,), others=(body,))
        if out.nav_state == NavState.ARRIVED:
            break
    assert out.nav_state == NavState.ARRIVED
    assert rig.contacts == 0
    assert 'a peer has parked on the path' in {plan.why for plan in rig.plans}


@pytest.mark.slow
def test_two_robots_that_meet_in_an_aisle_both_get_through():
    rigs = {
        'amr_1': rig_on(AISLE, (1.5, 0.65, 0.0), agent_id='amr_1'),
        'amr_2': rig_on(AISLE, (10.5, 0.65, math.pi), agent_id='amr_2', seed=3),
    }
    company = Company(rigs)
    company.wishes = {
        'amr_1': rigs['amr_1'].go_to(10.5, 0.65, tolerance_m=0.3),
        'amr_2': rigs['amr_2'].go_to(1.5, 0.65, tolerance_m=0.3),
    }
    done = company.until(
        lambda: all(
            rig.outputs.nav_state == NavState.ARRIVED and rig.ticks > 10 for rig in rigs.values()
        ),
        240.0,
    )
    assert done
    assert company.least_m > 0.0
    assert all(rig.contacts == 0 for rig in rigs.values())
    assert {one.role for _, one in company.settled} == {'passes', 'yields'}


def test_a_decision_leaves_the_state_before_it_as_it_was(under_way):
    rig, inputs = under_way
    first = decide(rig.state, inputs, rig.params)[1]
    decide(rig.state, replace(inputs, odom=None), rig.params)
    assert decide(rig.state, inputs, rig.params)[1] == first


def test_scan_and_odometry_are_of_their_own_moments(under_way):
    rig, inputs = under_way
    behind = replace(inputs.odom, pose=inputs.odom.pose)
    scan = Scan(ranges=inputs.scan.ranges, pose_odom=inputs.scan.pose_odom, age_ns=TICK_NS)
    outputs = next_of(under_way, odom=behind, scan=scan)
    assert distance(outputs.pose_map, rig.state.pose) < 0.15


def held_up(under_way, reflex, ticks, ranges=None):
    """States and outputs of a robot that its reflexes keep where it is."""
    rig, inputs = under_way
    still = replace(inputs, reflex=reflex, odom=replace(inputs.odom, vx_mps=0.0))
    if ranges is not None:
        still = replace(still, scan=replace(inputs.scan, ranges=ranges))
    state, run = rig.state, []
    for k in range(ticks):
        now_ns = inputs.now_ns + k * TICK_NS
        state, outputs = decide(state, replace(still, now_ns=now_ns), rig.params)
        run.append((state, outputs))
    return run


def reflex_doing(action, cause) -> Reflex:
    return Reflex(
        action=int(action), cause=cause, clearance_m=0.1, e_stop=False, enabled=True, age_ns=0
    )


def test_a_robot_that_does_not_get_on_says_so_and_plans_around_the_place(under_way):
    run = held_up(under_way, reflex_doing(ReflexAction.SLOW, 'zone_slow'), 120)
    told = [one for _, outputs in run for one in outputs.violations]
    assert [one.actual for one in told] == ['the robot does not get on: zone_slow']
    state = run[-1][0]
    (shut,) = state.watch.shut
    assert distance(shut.place, (state.pose[0] + 0.3, state.pose[1])) < 0.1
    route = state.mission.route
    assert min(distance(at, shut.place) for at in zip(route.x, route.y, strict=True)) > 0.25
    assert 'explored what contradicted the plan' in {
        plan.why for _, outputs in run for plan in outputs.plans
    }


def test_the_robot_does_not_back_out_into_something(under_way):
    _, inputs = under_way
    ranges = np.frombuffer(inputs.scan.ranges, '<u2').copy()
    ranges[:20] = ranges[-20:] = 500
    stop = reflex_doing(ReflexAction.STOP, 'zone_stop')
    free = held_up(under_way, stop, 60)
    closed = held_up(under_way, stop, 60, ranges.tobytes())
    assert min(outputs.vx_mps for _, outputs in free) < 0.0
    assert min(outputs.vx_mps for _, outputs in closed) >= 0.0
    assert any(outputs.violations for _, outputs in closed)


def test_a_known_object_is_told_again_before_it_expires(under_way):
    rig, inputs = under_way
    near = (rig.pose[0] + 2.0, 3.0)
    found = Found(centre=near, radius_m=0.3, cells=3)
    far = Found(centre=(rig.pose[0] + 20.0, 3.0), radius_m=0.3, cells=3)
    state = replace(rig.state, watch=replace(rig.state.watch, known=(found, far)), ticks=299)
    state, first = decide(state, inputs, rig.params)
    assert first.hazards == ()
    state = replace(state, watch=replace(state.watch, known=(found, far)), ticks=300)
    # A tick on which known objects are compared with what is seen forgets this one.
    layer = replace(state.layer, **objects_at(near, rig.state))
    _, second = decide(replace(state, layer=layer), inputs, rig.params)
    (told,) = second.hazards
    assert distance(told.position, near) < 0.3
    assert told.ttl_s == rig.params.tuning.hazard_ttl_s


def objects_at(place, state):
    """A layer of one obstacle."""
    cell = np.array([cell_at(state.statics.grid, *place)], np.int32)
    return {
        'cell': cell,
        'x': np.array([place[0]]),
        'y': np.array([place[1]]),
        'hits': np.array([8], np.int16),
        'last_ns': np.array([10**18]),
        'solid': np.array([True]),
    }


def test_a_robot_leaves_the_way_of_one_that_goes_first_where_there_is_room(under_way, monkeypatch):
    def yielding(state, inputs, params):
        after, rights = real(state, inputs, params)
        return after, replace(rights, yields_to='amr_2')

    real = DECIDE.decide_right_of_way
    monkeypatch.setattr(DECIDE, 'decide_right_of_way', yielding)
    rig, inputs = under_way
    way = tuple((5.3 - 0.25 * k, 1.5) for k in range(8))
    state, routes = rig.state, []
    for k in range(4):
        now_ns = inputs.now_ns + k * TICK_NS
        first = peer(
            5.3,
            1.5,
            heard_ns=now_ns,
            pose=(5.3, 1.5, math.pi),
            path=way,
            speed_mps=0.4,
            state=int(PeerState.MOVING),
        )
        state, _ = decide(state, replace(inputs, now_ns=now_ns, peers=(first,)), rig.params)
        routes.append(state.mission.route)
    beside = [
        abs(y - 1.5) for x, y in zip(routes[-1].x, routes[-1].y, strict=True) if 3.55 < x < 5.3
    ]
    assert min(beside) > 0.6
    assert routes[1] is routes[-1]
    assert state.dodged == 'amr_2'


def test_what_the_last_intent_told_of_the_way_is_what_right_of_way_takes_for_told(
    under_way, monkeypatch
):
    seen = []

    def watched(state, inputs, params):
        seen.append(inputs.me.told)
        return real(state, inputs, params)

    real = DECIDE.decide_right_of_way
    monkeypatch.setattr(DECIDE, 'decide_right_of_way', watched)
    rig, inputs = under_way
    state, told = decide(rig.state, inputs, rig.params)
    decide(state, inputs, rig.params)
    assert told.path
    assert seen[-1] == (told.pose_map[:2], *told.path)
