# SPDX-License-Identifier: Apache-2.0
"""What could be done now, and whether an answer may be used.

The first option is what the rules do at once; an answer that comes later may replace it by an
aside of bounded length. So an order always gets on, whatever a model says.
"""

from collections.abc import Mapping

from swarm_agent.planner.core.cards import Precondition, SkillCard, card_of, out_of_bounds
from swarm_agent.planner.core.types import Choice, Option, Question

ASIDES = ('wait', 'yield', 'explore')
"""Skills that may be put in before the order goes on, the cheapest first where costs are equal."""

Facts = Mapping[Precondition, bool]


def options_now(
    cards: tuple[SkillCard, ...], ordered: str, facts: Facts, tier: int
) -> tuple[Option, ...]:
    """The feasible skills: the ordered one first, then the asides by their cost."""
    ahead = [card for card in cards if card.name == ordered]
    asides = sorted(
        (card for card in cards if card.name in ASIDES and card.name != ordered),
        key=lambda card: (card.cost_s, ASIDES.index(card.name)),
    )
    return tuple(
        _option(card, bounded=card.name != ordered)
        for card in [*ahead, *asides]
        if card.tier <= tier and _holds(card, facts, ordered)
    )


def _holds(card: SkillCard, facts: Facts, ordered: str) -> bool:
    return all(
        card.name == ordered if needed is Precondition.ORDERED else facts.get(needed, False)
        for needed in card.preconditions
    )


def _option(card: SkillCard, *, bounded: bool) -> Option:
    """An aside brings its time as a parameter; the order brings those of its own skill."""
    parameters = [(p.name, p.minimum, min(p.maximum, LONGEST_ASIDE_S)) for p in card.numbers]
    return Option(
        skill=card.name,
        parameters=tuple(parameters) if bounded else (),
        cost_s=card.cost_s,
    )


LONGEST_ASIDE_S = 10.0
"""An order is not held up for longer by one answer [s]."""


def rule_choice(question: Question) -> Choice:
    """What the deterministic planner answers: the first option, its parameters at their least."""
    first = question.options[0]
    return Choice(
        question_id=question.question_id,
        skill=first.skill,
        parameters=tuple((name, least) for name, least, _ in first.parameters),
        source='deterministic',
    )


def unusable(choice: Choice, question: Question | None, cards: tuple[SkillCard, ...]) -> str:
    """Why an answer must not be used; empty when it may."""
    if question is None or choice.question_id != question.question_id:
        return f'question {choice.question_id} is not open any more'
    option = next((option for option in question.options if option.skill == choice.skill), None)
    if option is None:
        feasible = ', '.join(option.skill for option in question.options)
        return f'{choice.skill!r} is not feasible now, only {feasible}'
    card = card_of(cards, choice.skill)
    assert card is not None
    given = sorted(name for name, _ in choice.parameters)
    asked = sorted(name for name, _, _ in option.parameters)
    if given != asked:
        return f'{choice.skill} needs the parameters {asked}, got {given}'
    bounds = {name: (least, most) for name, least, most in option.parameters}
    for name, value in choice.parameters:
        least, most = bounds[name]
        if not least <= value <= most:
            return f'{choice.skill}.{name} is {value:g}, expected {least:g} to {most:g}'
    return out_of_bounds(card, choice.parameters)
