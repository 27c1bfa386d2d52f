# SPDX-License-Identifier: Apache-2.0
"""The planner port: who chooses among the skills that are feasible now.

Whatever an adapter answers is an input of the core, which checks it once more; the robot does not
wait for it.
"""

import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Protocol

from swarm_agent.planner.core.question import rule_choice
from swarm_agent.planner.core.types import Choice, Question

_NICENESS = 10
"""A model that computes gives way to everything that moves the robot."""


class Planner(Protocol):
    """Chooses one of the options of a question."""

    def choose(self, question: Question) -> Choice:
        """Answer with something that may be used: at worst what the rules say."""


class DeterministicPlanner:
    """The rules: the first option."""

    def choose(self, question: Question) -> Choice:
        """Answer at once."""
        return rule_choice(question)


class Adviser(Protocol):
    """Takes questions and gives the answers when they are there."""

    def ask(self, question: Question) -> None:
        """Put a question."""

    def answer(self) -> Choice | None:
        """The choice for the newest question, once, as soon as there is one."""

    def close(self) -> None:
        """Ask nothing any more."""


class InstantAdviser:
    """Asks a planner that answers at once."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._choice: Choice | None = None

    def ask(self, question: Question) -> None:
        """Put a question."""
        self._choice = self._planner.choose(question)

    def answer(self) -> Choice | None:
        """The choice, once."""
        choice, self._choice = self._choice, None
        return choice

    def close(self) -> None:
        """Nothing to end."""


class ThreadAdviser:
    """Asks a planner in a thread of its own, so that nobody waits for it.

    A new question takes the place of one that was not begun. When the planner is silent for too
    long the rules answer, and what it says later is dropped by the core.
    """

    def __init__(self, make_planner: Callable[[], Planner], *, timeout_s: float) -> None:
        """Start the thread.

        Args:
            make_planner: Loads the planner; called in the thread.
            timeout_s: How long an answer is waited for [s].
        """
        self._make_planner = make_planner
        self._timeout_s = timeout_s
        self._questions: queue.Queue[Question | None] = queue.Queue()
        self._answers: queue.Queue[Choice] = queue.Queue()
        self._open: tuple[Question, float] | None = None
        self._thread = threading.Thread(target=self._run, name='adviser', daemon=True)
        self._thread.start()

    def ask(self, question: Question) -> None:
        """Put a question; `answer` gives the choice later."""
        self._open = (question, time.monotonic() + self._timeout_s)
        self._questions.put(question)

    def answer(self) -> Choice | None:
        """The choice for the newest question, once, as soon as there is one."""
        if self._open is None:
            return None
        question, deadline_s = self._open
        while not self._answers.empty():
            choice = self._answers.get()
            if choice.question_id == question.question_id:
                self._open = None
                return choice
        if time.monotonic() < deadline_s:
            return None
        self._open = None
        return fallback(question, f'no answer within {self._timeout_s:g} s')

    def close(self) -> None:
        """End the thread; a model in the middle of a word is left behind."""
        self._questions.put(None)
        self._thread.join(0.5)

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        planner: Planner | None = None
        while (question := self._newest()) is not None:
            try:
                planner = planner or self._make_planner()
                choice = planner.choose(question)
            except Exception as error:  # noqa: BLE001 - no fault of a model may stop the robot
                choice = fallback(question, f'{type(error).__name__}: {error}')
            self._answers.put(choice)

    def _newest(self) -> Question | None:
        question = self._questions.get()
        while question is not None and not self._questions.empty():
            question = self._questions.get()
        return question


def fallback(question: Question, why: str) -> Choice:
    """What the rules say, in the place of an answer that did not come or cannot be used."""
    rule = rule_choice(question)
    return Choice(
        question_id=question.question_id,
        skill=rule.skill,
        parameters=rule.parameters,
        source=f'fallback: {" ".join(why.split())[:200]}',
    )
