# SPDX-License-Identifier: Apache-2.0
"""The local model on the exams: it ranks the labels, nothing is generated.

Each prompt shows the most similar cases of the half that was read. The model runs in a process of
its own.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from swarm_config.errors import ConfigError
from swarm_supervisor.exams import huric, lang2ltl, rai_bench
from swarm_supervisor.exams.score import Score
from swarm_supervisor.exams.shots import ModelCase


class Model:
    """A running `word_odds`; close it.

    Raises:
        ConfigError: There is no model or nothing to run it.
    """

    def __init__(self, file: str) -> None:
        command = [sys.executable, '-m', 'swarm_agent.planner.word_odds', '--model', file]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def odds(self, prompt: str, words: Sequence[str]) -> list[float]:
        """Log probabilities of words after a prompt."""
        pipe, answers = self._process.stdin, self._process.stdout
        assert pipe is not None, 'it was started with pipes'
        assert answers is not None, 'it was started with pipes'
        try:
            pipe.write(json.dumps({'prompt': prompt, 'words': list(words)}) + '\n')
            pipe.flush()
        except BrokenPipeError:
            raise ConfigError(self._said()) from None
        line = answers.readline()
        if not line:
            raise ConfigError(self._said())
        found: dict[str, Any] = json.loads(line)
        return [float(value) for value in found['odds']]

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(30.0)

    def _said(self) -> str:
        errors = self._process.stderr
        lines = errors.read().splitlines() if errors is not None else []
        return lines[-1] if lines else 'the local model ended without a word'


def score(folder: Path, file: str, most: int) -> list[Score]:
    """The model on so many cases of each exam that has labels.

    Raises:
        ConfigError: There is no model or nothing to run it.
    """
    model = Model(file)
    try:
        return [
            _score(model, 'lang2ltl', 'kind exact', lang2ltl.model_cases(folder, most)),
            _score(model, 'rai_bench', 'need exact', rai_bench.model_cases(folder, most)),
            _score(model, 'huric', 'single frame exact', huric.model_cases(folder, most)),
        ]
    finally:
        model.close()


def _score(model: Model, exam: str, measure: str, cases: list[ModelCase]) -> Score:
    hits = sum(_answer(model, case.prompt, case) == case.right for case in cases)
    blind = sum(_answer(model, _without(case.prompt), case) == case.right for case in cases)
    near = sum(case.nearest == case.right for case in cases)
    count = max(1, len(cases))
    return Score(
        exam=exam,
        who='slm',
        measure=measure,
        value=hits / count,
        cases=len(cases),
        floor=near / count,
        floor_name='nearest example',
        control=blind / count,
        control_name='without the sentence',
    )


def _answer(model: Model, prompt: str, case: ModelCase) -> str:
    odds = model.odds(prompt, case.labels)
    return case.labels[odds.index(max(odds))]


def _without(prompt: str) -> str:
    """The same examples, and an empty case."""
    return prompt[: prompt.rindex('\n')] + '\n"":'
