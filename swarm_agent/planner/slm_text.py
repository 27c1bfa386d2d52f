# SPDX-License-Identifier: Apache-2.0
"""Prompts, grammars and answers of the local language model, without the model.

What a robot or a peer wrote stands in a prompt as quoted data only.
"""

import json
import math
from collections.abc import Mapping

from swarm_agent.planner.core.types import Candidate, Choice, Option, Question
from swarm_agent.planner.core.weighing import best_of, round_values
from swarm_agent.planner.ports import fallback

CANDIDATES = 3
"""So many proposals of the model go to checker and cost, the rules' own among them."""
GO_ON = 'continue'
WORDS = (GO_ON, 'wait', 'yield', 'explore')
"""What the model can say: get on with the order, or one of the asides."""
MOST_STATE = 200
"""Longest account of the moment, the last minute included [characters]."""
MOST_RECENT = 80
"""Longest account of the last minute [characters]."""
_EXAMPLES = (
    'Rules for a robot in a warehouse.\n'
    'start "battery 80 %, 0 peers": continue\n'
    'blocked "battery 70 %, 1 peers, waits for amr_2": yield\n'
    'blocked "battery 60 %, 0 peers, every way is closed by what was met": explore\n'
    'blocked "battery 50 %, 0 peers, something moves away": wait\n'
    'blocked "battery 40 %, 2 peers": yield\n'
    'blocked "battery 90 %, 0 peers, the map is wrong here": explore\n'
)


def ranked(question: Question, scores: Mapping[str, float]) -> Choice:
    """The model's best candidates as an answer; what the rules do is always among them.

    Args:
        question: What was asked.
        scores: For each word what the model gives it.
    """
    scored = {option.skill: scores[_word(option, question)] for option in question.options}
    if not all(math.isfinite(score) for score in scored.values()):
        return fallback(question, 'the model gave odds that are no numbers')
    order = sorted(question.options, key=lambda option: -scored[option.skill])
    kept = order[:CANDIDATES]
    rule = question.options[0]
    if rule not in kept:
        kept[-1] = rule
    first, *others = (
        Candidate(
            skill=option.skill,
            parameters=best_of(option, question).parameters,
            score=round(scored[option.skill], 4),
        )
        for option in kept
    )
    return Choice(
        question_id=question.question_id,
        skill=first.skill,
        parameters=first.parameters,
        source='slm',
        others=tuple(others),
    )


def _word(option: Option, question: Question) -> str:
    aside = option.skill in WORDS and option.skill != question.order
    return option.skill if aside else GO_ON


def rank_prompt(occasion: str, state: str, recent: str = '') -> str:
    """Examples that never change, then the moment; what others wrote is quoted data."""
    return f'{_EXAMPLES}{occasion} {json.dumps(_moment(state, recent))}:'


def _moment(state: str, recent: str) -> str:
    """The last minute before the state: what stands last speaks loudest. The sum is bounded."""
    before = f'{recent[:MOST_RECENT]}; ' if recent else ''
    return before + state[: MOST_STATE - len(before)]


def prompt_of(question: Question) -> str:
    """A short prompt; what others wrote stands in it as quoted data only."""
    options = '\n'.join(f'- {_in_words(option)}' for option in question.options)
    return (
        'A mobile robot must choose one skill. It prefers to get on with its order.\n'
        f'Order: {question.order}. Occasion: {question.occasion}.\n'
        f'State: {json.dumps(_moment(question.state, question.recent))}.\n'
        f'Options:\n{options}\n'
        'Choice as JSON: '
    )


def _in_words(option: Option) -> str:
    bounds = ', '.join(f'{name} {low:g} to {high:g}' for name, low, high in option.parameters)
    return f'{option.skill} (about {option.cost_s:g} s{", " + bounds if bounds else ""})'


def grammar_of(question: Question) -> str:
    """GBNF for exactly the feasible answers of this moment."""
    return 'root ::= ' + ' | '.join(_rule(option) for option in question.options)


def _rule(option: Option) -> str:
    parts = [_literal(f'{{"skill": "{option.skill}"')]
    for name, low, high in option.parameters:
        values = ' | '.join(_literal(f'{value:g}') for value in round_values(low, high))
        parts += [_literal(f', "{name}": '), f'({values})']
    return ' '.join([*parts, _literal('}')])


def _literal(text: str) -> str:
    """A GBNF string; JSON's escapes are GBNF's too."""
    return json.dumps(text)


def read_answer(text: str, question: Question) -> Choice | None:
    """Parse an answer; None where it is not one flat JSON object with a skill and numbers."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get('skill'), str):
        return None
    rest = {name: value for name, value in said.items() if name != 'skill'}
    numbers = all(
        isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        for value in rest.values()
    )
    if not numbers:
        return None
    return Choice(
        question_id=question.question_id,
        skill=said['skill'],
        parameters=tuple((name, float(value)) for name, value in rest.items()),
        source='slm',
    )
