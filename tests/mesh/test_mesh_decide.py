# SPDX-License-Identifier: Apache-2.0
"""One tick of right of way: whatever is heard, the answer is sane, repeatable and plain data."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from swarm_agent.mesh.core import (
    Binding,
    Claim,
    ClaimKind,
    Heard,
    Me,
    Peer,
    PeerState,
    RightOfWayInputs,
    RightOfWayOutputs,
    RightOfWayParams,
    RightOfWayState,
    Word,
    decide_right_of_way,
)

NS = 1_000_000_000
PARAMS = RightOfWayParams()
EAST = tuple((0.25 * k, 0.0) for k in range(1, 25))
WEST = tuple((5.0 - 0.25 * k, 0.0) for k in range(1, 25))
NORTH = tuple((3.0, -3.0 + 0.25 * k) for k in range(1, 25))


def me(agent_id='b', **more):
    fields = {
        'agent_id': agent_id, 'pose': (0.0, 0.0, 0.0), 'speed_mps': 0.3, 'radius_m': 0.3,
        'priority': 3, 'path': EAST, 'wants_to_move': True, 'refuge': 'unasked', 'place': None,
    }  # fmt: skip
    return Me(**(fields | more))


def peer(agent_id='a', **more):
    fields = {
        'agent_id': agent_id, 'heard_ns': 10 * NS, 'pose': (3.0, -3.0, 1.57), 'speed_mps': 0.3,
        'radius_m': 0.3, 'priority': 3, 'waited_ms': 0, 'state': 2, 'path': NORTH,
        'yields_to': '', 'cannot_yield': False, 'alive': True,
    }  # fmt: skip
    return Peer(**(fields | more))


def claim(kind, claim_id='x', from_agent='a', to_agent='b', **more):
    fields = {'priority': 3, 'waited_ms': 0, 'path': (), 'place': None, 'reason': ''} | more
    fields = {'said_ns': 10 * NS + 1, 'answers_ns': 10 * NS} | fields
    return Claim(claim_id=claim_id, kind=kind, from_agent=from_agent, to_agent=to_agent, **fields)


def tick(state, own, *peers, claims=(), now_s=10.0):
    """One tick; who does not say what it heard has heard that this way was told."""
    now_ns = round(now_s * NS)
    own = replace(own, told=own.told or (own.pose[:2], *(own.aside or own.path)))
    heard = (Heard(agent_id=own.agent_id, said_ns=state.last_ns),)
    peers = tuple(
        replace(one, word=replace(one.word, heard=one.word.heard or heard)) for one in peers
    )
    inputs = RightOfWayInputs(now_ns=now_ns, me=own, peers=peers, claims=tuple(claims))
    return decide_right_of_way(state, inputs, PARAMS)


def test_alone_the_way_is_free():
    _, out = tick(RightOfWayState(), me())
    assert out.advice.kind == 'go'
    assert out.state == PeerState.MOVING


def test_one_that_wants_nothing_is_idle():
    _, out = tick(RightOfWayState(), me(wants_to_move=False, path=()))
    assert out.state == PeerState.IDLE


def test_the_higher_one_asks_and_waits_outside_until_it_has_the_promise():
    state, out = tick(RightOfWayState(), me('a'), peer('b'))
    (request,) = out.claims
    assert request.kind == ClaimKind.REQUEST
    assert 0.0 < out.advice.stop_after_m < 2.3
    promise = claim(ClaimKind.PROMISE, request.claim_id, 'b', 'a', reason='waits')
    state, out = tick(state, me('a'), peer('b'), claims=[promise], now_s=10.1)
    assert out.advice.kind == 'go'


def test_a_promise_for_another_claim_grants_nothing():
    state, _ = tick(RightOfWayState(), me('a'), peer('b'))
    stray = claim(ClaimKind.PROMISE, 'old', 'b', 'a', reason='waits')
    _, out = tick(state, me('a'), peer('b'), claims=[stray], now_s=10.1)
    assert out.advice.kind == 'wait'


def test_a_request_is_repeated_every_half_second_until_it_is_answered():
    state, sent = RightOfWayState(), []
    for k in range(20):
        own, other = me('a', speed_mps=0.0), peer('b', heard_ns=10 * NS + k * NS // 10)
        state, out = tick(state, own, other, now_s=10.0 + 0.1 * k)
        sent += out.claims
    assert [one.kind for one in sent] == [ClaimKind.REQUEST] * 4
    assert len({one.claim_id for one in sent}) == 1


def test_the_lower_one_promises_only_when_it_can_stop_before_the_zone():
    request = claim(ClaimKind.REQUEST, path=NORTH)
    state, out = tick(RightOfWayState(), me(speed_mps=3.0), peer(), claims=[request])
    assert out.claims == ()
    assert out.yields_to == 'a'
    _, out = tick(state, me(speed_mps=0.5), peer(), now_s=10.1)
    assert [one.kind for one in out.claims] == [ClaimKind.PROMISE]


@pytest.mark.parametrize('noise_mps', [0.0, 0.004, -0.004])
def test_one_that_stands_right_before_the_zone_promises_whatever_its_speedometer_says(noise_mps):
    to_the_middle = tuple((0.83 - 0.207 * k, 0.0) for k in range(1, 5))
    from_the_west = tuple((-0.78 + 0.195 * k, 0.0) for k in range(1, 5))
    own = me(pose=(0.83, 0.0, 3.14), radius_m=0.28, path=to_the_middle, speed_mps=noise_mps)
    other = peer(pose=(-0.78, 0.0, 0.0), radius_m=0.28, path=from_the_west, speed_mps=0.0, state=3)
    request = claim(ClaimKind.REQUEST, path=from_the_west)
    _, out = tick(RightOfWayState(), own, other, claims=[request])
    assert out.advice.stop_after_m == 0.0
    assert [one.kind for one in out.claims] == [ClaimKind.PROMISE]


def test_a_doubled_request_gets_the_same_answer_and_changes_nothing():
    request = claim(ClaimKind.REQUEST, path=NORTH)
    once, _ = tick(RightOfWayState(), me(), peer(), claims=[request])
    twice, _ = tick(RightOfWayState(), me(), peer(), claims=[request, request])
    assert once == twice


def test_who_asks_does_not_yield_any_more():
    state, out = tick(RightOfWayState(), me('a'), peer('b'))
    granted = claim(ClaimKind.PROMISE, out.claims[0].claim_id, 'b', 'a', reason='waits')
    state, _ = tick(state, me('a'), peer('b'), claims=[granted], now_s=10.1)
    asks = claim(ClaimKind.REQUEST, 'y', 'b', 'a', path=NORTH)
    state, out = tick(state, me('a'), peer('b'), claims=[asks], now_s=10.2)
    assert not state.encounters[0].granted
    assert out.advice.kind == 'wait'


def test_a_refuge_answer_counts_only_for_the_peer_it_was_asked_for():
    own = me(pose=(0.0, 0.0, 0.0), refuge='none')
    head_on = peer(pose=(5.0, 0.0, 3.14), path=WEST)
    state, out = tick(RightOfWayState(), own, head_on)
    assert out.advice.kind == 'make_way'
    assert not out.cannot_yield
    _, out = tick(state, own, head_on, now_s=10.1)
    assert out.cannot_yield


def test_head_on_the_higher_one_stands_until_it_knows_the_place():
    _, out = tick(RightOfWayState(), me('a'), peer('b', pose=(5.0, 0.0, 3.14), path=WEST))
    assert out.advice.kind == 'wait'
    assert out.advice.stop_after_m == 0.0


def test_it_passes_before_the_place_only_when_the_other_is_there():
    head_on = peer('b', pose=(5.0, 0.0, 3.14), path=WEST)
    state, out = tick(RightOfWayState(), me('a'), head_on)
    place = (2.5, 1.0)
    claim_id = out.claims[0].claim_id
    promise = claim(ClaimKind.PROMISE, claim_id, 'b', 'a', place=place, reason='makes_way')
    state, out = tick(state, me('a'), head_on, claims=[promise], now_s=10.1)
    assert 0.0 < out.advice.stop_after_m < 2.0
    there = peer('b', pose=(*place, 0.0), path=(), state=PeerState.YIELDING, speed_mps=0.0)
    _, out = tick(state, me('a'), there, now_s=10.2)
    assert out.advice.kind == 'go'


def aside_past_the_peer(state, k, **more):
    """The refuge lies behind the peer that comes along the corridor."""
    near = peer('a', pose=(2.0, 0.0, 3.14), path=WEST[13:], heard_ns=10 * NS + k * NS // 10)
    place = {'refuge': 'found', 'place': (2.5, 1.0), 'aside': ((2.5, 0.5), (2.5, 1.0))}
    return tick(state, me(**(place | more)), near, now_s=10.0 + 0.1 * k)


def test_one_that_two_want_out_of_the_way_looks_for_a_place_that_serves_both():
    north = tuple((0.0, -3.0 + 0.25 * k) for k in range(1, 25))
    own = me('p', wants_to_move=False, path=(), speed_mps=0.0)
    coming = peer('a', pose=(-3.0, 0.0, 0.0), path=tuple((x - 3.0, y) for x, y in EAST))
    crossing = peer('b', pose=(0.0, -3.0, 1.57), path=north)
    _, out = tick(RightOfWayState(), own, coming, crossing)
    assert (out.advice.kind, out.advice.peer) == ('make_way', 'a')
    assert set(coming.path) | set(north) == set(out.advice.corridor)
    assert out.advice.corridor[0] == coming.path[0]


def test_a_parked_one_with_room_only_behind_the_peer_asks_it_to_back_out():
    parked = {'wants_to_move': False, 'path': (), 'speed_mps': 0.0}
    coming = peer('a', pose=(1.5, 0.0, 3.14), path=tuple((1.5 - x, 0.0) for x, _ in EAST))
    state, out = tick(RightOfWayState(), me(**parked), coming)
    assert out.advice.kind == 'make_way'
    own = me(**parked, refuge='behind', place=EAST[-1], aside=EAST)
    state, out = tick(state, own, coming, now_s=10.1)
    assert (out.advice.kind, out.advice.stop_after_m) == ('make_way', 0.0)
    state, out = tick(state, own, coming, now_s=10.2)
    (request,) = out.claims
    assert (request.kind, request.reason) == (ClaimKind.REQUEST, 'cannot_yield')
    assert request.path[-1] == EAST[-1]
    assert out.advice.stop_after_m == 0.0


def test_ranks_stay_exchanged_for_one_request_and_its_copies_and_not_for_the_next():
    """One that came out of a lay-by waited for ever for a promise that was long over."""
    coming = peer('a', pose=(1.5, 0.0, 3.14), path=tuple((1.5 - x, 0.0) for x, _ in EAST))
    asked, again = (claim(ClaimKind.REQUEST, name, path=coming.path) for name in ('1', '2'))
    state, out = tick(RightOfWayState(), me(speed_mps=0.0), coming, claims=[asked])
    own = me(speed_mps=0.0, refuge='none')
    state, out = tick(state, own, coming, now_s=10.1)
    assert out.claims[0].kind == ClaimKind.DECLINE
    for now_s in (10.2, 12.5):
        now = replace(coming, heard_ns=round(now_s * NS))
        state, out = tick(state, own, now, claims=[asked], now_s=now_s)
        assert (out.yields_to, state.encounters[0].flipped) == ('', True)
    now = replace(coming, heard_ns=round(12.6 * NS))
    state, out = tick(state, own, now, claims=[again], now_s=12.6)
    assert (out.yields_to, state.encounters[0].flipped) == ('a', False)


def test_who_asks_after_its_promise_is_believed_though_its_first_request_was_lost():
    coming = peer('a', pose=(1.5, 0.0, 3.14), path=tuple((1.5 - x, 0.0) for x, _ in EAST))
    state, out = tick(RightOfWayState(), me(speed_mps=0.0), coming)
    own = me(speed_mps=0.0, refuge='none')
    state, out = tick(state, own, coming, now_s=10.1)
    state, out = tick(state, own, coming, now_s=10.2)
    asked = claim(ClaimKind.REQUEST, '1', path=coming.path)
    early, _ = tick(state, own, coming, claims=[asked], now_s=10.3)
    assert (early.encounters[0].role, early.encounters[0].refused) == ('passes', '1')
    (request,) = out.claims
    promise = claim(
        ClaimKind.PROMISE, request.claim_id, reason='backs_out', place=(9.0, 9.0),
        answers_ns=request.said_ns,
    )  # fmt: skip
    state, _ = tick(state, own, coming, claims=[promise], now_s=10.3)
    assert state.encounters[0].granted
    state, out = tick(state, own, coming, claims=[asked], now_s=10.4)
    assert (out.yields_to, state.encounters[0].flipped) == ('a', False)


def test_one_with_somewhere_to_go_just_says_that_it_cannot_yield():
    coming = peer('a', pose=(1.5, 0.0, 3.14), path=tuple((1.5 - x, 0.0) for x, _ in EAST))
    state, _ = tick(RightOfWayState(), me(speed_mps=0.0), coming)
    own = me(speed_mps=0.0, refuge='behind', place=EAST[-1], aside=EAST)
    _, out = tick(state, own, coming, now_s=10.1)
    assert out.cannot_yield
    assert out.advice.kind == 'wait'


def test_nobody_steps_aside_into_the_one_it_makes_way_for():
    state, _ = aside_past_the_peer(RightOfWayState(), 0)
    _, out = aside_past_the_peer(state, 1)
    assert out.advice.kind == 'make_way'
    assert out.advice.stop_after_m < 1.4


def test_one_that_stands_too_near_drives_to_its_refuge_away_from_the_other():
    """Eight that crossed ended with two 7 mm apart of which neither ever moved again."""
    state, _ = aside_past_the_peer(RightOfWayState(), 0)
    away = tuple((-0.25 * k, 0.0) for k in range(1, 9))
    for k, (aside, least_m, most_m) in enumerate(((away, 1.0, math.inf), (EAST, 0.0, 0.0))):
        now = {'heard_ns': round((10.1 + 0.1 * k) * NS)}
        third = peer('a', pose=(0.607, 0.0, 3.14), speed_mps=0.0, path=WEST[17:], **now)
        own = me(speed_mps=0.0, refuge='found', place=aside[-1], aside=aside)
        state, out = tick(state, own, third, now_s=10.1 + 0.1 * k)
        assert out.advice.kind == 'make_way'
        assert least_m <= out.advice.stop_after_m <= most_m


def test_a_refuge_that_the_other_bars_for_long_is_none():
    state, outs = RightOfWayState(), []
    for k in range(40):
        state, out = aside_past_the_peer(state, k, pose=(1.3, 0.0, 0.0), speed_mps=0.0)
        outs.append(out)
    assert not outs[20].cannot_yield
    assert any(out.cannot_yield for out in outs)
    assert all(out.advice.stop_after_m < 0.1 for out in outs[1:])


def test_a_refuge_to_which_one_that_stays_bars_every_way_is_none():
    """Eight stood before a bridge for ever: the place sought anew was barred by the same one."""
    state, outs = RightOfWayState(), []
    for k in range(90):
        now_s = 10.0 + 0.1 * k
        now = {'heard_ns': round(now_s * NS), 'speed_mps': 0.0}
        patron = peer('a', pose=(4.0, 0.0, 3.14), path=WEST[4:], **now)
        bars = peer('c', pose=(0.0, 0.9, 0.0), path=(), state=PeerState.WAITING, **now)
        place = {'refuge': 'found', 'place': (0.0, 2.0), 'aside': ((0.0, 1.0), (0.0, 2.0))}
        state, out = tick(state, me(speed_mps=0.0, **place), patron, bars, now_s=now_s)
        outs.append(out)
    stays = [k for k, out in enumerate(outs) if out.advice.immovable == ('c',)]
    refused = [k for k, out in enumerate(outs) if out.cannot_yield]
    assert stays
    assert refused[0] >= stays[0] + 25


def test_a_broken_promise_is_told_once():
    state, out = tick(RightOfWayState(), me('a'), peer('b'))
    place = (3.0, -1.2)
    claim_id = out.claims[0].claim_id
    promise = claim(ClaimKind.PROMISE, claim_id, 'b', 'a', place=place, reason='waits')
    state, _ = tick(state, me('a'), peer('b', pose=(*place, 1.57)), claims=[promise], now_s=10.1)
    told = []
    for k in range(30):
        heard_ns = 10 * NS + k * NS // 10
        bound = (Binding(claim_id=claim_id, asked_ns=10 * NS, heard_ns=heard_ns),)
        word = Word(said_ns=heard_ns + 2, bound=bound)
        intruder = peer('b', pose=(3.0, 0.0, 1.57), heard_ns=heard_ns, word=word)
        state, out = tick(state, me('a'), intruder, now_s=10.2 + 0.1 * k)
        assert out.advice.stop_after_m < 2.5
        told += out.violations
    assert told == ['b promised to let a pass and came into its way']


def test_one_that_waited_long_outranks_an_equal():
    state = RightOfWayState(waited_ns=21 * NS, last_ns=round(9.9 * NS))
    _, out = tick(state, me('b'), peer('a'))
    assert [one.kind for one in out.claims] == [ClaimKind.REQUEST]


def test_waiting_counts_while_it_stands_and_ends_when_it_was_free_for_a_while():
    state = RightOfWayState()
    blocker = peer(pose=(0.7, 0.0, 0.0), path=(), state=PeerState.BLOCKED, speed_mps=0.0)
    for k in range(11):
        heard = peer(**{f: getattr(blocker, f) for f in Peer.__slots__} | {'heard_ns': 11 * NS})
        state, out = tick(state, me(), heard, now_s=10.0 + 0.1 * k)
    assert out.waited_ms == 1000
    for k in range(31):
        state, out = tick(state, me(), now_s=11.1 + 0.1 * k)
    assert out.waited_ms == 0


number = st.floats(-9.0, 9.0)
point = st.tuples(number, number)
polyline = st.lists(point, max_size=5).map(tuple)
stamps = st.integers(-1, 20 * NS)
some_echo = st.builds(Heard, agent_id=st.sampled_from(('b', 'c')), said_ns=stamps)
some_peer = st.builds(
    peer,
    st.sampled_from(('a', 'c', 'd')),
    pose=st.tuples(number, number, number),
    path=polyline,
    priority=st.integers(0, 9),
    state=st.integers(0, 9),
    speed_mps=st.floats(0.0, 2.0),
    waited_ms=st.integers(0, 10**6),
    heard_ns=st.integers(5, 10).map(lambda s: s * NS),
    yields_to=st.sampled_from(('', 'b', 'c')),
    alive=st.booleans(),
    word=st.builds(Word, said_ns=stamps, heard=st.lists(some_echo, max_size=2).map(tuple)),
)
some_claim = st.builds(
    claim,
    st.integers(0, 9),
    st.sampled_from(('x', 'y')),
    st.sampled_from(('a', 'c', 'ghost')),
    place=st.none() | point,
    reason=st.sampled_from(
        ('', 'waits', 'makes_way', 'cannot_yield', 'stuck', 'turn', 'nonsense')
    ),
    path=polyline,
)
some_tick = st.tuples(
    st.builds(
        me,
        pose=st.tuples(number, number, number),
        path=polyline,
        wants_to_move=st.booleans(),
        refuge=st.sampled_from(('unasked', 'found', 'none', 'reached')),
        place=st.none() | point,
        aside=polyline,
        told=polyline,
    ),
    st.lists(some_peer, max_size=3, unique_by=lambda one: one.agent_id),
    st.lists(some_claim, max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(some_tick, min_size=1, max_size=4))
def test_whatever_is_heard_the_answer_is_sane_repeatable_and_plain(ticks):
    runs = []
    for _ in range(2):
        state, outs = RightOfWayState(), []
        for k, (own, peers, claims) in enumerate(ticks):
            state, out = tick(state, own, *peers, claims=claims, now_s=10.0 + 0.1 * k)
            outs.append(TypeAdapter(RightOfWayOutputs).dump_json(out))
            assert out.advice.stop_after_m >= 0.0
            assert not math.isnan(out.advice.stop_after_m)
            assert all(one.from_agent == 'b' for one in out.claims)
        runs.append(outs)
    assert runs[0] == runs[1]
