# SPDX-License-Identifier: Apache-2.0
"""Ordinary sentences of operators: planned as meant, or asked about, never half understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_supervisor.core.language.faculties import Faculty
from swarm_supervisor.core.language.orders import Act, read_orders
from swarm_supervisor.core.language.politeness import without_politeness
from swarm_supervisor.core.language.precedence import visiting_order
from swarm_supervisor.exams.floor import fleet_at
from swarm_supervisor.exams.planned import Deeds, deeds
from swarm_supervisor.strategist import PatrolTask, Plan, Question, Refusal
from swarm_supervisor.strategist_grammar import read_order

FLEET = fleet_at(points=('dock', 'gate', 'charger'), sectors=('west', 'racks'))


def _visit(*stops: str, loops: int = 1) -> Deeds:
    return (('visit', stops, loops),)


@pytest.mark.parametrize(
    ('text', 'meant'),
    [
        ('Could you please go to the dock?', _visit('dock')),
        ('I want you to visit the gate and the dock', _visit('gate', 'dock')),
        ('someone should visit the gate, thanks', _visit('gate')),
        ('the dock and the gate must be visited', _visit('dock', 'gate')),
        ('make sure you go to the dock', _visit('dock')),
        ('send somebody to the dock', _visit('dock')),
        ('please check the dock, then the gate', _visit('dock', 'gate')),
        ('go to the gate, but only after the dock', _visit('dock', 'gate')),
        ('visit the gate, but before visiting the gate you must visit the dock',
         _visit('dock', 'gate')),
        ('do not go to the gate until the dock is visited, nor to the dock until the charger',
         ()),
        ('avoid the gate until the dock, and avoid the dock until the charger',
         _visit('charger', 'dock', 'gate')),
        ('go to the dock once without visiting the gate, then go to the gate',
         _visit('dock', 'gate')),
        ('go to the dock and repeat this at least two more times', _visit('dock', loops=3)),
        ('visit all three places: the gate, the dock and the charger, at least once',
         _visit('gate', 'dock', 'charger')),
        ('first go to the gate without visiting any other place, then to the dock',
         _visit('gate', 'dock')),
        ('have a look at the racks', (('survey', ('racks',), 1),)),
        ('search the racks for a red box', (('survey', ('racks',), 1),)),
        ('could you survey the west sector', (('survey', ('west',), 1),)),
        ('bring the box to the gate from the dock', (('deliver', ('dock', 'gate'), 1),)),
        ('move the pallet from the dock to the gate', (('deliver', ('dock', 'gate'), 1),)),
        ('drive to the dock, pick up the box and bring it to the gate',
         (('deliver', ('dock', 'gate'), 1),)),
    ],
)  # fmt: skip
def test_what_operators_say_is_planned_as_they_mean_it(text: str, meant: Deeds) -> None:
    assert deeds(read_order(text, FLEET)) == meant


@pytest.mark.parametrize(
    'text',
    [
        'keep out of the dock',
        'stay clear of the gate',
        'keep off the racks',
        'go to the dock if the gate is open',
        'go to the dock when it rains',
        'go to the dock every morning',
        'visit the dock at 5 pm',
        'go to the dock and dance',
        'wait at the dock for 30 s',
        'go anywhere but the dock',
        'go to the dock instead of the gate',
        'go to the dock and then come home',
        'all robots must visit the dock',
        'go to the dock, then the gate without passing the charger',
        'visit the dock then the gate but avoid the charger',
        'bring the box from the dock to the gate if it rains',
        'bring the box from the dock to Ada at the gate',
        'take the cup from the dock, and get the tray from the gate',
        'find the box in the racks, and find the tray at the dock',
        'visit the dock with amr_7',
        'stop visiting the dock',
        'go to the dock, then to the gate, but not before the charger',
        'take Ada to the dock, you may find her at the gate',
        'transport boxes between the dock and the gate',
    ],
)
def test_what_is_half_understood_is_asked_about_or_refused(text: str) -> None:
    assert deeds(read_order(text, FLEET)) == ()


@pytest.mark.parametrize('text', ['amr_1, go to the dock', 'go to the dock with amr 1'])
def test_an_order_may_name_its_robot_before_or_behind(text: str) -> None:
    plan = read_order(text, FLEET)
    assert isinstance(plan, Plan)
    (task,) = plan.tasks
    assert isinstance(task, PatrolTask)
    assert task.robot == 'amr_1'
    assert plan.assumptions == ()


def test_what_one_robot_alone_is_not_asked_for_becomes_a_question() -> None:
    assert isinstance(read_order('amr_1, survey the racks', FLEET), Question)


@pytest.mark.parametrize('words', ['are to ', 'the dock and ', 'after the dock ', 'you must '])
def test_an_order_that_says_the_same_again_and_again_is_answered(words: str) -> None:
    assert deeds(read_order((words * 100)[:490] + 'xyz', FLEET)) == ()


def test_the_word_that_is_not_understood_is_named() -> None:
    answer = read_order('drive slowly to the dock', FLEET)
    assert isinstance(answer, Question)
    assert "'slowly'" in answer.text


@pytest.mark.parametrize(
    ('text', 'missing'),
    [
        ('grab the cube', {Faculty.HANDLE}),
        ('get the camera image', {Faculty.SEE}),
        ('tell everybody hello', {Faculty.SPEAK}),
        ("call service '/get_log_digest'", {Faculty.SYSTEM}),
        ("call service '/arm/move' to lift the box", {Faculty.HANDLE}),
        ('lift the box. you can list the services.', {Faculty.HANDLE}),
        ('the weather is fine', set()),
    ],
)
def test_a_refusal_names_what_no_card_holds(text: str, missing: set[Faculty]) -> None:
    answer = read_order(text, FLEET)
    assert isinstance(answer, Refusal)
    assert {faculty for faculty in Faculty if faculty.value in answer.reason} == missing


def test_counting_and_doors_are_refused_by_name() -> None:
    for text in ('count the boxes at the dock', 'open the gate'):
        answer = read_order(text, FLEET)
        assert isinstance(answer, Refusal)
        assert 'law "skills"' in answer.reason


@pytest.mark.parametrize(
    ('text', 'order'),
    [
        ('go to @0@ after @1@', (1, 0)),
        ('after visiting @0@, go to @1@', (0, 1)),
        ('visit @0@ before @1@, and @2@', (0, 1, 2)),
        ('avoid @0@ until @1@ is visited', (1, 0)),
        ('@0@ and @1@, one after the other', (0, 1)),
        ('go to @0@ after @1@ and to @1@ after @0@', None),
        ('go to @0@ until @1@', None),
        ('go to @0@ when @1@ is free', None),
        ('go to @0@ but not to @1@', None),
    ],
)
def test_an_order_of_places_is_read_or_left_open(text: str, order: tuple[int, ...] | None) -> None:
    assert visiting_order(text, text.count('@') // 2 if order is None else len(order)) == order


@given(st.text(alphabet='@012 ,.abefnorstu', max_size=80), st.integers(0, 4))
def test_any_words_leave_a_whole_order_or_none(text: str, count: int) -> None:
    order = visiting_order(text, count)
    assert order is None or sorted(order) == list(range(count))


@given(st.text(max_size=80))
def test_politeness_is_taken_off_only_at_the_ends(text: str) -> None:
    words = ' '.join(text.split()).lower()
    assert without_politeness(words) in words


def test_verbs_of_one_sense_are_told_from_those_of_another() -> None:
    first, second = read_orders('leave it on the desk, and leave the hall', {})
    assert (first.act, second.act) == (Act.PLACE, Act.GO)
    assert read_orders('take the tallest man to the exit', {})[0].act is Act.GUIDE
    assert read_orders('accompany the child', {})[0].act is Act.FOLLOW
