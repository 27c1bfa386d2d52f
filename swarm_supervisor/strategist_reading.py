# SPDX-License-Identifier: Apache-2.0
"""A model's answer as a plan: by a fixed schema, names looked up, never taken on trust."""

from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from swarm_config.validation import first_fault
from swarm_supervisor.strategist import (
    MAX_TEXT,
    Answer,
    Context,
    DeliverTask,
    GoToTask,
    PatrolTask,
    Plan,
    Question,
    RecallTask,
    Refusal,
    ReturnTask,
    SurveyTask,
    Task,
    WaitTask,
)
from swarm_supervisor.strategist_grammar import (
    UnknownNameError,
    resolve_robot,
    resolve_sector,
    resolve_spot,
)


class NonsenseError(ValueError):
    """A model's answer that cannot be read; nothing is to be concluded about the order."""


class _TaskAnswer(BaseModel):
    model_config = ConfigDict(extra='forbid')

    skill: Literal['survey', 'patrol', 'go_to', 'deliver', 'wait', 'return_home', 'recall']
    robot: str | None
    sector: str | None
    places: list[str]
    loops: int | None
    seconds: float | None
    mission: str | None


class ModelAnswer(BaseModel):
    """What a model must answer, and nothing else."""

    model_config = ConfigDict(extra='forbid')

    kind: Literal['plan', 'question', 'refusal']
    tasks: list[_TaskAnswer]
    assumptions: list[str]
    text: str


def read_model_answer(said: str, model: str, context: Context) -> Answer:
    """Read what a model said.

    Raises:
        NonsenseError: It does not follow the schema, or a task lacks something.
    """
    answer = _parse(said)
    if answer.kind == 'question':
        return Question(text=answer.text[:MAX_TEXT])
    if answer.kind == 'refusal':
        return Refusal(reason=answer.text[:MAX_TEXT])
    try:
        tasks = tuple(_to_task(task, context) for task in answer.tasks)
    except UnknownNameError as error:
        return Refusal(reason=str(error))
    author = f'anthropic {model}'
    return Plan(tasks=tasks, author=author, assumptions=tuple(answer.assumptions[:20]))


def _parse(said: str) -> ModelAnswer:
    try:
        return ModelAnswer.model_validate_json(said)
    except ValidationError as error:
        raise NonsenseError(f'the model answered nonsense: {first_fault(error)}') from error


def _to_task(answer: _TaskAnswer, context: Context) -> Task:
    robot = resolve_robot(answer.robot.lower(), context) if answer.robot else None
    spots = tuple(resolve_spot(place.strip().lower(), context) for place in answer.places)
    fault = _fault(answer)
    if fault:
        raise NonsenseError(f'the model answered nonsense: {answer.skill} needs {fault}')
    makers: dict[str, Callable[[], Task]] = {
        'survey': lambda: SurveyTask(
            sector=resolve_sector((answer.sector or '').lower(), context)
        ),
        'patrol': lambda: PatrolTask(
            stops=spots, loops=1 if answer.loops is None else answer.loops, robot=robot
        ),
        'go_to': lambda: GoToTask(robot=robot or '', goal=spots[0]),
        'deliver': lambda: DeliverTask(pick_up=spots[0], drop_off=spots[1], robot=robot),
        'wait': lambda: WaitTask(seconds=answer.seconds or 0.0, robot=robot),
        'return_home': lambda: ReturnTask(robot=robot),
        'recall': lambda: RecallTask(mission_id=answer.mission or ''),
    }
    return makers[answer.skill]()


def _fault(answer: _TaskAnswer) -> str:
    """What a task lacks; empty when it is whole."""
    needs = {
        'go_to': (bool(answer.robot) and len(answer.places) == 1, 'one robot and one place'),
        'deliver': (len(answer.places) == 2, 'two places'),
        'wait': (answer.seconds is not None, 'seconds'),
        'recall': (bool(answer.mission), 'a mission'),
    }
    met, what = needs.get(answer.skill, (True, ''))
    return '' if met else what
