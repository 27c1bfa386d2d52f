# SPDX-License-Identifier: Apache-2.0
"""Robot commands with frames and roles: the multiset of frames exactly, the roles by F1."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from swarm_supervisor.core.language.commands import read_commands
from swarm_supervisor.exams.score import Score, f1, majority, nearest, turned
from swarm_supervisor.exams.shots import Known, ModelCase, asked


def load(folder: Path) -> list[dict[str, Any]]:
    """Read the commands."""
    lines = (folder / 'huric' / 'commands.jsonl').read_text(encoding='utf-8').splitlines()
    return [json.loads(line) for line in lines if line]


def frames_of(case: dict[str, Any]) -> str:
    """The multiset of frames, as one label."""
    return ' '.join(sorted(frame['frame'] for frame in case['frames']))


def score(folder: Path) -> list[Score]:
    """The written rules on all cases."""
    cases = load(folder)
    said = [read_commands(case['sentence']) for case in cases]
    labels = [frames_of(case) for case in cases]
    answers = [' '.join(sorted(frame.name for frame in frames)) for frames in said]
    right = [_roles(case) for case in cases]
    found: list[Counter[tuple[str, ...]]] = [
        Counter((f.name, *role) for f in frames for role in f.roles) for frames in said
    ]
    words = [frozenset(case['sentence'].split()) for case in cases]
    return [
        Score(
            exam='huric',
            who='deterministic',
            measure='frames exact',
            value=_share(answers, labels),
            cases=len(cases),
            floor=nearest(words, labels),
            floor_name='nearest neighbour',
            control=_share(answers, turned(labels)),
            control_name="another case's answer",
        ),
        Score(
            exam='huric',
            who='deterministic',
            measure='role F1',
            value=f1(zip(right, found, strict=True)),
            cases=len(cases),
            control=f1(zip(turned(right), found, strict=True)),
            control_name="another case's answer",
        ),
        Score(
            exam='huric',
            who='majority',
            measure='frames exact',
            value=majority(labels),
            cases=len(cases),
        ),
    ]


def _share(answers: list[str], labels: list[str]) -> float:
    return sum(a == b for a, b in zip(answers, labels, strict=True)) / max(1, len(labels))


def _roles(case: dict[str, Any]) -> Counter[tuple[str, ...]]:
    return Counter(
        (frame['frame'], element['role'], element['text'])
        for frame in case['frames']
        for element in frame['elements']
    )


_WORDS = {
    'Bringing': 'bring', 'Motion': 'go', 'Locating': 'find', 'Taking': 'take', 'Cotheme': 'follow',
    'Change_operational_state': 'switch', 'Placing': 'put', 'Inspecting': 'inspect',
    'Closure': 'open', 'Attaching': 'connect', 'Arriving': 'enter',
}  # fmt: skip
SHOTS = 6
"""Examples in a prompt."""


def model_cases(folder: Path, most: int) -> list[ModelCase]:
    """Questions about the frame of a command that has one."""
    known = [
        Known(
            text=case['sentence'],
            words=frozenset(case['sentence'].lower().split()),
            label=_WORDS[frames_of(case)],
        )
        for case in load(folder)
        if frames_of(case) in _WORDS
    ]
    question = 'What does each command ask a robot to do?'
    return asked(question, known, tuple(_WORDS.values()), SHOTS, most)
