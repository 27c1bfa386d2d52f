# SPDX-License-Identifier: Apache-2.0
"""From intent to route: accepted, planned once, kept while good, ended with a reason."""

import math
from dataclasses import replace

import pytest
from situation_rooms import SECOND, peer, terrain, terrain_seen, wish

from swarm_agent.mesh.core import PeerState
from swarm_agent.situation.core import IntentKind, NavState
from swarm_agent.situation.core.dodge import (
    around_parked,
    newly_parked,
    out_of_the_way,
    parked,
    rerouted,
)
from swarm_agent.situation.core.mission import (
    IDLE_PRIORITY,
    REPLAN_NS,
    RETRY_NS,
    Mission,
    accept,
    follow_up,
    path_told,
    priority,
    turned,
    will,
)
from swarm_agent.situation.core.route import TOLD_LENGTH_M

START = (1.5, 1.5, 0.0)
LOOK = (1.2, 2.0, 0.0)


def followed(mission, pose=START, ground=None, now_ns=0, aversions=(), *, may_plan=True):
    return follow_up(mission, ground or terrain(), pose, now_ns, aversions, may_plan=may_plan)


def driven(mission, pose, **given) -> Mission:
    """The mission after the robot has driven straight from the start to a pose."""
    for share in (0.2, 0.4, 0.6, 0.8, 1.0):
        at = (START[0] + share * (pose[0] - START[0]), START[1] + share * (pose[1] - START[1]))
        mission, _ = followed(mission, (*at, pose[2]), **given)
    return mission


def under_way(goal=(6.5, 1.5), pose=START, ground=None, **changes) -> Mission:
    mission, note = followed(accept(Mission(), wish(*goal, **changes)), pose, ground)
    assert note is not None
    assert note.found
    return mission


def test_a_new_goal_is_planned_in_the_same_decision_and_noted():
    mission, note = followed(accept(Mission(), wish(6.5, 1.5)))
    assert mission.status == NavState.MOVING
    assert mission.route is not None
    assert (note.why, note.found, note.reason) == ('new goal', True, '')
    assert note.length_m == pytest.approx(5.0, abs=0.2)
    assert note.tightest_m > 0.0


def test_a_route_that_is_good_is_kept():
    mission = under_way()
    after, note = followed(mission, (3.0, 1.5, 0.0), now_ns=10 * SECOND)
    assert note is None
    assert after.route is mission.route
    assert after.progress.s_m == pytest.approx(1.5, abs=0.05)


def test_the_same_intent_again_changes_nothing():
    mission = under_way()
    assert accept(mission, mission.wish) is mission


def test_a_new_intent_to_the_same_goal_keeps_the_route():
    mission = under_way()
    renewed = accept(mission, wish(6.5, 1.5, intent_id=2, priority=5))
    assert renewed.route is mission.route
    assert (renewed.wish.intent_id, renewed.ask) == (2, '')


def test_another_goal_drops_the_route():
    other = accept(under_way(), wish(6.5, 4.5, intent_id=2))
    assert (other.route, other.ask) == (None, 'new goal')


@pytest.mark.parametrize(
    ('kind', 'status'),
    [
        (IntentKind.IDLE, NavState.IDLE),
        (IntentKind.HOLD, NavState.IDLE),
        (IntentKind.YIELD, NavState.YIELDING),
    ],
)
def test_an_intent_to_stand_ends_the_drive(kind, status):
    mission = accept(under_way(), wish(0.0, 0.0, intent_id=2, kind=int(kind)))
    assert (mission.status, mission.route) == (status, None)
    assert not will(mission).moves
    assert followed(mission) == (mission, None)


@pytest.mark.parametrize('kind', [6, 99, -1])
def test_an_intent_of_a_kind_that_nobody_knows_is_no_motion_and_a_reason(kind):
    mission = accept(under_way(), wish(6.5, 4.5, intent_id=2, kind=kind))
    assert (mission.status, mission.route) == (NavState.BLOCKED, None)
    assert not will(mission).moves
    assert str(kind) in mission.reason
    assert followed(mission, now_ns=100 * SECOND) == (mission, None)


@pytest.mark.parametrize('number', [math.nan, math.inf, -math.inf, 1e300])
@pytest.mark.parametrize('field', ['x', 'y', 'yaw', 'tolerance_m', 'speed_factor'])
def test_an_intent_with_a_number_that_means_nothing_is_no_motion_and_a_reason(field, number):
    goal = tuple(number if field == axis else 1.5 for axis in ('x', 'y', 'yaw'))
    changes = {field: number} if field in {'tolerance_m', 'speed_factor'} else {}
    odd = replace(wish(0.0, 0.0, intent_id=2), goal=goal, **changes)
    mission = accept(under_way(), odd)
    assert (mission.status, mission.route) == (NavState.BLOCKED, None)
    assert 'number' in mission.reason
    assert not will(mission).moves
    assert followed(mission, now_ns=100 * SECOND) == (mission, None)


def test_explore_is_done_after_one_full_turn():
    mission = accept(Mission(), wish(0.0, 0.0, kind=int(IntentKind.EXPLORE)))
    assert will(mission).moves
    for _ in range(62):
        mission = turned(mission, -0.1)
    assert turned(mission, 0.1).status == NavState.EXPLORING
    mission = turned(mission, -0.1)
    assert mission.status == NavState.ARRIVED
    assert not will(mission).moves
    assert turned(mission, 1.0) is mission


def test_a_goal_is_reached_within_its_tolerance_and_settled_at_its_place():
    mission = under_way(tolerance_m=0.3)
    near = driven(mission, (6.25, 1.5, 0.0))
    assert near.status == NavState.ARRIVED
    assert near.route is not None
    at, _ = followed(near, (6.45, 1.5, 0.0))
    assert (at.status, at.route) == (NavState.ARRIVED, None)


def test_a_goal_whose_yaw_matters_is_reached_when_the_robot_faces_it():
    mission = under_way(use_yaw=True)
    mission = replace(mission, wish=replace(mission.wish, goal=(6.5, 1.5, 1.0)))
    there, _ = followed(mission, (6.48, 1.5, 0.0))
    assert there.status == NavState.MOVING
    faced, _ = followed(there, (6.48, 1.5, 0.95))
    assert (faced.status, faced.route) == (NavState.ARRIVED, None)


def test_a_robot_that_is_pushed_away_from_its_goal_goes_back():
    mission = under_way()
    arrived, _ = followed(mission, (6.48, 1.5, 0.0))
    assert arrived.route is None
    stays, _ = followed(arrived, (6.2, 1.5, 0.0))
    assert stays.route is None
    back, note = followed(arrived, (5.9, 1.5, 0.0))
    assert note.why == 'moved away from the goal'
    assert back.route is not None


def test_an_unreachable_goal_is_no_motion_and_a_reason():
    mission, note = followed(accept(Mission(), wish(6.5, 4.0)), ground=terrain('split'))
    assert mission.status == NavState.UNREACHABLE
    assert not note.found
    assert mission.reason == note.reason == 'no way to (6.50, 4.00) on the map'
    assert not will(mission).moves
    assert path_told(mission, START, TOLD_LENGTH_M) == ()


def closed_door():
    return terrain_seen((2.5, 2.5, 0.0), [(4.0, 2.5, 0.3)], 'door')


def test_a_goal_that_is_closed_for_now_is_tried_again_when_the_room_has_changed():
    here = (1.5, 2.5, 0.0)
    mission, _ = followed(accept(Mission(), wish(6.5, 2.5)), here, closed_door())
    assert mission.status == NavState.BLOCKED
    assert 'closed by what was met there' in mission.reason
    unchanged, note = followed(mission, here, closed_door(), REPLAN_NS)
    assert (unchanged, note) == (mission, None)
    opened, note = followed(mission, here, terrain('door'), REPLAN_NS)
    assert (note.why, opened.status) == ('tries again', NavState.MOVING)
    _, note = followed(mission, here, closed_door(), RETRY_NS)
    assert note.why == 'tries again'


def test_an_object_on_the_route_asks_for_a_way_around_at_once():
    mission = under_way((6.0, 2.0), LOOK)
    around, note = followed(mission, LOOK, terrain_seen(LOOK, [(3.0, 2.0, 0.3)]))
    assert note.why == 'an object closes the path'
    assert note.found
    assert around.route.length_m > mission.route.length_m


def test_an_object_beside_the_route_does_not_change_it():
    mission = under_way((6.0, 2.0), LOOK)
    after, note = followed(mission, LOOK, terrain_seen(LOOK, [(3.0, 3.2, 0.3)]))
    assert note is None
    assert after.route.s == mission.route.s
    assert min(after.route.margin) < min(mission.route.margin)


def test_a_robot_off_its_path_gets_a_new_one_but_not_all_the_time():
    mission = under_way()
    aside = (3.0, 2.2, 0.0)
    waits, note = followed(mission, aside, now_ns=REPLAN_NS - 1)
    assert note is None
    assert waits.route is mission.route
    _, note = followed(mission, aside, now_ns=REPLAN_NS)
    assert note.why == 'off the path'


def test_nothing_is_planned_while_an_exploration_pauses_the_plan():
    mission, note = followed(accept(Mission(), wish(6.5, 1.5)), may_plan=False)
    assert note is None
    assert (mission.route, mission.ask) == (None, 'new goal')


def test_right_of_way_counts_only_while_there_is_something_to_do():
    assert priority(Mission()) == IDLE_PRIORITY
    assert priority(under_way(priority=5)) == 5
    assert priority(under_way(priority=0)) == IDLE_PRIORITY
    arrived, _ = followed(under_way(priority=5), (6.48, 1.5, 0.0))
    assert priority(arrived) == IDLE_PRIORITY


def test_peers_that_stand_idle_are_parked_and_waiting_ones_only_when_one_waits_long():
    idle = peer(3.0, 2.0)
    waiting = peer(4.0, 2.0, agent_id='amr_3', state=int(PeerState.WAITING))
    driving = peer(5.0, 2.0, agent_id='amr_4', speed_mps=0.4)
    assert parked((idle, waiting, driving), waiting=False) == (idle,)
    assert parked((idle, waiting, driving), waiting=True) == (idle, waiting)


def test_a_peer_that_parks_on_the_route_is_noticed_once():
    mission = under_way((6.0, 2.0), LOOK)
    assert newly_parked(mission, (peer(3.0, 2.1),), 0.28)
    assert not newly_parked(mission, (peer(3.0, 4.0),), 0.28)
    minded = replace(mission, minded=((3.0, 2.1),))
    assert not newly_parked(minded, (peer(3.0, 2.1),), 0.28)
    assert not newly_parked(Mission(), (peer(3.0, 2.1),), 0.28)


def test_a_route_keeps_clear_of_a_parked_peer():
    aversion = around_parked((peer(3.5, 2.0),), 0.28)
    asked = accept(Mission(), wish(6.0, 2.0))
    mission, _ = followed(asked, LOOK, aversions=(aversion,))
    away = min(
        math.hypot(x - 3.5, y - 2.0) for x, y in zip(mission.route.x, mission.route.y, strict=True)
    )
    assert away > 0.6


def coming_along(y):
    way = tuple((5.5 - 0.25 * k, y) for k in range(14))
    return peer(5.5, y, path=way, speed_mps=0.5, state=int(PeerState.MOVING))


def test_a_robot_that_yields_leaves_the_way_of_the_other_where_there_is_room():
    mission = under_way((6.6, 2.0), LOOK)
    oncoming = coming_along(2.0)
    route = out_of_the_way(mission, terrain(), LOOK, oncoming, ())
    assert route is not None
    ahead = list(zip(route.x, route.y, strict=True))
    for at in oncoming.path:
        assert min(math.hypot(x - at[0], y - at[1]) for x, y in ahead) >= 0.7
    assert rerouted(mission, route, LOOK).progress.s_m == 0.0


def test_in_an_aisle_there_is_no_way_out_of_the_way():
    here = (2.0, 0.65, 0.0)
    mission = under_way((10.0, 0.65), here, terrain('tube'))
    assert out_of_the_way(mission, terrain('tube'), here, coming_along(0.65), ()) is None
    assert out_of_the_way(Mission(), terrain('tube'), here, coming_along(0.65), ()) is None


def test_what_is_told_of_a_mission_is_its_route_from_the_robot_on():
    told = path_told(under_way(), (2.0, 1.52, 0.0), 2.0)
    assert told[0] == (2.0, 1.52)
    assert told[-1][0] <= 4.0
    assert path_told(Mission(), START, 2.0) == ()
