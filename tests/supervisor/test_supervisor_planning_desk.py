# SPDX-License-Identifier: Apache-2.0
"""What the strategist decided is decided again from the record, without map and model."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from test_supervisor_packets import CONTEXT

from swarm_supervisor.planning_desk import PlanningDesk
from swarm_supervisor.strategist import Answer, Context, Plan, Question, Refusal, StrategistError
from swarm_vault.recorder import Recorder
from swarm_vault.replay import replay_vault


class Canned:
    """Says what it is told, or fails."""

    def __init__(self, said: str | None) -> None:
        self.said = said

    async def ask(self, text: str, context: Context) -> str:
        if self.said is None:
            raise StrategistError('no answer today')
        return self.said


def said(kind: str, *tasks: dict[str, Any], text: str = '') -> str:
    return json.dumps({'kind': kind, 'tasks': list(tasks), 'assumptions': ['a'], 'text': text})


PATROL = {
    'skill': 'patrol', 'robot': None, 'sector': None, 'places': ['dock'], 'loops': 2,
    'seconds': None, 'mission': None,
}  # fmt: skip
NOWHERE = PATROL | {'places': ['moon']}


@pytest.mark.parametrize(
    ('text', 'model', 'kind'),
    [
        ('survey the whole depot', None, Plan),
        ('look around a little', said('plan', PATROL), Plan),
        ('look around a little', said('question', text='where?'), Question),
        ('look around a little', said('plan', NOWHERE), Refusal),
        ('look around a little', '{"nonsense": 1}', Refusal),
        ('look around a little', None, Refusal),
    ],
)
def test_every_answer_is_replayed_without_a_model(
    tmp_path: Path, text: str, model: str | None, kind: type[Answer]
) -> None:
    recorder = Recorder(vault_dir=tmp_path, agent_id='supervisor', writer='supervisor')
    notes: list[str] = []
    desk = PlanningDesk(recorder, lambda type_, _: notes.append(type_), Canned(model), 'm')  # type: ignore[arg-type]
    answer = asyncio.run(desk.plan(text, CONTEXT))
    recorder.close()
    assert isinstance(answer, kind)
    if text.startswith('look') and model in (None, '{"nonsense": 1}'):
        assert notes == ['strategist.fell_back']
    report = replay_vault(tmp_path)
    assert report.reasons == ()
    assert report.decisions_reproduced == report.decisions_recorded == 1
