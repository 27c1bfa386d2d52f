# SPDX-License-Identifier: Apache-2.0
"""Which of several proposals is taken: the checker first, then the least expected delay. Pure.

The delay is a small decision analysis: three causes can lie behind a blocked way, their odds
depend on whether peers are near, and each skill clears each cause with its own odds. The odds are
judgements, written down here so that they can be argued with; the bench scores them against
scenarios that were written without them.
"""

import math
from collections.abc import Mapping

from swarm_agent.planner.core.cards import SkillCard
from swarm_agent.planner.core.question import ASIDES, unusable
from swarm_agent.planner.core.types import Candidate, Choice, Option, Question
from swarm_vault.replacing import replace

STUCK_S = 45.0
"""What it costs when the way stays closed: a blocked goal is given up after this [s]."""
PERSIST_S = 6.0
"""What it costs to push on against a closed way before something else is tried [s]."""
SETTLE_S = 4.0
"""Time in which a wait or a yield shows most of its effect [s]."""

_ODDS: Mapping[bool, Mapping[str, float]] = {
    True: {'peer': 0.7, 'object': 0.2, 'doubt': 0.1},
    False: {'peer': 0.05, 'object': 0.65, 'doubt': 0.3},
}
"""With and without peers near: who or what is in the way, or only a doubt of the map."""
_CLEARS: Mapping[str, Mapping[str, float]] = {
    'order': {'peer': 0.3, 'object': 0.1, 'doubt': 0.2},
    'wait': {'peer': 0.6, 'object': 0.15, 'doubt': 0.2},
    'yield': {'peer': 0.85, 'object': 0.1, 'doubt': 0.15},
    'explore': {'peer': 0.4, 'object': 0.7, 'doubt': 0.9},
}


def expected_s(candidate: Candidate, question: Question) -> float:
    """Delay of the order that a candidate leads to [s]."""
    aside = candidate.skill in ASIDES and candidate.skill != question.order
    seconds = dict(candidate.parameters).get('seconds', 0.0)
    if question.occasion != 'blocked':
        return seconds if aside else 0.0
    kind = candidate.skill if aside else 'order'
    clears = sum(odds * _CLEARS[kind][cause] for cause, odds in _ODDS[question.peers > 0].items())
    if not aside:
        return PERSIST_S + (1.0 - clears) * STUCK_S
    shown = 1.0 if kind == 'explore' else 1.0 - math.exp(-seconds / SETTLE_S)
    spent_s = max(seconds, question_cost_s(question, kind)) if kind == 'explore' else seconds
    return spent_s + (1.0 - clears * shown) * STUCK_S


def question_cost_s(question: Question, skill: str) -> float:
    """Typical time of an option [s]."""
    return next((option.cost_s for option in question.options if option.skill == skill), 0.0)


def best_of(option: Option, question: Question) -> Candidate:
    """The option with the number that costs least."""
    if not option.parameters:
        return Candidate(skill=option.skill)
    name, low, high = option.parameters[0]
    rest = tuple((other, least) for other, least, _ in option.parameters[1:])
    candidates = [
        Candidate(skill=option.skill, parameters=((name, value), *rest))
        for value in round_values(low, high)
    ]
    return min(candidates, key=lambda one: expected_s(one, question))


def round_values(low: float, high: float, most: int = 8) -> list[float]:
    """Round values from low to high, at most a handful."""
    first, last = math.ceil(low), math.floor(high)
    if first > last:
        return [low]
    step = max(1, math.ceil((last - first + 1) / most))
    return [float(value) for value in range(first, last + 1, step)]


def reference(question: Question) -> Candidate:
    """What the deterministic weighing would do: the option of the least expected delay."""
    found = [best_of(option, question) for option in question.options]
    return min(found, key=lambda candidate: expected_s(candidate, question))


def settle(
    choice: Choice, question: Question | None, cards: tuple[SkillCard, ...]
) -> tuple[Choice, str, tuple[str, ...]]:
    """Take the cheapest usable candidate of an answer.

    Returns:
        The choice with the winner in front, why nothing of it may be used (empty when it may), and
        a line for each loser.
    """
    found = [Candidate(skill=choice.skill, parameters=choice.parameters), *choice.others]
    faults = [unusable(_as_choice(one, choice), question, cards) for one in found]
    usable = [index for index, fault in enumerate(faults) if not fault]
    if question is None or not usable:
        return choice, faults[0], ()
    best = min(usable, key=lambda index: (expected_s(found[index], question), index))
    losers = tuple(
        f'{_in_words(one)}: {faults[index] or f"{expected_s(one, question):.1f} s"}'
        for index, one in enumerate(found)
        if index != best
    )
    return _as_choice(found[best], choice), '', losers


def _as_choice(candidate: Candidate, choice: Choice) -> Choice:
    return replace(choice, skill=candidate.skill, parameters=candidate.parameters, others=())


def _in_words(candidate: Candidate) -> str:
    numbers = ', '.join(f'{name} {value:g}' for name, value in candidate.parameters)
    scored = f' ({candidate.score:.2f})' if candidate.score else ''
    return f'{candidate.skill}{" " + numbers if numbers else ""}{scored}'
