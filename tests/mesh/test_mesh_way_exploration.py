# SPDX-License-Identifier: Apache-2.0
"""Orders of messages, losses, changes of mind of two robots or three, one after the other.

The quick ones go through the nearest states only, the slow ones further; none is sampled.
"""

import math
from dataclasses import replace

import mesh_way_explorer
import pytest
from mesh_way_explorer import PARAMS, Bounds, Map, explore, line

from swarm_agent.mesh.core import passing, right_of_way

CROSSING = Map(ways=((line((-1.5, 0), (1, 0)),), (line((0, -1.5), (0, 1)),)))
POCKET = Map(
    ways=((line((-1.5, 0), (1.5, 0)),), (line((1.5, 0), (-1.5, 0)),)),
    refuges=(line((0.5, 0), (0.5, 1)),),
)
MERGE = Map(
    ways=((line((-1.5, 0), (2, 0)),), (line((0, -1.5), (0, 0), (1, 0), (1, 1.5)),)),
)
TURN_OFF = Map(
    ways=(
        (line((-2, 0), (1, 0)), line((-2, 0), (-1, 0), (-1, -1.5), (1, -1.5))),
        (line((0, -3.5), (0, 1)),),
    )
)
"""One may turn to where the other still drives, which waits further on."""
AND_BACK = Map(
    ways=(
        (line((-4, 0), (1, 0)), line((-4, 0), (-1, 0), (-1, 2))),
        (line((0, -2.5), (0, 1)),),
    )
)
"""One may turn away from the other, so that this one thinks it over, and back."""
AT_ONCE = Map(
    ways=(
        (line((-2, 0), (-1, 0), (-1, 2)), line((-2, 0), (1, 0))),
        (line((0, -2), (0, -1), (2, -1)), line((0, -2), (0, 1))),
    )
)
"""Neither is in the other's way, unless both change their mind."""
RING = Map(
    ways=(
        (
            line((-1, 0), (-1, 1), (1, 1), (1, 0), (2, 0)),
            line((-1, 0), (-1, -1), (1, -1), (1, 0), (2, 0)),
        ),
        (
            line((1, 0), (1, -1), (-1, -1), (-1, 0), (-2, 0)),
            line((1, 0), (1, 1), (-1, 1), (-1, 0), (-2, 0)),
        ),
    ),
    refuges=(line((0, 1), (0, 2)), line((0, -1), (0, -2))),
)
"""Either may take the half of the ring that the other drives."""
DEAD_END = Map(
    ways=((line((-2, 0), (1.5, 0)),), (line((0.5, 0)),)),
    refuges=(line((-0.5, 0), (-0.5, 1)), line((-0.5, 0), (-0.5, -1))),
)
"""One is parked in a dead end before the other's goal, and has room behind that one only."""
TWO_CROSSINGS = Map(
    ways=(
        (line((-1.5, 0), (1.5, 0)),),
        (line((1, -1), (1, 1)),),
        (line((-0.5, 1), (-0.5, -1)),),
    )
)
THREE_IN_A_CORRIDOR = Map(
    ways=(
        (line((-2, 0), (1.5, 0)),),
        (line((1.5, 0), (-2, 0)),),
        (line((2.5, 0), (-1, 0)),),
    ),
    refuges=(
        line((0.5, 0), (0.5, 1)),
        line((-0.5, 0), (-0.5, 1.5)),
        line((-0.5, 0), (-0.5, -1)),
    ),
)
THREE_AT_ONCE = Map(
    ways=(
        (line((-2, 0), (-1.5, 0), (-1.5, 2)), line((-2, 0), (1, 0))),
        (line((0, -2), (0, -1), (2, -1)), line((0, -2), (0, 2))),
        (line((2, 1), (1, 1), (1, 3)), line((2, 1), (-0.5, 1))),
    )
)
"""None is in another's way, unless two of them change their mind."""
LONG_APPROACH = Map(ways=((line((-4.5, 0), (1, 0)),), (line((0, -2.5), (0, 1)),)))
ONCE, TWICE = Bounds(changes=1), Bounds(changes=2)
WORLDS = {
    'crossing': (CROSSING, Bounds()),
    'pocket': (POCKET, Bounds()),
    'merge': (MERGE, Bounds()),
    'turn off': (TURN_OFF, ONCE),
    'and back': (AND_BACK, TWICE),
    'at once': (AT_ONCE, ONCE),
    'ring': (RING, ONCE),
    'dead end': (DEAD_END, Bounds()),
    'two crossings': (TWO_CROSSINGS, Bounds()),
    'three in a corridor': (THREE_IN_A_CORRIDOR, Bounds()),
    'three at once': (THREE_AT_ONCE, ONCE),
}


def assert_safe_and_live(found):
    assert found.fault == ''
    assert found.stuck == 0


@pytest.mark.parametrize('name', WORLDS)
def test_no_two_may_drive_to_one_place_and_both_still_arrive(name):
    assert_safe_and_live(explore(*WORLDS[name], most=60))


@pytest.mark.slow
def test_in_a_corridor_with_a_pocket_that_holds_for_every_state_there_is():
    found = explore(POCKET, most=20_000)
    assert_safe_and_live(found)
    assert found.whole


@pytest.mark.slow
@pytest.mark.parametrize('name', sorted(WORLDS.keys() - {'pocket'}))
def test_further_on_no_two_may_drive_to_one_place_either_and_both_still_arrive(name):
    assert_safe_and_live(explore(*WORLDS[name], most=2_000))


@pytest.mark.parametrize(('lease_s', 'fault'), [(0.5, ''), (1e6, 'one goes by a promise')])
def test_nobody_goes_by_a_promise_that_one_who_hears_nothing_has_forgotten(
    monkeypatch, lease_s, fault
):
    shorter = replace(PARAMS, lease_s=lease_s, silence_s=0.5, ghost_s=0.8)
    monkeypatch.setattr(mesh_way_explorer, 'PARAMS', shorter)
    found = explore(LONG_APPROACH, Bounds(deaf=1)).fault
    assert found.startswith(fault)
    assert bool(found) == bool(fault)


def test_to_go_by_a_promise_along_another_way_is_found_out(monkeypatch):
    monkeypatch.setattr(passing, 'covered_m', lambda *_: math.inf)
    assert 'same place' in explore(TURN_OFF, ONCE, most=400).fault


def test_to_forget_a_promise_when_it_seems_to_be_over_is_found_out(monkeypatch):
    monkeypatch.setattr(right_of_way, '_held_to', lambda _state, _scene, step: step)
    assert 'same place' in explore(AND_BACK, TWICE, most=1_000).fault


@pytest.mark.parametrize(
    ('taken_away', 'instead'),
    [
        ('right_of_way.room_told', lambda *_: math.inf),
        ('news._known_ns', lambda _, __, now_ns, ___: now_ns),
    ],
)
def test_to_drive_another_way_that_the_other_has_not_heard_of_is_found_out(
    monkeypatch, taken_away, instead
):
    """The first is the former behaviour, the second asks for no echo."""
    monkeypatch.setattr(f'swarm_agent.mesh.core.{taken_away}', instead)
    assert 'same place' in explore(AT_ONCE, ONCE, most=400).fault


def test_never_to_let_the_other_pass_is_found_out(monkeypatch):
    monkeypatch.setattr('swarm_agent.mesh.core.yielding._promise', lambda _, one, __: (one, ()))
    assert explore(CROSSING, most=60).stuck
