# SPDX-License-Identifier: Apache-2.0
"""Every order of events of two and three robots: safe, and everybody can always still arrive."""

import pytest
from mesh_grid_explorer import explore
from mesh_grid_worlds import world

from swarm_agent.mesh.core import grid_claims

CORRIDOR = (('.....',), [((0, 0), (3, 0)), ((4, 0), (1, 0))])
LAY_BY = (('....', '#.##'), [((0, 0), (3, 0)), ((3, 0), (0, 0))])
CROSSING = (('#.#', '...', '#.#'), [((0, 1), (2, 1)), ((1, 0), (1, 2))])
RING = (('..', '..'), [((0, 0), (1, 1)), ((1, 1), (0, 0))])
DEAD_END = (('...', '#.#', '#.#'), [((0, 0), (1, 2)), ((1, 1), (1, 1))])

CORRIDOR_OF_THREE = (('....',), [((0, 0), (1, 0)), ((2, 0), (2, 0)), ((3, 0), (3, 0))])
RING_OF_THREE = (
    ('...', '.#.', '...'),
    [((0, 0), (2, 0)), ((2, 2), (2, 2)), ((0, 2), (0, 2))],
)
CROSSING_OF_THREE = (
    ('#.#', '...', '#.#'),
    [((0, 1), (1, 1)), ((1, 0), (1, 2)), ((2, 1), (2, 1))],
)
PUSHED_AT_A_CROSSING = (
    ('#.#', '...', '#.#'),
    [((0, 1), (0, 1)), ((1, 0), (1, 2)), ((2, 1), (1, 1))],
)
NO_WAY_AT_ALL = (('...', '#.#'), [((0, 0), (1, 1)), ((1, 0), (1, 0)), ((2, 0), (2, 0))])

QUICK = {'crossing': CROSSING, 'dead end': DEAD_END, 'ring': RING}


@pytest.mark.parametrize('name', QUICK)
def test_two_robots_never_clash_and_can_always_still_arrive(name):
    found = explore(world(*QUICK[name]))
    assert not found.clashes
    assert found.stuck == 0


@pytest.mark.parametrize('given', [CORRIDOR_OF_THREE, RING_OF_THREE], ids=['corridor', 'ring'])
def test_three_robots_never_clash_and_can_always_still_arrive(given):
    found = explore(world(*given))
    assert not found.clashes
    assert found.stuck == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    'given',
    [CORRIDOR, LAY_BY, CROSSING_OF_THREE, PUSHED_AT_A_CROSSING],
    ids=['head-on', 'lay-by', 'crossing', 'pushed'],
)
def test_more_worlds_without_a_clash_in_which_all_can_always_still_arrive(given):
    found = explore(world(*given))
    assert not found.clashes
    assert found.stuck == 0


@pytest.mark.slow
def test_where_no_plan_exists_nobody_clashes_either():
    found = explore(world(*NO_WAY_AT_ALL))
    assert not found.clashes
    assert found.stuck == found.states


def test_to_give_ones_word_and_ask_on_is_found_out(monkeypatch):
    monkeypatch.setattr(grid_claims, 'withdrawn', lambda told: told)
    assert explore(world(*CROSSING)).clashes


def test_to_drive_without_the_others_word_is_found_out(monkeypatch):
    def unasked(grid, me, _heard, bodies):
        del grid
        return me.told.want not in bodies

    monkeypatch.setattr(grid_claims, 'may_enter', unasked)
    assert explore(world(*CROSSING)).clashes


def test_never_to_exchange_places_is_found_out(monkeypatch):
    monkeypatch.setattr('mesh_grid_explorer.MANNER', 'plain')
    assert explore(world(*DEAD_END)).stuck
