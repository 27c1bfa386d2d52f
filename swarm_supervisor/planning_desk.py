# SPDX-License-Identifier: Apache-2.0
"""The strategist as the supervisor runs it: grammar, model, check; every answer is recorded."""

from swarm_supervisor.core.strategy import (
    STRATEGY,
    MapWord,
    StrategyInputs,
    StrategyParams,
)
from swarm_supervisor.model_call import Note
from swarm_supervisor.strategist import (
    MAX_TEXT,
    Answer,
    Context,
    KnownRobot,
    Plan,
    Spot,
    StrategistError,
)
from swarm_supervisor.strategist_check import check_plan
from swarm_supervisor.strategist_grammar import read_order
from swarm_supervisor.strategist_llm import AnthropicStrategist
from swarm_supervisor.strategist_reading import NonsenseError, read_model_answer
from swarm_vault.recorder import Recorder


class _Asking:
    """Asks the map and keeps what it said."""

    def __init__(self, context: Context) -> None:
        self._standing = context.standing
        self.words: dict[tuple[Spot, str], MapWord] = {}

    def fault(self, spot: Spot, robot: KnownRobot) -> str | None:
        """What the map says."""
        fault = self._standing.fault(spot, robot)
        key = (spot, robot.agent_id)
        self.words[key] = MapWord(spot=spot, agent_id=robot.agent_id, fault=fault or '')
        return fault


class PlanningDesk:
    """Answers orders in words; what it decided can be run again from its record."""

    def __init__(
        self, recorder: Recorder, note: Note, model: AnthropicStrategist | None, name: str
    ) -> None:
        """Start the record.

        Args:
            recorder: Records every decision.
            note: Records why a model's answer was not used.
            model: Asked where the grammar has no plan; None: nobody is.
            name: The model's name.
        """
        self._recorder, self._note, self._model = recorder, note, model
        self._params = StrategyParams(model=name)
        self._recorder.start(STRATEGY, self._params)

    async def plan(self, text: str, context: Context) -> Answer:
        """Answer an order; never raises for what a model does."""
        asking = _Asking(context)
        watched = Context(
            places=context.places,
            robots=context.robots,
            open_missions=context.open_missions,
            standing=asking,
        )
        said = await self._ask(text, watched)
        inputs = _inputs(text, context, tuple(asking.words.values()), said)
        _, outputs = self._recorder.decide(STRATEGY, None, inputs, self._params)
        if outputs.model_fault:
            self._note('strategist.fell_back', {'order': text, 'reason': outputs.model_fault})
        answer = outputs.plan or outputs.question or outputs.refusal
        assert answer is not None, 'a strategy always answers'
        return answer

    async def _ask(self, text: str, context: Context) -> str:
        """Look at everything that the decision will look at; ask the model where it is needed."""
        plain = read_order(text, context)
        if isinstance(plain, Plan):
            check_plan(plain, context)
            return ''
        if self._model is None or not text.strip() or len(text) > MAX_TEXT:
            return ''
        try:
            said = await self._model.ask(text, context)
            answer = read_model_answer(said, self._params.model, context)
        except StrategistError as error:
            self._note('strategist.fell_back', {'order': text, 'reason': str(error)})
            return ''
        except NonsenseError:
            return said
        if isinstance(answer, Plan):
            check_plan(answer, context)
        return said


def _inputs(text: str, context: Context, words: tuple[MapWord, ...], said: str) -> StrategyInputs:
    places = context.places
    return StrategyInputs(
        text=text,
        titles=places.titles,
        points=tuple(places.points.items()),
        sectors=tuple((name, tuple(corners)) for name, corners in places.sectors.items()),
        robots=tuple(context.robots.values()),
        open_missions=context.open_missions,
        map_words=words,
        model_said=said,
    )
