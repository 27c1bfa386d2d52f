# SPDX-License-Identifier: Apache-2.0
"""What is asked of the planner port, and what its answers may change."""

import math

import pytest
from planner_world import CARDS, World, order, trusted

from swarm_agent.planner.core.cards import Precondition, card_of, out_of_bounds
from swarm_agent.planner.core.orders import Task
from swarm_agent.planner.core.question import options_now, rule_choice, unusable
from swarm_agent.planner.core.types import Choice, IntentKind, Nav, Question

B = (5.0, 3.0, 0.0)
ALL = dict.fromkeys(Precondition, True)


def asked(robot: World) -> Question:
    return [o.question for o in robot.outputs() if o.question is not None][-1]


def under_way() -> World:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(B,)),))
    return robot


def choice_of(question: Question, skill: str, **parameters: float) -> Choice:
    return Choice(
        question_id=question.question_id,
        skill=skill,
        parameters=tuple(parameters.items()),
        source='slm',
    )


def test_the_ordered_skill_comes_first_and_asides_by_their_cost() -> None:
    options = options_now(CARDS, 'patrol', ALL, 2)
    assert [option.skill for option in options] == ['patrol', 'wait', 'yield', 'explore']
    assert options[0].parameters == ()
    assert {o.skill: o.parameters for o in options}['wait'] == (('seconds', 0.5, 10.0),)


def test_what_tier_and_preconditions_do_not_allow_is_no_option() -> None:
    facts = {**ALL, Precondition.PEERS_NEAR: False}
    assert [o.skill for o in options_now(CARDS, 'go_to', facts, 2)] == ['go_to', 'wait', 'explore']
    assert [o.skill for o in options_now(CARDS, 'go_to', facts, 0)] == ['wait']


def test_the_robot_does_not_wait_for_an_answer() -> None:
    robot = under_way()
    assert asked(robot).occasion == 'start'
    assert robot.intents()[-1].kind is IntentKind.GO_TO


def test_an_aside_comes_first_for_its_time_and_then_the_order() -> None:
    robot = under_way()
    robot.decide(choice=choice_of(asked(robot), 'wait', seconds=4.0))
    assert robot.intents()[-1].kind is IntentKind.HOLD
    robot.run(3.0)
    assert robot.intents()[-1].skill == 'wait'
    robot.run(1.5)
    assert robot.intents()[-1].skill == 'go_to'
    robot.run(60.0)
    assert robot.statuses() == ['accepted', 'completed']


def test_an_exploration_aside_ends_when_it_has_looked_around() -> None:
    robot = under_way()
    robot.decide(choice=choice_of(asked(robot), 'explore', seconds=10.0))
    assert robot.intents()[-1].kind is IntentKind.EXPLORE
    robot.nav = Nav.ARRIVED
    robot.run(1.0)
    assert robot.intents()[-1].kind is IntentKind.GO_TO


def test_the_choice_of_the_rules_changes_nothing() -> None:
    robot = under_way()
    before = len(robot.intents())
    outputs = robot.decide(choice=rule_choice(asked(robot)))
    assert outputs.notes == ()
    assert len(robot.intents()) == before


@pytest.mark.parametrize(
    ('skill', 'parameters', 'why'),
    [
        ('self_destruct', {}, "'self_destruct' is not feasible now, only go_to, wait, explore"),
        ('patrol', {}, "'patrol' is not feasible now"),
        ('wait', {}, "wait needs the parameters ['seconds'], got []"),
        ('wait', {'seconds': 11.0}, 'wait.seconds is 11, expected 0.5 to 10'),
        ('wait', {'seconds': math.nan}, 'wait.seconds is nan'),
        ('wait', {'seconds': 2.0, 'speed': 9.0}, "got ['seconds', 'speed']"),
        ('go_to', {'speed': 9.0}, "go_to needs the parameters [], got ['speed']"),
        ('yield', {'seconds': 2.0}, "'yield' is not feasible now"),
    ],
)
def test_an_answer_out_of_bounds_is_refused_and_has_no_effect(
    skill: str, parameters: dict[str, float], why: str
) -> None:
    robot = under_way()
    before = len(robot.intents())
    outputs = robot.decide(choice=choice_of(asked(robot), skill, **parameters))
    assert [note.type for note in outputs.notes] == ['choice.refused', 'fault.refused']
    assert why in outputs.notes[0].why
    assert len(robot.intents()) == before


def test_an_answer_to_an_old_question_is_refused() -> None:
    robot = under_way()
    old = asked(robot)
    robot.decide(choice=choice_of(old, 'wait', seconds=1.0))
    outputs = robot.decide(choice=choice_of(old, 'wait', seconds=1.0))
    assert 'is not open any more' in outputs.notes[0].why


def test_an_answer_after_the_end_of_its_order_is_refused() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.WAIT, seconds=1.0),))
    robot.decide(orders=(order(Task.GO_TO, 'g', stops=(B,)),))
    robot.run(80.0)
    question = asked(robot)
    outputs = robot.decide(choice=choice_of(question, 'wait', seconds=1.0))
    assert [note.type for note in outputs.notes] == ['choice.refused']
    assert robot.intents()[-1].kind is IntentKind.IDLE


def test_a_blocked_leg_is_asked_about_once() -> None:
    robot = under_way()
    robot.peers = ('amr_2',)
    robot.stuck = lambda _: Nav.BLOCKED
    robot.run(20.0)
    blocked = [
        o.question
        for o in robot.outputs()
        if o.question is not None and o.question.occasion == 'blocked'
    ]
    assert len(blocked) == 1
    assert [option.skill for option in blocked[0].options] == ['go_to', 'wait', 'yield', 'explore']
    assert 'a pallet stands there' in blocked[0].state


def test_no_answer_keeps_the_robot_from_finishing() -> None:
    """Whatever is chosen each time, asides are bounded and the order is done in the end."""
    robot = under_way()
    for _ in range(200):
        question = robot.last().question
        choice = None if question is None else choice_of(question, 'explore', seconds=10.0)
        robot.run(0.5)
        if choice is not None:
            robot.decide(choice=choice)
    assert robot.statuses() == ['accepted', 'completed']


def test_a_question_that_was_never_put_has_no_answer() -> None:
    robot = trusted()
    fault = unusable(Choice(question_id=1, skill='wait', parameters=(), source='slm'), None, CARDS)
    assert fault == 'question 1 is not open any more'
    assert robot.last().question is None


def test_a_parameter_that_a_card_does_not_know_is_out_of_bounds() -> None:
    card = card_of(CARDS, 'wait')
    assert card is not None
    assert out_of_bounds(card, (('speed', 1.0),)) == "wait has no parameter 'speed'"
    assert out_of_bounds(card, (('seconds', 1.0),)) == ''
