# SPDX-License-Identifier: Apache-2.0
"""Fleets in lock-step: everybody arrives, nobody meets, corridors and dead ends included."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesh_grid_worlds import DEAD_END, LAY_BY, full_room, go, lockstep, random_world, world

from swarm_agent.mesh.core.grid_patience import Patience
from swarm_agent.mesh.mapf.score import conflicts, score


def reversals(path):
    """How often a robot on a line turns around."""
    steps = [b % 16 - a % 16 for a, b in itertools.pairwise(path) if a % 16 != b % 16]
    return sum(a != b for a, b in itertools.pairwise(steps))


def test_two_robots_pass_each_other_at_a_lay_by_without_turning_twice():
    paths, missing = go(lockstep(world(LAY_BY, [((1, 0), (14, 0)), ((14, 0), (1, 0))])))
    assert not missing
    assert all(reversals(path) <= 1 for path in paths)


def test_who_is_parked_in_front_of_a_dead_end_lets_another_in():
    paths, missing = go(lockstep(world(DEAD_END, [((0, 0), (2, 2)), ((2, 1), (2, 1))])))
    assert not missing
    assert len(paths[0]) < 20


def test_who_stands_in_the_door_of_a_full_room_lets_those_out_that_have_to_go():
    paths, missing = go(lockstep(full_room()))
    assert not missing
    assert len(paths[0]) < 40


@pytest.mark.parametrize('seed', range(6))
def test_everybody_arrives_in_a_random_world(seed):
    _paths, missing = go(lockstep(random_world(seed), seed))
    assert not missing


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), walls=st.floats(0.0, 0.4), agents=st.integers(1, 20))
def test_nobody_ever_meets_or_swaps_whatever_the_map(seed, walls, agents):
    go(lockstep(random_world(seed, walls=walls, agents=agents), seed), steps=60)


def test_equal_seeds_give_equal_runs_and_others_do_not():
    runs = [go(lockstep(random_world(3, agents=16), seed))[0] for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_a_score_counts_what_the_judge_counts():
    given_world = world(('...', '...'), [((0, 0), (2, 0)), ((0, 1), (0, 1))])
    found = score(given_world, ((0, 1, 1, 2, 2), (3, 3, 3, 3, 3)))
    assert (found.first_arrival_over_lb, found.soc_over_lb, found.moves) == (1.5, 1.5, 2)
    assert found.all_at_goal


def test_meeting_and_swapping_are_counted():
    assert conflicts(((0, 1), (1, 1))) == 1
    assert conflicts(((0, 1), (1, 0))) == 1
    assert conflicts(((0, 1), (1, 2))) == 0


def test_patience_takes_turns_that_double():
    manners = []
    patience = Patience(5, 0)
    for _ in range(12 + 4 * 16 + 4 * 32):
        manners.append(patience.manner)
        patience = patience.after(7)
    assert manners[:12] == ['plan'] * 12
    assert [manners[12 + 16 * turn] for turn in range(4)] == ['swap', 'plan', 'plain', 'plan']
    assert manners[76:108] == ['swap'] * 32
    assert patience.after(4).manner == 'plan'


def test_who_is_refused_though_nobody_outranks_it_lets_all_others_go_first_for_ever_longer():
    patience, turns = Patience(5, 0), []
    for _ in range(2 * 3 + 16 + 32):
        patience = patience.after(5, refused=True)
        turns.append(bool(patience.yields))
    assert turns == [False] * 2 + [True] * 16 + [False] * 3 + [True] * 32 + [False]
    assert not patience.after(4).yields


def test_a_step_without_a_refusal_ends_the_counting():
    patience = Patience(5, 0)
    for refused in (True, True, False, True, True):
        patience = patience.after(5, refused=refused)
        assert not patience.yields
