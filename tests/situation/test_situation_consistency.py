# SPDX-License-Identifier: Apache-2.0
"""Where the world contradicts the model: motion, slip, objects, reflexes, no progress."""

import math
from dataclasses import replace

import numpy as np
import pytest
from situation_rooms import SECOND, hazard, watched
from situation_world import AMR

from swarm_agent.situation.core import Reflex, ReflexAction
from swarm_agent.situation.core.consistency import (
    NEARBY_CELLS,
    PATIENCE_NS,
    QUIET_NS,
    SHUT_NS,
    WINDOW,
    Found,
    Step,
    Watch,
    grown,
    is_known,
    motion_step,
    object_ahead,
    object_nearby,
    refreshed,
    shut_place,
    watch_motion,
    watch_progress,
    watch_reflex,
)
from swarm_agent.situation.core.explore import STABLE_SCANS, begin, look
from swarm_agent.situation.core.objects import solid_points
from swarm_agent.situation.core.route import Route, locate, resampled

TICK_NS = SECOND // 10
OBEYED = Step(
    told_m=0.05,
    told_rad=0.0,
    turned_m=0.05,
    turned_rad=0.0,
    matched_m=0.05,
    passed=True,
    trusted=True,
)
BLOCKED = replace(OBEYED, turned_m=0.0, matched_m=0.0)
SLIPPING = replace(OBEYED, matched_m=0.0)
SPUN = replace(OBEYED, told_m=0.0, told_rad=0.09, turned_m=0.0, matched_m=0.0)


def watched_motion(step, ticks=WINDOW, watch=None, start_ns=0):
    watch, kinds = watch or Watch(), []
    for k in range(ticks):
        watch, kind = watch_motion(watch, step, start_ns + k * TICK_NS)
        kinds.append(kind)
    return watch, kinds


@pytest.mark.parametrize(
    ('step', 'kind'),
    [
        (OBEYED, ''),
        (BLOCKED, 'motion'),
        (SPUN, 'motion'),
        (replace(SPUN, turned_rad=0.09), ''),
        (SLIPPING, 'slip'),
        (replace(SLIPPING, matched_m=0.045), ''),
        (replace(BLOCKED, told_m=0.0), ''),
        (replace(BLOCKED, passed=False), ''),
        (replace(SLIPPING, trusted=False), ''),
        (replace(SLIPPING, passed=False), 'slip'),
        (replace(OBEYED, told_m=-0.05, turned_m=-0.05, matched_m=-0.05), ''),
        (replace(OBEYED, told_m=-0.05, turned_m=0.0, matched_m=0.0), 'motion'),
    ],
)
def test_expected_and_actual_motion_are_compared_over_a_second(step, kind):
    _, kinds = watched_motion(step)
    assert kinds == [''] * (WINDOW - 1) + [kind]


def test_a_motion_violation_is_told_once_and_then_left_alone_for_a_while():
    watch, _ = watched_motion(BLOCKED)
    assert watch.failures == 1
    quiet_ticks = QUIET_NS // TICK_NS - 1
    watch, kinds = watched_motion(BLOCKED, quiet_ticks, watch, WINDOW * TICK_NS)
    assert set(kinds) == {''}
    watch, kinds = watched_motion(BLOCKED, 2, watch, WINDOW * TICK_NS + QUIET_NS)
    assert 'motion' in kinds
    assert watch.failures == 2


def test_failures_are_forgotten_once_the_robot_moves_as_told():
    watch, _ = watched_motion(BLOCKED)
    watch, _ = watched_motion(OBEYED, WINDOW, watch, 100 * SECOND)
    assert watch.failures == 0


def test_a_step_tells_command_wheels_and_scans_apart():
    step = motion_step(
        (0.1, 0.2),
        ((0.0, 0.0, 0.0), (0.08, 0.0, 0.15)),
        ((5.0, 5.0, math.pi / 2), (5.0, 5.06, math.pi / 2)),
        passed=True,
        trusted=False,
    )
    assert (step.told_m, step.told_rad) == (0.1, 0.2)
    assert (step.turned_m, step.turned_rad) == pytest.approx((0.08, 0.15))
    assert step.matched_m == pytest.approx(0.06)


def stopping(cause='zone_stop', action=ReflexAction.STOP) -> Reflex:
    return Reflex(
        action=int(action), cause=cause, clearance_m=0.0, e_stop=False, enabled=True, age_ns=0
    )


def reflex_told(reflex, *, free=True, seconds=2.0):
    watch, told = Watch(), []
    for k in range(int(seconds * 10)):
        watch, stuck = watch_reflex(watch, reflex, k * TICK_NS, 1.0, plan_is_free=free)
        told.append(stuck)
    return told


def test_a_free_path_that_the_reflexes_stop_for_a_second_is_a_violation_told_once():
    told = reflex_told(stopping(), seconds=4.0)
    assert told.index(True) == 10
    assert told.count(True) == 1


@pytest.mark.parametrize(
    ('reflex', 'free'),
    [
        (stopping(), False),
        (stopping('scan_stale'), True),
        (stopping('zone_stop', ReflexAction.SLOW), True),
        (None, True),
    ],
)
def test_what_else_the_reflexes_do_is_no_contradiction(reflex, free):
    assert not any(reflex_told(reflex, free=free))


def progress_told(places, *, tries=True):
    watch, told = Watch(), []
    for k, place in enumerate(places):
        watch, stays = watch_progress(watch, place, k * TICK_NS, tries=tries)
        told.append(stays)
    return told


def test_a_robot_that_tries_and_does_not_get_on_is_noticed_after_its_patience():
    told = progress_told([(1.0, 1.0)] * 100)
    assert told.index(True) == PATIENCE_NS // TICK_NS


def test_a_robot_that_gets_on_or_does_not_try_is_left_alone():
    assert not any(progress_told([(0.03 * k, 0.0) for k in range(200)]))
    assert not any(progress_told([(1.0, 1.0)] * 200, tries=False))


def test_a_place_that_is_shut_again_is_shut_for_longer_and_others_expire():
    watch = shut_place(Watch(), (1.0, 1.0), 0)
    watch = shut_place(watch, (3.0, 3.0), 0)
    watch = shut_place(watch, (1.2, 1.0), SECOND)
    assert [(one.place, one.times) for one in watch.shut] == [((3.0, 3.0), 1), ((1.2, 1.0), 2)]
    assert watch.shut[-1].until_ns == SECOND + 2 * SHUT_NS
    late = shut_place(watch, (5.0, 5.0), SHUT_NS + 2 * SECOND)
    assert [one.place for one in late.shut] == [(1.2, 1.0), (5.0, 5.0)]


def straight(*corners) -> Route:
    x, y, s = resampled(corners)
    return Route(x=tuple(x), y=tuple(y), s=tuple(s), margin=(0.5,) * len(x))


ROUTE = straight((1.0, 2.0), (7.0, 2.0))
BOX = (3.0, 2.0, 0.2)


def ahead(box, known=(), hazards=(), here=(1.5, 2.0, 0.0)):
    solid = solid_points(watched((1.5, 2.0, 0.0), [box]))
    return object_ahead(solid, ROUTE, locate(ROUTE, here, 0.5), AMR.radius_m, known, hazards)


def test_an_unmapped_object_on_the_route_ahead_is_found_with_its_place():
    found = ahead(BOX)
    assert found is not None
    assert math.hypot(found.centre[0] - 2.85, found.centre[1] - 2.0) < 0.15
    assert 0.1 <= found.radius_m < 0.4


@pytest.mark.parametrize('box', [(3.0, 3.2, 0.2), (6.4, 2.0, 0.2)])
def test_an_object_beside_the_track_or_far_ahead_is_not_in_the_way(box):
    assert ahead(box) is None


def test_an_object_behind_the_robot_is_not_in_the_way():
    solid = solid_points(watched((4.5, 2.0, 0.0), [BOX]))
    here = locate(ROUTE, (4.5, 2.0, 0.0), 3.5)
    assert object_ahead(solid, ROUTE, here, AMR.radius_m, (), ()) is None


def test_a_known_object_and_one_that_a_peer_reported_are_no_news():
    found = ahead(BOX)
    assert ahead(BOX, known=(found,)) is None
    assert ahead(BOX, hazards=(hazard(3.0, 2.0),)) is None
    assert ahead(BOX, hazards=(hazard(5.5, 4.5),)) == found
    assert not is_known((3.0, 2.0), (), ())


def nearby(box, known=(), hazards=()):
    here = (1.5, 2.0, 0.0)
    return object_nearby(solid_points(watched(here, [box])), here, known, hazards)


def test_an_object_nearby_is_found_unless_it_is_known_far_or_hardly_seen():
    found = nearby((1.5, 3.2, 0.2))
    assert found is not None
    assert found.cells >= NEARBY_CELLS
    assert nearby((1.5, 3.2, 0.2), known=(found,)) is None
    assert nearby((1.5, 3.2, 0.2), hazards=(hazard(1.5, 3.2),)) is None
    assert nearby((3.6, 2.0, 0.2)) is None
    assert nearby((1.5, 3.2, 0.02)) is None


def test_an_object_is_all_that_joins_on_and_nothing_else():
    x = np.array([1.0, 1.3, 1.6, 3.0])
    y = np.zeros(4)
    found = grown((x, y), (1.0, 0.0))
    assert found.centre == pytest.approx((1.3, 0.0))
    assert (found.cells, found.radius_m) == (3, pytest.approx(0.35))
    assert grown((x, y), (9.0, 9.0)) is None
    assert grown((np.empty(0), np.empty(0)), (0.0, 0.0)) is None


def test_a_known_object_grows_with_what_is_seen_and_is_forgotten_when_it_is_gone():
    known = (Found(centre=(3.0, 0.0), radius_m=0.2, cells=2),)
    here = (1.0, 0.0, 0.0)
    wider = (np.array([3.0, 3.3, 3.5]), np.zeros(3))
    (grew,) = refreshed(known, wider, here, 5.0)
    assert grew.radius_m > 0.2
    nothing = (np.empty(0), np.empty(0))
    assert refreshed(known, nothing, here, 5.0) == ()
    assert refreshed(known, nothing, (9.0, 0.0, 0.0), 5.0) == known


SOLID = (np.array([3.0, 3.1]), np.zeros(2))
FOUND = grown(SOLID, (3.0, 0.0))
HERE = (1.0, 0.0, 0.0)


def looked(exploration, ticks, solid=SOLID, speed=0.0, start_ns=0, *, behind=True):
    for k in range(ticks):
        now_ns = start_ns + k * TICK_NS
        exploration = look(exploration, solid, HERE, speed, now_ns, 1.2, free_behind=behind)
    return exploration


def test_the_robot_stands_before_it_looks_and_does_not_wait_for_ever():
    exploration = begin('object', (3.0, 0.0), 0, HERE, FOUND)
    assert looked(exploration, 19, speed=0.5).standing_ns < 0
    assert looked(exploration, 1).standing_ns == 0
    assert looked(exploration, 21, speed=0.5).standing_ns == 2 * SECOND


def test_an_object_is_explored_once_it_keeps_its_extent():
    exploration = begin('object', (3.0, 0.0), 0, HERE, FOUND)
    assert not looked(exploration, STABLE_SCANS).done
    assert looked(exploration, STABLE_SCANS + 1).done


def test_an_object_that_is_gone_is_explored_for_the_whole_time_and_then_not_there():
    exploration = begin('object', (3.0, 0.0), 0, HERE, FOUND)
    empty = (np.empty(0), np.empty(0))
    assert not looked(exploration, 12, empty).done
    done = looked(exploration, 13, empty)
    assert done.done
    assert done.found is None


def test_after_a_reflex_violation_the_robot_backs_out_where_the_way_behind_is_free():
    exploration = begin('reflex', (1.5, 0.0), 0, HERE, None)
    backing = looked(exploration, 13)
    assert backing.backing
    assert not backing.done
    far = (HERE[0] - 0.3, 0.0, 0.0)
    assert look(backing, SOLID, far, -0.1, 2 * SECOND, 1.2, free_behind=True).done
    assert look(backing, SOLID, HERE, -0.1, 2 * SECOND, 1.2, free_behind=False).done
    assert look(backing, SOLID, HERE, -0.1, 4 * SECOND, 1.2, free_behind=True).done
    blocked = looked(exploration, 13, behind=False)
    assert blocked.done
    assert not blocked.backing
