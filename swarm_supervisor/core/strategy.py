# SPDX-License-Identifier: Apache-2.0
"""The strategist's decision as a core: the same words, names and model answer give the same plan.

What a language model said is an input, and so is what the map said of each place: a replay needs
neither. `swarm audit replay` runs it again from its record.
"""

from dataclasses import dataclass

from swarm_supervisor.places import Places
from swarm_supervisor.strategist import (
    Answer,
    Context,
    KnownRobot,
    Plan,
    Question,
    Refusal,
    Spot,
)
from swarm_supervisor.strategist_check import check_plan
from swarm_supervisor.strategist_grammar import read_order
from swarm_supervisor.strategist_reading import NonsenseError, read_model_answer
from swarm_vault.core import Core


@dataclass(frozen=True, slots=True, kw_only=True)
class MapWord:
    """What the map said of a place for a robot."""

    spot: Spot
    agent_id: str
    fault: str
    """Empty: it can go there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyParams:
    """Which model answers, if any does."""

    model: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyInputs:
    """An order in words, and everything that was known when it was read."""

    text: str
    titles: tuple[str, ...]
    points: tuple[tuple[str, tuple[float, float, float]], ...]
    sectors: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    robots: tuple[KnownRobot, ...]
    open_missions: tuple[str, ...]
    map_words: tuple[MapWord, ...]
    model_said: str = ''
    """What a model answered; empty: none was asked or none answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyOutputs:
    """One of the three."""

    plan: Plan | None = None
    question: Question | None = None
    refusal: Refusal | None = None
    model_fault: str = ''
    """Why the model's answer was not used."""


class _Recorded:
    """The map's words; what it was not asked then is not known now."""

    def __init__(self, words: tuple[MapWord, ...]) -> None:
        self._words = {(word.spot, word.agent_id): word.fault for word in words}

    def fault(self, spot: Spot, robot: KnownRobot) -> str | None:
        """What the map said."""
        unknown = f'the map was not asked about {spot.name!r}'
        return self._words.get((spot, robot.agent_id), unknown) or None


def decide_strategy(
    state: None, inputs: StrategyInputs, params: StrategyParams
) -> tuple[None, StrategyOutputs]:
    """The grammar first; where it has no plan the model's, if it passes the same check."""
    context = context_of(inputs)
    plain = read_order(inputs.text, context)
    if isinstance(plain, Plan):
        refusal = check_plan(plain, context)
        return state, _out(refusal or plain)
    if not inputs.model_said:
        return state, _out(plain)
    try:
        answer = read_model_answer(inputs.model_said, params.model, context)
    except NonsenseError as error:
        return state, _out(plain, str(error))
    refused = check_plan(answer, context) if isinstance(answer, Plan) else None
    if refused:
        return state, _out(plain, f'its plan was refused: {refused.reason}')
    return state, _out(answer)


def context_of(inputs: StrategyInputs) -> Context:
    """The recorded world as the readers take it."""
    return Context(
        places=Places(
            titles=inputs.titles, points=dict(inputs.points), sectors=dict(inputs.sectors)
        ),
        robots={robot.agent_id: robot for robot in inputs.robots},
        open_missions=inputs.open_missions,
        standing=_Recorded(inputs.map_words),
    )


def _out(answer: Answer, fault: str = '') -> StrategyOutputs:
    return StrategyOutputs(
        plan=answer if isinstance(answer, Plan) else None,
        question=answer if isinstance(answer, Question) else None,
        refusal=answer if isinstance(answer, Refusal) else None,
        model_fault=fault,
    )


def _nothing(_params: StrategyParams) -> None:
    """There is no state."""


STRATEGY: Core[StrategyParams, None, StrategyInputs, StrategyOutputs] = Core(
    name='strategy',
    version=1,
    params=StrategyParams,
    inputs=StrategyInputs,
    outputs=StrategyOutputs,
    initial=_nothing,
    decide=decide_strategy,
)
