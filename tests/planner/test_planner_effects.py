# SPDX-License-Identifier: Apache-2.0
"""A skill that says it is done is checked against its card; the robot looks before it believes."""

from dataclasses import replace

import pytest
from planner_world import CARDS, World, order, params_of, room, trusted

from swarm_agent.planner.core.cards import card_of
from swarm_agent.planner.core.effects import contradicted
from swarm_agent.planner.core.orders import Task
from swarm_agent.planner.core.types import IntentKind, Nav

GOAL = (1.5, 0.0, 0.0)
PARAMS = params_of(room())


def fault(task: Task, pose: tuple[float, float, float], progress: float = 1.0) -> str:
    card = card_of(CARDS, task.value)
    assert card is not None
    stops = (GOAL,) if task is Task.GO_TO else ()
    return contradicted(card, order(task, stops=stops), pose, progress, PARAMS)


def test_the_effects_of_the_card_are_looked_up_in_the_situation() -> None:
    assert fault(Task.GO_TO, (1.6, 0.1, 0.0)) == ''
    assert fault(Task.GO_TO, (2.6, 0.0, 0.0)) == '1.10 m from the goal, expected 0.60 m'
    assert fault(Task.RETURN_TO_BASE, PARAMS.home) == ''
    assert 'from the goal' in fault(Task.RETURN_TO_BASE, GOAL)
    assert fault(Task.SURVEY, GOAL, 0.985) == ''
    assert fault(Task.SURVEY, GOAL, 0.93) == '93 % of the region seen, expected 98 %'


def notes(robot: World) -> list[str]:
    return [
        note.type
        for outputs in robot.outputs()
        for note in outputs.notes
        if note.type.startswith(('violation.', 'exploration.'))
    ]


def arrived_elsewhere() -> World:
    """A robot whose situation node says that it has arrived, a metre from the goal."""
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(GOAL,)),))
    robot.pose, robot.nav = (GOAL[0] + 1.0, GOAL[1], 0.0), Nav.ARRIVED
    robot.decide()
    return robot


def test_an_arrival_elsewhere_is_looked_at_and_settled_when_the_pose_comes_right() -> None:
    robot = arrived_elsewhere()
    assert notes(robot) == ['violation.effect']
    assert robot.intents()[-1].kind is IntentKind.EXPLORE
    assert robot.statuses('o1') == ['accepted']
    robot.nav = Nav.ARRIVED
    robot.decide()
    robot.run(15.0)
    assert notes(robot) == ['violation.effect', 'exploration.ended']
    assert robot.statuses('o1') == ['accepted', 'completed']


def test_an_arrival_that_stays_elsewhere_ends_the_order_and_tells_a_human() -> None:
    robot = arrived_elsewhere()
    robot.stuck = lambda _: Nav.ARRIVED
    robot.run(15.0)
    assert notes(robot) == ['violation.effect', 'exploration.escalated']
    assert robot.statuses('o1') == ['accepted', 'failed']
    assert robot.reasons('o1')[-1].startswith('done, but 1.00 m from the goal')


def test_where_the_packet_forbids_to_explore_the_look_is_a_wait() -> None:
    robot = trusted()
    quiet = order(Task.GO_TO, stops=(GOAL,), forbidden=('explore',))
    robot.decide(orders=(quiet,))
    robot.pose, robot.nav = (GOAL[0] + 1.0, GOAL[1], 0.0), Nav.ARRIVED
    robot.decide()
    assert robot.intents()[-1].kind is IntentKind.HOLD
    assert robot.statuses('o1') == ['accepted']


@pytest.mark.parametrize('away_m', [0.0, 0.5])
def test_an_arrival_within_what_the_card_allows_is_believed(away_m: float) -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(GOAL,)),))
    robot.pose, robot.nav = (GOAL[0] + away_m, GOAL[1], 0.0), Nav.ARRIVED
    robot.decide()
    assert robot.statuses('o1') == ['accepted', 'completed']
    assert notes(robot) == []
    assert replace(robot.state, jobs=()) == robot.state
