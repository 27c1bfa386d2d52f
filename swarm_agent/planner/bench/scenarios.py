# SPDX-License-Identifier: Apache-2.0
"""Moments at which a robot must choose, each with what is really the matter. Pure.

What is in the way is hidden from who chooses; `delay_s` tells what a choice would have cost. The
outcomes know nothing of the odds in core/weighing.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from swarm_agent.planner.core.cards import Fact, SkillCard
from swarm_agent.planner.core.question import options_now
from swarm_agent.planner.core.recent import Event, Word, in_words
from swarm_agent.planner.core.types import Candidate, Question

GIVEN_UP_S = 45.0
_LOOK_S = 8.0
_YIELD_S = 3.0
"""A peer that waits for us needs so long to get by [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is really the matter, and what the situation node says of it."""

    name: str
    peers: int
    said: str
    kind: str
    """'nothing', 'passing', 'deadlock', 'object' or 'ghost'."""
    lasts_s: float = 0.0
    """Of something that passes."""


CAUSES = (
    Cause(name='free way', peers=0, said='', kind='nothing'),
    Cause(name='free way, company', peers=2, said='', kind='nothing'),
    Cause(name='peer crosses', peers=1, said='waits for amr_2', kind='passing', lasts_s=3.0),
    Cause(name='slow peer crosses', peers=1, said='waits for tb4_1', kind='passing', lasts_s=7.0),
    Cause(name='peer in our way', peers=1, said='no place to make way for amr_2', kind='deadlock'),
    Cause(name='two peers in an aisle', peers=2, said='waits for amr_1', kind='deadlock'),
    Cause(name='silent peer', peers=1, said='', kind='deadlock'),
    Cause(name='box', peers=0, said='every way is closed by what was met there', kind='object'),
    Cause(
        name='box, peer behind', peers=1, said='every way is closed by what was met', kind='object'
    ),
    Cause(name='pallet', peers=0, said='no room for the robot at (12.0, 4.5)', kind='object'),
    Cause(name='unexplained', peers=0, said='', kind='object'),
    Cause(name='map is wrong', peers=0, said='the map does not fit the scan', kind='ghost'),
    Cause(name='reflection', peers=0, said='something was there and is gone', kind='ghost'),
    Cause(name='person passes', peers=0, said='something moves', kind='passing', lasts_s=2.0),
    Cause(name='person stands', peers=0, said='something moves', kind='passing', lasts_s=9.0),
    Cause(name='forklift', peers=0, said='something large moves', kind='passing', lasts_s=5.0),
)
_ORDERS = ('go_to', 'patrol', 'survey', 'deliver', 'return_to_base')
_ROUNDS = 2
_PASTS = (
    (Word.BEGUN,),
    (Word.BEGUN, Word.BLOCKED),
    (Word.COMPLETED, Word.BEGUN, Word.HELD),
    (Word.BEGUN, Word.BLOCKED, Word.STOOD, Word.BLOCKED),
    (Word.BEGUN, Word.SURPRISED, Word.LOOKED),
    (Word.BEGUN, Word.BLOCKED, Word.MADE_WAY, Word.BLOCKED, Word.MADE_WAY, Word.BLOCKED),
    (Word.FAILED, Word.BEGUN, Word.RECALLED, Word.BEGUN),
)
"""Minutes before a question; which one is told follows a scenario's number, not its cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A question and its hidden truth."""

    cause: Cause
    question: Question


def scenarios(cards: tuple[SkillCard, ...], *, minute: bool = False) -> Iterator[Scenario]:
    """All scenarios, 160, always the same; no two have the same words.

    Args:
        cards: Skill cards.
        minute: Each question tells a minute before it.
    """
    number = 0
    for cause in CAUSES:
        for order in _ORDERS:
            for _ in range(_ROUNDS):
                number += 1
                charge = 30 + 37 * number % 66
                question = _question(cards, cause, order, charge, number)
                before = _past(number) if minute else ''
                yield Scenario(cause=cause, question=replace(question, recent=before))


def _past(number: int) -> str:
    words = _PASTS[number % len(_PASTS)]
    return in_words(tuple(Event(stamp_ns=0, word=word) for word in words), 0)


def _question(
    cards: tuple[SkillCard, ...], cause: Cause, order: str, charge: int, number: int
) -> Question:
    blocked = cause.kind != 'nothing'
    facts = dict.fromkeys(Fact, True) | {Fact.PEERS_NEAR: cause.peers > 0, Fact.BLOCKED: blocked}
    said = f', {cause.said}' if cause.said else ''
    return Question(
        question_id=number,
        occasion='blocked' if blocked else 'start',
        order=order,
        state=f'battery {charge} %, {cause.peers} peers{said}',
        options=options_now(cards, order, facts, 2),
        peers=cause.peers,
    )


def delay_s(scenario: Scenario, candidate: Candidate) -> float:
    """What a choice costs the order before it gets on [s]."""
    kind, cause = _kind(scenario, candidate), scenario.cause
    seconds = dict(candidate.parameters).get('seconds', 0.0)
    if kind == 'explore':
        seconds = max(seconds, _LOOK_S)
    if cause.kind == 'nothing':
        return seconds
    if cause.kind == 'passing':
        push = 1.5 * cause.lasts_s if kind == 'order' else cause.lasts_s
        return max(seconds, push)
    if cause.kind == 'deadlock':
        makes_way = kind == 'yield' and seconds >= _YIELD_S
        return seconds if makes_way else seconds + GIVEN_UP_S
    if kind == 'explore':
        return seconds
    return seconds + (GIVEN_UP_S if cause.kind == 'object' else GIVEN_UP_S / 2)


def best_s(scenario: Scenario) -> float:
    """The least delay that any option leads to [s]."""
    return min(delay_s(scenario, candidate) for candidate in every(scenario.question))


def every(question: Question) -> Iterator[Candidate]:
    """All options with all whole numbers in their bounds."""
    for option in question.options:
        if not option.parameters:
            yield Candidate(skill=option.skill)
        for name, low, high in option.parameters[:1]:
            for value in range(round(low), round(high) + 1):
                yield Candidate(skill=option.skill, parameters=((name, max(low, float(value))),))


def _kind(scenario: Scenario, candidate: Candidate) -> str:
    return 'order' if candidate.skill == scenario.question.order else candidate.skill
