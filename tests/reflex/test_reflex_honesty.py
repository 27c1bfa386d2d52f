# SPDX-License-Identifier: Apache-2.0
"""What the documents say of the reflex layer is so: its limits are told, its proofs exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


def plain(path: str) -> str:
    """A document in one line, lower case."""
    return ' '.join((ROOT / path).read_text(encoding='utf-8').lower().replace('*', '').split())


def test_readers_are_told_what_this_is_not():
    for document in ('README.md', 'swarm_reflex/README.md', 'docs/reflex.md'):
        said = plain(document)
        assert 'performance level' in said, document
        assert 'no hard real time' in said, document
    assert 'not safety-rated' in plain('README.md')
    assert 'worst' in plain('docs/reflex.md'), 'the worst cases stand beside the others'


def test_every_proof_that_the_goals_name_exists():
    text = (ROOT / 'docs/reflex-goals.md').read_text(encoding='utf-8')
    named = re.findall(r'`(test_\w+)(?:::(test_\w+))?`', text)
    assert len(named) > 60
    for file, test in named:
        source = (HERE / f'{file}.py').read_text(encoding='utf-8')
        assert not test or f'def {test}(' in source, f'{file}::{test} is no test'


def test_every_goal_and_weak_point_has_a_row():
    text = (ROOT / 'docs/reflex-goals.md').read_text(encoding='utf-8')
    rows = set(re.findall(r'^\| (\w+) \|', text, flags=re.MULTILINE))
    assert {f'{letter}{k}' for letter, last in zip('ABCDE', (4, 8, 7, 4, 7), strict=True)
            for k in range(1, last + 1)} <= rows  # fmt: skip
    assert {str(k) for k in range(1, 19)} <= rows
