# SPDX-License-Identifier: Apache-2.0
"""Prompts, grammars and answers of the language model, without the model."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planner_world import CARDS

from swarm_agent.planner.core.cards import Precondition
from swarm_agent.planner.core.question import options_now, unusable
from swarm_agent.planner.core.types import Question
from swarm_agent.planner.slm_text import grammar_of, prompt_of, read_answer

FACTS = dict.fromkeys(Precondition, True)


def question(state: str = '') -> Question:
    return Question(
        question_id=7,
        occasion='start',
        order='patrol',
        state=state,
        options=options_now(CARDS, 'patrol', FACTS, 2),
    )


def sentences(grammar: str) -> list[str]:
    """All texts of a grammar that has literals, choices in brackets and nothing else."""
    found = []
    for alternative in re.split(
        r' \| (?=(?:[^()]*\([^()]*\))*[^()]*$)', grammar[len('root ::= ') :]
    ):
        texts = ['']
        for part in re.findall(r'\([^()]*\)|"(?:[^"\\]|\\.)*"', alternative):
            literals = re.findall(r'"(?:[^"\\]|\\.)*"', part)
            texts = [text + json.loads(word) for text in texts for word in literals]
        found += texts
    return found


def test_every_sentence_of_the_grammar_may_be_used() -> None:
    asked = question()
    said = sentences(grammar_of(asked))
    assert len(said) > 10
    for text in said:
        choice = read_answer(text, asked)
        assert choice is not None
        assert unusable(choice, asked, CARDS) == ''
    assert {json.loads(text)['skill'] for text in said} == {'patrol', 'wait', 'yield', 'explore'}


@given(st.text())
def test_no_text_in_the_state_gets_out_of_its_quotes(state: str) -> None:
    lines = prompt_of(question(state)).splitlines()
    assert len([line for line in lines if line.startswith('State: "')]) == 1
    assert lines[-1] == 'Choice as JSON: '
    assert sum(line.startswith('- ') for line in lines) == 4


def test_a_prompt_is_short() -> None:
    assert len(prompt_of(question('x' * 5000))) < 800


@pytest.mark.parametrize(
    'text',
    [
        '',
        'wait',
        '[]',
        '{"skill": 3}',
        '{"skill": "wait", "seconds": "many"}',
        '{"skill": "wait", "seconds": true}',
        '{"skill": "wait", "seconds": NaN}',
        '{"skill": "wait", "seconds": {"a": 1}}',
        '{"skill": "wait", "seconds": 2',
        '[' * 100_000,
    ],
)
def test_an_answer_of_another_form_is_none(text: str) -> None:
    assert read_answer(text, question()) is None


@given(st.text(max_size=60))
def test_whatever_a_model_says_is_usable_none_or_refused(text: str) -> None:
    asked = question()
    choice = read_answer(text, asked)
    if choice is not None:
        assert isinstance(unusable(choice, asked, CARDS), str)
