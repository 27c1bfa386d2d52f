# SPDX-License-Identifier: Apache-2.0
"""Who promised to let another pass is bound until that one says that it goes by it no more."""

import math

import pytest
from test_mesh_decide import EAST, NORTH, NS, claim, me, peer, tick

from swarm_agent.mesh.core import Binding, ClaimKind, OpenClaim, RightOfWayState, Word

AWAY = tuple((3.0 + 0.25 * k, -3.0) for k in range(1, 25))
OPEN = (OpenClaim(claim_id='x'),)


def heard(now_s, *open_claims, said_s=None, **more):
    """What `a` says of itself, by its own clock, which is 90 s ahead."""
    said_ns = round(((now_s if said_s is None else said_s) + 90.0) * NS)
    more = {'heard_ns': round(now_s * NS), 'word': Word(said_ns=said_ns, open=open_claims)} | more
    return peer(**more)


def promised_to_a():
    """`b` has promised `a` to let it cross."""
    request = claim(ClaimKind.REQUEST, path=NORTH, said_ns=100 * NS)
    state, out = tick(RightOfWayState(), me(), heard(10.0, *OPEN), claims=[request])
    (promise,) = out.claims
    assert (promise.kind, promise.answers_ns) == (ClaimKind.PROMISE, 100 * NS)
    return state


def ticked(state, since_s, seconds, says):
    """Tick with what `says` gives for each time; the last advice."""
    for k in range(round(seconds * 10)):
        now_s = since_s + 0.1 * k
        state, out = tick(state, me(), says(now_s), now_s=now_s)
    return state, out


def test_who_promised_stays_out_of_the_way_told_though_the_other_seems_to_go_elsewhere():
    state = promised_to_a()
    _, out = ticked(state, 10.1, 3.0, lambda now_s: heard(now_s, *OPEN, path=AWAY))
    assert out.advice.stop_after_m < 2.3
    assert out.yields_to == ''
    assert [one.claim_id for one in out.word.bound] == ['x']


def test_it_is_free_as_soon_as_the_other_says_that_the_claim_is_over():
    state, _ = ticked(promised_to_a(), 10.1, 1.0, lambda now_s: heard(now_s, *OPEN, path=AWAY))
    _, out = tick(state, me(), heard(11.1, path=AWAY), now_s=11.1)
    assert out.advice.kind == 'go'
    assert out.word.bound == ()


def test_an_intent_from_before_the_request_that_comes_late_frees_nobody():
    late = {'said_s': 9.9, 'path': AWAY}
    _, out = ticked(promised_to_a(), 10.1, 3.0, lambda now_s: heard(now_s, **late))
    assert out.advice.stop_after_m < 2.3


@pytest.mark.parametrize(('seconds', 'is_bound'), [(3.9, True), (4.3, False)])
def test_towards_one_that_fell_silent_it_is_bound_for_longer_than_that_one_may_rely_on_it(
    seconds, is_bound
):
    silent = heard(10.0, *OPEN)
    _, out = ticked(promised_to_a(), 10.1, seconds, lambda _: silent)
    assert bool(out.word.bound) == is_bound


@pytest.mark.parametrize(
    ('said', 'ends'),
    [
        (claim(ClaimKind.DONE), True),
        (claim(ClaimKind.DONE, 'other'), False),
        (claim(ClaimKind.REQUEST, 'newer', said_ns=101 * NS), True),
        (claim(ClaimKind.REQUEST, 'older', said_ns=99 * NS), False),
        (claim(ClaimKind.PROMISE, 'stray', reason='waits'), False),
    ],
)
def test_what_ends_a_bond_and_what_does_not(said, ends):
    state = promised_to_a()
    _, out = tick(state, me(), heard(10.1, *OPEN, path=AWAY), claims=[said], now_s=10.1)
    assert ('x' in [one.claim_id for one in out.word.bound]) != ends


def granted_to_a(**more):
    """`a` has the promise of `b` to let it pass; its request was said at 10 s."""
    state, out = tick(RightOfWayState(), me('a'), peer('b'))
    told = {'answers_ns': 10 * NS, 'said_ns': 50 * NS, 'reason': 'waits'} | more
    promise = claim(ClaimKind.PROMISE, out.claims[0].claim_id, 'b', 'a', **told)
    state, out = tick(state, me('a'), peer('b'), claims=[promise], now_s=10.1)
    return state, out, promise


def bound_to(promise, now_s, heard_s):
    """What `b` says while it is bound, having heard what `a` said at that time."""
    heard_ns = round(heard_s * NS)
    binding = Binding(claim_id=promise.claim_id, asked_ns=10 * NS, heard_ns=heard_ns)
    word = Word(said_ns=round((now_s + 41.0) * NS), bound=(binding,))
    return peer('b', heard_ns=round(now_s * NS), word=word)


def test_a_promise_entitles_to_the_way_that_was_told_and_to_no_other():
    state, out, promise = granted_to_a()
    assert out.advice.kind == 'go'
    elsewhere = tuple((0.25 * k, 0.05 * k) for k in range(1, 25))
    other_way = me('a', path=elsewhere)
    state, out = tick(state, other_way, bound_to(promise, 10.6, 10.5), now_s=10.6)
    assert out.advice.stop_after_m < 2.5
    (request,) = out.claims
    assert request.claim_id == promise.claim_id
    assert math.dist(request.path[-1], elsewhere[-1]) < 0.2
    again = claim(
        ClaimKind.PROMISE, promise.claim_id, 'b', 'a',
        reason='waits', answers_ns=request.said_ns, said_ns=53 * NS,
    )  # fmt: skip
    now = bound_to(promise, 10.7, 10.6)
    _, out = tick(state, other_way, now, claims=[again], now_s=10.7)
    assert out.advice.kind == 'go'


def test_a_promise_counts_no_more_when_its_author_says_nothing_of_it():
    state, _, _ = granted_to_a()
    forgot = peer('b', heard_ns=round(10.2 * NS), word=Word(said_ns=51 * NS))
    state, out = tick(state, me('a'), forgot, now_s=10.2)
    assert out.advice.stop_after_m < 2.3


@pytest.mark.parametrize(('until_s', 'counts'), [(11.8, True), (12.4, False)])
def test_a_promise_counts_no_more_when_its_author_hears_nothing_for_longer_than_the_lease(
    until_s, counts
):
    state, _, promise = granted_to_a()
    for k in range(round((until_s - 10.2) * 10)):
        now_s = 10.2 + 0.1 * k
        state, out = tick(state, me('a'), bound_to(promise, now_s, 10.0), now_s=now_s)
    assert (out.advice.kind == 'go') == counts


@pytest.mark.parametrize('told', [{'answers_ns': 9 * NS}, {'answers_ns': 0}])
def test_a_promise_that_answers_none_of_its_requests_entitles_to_nothing(told):
    _, out, _ = granted_to_a(**told)
    assert out.advice.stop_after_m < 2.3


def test_an_older_promise_that_comes_late_changes_nothing():
    state, _, promise = granted_to_a(place=(3.0, -1.5))
    late = claim(
        ClaimKind.PROMISE, promise.claim_id, 'b', 'a',
        reason='waits', answers_ns=10 * NS, said_ns=49 * NS, place=(9.0, 9.0),
    )  # fmt: skip
    now = bound_to(promise, 10.2, 10.1)
    state, _ = tick(state, me('a'), now, claims=[late], now_s=10.2)
    assert state.encounters[0].place == (3.0, -1.5)


def test_an_older_request_that_comes_late_is_not_what_a_robot_is_bound_by():
    state = promised_to_a()
    late = claim(ClaimKind.REQUEST, 'older', path=AWAY, said_ns=99 * NS)
    state, _ = tick(state, me(), heard(10.1, *OPEN), claims=[late], now_s=10.1)
    assert state.encounters[0].claim_id == 'x'


def test_who_steps_aside_to_another_place_stands_until_the_other_goes_by_that():
    east = tuple((5.0 - 0.25 * k, 0.0) for k in range(1, 25))
    coming = {'pose': (5.0, 0.0, 3.14), 'path': east, 'speed_mps': 0.0}
    request = claim(ClaimKind.REQUEST, path=east, said_ns=100 * NS)
    state, _ = tick(RightOfWayState(), me(), heard(10.0, *OPEN, **coming), claims=[request])
    limits = []
    goes_by = (0, 0, 0, round(10.3 * NS))
    for k, (place, promised_ns) in enumerate(zip((-2.0, -2.0, 2.0, 2.0), goes_by, strict=True)):
        now_s = 10.1 + 0.1 * k
        aside = tuple((0.0, math.copysign(0.25 * j, place)) for j in range(1, 9))
        own = me(refuge='found', place=(0.0, place), aside=aside, speed_mps=0.0, path=EAST)
        says = heard(now_s, OpenClaim(claim_id='x', promised_ns=promised_ns), **coming)
        state, out = tick(state, own, says, now_s=now_s)
        limits.append(out.advice.stop_after_m)
    assert limits == [math.inf, math.inf, 0.0, math.inf]


def test_who_comes_out_of_its_refuge_is_not_free_for_a_tick_while_the_other_stands_before_it():
    """It was: the tick in which an encounter ended knew no limit."""
    down = (
        *((0.5, 1.0 - 0.25 * k) for k in range(1, 5)),
        *((0.5 - 0.25 * k, 0.0) for k in range(9)),
    )
    east = tuple((-0.5 + 0.25 * k, 0.0) for k in range(1, 9))
    state, limits = RightOfWayState(), []
    for k in range(12):
        now_s = 10.0 + 0.1 * k
        came = {'pose': (2.0, 0.0, 0.0), 'path': tuple((2.0 - 0.25 * j, 0.0) for j in range(1, 9))}
        there = {'pose': (0.5, 1.0, 0.0), 'path': down, 'refuge': 'reached', 'place': (0.5, 1.0)}
        own = me(radius_m=0.2, speed_mps=0.0, **(came if k < 2 else there))
        other = heard(
            now_s, pose=(-0.5, 0.0, 0.0), path=east, speed_mps=0.0, radius_m=0.2, state=3
        )
        state, out = tick(state, own, other, now_s=now_s)
        limits.append((out.advice.kind, out.advice.stop_after_m))
    assert limits[2][0] == 'make_way'
    assert all(limit < 0.6 for kind, limit in limits[3:] if kind != 'make_way')
    assert limits[-1][0] != 'make_way'


def test_what_is_told_is_the_way_that_is_driven_and_the_missions_where_it_goes_on():
    _, out = tick(RightOfWayState(), me('a', route=(*EAST, (6.25, 0.0))), peer('b'))
    assert out.claims[0].path == ((0.0, 0.0), *EAST, (6.25, 0.0))
