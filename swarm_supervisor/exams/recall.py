# SPDX-License-Identifier: Apache-2.0
"""How well notes are found: `swarm bench recall`.

HuRIC's commands stand for notes: each in turn is the question, all others are the notes, and a
note fits that asks for the same frames. Nobody who wrote them knew of this project. The notes are
ordered by their words, by their meaning, by both as `swarm_vault.recall` does, and by chance, the
control; once all of them, and once only those that share no word with the question but small ones.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from swarm_config.outputs import output_file
from swarm_supervisor.exams.huric import frames_of, load
from swarm_vault.errors import VaultError
from swarm_vault.meaning import VectorBook, encoder_of, filled, nearest
from swarm_vault.recall import words_order

DATA = Path(__file__).parent / 'data'
FIRST = 5
_SMALL_WORDS = frozenset((
    'the', 'a', 'an', 'to', 'in', 'on', 'of', 'please', 'robot', 'can', 'you', 'could', 'me', 'my',
    'is', 'are', 'and', 'from', 'with', 'it', 'for', 'that', 'at', 'near', 'into', 'this', 'i',
    'would', 'like', 'go', 'be', 'there', 'your',
))  # fmt: skip
Order = Callable[[str, dict[str, str]], list[str]]
"""Takes a question and notes by name; answers with the names, the best first."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run; 2 if a model was named that cannot be used."""
    options = _parser().parse_args(argv)
    try:
        rows = measure(options.data, options.model)
    except (VaultError, OSError) as error:
        sys.stderr.write(f'swarm bench recall: {error}\n')
        return 2
    columns = ('first fits', f'one of {FIRST} fits', 'questions', 'ms a question')
    table = Table('notes', 'in the order of', *columns)
    for row in rows:
        figures = (f'{row["first"]:.3f}', f'{row["among"]:.3f}', str(row['questions']))
        table.add_row(row['notes'], row['order'], *figures, f'{row["ms"]:.1f}')
    Console().print(table)
    if not any(row['order'] == 'meaning' for row in rows):
        sys.stdout.write('no sentence model is installed: ./swarm setup --recall\n')
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + '\n')
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='swarm bench recall', description=__doc__)
    add = parser.add_argument
    add('--model', default='', metavar='DIR', help='folder with model.onnx and vocab.txt; none')
    add('--data', type=Path, default=DATA, metavar='DIR', help='folder of the exams')
    add('--json', type=output_file, metavar='FILE', help='write the figures there')
    return parser


def measure(data: Path, model: str, most: int | None = None) -> list[dict[str, Any]]:
    """One row an order and set of notes: chance, words, and with a model meaning and both.

    Raises:
        VaultError: The model that is named cannot be used.
    """
    cases = load(data)[:most]
    label = {f'n{number:04}': frames_of(case) for number, case in enumerate(cases)}
    text = dict(zip(label, (case['sentence'] for case in cases), strict=True))
    orders: dict[str, Order] = {'chance': _by_chance, 'words (FTS5)': _by_words}
    with tempfile.TemporaryDirectory() as folder:
        encoder = encoder_of(model)
        if encoder is not None:
            orders |= _with_meaning(VectorBook(Path(folder), encoder), list(text.values()))
        return [
            _row(name, order, text, label, strange=strange)
            for strange in (False, True)
            for name, order in orders.items()
        ]


def _by_chance(question: str, notes: dict[str, str]) -> list[str]:
    key = f'{question} '
    return sorted(notes, key=lambda n: hashlib.sha256(f'{key}{notes[n]}'.encode()).hexdigest())


def _by_words(question: str, notes: dict[str, str]) -> list[str]:
    return words_order(notes, question, FIRST)


def _with_meaning(book: VectorBook, texts: list[str]) -> dict[str, Order]:
    book.learn(texts)
    held = book.held(texts)

    def meaning(question: str, notes: dict[str, str]) -> list[str]:
        known = {name: held[text] for name, text in notes.items()}
        return nearest(book.question(question), known, FIRST)

    def both(question: str, notes: dict[str, str]) -> list[str]:
        return filled(_by_words(question, notes), meaning(question, notes), FIRST)

    return {'meaning': meaning, 'both, as recalled': both}


def _row(
    name: str, order: Order, text: dict[str, str], label: dict[str, str], *, strange: bool
) -> dict[str, Any]:
    """The figures of one order; `strange`: of notes without a word of the question's own."""
    first = among = cases = 0
    took_ms = []
    for own, question in text.items():
        notes = _notes(own, text, strange=strange)
        if label[own] not in {label[other] for other in notes}:
            continue
        began = time.perf_counter()
        found = [label[other] for other in order(question, notes)][:FIRST]
        took_ms.append((time.perf_counter() - began) * 1e3)
        cases += 1
        first += found[:1] == [label[own]]
        among += label[own] in found
    return {
        'order': name,
        'notes': 'without a word of the question' if strange else 'all',
        'questions': cases,
        'first': round(first / max(1, cases), 3),
        'among': round(among / max(1, cases), 3),
        'ms': round(median(took_ms or [0.0]), 2),
    }


def _notes(own: str, text: dict[str, str], *, strange: bool) -> dict[str, str]:
    words = _content(text[own]) if strange else frozenset()
    return {n: said for n, said in text.items() if n != own and not words & _content(said)}


@lru_cache(maxsize=1024)
def _content(text: str) -> frozenset[str]:
    return frozenset(text.lower().split()) - _SMALL_WORDS


if __name__ == '__main__':
    sys.exit(main())
