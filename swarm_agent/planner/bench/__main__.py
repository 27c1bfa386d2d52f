# SPDX-License-Identifier: Apache-2.0
"""Run the planner's bench and print its figures: `swarm bench planner`."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, quantiles

from swarm_agent.planner.bench.scenarios import Scenario, best_s, delay_s, scenarios
from swarm_agent.planner.core.cards import SkillCard
from swarm_agent.planner.core.question import rule_choice, unusable
from swarm_agent.planner.core.types import Candidate, Choice
from swarm_agent.planner.core.weighing import best_of, reference, settle
from swarm_agent.planner.local_model import LocalModel, check_model, find_model
from swarm_agent.planner.ports import DeterministicPlanner, Planner
from swarm_agent.planner.skill_cards import load_cards
from swarm_agent.planner.slm import SlmPlanner
from swarm_config.errors import ConfigError
from swarm_config.outputs import output_file

_SKILLS = Path(__file__).resolve().parents[3] / 'config' / 'skills'
_CONTROL_LOOPS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row; the control is of the same run."""

    name: str
    value: float
    unit: str
    control: float | None = None
    control_name: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One answered question."""

    scenario: Scenario
    raw: Choice
    taken: Choice
    fault: str
    wall_s: float
    cpu_s: float


def main(argv: Sequence[str] | None = None) -> int:
    """Run; 0 when everything that passed the checker may be used, 2 when nothing can be run."""
    options = _parser().parse_args(argv)
    try:
        figures = _measure(options)
    except ConfigError as error:
        sys.stderr.write(f'swarm bench planner: {error}\n')
        return 2
    _print(figures)
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1))
    valid = next(figure for figure in figures if figure.name == 'valid after the checker')
    return 0 if valid.value >= 100.0 else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='swarm bench planner', description=__doc__)
    add = parser.add_argument
    add('--planner', choices=('slm', 'deterministic'), default='slm')
    add('--mode', choices=('rank', 'generate'), default='rank', help='what the model is asked for')
    add('--model', default='', metavar='FILE', help='GGUF file; the small Gemma if not given')
    add('--cases', type=int, default=160, help='scenarios, 1 to 160, spread over all')
    add('--minute', action='store_true', help='each question tells the minute before it')
    add('--skills', type=Path, default=_SKILLS, help='folder of the skill cards')
    add('--json', type=output_file, metavar='FILE', help='write the figures there')
    return parser


def _measure(options: argparse.Namespace) -> list[Figure]:
    cards = load_cards(options.skills)
    before_mb = _resident_mb()
    start_s = time.monotonic()
    planner = _planner(options, cards)
    load_s = time.monotonic() - start_s
    found = list(scenarios(cards, minute=options.minute))
    step = max(1, len(found) // max(1, options.cases))
    trials = [_try(planner, scenario, cards) for scenario in found[::step]]
    return [
        *_quality(trials, cards),
        *_speed(trials),
        Figure(name='loading', value=load_s, unit='s'),
        Figure(
            name='memory',
            value=_resident_mb(),
            unit='MB',
            control=before_mb,
            control_name='without it',
        ),
    ]


def _planner(options: argparse.Namespace, cards: tuple[SkillCard, ...]) -> Planner:
    if options.planner == 'deterministic':
        return DeterministicPlanner()
    check_model(options.model)
    model = LocalModel(find_model(options.model))
    return SlmPlanner(model, cards, timeout_s=30.0, mode=options.mode)


def _try(planner: Planner, scenario: Scenario, cards: tuple[SkillCard, ...]) -> Trial:
    wall_s, cpu_s = time.monotonic(), time.process_time()
    raw = planner.choose(scenario.question)
    wall_s, cpu_s = time.monotonic() - wall_s, time.process_time() - cpu_s
    taken, fault, _ = settle(raw, scenario.question, cards)
    if fault:
        taken = rule_choice(scenario.question)
    return Trial(scenario=scenario, raw=raw, taken=taken, fault=fault, wall_s=wall_s, cpu_s=cpu_s)


def _quality(trials: list[Trial], cards: tuple[SkillCard, ...]) -> list[Figure]:
    questions = [trial.scenario.question for trial in trials]
    wanted = [reference(question).skill for question in questions]
    usable = [not unusable(t.taken, t.scenario.question, cards) for t in trials]
    first = [not unusable(t.raw, t.scenario.question, cards) for t in trials]
    agree = [t.taken.skill == skill for t, skill in zip(trials, wanted, strict=True)]
    agree_raw = [t.raw.skill == skill for t, skill in zip(trials, wanted, strict=True)]
    fell_back = [t.raw.source.startswith('fallback') for t in trials]
    regret = _regret(trials, lambda trial: _candidate(trial.taken))
    raw = _regret(trials, lambda trial: _candidate(trial.raw))
    by_reference = _regret(trials, lambda trial: reference(trial.scenario.question))
    by_rules = _regret(trials, lambda trial: Candidate(skill=trial.scenario.question.order))
    chance = mean(_chance(trial.scenario) for trial in trials)
    return [
        Figure(name='scenarios', value=len(trials), unit=''),
        _share('valid after the checker', usable, first, 'as the model said it'),
        _share('fell back to the rules', fell_back, None, ''),
        _share('agrees with the reference', agree, agree_raw, "model's first"),
        Figure(
            name='lost time, checker and cost decide',
            value=regret,
            unit='s',
            control=by_reference,
            control_name='reference',
        ),
        Figure(
            name="lost time, model's first",
            value=raw,
            unit='s',
            control=chance,
            control_name='at random',
        ),
        Figure(name='lost time, always the order', value=by_rules, unit='s'),
    ]


def _share(name: str, hits: list[bool], control: list[bool] | None, what: str) -> Figure:
    other = None if control is None else 100.0 * mean(control)
    return Figure(name=name, value=100.0 * mean(hits), unit='%', control=other, control_name=what)


def _candidate(choice: Choice) -> Candidate:
    return Candidate(skill=choice.skill, parameters=choice.parameters)


def _regret(trials: list[Trial], pick: Callable[[Trial], Candidate]) -> float:
    """Mean delay above the least that was possible [s]."""
    return mean(delay_s(t.scenario, pick(t)) - best_s(t.scenario) for t in trials)


def _chance(scenario: Scenario) -> float:
    options = [best_of(option, scenario.question) for option in scenario.question.options]
    return mean(delay_s(scenario, option) for option in options) - best_s(scenario)


def _speed(trials: list[Trial]) -> list[Figure]:
    load = _machine_load()
    walls, cpus = [t.wall_s for t in trials], [t.cpu_s for t in trials]
    rows = []
    for name, share in (('p50', 50), ('p95', 95)):
        rows.append(
            Figure(
                name=f'latency {name}',
                value=_quantile(walls, share),
                unit='s',
                control=_quantile(cpus, share),
                control_name='processor time',
            )
        )
    rows.append(
        Figure(name='machine: wall over processor time of a bare loop', value=load, unit='')
    )
    return rows


def _quantile(values: list[float], share: int) -> float:
    return (
        values[0] if len(values) < 2 else quantiles(values, n=100, method='inclusive')[share - 1]
    )


def _machine_load() -> float:
    wall_s, cpu_s = time.monotonic(), time.process_time()
    total = 0
    for number in range(_CONTROL_LOOPS * 20):
        total += number
    return (time.monotonic() - wall_s) / max(1e-9, time.process_time() - cpu_s)


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def _print(figures: list[Figure]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table('figure', 'value', 'unit', 'control', 'what')
    for figure in figures:
        control = '' if figure.control is None else f'{figure.control:.4g}'
        table.add_row(
            figure.name, f'{figure.value:.4g}', figure.unit, control, figure.control_name
        )
    Console().print(table)


if __name__ == '__main__':
    sys.exit(main())
