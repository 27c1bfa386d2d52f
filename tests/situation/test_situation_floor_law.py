# SPDX-License-Identifier: Apache-2.0
"""Closed floor is a wall to the path planner; who stands on it leaves; slow floor is slow."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon
from situation_rooms import AISLE, ROOM, terrain
from situation_world import AMR, Company, RayCaster, Rig

from swarm_agent.situation.core import CORE, NavState
from swarm_agent.situation.core.floor_law import floor_law, speed_ahead, trespasses
from swarm_agent.situation.core.path import plan
from swarm_agent.situation.core.se2 import distance
from swarm_vault.codec import codec_of
from swarm_vault.laws.core.bars import Bar, Bars, SlowZone
from swarm_vault.laws.core.values import Area
from swarm_vault.laws.core.zones import inside

RAYS = RayCaster(ROOM, AMR.range_max_m)


def box(x0, y0, x1, y1):
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


BLOCK = box(3.0, 0.0, 4.0, 3.5)
"""Half of the room's height: there is a way above it."""
BAND = box(3.0, -1.0, 4.0, 7.0)
"""All of the height."""


def closing(*polygons) -> Bars:
    return Bars(walls=tuple(Bar(name='store', why='it is forbidden', corners=p) for p in polygons))


def under(bars: Bars):
    ground = terrain()
    return replace(ground, law=floor_law(bars, ground.grid, AMR.radius_m))


def rig(bars=None, start=(1.5, 1.5, 0.0), **changes) -> Rig:
    return Rig(ROOM, start, caster=RAYS, bars=bars or Bars(), **changes)


def body_outside(pose, corners) -> bool:
    turns = [k * math.tau / 12 for k in range(12)]
    rim = [(pose[0] + 0.27 * math.cos(t), pose[1] + 0.27 * math.sin(t)) for t in turns]
    return not any(inside(point, corners) for point in rim)


def test_a_way_goes_around_closed_floor_with_the_whole_body():
    found = plan(under(closing(BLOCK)), (1.5, 1.5, 0.0), (6.5, 1.5), 0.15)
    assert found.route is not None
    assert found.route.length_m > plan(terrain(), (1.5, 1.5, 0.0), (6.5, 1.5), 0.15).route.length_m
    points = zip(found.route.x, found.route.y, strict=True)
    assert all(body_outside(point, BLOCK) for point in points)


def test_a_goal_behind_closed_floor_is_refused_with_the_law():
    found = plan(under(closing(BAND)), (1.5, 1.5, 0.0), (6.5, 1.5), 0.15)
    assert found.route is None
    assert not found.by_map
    assert found.reason == (
        'the law leaves no way to (6.50, 1.50): the zone store is closed: it is forbidden'
    )


def test_a_goal_on_closed_floor_is_refused_with_the_law():
    found = plan(under(closing(BLOCK)), (1.5, 1.5, 0.0), (3.5, 1.5), 0.15)
    assert found.route is None
    assert 'the zone store is closed' in found.reason


def test_where_the_map_leaves_no_way_the_law_is_not_blamed():
    found = plan(under(closing(BLOCK)), (1.5, 1.5, 0.0), (40.0, 40.0), 0.15)
    assert found.route is None
    assert 'law' not in found.reason


def test_a_robot_on_closed_floor_leaves_by_the_shortest_way():
    found = plan(under(closing(BAND)), (3.2, 1.5, 0.0), (1.5, 5.0), 0.15)
    assert found.route is not None
    law = under(closing(BAND)).law
    shut = [law.closed[c] > 0 for c in cells(found.route)]
    assert shut[0]
    assert not any(shut[shut.index(False) :])
    assert sum(shut) * 0.1 < 0.9


def cells(route):
    grid = terrain().grid
    cols = ((np.array(route.x) - grid.origin_x_m) / grid.cell_m).astype(int)
    rows = ((np.array(route.y) - grid.origin_y_m) / grid.cell_m).astype(int)
    return rows * grid.cols + cols


def test_a_robot_on_closed_floor_does_not_cross_it_to_a_goal_beyond():
    """It would have to drive on through the zone: near the left edge, the goal on the right."""
    found = plan(under(closing(BAND)), (3.1, 1.5, 0.0), (6.5, 1.5), 0.15)
    law, grid = under(closing(BAND)).law, terrain().grid
    if found.route is not None:
        assert not trespasses(law, grid, list(zip(found.route.x, found.route.y, strict=True)))


def test_a_robot_that_must_stay_somewhere_is_walled_in():
    only = Bars(only=(Area(name='yard', corners=box(0.0, 0.0, 3.0, 6.0)),))
    assert plan(under(only), (1.5, 1.5, 0.0), (2.2, 4.5), 0.15).route is not None
    found = plan(under(only), (1.5, 1.5, 0.0), (6.5, 1.5), 0.15)
    assert found.reason.endswith('the robot must not leave yard')
    back = plan(under(only), (5.5, 1.5, 0.0), (1.5, 1.5), 0.15)
    assert back.route is not None


@given(
    corner=st.tuples(st.floats(0.5, 6.0), st.floats(0.5, 4.5)),
    size=st.tuples(st.floats(0.2, 3.0), st.floats(0.2, 3.0)),
    start=st.tuples(st.floats(0.6, 7.4), st.floats(0.6, 5.4)),
    goal=st.tuples(st.floats(0.6, 7.4), st.floats(0.6, 5.4)),
)
@example(corner=(1.0, 3.953125), size=(2.5, 1.0), start=(2.0, 2.875), goal=(4.0, 4.0))
@settings(max_examples=40)
def test_no_route_enters_closed_floor(corner, size, start, goal):
    polygon = box(*corner, corner[0] + size[0], corner[1] + size[1])
    ground = under(closing(polygon))
    found = plan(ground, (*start, 0.0), goal, 0.15)
    if found.route is None:
        assert found.reason
        return
    zone = Polygon(polygon)
    away_m = [zone.distance(Point(p)) for p in zip(found.route.x, found.route.y, strict=True)]
    out = [i for i, m in enumerate(away_m) if m > AMR.radius_m + ground.grid.cell_m]
    assert all(m >= AMR.radius_m - 0.021 for m in away_m[out[0] if out else len(away_m) :])


def test_a_way_keeps_to_the_scope_of_its_order_where_it_can():
    upper = Area(name='upper', corners=box(0.0, 3.6, 8.0, 6.0))
    scope = Bars(keep=(upper,))
    route = plan(under(scope), (1.5, 3.8, 0.0), (7.0, 3.8), 0.15).route
    assert min(route.y) > 3.5
    out = plan(under(scope), (1.5, 4.0, 0.0), (7.0, 1.0), 0.15).route
    assert out is not None


def test_a_zone_that_is_no_number_closes_everything():
    odd = closing(((0.0, 0.0), (math.nan, 0.0), (1.0, 1.0)))
    law = floor_law(odd, terrain().grid, AMR.radius_m)
    assert bool((law.closed > 0).all())


def test_without_bars_nothing_is_drawn():
    law = floor_law(Bars(), terrain().grid, AMR.radius_m)
    assert law.closed is None
    assert law.speed_mps is None


def test_slow_floor_is_seen_in_time():
    slow = Bars(slow=(SlowZone(name='hall', corners=BLOCK, max_speed_mps=0.3),))
    law = floor_law(slow, terrain().grid, AMR.radius_m)
    route = plan(terrain(), (1.5, 1.5, 0.0), (6.5, 1.5), 0.15).route
    assert speed_ahead(law, terrain().grid, route, 0.0, 0.5) == math.inf
    assert speed_ahead(law, terrain().grid, route, 1.1, 0.5) == pytest.approx(0.3)
    assert speed_ahead(law, terrain().grid, route, 99.0, 0.5) == math.inf


def test_a_robot_drives_slowly_through_slow_floor_and_no_faster_than_that_anywhere_in_it():
    robot = rig(Bars(slow=(SlowZone(name='hall', corners=BLOCK, max_speed_mps=0.3),)))
    fastest = {True: 0.0, False: 0.0}
    robot.tick(robot.go_to(6.5, 1.5))
    for _ in range(250):
        robot.tick()
        here = inside(robot.pose[:2], BLOCK)
        fastest[here] = max(fastest[here], abs(robot.vx))
        if robot.outputs.nav_state == NavState.ARRIVED:
            break
    assert robot.outputs.nav_state == NavState.ARRIVED
    assert 0.2 < fastest[True] <= 0.33
    assert fastest[False] > 0.6


def test_a_law_that_comes_on_the_way_turns_the_robot_aside_and_the_record_replays():
    robot = rig()
    robot.tick(robot.go_to(6.5, 1.5))
    for _ in range(10):
        robot.tick()
    robot.tick(bars=closing(BLOCK))
    poses = []
    for _ in range(300):
        robot.tick()
        poses.append(robot.pose)
        if robot.outputs.nav_state == NavState.ARRIVED:
            break
    assert robot.outputs.nav_state == NavState.ARRIVED
    assert all(not inside(pose[:2], BLOCK) for pose in poses)
    assert 'another law of the floor' in {note.why for note in robot.plans}
    assert replayed(robot) == [out for _, out in robot.records]


def replayed(robot: Rig):
    codec, state, outs = codec_of(CORE.inputs), CORE.initial(robot.params), []
    for inputs, _ in robot.records:
        state, out = CORE.decide(state, codec.decode(codec.encode(inputs)), robot.params)
        outs.append(out)
    return outs


def test_a_robot_around_which_a_zone_is_closed_leaves_it_and_goes_on():
    robot = rig(start=(3.5, 1.5, 0.0))
    robot.tick(robot.go_to(6.5, 1.5), bars=closing(BLOCK))
    for _ in range(200):
        robot.tick()
    assert robot.outputs.nav_state == NavState.ARRIVED
    assert any(note.why.endswith('leaves by the shortest way') for note in robot.plans) or any(
        note.found for note in robot.plans
    )


def test_a_robot_in_a_closed_zone_that_has_no_errand_stands_and_says_why():
    robot = rig(closing(BLOCK), start=(3.5, 1.5, 0.0))
    for _ in range(5):
        robot.tick()
    assert robot.outputs.reason == 'the zone store is closed: it is forbidden'
    assert robot.outputs.vx_mps == 0.0


def test_a_goal_behind_the_law_is_told_as_unreachable():
    robot = rig(closing(BAND))
    robot.tick(robot.go_to(6.5, 1.5))
    for _ in range(5):
        robot.tick()
    assert robot.outputs.nav_state == NavState.UNREACHABLE
    assert 'the law leaves no way' in robot.outputs.reason
    assert distance(robot.pose, (1.5, 1.5)) < 0.05


def test_no_word_of_the_planner_opens_what_the_policy_forbids():
    robot = rig(always=closing(BAND))
    robot.tick(robot.go_to(6.5, 1.5), bars=Bars())
    for _ in range(5):
        robot.tick()
    assert robot.outputs.nav_state == NavState.UNREACHABLE


def test_a_new_law_is_drawn_once():
    robot = rig()
    robot.tick(robot.go_to(6.5, 1.5), bars=closing(BLOCK))
    first = robot.state.law
    robot.tick(bars=closing(BLOCK))
    robot.tick()
    assert robot.state.law is first


def met(bars: Bars, limit_s: float = 12.0) -> Rig:
    """A robot that stands in an aisle under a law, while another one wants to get through."""
    stands = Rig(AISLE, (4.9, 0.6, 0.0), agent_id='amr_2', bars=bars)
    comes = Rig(AISLE, (2.0, 0.6, 0.0), agent_id='amr_1')
    company = Company({'amr_1': comes, 'amr_2': stands})
    company.wishes['amr_1'] = comes.go_to(10.0, 0.6)
    company.until(lambda: distance(stands.pose, (4.9, 0.6)) > 1.0, limit_s)
    assert company.least_m > 0.0
    return stands


@pytest.mark.slow
def test_a_robot_that_must_stand_makes_way_for_nobody_and_one_that_may_move_does():
    assert distance(met(Bars()).pose, (4.9, 0.6)) > 0.5
    robot = met(Bars(stand='stopped: fire'))
    assert distance(robot.pose, (4.9, 0.6)) < 0.05
    assert robot.outputs.reason == 'stopped: fire'


@pytest.mark.slow
def test_a_robot_steps_aside_no_faster_than_tier_and_mandate_allow():
    robot = met(Bars(max_speed_mps=0.2), 20.0)
    assert distance(robot.pose, (4.9, 0.6)) > 0.5
    assert 0.1 < max(abs(speed) for speed in robot.speeds) < 0.25


def test_a_robot_that_must_stand_comes_to_a_stand_from_full_drive_and_goes_on_later():
    robot = rig()
    robot.tick(robot.go_to(6.5, 1.5))
    for _ in range(20):
        robot.tick()
    before = robot.outputs.vx_mps
    robot.tick(bars=Bars(stand='stopped: fire'))
    assert robot.outputs.nav_state == NavState.BLOCKED
    assert 0.0 < robot.outputs.vx_mps == pytest.approx(before - 0.12)
    for _ in range(10):
        robot.tick()
    assert robot.outputs.vx_mps == 0.0
    robot.tick(bars=Bars())
    for _ in range(20):
        robot.tick()
    assert robot.outputs.vx_mps > 0.1


@pytest.mark.slow
def test_a_refuge_behind_a_zone_that_closes_on_the_way_is_given_up():
    robot = met(Bars(max_speed_mps=0.3), 3.0)
    assert robot.state.retreat.route is not None
    robot.tick(bars=Bars(walls=closing(box(5.4, 0.9, 6.0, 3.0)).walls, max_speed_mps=0.3))
    assert robot.state.retreat.status != 'found'
