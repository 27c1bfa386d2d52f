# SPDX-License-Identifier: Apache-2.0
"""Plan with actions that need and change facts: greedy best-first search by the h_add heuristic.

For chains of transports and hand-overs that are too long to write down. Actions that the relaxed
plan uses come first (Bonet and Geffner 2001; Hoffmann and Nebel 2001). Pure and deterministic.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Facts: TypeAlias = frozenset[int]
_FAR = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A grounded action over numbered facts."""

    name: str
    needs: Facts
    adds: Facts
    removes: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Where to begin, what to reach, what can be done."""

    start: Facts
    goal: Facts
    actions: tuple[Action, ...]


class _Relaxed:
    """How far a state is from the goal when nothing is ever lost."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._users: dict[int, list[int]] = {}
        for index, action in enumerate(problem.actions):
            for fact in action.needs:
                self._users.setdefault(fact, []).append(index)

    def look(self, state: Facts) -> tuple[int, set[int]]:
        """The distance by h_add, and the actions of a relaxed plan that can be done now."""
        actions, cost = self._problem.actions, dict.fromkeys(state, 0)
        by: dict[int, int] = {}
        left = [len(action.needs) for action in actions]
        sums = [0] * len(actions)
        queue = [(0, fact) for fact in sorted(state)]
        heapq.heapify(queue)
        while queue:
            at, fact = heapq.heappop(queue)
            if at > cost.get(fact, _FAR):
                continue
            for index in self._users.get(fact, ()):
                left[index] -= 1
                sums[index] += at
                if left[index] == 0:
                    self._reach(index, sums[index] + 1, cost, by, queue)
        total = sum(cost.get(fact, _FAR) for fact in self._problem.goal)
        return total, self._first(state, by) if total < _FAR else set()

    def _reach(
        self,
        index: int,
        price: int,
        cost: dict[int, int],
        by: dict[int, int],
        queue: list[tuple[int, int]],
    ) -> None:
        for fact in self._problem.actions[index].adds:
            if price < cost.get(fact, _FAR):
                cost[fact], by[fact] = price, index
                heapq.heappush(queue, (price, fact))

    def _first(self, state: Facts, by: dict[int, int]) -> set[int]:
        open_, seen, helpful = list(self._problem.goal), set[int](), set[int]()
        while open_:
            fact = open_.pop()
            if fact in seen or fact in state or fact not in by:
                continue
            seen.add(fact)
            action = self._problem.actions[by[fact]]
            if action.needs <= state:
                helpful.add(by[fact])
            open_ += action.needs
        return helpful


def solve(problem: Problem, *, most: int = 20_000) -> tuple[str, ...] | None:
    """A plan as the names of its actions; None where none was found among so many states."""
    relaxed = _Relaxed(problem)
    far, helpful = relaxed.look(problem.start)
    parents: dict[Facts, tuple[Facts, int] | None] = {problem.start: None}
    queue: list[tuple[int, int, int, Facts, set[int]]] = [(far, 0, 0, problem.start, helpful)]
    looked = 0
    while queue and looked < most:
        _, _, _, state, helpful = heapq.heappop(queue)
        if problem.goal <= state:
            return tuple(_way(problem, parents, state))
        for index, after in _steps(problem, state, helpful):
            if after in parents:
                continue
            parents[after] = (state, index)
            looked += 1
            far, next_helpful = relaxed.look(after)
            if far < _FAR:
                late = 0 if index in helpful else 1
                heapq.heappush(queue, (far, late, looked, after, next_helpful))
    return None


def execute(problem: Problem, plan: tuple[str, ...]) -> str:
    """Carry a plan out on paper; why it fails, empty when it reaches the goal."""
    named = {action.name: action for action in problem.actions}
    state = problem.start
    for name in plan:
        action = named.get(name)
        if action is None or not action.needs <= state:
            return f'{name!r} cannot be done then'
        state = (state - action.removes) | action.adds
    return '' if problem.goal <= state else 'the goal is not reached'


def _steps(problem: Problem, state: Facts, helpful: set[int]) -> Iterator[tuple[int, Facts]]:
    for index in sorted(helpful) or range(len(problem.actions)):
        action = problem.actions[index]
        if action.needs <= state:
            yield index, (state - action.removes) | action.adds


def _way(
    problem: Problem, parents: dict[Facts, tuple[Facts, int] | None], state: Facts
) -> list[str]:
    names: list[str] = []
    step = parents[state]
    while step is not None:
        names.append(problem.actions[step[1]].name)
        step = parents[step[0]]
    return names[::-1]
