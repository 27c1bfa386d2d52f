# SPDX-License-Identifier: Apache-2.0
"""The last minute as the planner remembers it, tells it to a model and writes it down."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planner_world import CARDS, SECOND, World, order, trusted

from swarm_agent.planner.core import CORE
from swarm_agent.planner.core.orders import Recall, Task
from swarm_agent.planner.core.recent import CALLED, MOST, Event, Word, fresh, grown, in_words
from swarm_agent.planner.core.types import Choice, Nav, Question
from swarm_agent.planner.slm_text import MOST_RECENT, MOST_STATE, prompt_of, rank_prompt
from swarm_vault.codec import codec_of

B = (5.0, 3.0, 0.0)


def events_of(*moments: tuple[float, Word]) -> tuple[Event, ...]:
    return tuple(Event(stamp_ns=round(at_s * SECOND), word=word) for at_s, word in moments)


def remembered(robot: World) -> list[Word]:
    return [event.word for event in robot.state.recent]


def questions(robot: World) -> list[Question]:
    return [o.question for o in robot.outputs() if o.question is not None]


def answer(robot: World, skill: str) -> Choice:
    question = questions(robot)[-1]
    return Choice(
        question_id=question.question_id,
        skill=skill,
        parameters=(('seconds', 2.0),),
        source='slm',
    )


def under_way() -> World:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(B,)),))
    return robot


moments = st.lists(st.tuples(st.integers(0, 10**12), st.sampled_from(Word)), max_size=40)


@given(moments)
def test_the_buffer_never_holds_more_than_its_most_nor_what_is_older_than_a_minute(
    said: list[tuple[int, Word]],
) -> None:
    events: tuple[Event, ...] = ()
    for now_ns, word in sorted(said):
        events = grown(events, word, now_ns)
        assert len(events) <= MOST
        assert events[-1] == Event(stamp_ns=now_ns, word=word)
        assert all(now_ns - event.stamp_ns <= 60 * SECOND for event in events)
        assert list(events) == sorted(events, key=lambda event: event.stamp_ns)
        assert len(in_words(events, now_ns)) <= MOST_RECENT


def test_the_minute_is_told_in_few_words_in_the_order_of_its_events() -> None:
    events = events_of((0, Word.BEGUN), (70, Word.BLOCKED), (75, Word.STOOD), (80, Word.BLOCKED))
    assert in_words(events, 90 * SECOND) == 'blocked x2, stood'
    assert in_words(events, 60 * SECOND) == 'began, blocked x2, stood'
    assert in_words(events, 200 * SECOND) == ''
    assert fresh((), 0) == ()


def test_no_word_is_the_name_of_a_skill() -> None:
    assert not {word.value for word in Word} & {card.name for card in CARDS}


def test_a_question_tells_the_minute_before_it_and_so_does_the_log() -> None:
    robot = under_way()
    robot.stuck = lambda _: Nav.BLOCKED
    robot.decide(choice=answer(robot, 'wait'))
    robot.run(12.0)
    first, blocked = questions(robot)
    assert (first.recent, blocked.recent) == ('', 'began, stood')
    asked = [n for o in robot.outputs() for n in o.notes if n.type == 'choice.asked']
    assert [note.order_id for note in asked] == ['o1', 'o1']
    assert asked[0].why == 'start: battery 90 %, 0 peers'
    assert asked[1].why.endswith('a pallet stands there; the minute before: began, stood')
    assert remembered(robot) == [Word.BEGUN, Word.STOOD, Word.BLOCKED]


def test_ends_of_orders_and_holds_are_remembered() -> None:
    robot = under_way()
    robot.e_stop = True
    robot.decide()
    robot.e_stop = False
    robot.decide()
    robot.decide(recalls=(Recall(order_id='o1', reason='no'),))
    assert remembered(robot) == [Word.BEGUN, Word.HELD, Word.RECALLED]


def test_a_violation_is_remembered_once_and_a_count_that_begins_anew_is_none() -> None:
    robot = under_way()
    robot.decide()
    state = robot.state
    for count, words in ((0, 0), (1, 1), (1, 1), (3, 2), (0, 2)):
        seen = replace(robot.situation(), violations=count)
        inputs = replace(robot.record[-1][0], situation=seen)
        state, _ = CORE.decide(state, inputs, robot.params)
        assert [event.word for event in state.recent].count(Word.SURPRISED) == words


def test_the_minute_is_decided_again_by_a_replay() -> None:
    robot = under_way()
    robot.stuck = lambda _: Nav.BLOCKED
    robot.decide(choice=answer(robot, 'explore'))
    robot.run(12.0)
    state = CORE.initial(robot.params)
    inputs, outputs = codec_of(CORE.inputs), codec_of(CORE.outputs)
    for given_inputs, told in robot.record:
        state, again = CORE.decide(state, inputs.decode(inputs.encode(given_inputs)), robot.params)
        assert outputs.encode(again) == outputs.encode(told)
    assert state.recent == robot.state.recent != ()


@given(st.text(max_size=400), st.text(max_size=100))
def test_minute_and_state_together_are_bounded_and_stay_in_their_quotes(
    state: str, recent: str
) -> None:
    beginning = rank_prompt('blocked', '').removesuffix('"":')
    prompt = rank_prompt('blocked', state, recent)
    assert prompt.startswith(beginning)
    said = json.loads(prompt.removeprefix(beginning).removesuffix(':'))
    assert len(said) <= MOST_STATE


@pytest.mark.parametrize('state', ['', 'battery 90 %', 'x' * 1000])
def test_the_minute_takes_its_place_within_the_bound_of_the_state(state: str) -> None:
    recent = in_words(tuple(Event(stamp_ns=0, word=word) for word in list(Word)[:MOST]), 0)
    prompt = rank_prompt('blocked', state, recent)
    assert len(prompt) <= len(rank_prompt('blocked', 'x' * MOST_STATE))
    assert f'blocked "{recent}; {state[:40]}' in prompt
    asked = replace(questions(under_way())[0], state=state, recent=recent)
    assert f'State: "{recent}; {state[:40]}' in prompt_of(asked)


def test_every_aside_has_a_word() -> None:
    assert set(CALLED) == {'wait', 'yield', 'explore'}
