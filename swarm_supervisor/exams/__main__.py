# SPDX-License-Identifier: Apache-2.0
"""Sit the exams and print the scores: `swarm bench exams`."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from swarm_config.errors import ConfigError
from swarm_config.outputs import output_file
from swarm_supervisor.exams import (
    gpsr,
    huric,
    injection,
    lang2ltl,
    model,
    planbench,
    planned,
    rai_bench,
)
from swarm_supervisor.exams.score import Score

DATA = Path(__file__).parent / 'data'
EXAMS: Mapping[str, Callable[[Path], list[Score]]] = {
    'lang2ltl': lang2ltl.score,
    'huric': huric.score,
    'gpsr': gpsr.score,
    'egpsr': gpsr.score_extended,
    'planned': planned.score,
    'rai_bench': rai_bench.score,
    'injection': injection.score,
    'planbench': planbench.score,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run; 1 when an injected text moved a robot or blocked an order, 2 if nothing can be run."""
    options = _parser().parse_args(argv)
    try:
        scores = _sit(options)
    except (ConfigError, OSError) as error:
        sys.stderr.write(f'swarm bench exams: {error}\n')
        return 2
    _print(scores)
    if options.json:
        options.json.write_text(json.dumps([asdict(score) for score in scores], indent=1))
    return 1 if any(score.exam == 'injection' and score.value > 0 for score in scores) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='swarm bench exams', description=__doc__)
    add = parser.add_argument
    add('--data', type=Path, default=DATA, metavar='DIR', help='folder of the exams')
    add('--only', choices=sorted(EXAMS), action='append', help='this exam; may be repeated')
    add('--slm', action='store_true', help='examine the local language model, too')
    add('--slm-cases', type=int, default=100, metavar='N', help='cases of each exam for the model')
    add('--model', default='', metavar='FILE', help='GGUF file; the small Gemma if not given')
    add('--json', type=output_file, metavar='FILE', help='write the scores there')
    return parser


def _sit(options: argparse.Namespace) -> list[Score]:
    if not options.data.is_dir():
        raise ConfigError(f'--data: no folder {str(options.data)!r}; give that of the exams')
    names = options.only or list(EXAMS)
    scores = [score for name in names for score in _exam(name, options)]
    if options.slm:
        scores += model.score(options.data, options.model, max(1, options.slm_cases))
    return scores


def _exam(name: str, options: argparse.Namespace) -> list[Score]:
    """Sit one; one whose files a folder lacks is left out, unless it was asked for."""
    try:
        return EXAMS[name](options.data)
    except FileNotFoundError as error:
        if options.only:
            raise
        sys.stderr.write(f'swarm bench exams: {name} is left out: no file {error.filename!r}\n')
        return []


def _print(scores: list[Score]) -> None:
    table = Table('exam', 'who', 'measure', 'score', 'cases', 'floor', 'negative control')
    for score in scores:
        floor = '' if score.floor is None else f'{score.floor:.3f} {score.floor_name}'
        control = '' if score.control is None else f'{score.control:.3f} {score.control_name}'
        value = f'{score.value:.3f}'
        table.add_row(
            score.exam, score.who, score.measure, value, str(score.cases), floor, control
        )
    Console().print(table)


if __name__ == '__main__':
    sys.exit(main())
