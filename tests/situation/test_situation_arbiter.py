# SPDX-License-Identifier: Apache-2.0
"""The order of override: safety over exploration over the swarm over the mission."""

import itertools
import math

import pytest

from swarm_agent.mesh.core import Advice
from swarm_agent.situation.core import NavState
from swarm_agent.situation.core.arbiter import HELD_M, MissionWill, arbitrate

HOLDS = ('', 'emergency stop')
EXPLORINGS = ('', 'looks at a contradiction: object')
ADVICES = (
    Advice(),
    Advice(kind='wait', peer='amr_2', stop_after_m=0.2),
    Advice(kind='wait', peer='amr_2', stop_after_m=3.0),
    Advice(kind='make_way', peer='amr_2'),
    Advice(kind='make_way', peer='amr_2', stop_after_m=0.2),
)
REFUGES = ('unasked', 'found', 'none', 'reached')
DRIVES = MissionWill(nav_state=NavState.MOVING, reason='', moves=True)
RESTS = MissionWill(nav_state=NavState.IDLE, reason='', moves=False)
ALL = list(itertools.product(HOLDS, EXPLORINGS, ADVICES, REFUGES, (DRIVES, RESTS)))


@pytest.mark.parametrize(('hold', 'exploring', 'advice', 'refuge', 'mission'), ALL)
def test_the_highest_that_has_a_say_is_obeyed(hold, exploring, advice, refuge, mission):
    order = arbitrate(hold, exploring, advice, refuge, mission)
    if hold:
        assert (order.move, order.nav_state, order.reason) == ('halt', NavState.BLOCKED, hold)
    elif exploring:
        assert (order.move, order.nav_state) == ('explore', NavState.EXPLORING)
        assert order.reason == exploring
    elif advice.kind == 'make_way':
        assert order.move == ('refuge' if refuge == 'found' else 'stand')
        assert order.nav_state == NavState.YIELDING
        assert 'amr_2' in order.reason
        assert order.stop_after_m == advice.stop_after_m
    elif not mission.moves:
        assert (order.move, order.nav_state) == ('stand', mission.nav_state)
    else:
        assert order.move == 'mission'
        assert order.stop_after_m == advice.stop_after_m


def test_a_robot_that_may_drive_only_a_little_is_said_to_yield_and_to_whom():
    order = arbitrate('', '', ADVICES[1], 'unasked', DRIVES)
    assert (order.nav_state, order.reason) == (NavState.YIELDING, 'waits for amr_2')
    far = Advice(kind='wait', peer='amr_2', stop_after_m=HELD_M)
    assert arbitrate('', '', far, 'unasked', DRIVES).nav_state == NavState.MOVING


def test_a_robot_that_steps_aside_drives_only_as_far_as_its_way_is_clear_of_bodies():
    advice = Advice(kind='make_way', peer='amr_2', stop_after_m=0.0)
    assert arbitrate('', '', advice, 'found', DRIVES).stop_after_m == 0.0


def test_the_reason_that_the_swarm_gives_is_passed_on():
    for kind in ('wait', 'make_way'):
        advice = Advice(kind=kind, peer='amr_2', stop_after_m=0.0, reason='amr_2 has a load')
        assert arbitrate('', '', advice, 'found', DRIVES).reason == 'amr_2 has a load'


def test_a_robot_without_a_place_to_make_way_says_so():
    order = arbitrate('', '', ADVICES[3], 'none', DRIVES)
    assert order.reason == 'no place to make way for amr_2'


def test_the_mission_keeps_its_own_reason():
    blocked = MissionWill(nav_state=NavState.BLOCKED, reason='every way is closed', moves=False)
    order = arbitrate('', '', Advice(), 'unasked', blocked)
    assert (order.move, order.nav_state) == ('stand', NavState.BLOCKED)
    assert order.reason == 'every way is closed'
    assert order.stop_after_m == math.inf
