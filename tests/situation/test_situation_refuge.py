# SPDX-License-Identifier: Apache-2.0
"""Stepping aside: the nearest place that leaves the other's way free, or none."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from situation_rooms import FLOORS, SECOND, peer, terrain
from situation_world import Rig

from swarm_agent.mesh.core import Advice, RightOfWayParams
from swarm_agent.situation.core import Tuning
from swarm_agent.situation.core.refuge import RETRY_NS, Retreat, forbidden, retreat
from swarm_agent.situation.core.se2 import distance

HERE = (6.5, 0.65, 0.0)
MARGIN_M = Tuning().refuge_margin_m
OWN_M = 0.28


def along_aisle(x_from, x_to, y=0.65):
    step = 0.25 if x_to > x_from else -0.25
    return tuple((x_from + k * step, y) for k in range(int(abs(x_to - x_from) / 0.25) + 1))


WAY = along_aisle(9.0, 2.0)
COMING = peer(9.0, 0.65, path=WAY)
ASKED = Advice(kind='make_way', peer='amr_2', corridor=WAY)

WHOLE = along_aisle(11.5, 0.5)
FULL = {
    'advice': Advice(kind='make_way', peer='amr_2', corridor=WHOLE),
    'peers': (peer(11.0, 0.65, path=WHOLE),),
}
"""The whole aisle is to be cleared."""


def sought(floor='aisle', here=HERE, *, advice=ASKED, peers=(COMING,), before=None, now_ns=0):
    return retreat(before or Retreat(), terrain(floor), here, advice, peers, now_ns)


def test_without_a_request_no_place_is_looked_for():
    assert sought(advice=Advice()) == Retreat()
    assert sought(advice=Advice(kind='wait', peer='amr_2')) == Retreat()


def test_a_robot_in_an_aisle_steps_into_the_bay():
    found = sought()
    assert found.status == 'found'
    assert 5.0 < found.place[0] < 6.4
    assert found.place[1] > 1.2
    assert all(distance(found.place, at) >= 2 * OWN_M + MARGIN_M - 0.05 for at in WAY)
    assert found.route.goal == found.place


def test_an_aisle_without_a_bay_has_no_place():
    assert sought('tube', **FULL) == Retreat(status='none', sought_ns=0)


def test_a_place_is_not_looked_for_again_at_once():
    none = sought('tube', **FULL)
    assert sought('tube', before=none, now_ns=RETRY_NS - 1, **FULL) is none
    again = sought('tube', before=none, now_ns=RETRY_NS, **FULL)
    assert (again.status, again.sought_ns) == ('none', RETRY_NS)


def test_on_an_open_floor_the_next_free_place_is_taken():
    way = along_aisle(7.0, 1.0, y=2.0)
    asked = Advice(kind='make_way', peer='amr_2', corridor=way)
    found = sought('room', (3.0, 2.0, 0.0), advice=asked, peers=(peer(7.0, 2.0, path=way),))
    assert found.status == 'found'
    assert distance(found.place, (3.0, 2.0)) < 1.2
    assert abs(found.place[1] - 2.0) >= 2 * OWN_M + MARGIN_M - 0.05


def test_the_way_to_a_place_does_not_lead_through_a_peers_body():
    blocker = peer(6.0, 1.25, agent_id='amr_3', cannot_yield=True)
    stuck = peer(5.2, 0.65, agent_id='amr_4', cannot_yield=True)
    found = sought(peers=(COMING, blocker, stuck))
    assert found.status != 'found'


def test_a_place_past_the_one_that_asks_is_the_last_resort_and_said_to_be_that():
    way = along_aisle(9.0, 0.5)
    asks = {
        'advice': Advice(kind='make_way', peer='amr_2', corridor=way),
        'peers': (peer(9.0, 0.65, path=way),),
        'here': (2.0, 0.65, 0.0),
    }
    free = sought(**asks)
    assert free.status == 'found'
    near = (peer(3.0, 0.65, path=along_aisle(3.0, 0.5)),)
    past = sought(**(asks | {'peers': near}))
    assert past.status == 'behind'
    assert past.place[0] > 4.0
    kept = sought(**(asks | {'peers': near}), before=past, now_ns=SECOND)
    assert (kept.status, kept.place) == ('behind', past.place)


def test_for_want_of_another_place_one_behind_robots_that_can_be_asked_is_taken():
    blocker = peer(6.0, 1.25, agent_id='amr_3')
    stuck = peer(5.2, 0.65, agent_id='amr_4')
    found = sought(peers=(COMING, blocker, stuck))
    assert found.status == 'found'
    stays = replace(ASKED, immovable=('amr_3', 'amr_4'))
    elsewhere = sought(peers=(COMING, blocker, stuck), advice=stays, before=found, now_ns=SECOND)
    assert elsewhere.place != found.place
    again = sought(peers=(COMING, blocker, stuck), advice=stays, before=elsewhere, now_ns=SECOND)
    assert again == elsewhere


def test_one_that_drives_away_does_not_shut_the_way_to_a_place_and_one_that_comes_or_stays_does():
    asks = {
        'floor': 'tube',
        'here': (4.0, 0.65, 0.0),
        'advice': Advice(kind='make_way', peer='amr_2', corridor=along_aisle(1.0, 7.0)),
    }
    coming = peer(1.0, 0.65, path=along_aisle(1.0, 7.0))
    ahead = peer(5.5, 0.65, path=along_aisle(5.5, 8.0), agent_id='amr_3')
    leaving = replace(ahead, speed_mps=0.5)
    found = sought(**asks, peers=(coming, leaving))
    assert found.status == 'found'
    assert found.place[0] > 8.5
    to_us = along_aisle(5.5, 4.5)
    for change in ({'path': ()}, {'path': to_us}, {'alive': False}):
        assert sought(**asks, peers=(coming, replace(leaving, **change))).status != 'found'


def test_behind_a_peer_no_place_is_looked_for_but_elsewhere():
    way = along_aisle(9.0, 3.0)
    coming = peer(9.0, 0.65, path=way)
    asked = Advice(kind='make_way', peer='amr_2', corridor=way)
    here = (4.8, 0.65, math.pi)
    free = sought(here=here, advice=asked, peers=(coming,))
    assert free.place[1] > 1.2
    in_the_bay = peer(5.7, 1.25, agent_id='amr_3')
    found = sought(here=here, advice=asked, peers=(coming, in_the_bay))
    assert found.status == 'found'
    assert found.place[0] < 2.3


def test_a_place_is_kept_while_it_serves_and_left_when_the_way_changes():
    first = sought()
    kept = sought(before=first, here=(6.2, 0.8, 2.0), now_ns=SECOND)
    assert kept.place == first.place
    assert kept.route is first.route
    into_bay = (*WAY, first.place)
    changed = Advice(kind='make_way', peer='amr_2', corridor=into_bay)
    moved = sought(before=kept, advice=changed, peers=(peer(9.0, 0.65, path=into_bay),))
    assert moved.place != first.place


PASSABLE_M = 2 * OWN_M + MARGIN_M - RightOfWayParams().slack_m
"""Nearer than this right of way lets nobody pass one that stands."""


def beside(y):
    """A robot in a room at y = 2 makes way for one that comes along this line."""
    way = along_aisle(7.0, 1.0, y=y)
    coming = peer(7.0, y, path=way)
    asked = Advice(kind='make_way', peer='amr_2', corridor=way)
    return {'floor': 'room', 'here': (3.0, 2.0, 0.0), 'advice': asked, 'peers': (coming,)}


def test_a_place_is_given_up_once_the_way_comes_nearer_than_one_is_passed():
    first = sought(**beside(2.0))
    y = first.place[1]
    nearer = beside(y + math.copysign(PASSABLE_M - 0.01, 2.0 - y))
    assert sought(before=first, **nearer).place != first.place


def test_one_that_stops_short_of_its_place_drives_on_unless_it_can_be_passed_there():
    first = sought(**beside(2.0))
    x, y = first.place
    way_y = y - math.copysign(PASSABLE_M + 0.06, y - 2.0)
    short = (x, way_y + math.copysign(PASSABLE_M - 0.01, y - 2.0), 0.0)
    there = beside(way_y) | {'here': short}
    assert distance(short, first.place) < 0.1
    assert sought(before=first, **there).status == 'found'
    stands = replace(first, status='reached')
    assert sought(before=stands, now_ns=RETRY_NS, **there).status == 'found'
    assert sought(before=stands, now_ns=RETRY_NS - 1, **there).status == 'reached'


def test_for_want_of_another_place_one_on_the_way_of_a_robot_that_comes_after_is_taken():
    into_bay = (
        *along_aisle(8.0, 5.75),
        (5.7, 1.1),
        (5.7, 1.4),
        (5.7, 1.7),
        (5.7, 2.0),
        (5.7, 2.3),
    )
    after = peer(8.0, 0.65, agent_id='amr_3', path=into_bay)
    (coming,) = FULL['peers']
    whole = {'advice': FULL['advice'], 'peers': (coming, after)}
    found = sought(**whole)
    assert (found.status, found.behind) == ('found', ('amr_3',))
    assert found.place[1] > 1.2
    kept = sought(**whole, before=found, here=(6.2, 0.8, 2.0), now_ns=SECOND)
    assert kept.place == found.place
    beyond = replace(after, pose=(5.7, 2.3, 0.0), path=tuple(reversed(into_bay))[:4])
    assert sought(**(whole | {'peers': (coming, beyond)})).status != 'found'


def past_a_body(floor, here, stands):
    """How near to another the way gets of one that makes way for one along y = 0.65 [m]."""
    other = peer(*stands, agent_id='amr_3', cannot_yield=True)
    coming = peer(2.0, 0.65, path=along_aisle(2.0, 9.75))
    asked = Advice(kind='make_way', peer='amr_2', corridor=coming.path)
    found = sought(floor, (*here, 0.0), advice=asked, peers=(coming, other))
    assert found.status != 'none'
    return min(distance(point, stands) for point in zip(found.route.x, found.route.y, strict=True))


@pytest.mark.parametrize(
    ('floor', 'here', 'stands'),
    [
        ('room', (7.86, 0.93), (7.21, 1.47)),
        ('room', (4.38, 0.46), (4.09, 1.07)),
        ('door', (6.91, 0.62), (7.49, 1.11)),
    ],
)
def test_a_way_to_a_place_keeps_as_far_from_bodies_as_one_may_drive(floor, here, stands):
    """A nearer one is planned in vain: the robot stands before the body that it leads past."""
    kept = min(PASSABLE_M, distance(here, stands) - 0.03)
    assert past_a_body(floor, here, stands) >= kept - 0.01


@pytest.mark.parametrize(
    ('here', 'stands'),
    [((4.72, 0.88), (5.35, 1.15)), ((4.23, 0.78), (4.81, 1.11)), ((5.14, 0.55), (5.4, 1.17))],
)
def test_the_middle_between_walls_is_not_taken_where_that_leads_into_a_body(here, stands):
    """Two in a lay-by stood for ever: the way past the other led through it again in the end."""
    kept = min(PASSABLE_M, distance(here, stands) - 0.03)
    assert past_a_body('aisle', here, stands) >= kept - 0.05


def test_a_place_is_reached_when_the_robot_stands_there_and_stays_so():
    first = sought()
    there = sought(before=first, here=(*first.place, 0.0))
    assert there.status == 'reached'
    drifted = sought(before=there, here=(first.place[0] + 0.15, first.place[1], 0.0))
    assert drifted.status == 'reached'


def test_a_peer_that_has_not_told_its_size_is_taken_for_a_large_one():
    unknown = Advice(kind='make_way', peer='amr_9', corridor=((3.0, 3.0),))
    ((x, y, radius_m),) = forbidden(terrain(), unknown, ())
    assert (x, y) == (3.0, 3.0)
    assert radius_m > 2 * OWN_M + MARGIN_M


@pytest.mark.parametrize('here', [(0.0, 0.0, 0.0), (-4.0, 9.0, 0.0)])
def test_a_robot_that_stands_where_none_can_finds_no_place(here):
    assert sought(here=here).status == 'none'


@given(
    here=st.tuples(st.floats(0.6, 7.3), st.floats(0.6, 5.3), st.floats(-3.1, 3.1)),
    way=st.lists(st.tuples(st.floats(0.0, 8.0), st.floats(0.0, 6.0)), max_size=12),
    other=st.tuples(st.floats(0.0, 8.0), st.floats(0.0, 6.0)),
)
@settings(max_examples=40)
def test_every_place_found_leaves_all_ways_and_bodies_free(here, way, other):
    coming = peer(*other, path=tuple(way))
    asked = Advice(kind='make_way', peer='amr_2', corridor=tuple(way))
    found = sought('room', here, advice=asked, peers=(coming,))
    assert found.status in {'found', 'none'}
    if found.status == 'found':
        # The place is the centre of a cell of 0.1 m.
        assert all(
            distance(found.place, at) >= 2 * OWN_M + MARGIN_M - 0.08 for at in (*way, other)
        )


def test_along_a_way_just_found_it_does_not_drive_before_right_of_way_has_judged_it():
    """The limit that came with the advice is of the way before."""
    rig = Rig(FLOORS['aisle'], HERE, agent_id='amr_3')
    speeds, places = [], []
    for k in range(6):
        coming = peer(9.5, 0.65, path=along_aisle(9.25, 3.5), heard_ns=rig.now_ns, speed_mps=0.0)
        out = rig.tick(rig.go_to(11.0, 0.65) if k == 0 else None, peers=(coming,))
        places.append(rig.state.retreat.place)
        speeds.append(abs(out.vx_mps) + abs(out.wz_radps))
    first = next(k for k, place in enumerate(places) if place is not None)
    assert speeds[first] == 0.0
    assert speeds[first + 1] > 0.0
