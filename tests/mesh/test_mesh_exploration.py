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

QUICK = {'crossing': CROSSING, 'dead end': DEAD_END, 'ring': RING}


@pytest.mark.parametrize('name', QUICK)
def test_two_robots_never_clash_and_can_always_still_arrive(name):
    found = explore(world(*QUICK[name]))
    assert not found.clashes
    assert found.stuck == 0


@pytest.mark.slow
@pytest.mark.parametrize('given', [CORRIDOR, LAY_BY], ids=['corridor', 'lay-by'])
def test_two_robots_head_on_never_clash_and_can_always_still_arrive(given):
    found = explore(world(*given))
    assert not found.clashes
    assert found.stuck == 0


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
