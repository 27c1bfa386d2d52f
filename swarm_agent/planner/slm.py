# SPDX-License-Identifier: Apache-2.0
"""A small local language model as planner: it proposes, checker and cost dispose.

The feasible skills of a moment are a grammar of a few sentences. By default the model ranks them:
one look at a prompt whose beginning never changes (so that it stays in the prefix cache) gives the
odds of each skill's word; against the odds of the same words without a state this says what the
state speaks for. In mode 'generate' it writes one JSON object under a GBNF grammar instead; slower
by the length of the answer.
"""

from pathlib import Path

from swarm_agent.planner.core.cards import SkillCard
from swarm_agent.planner.core.question import unusable
from swarm_agent.planner.core.types import Choice, Question
from swarm_agent.planner.local_model import LocalModel, check_model, find_model
from swarm_agent.planner.parameters import Settings
from swarm_agent.planner.ports import (
    Adviser,
    DeterministicPlanner,
    InstantAdviser,
    ThreadAdviser,
    fallback,
)
from swarm_agent.planner.slm_text import (
    WORDS,
    grammar_of,
    prompt_of,
    rank_prompt,
    ranked,
    read_answer,
)


class SlmPlanner:
    """Asks a model which of the feasible skills to take."""

    def __init__(
        self,
        model: Path | LocalModel,
        cards: tuple[SkillCard, ...],
        *,
        timeout_s: float,
        mode: str = 'rank',
    ) -> None:
        """Load a model and learn its habits.

        Args:
            model: A GGUF file, or one that is loaded already.
            cards: The skill cards, for the check of an answer.
            timeout_s: How long it may think about one question [s].
            mode: 'rank' or 'generate'.

        Raises:
            ConfigError: The file is no model that llama.cpp can load.
        """
        self._model = model if isinstance(model, LocalModel) else LocalModel(model)
        self._cards, self._timeout_s, self._mode = cards, timeout_s, mode
        self._habits = self._odds(rank_prompt('blocked', 'unknown')) if mode == 'rank' else {}

    def choose(self, question: Question) -> Choice:
        """Answer a question; whatever cannot be used becomes what the rules say."""
        if self._timeout_s <= 0.0:
            return fallback(question, f'no answer within {self._timeout_s:g} s')
        return self._rank(question) if self._mode == 'rank' else self._generate(question)

    def _rank(self, question: Question) -> Choice:
        odds = self._odds(rank_prompt(question.occasion, question.state, question.recent))
        scores = {word: odds[word] - self._habits[word] for word in odds}
        return ranked(question, scores)

    def _odds(self, prompt: str) -> dict[str, float]:
        return dict(zip(WORDS, self._model.next_word(prompt, WORDS), strict=True))

    def _generate(self, question: Question) -> Choice:
        prompt, grammar = prompt_of(question), grammar_of(question)
        text = self._model.write(prompt, grammar, timeout_s=self._timeout_s)
        choice = read_answer(text, question)
        if choice is None:
            return fallback(question, f'the model said {text[:80]!r}')
        fault = unusable(choice, question, self._cards)
        return fallback(question, fault) if fault else choice


def make_adviser(settings: Settings, cards: tuple[SkillCard, ...]) -> Adviser:
    """Who answers the planner's questions, as the parameters say.

    Raises:
        ConfigError: A language model is asked for, and it or llama-cpp-python is missing.
    """
    if settings.planner == 'deterministic':
        return InstantAdviser(DeterministicPlanner())
    check_model(settings.slm_model)
    timeout_s, mode = settings.slm_timeout_s, settings.slm_mode
    return ThreadAdviser(
        lambda: SlmPlanner(find_model(settings.slm_model), cards, timeout_s=timeout_s, mode=mode),
        timeout_s=timeout_s,
    )
