# SPDX-License-Identifier: Apache-2.0
"""Fleets without a common clock: no two are entitled to one cell, whatever the network does."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesh_grid_worlds import (
    CORRIDOR,
    CROSSING,
    DEAD_END,
    LAY_BY,
    RING,
    full_room,
    go,
    random_world,
    untimed,
    world,
)

from swarm_agent.mesh.core.grid_claims import Claimant, Told, decide_claim, numbered
from swarm_agent.mesh.core.grid_map import grid_of
from swarm_agent.mesh.core.grid_overheard import still_true
from swarm_agent.mesh.core.grid_types import GridRank

LINE = grid_of(('.....',))


def told(agent, cell, **said):
    rank = GridRank(2, 0, 0, agent)
    return Told(agent=agent, cell=cell, goal=9, rank=rank, root=rank, **said)


def decide(me, *peers, wishes, bodies=None):
    heard = {peer.agent: peer for peer in peers}
    seen = frozenset(peer.cell for peer in peers) if bodies is None else frozenset(bodies)
    return decide_claim(LINE, me, heard, bodies=seen, wishes=wishes)


def test_a_robot_alone_drives_at_once():
    assert decide(Claimant(told(0, 1)), wishes=(2, 1)).told.held == (1, 2)


def test_a_cell_beside_a_body_that_says_nothing_is_barred():
    me = decide(Claimant(told(0, 1)), wishes=(2, 1), bodies=(3,))
    assert me.told.want == 2
    assert not me.told.moving


def test_the_word_of_who_stands_beside_the_cell_opens_it():
    me = decide(Claimant(told(0, 1)), told(1, 3), wishes=(2, 1))
    assert not me.told.moving
    peer = decide(Claimant(told(1, 3)), me.told, wishes=(3,))
    assert decide(me, peer.told, wishes=(2, 1)).told.moving


def test_a_word_given_to_an_earlier_request_opens_nothing():
    stale = told(1, 3, grants=frozenset({(0, 0)}))
    me = decide(Claimant(told(0, 1)), stale, wishes=(2, 1))
    assert me.told.ticket == 1
    assert not decide(me, stale, wishes=(2, 1)).told.moving


def test_of_two_that_ask_for_one_cell_the_lower_withdraws_and_grants():
    low = decide(Claimant(told(0, 1)), told(1, 3), wishes=(2, 1))
    high = decide(Claimant(told(1, 3)), low.told, wishes=(2, 3))
    low = decide(low, high.told, wishes=(2, 1))
    assert low.told.want is None
    assert low.told.grants == {(1, high.told.ticket)}


def test_a_robot_that_cannot_leave_says_so_and_is_not_asked_again():
    cornered = decide(Claimant(told(0, 0)), told(1, 1, want=0, ticket=4), wishes=(0, 1))
    assert cornered.told.refusals == {(1, 4)}
    asking = Claimant(told(1, 1, want=0, ticket=4), seen=frozenset({0}))
    assert decide(asking, cornered.told, wishes=(0, 1)).told.want is None


def test_ages_heard_late_do_not_decide_who_is_above():
    mine, late = GridRank(2, 9, 5, 1), GridRank(2, 7, 6, 0)
    assert late.outranks(mine, slack=3)
    assert not late.outranks(mine, slack=1)
    assert GridRank(2, 0, 1, 0).outranks(GridRank(1, 50, 9, 9), slack=3)


def test_a_state_is_numbered_anew_only_if_it_changed():
    first = told(0, 1)
    assert numbered(first, replace(first)) is first
    assert numbered(first, replace(first, want=2)).sequence == 1


def test_that_an_answered_request_is_no_more_is_no_news():
    first = told(0, 1, grants=frozenset({(1, 4), (2, 7)}))
    assert numbered(first, replace(first, grants=frozenset({(1, 4)}))) is first
    assert numbered(first, replace(first, grants=frozenset({(1, 5)}))).sequence == 1


def test_a_wish_that_is_not_heard_again_bars_no_cell():
    gone, there = told(1, 3, want=2, moving=True), told(2, 3)
    heard = {1: gone, 2: there}
    now = still_true(heard, {1: 4, 2: 0}, since=5)
    assert decide(Claimant(told(0, 1)), *heard.values(), wishes=(2, 1)).told.want is None
    assert decide(Claimant(told(0, 1)), *now.values(), wishes=(2, 1)).told.want == 2
    assert still_true(heard, {1: 5, 2: 0}, since=5) == heard


def test_one_whose_last_words_were_lost_keeps_nobody_waiting_for_ever():
    behind = ((2, 0), (2, 0))
    fleet = untimed(world((CORRIDOR,), [((0, 0), (1, 0)), behind]), delay_ms=100.0)
    fleet._hear(0, replace(told(9, 2, want=1, moving=True), goal=2))
    _, missing = go(fleet, steps=10)
    assert not missing


WORLDS = {
    'head-on at a lay-by': world(LAY_BY, [((1, 0), (14, 0)), ((14, 0), (1, 0))]),
    'dead end': world(DEAD_END, [((0, 0), (2, 2)), ((2, 1), (2, 1))]),
    'crossing': world(CROSSING, [((0, 2), (4, 2)), ((2, 0), (2, 4))]),
    'ring': world(RING, [((0, 0), (2, 2)), ((2, 2), (0, 0)), ((2, 0), (0, 2))]),
    'full room': full_room(),
}


@pytest.mark.parametrize('name', WORLDS)
@pytest.mark.parametrize('network', [{}, {'loss': 0.2, 'delay_ms': 150.0, 'drive_delay': 0.3}])
def test_everybody_arrives(name, network):
    _, missing = go(untimed(WORLDS[name], **network), steps=400)
    assert not missing


@settings(deadline=None, max_examples=8)
@given(
    seed=st.integers(0, 10_000),
    loss=st.floats(0.0, 0.9),
    delay_ms=st.floats(0.0, 900.0),
    drive_delay=st.floats(0.0, 0.5),
)
def test_no_two_hold_a_cell_under_any_loss_and_delay(seed, loss, delay_ms, drive_delay):
    fleet = untimed(
        random_world(seed, edge=6, agents=7),
        seed,
        loss=loss,
        delay_ms=delay_ms,
        drive_delay=drive_delay,
    )
    for _ in range(25):
        fleet.step()
        held = [cell for cells in fleet.held for cell in cells]
        assert len(set(held)) == len(held)


def messages_a_cell(fleet):
    paths, missing = go(fleet)
    assert not missing
    return fleet.meter.messages / sum(a != b for path in paths for a, b in pairwise(path))


def test_a_robot_alone_says_one_thing_a_cell():
    assert messages_a_cell(untimed(world((CORRIDOR,), [((0, 0), (5, 0))]))) == 1


def test_two_that_cannot_pass_each_other_do_not_ask_ever_so_often():
    head_on = world((CORRIDOR,), [((0, 0), (5, 0)), ((5, 0), (0, 0))])
    fleet = untimed(head_on, delay_ms=100.0)
    for _ in range(60):
        fleet.step()
    assert fleet.meter.messages <= 2 * 2 * 60


@pytest.mark.slow
def test_three_messages_a_cell_are_enough_under_loss_and_delay():
    fleets = [
        untimed(random_world(seed, edge=10, agents=10), seed, loss=0.1, delay_ms=100.0)
        for seed in range(4)
    ]
    assert sum(map(messages_a_cell, fleets)) / len(fleets) <= 3.2


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(5))
def test_everybody_arrives_in_a_random_world_with_loss_and_delay(seed):
    fleet = untimed(random_world(seed), seed, loss=0.1, delay_ms=100.0, drive_delay=0.1)
    _, missing = go(fleet, steps=600)
    assert not missing
