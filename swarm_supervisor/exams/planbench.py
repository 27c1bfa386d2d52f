# SPDX-License-Identifier: Apache-2.0
"""PDDL logistics: a plan counts when an independent validator executes it to the goal.

The validator is unified-planning, if it is installed (it is no dependency of the project). Without
it the plans are executed by our own code only, and the row says so.
"""

import importlib.util
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from swarm_supervisor.core.strips import Action, Problem, execute, solve
from swarm_supervisor.exams.score import Score

Tree: TypeAlias = list[Any]
Atom: TypeAlias = tuple[str, ...]


def score(folder: Path) -> list[Score]:
    """Solve all instances and let somebody else judge."""
    place = folder / 'planbench' / 'logistics'
    domain = place / 'domain.pddl'
    files = sorted(place.glob('instance-*.pddl'), key=lambda path: int(path.stem[9:]))
    independent = importlib.util.find_spec('unified_planning') is not None
    good = cut_refused = 0
    for file in files:
        problem = read_problem(domain, file)
        plan = solve(problem)
        if plan is None:
            continue
        good += _holds(domain, file, problem, plan, independent=independent)
        cut_refused += not _holds(domain, file, problem, plan[:-1], independent=independent)
    judge = 'unified-planning' if independent else 'own execution: does not count'
    return [
        Score(
            exam='planbench logistics',
            who='deterministic',
            measure=f'solved ({judge})',
            value=good / max(1, len(files)),
            cases=len(files),
            floor=0.0,
            floor_name='no plan',
            control=1.0 - cut_refused / max(1, len(files)),
            control_name='last action cut',
        )
    ]


def _holds(
    domain: Path, file: Path, problem: Problem, plan: tuple[str, ...], *, independent: bool
) -> bool:
    own = execute(problem, plan) == ''
    return own and (not independent or _validated(domain, file, plan))


def _validated(domain: Path, file: Path, plan: tuple[str, ...]) -> bool:
    """Ask unified-planning's sequential simulator."""
    from unified_planning.io import PDDLReader
    from unified_planning.shortcuts import SequentialSimulator, get_environment

    get_environment().credits_stream = None
    problem = PDDLReader().parse_problem(str(domain), str(file))
    with SequentialSimulator(problem) as simulator:
        state = simulator.get_initial_state()
        for name in plan:
            verb, *arguments = name.split()
            action = problem.action(verb)
            given = tuple(problem.object(argument) for argument in arguments)
            state = simulator.apply(state, action, given)
            if state is None:
                return False
        return bool(simulator.is_goal(state))


def read_problem(domain: Path, file: Path) -> Problem:
    """Ground a STRIPS problem; what never changes is settled here."""
    actions = [part for part in _parse(domain) if part and part[0] == ':action']
    parts = {part[0]: part[1:] for part in _parse(file) if isinstance(part, list) and part}
    start = {tuple(atom) for atom in parts[':init']}
    goal = _atoms(parts[':goal'][0])
    schemas = [_schema(action) for action in actions]
    changing = {atom[0] for _, _, _, adds, removes in schemas for atom in adds + removes}
    fixed = {atom for atom in start if atom[0] not in changing}
    grounded = [
        (name, needs, adds, removes)
        for schema in schemas
        for name, needs, adds, removes in _ground(schema, fixed, changing)
    ]
    numbers: dict[Atom, int] = {}

    def number(atoms: list[Atom]) -> frozenset[int]:
        return frozenset(numbers.setdefault(atom, len(numbers)) for atom in atoms)

    return Problem(
        start=number(sorted(start - fixed)),
        goal=number(goal),
        actions=tuple(
            Action(name=n, needs=number(p), adds=number(a), removes=number(d))
            for n, p, a, d in grounded
        ),
    )


Schema: TypeAlias = tuple[str, list[str], list[Atom], list[Atom], list[Atom]]


def _schema(action: Tree) -> Schema:
    fields = dict(zip(action[2::2], action[3::2], strict=True))
    effects = fields[':effect'][1:] if fields[':effect'][0] == 'and' else [fields[':effect']]
    adds = [tuple(e) for e in effects if e[0] != 'not']
    removes = [tuple(e[1]) for e in effects if e[0] == 'not']
    return action[1], fields[':parameters'], _atoms(fields[':precondition']), adds, removes


def _ground(
    schema: Schema, fixed: set[Atom], changing: set[str]
) -> Iterator[tuple[str, list[Atom], list[Atom], list[Atom]]]:
    name, variables, needs, adds, removes = schema
    of_type = {variable: _members(variable, needs, fixed) for variable in variables}
    for values in itertools.product(*(of_type[variable] for variable in variables)):
        bound = dict(zip(variables, values, strict=True))
        put = [tuple(bound.get(part, part) for part in atom) for atom in needs]
        if all(atom in fixed for atom in put if atom[0] not in changing):
            yield (
                ' '.join([name, *values]),
                [atom for atom in put if atom[0] in changing],
                [tuple(bound.get(part, part) for part in atom) for atom in adds],
                [tuple(bound.get(part, part) for part in atom) for atom in removes],
            )


def _members(variable: str, needs: list[Atom], fixed: set[Atom]) -> list[str]:
    kinds = [atom[0] for atom in needs if len(atom) == 2 and atom[1] == variable]
    found = [{atom[1] for atom in fixed if len(atom) == 2 and atom[0] == kind} for kind in kinds]
    return sorted(set.intersection(*found)) if found else []


def _atoms(tree: Tree) -> list[Atom]:
    return [tuple(part) for part in (tree[1:] if tree[0] == 'and' else [tree])]


def _parse(path: Path) -> Tree:
    text = re.sub(r';[^\n]*', '', path.read_text(encoding='utf-8')).lower()
    stack: list[Tree] = [[]]
    for part in re.findall(r'[()]|[^\s()]+', text):
        if part == '(':
            stack.append([])
        elif part == ')':
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(part)
    return list(stack[0][0])
