# SPDX-License-Identifier: Apache-2.0
"""Prompts for a robot with an arm, a camera and a voice: a fleet that has none must say so.

Each task holds the tool calls that its bench expects. What they need follows from the tools, by
the table below, not from the words; a refusal is right that names some of it and nothing else. No
task is a mission for this fleet, so any plan does something else. Who refuses everything plans
nothing wrong either: the control are the drives among the calls, said as orders.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from swarm_supervisor.core.language.faculties import Faculty
from swarm_supervisor.exams.floor import fleet_at
from swarm_supervisor.exams.score import Score, nearest_item, turned
from swarm_supervisor.exams.shots import Known, ModelCase, asked
from swarm_supervisor.strategist import Answer, GoToTask, Plan, Refusal
from swarm_supervisor.strategist_grammar import read_order

_NEEDS = {
    'move_to_point': Faculty.HANDLE, 'pick_up_object': Faculty.HANDLE,
    'drop_object': Faculty.HANDLE, '/manipulator_move_to': Faculty.HANDLE,
    'get_ros2_image': Faculty.SEE, 'ask_vlm': Faculty.SEE, 'get_object_positions': Faculty.SEE,
    '/grounded_sam_segment': Faculty.SEE, '/grounding_dino_classify': Faculty.SEE,
    '/pointcloud': Faculty.SEE, '/to_human': Faculty.SPEAK, '/audio_message': Faculty.SPEAK,
    '/detection_array': Faculty.SEE,
}  # fmt: skip
"""What a tool needs, or the service or topic that it is called on."""
_NOTHING = ('nav_tool', 'where_am_i', 'get_ros2_message_interface')
"""Drives, what a robot knows anyway, and looking up how to call something."""
Case = dict[str, Any]


def load(folder: Path) -> list[Case]:
    """Read the tasks."""
    lines = (folder / 'rai_bench' / 'tasks.jsonl').read_text(encoding='utf-8').splitlines()
    return [json.loads(line) for line in lines]


def needs(case: Case) -> frozenset[Faculty]:
    """The faculties that the expected calls take; any other call asks about the software."""
    calls = [call for call in case['calls'] if call['tool'] not in _NOTHING]
    return frozenset(_need(call) for call in calls)


def _need(call: Case) -> Faculty:
    on = call.get('on') or call.get('args', {}).get('topic', '')
    return _NEEDS.get(on) or _NEEDS.get(call['tool'], Faculty.SYSTEM)


def named(answer: Answer) -> frozenset[Faculty]:
    """The faculties that a refusal says are missing."""
    reason = answer.reason if isinstance(answer, Refusal) else ''
    return frozenset(faculty for faculty in Faculty if faculty.value in reason)


_WORDS = {
    Faculty.HANDLE: 'arm',
    Faculty.SEE: 'camera',
    Faculty.SPEAK: 'voice',
    Faculty.SYSTEM: 'software',
}
SHOTS = 6
"""Examples in a prompt."""


def model_cases(folder: Path, most: int) -> list[ModelCase]:
    """Questions about the one faculty that a task needs."""
    cases = [case for case in load(folder) if len(needs(case)) == 1]
    known = [
        Known(
            text=case['brief'][:200].replace('"', "'"),
            words=frozenset(case['brief'].lower().split()),
            label=_WORDS[next(iter(needs(case)))],
        )
        for case in cases
    ]
    return asked('What does each command need?', known, tuple(_WORDS.values()), SHOTS, most)


def score(folder: Path) -> list[Score]:
    """The deterministic strategist on both lengths of every prompt."""
    cases = load(folder)
    return [
        *_rows(cases, 'brief'),
        *_rows(cases, 'descriptive'),
        _planned(cases),
    ]


def _rows(cases: Sequence[Case], length: str) -> list[Score]:
    fleet = fleet_at()
    right = [needs(case) for case in cases]
    said = [named(read_order(case[length], fleet)) for case in cases]
    words = [frozenset(case[length].lower().split()) for case in cases]
    kin = [case['task'].removesuffix('Indirect') for case in cases]
    near = [right[other] for other in nearest_item(words, kin)]
    return [
        Score(
            exam='rai_bench',
            who='deterministic',
            measure=f'what the calls lack is named, {length} prompts',
            value=_share(right, said),
            cases=len(cases),
            floor=_share(right, near),
            floor_name='nearest other task',
            control=_share(right, turned(said)),
            control_name="another prompt's answer",
        )
    ]


def _share(right: Sequence[frozenset[Faculty]], said: Sequence[frozenset[Faculty]]) -> float:
    hits = [bool(b) and b <= a for a, b in zip(right, said, strict=True)]
    return sum(hits) / max(1, len(hits))


def _planned(cases: Sequence[Case]) -> Score:
    fleet = fleet_at(points=('table', 'rack'), sectors=('warehouse',))
    prompts = [case[length] for case in cases for length in ('brief', 'descriptive')]
    plans = [isinstance(read_order(prompt, fleet), Plan) for prompt in prompts]
    drives = [
        call['args'] for case in cases for call in case['calls'] if call['tool'] == 'nav_tool'
    ]
    said = [read_order(f'send amr_1 to {d["x"]} {d["y"]}', fleet) for d in drives]
    there = [_goes_to(answer, drive) for answer, drive in zip(said, drives, strict=True)]
    return Score(
        exam='rai_bench',
        who='deterministic',
        measure='prompts that became a plan',
        value=float(sum(plans)),
        cases=len(prompts),
        floor=0.0,
        floor_name='who refuses all',
        control=sum(there) / max(1, len(there)),
        control_name='drives among the calls, planned as said',
    )


def _goes_to(answer: Answer, drive: dict[str, float]) -> bool:
    task = answer.tasks[0] if isinstance(answer, Plan) else None
    return isinstance(task, GoToTask) and (task.goal.x_m, task.goal.y_m) == (
        drive['x'],
        drive['y'],
    )
