# SPDX-License-Identifier: Apache-2.0
"""A way that is new is driven only when the other one has said that it knows it."""

import math
from dataclasses import replace

import pytest
from swarm.v1 import mesh_pb2
from test_mesh_decide import EAST, NS, me, peer, tick

from swarm_agent.mesh.core import Heard, RightOfWayState, Word
from swarm_agent.mesh.wire import Malformed, peer_of, say_word

BENT = (*EAST[:3], *((0.75, -0.25 * k) for k in range(1, 12)))
STANDS = {'pose': (1.5, -1.5, 0.0), 'path': (), 'speed_mps': 0.0, 'state': 1}


def near(now_s, agent_id='a', echo_s=0.0):
    """A peer that parks beside the way, and what it has heard of `b`."""
    heard = (Heard(agent_id='b', said_ns=round(echo_s * NS)),)
    heard_ns = round(now_s * NS)
    return peer(agent_id, heard_ns=heard_ns, word=Word(said_ns=heard_ns, heard=heard), **STANDS)


def driven(times, *, changed_s, echoes, agent_id='a', own='b', **more):
    """How far one may drive that takes another way at a time [m], at each time [s]."""
    state, told, limits = RightOfWayState(), (), []
    for now_s in times:
        path = BENT if now_s >= changed_s else EAST
        now = replace(me(own, path=path, told=told), **more)
        state, out = tick(state, now, near(now_s, agent_id, echoes(now_s)), now_s=now_s)
        told = ((0.0, 0.0), *path)
        limits.append(out.advice.stop_after_m)
    return limits


TICKS = [10.0 + 0.1 * k for k in range(40)]


def test_on_another_way_it_drives_only_as_far_as_both_ways_go_until_that_is_known():
    limits = driven(TICKS, changed_s=11.95, echoes=lambda now_s: now_s - 0.35)
    before, waiting, after = limits[6:20], limits[20:24], limits[25:]
    assert set(before) == set(after) == {math.inf}
    assert all(limit == 0.75 for limit in waiting)


def test_the_one_with_the_smaller_id_need_not_wait():
    limits = driven(TICKS, changed_s=11.95, echoes=lambda _: 0.0, agent_id='c', own='b')
    assert set(limits) == {math.inf}


@pytest.mark.parametrize(('seconds', 'room_m'), [(1.9, 0.75), (2.3, math.inf)])
def test_one_that_says_nothing_of_having_heard_it_is_waited_for_no_longer_than_the_lease(
    seconds, room_m
):
    times = [10.0 + 0.1 * k for k in range(round(20 + 10 * seconds))]
    assert driven(times, changed_s=11.95, echoes=lambda _: 0.0)[-1] == room_m


@pytest.mark.parametrize('echo', [lambda now_s: min(now_s - 0.1, 11.9), lambda _: 99.0])
def test_to_have_heard_of_the_way_before_or_of_what_was_never_said_is_not_to_know(echo):
    assert driven(TICKS[:25], changed_s=11.95, echoes=echo)[-1] == 0.75


def test_a_way_that_the_other_cannot_reach_before_it_hears_of_it_is_free_at_once():
    far = {'pose': (1.5, -9.0, 0.0)}
    state, _ = tick(RightOfWayState(), me(), peer(**(STANDS | far)))
    _, out = tick(state, me(path=BENT, told=((0.0, 0.0), *EAST)), peer(**(STANDS | far)))
    assert out.advice.kind == 'go'


@pytest.mark.parametrize(
    ('now_s', 'own', 'y_m', 'is_told'),
    [
        (10.0, 'b', -1.5, True),
        (11.5, 'b', -1.5, False),
        (10.0, 'd', -1.5, False),
        (10.0, 'b', -9.0, False),
    ],
)
def test_who_is_near_and_waits_for_it_is_told_what_was_heard_of_it(now_s, own, y_m, is_told):
    said = replace(near(10.0, 'c'), word=Word(said_ns=77), pose=(1.5, y_m, 0.0))
    _, out = tick(RightOfWayState(), me(own), said, now_s=now_s)
    assert out.word.heard == ((Heard(agent_id='c', said_ns=77),) if is_told else ())


def test_what_was_heard_travels_with_an_intent_and_is_bounded():
    intent = mesh_pb2.PeerIntent(agent_id='a', radius_m=0.3)
    word = Word(said_ns=5, heard=(Heard(agent_id='b', said_ns=4),))
    say_word(intent, word)
    assert peer_of(intent, author='a', heard_ns=0, alive=True).word == word
    for _ in range(40):
        intent.heard.add(agent_id='b', said_ns=4)
    with pytest.raises(Malformed):
        peer_of(intent, author='a', heard_ns=0, alive=True)
