# SPDX-License-Identifier: Apache-2.0
"""A survey is planned over the floor that the law leaves, and says what it leaves out and why."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planner_world import POLICY, World, order, region_of, room, surveyor, token

from swarm_agent.planner.core import CORE
from swarm_agent.planner.core.ground import Ground, make_ground
from swarm_agent.planner.core.lawful import under_law
from swarm_agent.planner.core.orders import Task
from swarm_agent.planner.core.types import IntentKind, Note
from swarm_agent.situation.core.floor_law import floor_law
from swarm_agent.situation.core.grid import cell_at, make_grid
from swarm_config.maps import pack_map
from swarm_vault.laws.core.bars import Bar, Bars
from swarm_vault.laws.core.values import Area, Zone, ZoneKind

Corners = tuple[tuple[float, float], ...]
RADIUS_M = 0.28
GRID = room()
GROUND = make_ground(pack_map(GRID), radius_m=RADIUS_M, home=(0.0, -1.0), survey_cell_m=0.25)
PLAN_GRID = make_grid(GRID, 0.2)
EAST = ((3.4, -2.0), (7.0, -2.0), (7.0, 4.0), (3.4, 4.0))
"""Half the room, with the door in it."""
CORNER = ((5.9, 2.9), (7.0, 2.9), (7.0, 4.0), (5.9, 4.0))


def box(x: float, y: float, wide: float, high: float) -> Corners:
    return ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))


def wall(corners: Corners) -> Bar:
    return Bar(name='hall', why='it is forbidden', corners=corners)


boxes = st.builds(
    box, st.floats(-1.5, 6.5), st.floats(-2.5, 3.5), st.floats(0.02, 4.0), st.floats(0.02, 4.0)
)


def survey(kind: ZoneKind, corners: Corners) -> World:
    zones = (Zone(name='hall', kind=kind, corners=corners),)
    robot = surveyor(survey_range_m=2.0, policy=replace(POLICY, zones=zones))
    region = region_of(robot.ground.survey_floor, robot.ground.survey_cell_m)
    robot.decide(orders=(order(Task.SURVEY, region=region, range_m=2.0),))
    return robot


def finish(robot: World) -> World:
    robot.run(200.0, until=lambda _: any(s in {'completed', 'failed'} for s in robot.statuses()))
    return robot


def left_out(robot: World) -> list[Note]:
    return [n for o in robot.outputs() for n in o.notes if n.type == 'survey.left_out']


def goals(robot: World) -> list[tuple[float, float]]:
    return [i.goal[:2] for i in robot.intents() if i.kind is IntentKind.GO_TO]


def from_box(point: tuple[float, float], corners: Corners) -> float:
    (x1, y1), (x2, y2) = corners[0], corners[2]
    return math.hypot(
        max(x1 - point[0], 0.0, point[0] - x2), max(y1 - point[1], 0.0, point[1] - y2)
    )


def test_no_stop_lies_on_closed_floor_and_the_rest_is_seen() -> None:
    robot = finish(survey(ZoneKind.FORBIDDEN, CORNER))
    assert robot.statuses() == ['accepted', 'completed']
    assert goals(robot)
    assert min(from_box(goal, CORNER) for goal in goals(robot)) > RADIUS_M


def test_what_is_left_out_is_told_with_its_share_and_the_law_before_the_robot_drives() -> None:
    robot = survey(ZoneKind.FORBIDDEN, EAST)
    (note,) = left_out(robot)
    share = float(note.why.split()[0])
    assert 10.0 < share < 60.0
    assert note.order_id == 'o1'
    assert note.why.endswith('robot stand: the zone hall is closed: it is forbidden')
    finish(robot)
    assert robot.statuses() == ['accepted', 'completed']
    assert ' % of what the law leaves of the region seen; ' in robot.reasons('o1')[-1]
    assert robot.reasons('o1')[-1].endswith(note.why.partition(' % ')[2])
    assert min(from_box(goal, EAST) for goal in goals(robot)) > RADIUS_M
    west = [x < 2.0 for x, _ in robot.ground.survey_points(robot.ground.survey_floor)]
    assert robot.seen[np.flatnonzero(robot.ground.survey_floor)][west].mean() > 0.95
    assert left_out(robot) == [note]


def test_a_token_that_opens_a_zone_on_the_way_lets_the_survey_be_planned_anew() -> None:
    robot = survey(ZoneKind.SHARED, EAST)
    robot.run(3.0)
    assert 'it needs tier 3, the robot has tier 2' in left_out(robot)[0].why
    robot.decide(token=token(3, issued_s=1.0))
    finish(robot)
    assert robot.statuses() == ['accepted', 'completed']
    assert 'left out' not in robot.reasons('o1')[-1]
    assert len(left_out(robot)) == 1


def test_a_region_that_no_lawful_place_shows_fails_at_once_and_says_why() -> None:
    robot = survey(ZoneKind.FORBIDDEN, box(-1.0, -2.0, 8.0, 6.0))
    assert robot.statuses() == ['accepted', 'failed']
    assert left_out(robot)
    text = '0.0 % of what the law leaves of the region seen, no way to the rest; '
    assert robot.reasons('o1')[-1].startswith(text)
    assert not goals(robot)


def test_lawful_floor_that_something_hides_still_counts_as_not_seen() -> None:
    robot = survey(ZoneKind.FORBIDDEN, EAST)
    robot.blind = np.ones_like(robot.seen)
    finish(robot)
    assert robot.statuses() == ['accepted', 'failed']
    assert 'what the law leaves of the region seen, no way to the rest' in robot.reasons('o1')[-1]


def test_a_survey_under_a_law_is_decided_again_by_a_replay() -> None:
    robot = survey(ZoneKind.SHARED, EAST)
    robot.run(3.0)
    robot.decide(token=token(3, issued_s=1.0))
    robot.run(3.0)
    state = CORE.initial(robot.params)
    for inputs, outputs in robot.record:
        state, again = CORE.decide(state, inputs, robot.params)
        assert again == outputs


def test_where_nothing_is_closed_the_ground_is_the_same() -> None:
    assert under_law(GROUND, Bars()).ground is GROUND


def test_only_the_closed_floor_counts_not_its_reason() -> None:
    law = under_law(GROUND, Bars(walls=(wall(CORNER),)))
    assert law.holds_for(Bars(walls=(replace(wall(CORNER), why='3 people are in it'),)))
    assert not law.holds_for(Bars(walls=(wall(EAST),)))
    assert not law.holds_for(Bars())


def road_points(ground: Ground) -> np.ndarray:
    """Places along all roads, shape (roads, shares, 2)."""
    a, b = ground.roads.tocoo().coords
    shares = np.linspace(0.0, 1.0, 15)[None, :, None]
    return ground.nodes[a][:, None, :] * (1.0 - shares) + ground.nodes[b][:, None, :] * shares


@settings(max_examples=20, deadline=None)
@given(boxes)
def test_no_road_that_is_left_brings_the_body_onto_closed_floor(corners: Corners) -> None:
    points = road_points(under_law(GROUND, Bars(walls=(wall(corners),))).ground)
    (x1, y1), (x2, y2) = corners[0], corners[2]
    dx = np.maximum(np.maximum(x1 - points[..., 0], points[..., 0] - x2), 0.0)
    dy = np.maximum(np.maximum(y1 - points[..., 1], points[..., 1] - y2), 0.0)
    assert points.size == 0 or float(np.hypot(dx, dy).min()) > RADIUS_M


@settings(max_examples=20, deadline=None)
@given(boxes, st.sampled_from(['wall', 'yard']))
def test_a_node_that_is_open_here_is_open_to_the_path_planner(corners: Corners, kind: str) -> None:
    area = Area(name='yard', corners=corners)
    bars = Bars(only=(area,)) if kind == 'yard' else Bars(walls=(wall(corners),))
    ground = under_law(GROUND, bars).ground
    closed = floor_law(bars, PLAN_GRID, RADIUS_M).closed
    assert ground.shut is not None
    free = ground.nodes[~ground.shut]
    assert closed is None or not any(closed[cell_at(PLAN_GRID, x, y)] for x, y in free)


@pytest.mark.parametrize('odd', [math.nan, math.inf])
def test_corners_that_are_no_numbers_close_everything(odd: float) -> None:
    corners = ((odd, 0.0), (1.0, 0.0), (1.0, 1.0))
    for bars in (Bars(walls=(wall(corners),)), Bars(only=(Area(name='y', corners=corners),))):
        shut = under_law(GROUND, bars).ground.shut
        assert shut is not None
        assert shut.all()


def test_a_robot_on_closed_floor_starts_from_the_nearest_open_place() -> None:
    ground = under_law(GROUND, Bars(walls=(wall(EAST),))).ground
    node = ground.node_at((5.0, 0.0))
    assert node is not None
    assert ground.shut is not None
    assert not ground.shut[node]
